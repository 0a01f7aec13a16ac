"""Who signs for a company, who is partner of it, and how a guarantor is let go (rules A9, S2, G4, G5)."""

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from agreements.credit.formats import signing_rule_from_json, signing_rule_to_json
from agreements.credit.models import Agreement
from agreements.credit.rules import AgreementStateRefuses
from agreements.credit.services.change_signing_rule import SigningRuleChangePending, SigningRules, SubmitterNotInRule
from agreements.credit.services.complete_signatures import SignatureNotNeeded
from agreements.credit.services.decline_guarantee import (
    GuaranteeInvitations,
    checked_rule_given_up,
    give_up_for_another_guarantor,
)
from agreements.credit.services.end_needless_orders import end_needless_orders
from agreements.credit.services.keep_partners import NoPartnership, PartnerRecorded, Partners, PartnerView
from agreements.credit.services.release_guarantor import GuaranteeNotReleasable, Releases
from agreements.credit.services.resume_drawdowns import DrawdownsNotStopped, Resumptions
from agreements.guarantees import service as guarantees
from agreements.ledger import rules as ledger_rules
from agreements.ledger import service as ledger
from tests.support.credit import ANNA, ERIK, LIMIT, MARIA, STRANGER, CreditWorld
from underwriting.kernel.errors import InvalidInput, NotFound, NotPermitted
from underwriting.kernel.money import Money
from underwriting.kernel.signing_rule import Alternative, RoleSeats, RuleSource, Signatory, SignatoryRole, SigningRule
from underwriting.kernel.vocabulary import (
    AgreementState,
    CompanyForm,
    GuaranteeState,
    PayoutState,
    ReleaseState,
    Role,
    SigningState,
)
from underwriting.platform import outbox
from underwriting.platform.authentication import Caller
from underwriting.platform.models import OutboxMessage

FIRST = Caller(actor="staff:1", role=Role.UNDERWRITER, username="a")
SECOND = Caller(actor="staff:2", role=Role.UNDERWRITER, username="b")
PEOPLE = (Signatory(ANNA, "Anna Lindqvist"), Signatory(ERIK, "Erik Sandström"), Signatory(MARIA, "Maria Holmberg"))
ANNA_OR_BOTH = SigningRule(
    PEOPLE, (Alternative(frozenset({ANNA})), Alternative(frozenset({ERIK, MARIA}))), RuleSource.BUREAU
)
UNCHECKED = SigningRule.jointly(PEOPLE[:1], checked=False)


def rules(credit: CreditWorld) -> SigningRules:
    """Staff's part, composed as the application composes it."""
    return SigningRules(credit.runtime, credit.payouts.agreement_signed)


def letters(credit: CreditWorld, kind: str) -> int:
    """How many of a kind were written."""
    with credit.runtime.database.transaction() as session:
        return session.scalar(sa.select(sa.func.count()).where(OutboxMessage.kind == kind)) or 0


def written(credit: CreditWorld) -> str:
    """All that was written to anybody."""
    with credit.runtime.database.transaction() as session:
        return "".join(letter.body for letter in outbox.latest(session, credit.runtime, count=100))


def test_a_rule_is_read_as_it_was_written_and_an_old_one_as_everybody_together() -> None:
    """S2: rows from before rules had alternatives stay readable."""
    board = frozenset({SignatoryRole.BOARD_MEMBER})
    rule = SigningRule(
        (Signatory(ANNA, "A", "a@exempel.example", board), Signatory(ERIK, "E", roles=board)),
        (Alternative(seats=(RoleSeats(SignatoryRole.BOARD_MEMBER),)), Alternative(frozenset({ANNA}), day_to_day=True)),
        RuleSource.STAFF,
        wording="Firman tecknas av styrelsen",
    )
    assert signing_rule_from_json(signing_rule_to_json(rule)) == rule
    old: dict[str, Any] = {"signing_rule": [{"personal_number": ANNA.digits, "name": "A", "email": None}]}
    assert signing_rule_from_json(old) == SigningRule.jointly((Signatory(ANNA, "A"),))


def test_one_alternative_is_enough_and_more_signatures_are_refused(credit: CreditWorld) -> None:
    """S2: Erik and Maria together suffice; Anna's order, begun before, and a new one are refused as not needed."""
    agreement = credit.grant(signing_rule=ANNA_OR_BOTH, guarantors=())
    waiting = credit.start_agreement(agreement.id, ANNA)
    with_guarantor = credit.grant(signing_rule=ANNA_OR_BOTH, guarantors=())
    credit.complete(credit.start_agreement(agreement.id, ERIK))
    assert credit.agreement(agreement.id).state == AgreementState.SIGNING
    credit.complete(credit.start_agreement(agreement.id, MARIA))
    assert credit.agreement(agreement.id).state == AgreementState.SIGNED
    assert credit.complete(waiting).state is SigningState.FAILED
    assert credit.agreement(with_guarantor.id).state == AgreementState.SIGNING


def test_while_a_guarantor_is_missing_the_company_needs_no_more_signatures(credit: CreditWorld) -> None:
    """S2: the company's side is complete though the agreement is not."""
    agreement = credit.grant(signing_rule=ANNA_OR_BOTH)
    started = credit.start_agreement(agreement.id, ERIK)
    credit.complete(credit.start_agreement(agreement.id, ANNA))
    with pytest.raises(SignatureNotNeeded):
        credit.start_agreement(agreement.id, MARIA)
    assert credit.complete(started).state is SigningState.FAILED


def test_orders_that_can_come_to_nothing_are_ended(credit: CreditWorld) -> None:
    """S2: Erik's order ends once Anna has signed, Maria's guarantee order once she has declined; others go on."""
    agreement = credit.grant(signing_rule=ANNA_OR_BOTH)
    needless, declined = credit.start_agreement(agreement.id, ERIK), credit.start_guarantee(agreement.id, MARIA)
    assert end_needless_orders(credit.runtime, credit.signings.bankid) == 0
    credit.complete(credit.start_agreement(agreement.id, ANNA))
    guarantee = credit.guarantee_of(agreement.id, MARIA)
    GuaranteeInvitations(credit.runtime).decline(guarantee.id, reason="Nej.", tell=False, caller=credit.person(MARIA))
    assert end_needless_orders(credit.runtime, credit.signings.bankid) == 2
    assert not credit.bankid.act(f"orders/{needless.qr_content}/sign", {}).ok
    assert not credit.bankid.act(f"orders/{declined.qr_content}/sign", {}).ok
    needed = credit.start_guarantee(agreement.id, ERIK)
    assert end_needless_orders(credit.runtime, credit.signings.bankid) == 0
    assert credit.complete(needed).state is SigningState.COMPLETE


def test_an_unchecked_rule_completes_nothing_until_a_second_person_has_looked(credit: CreditWorld) -> None:
    """S2: what the applicant names counts once one of staff has entered the registration and another approved it."""
    agreement = credit.grant(signing_rule=UNCHECKED, guarantors=())
    credit.complete(credit.start_agreement(agreement.id))
    assert credit.agreement(agreement.id).state == AgreementState.SIGNING
    entered = rules(credit).propose(agreement.id, UNCHECKED, evidence="Registreringsbevis 2026-11-02", caller=FIRST)
    assert entered.change_id is not None
    with pytest.raises(SigningRuleChangePending):
        rules(credit).propose(agreement.id, UNCHECKED, evidence="x", caller=SECOND)
    with pytest.raises(NotPermitted):
        rules(credit).approve(entered.change_id, caller=FIRST)
    approved = rules(credit).approve(entered.change_id, caller=SECOND)
    assert (approved.rule.source, approved.rule.checked) == (RuleSource.STAFF, True)
    assert credit.agreement(agreement.id).state == AgreementState.SIGNED
    assert credit.payout(agreement.id).amount == Money(agreement.first_drawdown_ore)
    with pytest.raises(NotFound):
        rules(credit).approve(entered.change_id, caller=SECOND)


def test_who_comes_into_the_rule_signs_the_same_bytes(credit: CreditWorld) -> None:
    """S2: Anna has signed; by the registration Maria has to sign beside her, the same document."""
    agreement = credit.grant(signing_rule=UNCHECKED, guarantors=())
    credit.complete(credit.start_agreement(agreement.id))
    both = SigningRule.jointly((PEOPLE[0], PEOPLE[2]), source=RuleSource.STAFF)
    entered = rules(credit).propose(agreement.id, both, evidence="Registreringsbevis", caller=FIRST)
    assert entered.change_id is not None
    rules(credit).approve(entered.change_id, caller=SECOND)
    assert credit.agreement(agreement.id).state == AgreementState.SIGNING
    credit.complete(credit.start_agreement(agreement.id, MARIA))
    assert credit.agreement(agreement.id).state == AgreementState.SIGNED


def test_the_submitter_stands_in_the_rule_that_staff_enter(credit: CreditWorld) -> None:
    """A9: a rule without the one who applied is refused."""
    agreement = credit.grant(signing_rule=UNCHECKED, guarantors=())
    without = SigningRule.jointly((PEOPLE[1],), source=RuleSource.STAFF)
    with pytest.raises(SubmitterNotInRule):
        rules(credit).propose(agreement.id, without, evidence="Registreringsbevis", caller=FIRST)


def test_a_registered_exit_stops_drawdowns(credit: CreditWorld) -> None:
    """G5: partners are recorded with where it was read; from a registered exit on nothing more is drawn."""
    agreement, partners = credit.grant(company_form=CompanyForm.HB, guarantors=()), Partners(credit.runtime)
    credit.complete(credit.start_agreement(agreement.id))
    there = partners.record(
        agreement.id,
        number="196103043698",
        name="Nils Berg",
        entered_on=date(2020, 1, 1),
        evidence="Näringslivsregistret",
        caller=FIRST,
    )
    with pytest.raises(PartnerRecorded):
        partners.record(
            agreement.id,
            number="196103043698",
            name="Nils Berg",
            entered_on=date(2020, 1, 1),
            evidence="igen",
            caller=FIRST,
        )
    with pytest.raises(InvalidInput):
        partners.record_exit(there.id, exited_on=date(2019, 12, 31), evidence="x", caller=FIRST)
    with pytest.raises(InvalidInput):
        partners.record_exit(there.id, exited_on=date(2099, 1, 1), evidence="x", caller=FIRST)
    gone = partners.record_exit(there.id, exited_on=date(2026, 1, 15), evidence="Ändringsbevis", caller=FIRST)
    assert gone.answers_until == date(2031, 1, 15)
    with pytest.raises(AgreementStateRefuses) as refused:
        credit.payouts.request_drawdown(agreement.id, Money.kronor(1), actor="person:1")
    assert refused.value.rule == "G5"
    listed = credit.agreements.liable_parties(agreement.id, credit.person(ANNA))
    assert [(one.name, one.debts_before, one.until) for one in listed] == [
        ("Exempelbolaget AB", None, None),
        ("Nils Berg", date(2026, 1, 15), date(2031, 1, 15)),
    ]
    broken = partners.record_broken_limitation(there.id, broken_on=date(2026, 2, 1), caller=FIRST)
    assert broken.answers_until == date(2031, 2, 1)


def test_a_limited_company_has_no_partners(credit: CreditWorld) -> None:
    """G5: only an HB and a KB have people who answer by law."""
    agreement = credit.grant()
    with pytest.raises(NoPartnership):
        Partners(credit.runtime).record(
            agreement.id, number="x", name="N", entered_on=date(2020, 1, 1), evidence="x", caller=FIRST
        )


def test_a_guarantor_goes_only_when_everybody_agrees(credit: CreditWorld) -> None:
    """G4: the lender by two persons, and every co-guarantor; the last consent releases."""
    agreement, releases = credit.signed(), Releases(credit.runtime)
    erik, maria = credit.guarantee_of(agreement.id, ERIK), credit.guarantee_of(agreement.id, MARIA)
    with pytest.raises(GuaranteeNotReleasable):
        releases.ask(erik.id, reason="Skilsmässa", caller=FIRST)  # not in force before the payout
    credit.payouts.send_due()
    credit.payouts.read_answers()
    assert credit.guarantee_of(agreement.id, ERIK).state == GuaranteeState.IN_FORCE
    asked = releases.ask(erik.id, reason="Skilsmässa", caller=FIRST)
    assert asked.awaited == (maria.id,)
    with pytest.raises(GuaranteeNotReleasable):
        releases.ask(erik.id, reason="igen", caller=FIRST)
    with pytest.raises(NotPermitted):
        releases.approve(asked.id, caller=FIRST)
    for person in (ERIK, ANNA, STRANGER):
        with pytest.raises(NotFound):
            releases.consent(asked.id, caller=credit.person(person))
    assert releases.approve(asked.id, caller=SECOND).state is ReleaseState.PENDING
    assert credit.guarantee_of(agreement.id, ERIK).state == GuaranteeState.IN_FORCE
    assert releases.consent(asked.id, caller=credit.person(MARIA)).state is ReleaseState.RELEASED
    assert credit.guarantee_of(agreement.id, ERIK).state == GuaranteeState.RELEASED
    assert credit.guarantee_of(agreement.id, MARIA).state == GuaranteeState.IN_FORCE


def test_a_withdrawn_release_needs_no_consent(credit: CreditWorld) -> None:
    """G4: what staff withdraw cannot be consented to."""
    agreement, releases = credit.signed(), Releases(credit.runtime)
    credit.payouts.send_due()
    credit.payouts.read_answers()
    asked = releases.ask(credit.guarantee_of(agreement.id, ERIK).id, reason="x", caller=FIRST)
    assert releases.withdraw(asked.id, caller=SECOND).state is ReleaseState.WITHDRAWN
    with pytest.raises(NotFound):
        releases.consent(asked.id, caller=credit.person(MARIA))


def partner_of(credit: CreditWorld, agreement: Agreement) -> PartnerView:
    """A registered partner of the agreement's borrower."""
    return Partners(credit.runtime).record(
        agreement.id,
        number="196103043698",
        name="Nils Berg",
        entered_on=date(2020, 1, 1),
        evidence="Näringslivsregistret",
        caller=FIRST,
    )


def test_an_exit_between_order_and_payout_keeps_the_money_until_another_of_staff_resumes(credit: CreditWorld) -> None:
    """G5: what is ordered stays; whoever recorded the exit does not resume; then it is paid once, and told."""
    agreement = credit.signed(company_form=CompanyForm.HB, guarantors=())
    there, today = partner_of(credit, agreement), credit.clock.now().date()
    resumptions = Resumptions(credit.runtime)
    with pytest.raises(DrawdownsNotStopped):
        resumptions.resume(agreement.id, reason="Inget är stoppat.", caller=SECOND)
    Partners(credit.runtime).record_exit(there.id, exited_on=today, evidence="Ändringsbevis", caller=FIRST)
    assert credit.payouts.send_due() == 0
    assert credit.payout(agreement.id).payout_state is PayoutState.ORDERED
    with pytest.raises(NotPermitted):
        resumptions.resume(agreement.id, reason="De som är kvar räcker.", caller=FIRST)
    assert credit.payouts.send_due() == 0
    resumptions.resume(agreement.id, reason="De som är kvar räcker.", caller=SECOND)
    assert credit.payouts.send_due() == 1
    credit.payouts.read_answers()
    assert credit.payout(agreement.id).payout_state is PayoutState.PAID
    assert "De som är kvar" not in "".join(credit.actions(agreement.id))
    assert letters(credit, "drawdowns-stopped") == letters(credit, "drawdowns-resumed") == 1
    listed = credit.agreements.liable_parties(agreement.id, credit.person(ANNA))
    assert [(one.name, one.owed) for one in listed] == [
        ("Exempelbolaget AB", LIMIT),
        ("Nils Berg", Money.ZERO),  # left before anything was paid out
    ]


def test_an_exit_before_the_last_signature_keeps_the_first_payout_too(credit: CreditWorld) -> None:
    """G5: the agreement is signed, its payout ordered, and nothing leaves before drawdowns go on."""
    agreement = credit.grant(company_form=CompanyForm.HB, guarantors=())
    there, today = partner_of(credit, agreement), credit.clock.now().date()
    Partners(credit.runtime).record_exit(there.id, exited_on=today, evidence="Ändringsbevis", caller=FIRST)
    credit.complete(credit.start_agreement(agreement.id))
    assert credit.agreement(agreement.id).state == AgreementState.SIGNED
    assert credit.payouts.send_due() == 0
    Resumptions(credit.runtime).resume(agreement.id, reason="De som är kvar räcker.", caller=SECOND)
    assert credit.payouts.send_due() == 1


def test_a_partner_who_leaves_after_the_payout_answers_for_it_and_for_nothing_later(credit: CreditWorld) -> None:
    """G5: 218 000 was paid out before the exit; what is booked from the day of the exit on is not the partner's."""
    agreement = credit.signed(company_form=CompanyForm.HB, guarantors=())
    credit.payouts.send_due()
    credit.payouts.read_answers()
    there = partner_of(credit, agreement)
    credit.clock.move_to(credit.clock.now() + timedelta(days=3))
    today = credit.clock.now().date()
    Partners(credit.runtime).record_exit(there.id, exited_on=today, evidence="Ändringsbevis", caller=FIRST)
    with credit.runtime.database.transaction() as session:
        later = ledger_rules.payout(Money.kronor(1_000), payout_id="later", booked_on=today)
        ledger.post(session, agreement.id, later, at=credit.clock.now())
    listed = credit.agreements.liable_parties(agreement.id, credit.person(ANNA))
    assert [one.owed for one in listed] == [LIMIT + Money.kronor(1_000), LIMIT]


def test_those_concerned_are_written_to_about_a_release(credit: CreditWorld) -> None:
    """G4: the co-guarantor is asked by letter; at the end the released one and those who go on are told."""
    agreement, releases = credit.signed(), Releases(credit.runtime)
    credit.payouts.send_due()
    credit.payouts.read_answers()
    asked = releases.ask(credit.guarantee_of(agreement.id, ERIK).id, reason="Skilsmässa", caller=FIRST)
    assert (letters(credit, "release-consent-asked"), letters(credit, "guarantee-released")) == (1, 0)
    releases.approve(asked.id, caller=SECOND)
    releases.consent(asked.id, caller=credit.person(MARIA))
    assert (letters(credit, "guarantee-released"), letters(credit, "co-guarantor-released")) == (1, 1)
    assert "Skilsmässa" not in written(credit)


def test_a_guarantee_that_has_ended_is_not_released(credit: CreditWorld) -> None:
    """G4: the debt was paid while a consent was awaited; nothing is left to be released from."""
    agreement, releases = credit.signed(), Releases(credit.runtime)
    credit.payouts.send_due()
    credit.payouts.read_answers()
    asked = releases.ask(credit.guarantee_of(agreement.id, ERIK).id, reason="x", caller=FIRST)
    with credit.runtime.database.transaction() as session:
        guarantees.end(session, agreement.id, at=credit.clock.now())
    with pytest.raises(GuaranteeNotReleasable):
        releases.approve(asked.id, caller=SECOND)
    with pytest.raises(NotFound):
        releases.consent(asked.id, caller=credit.person(MARIA))
    assert credit.guarantee_of(agreement.id, ERIK).state == GuaranteeState.ENDED
    assert releases.withdraw(asked.id, caller=SECOND).state is ReleaseState.WITHDRAWN


@pytest.mark.parametrize(("form", "allowed"), [(CompanyForm.HB, True), (CompanyForm.KB, False)])
def test_an_association_is_no_general_partner(credit: CreditWorld, form: CompanyForm, allowed: bool) -> None:
    """G5: lag 1980:1102, 3 kap. 2 §: a foundation or a non-profit association cannot be komplementär of a KB."""
    agreement = credit.grant(company_form=form, guarantors=())
    told: dict[str, Any] = {
        "number": "8029990002",
        "name": "Föreningen",
        "entered_on": date(2020, 1, 1),
        "evidence": "Näringslivsregistret",
        "caller": FIRST,
    }
    if allowed:
        assert Partners(credit.runtime).record(agreement.id, **told).name == "Föreningen"
        return
    with pytest.raises(InvalidInput) as refused:
        Partners(credit.runtime).record(agreement.id, **told)
    assert [(error.pointer, error.rule) for error in refused.value.errors] == [("/number", "G5")]


def test_what_two_have_read_stands_when_a_guarantor_is_replaced(credit: CreditWorld) -> None:
    """S2: the registration need not be read anew for the agreement that takes the place of one that was given up."""
    agreement = credit.grant(signing_rule=UNCHECKED)
    both = SigningRule.jointly((PEOPLE[0], PEOPLE[2]), source=RuleSource.STAFF)
    with credit.runtime.database.transaction() as session:
        assert checked_rule_given_up(session, credit.runtime, agreement.application_id) is None
    entered = rules(credit).propose(agreement.id, both, evidence="Registreringsbevis", caller=FIRST)
    assert entered.change_id is not None
    rules(credit).approve(entered.change_id, caller=SECOND)
    erik = credit.guarantee_of(agreement.id, ERIK)
    GuaranteeInvitations(credit.runtime).decline(erik.id, reason="Nej.", tell=False, caller=credit.person(ERIK))
    with credit.runtime.database.transaction() as session:
        give_up_for_another_guarantor(
            session,
            credit.runtime,
            agreement.application_id,
            declined_index=erik.person_index,
            actor="person:test",
            at=credit.clock.now(),
        )
        stands = checked_rule_given_up(session, credit.runtime, agreement.application_id)
    assert stands is not None
    assert (stands.checked, {one.person for one in stands.signatories}) == (True, {ANNA, MARIA})
