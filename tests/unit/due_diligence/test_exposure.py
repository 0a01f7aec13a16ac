"""Politically exposed persons and the 18 months."""

from datetime import date

import pytest

from underwriting.due_diligence.exposure import FoundExposure, counts, is_exposed
from underwriting.kernel.vocabulary import ExposureRelation

NUMBER = "197001010001"


def found(*, exposed: bool = True, ended_on: date | None = None, relation: str = "self") -> FoundExposure:
    return FoundExposure(
        number=NUMBER,
        exposed=exposed,
        relation=ExposureRelation(relation),
        function="Statssekreterare",
        ended_on=ended_on,
    )


@pytest.mark.parametrize(
    ("ended_on", "on", "is_one"),
    [
        (None, date(2026, 2, 20), True),
        (date(2024, 8, 20), date(2026, 2, 20), True),  # the 18 months' last day
        (date(2024, 8, 19), date(2026, 2, 20), False),
        (date(2024, 8, 31), date(2026, 2, 28), True),  # a month without a 31st
        (date(2024, 8, 31), date(2026, 3, 1), False),
        (date(2026, 3, 1), date(2026, 2, 20), True),  # ends soon
    ],
)
@pytest.mark.parametrize("relation", ["self", "family", "close_associate"])
def test_a_function_counts_through_18_months_after_it_ended(
    ended_on: date | None, on: date, is_one: bool, relation: str
) -> None:
    """K1: the holder, family and close associates alike."""
    assert counts(found(ended_on=ended_on, relation=relation), on=on) is is_one


@pytest.mark.parametrize(
    ("stated", "findings", "expected"),
    [
        (None, (), None),
        (False, (), False),
        (True, (), True),
        (False, (found(),), True),  # what staff find stands before what is stated
        (True, (found(exposed=False),), False),
        (None, (found(ended_on=date(2020, 1, 1)),), False),
        (None, (found(ended_on=date(2020, 1, 1)), found(relation="family")), True),
    ],
)
def test_what_staff_find_stands_before_what_a_person_states(
    stated: bool | None, findings: tuple[FoundExposure, ...], expected: bool | None
) -> None:
    """D16: an answer that is left open is not a no."""
    assert is_exposed(stated, findings, on=date(2026, 2, 20)) is expected
