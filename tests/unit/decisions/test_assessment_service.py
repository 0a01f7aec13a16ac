"""From a confirmed application to a decision, through the real client and Creditsafe's stand-in."""

import threading
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from agreements.credit.models import Agreement
from agreements.guarantees import service as guarantees
from bureau_clients.errors import BureauRefused, BureauUnavailable, QuestionNotBlocked
from bureau_clients.facts import Known
from bureau_clients.gateway import Gateway
from bureau_clients.models import BureauQuestion, ReceivedAnswer
from bureau_clients.questions import QuestionState, SubjectKind
from bureau_clients.reports import Answer, CompanyReport, CompanyStatus, PersonReport
from tests.support.bankid_stand_in import BankIdWorld
from tests.support.bureau import NOWHERE, Exchangeable, creditsafe_at
from tests.support.lending import (
    ANNA,
    BERTIL,
    CECILIA,
    CLEAN_AB,
    CLEAN_HB,
    CLEAN_KB,
    OWNER,
    LendingWorld,
    application_json,
    guarantor_json,
    lending_world,
    sole_trader_json,
)
from underwriting.applications.models import Application
from underwriting.applications.rules import ApplicationStateRefuses
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.policies import shipped_policy
from underwriting.decisions.service import Decisions
from underwriting.decisions.services.assess_application import LEASE, pause_after
from underwriting.decisions.services.read_decision import ApplicantDecision, Pending, StaffDecision
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.errors import NotFound
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import ApplicationState, CompanyForm, DecisionOutcome, Role
from underwriting.platform import audit_log
from underwriting.platform.authentication import RoleMissing
from underwriting.platform.encryption import CiphertextInvalid
from underwriting.platform.runtime import Runtime

AB_DIGITS = CLEAN_AB.replace("-", "")


def row_of(world: LendingWorld, application_id: Any) -> Application:
    with world.runtime.database.transaction() as session:
        return session.get_one(Application, application_id, populate_existing=True)


def decided(world: LendingWorld, **changes: Any) -> StaffDecision:
    """The decision on an application like `application_json`, confirmed and assessed."""
    application_id = world.submitted(world.body(**changes))
    assert world.decisions.assess_due() == 1
    return world.decisions.decisions(application_id, world.staff())[0]


def signed_by(digits: str) -> dict[str, Any]:
    """Changes that make one person signatory and only guarantor, who is then confirmed by the signature."""
    return {
        "signatory_personal_number": digits,
        "guarantors": [{"personal_number": digits, "name": "Namn", "email": "n@example.se", "phone": "+46701234567"}],
    }


def keys(decision: StaffDecision) -> set[str]:
    return {line.key for line in decision.trace}


def count(world: LendingWorld, table: type[Any]) -> int:
    with world.runtime.database.transaction() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


def test_a_clean_company_is_approved_on_what_it_asked_for(world: LendingWorld, bureau: Exchangeable) -> None:
    """D1, D5, D6: 18+16+7 for the future, 10+8+6 for the company, 7+6+4+3 for Anna make 85, grade A at 1.50 %.

    200 000 kr at 1.5 % is 3 000 kr a month at full use.
    """
    decision = decided(world)
    assert (decision.outcome, decision.grade, decision.points) == (DecisionOutcome.APPROVED, "A", 85)
    assert decision.offer is not None
    assert decision.offer.limit == Money.kronor(200_000)
    assert decision.offer.fee_rate == Decimal("0.015")
    assert decision.offer.monthly_fee == Money.kronor(3_000)
    assert sorted(bureau.asked) == sorted([AB_DIGITS, ANNA.digits])


def test_the_agreement_is_granted_in_the_decisions_transaction(world: LendingWorld) -> None:
    """G1: limit, fee rate, term and the instant at which the approval is visible."""
    decision = decided(world)
    with world.runtime.database.transaction() as session:
        agreement = session.scalars(sa.select(Agreement)).one()
        row = session.get_one(Application, agreement.application_id)
    assert (agreement.limit_ore, agreement.fee_rate, agreement.term_months) == (20_000_000, Decimal("0.015"), 12)
    assert agreement.granted_at == decision.decided_at == row.decided_at == world.runtime.clock.now()
    assert agreement.status_checked_at == world.runtime.clock.now()
    assert row.state == ApplicationState.APPROVED


def test_an_owner_guarantees_in_that_capacity_and_an_outsider_as_a_consumer(world: LendingWorld) -> None:
    """G2: what a guarantor is told follows from the role: Anna signs, Bertil owns a part, Cecilia does neither."""
    owners = [
        {"personal_number": person.digits, "share": "0.5", "politically_exposed": False} for person in (ANNA, BERTIL)
    ]
    persons = ((ANNA, "Anna Andersson"), (BERTIL, "Bertil Berg"), (CECILIA, "Cecilia Carlsson"))
    guarantors = [guarantor_json(person, name) for person, name in persons]
    application_id = world.submitted(world.body(beneficial_owners=owners, guarantors=guarantors))
    tokens = [letter.body.split("/invitations/")[1].split()[0] for letter in world.letters("guarantor-invitation")]
    for token in tokens:
        world.sign(world.applications.start_confirmation(token, end_user_ip="127.0.0.1"))
    assert world.decisions.assess_due() == 1
    with world.runtime.database.transaction() as session:
        agreement = session.scalars(sa.select(Agreement).filter_by(application_id=application_id)).one()
        given = [guarantees.details_of(world.runtime, row) for row in guarantees.of_agreement(session, agreement.id)]
    assert {details.name: details.has_role for details in given} == {
        "Anna Andersson": True,
        "Bertil Berg": True,
        "Cecilia Carlsson": False,
    }


def test_less_than_asked_is_a_counter_offer_that_grants_nothing_yet(world: LendingWorld) -> None:
    """D1: 35 000 / 1.25 / (1/12 + 0.045) = 218 181, so of 250 000 the offer is 218 000, open until 9 March is over."""
    decision = decided(world, requested_amount="250000.00")
    assert decision.outcome is DecisionOutcome.COUNTER_OFFER
    assert decision.offer is not None
    assert decision.offer.limit == Money.kronor(218_000)
    assert decision.answer_by is not None
    assert decision.answer_by.isoformat() == "2026-03-09T23:00:00+00:00"
    assert count(world, Agreement) == 0


def test_a_company_without_surplus_is_declined_whatever_its_history(world: LendingWorld) -> None:
    """D2: the decline test reads the capacity alone; 0.9 x 400 000 - 350 000 - 15 000 is below zero."""
    decision = decided(world, expected_monthly_costs="350000.00")
    assert decision.outcome is DecisionOutcome.DECLINED
    assert decision.offer is None
    assert "decline.capacity" in keys(decision)


def test_remarks_price_and_do_not_decline(world: LendingWorld) -> None:
    """D2: one remark on the company costs three points and no decline."""
    decision = decided(world, organisation_number="559999-1006")
    assert decision.outcome is DecisionOutcome.APPROVED
    assert "company_remarks.1" in keys(decision)


def test_five_remarks_on_a_guarantor_do_not_refuse_them(world: LendingWorld) -> None:
    """D3: neither is the guarantor refused, nor the application declined."""
    decision = decided(world, **signed_by("197701132396"))
    assert decision.outcome is DecisionOutcome.APPROVED
    assert "person_remarks.2" in keys(decision)


def test_both_reports_move_the_fee(world: LendingWorld) -> None:
    """D5: an E rating alone, and the guarantor alone, give a higher rate than the clean pair's 1.50 %."""
    clean = decided(world)
    worse_company = decided(world, organisation_number="559999-1030")
    worse_guarantor = decided(world, organisation_number="559999-0016", **signed_by("197702022398"))
    offers = [decision.offer for decision in (clean, worse_company, worse_guarantor)]
    rates = [offer.fee_rate for offer in offers if offer is not None]
    assert rates[0] == Decimal("0.015")
    assert len(rates) == 3
    assert min(rates[1:]) > Decimal("0.015")


@pytest.mark.parametrize(
    ("number", "key"),
    [
        ("559999-1105", "hard_stop.bankruptcy"),
        ("559999-1113", "hard_stop.liquidation"),
        ("559999-1139", "hard_stop.deregistered"),
        ("559999-1147", "hard_stop.deregistered"),
    ],
)
def test_a_hard_stop_on_the_company_declines(world: LendingWorld, number: str, key: str) -> None:
    """D10: bankruptcy, liquidation, deregistered."""
    decision = decided(world, organisation_number=number)
    assert decision.outcome is DecisionOutcome.DECLINED
    assert key in keys(decision)


@pytest.mark.parametrize(
    ("guarantor", "key"),
    [
        ("197703242391", "hard_stop.deceased"),  # S4
        ("197703192398", "hard_stop.blocked"),  # S3
        ("197702102380", "hard_stop.trustee"),
    ],
)
def test_a_hard_stop_on_a_guarantor_declines_and_the_applicant_is_told_to_replace(
    world: LendingWorld, guarantor: str, key: str
) -> None:
    """D10, D7: the applicant learns that a guarantor has to be replaced, not why."""
    application_id = world.submitted(world.body(**signed_by(guarantor)))
    world.decisions.assess_due()
    staff = world.decisions.decisions(application_id, world.staff())[0]
    assert staff.outcome is DecisionOutcome.DECLINED
    assert key in keys(staff)
    told = world.decisions.decision(application_id, world.person(PersonalNumber(guarantor)))
    assert isinstance(told, ApplicantDecision)
    assert [reason.text.sv for reason in told.reasons] == ["En borgensman behöver bytas ut mot någon annan"]


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        (signed_by("197703052394"), "referral.protected_identity"),  # S2 without data
        (signed_by("197703152392"), "referral.protected_identity"),  # S2 with data
        (signed_by("197703312392"), "referral.emigrated"),
        (signed_by("197702112389"), "referral.debt_restructuring"),
        (signed_by("197702182382"), "referral.trading_prohibition"),
        (signed_by("197703782396"), "referral.dormant_coordination_number"),
        (signed_by("197704062384"), "referral.person_no_match"),  # code 15
        ({"organisation_number": "559999-1170"}, "referral.company_no_match"),  # code 15
        ({"organisation_number": "559999-1121"}, "referral.reconstruction"),
        ({"organisation_number": "559999-1162"}, "referral.company_status_unknown"),
        ({"organisation_number": "559999-1154"}, "referral.inactive"),  # S200, which tells of no bankruptcy
        ({"organisation_number": "559999-1188"}, "referral.company_debt_unknown"),
        ({"organisation_number": "559999-1196"}, "referral.form_unconfirmed"),  # a branch has a number of group 5
        ({"organisation_number": "559999-1014"}, "referral.company_remarks"),
    ],
)
def test_what_a_person_has_to_look_at_is_referred(world: LendingWorld, changes: dict[str, Any], key: str) -> None:
    """D16, D10, D12, A1: never automatic, never silently decided."""
    decision = decided(world, **changes)
    assert decision.outcome is DecisionOutcome.REFERRED
    assert key in keys(decision)
    assert count(world, Agreement) == 0


@pytest.mark.parametrize(
    ("form", "number", "outcome"),
    [
        ("HB", CLEAN_HB, DecisionOutcome.APPROVED),
        ("KB", CLEAN_KB, DecisionOutcome.APPROVED),
        ("HB", CLEAN_KB, DecisionOutcome.REFERRED),
        ("KB", CLEAN_HB, DecisionOutcome.REFERRED),
    ],
)
def test_hb_and_kb_share_a_group_and_the_register_tells_them_apart(
    world: LendingWorld, form: str, number: str, outcome: DecisionOutcome
) -> None:
    """A1: the form that was said is checked against the report; another one is referred."""
    decision = decided(world, company_form=form, organisation_number=number)
    assert decision.outcome is outcome
    assert ("referral.form_unconfirmed" in keys(decision)) is (outcome is DecisionOutcome.REFERRED)


def test_a_sole_traders_report_is_the_owners(world: LendingWorld, bureau: Exchangeable) -> None:
    """B1: one report, and the owner's points count as the guarantor's."""
    application_id = world.submitted(world.read(sole_trader_json()))
    world.decisions.assess_due()
    decision = world.decisions.decisions(application_id, world.staff())[0]
    assert decision.outcome is DecisionOutcome.APPROVED
    assert bureau.asked == [OWNER.digits]
    assert "owner" in {line.subject for line in decision.trace}


def test_one_report_per_guarantor_and_none_before_they_confirm(world: LendingWorld, bureau: Exchangeable) -> None:
    """B1, A6: nobody is asked about while Bertil has not answered."""
    body = world.body(guarantors=[guarantor_json(ANNA, "Anna Andersson"), guarantor_json(BERTIL, "Bertil Berg")])
    application_id = world.submitted(body)
    assert world.decisions.assess_due() == 0
    assert bureau.asked == []
    world.sign(world.applications.start_confirmation(world.invitation_token(), end_user_ip="127.0.0.1"))
    assert world.decisions.assess_due() == 1
    assert sorted(bureau.asked) == sorted([AB_DIGITS, ANNA.digits, BERTIL.digits])
    assert world.decisions.decisions(application_id, world.staff())[0].outcome is DecisionOutcome.APPROVED


@pytest.mark.parametrize(
    "missing",
    [
        {"due_diligence": {}},
        {"beneficial_owners": []},
        {"due_diligence": application_json()["due_diligence"] | {"owners_complete": False}},
        {"due_diligence": application_json()["due_diligence"] | {"trades_with_high_risk_countries": True}},
        {"beneficial_owners": [{"personal_number": ANNA.digits, "share": "1"}]},
    ],
)
def test_a_gap_in_what_is_known_of_the_customer_refers(world: LendingWorld, missing: dict[str, Any]) -> None:
    """K1: and the applicant is not told of money laundering (D7)."""
    application_id = world.submitted(world.body(**missing))
    world.decisions.assess_due()
    decision = world.decisions.decisions(application_id, world.staff())[0]
    assert decision.outcome is DecisionOutcome.REFERRED
    assert "referral.due_diligence_gap" in keys(decision)
    assert isinstance(world.decisions.decision(application_id, world.person(ANNA)), Pending)


def test_a_politically_exposed_owner_is_referred(world: LendingWorld) -> None:
    """D16: also one who is not the applicant."""
    owners = [{"personal_number": BERTIL.digits, "share": "0.6", "politically_exposed": True}]
    decision = decided(world, beneficial_owners=owners)
    assert "referral.politically_exposed" in keys(decision)


def test_outside_the_sandbox_nobody_is_approved_before_sanctions_lists_are_loaded(
    runtime: Runtime, bankid: BankIdWorld, bureau: Exchangeable
) -> None:
    """K1, D12: what is not known of sanctions refers."""
    real = replace(runtime, settings=replace(runtime.settings, sandbox=False))
    with lending_world(real, bankid, (bureau,)) as world:
        decision = decided(world)
    assert decision.outcome is DecisionOutcome.REFERRED
    assert "referral.sanctions_unknown" in keys(decision)


def test_a_decision_keeps_what_it_rests_on_and_replays(world: LendingWorld) -> None:
    """D7, B6: facts with their hash, the hashes of both reports as received, policy, trace; the same to the öre."""
    decision = decided(world, requested_amount="250000.00")
    with world.runtime.database.transaction() as session:
        reports = [sha256.hex() for sha256 in session.scalars(sa.select(ReceivedAnswer.sha256))]
    assert sorted(decision.report_hashes) == sorted(reports)
    assert len(reports) == 2
    assert (decision.policy_version, decision.policy_hash) == (shipped_policy().version, shipped_policy().sha256)
    assert decision.automatic
    assert world.decisions.replay(decision.id).same


@pytest.mark.parametrize(
    ("column", "value", "difference"),
    [
        ("limit_ore", 21_800_001, "limit"),
        ("fee_rate", Decimal("0.02"), "fee_rate"),
        ("outcome", "approved", "outcome"),
        ("grade", "B", "grade"),
        ("facts_hash", b"\0" * 32, "facts_hash"),
    ],
)
def test_a_changed_row_does_not_replay(world: LendingWorld, column: str, value: Any, difference: str) -> None:
    """D7: a replay says what is not as it was."""
    decision = decided(world, requested_amount="250000.00")
    with world.runtime.database.transaction() as session:
        session.execute(sa.update(DecisionRow).where(DecisionRow.id == decision.id).values({column: value}))
    assert world.decisions.replay(decision.id).differences == (difference,)


def test_neither_names_nor_numbers_stand_readable_in_a_decision(world: LendingWorld) -> None:
    decided(world)
    with world.runtime.database.transaction() as session:
        rows = str(session.execute(sa.text("SELECT to_jsonb(d)::text FROM decision d")).all())
        rows += str(session.execute(sa.text("SELECT to_jsonb(a)::text FROM audit_entry a")).all())
    for secret in (ANNA.digits, ANNA.digits[2:], AB_DIGITS, "Anna", "example.se"):
        assert secret not in rows
        assert secret.encode().hex() not in rows


def test_the_applicant_never_sees_a_guarantor_nor_the_guarantor_the_company(world: LendingWorld) -> None:
    """D7: each is told their own part; points are for nobody but staff."""
    body = world.body(guarantors=[guarantor_json(BERTIL, "Bertil Berg")], requested_amount="250000.00")
    application_id = world.submitted(body)
    assert isinstance(world.decisions.decision(application_id, world.person(ANNA)), Pending)
    with pytest.raises(NotFound):
        world.decisions.decision(application_id, world.person(BERTIL))  # has not confirmed
    world.sign(world.applications.start_confirmation(world.invitation_token(), end_user_ip="127.0.0.1"))
    assert isinstance(world.decisions.decision(application_id, world.person(BERTIL)), Pending)
    world.decisions.assess_due()

    remark = "Personen har en eller två betalningsanmärkningar"
    capacity = "Beloppet är det högsta som det väntade överskottet bär på den sökta löptiden"
    applicant = world.decisions.decision(application_id, world.person(ANNA))
    guarantor = world.decisions.decision(application_id, world.person(BERTIL))
    staff = world.decisions.decision(application_id, world.staff())
    assert not isinstance(applicant, Pending)
    assert not isinstance(guarantor, Pending)
    assert not isinstance(applicant, StaffDecision)
    assert remark not in {reason.text.sv for reason in applicant.reasons}
    assert capacity in {reason.text.sv for reason in applicant.reasons}
    assert remark in {reason.text.sv for reason in guarantor.reasons}
    assert capacity not in {reason.text.sv for reason in guarantor.reasons}
    assert not hasattr(guarantor, "offer")
    assert isinstance(staff, StaffDecision)
    assert {remark, capacity} <= {line.text.sv for line in staff.trace}


def test_only_those_with_a_part_in_it_read_a_decision(world: LendingWorld) -> None:
    decision = decided(world)
    with pytest.raises(NotFound):
        world.decisions.decision(decision.application_id, world.person(BERTIL))
    with pytest.raises(RoleMissing):
        world.decisions.decision(decision.application_id, world.staff(Role.BILLING))
    with pytest.raises(RoleMissing):
        world.decisions.reports(decision.application_id, world.staff(Role.BILLING))


def test_the_applicant_is_written_to_once_about_each_decision(world: LendingWorld) -> None:
    decided(world)
    (letter,) = world.letters("application-decided")
    assert letter.recipient == "anna@example.se"
    assert "beviljad" in letter.subject


def test_staff_read_the_reports_fact_by_fact(world: LendingWorld) -> None:
    """D13: known, known to be absent, or unknown, with the hashes of what was received."""
    decision = decided(world)
    company, person = world.decisions.reports(decision.application_id, world.staff())
    assert (company.kind, person.kind) == (SubjectKind.COMPANY, SubjectKind.PERSON)
    assert isinstance(person.report, PersonReport)
    assert isinstance(person.report.income, Known)
    assert person.report.income.value == Money.kronor(420_000)
    assert set(person.evidence.sha256s) <= set(decision.report_hashes)
    assert person.evidence.sha256s


# When a bureau does not answer as it should


@pytest.mark.parametrize(
    "number",
    [
        "559999-9017",  # silent: a read time-out counts as unavailable for an AB
        "559999-9033",  # HTTP 500 with a page
        "559999-9041",  # HTTP 503 with a page
        "559999-9058",  # HTTP 200 with a page
        "559999-9074",  # SOAP fault
        "559999-9082",  # half the XML
        "559999-9090",  # broken connection
        "559999-9157",  # code 14: try later
    ],
)
def test_an_ab_whose_report_does_not_come_waits_and_is_neither_lost_nor_decided(
    world: LendingWorld, number: str
) -> None:
    """B8: under assessment, tried again after growing pauses."""
    application_id = world.submitted(world.body(organisation_number=number))
    assert world.decisions.assess_due() == 1
    row = row_of(world, application_id)
    assert row.state == ApplicationState.ASSESSING
    assert not row.outcome_unknown
    assert row.next_attempt_at == world.wall.now() + timedelta(minutes=1)
    assert isinstance(world.decisions.decision(application_id, world.person(ANNA)), Pending)
    assert isinstance(world.decisions.decision(application_id, world.staff()), Pending)
    assert world.decisions.assess_due() == 0  # not before its time
    assert count(world, DecisionRow) == 0


def test_the_pauses_grow_to_an_hour() -> None:
    """B8: 1, 2, 4, 8, 16, 32 minutes, then an hour each time."""
    minutes = [pause_after(attempts).total_seconds() / 60 for attempts in range(1, 9)]
    assert minutes == [1, 2, 4, 8, 16, 32, 60, 60]
    assert pause_after(100_000) == timedelta(hours=1)


def test_when_the_bureau_is_back_the_application_is_decided(world: LendingWorld, bureau: Exchangeable) -> None:
    """B8, B4: down twice, then up; nobody who has been reported on is asked about again."""
    up, bureau.behind = bureau.behind, creditsafe_at(NOWHERE)
    application_id = world.submitted()
    for minutes in (1, 2):
        assert world.decisions.assess_due() == 1
        assert row_of(world, application_id).next_attempt_at == world.wall.now() + timedelta(minutes=minutes)
        world.wall.move_to(world.wall.now() + timedelta(minutes=minutes))
    bureau.behind, bureau.asked = up, []
    assert world.decisions.assess_due() == 1
    assert row_of(world, application_id).state == ApplicationState.APPROVED
    assert sorted(bureau.asked) == sorted([AB_DIGITS, ANNA.digits])


def test_a_slow_answer_in_time_is_an_answer(world: LendingWorld) -> None:
    """B3: slow is not unavailable."""
    decision = decided(world, organisation_number="559999-9009")
    assert decision.outcome in (DecisionOutcome.APPROVED, DecisionOutcome.COUNTER_OFFER, DecisionOutcome.REFERRED)


@pytest.mark.parametrize(
    "guarantor",
    [
        "197707052382",  # silent
        "197707132390",  # HTTP 500
        "197707182395",  # HTTP 200 with a page
        "197708072397",  # half the XML
        "197708102392",  # broken connection
    ],
)
def test_an_unknown_outcome_about_a_person_waits_for_a_person(
    world: LendingWorld, bureau: Exchangeable, guarantor: str
) -> None:
    """B4: a copy may have been sent; it is never asked for again by a retry, only by somebody's decision."""
    application_id = world.submitted(world.body(**signed_by(guarantor)))
    assert world.decisions.assess_due() == 1
    row = row_of(world, application_id)
    assert (row.state, row.outcome_unknown, row.next_attempt_at) == (ApplicationState.ASSESSING, True, None)
    world.wall.move_to(world.wall.now() + timedelta(days=1))
    assert world.decisions.assess_due() == 0
    assert bureau.asked.count(guarantor) == 1
    assert count(world, DecisionRow) == 0

    world.decisions.ask_again(application_id, world.staff())
    assert world.decisions.assess_due() == 1
    assert bureau.asked.count(guarantor) == 2
    with world.runtime.database.transaction() as session:
        actions = [entry.action for entry in audit_log.entries_of(session, f"application:{application_id}")]
    assert "bureau_question.allowed" in actions


@pytest.mark.parametrize("number", ["559999-9165", "559999-9173"])  # no reports left; wrong password
def test_a_refused_question_waits_until_somebody_has_mended_it(world: LendingWorld, number: str) -> None:
    """B3: refused may not be asked again by itself."""
    application_id = world.submitted(world.body(organisation_number=number))
    world.decisions.assess_due()
    row = row_of(world, application_id)
    assert (row.state, row.outcome_unknown) == (ApplicationState.ASSESSING, True)
    world.decisions.ask_again(application_id, world.staff())
    assert not row_of(world, application_id).outcome_unknown


def test_an_answer_that_came_after_it_was_given_up_lets_the_application_go_on(world: LendingWorld) -> None:
    """B4: whoever asked was slow, not dead; no question stands in the way then, and nobody is asked about again."""
    application_id = world.submitted(world.body(**signed_by("197707052382")))  # silent
    world.decisions.assess_due()
    with world.runtime.database.transaction() as session:
        session.execute(sa.update(BureauQuestion).values(state=str(QuestionState.ANSWERED)))
    world.decisions.ask_again(application_id, world.staff())
    row = row_of(world, application_id)
    assert (row.state, row.outcome_unknown) == (ApplicationState.ASSESSING, False)
    assert row.next_attempt_at == world.wall.now()


def test_what_nothing_blocks_is_not_allowed_again(world: LendingWorld) -> None:
    """B4: a decision of a person needs something to decide."""
    application_id = world.submitted()
    with pytest.raises(QuestionNotBlocked):
        world.decisions.ask_again(application_id, world.staff())
    with pytest.raises(RoleMissing):
        world.decisions.ask_again(application_id, world.staff(Role.BILLING))


def test_after_the_decision_nobody_is_asked_again(world: LendingWorld) -> None:
    """B4: there is nothing left that an answer could decide."""
    decision = decided(world)
    with pytest.raises(ApplicationStateRefuses):
        world.decisions.ask_again(decision.application_id, world.staff())


def test_an_application_that_cannot_be_read_does_not_hold_up_the_others(world: LendingWorld) -> None:
    """B8: it keeps its lease and its place; the next tick takes the one after it."""
    broken = world.submitted()
    sound = world.submitted(world.body(organisation_number="559999-0016"))
    with world.runtime.database.transaction() as session:
        session.execute(
            sa.update(Application).where(Application.id == broken).values(details_encrypted=b"not ciphertext")
        )
    with pytest.raises(CiphertextInvalid):
        world.decisions.assess_due()
    assert world.decisions.assess_due() == 1
    assert row_of(world, sound).state == ApplicationState.APPROVED
    assert row_of(world, broken).state == ApplicationState.ASSESSING


def test_two_workers_make_one_decision(committed_world: LendingWorld, bureau: Exchangeable) -> None:
    """B5, D7: both look for work at the same time; one decision, one agreement, one set of questions."""
    world = committed_world
    application_id = world.submitted()
    together = threading.Barrier(2)
    attempts: list[int] = []

    def work() -> None:
        together.wait()
        attempts.append(world.decisions.assess_due())

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(attempts) == [0, 1]
    assert (count(world, DecisionRow), count(world, Agreement)) == (1, 1)
    assert sorted(bureau.asked) == sorted([AB_DIGITS, ANNA.digits])
    assert len(world.decisions.decisions(application_id, world.staff())) == 1


class Killed(BaseException):
    """The process ends here."""


class KilledAfterRetrieval(Gateway):
    """A gateway whose process dies when the answers are there and nothing has been made of them."""

    def retrieve(self, *args: Any, **kwargs: Any) -> Any:
        super().retrieve(*args, **kwargs)
        raise Killed


def test_a_worker_killed_between_reports_and_decision_changes_nothing(
    committed_world: LendingWorld, bureau: Exchangeable
) -> None:
    """B5, D7: the lease runs out, the reports are used again, and the outcome is the same."""
    world = committed_world
    application_id = world.submitted(world.body(requested_amount="250000.00"))
    dying = Decisions(world.runtime, KilledAfterRetrieval(world.runtime, (bureau,)), world.signings)
    with pytest.raises(Killed):
        dying.assess_due()
    assert world.decisions.assess_due() == 0  # the dead worker's lease still stands
    assert row_of(world, application_id).state == ApplicationState.ASSESSING

    world.wall.move_to(world.wall.now() + LEASE)
    asked = list(bureau.asked)
    assert world.decisions.assess_due() == 1
    assert bureau.asked == asked
    decision = world.decisions.decisions(application_id, world.staff())[0]
    assert decision.outcome is DecisionOutcome.COUNTER_OFFER
    assert decision.offer is not None
    assert decision.offer.limit == Money.kronor(218_000)
    assert len(decision.report_hashes) == 2


def test_a_worker_that_comes_back_too_late_does_not_decide_a_second_time(
    committed_world: LendingWorld, bureau: Exchangeable
) -> None:
    """D7: its lease is another's, so that its answers are dropped."""
    world = committed_world
    world.submitted()

    class Slow(Gateway):
        def retrieve(self, *args: Any, **kwargs: Any) -> Any:
            answers = super().retrieve(*args, **kwargs)
            world.wall.move_to(world.wall.now() + LEASE)
            assert world.decisions.assess_due() == 1
            return answers

    slow = Decisions(world.runtime, Slow(world.runtime, (bureau,)), world.signings)
    assert slow.assess_next()
    assert (count(world, DecisionRow), count(world, Agreement)) == (1, 1)


def test_what_binds_nobody_any_more_is_not_decided(world: LendingWorld, bureau: Exchangeable) -> None:
    """A3: 30 days went by while no bureau answered."""
    up, bureau.behind = bureau.behind, creditsafe_at(NOWHERE)
    application_id = world.submitted()
    world.decisions.assess_due()
    bureau.behind = up
    clock = world.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.move_to(clock.now() + timedelta(days=31))
    world.wall.move_to(world.wall.now() + timedelta(days=31))
    assert world.decisions.assess_due() == 1
    assert row_of(world, application_id).state == ApplicationState.LAPSED
    assert count(world, DecisionRow) == 0


def test_nobody_is_asked_when_a_kept_report_stops_the_case(world: LendingWorld, bureau: Exchangeable) -> None:
    """B2: the company's bankruptcy is known from the first attempt; the guarantor, unreachable then, is spared."""
    application_id = world.submitted(
        world.body(organisation_number="559999-1105", **signed_by("197708242388"))  # code 14: try later
    )
    assert world.decisions.assess_due() == 1
    assert row_of(world, application_id).state == ApplicationState.ASSESSING
    bureau.asked = []
    world.wall.move_to(world.wall.now() + timedelta(minutes=1))
    assert world.decisions.assess_due() == 1
    assert bureau.asked == []
    assert row_of(world, application_id).state == ApplicationState.DECLINED


def test_when_the_register_lifts_the_stop_the_others_are_asked_about_before_a_decision(
    world: LendingWorld, bureau: Exchangeable
) -> None:
    """B2, B5: the liquidation known from the first attempt was called off; Bertil, spared for it, is asked about."""

    class CalledOff(Exchangeable):
        def company_status(
            self, number: OrganisationNumber | PersonalNumber, *, form: CompanyForm, reference: str, at: datetime
        ) -> Answer:
            answer = self.behind.company_status(number, form=form, reference=reference, at=at)
            assert isinstance(answer.report, CompanyReport)
            active = Known(CompanyStatus.ACTIVE, self.name, at)
            return replace(answer, report=replace(answer.report, status=active))

    application_id = world.submitted(
        world.body(organisation_number="559999-1113", **signed_by("197708242388"))  # code 14: try later
    )
    assert world.decisions.assess_due() == 1
    bureau.behind = CalledOff(bureau.behind)
    bureau.asked = []
    clock = world.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.move_to(clock.now() + timedelta(days=2))
    world.wall.move_to(world.wall.now() + timedelta(days=2))
    assert world.decisions.assess_due() == 2
    assert bureau.asked == ["status of 5599991113", "197708242388"]
    assert row_of(world, application_id).state == ApplicationState.ASSESSING


def test_a_kept_report_whose_fresh_status_cannot_be_asked_for_waits(world: LendingWorld, bureau: Exchangeable) -> None:
    """B5, B8: the guarantor's answer is late by two days, and then the company's status is as old."""
    application_id = world.submitted(world.body(**signed_by("197708242388")))  # code 14: try later
    assert world.decisions.assess_due() == 1
    clock = world.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.move_to(clock.now() + timedelta(days=2))
    world.wall.move_to(world.wall.now() + timedelta(days=2))

    class OnlyPersons(Exchangeable):
        def person(self, number: PersonalNumber, *, reference: str, at: datetime) -> Answer:
            answer = self.behind.person(ANNA, reference=reference, at=at)
            return replace(answer, report=replace(answer.report, number=number.digits))

        def company_status(self, *_: Any, **__: Any) -> Answer:
            raise BureauUnavailable("14")

    up, bureau.behind = bureau.behind, OnlyPersons(bureau.behind)
    assert world.decisions.assess_due() == 1
    assert row_of(world, application_id).state == ApplicationState.ASSESSING
    assert count(world, DecisionRow) == 0
    bureau.behind = up
    world.wall.move_to(world.wall.now() + timedelta(minutes=2))
    assert world.decisions.assess_due() == 1
    assert row_of(world, application_id).state == ApplicationState.APPROVED


def test_a_stop_that_cannot_be_looked_up_anew_is_left_to_a_person(world: LendingWorld, bureau: Exchangeable) -> None:
    """B2, D12: the bureau refuses the question for the status alone; that is settled once, not asked in a circle."""

    class Refusing(Exchangeable):
        def company_status(self, *_: Any, **__: Any) -> Answer:
            self.asked.append("status")
            raise BureauRefused("11")

    application_id = world.submitted(
        world.body(organisation_number="559999-1113", **signed_by("197708242388"))  # code 14: try later
    )
    assert world.decisions.assess_due() == 1
    bureau.behind = refusing = Refusing(bureau.behind)
    clock = world.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.move_to(clock.now() + timedelta(days=2))
    world.wall.move_to(world.wall.now() + timedelta(days=2))
    assert world.decisions.assess_due() == 1
    assert refusing.asked == ["status"]
    assert row_of(world, application_id).state == ApplicationState.REFERRED
