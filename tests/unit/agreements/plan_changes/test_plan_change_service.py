"""A change of a plan on the real database: what is charged, explained, invoiced and redeemed before and after it."""

import uuid
from collections.abc import Callable
from datetime import date, datetime

import pytest
import sqlalchemy as sa

from agreements.billing import service as billing
from agreements.credit.models import Agreement, PlannedInstalment
from agreements.invoices.models import InvoiceLine
from agreements.invoices.services.issue_invoices import issue_period
from agreements.plan_changes.models import PlanChange
from agreements.plan_changes.rules import AskedPlan, PlanChangeNotPending, PlanChangePending, PlanChangeRefused
from agreements.plan_changes.service import PlanChanges
from agreements.plan_changes.services.show_change import PlanChangeView
from agreements.signing.models import Signing
from tests.conftest import LONG
from tests.support.at_once import at_once
from tests.support.credit import ANNA, ERIK
from tests.support.running import FEE, LIMIT, PART, RunningWorld
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM, Month
from underwriting.kernel.vocabulary import PlanChangeState, RepaymentPlan, SigningPurpose, SigningState

ROUNDS = 20 if LONG else 2
K = Money.kronor
AT_TERM, STRAIGHT = RepaymentPlan.AT_TERM, RepaymentPlan.STRAIGHT
COMPANY, GUARANTOR = SigningPurpose.PLAN_CHANGE, SigningPurpose.PLAN_CHANGE_CONSENT
STAFF = "staff:1"


@pytest.fixture
def agreement(world: RunningWorld) -> Agreement:
    """120 000 kr in twelve parts of 10 000 from the end of April on, paid out on Monday 2 March 2026."""
    world.to("2026-03-02 10:00:00")
    return world.running()


def propose(world: RunningWorld, agreement: Agreement, plan: RepaymentPlan, term: int, month: Month) -> PlanChangeView:
    return PlanChanges(world.runtime).propose(agreement.id, AskedPlan(plan, term, month), actor=STAFF)


def signed_by(
    world: RunningWorld, change_id: uuid.UUID, purpose: SigningPurpose, person: PersonalNumber, at: datetime
) -> None:
    """Hand over what is left of a completed order; what becomes of the order itself, the API's tests look at."""
    cipher = world.runtime.cipher
    row = Signing(
        purpose=str(purpose),
        subject_id=change_id,
        person_index=cipher.blind_index(person.digits),
        person_encrypted=b"-",
        state=str(SigningState.COMPLETE),
        secret_hash=b"-",
        order_ref_encrypted=b"-",
        auto_start_token_encrypted=b"-",
        qr_start_token="-",
        qr_start_secret_encrypted=b"-",
        visible_text_encrypted=b"-",
        started_at=at,
        collect_after=at,
        completed_at=at,
        evidence_encrypted=b"-",
    )
    with world.runtime.database.transaction() as session:
        session.add(row)
        session.flush()
        PlanChanges(world.runtime).signature_received(session, row, at)


def sign_all(world: RunningWorld, change: PlanChangeView) -> None:
    for purpose, person in ((COMPANY, ANNA), (GUARANTOR, ERIK)):
        signed_by(world, change.id, purpose, person, world.clock.now())


def plan_of(world: RunningWorld, agreement: Agreement) -> dict[date, Money]:
    with world.runtime.database.transaction() as session:
        return {part.due_on: part.amount for part in billing.instalments_of(session, agreement.id)}


def explained(world: RunningWorld, agreement: Agreement, month: Month) -> billing.ExplainedFee:
    with world.runtime.database.transaction() as session:
        return billing.explain(session, world.now(agreement), month)


def charged(world: RunningWorld, agreement: Agreement) -> dict[Month, Money]:
    with world.runtime.database.transaction() as session:
        return {fee.month: fee.fee for fee in billing.fees_of(session, agreement.id)}


def charge(world: RunningWorld, *months: Month) -> None:
    for month in months:
        following = month.next()
        world.to(f"{following}-04 20:00:00")
        billing.charge_month(world.runtime, month)


def asked_for(world: RunningWorld, agreement: Agreement) -> dict[date, Money]:
    """The instalments that invoices ask for, by their due day in the plan."""
    with world.runtime.database.transaction() as session:
        lines = session.scalars(
            sa.select(InvoiceLine).where(InvoiceLine.agreement_id == agreement.id, InvoiceLine.kind == "instalment")
        )
        return {line.arose_on: Money(line.amount_ore) for line in lines}


def test_past_fees_are_explained_as_before_and_later_ones_follow_the_new_plan(
    world: RunningWorld, agreement: Agreement
) -> None:
    """G7: and F10: March 2 400, April 2 400, May 2 200 (April's part is due); from June on 100 000 at term cost 2 000.

    The basis of May is 110 000, that of June 100 000. By the old plan July would have been 1 800.
    """
    march, april, may, june, july = (Month(2026, number) for number in range(3, 8))
    charge(world, march, april)
    world.to("2026-05-12 10:00:00")
    sign_all(world, propose(world, agreement, AT_TERM, 12, june))
    told = {month: explained(world, agreement, month) for month in (march, april)}
    charge(world, may, june, july)
    assert charged(world, agreement) == {march: FEE, april: FEE, may: K(2_200), june: K(2_000), july: K(2_000)}
    assert {month: explained(world, agreement, month) for month in (march, april)} == told
    assert explained(world, agreement, july).due_before == K(20_000)
    world.to("2026-09-01 20:00:00")
    billing.charge_month(world.runtime, may)  # once more: nothing is corrected
    assert charged(world, agreement)[may] == K(2_200)


def test_invoices_ask_for_what_was_left_and_then_for_the_new_plan(world: RunningWorld, agreement: Agreement) -> None:
    """G7: April's part is invoiced and stays; May's to the end of the term come together in the last month."""
    charge(world, Month(2026, 3))
    issue_period(world.runtime, Month(2026, 4))
    assert asked_for(world, agreement) == {date(2026, 4, 30): PART}
    world.to("2026-04-20 10:00:00")
    sign_all(world, propose(world, agreement, AT_TERM, 6, Month(2026, 5)))
    assert plan_of(world, agreement) == {date(2026, 4, 30): PART, date(2026, 9, 30): K(110_000)}
    charge(world, Month(2026, 4))
    issue_period(world.runtime, Month(2026, 5))
    assert asked_for(world, agreement) == {date(2026, 4, 30): PART}
    charge(world, *(Month(2026, number) for number in range(5, 9)))
    issue_period(world.runtime, Month(2026, 9))
    assert asked_for(world, agreement) == plan_of(world, agreement)


def test_redeeming_costs_the_principal_that_is_left_whatever_the_plan(
    world: RunningWorld, agreement: Agreement
) -> None:
    """G7: and F3: on 20 April 120 000, the fees of March and April: 124 800; the change moves no krona of it."""
    world.to("2026-04-01 20:00:00")
    billing.charge_month(world.runtime, Month(2026, 3))
    world.to("2026-04-20 10:00:00")
    before = world.redemptions.quote(agreement.id, date(2026, 4, 20))
    balances = world.balances(agreement)
    sign_all(world, propose(world, agreement, STRAIGHT, 24, Month(2026, 5)))
    after = world.redemptions.quote(agreement.id, date(2026, 4, 20))
    assert (before, after.total) == (after, K(124_800))
    assert world.balances(agreement) == balances
    assert Money.sum(plan_of(world, agreement).values()) == LIMIT


def test_overdue_principal_is_never_moved(world: RunningWorld, agreement: Agreement) -> None:
    """G7: April's part is due and not paid; it stays due, and late, though the rest is put off."""
    world.to("2026-05-12 10:00:00")
    sign_all(world, propose(world, agreement, AT_TERM, 36, Month(2026, 7)))
    shown = plan_of(world, agreement)
    assert {day: shown[day] for day in shown if day < date(2026, 7, 1)} == {
        date(2026, 4, 30): PART,
        date(2026, 5, 29): PART,
        date(2026, 6, 30): PART,
    }
    assert shown[max(shown)] == K(90_000)


def test_a_later_drawdown_is_repaid_by_the_plan_that_applies_then(world: RunningWorld) -> None:
    """G7: and P1: 60 000 of 120 000 drawn first; the rest, booked after the change, is due at the new term too."""
    world.to("2026-03-02 10:00:00")
    agreement = world.running(asked=K(60_000))
    sign_all(world, propose(world, agreement, AT_TERM, 18, Month(2026, 4)))
    world.to("2026-03-05 10:00:00")
    world.payouts.request_drawdown(agreement.id, K(60_000), actor="person:anna")
    world.work()
    with world.runtime.database.transaction() as session:
        parts = session.scalars(sa.select(PlannedInstalment).where(PlannedInstalment.agreement_id == agreement.id))
        assert [(part.number, part.amount_ore) for part in parts] == [(18, 60_000_00)] * 2


def test_what_an_invoice_asks_for_already_is_not_moved(world: RunningWorld, agreement: Agreement) -> None:
    """G7: a run whose clock was ahead has invoiced May's part before the last one signed: that signature is refused."""
    world.to("2026-04-20 10:00:00")
    change = propose(world, agreement, AT_TERM, 12, Month(2026, 5))
    signed_by(world, change.id, COMPANY, ANNA, world.clock.now())
    before = plan_of(world, agreement)
    charge(world, Month(2026, 3), Month(2026, 4))
    issue_period(world.runtime, Month(2026, 5))
    with pytest.raises(PlanChangeNotPending):
        signed_by(world, change.id, GUARANTOR, ERIK, datetime(2026, 4, 30, 23, 59, tzinfo=STOCKHOLM))
    assert plan_of(world, agreement) == before
    assert PlanChanges(world.runtime).lapse_unsigned() == 1


def test_what_was_to_be_changed_may_end_meanwhile(world: RunningWorld, agreement: Agreement) -> None:
    """G7: and F3: redeemed before everybody has signed, the agreement is over; the change lapses without a letter."""
    world.to("2026-03-16 10:00:00")
    change = propose(world, agreement, AT_TERM, 12, Month(2026, 5))
    signed_by(world, change.id, COMPANY, ANNA, world.clock.now())
    world.redemptions.request(agreement.id, date(2026, 3, 16), actor="person:anna")
    world.pay(agreement, LIMIT + FEE)
    with pytest.raises(PlanChangeRefused):
        signed_by(world, change.id, GUARANTOR, ERIK, world.clock.now())
    world.to("2026-04-01 00:15:00")
    assert PlanChanges(world.runtime).lapse_unsigned() == 1
    assert world.letters("plan-change-lapsed") == []


def test_a_released_guarantor_is_not_waited_for(world: RunningWorld, agreement: Agreement) -> None:
    """G7: and G4: whom nothing binds any more has nothing to sign; the company's own signature is the last then."""
    change = propose(world, agreement, AT_TERM, 12, Month(2026, 5))
    with world.runtime.database.transaction() as session:
        session.execute(sa.text("UPDATE guarantee SET state = 'released', ended_at = signed_at"))
    signed_by(world, change.id, COMPANY, ANNA, world.clock.now())
    (shown,) = PlanChanges(world.runtime).of_agreement(agreement.id)
    assert shown.state is PlanChangeState.IN_EFFECT


def test_of_two_proposals_at_once_one_waits(committed_world: RunningWorld) -> None:
    """G7: the second reads that another one waits."""
    world = committed_world
    world.to("2026-03-02 10:00:00")
    agreement = world.running()

    def proposing(term: int) -> Callable[[], object]:
        return lambda: propose(world, agreement, AT_TERM, term, Month(2026, 5))

    for _ in range(ROUNDS):
        found = at_once(proposing(12), proposing(24), proposing(36))
        assert sum(isinstance(one, PlanChangePending) for one in found) == 2
        (winner,) = [one for one in found if isinstance(one, PlanChangeView)]
        PlanChanges(world.runtime).withdraw(winner.id, actor=STAFF)


def test_of_the_last_signature_and_the_invoices_at_once_the_plan_and_what_is_asked_for_agree(
    committed_world: RunningWorld,
) -> None:
    """G7: and F5: invoiced first, the signature is refused; signed first, the invoice asks by the new plan."""
    world = committed_world
    last_moment = datetime(2026, 4, 30, 23, 59, tzinfo=STOCKHOLM)
    for _ in range(ROUNDS):
        world.to("2026-03-02 10:00:00")
        agreement = world.running()
        world.to("2026-04-20 10:00:00")
        change = propose(world, agreement, STRAIGHT, 8, Month(2026, 5))
        signed_by(world, change.id, COMPANY, ANNA, world.clock.now())
        charge(world, Month(2026, 3), Month(2026, 4))

        def sign(change_id: uuid.UUID = change.id) -> None:
            signed_by(world, change_id, GUARANTOR, ERIK, last_moment)

        signed, _ = at_once(sign, lambda: issue_period(world.runtime, Month(2026, 5)))
        plan, invoiced = plan_of(world, agreement), asked_for(world, agreement)
        assert {due_on: plan[due_on] for due_on in invoiced} == invoiced
        assert Money.sum(plan.values()) == LIMIT
        assert len(plan) == (12 if isinstance(signed, PlanChangeNotPending) else 8)
        with world.runtime.database.transaction() as session:
            session.execute(sa.delete(PlanChange).where(PlanChange.state == "pending"))
