"""How a company stands, from the register's word and from what has happened."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bureau_clients.bisnode.codes import Sign
from bureau_clients.bisnode.standing import Event, Section, is_bankrupt, status
from bureau_clients.reports import CompanyStatus

EARLIER, LATER = date(2025, 3, 1), date(2026, 1, 20)
NONE_AT_ALL = Section(is_there=False)
DATED = Section(is_there=True, is_dated=True)

signs = st.sampled_from(Sign)
events_of_any_kind = st.lists(st.builds(Event, signs, st.none() | st.sampled_from([EARLIER, LATER])), max_size=5)


def stands(
    register: str | None, *events: tuple[Sign, date | None], section: Section | None = NONE_AT_ALL, told: bool = True
) -> CompanyStatus | None:
    happened = [Event(sign, on) for sign, on in events]
    return status(register, section=section, events=happened, are_told=told)


@pytest.mark.parametrize(
    ("register", "expected"),
    [
        ("ACTIVE", CompanyStatus.ACTIVE),
        ("INACTIVE", CompanyStatus.INACTIVE),
        ("NOTSTARTED_OR_DORMANT", CompanyStatus.INACTIVE),
        ("MOTHBALLED", None),
        (None, None),
    ],
)
def test_the_registers_word_where_nothing_has_happened(register: str | None, expected: CompanyStatus | None) -> None:
    assert stands(register) is expected


def test_active_is_not_known_where_events_are_not_told() -> None:
    """B7, D12: a bankrupt company stays active for taxes."""
    assert stands("ACTIVE", told=False) is None
    assert stands("INACTIVE", told=False) is CompanyStatus.INACTIVE


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([(Sign.BANKRUPT, LATER)], CompanyStatus.BANKRUPT),
        ([(Sign.BANKRUPT, None)], CompanyStatus.BANKRUPT),
        ([(Sign.BANKRUPT, EARLIER), (Sign.BANKRUPTCY_CANCELLED, LATER)], CompanyStatus.ACTIVE),
        ([(Sign.BANKRUPT, LATER), (Sign.BANKRUPTCY_CANCELLED, LATER)], CompanyStatus.BANKRUPT),
        ([(Sign.BANKRUPT, LATER), (Sign.BANKRUPTCY_CANCELLED, EARLIER)], CompanyStatus.BANKRUPT),
        ([(Sign.BANKRUPT, None), (Sign.BANKRUPTCY_CANCELLED, LATER)], CompanyStatus.BANKRUPT),
        ([(Sign.BANKRUPT, EARLIER), (Sign.BANKRUPTCY_PETITION_OVER, LATER)], CompanyStatus.BANKRUPT),
        ([(Sign.BANKRUPTCY_CONCLUDED, LATER)], None),
        ([(Sign.BANKRUPTCY_UNTOLD, LATER)], None),
        ([(Sign.BANKRUPTCY_PETITION, LATER)], None),
        ([(Sign.BANKRUPTCY_PETITION, EARLIER), (Sign.BANKRUPTCY_PETITION_OVER, LATER)], CompanyStatus.ACTIVE),
        ([(Sign.LIQUIDATION, LATER)], CompanyStatus.LIQUIDATION),
        ([(Sign.LIQUIDATION, EARLIER), (Sign.LIQUIDATION_CANCELLED, LATER)], CompanyStatus.ACTIVE),
        ([(Sign.LIQUIDATION_REPORTED, LATER)], None),
        ([(Sign.LIQUIDATION_CONCLUDED, LATER)], None),
        ([(Sign.RECONSTRUCTION, LATER)], CompanyStatus.RECONSTRUCTION),
        ([(Sign.RECONSTRUCTION, EARLIER), (Sign.RECONSTRUCTION_OVER, LATER)], CompanyStatus.ACTIVE),
        ([(Sign.RECONSTRUCTION_UNTOLD, LATER)], None),
        ([(Sign.PAYMENTS_SUSPENDED, EARLIER)], None),
        ([(Sign.PAYMENTS_SUSPENDED, EARLIER), (Sign.PAYMENTS_RESUMED, LATER)], CompanyStatus.ACTIVE),
        ([(Sign.DEREGISTERED, LATER)], None),
        ([(Sign.MERGED, LATER)], None),
        ([(Sign.BLOCKED, LATER)], None),
        ([(Sign.NOT_ACTIVE, LATER)], None),
        ([(Sign.NO_F_TAX, LATER)], CompanyStatus.ACTIVE),
    ],
)
def test_what_has_happened_to_a_company_that_is_active_for_taxes(
    events: list[tuple[Sign, date | None]], expected: CompanyStatus | None
) -> None:
    """B7: what contradicts the register leaves the status to a person."""
    assert stands("ACTIVE", *events) is expected


@pytest.mark.parametrize(
    "sign", [Sign.DEREGISTERED, Sign.MERGED, Sign.BANKRUPTCY_CONCLUDED, Sign.LIQUIDATION_CONCLUDED]
)
def test_an_inactive_company_that_was_ended_is_deregistered(sign: Sign) -> None:
    """D10: deregistered is a hard stop."""
    assert stands("INACTIVE", (sign, EARLIER)) is CompanyStatus.DEREGISTERED


@pytest.mark.parametrize(
    ("section", "events", "expected"),
    [
        (NONE_AT_ALL, [], False),
        (None, [], None),
        (None, [Sign.BANKRUPT], True),
        (DATED, [], True),
        (Section(is_there=True), [], None),
        (DATED, [Sign.BANKRUPTCY_CANCELLED], False),
        (Section(is_there=True, is_read=False), [Sign.BANKRUPTCY_CANCELLED], None),
        (Section(is_there=True), [Sign.BANKRUPTCY_PETITION], False),
        (Section(is_there=True, is_read=False), [Sign.BANKRUPTCY_PETITION], None),
        (DATED, [Sign.BANKRUPTCY_PETITION], None),
        (NONE_AT_ALL, [Sign.BANKRUPTCY_UNTOLD], None),
        (DATED, [Sign.BANKRUPTCY_CONCLUDED], True),
    ],
)
def test_whether_a_company_is_bankrupt(section: Section | None, events: list[Sign], expected: bool | None) -> None:
    """B7: the section is there only where there is anything to tell; a petition alone is no bankruptcy."""
    assert is_bankrupt(section, [Event(sign, LATER) for sign in events], is_active=False) is expected


def test_a_concluded_bankruptcy_of_somebody_active_is_left_to_a_person() -> None:
    assert is_bankrupt(DATED, [Event(Sign.BANKRUPTCY_CONCLUDED, LATER)], is_active=True) is None


@given(
    register=st.sampled_from(["ACTIVE", "INACTIVE", None]),
    events=events_of_any_kind,
    told=st.booleans(),
    lost=st.integers(min_value=0, max_value=4),
)
def test_a_bankruptcy_makes_no_company_active(register: str | None, events: list[Event], told: bool, lost: int) -> None:
    """D12: the newest bankruptcy is never outweighed, and events that are not told never help."""
    bankrupt = [*events, Event(Sign.BANKRUPT, date(2026, 2, 1))]
    assert status(register, section=NONE_AT_ALL, events=bankrupt, are_told=told) is not CompanyStatus.ACTIVE
    untold = status(register, section=NONE_AT_ALL, events=events[:lost], are_told=False)
    assert untold is not CompanyStatus.ACTIVE
