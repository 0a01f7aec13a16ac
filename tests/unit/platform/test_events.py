"""Events: what may stand in them, their order, and that a reader by position misses none."""

import uuid
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests.support.messages import AT, SUBJECTS, endpoint_at, happen, happen_otherwise, published, with_wall
from underwriting.kernel.errors import NotFound
from underwriting.kernel.event_catalogue import APPLICATION_DECIDED, CATALOGUE, FEE_RUN_CHARGED, KINDS
from underwriting.kernel.event_forms import EventDataInvalid, Form, Member
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import ApplicationState, DecisionOutcome, RepaymentPlan
from underwriting.platform import deliveries, events
from underwriting.platform.database import lock_subject
from underwriting.platform.runtime import Runtime

DECIDED: dict[str, Any] = {
    "application_id": SUBJECTS[0],
    "state": ApplicationState.DECLINED,
    "decision_id": SUBJECTS[1],
    "outcome": DecisionOutcome.DECLINED,
    "term_months": 12,
    "repayment_plan": RepaymentPlan.STRAIGHT,
}


class Word(StrEnum):
    """Words of nobody."""

    ANNA = "Anna Andersson"


@pytest.mark.parametrize(
    ("form", "value", "written"),
    [
        (Form.ID, SUBJECTS[0], "00000000-0000-0000-0000-000000000001"),
        (Form.AMOUNT, Money.kronor("1500.5"), "1500.50"),
        (Form.RATE, Decimal("0.027500"), "0.0275"),
        (Form.RATE, Decimal(0), "0"),
        (Form.INSTANT, datetime(2026, 3, 2, 9, tzinfo=UTC), "2026-03-02T09:00:00Z"),
        (Form.DAY, date(2026, 3, 2), "2026-03-02"),
        (Form.MONTH, Month(2026, 3), "2026-03"),
        (Form.COUNT, 12, 12),
    ],
)
def test_a_member_is_written_by_its_form(form: Form, value: object, written: object) -> None:
    assert Member("x", form).written(value) == written


@pytest.mark.parametrize("form", list(Form))
@pytest.mark.parametrize(
    "value", ["Anna Andersson", "19890101-2386", Word.ANNA, 1.5, True, None, b"x", AT.replace(tzinfo=None)]
)
def test_no_form_takes_a_free_text(form: Form, value: object) -> None:
    """D7: an event holds no personal data, since nothing that could be some has a form."""
    with pytest.raises(EventDataInvalid):
        Member("x", form, ApplicationState).written(value)


def test_the_catalogue_hangs_together() -> None:
    assert len(KINDS) == len(CATALOGUE)
    for kind in CATALOGUE:
        names = [member.name for member in kind.members]
        assert len(set(names)) == len(names)
        assert kind.members[0].form in (Form.ID, Form.MONTH)
        assert not kind.members[0].optional
        assert kind.text.sv
        assert kind.text.en
        for member in kind.members:
            assert (member.words is not None) is (member.form is Form.WORD)


@pytest.mark.parametrize(
    "changes",
    [{"name": "Anna"}, {"term_months": None}, {"term_months": "12"}, {"outcome": ApplicationState.DECLINED}],
    ids=str,
)
def test_what_the_catalogue_does_not_say_is_not_told(runtime: Runtime, changes: dict[str, Any]) -> None:
    with runtime.database.transaction() as session, pytest.raises(EventDataInvalid):
        events.record(session, APPLICATION_DECIDED, at=AT, **(DECIDED | changes))


def test_an_event_is_told_with_its_subject_and_without_what_has_no_value(runtime: Runtime) -> None:
    with runtime.database.transaction() as session:
        events.record(session, APPLICATION_DECIDED, at=AT, **DECIDED, limit=None)
        sums = {"count": 3, "charged": Money.kronor(7200)}
        events.record(session, FEE_RUN_CHARGED, at=AT, month=Month(2026, 2), **sums)
    assert events.publish(runtime) == 2
    decided, charged = published(runtime)
    assert decided.subject == f"application:{SUBJECTS[0]}"
    assert decided.data == {
        "application_id": str(SUBJECTS[0]),
        "state": "declined",
        "decision_id": str(SUBJECTS[1]),
        "outcome": "declined",
        "term_months": 12,
        "repayment_plan": "straight",
    }
    assert (charged.subject, charged.data["charged"]) == ("fee_run:2026-02", "7200.00")
    assert charged.body() == (
        b'{"data":{"charged":"7200.00","count":3,"month":"2026-02"},"id":"%b","position":2,"subject":"fee_run:2026-02",'
        b'"timestamp":"2026-03-02T09:00:00Z","type":"fee_run.charged"}' % str(charged.id).encode()
    )


def test_nothing_is_read_before_it_has_its_place(runtime: Runtime) -> None:
    happen(runtime, SUBJECTS[0])
    assert published(runtime) == []
    events.publish(runtime)
    (event,) = published(runtime)
    with runtime.database.transaction() as session:
        assert events.get(session, event.id) == event
        with pytest.raises(NotFound):
            events.get(session, uuid.uuid4())


def test_a_reader_who_commits_late_is_not_passed_by(committed_runtime: Runtime) -> None:
    """The transaction that began first ends last: its event gets a place after those that were read meanwhile."""
    engine = committed_runtime.database.engine
    with engine.connect() as slow, Session(slow) as session:
        state = ApplicationState.SUBMITTED
        events.record(session, KINDS["application.submitted"], at=AT, application_id=SUBJECTS[0], state=state)
        happen(committed_runtime, SUBJECTS[1])
        assert events.publish(committed_runtime) == 1
        (read,) = published(committed_runtime)
        session.commit()
    assert events.publish(committed_runtime) == 1
    with committed_runtime.database.transaction() as session:
        (late,) = events.page(session, after=read.position, most=10)
    assert late.subject == f"application:{SUBJECTS[0]}"


def test_a_second_publisher_leaves_it_to_the_first(committed_runtime: Runtime) -> None:
    happen(committed_runtime, SUBJECTS[0])
    with committed_runtime.database.engine.connect() as other, Session(other) as session:
        lock_subject(session, events.PUBLISHING)
        assert events.publish(committed_runtime) == 0
    assert events.publish(committed_runtime) == 1


def test_lists_are_read_by_kind_and_by_subject(runtime: Runtime) -> None:
    for subject in (0, 1, 0):
        happen(runtime, SUBJECTS[subject])
    happen_otherwise(runtime, SUBJECTS[0])
    events.publish(runtime)
    with runtime.database.transaction() as session:
        of_one = events.page(session, most=10, subject=f"application:{SUBJECTS[0]}")
        of_kind = events.page(session, most=10, kind="application.assessing")
        first, second = events.page(session, most=2), events.page(session, most=2, after=2)
    assert [event.position for event in of_one] == [1, 3, 4]
    assert [event.position for event in of_kind] == [4]
    assert [event.position for event in (*first, *second)] == [1, 2, 3, 4]


def test_an_endpoint_is_told_of_what_it_has_chosen_and_of_nothing_from_before(runtime: Runtime) -> None:
    runtime, _ = with_wall(runtime)
    happen(runtime, SUBJECTS[0])
    events.publish(runtime)
    of_all, _ = endpoint_at(runtime, "http://127.0.0.1:9/")
    of_one, _ = endpoint_at(runtime, "http://127.0.0.1:9/", ["application.assessing"])
    happen(runtime, SUBJECTS[0])
    happen_otherwise(runtime, SUBJECTS[0])
    events.publish(runtime)
    with runtime.database.transaction() as session:
        waiting = {
            endpoint: [view.kind for view in deliveries.latest(session, most=10, endpoint_id=endpoint)[::-1]]
            for endpoint in (of_all, of_one)
        }
    assert waiting == {of_all: ["application.submitted", "application.assessing"], of_one: ["application.assessing"]}
