"""A customer weighed, worked on and approved: the services on a database that is rolled back."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tests.support.bankid_stand_in import BankIdWorld, bankid_world
from tests.support.bureau import Exchangeable, creditsafe_at, creditsafe_stand_in
from tests.support.lending import ANNA, BERTIL, CECILIA, LendingWorld, application_json, lending_world
from underwriting.decisions.diligence import CustomerView, Diligence
from underwriting.decisions.override import DecidingOnOneself, Determination, DueDiligenceIncomplete, ReasonCode
from underwriting.decisions.services.gather_case import screened_parties
from underwriting.decisions.services.read_decision import StaffDecision
from underwriting.due_diligence.exposure import FoundExposure
from underwriting.due_diligence.items import (
    LARGEST_BYTES,
    NOTHING,
    ApprovingOwnFinding,
    EvidenceNotAccepted,
    FindingInvalid,
    FoundOwner,
    ItemOpen,
    ItemSettled,
    ItemTaken,
    StaffFinding,
)
from underwriting.due_diligence.models import DueDiligenceEvidence, DueDiligenceItem, RiskAssessment, ScreenedCase
from underwriting.due_diligence.services.read_customer import ItemView
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import (
    DecisionOutcome,
    DiligenceKind,
    DiligenceResult,
    DiligenceState,
    RiskClass,
    Role,
)
from underwriting.platform.authentication import Caller, RoleMissing
from underwriting.platform.models import AuditEntry
from underwriting.platform.runtime import Runtime
from underwriting.platform.staff_accounts import add_staff

NOTHING_SINCE = date(2020, 1, 31)
NOTE = "Utdrag ur registret och samtal med företrädaren."
FIRST = Caller(actor="staff:1", role=Role.UNDERWRITER, username="a")
SENIOR = Caller(actor="staff:2", role=Role.SENIOR_UNDERWRITER, username="b")
PDF = b"%PDF-1.7 intyg"
KIND, RESULT, STATE = DiligenceKind, DiligenceResult, DiligenceState
ANSWERS = application_json()["due_diligence"]
EXPOSED_OWNER = [{"personal_number": BERTIL.digits, "share": "0.6", "politically_exposed": True, "name": "Bertil Berg"}]


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("bankid") / "pki"


@pytest.fixture(scope="session")
def creditsafe_address() -> Iterator[str]:
    with creditsafe_stand_in() as address:
        yield address


@pytest.fixture
def bankid(certificates: Path) -> Iterator[BankIdWorld]:
    with bankid_world(certificates) as world:
        yield world


@pytest.fixture
def world(runtime: Runtime, bankid: BankIdWorld, creditsafe_address: str) -> Iterator[LendingWorld]:
    with lending_world(runtime, bankid, (Exchangeable(creditsafe_at(creditsafe_address)),)) as world:
        yield world


def decided(world: LendingWorld, **changes: Any) -> tuple[uuid.UUID, StaffDecision]:
    application_id = world.submitted(world.body(**changes))
    assert world.decisions.assess_due() == 1
    return application_id, world.decisions.decisions(application_id, world.staff())[0]


def desk(world: LendingWorld) -> Diligence:
    return Diligence(world.decisions)


def customer(world: LendingWorld, application_id: uuid.UUID) -> CustomerView:
    return desk(world).customer(application_id, FIRST)


def item(world: LendingWorld, application_id: uuid.UUID, kind: DiligenceKind) -> ItemView:
    return next(one for one in customer(world, application_id).items if one.kind is kind)


def approved(world: LendingWorld, application_id: uuid.UUID) -> DecisionOutcome:
    """What comes of an underwriter's approval on the terms asked for."""
    asked = Determination(
        outcome=DecisionOutcome.APPROVED,
        limit=Money.kronor(200_000),
        fee_rate=Decimal("0.0275"),
        reason_code=ReasonCode.DOCUMENTS_SEEN,
    )
    determined = world.decisions.determine(application_id, asked, "Allt är utrett.", world.staff())
    assert isinstance(determined, StaffDecision)
    return determined.outcome


def count(runtime: Runtime, table: type[Any]) -> int:
    with runtime.database.transaction() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_customer_with_nothing_special_is_classed_and_approved(world: LendingWorld) -> None:
    """K1: without industry and cash told the class is normal, and nobody has to look into anything."""
    application_id, decision = decided(world)
    found = customer(world, application_id)
    assert decision.outcome is DecisionOutcome.APPROVED
    assert (found.items, found.gaps) == ((), ())
    assert found.risk is not None
    assert found.risk.risk_class is RiskClass.NORMAL
    assert {one.code for one in found.risk.reasons} == {"industry_unknown", "cash_unknown"}
    assert [(one.number, one.share) for one in found.owners] == [(ANNA.digits, Decimal(1))]


def test_with_all_answers_the_class_is_low(world: LendingWorld) -> None:
    """K1: the customer tells industry and cash."""
    application_id, _ = decided(world, due_diligence=ANSWERS | {"industry": "62.010", "takes_cash": False})
    risk = customer(world, application_id).risk
    assert risk is not None
    assert (risk.risk_class, risk.reasons) == (RiskClass.LOW, ())


def test_weighing_the_same_customer_again_writes_nothing(world: LendingWorld) -> None:
    """K1: one class, one item of each kind, however often it is weighed."""
    application_id, _ = decided(world, beneficial_owners=EXPOSED_OWNER)
    before = (count(world.runtime, RiskAssessment), count(world.runtime, DueDiligenceItem))
    with pytest.raises(DueDiligenceIncomplete):
        approved(world, application_id)
    assert before == (count(world.runtime, RiskAssessment), count(world.runtime, DueDiligenceItem)) == (1, 2)


def test_an_exposed_owner_takes_origin_of_funds_and_a_senior_approval(world: LendingWorld) -> None:
    """D16: referred; no credit before both are there, and the class stays high."""
    application_id, decision = decided(world, beneficial_owners=EXPOSED_OWNER)
    assert decision.outcome is DecisionOutcome.REFERRED
    assert customer(world, application_id).gaps == (KIND.EXPOSURE_APPROVAL, KIND.ORIGIN_OF_FUNDS)
    with pytest.raises(DueDiligenceIncomplete):
        approved(world, application_id)
    origin = item(world, application_id, KIND.ORIGIN_OF_FUNDS)
    funds = StaffFinding(origin_of_funds="Försäljning av varor enligt bokföringen.")
    assert desk(world).settle(origin.id, RESULT.CORRECTED, NOTE, FIRST, finding=funds).state is STATE.SETTLED
    approval = item(world, application_id, KIND.EXPOSURE_APPROVAL)
    assert desk(world).settle(approval.id, RESULT.SATISFIED, NOTE, FIRST).state is STATE.PROPOSED
    with pytest.raises(DueDiligenceIncomplete):
        approved(world, application_id)
    settled = desk(world).approve(approval.id, NOTE, SENIOR)
    assert (settled.state, settled.settled_by, settled.approved_by) == (STATE.SETTLED, "staff:1", "staff:2")
    assert customer(world, application_id).gaps == ()
    assert approved(world, application_id) is DecisionOutcome.APPROVED


def test_who_proposes_does_not_approve_and_a_junior_never_does(world: LendingWorld) -> None:
    """K1: a second person with authority; sent back it is open again."""
    application_id, _ = decided(world, beneficial_owners=EXPOSED_OWNER)
    approval = item(world, application_id, KIND.EXPOSURE_APPROVAL)
    desk(world).settle(approval.id, RESULT.SATISFIED, NOTE, SENIOR)
    with pytest.raises(ApprovingOwnFinding):
        desk(world).approve(approval.id, NOTE, SENIOR)
    with pytest.raises(RoleMissing):
        desk(world).approve(approval.id, NOTE, FIRST)
    other = replace(SENIOR, actor="staff:3")
    back = desk(world).send_back(approval.id, NOTE, other)
    assert (back.state, back.result, back.settled_by) == (STATE.OPEN, None, None)
    with pytest.raises(ItemSettled):
        desk(world).approve(approval.id, NOTE, other)


def test_nobody_approves_their_own_finding_by_another_account(world: LendingWorld) -> None:
    """K1: a person is known by who they are."""
    index = world.runtime.cipher.blind_index(CECILIA.digits)
    accounts = [Caller("", role=Role.SENIOR_UNDERWRITER, own_index=index) for _ in range(2)]
    with world.runtime.database.transaction() as session:
        for place, caller in enumerate(accounts):
            name, at = f"cecilia{place}", world.runtime.clock.now()
            role = Role.SENIOR_UNDERWRITER
            account = add_staff(session, world.runtime, name, "a long password", role, person=CECILIA, at=at)
            accounts[place] = replace(caller, actor=f"staff:{account}")
    application_id, _ = decided(world, beneficial_owners=EXPOSED_OWNER)
    approval = item(world, application_id, KIND.EXPOSURE_APPROVAL)
    desk(world).settle(approval.id, RESULT.SATISFIED, NOTE, accounts[0])
    with pytest.raises(ApprovingOwnFinding):
        desk(world).approve(approval.id, NOTE, accounts[1])


def test_the_database_lets_nobody_settle_an_exposure_alone(world: LendingWorld) -> None:
    """K1: whatever the service does."""
    decided(world, beneficial_owners=EXPOSED_OWNER)
    alone = {"state": "settled", "result": "satisfied", "settled_by": "a", "settled_at": world.runtime.clock.now()}
    exposure = DueDiligenceItem.kind == str(KIND.EXPOSURE_APPROVAL)
    with pytest.raises(IntegrityError), world.runtime.database.transaction() as session, session.begin_nested():
        session.execute(sa.update(DueDiligenceItem).where(exposure).values(**alone, approved_by="a"))


def test_a_function_that_ended_long_ago_is_recorded_and_nothing_is_left(world: LendingWorld) -> None:
    """D16: what staff find stands before what was stated; what it called for lapses, and the class is given anew."""
    application_id, _ = decided(world, beneficial_owners=EXPOSED_OWNER)
    begun = desk(world).begin(application_id, KIND.POLITICALLY_EXPOSED, NOTE, FIRST)
    ended = FoundExposure(number=BERTIL.digits, exposed=True, function="Riksdagsledamot", ended_on=NOTHING_SINCE)
    desk(world).settle(begun.id, RESULT.CORRECTED, NOTE, FIRST, finding=StaffFinding(exposed=(ended,)))
    found = customer(world, application_id)
    assert found.gaps == ()
    assert [one.risk_class for one in found.assessments] == [RiskClass.NORMAL, RiskClass.HIGH]
    assert {one.kind: one.result for one in found.items} == {
        KIND.POLITICALLY_EXPOSED: RESULT.CORRECTED,
        KIND.EXPOSURE_APPROVAL: RESULT.LAPSED,
        KIND.ORIGIN_OF_FUNDS: RESULT.LAPSED,
    }


def test_an_exposed_owner_whom_staff_find_raises_the_class(world: LendingWorld) -> None:
    """D16: what changes is weighed at once, before anybody can be given credit."""
    application_id, _ = decided(world, due_diligence=ANSWERS | {"politically_exposed": None})
    missing = item(world, application_id, KIND.POLITICALLY_EXPOSED)
    with pytest.raises(FindingInvalid):
        desk(world).settle(missing.id, RESULT.SATISFIED, NOTE, FIRST)
    found = StaffFinding(exposed=(FoundExposure(number=ANNA.digits, exposed=True, function="Ambassadör"),))
    desk(world).settle(missing.id, RESULT.CORRECTED, NOTE, FIRST, finding=found)
    assert customer(world, application_id).gaps == (KIND.EXPOSURE_APPROVAL, KIND.ORIGIN_OF_FUNDS)


def test_a_register_that_names_another_owner_is_a_difference(world: LendingWorld) -> None:
    """K1: a difference refers until it is explained; whoever the register names is screened."""
    application_id, _ = decided(world)
    begun = desk(world).begin(application_id, KIND.BENEFICIAL_OWNERS, NOTE, FIRST)
    told = FoundOwner(number=ANNA.digits, name="Anna Andersson", share=Decimal("0.5"))
    other = FoundOwner(number=BERTIL.digits, name="Bertil Berg", share=Decimal("0.5"))
    finding = StaffFinding(owners=(replace(told, share=Decimal(1)),), registered=(told, other))
    desk(world).settle(begun.id, RESULT.CORRECTED, NOTE, FIRST, finding=finding)
    found = customer(world, application_id)
    assert KIND.OWNER_DIFFERENCE in found.gaps
    assert found.risk is not None
    assert "owner_difference" in {one.code for one in found.risk.reasons}
    with world.runtime.database.transaction() as session:
        kept = session.get_one(ScreenedCase, application_id)
        parties = world.runtime.cipher.decrypt_json(kept.parties_encrypted, context="screened_case.parties")
    assert BERTIL.digits in {one["number"] for one in parties["parties"]}
    difference = item(world, application_id, KIND.OWNER_DIFFERENCE)
    both = StaffFinding(owners=(told, replace(other, politically_exposed=False)))
    desk(world).settle(difference.id, RESULT.CORRECTED, NOTE, FIRST, finding=both)
    after = customer(world, application_id)
    assert {one.number for one in after.owners} == {ANNA.digits, BERTIL.digits}
    assert KIND.OWNER_DIFFERENCE not in after.gaps
    assert KIND.POLITICALLY_EXPOSED in after.gaps  # nobody has asked about who told nothing of it


def test_what_was_explained_is_looked_into_anew_when_it_changes(world: LendingWorld) -> None:
    """K1: a difference that was explained stays so; another difference is another one."""
    application_id, _ = decided(world)
    begun = desk(world).begin(application_id, KIND.BENEFICIAL_OWNERS, NOTE, FIRST)
    anna = FoundOwner(number=ANNA.digits, name="Anna Andersson", share=Decimal(1))
    bertil = FoundOwner(number=BERTIL.digits, name="Bertil Berg", share=Decimal("0.5"))
    finding = StaffFinding(owners=(anna,), registered=(bertil,))
    desk(world).settle(begun.id, RESULT.CORRECTED, NOTE, FIRST, finding=finding)
    difference = item(world, application_id, KIND.OWNER_DIFFERENCE)
    desk(world).settle(difference.id, RESULT.SATISFIED, NOTE, FIRST)
    assert KIND.OWNER_DIFFERENCE not in customer(world, application_id).gaps
    again = desk(world).begin(application_id, KIND.RISK_CLASS, NOTE, FIRST)
    nobody = StaffFinding(registered=(), trades_with_high_risk_countries=False)
    desk(world).settle(again.id, RESULT.CORRECTED, NOTE, FIRST, finding=nobody)
    assert KIND.OWNER_DIFFERENCE in customer(world, application_id).gaps


def test_a_high_risk_country_takes_enhanced_measures(world: LendingWorld) -> None:
    """K1: information from the customer does not fill what needs authority."""
    application_id, decision = decided(world, due_diligence=ANSWERS | {"trades_with_high_risk_countries": True})
    assert decision.outcome is DecisionOutcome.REFERRED
    assert customer(world, application_id).gaps == (KIND.ENHANCED_MEASURES, KIND.ORIGIN_OF_FUNDS)


def test_no_relation_blocks_credit(world: LendingWorld) -> None:
    """K1: without sufficient knowledge no relation begins (penningtvättslagen 3:1)."""
    application_id, _ = decided(world, due_diligence=ANSWERS | {"purpose_of_credit": None})
    missing = item(world, application_id, KIND.PURPOSE_OF_CREDIT)
    desk(world).settle(missing.id, RESULT.REFUSED, NOTE, FIRST)
    with pytest.raises(DueDiligenceIncomplete):
        approved(world, application_id)


def test_an_item_is_worked_on_by_one(world: LendingWorld) -> None:
    """K1: a colleague's item is theirs until they give it back; no party to the case works on it."""
    application_id, _ = decided(world, beneficial_owners=EXPOSED_OWNER)
    origin = item(world, application_id, KIND.ORIGIN_OF_FUNDS)
    assert desk(world).take(origin.id, FIRST).taken_by == "staff:1"
    with pytest.raises(ItemTaken):
        desk(world).settle(origin.id, RESULT.REFUSED, NOTE, SENIOR)
    assert desk(world).give_back(origin.id, FIRST).taken_by is None
    with pytest.raises(RoleMissing):
        desk(world).take(origin.id, replace(FIRST, role=Role.AUDITOR))
    with pytest.raises(DecidingOnOneself):
        desk(world).take(origin.id, replace(FIRST, own_index=world.runtime.cipher.blind_index(BERTIL.digits)))
    with pytest.raises(ItemOpen):
        desk(world).begin(application_id, KIND.ORIGIN_OF_FUNDS, NOTE, FIRST)
    assert [one.id for one in desk(world).waiting(FIRST) if one.id == origin.id] == [origin.id]


@pytest.mark.parametrize(
    ("result", "note", "finding"),
    [
        (RESULT.CORRECTED, "kort", StaffFinding(origin_of_funds="Försäljning")),
        (RESULT.CORRECTED, "x" * 4001, StaffFinding(origin_of_funds="Försäljning")),
        (RESULT.SATISFIED, NOTE, NOTHING),
        (RESULT.CORRECTED, NOTE, NOTHING),
        (RESULT.LAPSED, NOTE, StaffFinding(origin_of_funds="Försäljning")),
        (RESULT.CORRECTED, NOTE, StaffFinding(origin_of_funds="x" * 4001)),
        (RESULT.CORRECTED, NOTE, StaffFinding(origin_of_funds="Försäljning", industry="5A")),
        (RESULT.CORRECTED, NOTE, StaffFinding(origin_of_funds="F", owners=(FoundOwner(number="12"),))),
        (
            RESULT.CORRECTED,
            NOTE,
            StaffFinding(origin_of_funds="F", owners=(FoundOwner(number=ANNA.digits, share=Decimal(2)),)),
        ),
    ],
)
def test_a_finding_that_is_not_complete_changes_nothing(
    world: LendingWorld, result: DiligenceResult, note: str, finding: StaffFinding
) -> None:
    """K1: a note, a result, and what was missing."""
    application_id, _ = decided(world, beneficial_owners=EXPOSED_OWNER)
    origin = item(world, application_id, KIND.ORIGIN_OF_FUNDS)
    with pytest.raises(FindingInvalid):
        desk(world).settle(origin.id, result, note, FIRST, finding=finding)
    assert item(world, application_id, KIND.ORIGIN_OF_FUNDS) == origin


def test_evidence_is_kept_once_encrypted_with_its_hash(world: LendingWorld) -> None:
    """K1: the same bytes again change nothing; who may read the case may read them."""
    application_id, _ = decided(world, beneficial_owners=EXPOSED_OWNER)
    origin = item(world, application_id, KIND.ORIGIN_OF_FUNDS)
    added = desk(world).add_evidence(origin.id, "intyg.pdf", PDF, "application/pdf", FIRST)
    assert desk(world).add_evidence(origin.id, "annat.pdf", PDF, "application/pdf", FIRST) == added
    read = desk(world).evidence(origin.id, added.id, replace(FIRST, role=Role.AUDITOR))
    assert (read.name, read.content, read.media_type, added.size_bytes) == (
        "intyg.pdf",
        PDF,
        "application/pdf",
        len(PDF),
    )
    assert item(world, application_id, KIND.ORIGIN_OF_FUNDS).evidence == (added,)
    with world.runtime.database.transaction() as session:
        (row,) = session.scalars(sa.select(DueDiligenceEvidence))
    assert PDF not in row.content_encrypted
    assert b"intyg" not in row.name_encrypted


@pytest.mark.parametrize(
    ("name", "content", "media_type"),
    [
        ("a.pdf", b"", "application/pdf"),
        ("a.pdf", b"<html>", "application/pdf"),
        ("a.exe", b"MZ", "application/octet-stream"),
        ("a.svg", b"<svg/>", "image/svg+xml"),
        (" ", PDF, "application/pdf"),
        ("x" * 201, PDF, "application/pdf"),
        ("a.pdf", PDF.ljust(LARGEST_BYTES + 1), "application/pdf"),
    ],
)
def test_a_file_that_is_no_evidence_is_refused(world: LendingWorld, name: str, content: bytes, media_type: str) -> None:
    """K1: by its kind, its first bytes, its size and its name."""
    application_id, _ = decided(world, beneficial_owners=EXPOSED_OWNER)
    origin = item(world, application_id, KIND.ORIGIN_OF_FUNDS)
    with pytest.raises(EvidenceNotAccepted):
        desk(world).add_evidence(origin.id, name, content, media_type, FIRST)
    assert count(world.runtime, DueDiligenceEvidence) == 0


def test_the_chain_tells_what_was_done_and_names_nobody(world: LendingWorld) -> None:
    """K1: who worked on it and what came of it, without personal data."""
    application_id, _ = decided(world, beneficial_owners=EXPOSED_OWNER)
    origin = item(world, application_id, KIND.ORIGIN_OF_FUNDS)
    desk(world).add_evidence(origin.id, "intyg.pdf", PDF, "application/pdf", FIRST)
    funds = StaffFinding(origin_of_funds="Arv efter Bertil Berg")
    desk(world).settle(origin.id, RESULT.CORRECTED, NOTE, FIRST, finding=funds)
    with world.runtime.database.transaction() as session:
        chain = sa.select(AuditEntry).where(AuditEntry.subject == f"due_diligence:{application_id}")
        entries = list(session.scalars(chain.order_by(AuditEntry.sequence)))
    kinds = [entry.action.removeprefix("due_diligence.") for entry in entries]
    assert kinds == ["assessed", "opened", "opened", "evidence_added", "settled"]
    told = repr([entry.data for entry in entries])
    assert not any(word in told for word in ("Bertil", BERTIL.digits, NOTE, "intyg"))


def test_an_owner_whose_name_staff_find_is_screened_by_it(world: LendingWorld) -> None:
    """K1: an owner without a name is unknown to the lists until somebody gives it."""
    body = world.body(beneficial_owners=[{"personal_number": BERTIL.digits, "share": "1"}])
    found = (FoundOwner(number=BERTIL.digits, name="Bertil Berg"), FoundOwner(number="5590000002", name="Toppbolaget"))
    names = {one.number: one.name for one in screened_parties(body, "Bolaget AB", found) if one.role == "owner"}
    assert names == {BERTIL.digits: "Bertil Berg", "5590000002": "Toppbolaget"}
