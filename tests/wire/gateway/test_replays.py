"""Kept answers read again with today's mapping: what changed, fact by fact (rules B6, D7)."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.errors import OutcomeUnknown
from bureau_clients.evidence import EvidenceDamaged
from bureau_clients.facts import Absent, Known, Unknown
from bureau_clients.gateway import Gateway
from bureau_clients.models import CreditReport
from bureau_clients.questions import Outcome
from bureau_clients.replays import Difference, Replayed, differences, replay
from bureau_clients.reports import Report
from bureau_clients.retention import erase_due
from tests.wire.gateway.conftest import Counted
from tests.wire.gateway.scripted import Scripted, nobody, report
from tests.wire.gateway.subjects import APPLICATION, company, person
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.identifiers import OrganisationNumber
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.runtime import Runtime

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def known(value: Any, part: str = "") -> Known[Any]:
    return Known(value, "first", AT, part)


ABSENT, UNKNOWN = Absent("first", AT), Unknown("first", AT)


def ask(runtime: Runtime, act: Any, about: Any = None, application: uuid.UUID = APPLICATION) -> None:
    Gateway(runtime, [Scripted("first", [act])]).retrieve(application, [about or company()])


def read_again(runtime: Runtime, act: Any, **which: Any) -> list[Replayed]:
    """What *act* would read in the answers today."""
    return list(replay(runtime, [Scripted("first", [act])], **which))


def test_the_same_mapping_reads_the_same(runtime: Runtime, counted: tuple[Counted, Creditsafe]) -> None:
    """B6: of every kind of subject and question, by the real client; nobody is asked."""
    stand_in, client = counted
    gateway = Gateway(runtime, [client])
    about = company("9699990009", CompanyForm.HB)
    gateway.retrieve(APPLICATION, [about, person(), company("5599991170")])
    gateway.retrieve(uuid.uuid4(), [company("197601092385", CompanyForm.EF)])
    gateway.company_status(APPLICATION, about)
    stand_in.numbers.clear()
    found = list(replay(runtime, [client]))
    assert sorted((one.question, one.before, one.after) for one in found) == [
        ("report", "no_match", "no_match"),
        ("report", "report", "report"),
        ("report", "report", "report"),
        ("report", "report", "report"),
        ("status", "report", "report"),
    ]
    assert [one.differences for one in found] == [()] * 5
    assert stand_in.numbers == []


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        (UNKNOWN, known(True), True),
        (known(True), known(False), True),
        (known(True), ABSENT, True),
        (UNKNOWN, ABSENT, True),
        (known(True), known(True, "another block"), False),
        (ABSENT, Absent("first", AT + timedelta(1), "block"), False),
    ],
)
def test_a_fact_differs_when_it_says_something_else(runtime: Runtime, before: Any, after: Any, changed: bool) -> None:
    """D13: known, absent and unknown are told apart; where a fact stands is no difference."""
    ask(runtime, report("first", vat=before))
    (found,) = read_again(runtime, report("first", vat=after))
    assert found.differences == ((Difference("vat", before, after),) if changed else ())
    assert (found.before, found.after, found.code) == (Outcome.REPORT, Outcome.REPORT, None)


def test_printing_a_difference_shows_no_value() -> None:
    """D7: values are for staff."""
    assert "Almgren" not in repr(Difference("name", known("Almgren"), UNKNOWN))


def test_the_owners_facts_of_a_sole_trader_are_compared_too(
    runtime: Runtime, counted: tuple[Counted, Creditsafe]
) -> None:
    """B1: the owner's report is the company's."""
    Gateway(runtime, [counted[1]]).retrieve(APPLICATION, [company("197601092385", CompanyForm.EF)])
    (found,) = replay(runtime, [Renamed("creditsafe", [report("creditsafe")])])
    names = [each.fact for each in found.differences]
    assert "owner.income" in names
    assert "status" in names


class Renamed(Scripted):
    """A bureau that reads the answers to a sole trader as a company's without an owner."""

    def read(self, received: Any, *, at: datetime, **_asked: Any) -> Report:
        return super().read(received, number=OrganisationNumber("5599990008"), at=at)


def test_an_answer_that_gives_no_report_today_says_why(runtime: Runtime) -> None:
    """B3: by its outcome and code; every fact is then gone."""
    ask(runtime, report("first", vat=known(True)))
    (found,) = read_again(runtime, OutcomeUnknown("not-an-answer"))
    assert (found.before, found.after, found.code) == (Outcome.REPORT, Outcome.UNKNOWN, "not-an-answer")
    assert Difference("vat", known(True), None) in found.differences


def test_a_no_match_that_is_a_report_today_is_told(runtime: Runtime) -> None:
    """B3: a code that was taken for "no match"."""
    ask(runtime, nobody("first"))
    (found,) = read_again(runtime, report("first", vat=known(True)))
    assert (found.before, found.after) == (Outcome.NO_MATCH, Outcome.REPORT)
    assert Difference("vat", None, known(True)) in found.differences


def test_which_answers_are_read(runtime: Runtime, clock: FixedClock) -> None:
    """B6: all in order, those of one application, or those since an instant; not those of other bureaus."""
    another = uuid.uuid4()
    ask(runtime, report("first"))
    clock.move_to(AT + timedelta(hours=1))
    ask(runtime, report("first"), person(), another)
    Gateway(runtime, [Scripted("second", [report("second")])]).retrieve(
        another, [company("9699990009", CompanyForm.HB)]
    )
    read = report("first")
    assert [one.application_id for one in read_again(runtime, read)] == [APPLICATION, another]
    assert [one.application_id for one in read_again(runtime, read, application_id=another)] == [another]
    assert [one.asked_at for one in read_again(runtime, read, since=AT + timedelta(hours=1))] == [clock.now()]


def test_progress_is_told_from_nothing_to_all(runtime: Runtime) -> None:
    """B6: whoever waits sees how far it is."""
    told: list[tuple[int, int]] = []
    ask(runtime, report("first"))
    ask(runtime, report("first"), person())
    read_again(runtime, report("first"), progress=lambda done, total: told.append((done, total)))
    assert told == [(0, 2), (1, 2), (2, 2)]


def test_what_is_erased_is_left_out(runtime: Runtime) -> None:
    """K2: there is nothing to read."""
    ask(runtime, report("first"))
    erase_due(runtime, on=date(2028, 3, 2), at=AT, held=lambda *_: ())
    assert read_again(runtime, report("first")) == []


def test_damaged_evidence_is_not_read(runtime: Runtime) -> None:
    """B6: an answer that is not what was received is no evidence."""
    ask(runtime, report("first"))
    ask(runtime, nobody("first"), person())
    with runtime.database.transaction() as session:
        first, second = session.scalars(sa.select(CreditReport.id).order_by(CreditReport.id)).all()
        session.execute(sa.text("SET LOCAL ROLE NONE"))
        session.execute(sa.text("ALTER TABLE received_answer DISABLE TRIGGER USER"))
        session.execute(
            sa.text(
                "UPDATE received_answer SET body_encrypted ="
                " (SELECT body_encrypted FROM received_answer WHERE credit_report_id = :second)"
                " WHERE credit_report_id = :first"
            ),
            {"first": first, "second": second},
        )
        session.execute(sa.text("SET LOCAL ROLE borgen_service"))
    with pytest.raises(EvidenceDamaged):
        read_again(runtime, report("first"))


def test_nothing_differs_between_two_answers_that_hold_no_report() -> None:
    assert differences(None, None) == ()
