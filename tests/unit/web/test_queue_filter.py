"""What the address of the queue asks for."""

from datetime import UTC, datetime

import pytest

from underwriting.decisions.queue import Asked, Assigned, QueueOrder, Sought
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import ApplicationState, CompanyForm, ReferralKind
from underwriting.web.queue_filter import ALL, read

NOW = datetime(2026, 3, 30, 9, 0, tzinfo=UTC)  # summer time began yesterday


def test_nothing_asked_is_what_waits_for_a_person_oldest_first() -> None:
    wanted = read({}, at=NOW)
    assert wanted.asked == Asked(state=ApplicationState.REFERRED, order=QueueOrder.OLDEST)
    assert (wanted.tab, wanted.narrows, wanted.errors) == ("referred", False, ())


def test_everything_asked_at_once() -> None:
    wanted = read(
        {
            "state": "declined",
            "kind": "unknown",
            "form": "EF",
            "least": "50 000 kr",
            "most": "250000,50",
            "assigned": "mine",
            "older": "2",
            "order": "largest",
        },
        at=NOW,
    )
    assert wanted.errors == ()
    assert wanted.asked == Asked(
        state=ApplicationState.DECLINED,
        kind=ReferralKind.UNKNOWN,
        form=CompanyForm.EF,
        least=Money.kronor(50_000),
        most=Money.kronor("250000.50"),
        assigned=Assigned.MINE,
        submitted_before=datetime(2026, 3, 27, 23, 0, tzinfo=UTC),  # 28 March begins in winter time
        order=QueueOrder.LARGEST,
    )


def test_a_search_goes_through_every_state() -> None:
    wanted = read({"state": "referred", "q": "B7K2"}, at=NOW)
    assert (wanted.tab, wanted.asked.sought) == (ALL, Sought(reference="B7K2"))


@pytest.mark.parametrize("state", ["all", "draft", "unheard-of", "'; --"])
def test_a_state_that_there_is_none_of_is_all_of_them(state: str) -> None:
    assert read({"state": state}, at=NOW).asked.state is None


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("kind", "grades"),
        ("form", "ab"),
        ("assigned", "ulla"),
        ("order", "random"),
        ("least", "much"),
        ("most", "-1"),
        ("most", "9" * 40),
        ("older", "-1"),
        ("older", "10001"),
        ("older", "²"),
        ("q", "x"),
        ("q", "\x00"),
    ],
)
def test_what_cannot_be_read_is_told_at_its_field(name: str, typed: str) -> None:
    wanted = read({name: typed}, at=NOW)
    if typed.strip("\x00"):
        assert [error.pointer for error in wanted.errors] == [f"/{name}"]
    else:
        assert wanted.errors == ()


def test_a_range_upside_down_is_told() -> None:
    assert [error.pointer for error in read({"least": "2", "most": "1"}, at=NOW).errors] == ["/most"]


def test_links_keep_what_is_asked_and_leave_the_place() -> None:
    wanted = read({"state": "declined", "kind": "grade", "q": "", "after": "1.x"}, at=NOW)
    assert wanted.link(state="referred") == "?state=referred&kind=grade"
    assert wanted.link(after="7") == "?state=declined&kind=grade&after=7"
