"""Who may determine what alone."""

from decimal import Decimal

import pytest

from tests.support.decision_facts import kronor
from underwriting.decisions.authority import Authority, Beyond, authority_of, beyond
from underwriting.decisions.policies import shipped_policy
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Role

LEVEL = Authority(largest_limit=kronor(500_000), fee_deviation=Decimal("0.0025"))


@pytest.mark.parametrize(
    ("limit", "fee", "by_policy", "disputed", "found"),
    [
        (kronor(500_000), "0.0300", "0.0300", False, ()),
        (Money(50_000_001), "0.0300", "0.0300", False, (Beyond.LIMIT,)),
        (kronor(500_000), "0.0275", "0.0300", False, ()),  # just the deviation
        (kronor(500_000), "0.0274", "0.0300", False, (Beyond.FEE,)),
        (kronor(500_000), "0.0450", "0.0150", False, ()),  # dearer than the policy is no favour
        (kronor(20_000), "0.0150", None, False, ()),  # the policy gives no price
        (kronor(20_000), "0.0300", "0.0300", True, (Beyond.HARD_STOP_DISPUTED,)),
        (kronor(600_000), "0.0100", "0.0300", True, (Beyond.LIMIT, Beyond.FEE, Beyond.HARD_STOP_DISPUTED)),
    ],
)
def test_what_needs_a_second_person(
    limit: Money, fee: str, by_policy: str | None, disputed: bool, found: tuple[Beyond, ...]
) -> None:
    """D8: above the limit, below the fee by more than allowed, or where a fact that stops the case was disputed."""
    policy_fee = None if by_policy is None else Decimal(by_policy)
    assert (
        beyond(LEVEL, limit=limit, fee_rate=Decimal(fee), policy_fee_rate=policy_fee, hard_stop_disputed=disputed)
        == found
    )


def test_a_decline_needs_no_second_person() -> None:
    """D8: authority is to give credit."""
    assert beyond(LEVEL, limit=None, fee_rate=None, policy_fee_rate=None, hard_stop_disputed=True) == ()


@pytest.mark.parametrize(
    ("role", "own", "largest"),
    [
        (Role.UNDERWRITER, None, 500_000),
        (Role.UNDERWRITER, 100_000, 100_000),
        (Role.UNDERWRITER, 900_000, 500_000),  # the own limit narrows the level's and never widens it
        (Role.UNDERWRITER, 0, 0),
        (Role.SENIOR_UNDERWRITER, None, 2_000_000),
        (Role.ADMINISTRATOR, None, 2_000_000),
        (Role.BILLING, 900_000, 0),
        (None, None, 0),
    ],
)
def test_the_authority_of_a_person_and_a_level(role: Role | None, own: int | None, largest: int) -> None:
    """D8: a limit per person, within the level of the role."""
    limit = None if own is None else kronor(own)
    assert authority_of(shipped_policy(), role, own_limit=limit).largest_limit == kronor(largest)


def test_under_a_policy_without_levels_only_the_own_limit_counts() -> None:
    """D8: and nobody without one gives credit alone."""
    first = shipped_policy("1")
    assert authority_of(first, Role.UNDERWRITER, own_limit=kronor(50_000)).largest_limit == kronor(50_000)
    assert authority_of(first, Role.SENIOR_UNDERWRITER, own_limit=None).largest_limit == Money.ZERO
