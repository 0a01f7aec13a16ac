"""Lists loaded, cases screened, matches settled, payouts stopped: the services on a database that is rolled back."""

import io
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tests.support.bankid_stand_in import BankIdWorld, bankid_world
from tests.support.bureau import Exchangeable, creditsafe_at, creditsafe_stand_in
from tests.support.lending import ANNA, BERTIL, CLEAN_HB, LendingWorld, guarantor_json, lending_world
from underwriting.decisions.diligence import Diligence
from underwriting.decisions.override import Determination, DueDiligenceIncomplete, HardStopStands, ReasonCode
from underwriting.decisions.services.read_decision import StaffDecision
from underwriting.decisions.services.screen_again import screen_since_list
from underwriting.due_diligence.formats import SanctionsListInvalid
from underwriting.due_diligence.models import SanctionsEntry, SanctionsList, SanctionsMatch, ScreenedCase, ScreeningRow
from underwriting.due_diligence.rules import EntryKind, Finding, MatchState, Occasion, Party
from underwriting.due_diligence.services import settle_match
from underwriting.due_diligence.services.load_list import LoadedList, SanctionsListOlder, load
from underwriting.due_diligence.services.screen_case import screen, screen_again
from underwriting.due_diligence.services.settle_match import ClearingOnesOwn, MatchSettled, MatchView, NoteMissing
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import DecisionOutcome, DiligenceKind, RiskClass, Role
from underwriting.platform import outbox
from underwriting.platform.authentication import Caller, RoleMissing
from underwriting.platform.runtime import Runtime

SAMPLE = (Path(__file__).resolve().parents[2] / "data" / "sanctions-sample.xml").read_bytes()
NEWER = SAMPLE.replace(b"2026-02-20T12", b"2026-02-21T12")
WITH_ANNA = NEWER.replace("Anton Påhittad".encode(), b"Anna Andersson").replace(b'year="1970"', b'year="0"')
NOTE = "Passet visar en annan födelsetid och födelseort."
FIRST = Caller(actor="staff:1", role=Role.UNDERWRITER, username="a")
SECOND = Caller(actor="staff:2", role=Role.UNDERWRITER, username="b")


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
    """The services outside the sandbox, where a list is needed."""
    real = replace(runtime, settings=replace(runtime.settings, sandbox=False))
    with lending_world(real, bankid, (Exchangeable(creditsafe_at(creditsafe_address)),)) as world:
        yield world


def loaded(runtime: Runtime, content: bytes) -> LoadedList:
    return load(runtime, io.BytesIO(content), actor="operator", tell=lambda _: None)


def count(runtime: Runtime, table: type[Any]) -> int:
    with runtime.database.transaction() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def decided(world: LendingWorld) -> tuple[uuid.UUID, StaffDecision]:
    application_id = world.submitted(world.body())
    assert world.decisions.assess_due() == 1
    return application_id, world.decisions.decisions(application_id, world.staff())[0]


def waiting(world: LendingWorld) -> tuple[MatchView, ...]:
    with world.runtime.database.transaction() as session:
        return settle_match.unsettled(session, world.runtime, FIRST)


def settle(world: LendingWorld, how: Any, match: uuid.UUID, caller: Caller, note: str = NOTE) -> MatchView:
    with world.runtime.database.transaction() as session:
        view: MatchView = how(session, world.runtime, match, note, caller, at=world.runtime.clock.now())
        return view


def finding_now(world: LendingWorld, application_id: uuid.UUID) -> Finding:
    with world.runtime.database.transaction() as session:
        return screen_again(session, world.runtime, application_id, Occasion.PAYOUT, at=world.runtime.clock.now())


def keys(decision: StaffDecision) -> set[str]:
    return {line.key for line in decision.trace}


def test_the_same_file_again_changes_nothing(runtime: Runtime) -> None:
    """K1: a list is known by its hash."""
    first, again = loaded(runtime, SAMPLE), loaded(runtime, SAMPLE)
    assert (first.entries, first.added, first.is_new) == (3, 3, True)
    assert again == replace(first, is_new=False)
    assert (count(runtime, SanctionsList), count(runtime, SanctionsEntry)) == (1, 3)


def test_a_newer_list_says_what_it_changed(runtime: Runtime) -> None:
    """K1: added, changed, removed."""
    loaded(runtime, SAMPLE)
    newer = loaded(runtime, WITH_ANNA.replace(b'logicalId="1003"', b'logicalId="1009"'))
    assert (newer.entries, newer.added, newer.changed, newer.removed) == (3, 1, 1, 1)


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (SAMPLE[:-40], SanctionsListInvalid),
        (SAMPLE.replace(b'"1002"', b'"1001"'), SanctionsListInvalid),
        (SAMPLE.replace(b"2026-02-20T12", b"2026-02-19T12"), SanctionsListOlder),
    ],
)
def test_a_list_that_is_damaged_or_older_changes_nothing(
    runtime: Runtime, content: bytes, refusal: type[Exception]
) -> None:
    """K1: what is in force stays in force."""
    loaded(runtime, SAMPLE)
    with pytest.raises(refusal):
        loaded(runtime, content)
    assert (count(runtime, SanctionsList), count(runtime, SanctionsEntry)) == (1, 3)


def test_without_a_list_the_case_is_referred_and_the_operator_told_once(world: LendingWorld) -> None:
    """K1: what is not known is not clear."""
    _, decision = decided(world)
    assert "referral.sanctions_unknown" in keys(decision)
    assert len(world.letters("sanctions-alarm")) == 1


def test_with_a_list_that_nobody_is_on_the_case_is_approved_and_the_screening_kept(world: LendingWorld) -> None:
    """K1: which list, and that nothing was found."""
    loaded(world.runtime, SAMPLE)
    application_id, decision = decided(world)
    assert decision.outcome is DecisionOutcome.APPROVED
    assert finding_now(world, application_id) is Finding.CLEAR
    with world.runtime.database.transaction() as session:
        rows = session.execute(sa.select(ScreeningRow.occasion, ScreeningRow.matches)).all()
    assert ("payout", 0) in [tuple(row) for row in rows]


def test_a_list_loaded_too_long_ago_no_longer_counts(world: LendingWorld, clock: FixedClock) -> None:
    """K1: after SANCTIONS_DAYS nothing is known."""
    loaded(world.runtime, SAMPLE)
    application_id, _ = decided(world)
    late = replace(world.runtime, clock=FixedClock(clock.now() + timedelta(days=8)))
    with late.database.transaction() as session:
        found = screen_again(session, late, application_id, Occasion.PAYOUT, at=late.clock.now())
    assert found is Finding.UNKNOWN


def test_a_possible_match_refers_and_two_persons_clear_a_strong_one(world: LendingWorld) -> None:
    """D16: the one who proposes to clear it cannot be the second, and what is settled stays so."""
    loaded(world.runtime, WITH_ANNA)
    application_id, decision = decided(world)
    assert decision.outcome is DecisionOutcome.REFERRED
    assert "referral.possible_sanctions" in keys(decision)
    (match,) = waiting(world)
    assert (match.party_name, match.listed_name, match.strong) == ("Anna Andersson", "Anna Andersson", True)
    assert settle(world, settle_match.clear, match.id, FIRST).state is MatchState.CLEARING
    assert finding_now(world, application_id) is Finding.POSSIBLE
    with pytest.raises(ClearingOnesOwn):
        settle(world, settle_match.clear, match.id, FIRST)
    cleared = settle(world, settle_match.clear, match.id, SECOND)
    assert (cleared.state, cleared.settled_by, cleared.approved_by) == (MatchState.CLEARED, "staff:1", "staff:2")
    assert finding_now(world, application_id) is Finding.CLEAR
    with pytest.raises(MatchSettled):
        settle(world, settle_match.confirm, match.id, SECOND)


def test_a_confirmed_match_is_a_hard_stop(world: LendingWorld) -> None:
    """D10: no credit is given and nothing paid out."""
    loaded(world.runtime, WITH_ANNA)
    application_id, _ = decided(world)
    assert settle(world, settle_match.confirm, waiting(world)[0].id, FIRST).state is MatchState.CONFIRMED
    assert finding_now(world, application_id) is Finding.CONFIRMED


def test_a_match_is_settled_with_a_note_by_an_underwriter_whom_it_does_not_name(world: LendingWorld) -> None:
    """D16: else nothing changes."""
    loaded(world.runtime, WITH_ANNA)
    decided(world)
    (match,) = waiting(world)
    named = replace(FIRST, own_index=world.runtime.cipher.blind_index(ANNA.digits))
    for caller, note, refusal in (
        (FIRST, " kort ", NoteMissing),
        (replace(FIRST, role=Role.BILLING), NOTE, RoleMissing),
        (named, NOTE, ClearingOnesOwn),
    ):
        with pytest.raises(refusal):
            settle(world, settle_match.clear, match.id, caller, note)
    assert waiting(world)[0].state is MatchState.OPEN


def test_the_database_lets_nobody_clear_a_strong_match_alone(world: LendingWorld) -> None:
    """D16: whatever the service does."""
    loaded(world.runtime, WITH_ANNA)
    decided(world)
    alone = {"state": "cleared", "settled_by": "staff:1", "settled_at": world.runtime.clock.now()}
    with pytest.raises(IntegrityError), world.runtime.database.transaction() as session, session.begin_nested():
        session.execute(sa.update(SanctionsMatch).values(**alone, approved_by="staff:1"))


def test_a_new_list_finds_who_was_clear_before(world: LendingWorld) -> None:
    """K1: whoever has an agreement is held against it, once; staff are told and the class is given anew."""
    loaded(world.runtime, SAMPLE)
    application_id, decision = decided(world)
    assert decision.outcome is DecisionOutcome.APPROVED
    assert screen_since_list(world.runtime) == 0
    loaded(world.runtime, WITH_ANNA)
    assert screen_since_list(world.runtime) == 1
    assert screen_since_list(world.runtime) == 0
    assert [match.application_id for match in waiting(world)] == [application_id]
    assert len(world.letters("sanctions-alarm")) == 1
    assert finding_now(world, application_id) is Finding.POSSIBLE
    customer = Diligence(world.decisions).customer(application_id, FIRST)
    assert [one.risk_class for one in customer.assessments] == [RiskClass.HIGH, RiskClass.NORMAL]


def test_an_owner_without_a_name_leaves_the_case_unknown(world: LendingWorld) -> None:
    """K1: nobody is clear whom the list was not asked about; with the name they are."""
    loaded(world.runtime, SAMPLE)
    application_id, _ = decided(world)
    unnamed = Party(kind=EntryKind.PERSON, role="owner", number=BERTIL.digits, name=None)
    at = world.runtime.clock.now()
    for party, finding in ((unnamed, Finding.UNKNOWN), (replace(unnamed, name="Bertil Berg"), Finding.CLEAR)):
        with world.runtime.database.transaction() as session:
            assert screen(session, world.runtime, application_id, (party,), Occasion.DECISION, at=at) is finding


def test_neither_letters_nor_the_applicants_decision_tell_of_a_match(world: LendingWorld) -> None:
    """D7: whoever is concerned must not be told (penningtvättslagen 4:9)."""
    loaded(world.runtime, WITH_ANNA)
    application_id, _ = decided(world)
    shown = repr(world.decisions.decision(application_id, world.person(ANNA))).lower()
    with world.runtime.database.transaction() as session:
        letters = [one for one in outbox.latest(session, world.runtime, count=100) if "anna" in one.recipient]
    told = shown + "".join(letter.subject + letter.body for letter in letters).lower()
    for word in ("sanktion", "sanction", "penningtvätt", "laundering", "träff", "huvudman"):
        assert word not in told


def test_who_is_concerned_is_kept_encrypted(world: LendingWorld) -> None:
    """K1: neither a name nor a number can be read in the rows."""
    loaded(world.runtime, WITH_ANNA)
    decided(world)
    with world.runtime.database.transaction() as session:
        kept = [
            *session.scalars(sa.select(ScreenedCase.parties_encrypted)),
            *session.scalars(sa.select(SanctionsMatch.found_encrypted)),
        ]
    assert kept
    for secret in (b"Anna", ANNA.digits.encode(), guarantor_json(ANNA, "Anna")["email"].encode()):
        assert not any(secret in one for one in kept)


def approval(world: LendingWorld, application_id: uuid.UUID) -> StaffDecision:
    asked = Determination(
        outcome=DecisionOutcome.APPROVED,
        limit=Money.kronor(200_000),
        fee_rate=Decimal("0.0275"),
        reason_code=ReasonCode.DOCUMENTS_SEEN,
    )
    determined = world.decisions.determine(application_id, asked, "Träffen gäller någon annan.", world.staff())
    assert isinstance(determined, StaffDecision)
    return determined


def test_no_credit_before_a_match_is_settled_and_none_when_it_is_confirmed(world: LendingWorld) -> None:
    """K1, D10: open it blocks, cleared it does not, confirmed it is a hard stop that nobody overrides."""
    loaded(world.runtime, WITH_ANNA)
    named = [{"personal_number": ANNA.digits, "name": "Anna Andersson", "share": "1", "politically_exposed": False}]
    application_id = world.submitted(world.body(beneficial_owners=named))
    assert world.decisions.assess_due() == 1
    with pytest.raises(DueDiligenceIncomplete):
        approval(world, application_id)
    (match,) = waiting(world)
    settle(world, settle_match.clear, match.id, FIRST)
    with pytest.raises(DueDiligenceIncomplete):
        approval(world, application_id)
    settle(world, settle_match.clear, match.id, SECOND)
    assert approval(world, application_id).outcome is DecisionOutcome.APPROVED


def test_a_confirmed_match_cannot_be_approved(world: LendingWorld) -> None:
    """D10: whoever approves."""
    loaded(world.runtime, WITH_ANNA)
    application_id, _ = decided(world)
    settle(world, settle_match.confirm, waiting(world)[0].id, FIRST)
    with pytest.raises(HardStopStands):
        approval(world, application_id)


def test_partners_whom_the_bureau_names_and_nobody_told_are_looked_into(world: LendingWorld) -> None:
    """K1: the register of companies is compared with what was told, outside the sandbox."""
    loaded(world.runtime, SAMPLE)
    named = [{"personal_number": ANNA.digits, "name": "Anna Andersson", "share": "1", "politically_exposed": False}]
    body = world.body(company_form="HB", organisation_number=CLEAN_HB, beneficial_owners=named)
    application_id = world.submitted(body)
    assert world.decisions.assess_due() == 1
    found = Diligence(world.decisions).customer(application_id, FIRST)
    assert DiligenceKind.OWNER_DIFFERENCE in found.gaps
    decision = world.decisions.decisions(application_id, world.staff())[0]
    assert "referral.due_diligence_gap" in keys(decision)
    with world.runtime.database.transaction() as session:
        letters = [one for one in outbox.latest(session, world.runtime, count=100) if "anna" in one.recipient]
    told = repr(world.decisions.decision(application_id, world.person(ANNA))) + "".join(one.body for one in letters)
    assert not any(word in told.lower() for word in ("huvudman", "beneficial", "register", "avvik", "differ"))
