"""Who releases, what needs a release, and whose an account is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.payouts.rules import (
    Person,
    ReleaseBySamePerson,
    check_release,
    is_the_companys,
    needs_second_person,
)
from underwriting.kernel.money import Money

KR = Money.kronor


@pytest.mark.parametrize(
    ("total", "before", "above", "changed", "needed"),
    [
        (KR(100), KR(0), None, False, False),
        (KR(100), KR(0), KR(100), False, False),  # as much as the sum is not above it
        (Money(10_001), KR(0), KR(100), False, True),
        (KR(60), KR(40), KR(100), False, False),
        (KR(60), Money(4_001), KR(100), False, True),  # divided, and still above it
        (KR(1), KR(0), KR(0), False, True),
        (KR(1), KR(0), None, True, True),
        (KR(1), KR(0), KR(100), True, True),
    ],
)
def test_a_second_person_releases_above_the_days_sum_and_after_a_change_of_account(
    total: Money, before: Money, above: Money | None, changed: bool, needed: bool
) -> None:
    """P1: and P2: the sum is of a day; a changed account is released whatever the sum."""
    assert needs_second_person(total, released_without=before, above=above, account_changed=changed) is needed


@given(parts=st.lists(st.integers(min_value=1, max_value=10**9), min_size=1, max_size=12), above=st.integers(0, 10**9))
def test_dividing_a_sum_lets_no_more_of_it_leave(parts: list[int], above: int) -> None:
    """P2: what leaves in a day without a person is never above the sum, in however many files."""
    left = 0
    for part in parts:
        if not needs_second_person(
            Money(part), released_without=Money(left), above=Money(above), account_changed=False
        ):
            left += part
    assert left <= above


@pytest.mark.parametrize(
    ("released_by", "refused"),
    [
        (Person("staff:1", b"anna"), True),
        (Person("staff:9", b"anna"), True),  # another account of the same person
        (Person("staff:1", None), True),
        (Person("staff:2", b"erik"), False),
        (Person("staff:2", None), False),
    ],
)
def test_whoever_prepared_it_does_not_release_it(released_by: Person, refused: bool) -> None:
    """P1: two accounts of one person are one person."""
    prepared = [Person("staff:3", b"maria"), Person("staff:1", b"anna")]
    if refused:
        with pytest.raises(ReleaseBySamePerson):
            check_release(released_by, prepared)
    else:
        check_release(released_by, prepared)


@pytest.mark.parametrize(
    ("holder", "company", "same"),
    [
        ("Åkeri & Söner AB", "ÅKERI & SÖNER AB", True),
        ("Aktiebolaget Åkeri och Söner", "Åkeri och Söner AB", True),
        ("Åkeri o Söner AB", "Åkeri & Söner AB", False),
        ("Åkeri AB", "Åkeri & Söner AB", False),
        ("Anna Lindqvist", "Lindqvist Åkeri", False),
        ("AB", "AB", True),
        ("", "Åkeri AB", False),
        ("", "", False),
        ("A\u030akeri AB", "Åkeri AB", True),  # the same letter, written in two parts
    ],
)
def test_the_name_on_the_account_is_the_companys(holder: str, company: str, same: bool) -> None:
    """P1: case, signs and legal form are no difference; another word is."""
    assert is_the_companys(holder, company) is same
