"""How long what bureaus answered is kept (K2): the days on which that ends."""

from datetime import date

import pytest

from bureau_clients.questions import SubjectGroup
from bureau_clients.retention import agreement_holds, retained_until


@pytest.mark.parametrize(
    ("group", "received_on", "until"),
    [
        (SubjectGroup.PERSON, date(2026, 3, 2), date(2027, 3, 2)),
        (SubjectGroup.SOLE_TRADER, date(2026, 3, 2), date(2027, 3, 2)),
        (SubjectGroup.COMPANY, date(2026, 3, 2), date(2028, 3, 2)),
        (SubjectGroup.PERSON, date(2028, 2, 29), date(2029, 2, 28)),
        (SubjectGroup.COMPANY, date(2028, 2, 29), date(2030, 2, 28)),
    ],
)
def test_an_answer_that_nothing_holds_is_kept_one_year_about_a_person_and_two_about_a_company(
    group: SubjectGroup, received_on: date, until: date
) -> None:
    """K2: a year is how long the bureau keeps the enquiry itself (lag 1973:1173, 8 §); 29 February ends on the 28th."""
    assert retained_until(group, received_on=received_on) == until


@pytest.mark.parametrize(
    ("ended_on", "on", "holds"),
    [
        (None, date(2099, 1, 1), True),
        (date(2026, 3, 10), date(2031, 3, 10), True),
        (date(2026, 3, 10), date(2031, 3, 11), False),
        (date(2028, 2, 29), date(2033, 2, 28), True),
        (date(2028, 2, 29), date(2033, 3, 1), False),
    ],
)
def test_an_agreement_holds_its_reports_while_it_runs_and_five_years_after(
    ended_on: date | None, on: date, holds: bool
) -> None:
    """K2, law 2017:630 5:3: a relation that ended on 2026-03-10 lets go after 2031-03-10."""
    assert agreement_holds(ended_on, on=on) is holds
