"""Beneficial owners: a table of structures. The persons are numbers that nobody has."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from underwriting.due_diligence.ownership import (
    DifferenceKind,
    Holding,
    OwnerBasis,
    Structure,
    differences,
    owners_of,
    unresolved,
)
from underwriting.kernel.vocabulary import CompanyForm, OwnerControl

ON = date(2026, 2, 20)
A, B, C, D = "197001010001", "197001010002", "197001010003", "197001010004"
US, TOP, MIDDLE = "5590000001", "5590000002", "5590000003"
VOTES, RELATIVES, CHAIN = OwnerBasis.VOTES, OwnerBasis.RELATIVES, OwnerBasis.CHAIN


def held(holder: str, share: str, company: str = US, control: OwnerControl = OwnerControl.VOTES) -> Holding:
    return Holding(holder=holder, company=company, share=Decimal(share), control=control)


def owners(
    *holdings: Holding, form: CompanyForm = CompanyForm.AB, relatives: tuple[tuple[str, str], ...] = ()
) -> dict[str, tuple[Decimal, set[OwnerBasis]]]:
    pairs = frozenset(frozenset(pair) for pair in relatives)
    found = owners_of(Structure(company=US, form=form, holdings=holdings, relatives=pairs), on=ON)
    return {owner.number: (owner.share, set(owner.basis)) for owner in found}


@pytest.mark.parametrize(("share", "is_one"), [("0.25", False), ("0.2501", True), ("0", False), ("1", True)])
def test_more_than_a_quarter_of_the_votes_makes_an_owner(share: str, is_one: bool) -> None:
    """K1: 25.00 % is none, 25.01 % is one."""
    assert (A in owners(held(A, share), held(B, "0"))) is is_one


def test_relatives_are_added_and_each_is_counted_with_the_sum() -> None:
    """K1: spouse A with 20 % and spouse B with 10 % are each counted with 30 %."""
    found = owners(held(A, "0.20"), held(B, "0.10"), held(C, "0.20"), relatives=((A, B),))
    assert found == {A: (Decimal("0.30"), {RELATIVES}), B: (Decimal("0.30"), {RELATIVES})}


def test_relatives_who_hold_a_quarter_together_are_none() -> None:
    """K1: 15 % and 10 % are 25 %, which is not more than 25 %."""
    assert owners(held(A, "0.15"), held(B, "0.10"), relatives=((A, B),)) == {}


def test_a_relative_who_holds_nothing_is_none() -> None:
    """K1: who holds nothing has nothing together with anybody."""
    assert set(owners(held(A, "0.30"), held(B, "0"), relatives=((A, B),))) == {A}


def test_a_relatives_relative_is_not_added() -> None:
    """K1: the mother's and the son's wife's parts are not one."""
    found = owners(held(A, "0.20"), held(B, "0.04"), held(C, "0.20"), relatives=((A, B), (B, C)))
    assert set(found) == {B}


@pytest.mark.parametrize(
    ("holdings", "expected"),
    [
        # the whole of a company that has 30 %
        ((held(TOP, "0.30"), held(A, "1", TOP)), {A: (Decimal("0.30"), {CHAIN})}),
        # half of half is a quarter; but who controls the upper company controls its half
        ((held(TOP, "0.50"), held(A, "0.50", TOP)), {A: (Decimal("0.50"), {CHAIN})}),
        # 26 % at each step is control by the act's presumption
        ((held(TOP, "0.26"), held(A, "0.26", TOP)), {A: (Decimal("0.26"), {CHAIN})}),
        # no control of the upper company: 10 % and a fifth of 90 % are 28 % multiplied
        ((held(A, "0.10"), held(TOP, "0.90"), held(A, "0.20", TOP)), {A: (Decimal("0.28"), {CHAIN})}),
        # a quarter of all is too little
        ((held(TOP, "1"), held(A, "0.25", TOP)), {}),
        # two companies above each other
        (
            (held(MIDDLE, "0.40"), held(TOP, "1", MIDDLE), held(A, "0.60", TOP)),
            {A: (Decimal("0.40"), {CHAIN})},
        ),
        # two ways, one of them direct
        (
            (held(A, "0.20"), held(TOP, "0.10"), held(A, "1", TOP)),
            {A: (Decimal("0.30"), {CHAIN})},
        ),
        # companies that own each other end somewhere
        (
            (held(TOP, "0.50"), held(US, "0.10", TOP), held(A, "0.90", TOP)),
            {A: (Decimal("0.50"), {CHAIN})},
        ),
    ],
)
def test_chains_are_multiplied_and_controlled(
    holdings: tuple[Holding, ...], expected: dict[str, tuple[Decimal, set[OwnerBasis]]]
) -> None:
    """K1: whoever is an owner by either way is one."""
    assert owners(*holdings) == expected


@pytest.mark.parametrize(
    ("control", "basis"),
    [(OwnerControl.BOARD, OwnerBasis.BOARD), (OwnerControl.AGREEMENT, OwnerBasis.AGREEMENT)],
)
def test_control_without_votes_makes_an_owner(control: OwnerControl, basis: OwnerBasis) -> None:
    """K1: who appoints the board, or controls by agreement; also of a company that controls ours."""
    assert owners(held(A, "0.10", control=control)) == {A: (Decimal("0.10"), {basis})}
    above = owners(held(TOP, "0.60"), held(A, "0.05", TOP, control=control))
    assert basis in above[A][1]


def test_a_sole_trader_is_its_own_owner() -> None:
    """K1: an enskild firma is its owner."""
    found = owners_of(Structure(company=A, form=CompanyForm.EF, holdings=()), on=ON)
    assert [(one.number, one.share, one.basis) for one in found] == [(A, Decimal(1), (OwnerBasis.SOLE_TRADER,))]


@pytest.mark.parametrize(("partners", "are_owners"), [(2, True), (3, True), (4, False)])
def test_partners_of_an_hb_vote_by_head_where_no_shares_are_told(partners: int, are_owners: bool) -> None:
    """K1: a third each is more than a quarter, a quarter each is not."""
    numbers = (A, B, C, D)[:partners]
    found = owners(
        *(held(number, "0", control=OwnerControl.PARTNER) for number in numbers),
        form=CompanyForm.HB,
    )
    assert set(found) == (set(numbers) if are_owners else set())


def test_the_unlimited_partner_of_a_kb_is_an_owner_whatever_the_share() -> None:
    """K1: the unlimited partner runs the company; a limited one with 30 % of the votes is an owner by them."""
    found = owners(held(A, "0.01", control=OwnerControl.PARTNER), held(B, "0.30"), held(C, "0.20"), form=CompanyForm.KB)
    assert {number: basis for number, (_, basis) in found.items()} == {A: {OwnerBasis.PARTNER}, B: {VOTES}}


def test_where_nobody_is_found_the_chair_stands_in() -> None:
    """K1: five with a fifth each; whoever is named in their place counts only then."""
    fifths = [held(number, "0.20") for number in (A, B, C, D)]
    chair = held("197001010009", "0", control=OwnerControl.ALTERNATIVE)
    assert owners(*fifths) == {}
    assert set(owners(*fifths, chair)) == {"197001010009"}
    assert owners(held(A, "0.60"), chair) == {A: (Decimal("0.60"), {VOTES})}


def test_a_company_of_which_nobody_is_known_to_own_it_is_told() -> None:
    """K1: the chain ends at a person; a small part does not matter."""
    structure = Structure(
        company=US, form=CompanyForm.AB, holdings=(held(TOP, "0.30"), held(MIDDLE, "0.10"), held(A, "0.60"))
    )
    assert unresolved(structure, on=ON) == (TOP,)


def test_a_register_is_compared_by_the_ends_of_numbers() -> None:
    """K1: registers may leave the century out; a difference says on which side somebody is missing."""
    found = differences([A, B], [A[2:], C])
    assert [(one.kind, one.number) for one in found] == [
        (DifferenceKind.NOT_TOLD, C),
        (DifferenceKind.NOT_REGISTERED, B),
    ]
    assert differences([A], [A]) == ()


@given(
    shares=st.lists(st.integers(min_value=0, max_value=100), min_size=1, max_size=4),
    more=st.integers(min_value=0, max_value=50),
)
def test_a_larger_part_never_makes_an_owner_less(shares: list[int], more: int) -> None:
    """K1: whoever is an owner stays one with more votes."""
    numbers = (A, B, C, D)
    holdings = [held(number, str(Decimal(share) / 100)) for number, share in zip(numbers, shares, strict=False)]
    larger = [held(A, str(min(Decimal(1), Decimal(shares[0] + more) / 100))), *holdings[1:]]
    if A in owners(*holdings):
        assert A in owners(*larger)
