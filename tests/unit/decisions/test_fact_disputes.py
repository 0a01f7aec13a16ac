"""A bureau's fact that is wrong: marked with evidence, decided anew, both kept."""

from typing import Any

import pytest

from bureau_clients.facts import Absent, Known, Unknown
from bureau_clients.reports import CompanyStatus, RatingGrade
from tests.support.decision_facts import ABSENT, AT, FIRST, UNKNOWN, known, kronor
from tests.support.lending import ANNA, LendingWorld
from tests.unit.decisions.test_determination_service import APPROVE, move_clock, referred, state_of
from tests.unit.decisions.test_second_person import senior
from underwriting.applications.rules import ApplicationStateRefuses
from underwriting.decisions.corrections import Correction, as_shown, as_unknown, corrected, type_of
from underwriting.decisions.desk import Desk
from underwriting.decisions.override import DecidingOnOneself, HardStopStands
from underwriting.decisions.rules import COMPANY
from underwriting.decisions.services.dispute_fact import Disputed
from underwriting.decisions.services.keep_dispute import EvidenceDocument
from underwriting.decisions.services.propose_override import ProposalView
from underwriting.kernel.errors import InvalidInput, NotFound
from underwriting.kernel.vocabulary import ApplicationState, DecisionOutcome, FactTreatment

DOCUMENT = EvidenceDocument(content=b"%PDF-1.7 a certificate", media_type="application/pdf")
BANKRUPT = "559999-1105"


def wrong(fact: str, value: str | None = None, *, unknown: bool = False, subject: str = COMPANY) -> Disputed:
    treatment = FactTreatment.UNKNOWN if unknown else FactTreatment.CORRECTED
    return Disputed(
        subject=subject, fact=fact, treatment=treatment, value=value, note="Registret är rättat.", document=DOCUMENT
    )


@pytest.mark.parametrize(
    ("fact", "value", "read"),
    [
        ("remarks", "2", 2),
        ("kronofogden_debt", "1500.00", kronor(1_500)),
        ("bankruptcy", "true", True),
        ("status", "active", CompanyStatus.ACTIVE),
        ("rating", "C", RatingGrade.C),
    ],
)
def test_a_value_is_read_as_it_is_written(fact: str, value: str, read: object) -> None:
    """D13: known, with the evidence as its source."""
    type_ = type_of(COMPANY, fact)
    assert type_ is not None
    assert as_shown(UNKNOWN, type_, value, at=AT) == Known(read, "evidence", AT)


@pytest.mark.parametrize(
    ("fact", "value"),
    [
        ("remarks", "-1"),
        ("remarks", "٣"),
        ("remarks", "1" * 40),
        ("kronofogden_debt", "-1.00"),
        ("kronofogden_debt", "NaN"),
        ("bankruptcy", "yes"),
        ("status", "fine"),
        ("accounts_closed_on", "yesterday"),
    ],
)
def test_what_is_no_such_value_is_refused(fact: str, value: str) -> None:
    """D13: a clear error, and nothing is changed."""
    type_ = type_of(COMPANY, fact)
    assert type_ is not None
    with pytest.raises(InvalidInput) as refused:
        as_shown(UNKNOWN, type_, value, at=AT)
    assert [error.pointer for error in refused.value.errors] == ["/value"]


def test_what_was_told_anyway_is_no_correction() -> None:
    """D13: neither the same value nor unknown for unknown."""
    with pytest.raises(InvalidInput):
        as_shown(known(2), int, "2", at=AT)
    with pytest.raises(InvalidInput):
        as_shown(ABSENT, int, None, at=AT)
    with pytest.raises(InvalidInput):
        as_unknown(UNKNOWN, at=AT)


@pytest.mark.parametrize(("told", "counts"), [(known(0), True), (known(1), False), (ABSENT, False)])
def test_a_correction_counts_while_the_bureau_tells_the_same(told: Any, counts: bool) -> None:
    """D13: what it tells later counts again."""
    correction = Correction(subject=COMPANY, fact="remarks", told=told, read=Unknown("evidence", AT))
    assert isinstance(corrected(FIRST, [correction]).company.remarks, Unknown) is counts
    gone = Correction(subject="guarantor-9", fact="remarks", told=told, read=Absent("evidence", AT))
    assert corrected(FIRST, [gone]) == FIRST


def test_a_decision_is_made_anew_and_both_are_kept(world: LendingWorld) -> None:
    """D13, D8: the case stays with the underwriter; the fact as told, the note and the document are kept."""
    application_id, desk = referred(world), Desk(world.decisions)
    decision, kept = desk.dispute(application_id, wrong("remarks", "3"), world.staff())
    assert (decision.outcome, decision.sequence) == (DecisionOutcome.REFERRED, 2)
    assert (decision.decided_by, decision.reason_code) == ("staff:1", "fact_disputed")
    assert (kept.told, kept.read, kept.note) == ("0", "3", "Registret är rättat.")
    assert desk.evidence_document(application_id, kept.id, world.staff()) == DOCUMENT
    assert "company_remarks.2" in {line.key for line in decision.trace}
    rows = world.decisions.decisions(application_id, world.staff())
    assert all(world.decisions.replay(row.id).same for row in rows)
    assert "company_remarks.0" in {line.key for line in rows[1].trace}
    determined = world.decisions.determine(application_id, APPROVE, "Räcker.", senior(world))
    assert "company_remarks.2" in {line.key for line in determined.trace}  # type: ignore[union-attr]


def test_a_fact_is_disputed_once_per_decision_and_anew_in_the_next(world: LendingWorld) -> None:
    """D13: the newest decision is the one that is disputed."""
    application_id, desk = referred(world), Desk(world.decisions)
    desk.dispute(application_id, wrong("remarks", unknown=True), world.staff())
    desk.dispute(application_id, wrong("remarks", "1"), world.staff())
    assert [each.read for each in desk.disputes(application_id, world.staff())] == ["1", "unknown"]


def test_a_hard_stop_that_was_wrong_takes_a_second_person(world: LendingWorld) -> None:
    """D8, D10: as long as it stands nobody overrides it; disputed with evidence, no one person gives credit on it."""
    application_id, desk = world.submitted(world.body(organisation_number=BANKRUPT)), Desk(world.decisions)
    world.decisions.assess_due()
    with pytest.raises(HardStopStands):
        world.decisions.determine(application_id, APPROVE, "Ändå.", senior(world))
    desk.dispute(application_id, wrong("bankruptcy", "false"), world.staff())
    assert state_of(world, application_id) is ApplicationState.REFERRED
    desk.dispute(application_id, wrong("status", "active"), world.staff())
    waiting = world.decisions.determine(application_id, APPROVE, "Konkursen är hävd.", senior(world))
    assert isinstance(waiting, ProposalView)
    assert desk.approve(waiting.id, senior(world, "staff:3")).approved_by == "staff:3"


def test_what_cannot_be_disputed(world: LendingWorld) -> None:
    """D13, D8: a fact that there is none of, by a party to the case, of a case that is granted or binds no more."""
    application_id, desk = referred(world), Desk(world.decisions)
    for no_such in (wrong("postcode", "1"), wrong("remarks", "1", subject="guarantor-9")):
        with pytest.raises(InvalidInput):
            desk.dispute(application_id, no_such, world.staff())
    with pytest.raises(DecidingOnOneself):
        desk.dispute(application_id, wrong("remarks", "1"), world.staff(person=ANNA))
    with pytest.raises(NotFound):
        desk.evidence_document(application_id, application_id, world.staff())
    granted = world.submitted()
    world.decisions.assess_due()
    with pytest.raises(ApplicationStateRefuses) as refused:
        desk.dispute(granted, wrong("remarks", "1"), world.staff())
    assert refused.value.rule == "D13"
    application = world.applications.view(application_id, world.staff())
    assert application.binding_until is not None
    move_clock(world, application.binding_until)
    with pytest.raises(ApplicationStateRefuses):
        desk.dispute(application_id, wrong("remarks", "1"), world.staff())
