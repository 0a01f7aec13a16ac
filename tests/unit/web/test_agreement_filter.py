"""What staff look for in the list of agreements."""

import uuid
from datetime import date

import pytest

from agreements.credit.services.find_agreements import Sought
from underwriting.kernel.vocabulary import AgreementState
from underwriting.web.agreement_filter import read

ON = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("typed", "sought"),
    [
        ("", Sought()),
        ("   ", Sought()),
        ("100 001", Sought(reference="100001")),
        ("1000017", Sought(reference="1000017")),
        ("559999-0008", Sought(company=("5599990008",))),
        ("5599990008", Sought(company=("5599990008",))),
        ("19790209-2381", Sought(company=("197902092381",))),
        ("790209-2381", Sought(company=("197902092381",))),
        ("1" * 25, Sought(reference="1" * 25)),
    ],
)
def test_a_number_is_read_as_what_it_can_be(typed: str, sought: Sought) -> None:
    found = read({"q": typed}, on=ON)
    assert (found.sought, found.errors) == (sought, ())


@pytest.mark.parametrize("typed", ["Bolaget", "10000x", "-", "١٢٣"])
def test_what_is_no_number_is_told_so(typed: str) -> None:
    found = read({"q": typed}, on=ON)
    assert [error.pointer for error in found.errors] == ["/q"]


def test_a_link_keeps_the_search_and_a_state_that_there_is_none_means_all() -> None:
    found = read({"q": "100001", "state": "running"}, on=ON)
    here = uuid.UUID(int=1)
    assert found.link(state=AgreementState.RUNNING, cursor=here) == f"?q=100001&state=running&cursor={here}"
    assert found.link(state=None) == "?q=100001"
    assert read({"state": "rinnande"}, on=ON).state is None
    assert not read({}, on=ON).narrows
