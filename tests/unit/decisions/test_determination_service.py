"""What underwriters do with referred cases, and what becomes of counter-offers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import sqlalchemy as sa

from agreements.credit.models import Agreement
from agreements.credit.services.keep_agreement import details_of
from agreements.documents import service as documents
from agreements.documents.models import Document
from bureau_clients.facts import Known
from bureau_clients.reports import Answer, CompanyReport
from schemas.values import SupplementBody
from tests.support.bureau import NOWHERE, Exchangeable, creditsafe_at
from tests.support.lending import (
    ANNA,
    BERTIL,
    CLEAN_AB,
    OWNER,
    LendingWorld,
    guarantor_json,
    sole_trader_json,
)
from underwriting.applications.rules import ApplicationStateRefuses
from underwriting.applications.services.find_application import ApplicationOpen
from underwriting.decisions.override import (
    DecidingOnOneself,
    Determination,
    DueDiligenceIncomplete,
    HardStopStands,
    ReasonCode,
)
from underwriting.decisions.services.accept_offer import ExposureExceeded, OfferExpired
from underwriting.decisions.services.determine_case import BureausUnavailable
from underwriting.decisions.services.read_decision import ApplicantDecision, Pending, StaffDecision
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.errors import InvalidInput, NotFound
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import ApplicationState, CompanyForm, DecisionOutcome, Role, SigningState
from underwriting.platform.authentication import RoleMissing

RECONSTRUCTION = "559999-1121"  # referred, with a proposal
APPROVE = Determination(
    outcome=DecisionOutcome.APPROVED,
    limit=Money.kronor(200_000),
    fee_rate=Decimal("0.0275"),
    reason_code=ReasonCode.DOCUMENTS_SEEN,
)
LESS = Determination(
    outcome=DecisionOutcome.COUNTER_OFFER,
    limit=Money.kronor(100_000),
    fee_rate=Decimal("0.0350"),
    reason_code=ReasonCode.ABILITY_TO_PAY,
)
DECLINE = Determination(
    outcome=DecisionOutcome.DECLINED, limit=None, fee_rate=None, reason_code=ReasonCode.FIGURES_DOUBTFUL
)
OFFER_OVER = datetime(2026, 3, 9, 23, 0, tzinfo=UTC)  # 2 March + 7 days is over when 10 March begins in Stockholm


def referred(world: LendingWorld, **changes: Any) -> Any:
    """The id of an application that the policy has referred."""
    application_id = world.submitted(world.body(**({"organisation_number": RECONSTRUCTION} | changes)))
    assert world.decisions.assess_due() == 1
    assert state_of(world, application_id) is ApplicationState.REFERRED
    return application_id


def offered(world: LendingWorld) -> Any:
    """The id of an application that the policy has answered with an offer of 218 000 kr."""
    application_id = world.submitted(world.body(requested_amount="250000.00"))
    assert world.decisions.assess_due() == 1
    assert state_of(world, application_id) is ApplicationState.COUNTER_OFFER
    return application_id


def determined_by(world: LendingWorld, *asked: Any) -> StaffDecision:
    """What an underwriter determines within their authority."""
    determined = world.decisions.determine(*asked)
    assert isinstance(determined, StaffDecision)
    return determined


def state_of(world: LendingWorld, application_id: Any) -> ApplicationState:
    return world.applications.view(application_id, world.staff()).state


def agreements(world: LendingWorld) -> list[Agreement]:
    with world.runtime.database.transaction() as session:
        return list(session.scalars(sa.select(Agreement)))


def move_clock(world: LendingWorld, at: datetime) -> None:
    clock = world.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.move_to(at)
    world.wall.move_to(max(at, world.wall.now()))


def test_an_underwriter_approves_a_referred_case(world: LendingWorld) -> None:
    """D8, G1: by whom, when and why is kept beside the automatic decision, which stays."""
    application_id = referred(world)
    determined = determined_by(world, application_id, APPROVE, "Rekonstruktionen är avslutad.", world.staff())
    assert (determined.outcome, determined.sequence) == (DecisionOutcome.APPROVED, 2)
    assert (determined.automatic, determined.decided_by) == (False, "staff:1")
    assert (determined.reason_code, determined.reason) == ("documents_seen", "Rekonstruktionen är avslutad.")
    (agreement,) = agreements(world)
    assert (agreement.limit_ore, agreement.fee_rate) == (20_000_000, Decimal("0.0275"))
    assert agreement.granted_at == determined.decided_at
    first = world.decisions.decisions(application_id, world.staff())[-1]
    assert (first.outcome, first.automatic) == (DecisionOutcome.REFERRED, True)
    assert all(world.decisions.replay(each.id).same for each in (first, determined))


def test_worse_terms_are_an_offer_and_grant_nothing(world: LendingWorld) -> None:
    """D8: until a signatory accepts."""
    application_id = referred(world)
    determined = determined_by(world, application_id, LESS, "Lägre gräns.", world.staff())
    assert determined.outcome is DecisionOutcome.COUNTER_OFFER
    assert determined.answer_by == OFFER_OVER
    assert agreements(world) == []


def test_a_decline_is_told_with_the_underwriters_ground(world: LendingWorld) -> None:
    """D8, D7: the code, not the note."""
    application_id = referred(world)
    world.decisions.determine(application_id, DECLINE, "Intern anteckning.", world.staff())
    told = world.decisions.decision(application_id, world.person(ANNA))
    assert isinstance(told, ApplicantDecision)
    assert told.outcome is DecisionOutcome.DECLINED
    assert [reason.text.sv for reason in told.reasons] == ["Lämnade uppgifter stämmer inte"]


def test_grounds_of_money_laundering_are_not_told(world: LendingWorld) -> None:
    """D7: sanctions and money laundering are for staff only."""
    application_id = referred(world)
    hidden = Determination(
        outcome=DecisionOutcome.DECLINED, limit=None, fee_rate=None, reason_code=ReasonCode.DUE_DILIGENCE
    )
    world.decisions.determine(application_id, hidden, "Misstanke.", world.staff())
    told = world.decisions.decision(application_id, world.person(ANNA))
    assert isinstance(told, ApplicantDecision)
    assert [reason.text.sv for reason in told.reasons] == ["En handläggare har avgjort ansökan"]


@pytest.mark.parametrize("code", [ReasonCode.COMPANY_REMARKS, ReasonCode.GUARANTOR_REMARKS, ReasonCode.COMPANY_AGE])
def test_history_alone_is_no_ground_for_a_decline(world: LendingWorld, code: ReasonCode) -> None:
    """D2, D3: refused, and the case stays where it was."""
    application_id = referred(world)
    with pytest.raises(InvalidInput) as refused:
        world.decisions.determine(
            application_id,
            Determination(outcome=DecisionOutcome.DECLINED, limit=None, fee_rate=None, reason_code=code),
            "Anmärkningar.",
            world.staff(),
        )
    assert refused.value.rule in ("D2", "D3")
    assert state_of(world, application_id) is ApplicationState.REFERRED


def test_nobody_determines_their_own_case(world: LendingWorld) -> None:
    """D8: nor one in which they are guarantor, signatory or beneficial owner."""
    owners = [{"personal_number": BERTIL.digits, "share": "0.6", "politically_exposed": False}]
    application_id = referred(world, beneficial_owners=owners)
    for person in (ANNA, BERTIL):
        for act in (
            lambda caller: world.decisions.determine(application_id, APPROVE, "Jag.", caller),
            lambda caller: world.decisions.ask_for_information(application_id, "Vad?", caller),
        ):
            with pytest.raises(DecidingOnOneself) as refused:
                act(world.staff(person=person))
            assert refused.value.rule == "D8"
    world.decisions.determine(application_id, APPROVE, "En annan.", world.staff(person=OWNER))


def test_a_sole_trader_among_staff_does_not_determine_their_own_firm(world: LendingWorld) -> None:
    """D8: the company is themselves."""
    application_id = world.submitted(world.read(sole_trader_json(due_diligence={})))
    world.decisions.assess_due()
    with pytest.raises(DecidingOnOneself):
        world.decisions.determine(application_id, DECLINE, "Jag.", world.staff(person=OWNER))


def test_only_underwriters_determine(world: LendingWorld) -> None:
    application_id = referred(world)
    with pytest.raises(RoleMissing):
        world.decisions.determine(application_id, APPROVE, "Nej.", world.staff(Role.BILLING))


def test_what_is_granted_cannot_be_determined(world: LendingWorld) -> None:
    """D8: until granted-at, and no longer."""
    application_id = world.submitted()
    world.decisions.assess_due()
    assert state_of(world, application_id) is ApplicationState.APPROVED
    with pytest.raises(ApplicationStateRefuses) as refused:
        world.decisions.determine(application_id, LESS, "Mindre.", world.staff())
    assert refused.value.rule == "D8"


def test_an_open_offer_is_overridden_until_it_is_accepted(world: LendingWorld) -> None:
    """D8: what was offered stands no more, and a better offer on worse terms than asked for has to be accepted too."""
    application_id = offered(world)
    first = world.decisions.decisions(application_id, world.staff())[0]
    assert first.offer is not None
    better = replace(LESS, limit=Money.kronor(230_000), fee_rate=first.offer.fee_rate)
    determined = determined_by(world, application_id, better, "Nya avtal har visats.", world.staff())
    assert determined.outcome is DecisionOutcome.COUNTER_OFFER
    world.sign(world.decisions.accept_counter_offer(application_id, world.person(ANNA), end_user_ip="127.0.0.1"))
    assert [agreement.limit_ore for agreement in agreements(world)] == [23_000_000]


def test_conditions_make_an_offer_that_is_accepted_with_them(world: LendingWorld) -> None:
    """D8: the applicant reads them, and they stand in what is signed."""
    application_id = referred(world)
    terms = replace(APPROVE, conditions="Varulagret hålls försäkrat.")
    determined = determined_by(world, application_id, terms, "Mot försäkring.", world.staff())
    assert (determined.outcome, determined.conditions) == (DecisionOutcome.COUNTER_OFFER, terms.conditions)
    told = world.decisions.decision(application_id, world.person(ANNA))
    assert isinstance(told, ApplicantDecision)
    assert told.conditions == terms.conditions
    world.decisions.accept_counter_offer(application_id, world.person(ANNA), end_user_ip="127.0.0.1")
    with world.runtime.database.transaction() as session:
        kept = session.scalars(sa.select(Document).where(Document.subject_id == determined.id)).one()
        assert "Varulagret hålls försäkrat." in documents.text_of(world.runtime, kept)


def test_a_decline_has_no_conditions(world: LendingWorld) -> None:
    """D8: there is nothing to accept."""
    application_id = referred(world)
    with pytest.raises(InvalidInput) as refused:
        world.decisions.determine(application_id, replace(DECLINE, conditions="Nej."), "Nej.", world.staff())
    assert [error.pointer for error in refused.value.errors] == ["/conditions"]


def test_a_hard_stop_cannot_be_overridden(world: LendingWorld) -> None:
    """D8, D10: a declined case with a bankrupt company stays declined."""
    application_id = world.submitted(world.body(organisation_number="559999-1105"))
    world.decisions.assess_due()
    with pytest.raises(HardStopStands):
        world.decisions.determine(application_id, APPROVE, "Ändå.", world.staff())
    assert state_of(world, application_id) is ApplicationState.DECLINED


def test_a_decline_can_become_an_offer_only(world: LendingWorld) -> None:
    """D8, D9: on any terms, since what was applied for binds nobody after the decline."""
    application_id = world.submitted(world.body(expected_monthly_costs="350000.00"))
    world.decisions.assess_due()
    assert state_of(world, application_id) is ApplicationState.DECLINED
    with pytest.raises(ApplicationStateRefuses):
        world.decisions.determine(application_id, DECLINE, "En gång till.", world.staff())
    determined = determined_by(world, application_id, APPROVE, "Nya avtal har visats.", world.staff())
    assert determined.outcome is DecisionOutcome.COUNTER_OFFER
    assert agreements(world) == []


def test_a_decline_is_not_taken_up_again_beside_a_newer_application(world: LendingWorld) -> None:
    """A8: the company has another one under way."""
    declined = world.submitted(world.body(expected_monthly_costs="350000.00"))
    world.decisions.assess_due()
    world.submitted()
    with pytest.raises(ApplicationOpen):
        world.decisions.determine(declined, APPROVE, "Nya avtal har visats.", world.staff())


def test_gaps_in_due_diligence_are_filled_before_credit_is_given(world: LendingWorld) -> None:
    """K1: asked for, answered by the applicant, then determined."""
    application_id = referred(world, due_diligence={})
    with pytest.raises(DueDiligenceIncomplete):
        world.decisions.determine(application_id, APPROVE, "Ser bra ut.", world.staff())
    world.decisions.ask_for_information(application_id, "Varifrån kommer pengarna?", world.staff())
    assert state_of(world, application_id) is ApplicationState.INFORMATION_REQUESTED
    (letter,) = world.letters("information-asked")
    assert "Varifrån kommer pengarna?" in letter.body
    with pytest.raises(DueDiligenceIncomplete):
        world.decisions.determine(application_id, APPROVE, "Orkar inte vänta.", world.staff())
    world.applications.add_supplement(
        application_id, SupplementBody(information="Från försäljningen."), world.person(ANNA)
    )
    determined = determined_by(world, application_id, APPROVE, "Svaret räcker.", world.staff())
    assert determined.outcome is DecisionOutcome.APPROVED


def test_an_unanswered_question_does_not_hinder_a_decline(world: LendingWorld) -> None:
    """D8: the question is withdrawn with the determination."""
    application_id = referred(world)
    world.decisions.ask_for_information(application_id, "Bokslut?", world.staff())
    world.decisions.determine(application_id, DECLINE, "Inget svar.", world.staff())
    assert state_of(world, application_id) is ApplicationState.DECLINED


def test_the_companys_status_is_asked_for_again_when_it_is_old_and_nobody_else(
    world: LendingWorld, bureau: Exchangeable
) -> None:
    """B5, B4: fresh at the decision; persons are not asked about a second time."""
    application_id = referred(world)
    move_clock(world, world.runtime.clock.now() + timedelta(days=3))
    bureau.asked = []
    world.decisions.determine(application_id, APPROVE, "Klart.", world.staff())
    assert bureau.asked == [f"status of {RECONSTRUCTION.replace('-', '')}"]
    (agreement,) = agreements(world)
    assert agreement.status_checked_at == world.runtime.clock.now()


def test_a_status_that_cannot_be_seen_again_is_left_to_the_payout(world: LendingWorld, bureau: Exchangeable) -> None:
    """B5, P4: it is unknown in the trace, and too old for a payout without another look."""
    application_id = referred(world)
    move_clock(world, world.runtime.clock.now() + timedelta(days=3))
    bureau.behind = creditsafe_at(NOWHERE)
    determined = determined_by(world, application_id, APPROVE, "Klart.", world.staff())
    assert "referral.company_status_unknown" in {line.key for line in determined.trace}
    (agreement,) = agreements(world)
    assert world.runtime.clock.now() - agreement.status_checked_at > timedelta(days=7)


def test_a_company_that_no_bureau_knew_is_asked_for_again_and_not_approved_blindly(
    world: LendingWorld, bureau: Exchangeable
) -> None:
    """B5, D10: while no bureau answers, the underwriter is told so and the case stays."""
    application_id = referred(world, organisation_number="559999-1170")
    move_clock(world, world.runtime.clock.now() + timedelta(days=3))
    known, bureau.behind = bureau.behind, creditsafe_at(NOWHERE)
    with pytest.raises(BureausUnavailable):
        world.decisions.determine(application_id, APPROVE, "Registreringsbevis har visats.", world.staff())
    assert state_of(world, application_id) is ApplicationState.REFERRED
    bureau.behind = known
    determined = determined_by(world, application_id, APPROVE, "Registreringsbevis har visats.", world.staff())
    assert determined.outcome is DecisionOutcome.APPROVED


def test_a_company_that_a_bureau_has_come_to_know_is_named_by_the_register(
    world: LendingWorld, bureau: Exchangeable
) -> None:
    """D10, G1: the agreement names the borrower as the register does, also when the underwriter's look told it."""
    application_id = referred(world, organisation_number="559999-1170")
    move_clock(world, world.runtime.clock.now() + timedelta(days=3))

    class Registered(Exchangeable):
        def company(
            self, number: OrganisationNumber | PersonalNumber, *, form: CompanyForm, reference: str, at: datetime
        ) -> Answer:
            answer = self.behind.company(OrganisationNumber("5599990008"), form=form, reference=reference, at=at)
            assert isinstance(answer.report, CompanyReport)
            named = Known("Nybildat Exempel AB", self.name, at)
            return replace(answer, report=replace(answer.report, number=number.digits, name=named))

    bureau.behind = Registered(bureau.behind)
    world.decisions.determine(application_id, APPROVE, "Registreringsbevis har visats.", world.staff())
    (agreement,) = agreements(world)
    assert details_of(world.runtime, agreement).name == "Nybildat Exempel AB"


def test_a_referral_tells_the_applicant_nothing_but_that_it_goes_on(world: LendingWorld) -> None:
    """D1, D7: pending until a person has determined it."""
    application_id = referred(world)
    assert isinstance(world.decisions.decision(application_id, world.person(ANNA)), Pending)


# Counter-offers


def test_an_offer_is_accepted_with_bankid_and_the_acceptance_is_the_granted_at(world: LendingWorld) -> None:
    """D1, G1: the agreement has the offer's terms and the instant of the signature."""
    application_id = offered(world)
    move_clock(world, world.runtime.clock.now() + timedelta(days=2))
    anna = world.person(ANNA)
    view = world.sign(world.decisions.accept_counter_offer(application_id, anna, end_user_ip="127.0.0.1"))
    assert view.state is SigningState.COMPLETE
    (agreement,) = agreements(world)
    assert (agreement.limit_ore, agreement.fee_rate) == (21_800_000, Decimal("0.015"))
    assert agreement.granted_at == datetime(2026, 3, 4, 9, 0, tzinfo=UTC)
    assert state_of(world, application_id) is ApplicationState.APPROVED
    assert world.decisions.lapse_counter_offers() == 0


def test_only_the_signatory_accepts(world: LendingWorld) -> None:
    """D1: not staff, not a guarantor, not a stranger."""
    application_id = offered(world)
    for caller in (world.staff(), world.person(BERTIL)):
        with pytest.raises(NotFound):
            world.decisions.accept_counter_offer(application_id, caller, end_user_ip="127.0.0.1")


def test_what_is_no_offer_cannot_be_accepted(world: LendingWorld) -> None:
    """D1: a referred case has no offer."""
    application_id = referred(world)
    with pytest.raises(ApplicationStateRefuses) as refused:
        world.decisions.accept_counter_offer(application_id, world.person(ANNA), end_user_ip="127.0.0.1")
    assert refused.value.rule == "D1"


def test_an_offer_is_open_to_the_end_of_its_last_day(world: LendingWorld) -> None:
    """D1: the last microsecond of the 7th day is in time, the first of the 8th is not, job or no job."""
    application_id = offered(world)
    anna = world.person(ANNA)
    move_clock(world, OFFER_OVER - timedelta(microseconds=1))
    started = world.decisions.accept_counter_offer(application_id, anna, end_user_ip="127.0.0.1")
    move_clock(world, OFFER_OVER)
    assert world.sign(started).state is SigningState.FAILED
    with pytest.raises(OfferExpired):
        world.decisions.accept_counter_offer(application_id, anna, end_user_ip="127.0.0.1")
    assert agreements(world) == []
    assert world.decisions.lapse_counter_offers() == 1
    assert state_of(world, application_id) is ApplicationState.LAPSED
    assert len(world.letters("offer-lapsed")) == 1


def test_the_stops_are_looked_at_again_before_an_offer_is_accepted(world: LendingWorld, bureau: Exchangeable) -> None:
    """D1, D10: the company went bankrupt in the meantime; a signature that was begun before is not accepted either."""
    application_id = offered(world)
    begun = world.decisions.accept_counter_offer(application_id, world.person(ANNA), end_user_ip="127.0.0.1")
    clock = world.runtime.clock
    assert isinstance(clock, FixedClock)
    clock.move_to(clock.now() + timedelta(days=2))  # BankID's stands still: the order is still open

    class Bankrupt(Exchangeable):
        def company_status(
            self, number: OrganisationNumber | PersonalNumber, *, form: CompanyForm, reference: str, at: datetime
        ) -> Answer:
            assert number.digits == CLEAN_AB.replace("-", "")
            gone = OrganisationNumber("5599991105")
            return self.behind.company_status(gone, form=form, reference=reference, at=at)

    bureau.behind = Bankrupt(bureau.behind)
    with pytest.raises(HardStopStands):
        world.decisions.accept_counter_offer(application_id, world.person(ANNA), end_user_ip="127.0.0.1")
    assert world.sign(begun).state is SigningState.FAILED
    assert state_of(world, application_id) is ApplicationState.COUNTER_OFFER
    assert agreements(world) == []


def test_an_offer_whose_room_is_gone_is_not_accepted(world: LendingWorld) -> None:
    """D1, G6: the company's other credits leave 82 000 kr of 2 500 000, before the signature and while it is made."""
    application_id = offered(world)
    world.submitted()
    assert world.decisions.assess_due() == 1
    begun = world.decisions.accept_counter_offer(application_id, world.person(ANNA), end_user_ip="127.0.0.1")
    with world.runtime.database.transaction() as session:
        session.execute(sa.update(Agreement).values(limit_ore=Money.kronor(2_418_000).ore))
    assert world.sign(begun).state is SigningState.FAILED
    with pytest.raises(ExposureExceeded) as refused:
        world.decisions.accept_counter_offer(application_id, world.person(ANNA), end_user_ip="127.0.0.1")
    assert refused.value.rule == "G6"
    assert state_of(world, application_id) is ApplicationState.COUNTER_OFFER
    assert len(agreements(world)) == 1


def test_an_offer_of_an_underwriter_is_accepted_like_any_other(world: LendingWorld) -> None:
    """D8, D1: with the guarantors who were named."""
    application_id = world.submitted(
        world.body(organisation_number=RECONSTRUCTION, guarantors=[guarantor_json(BERTIL, "Bertil Berg")])
    )
    world.sign(world.applications.start_confirmation(world.invitation_token(), end_user_ip="127.0.0.1"))
    world.decisions.assess_due()
    world.decisions.determine(application_id, LESS, "Lägre gräns.", world.staff())
    world.sign(world.decisions.accept_counter_offer(application_id, world.person(ANNA), end_user_ip="127.0.0.1"))
    (agreement,) = agreements(world)
    assert (agreement.limit_ore, agreement.fee_rate) == (10_000_000, Decimal("0.035"))


def test_the_same_company_may_apply_again_while_an_offer_is_open(world: LendingWorld) -> None:
    """A8: an offer is a decision."""
    offered(world)
    again = world.submitted()
    assert state_of(world, again) is ApplicationState.ASSESSING
