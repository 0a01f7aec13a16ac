"""Late payment on the real database: interest of what was paid late, steps charged once, rates by two persons."""

import uuid
from datetime import date
from decimal import Decimal

import pytest
import structlog

from agreements.billing.service import run_due
from agreements.credit.models import Agreement
from agreements.invoices.service import Invoices, InvoiceView
from agreements.late_payment import jobs
from agreements.late_payment.rules import NotAgreed, NotLate, ReferenceRateRefused
from agreements.late_payment.service import LatePayment, ReferenceRateFixed, ReferenceRatePending, charge
from tests.support.running import RunningWorld
from underwriting.kernel.errors import NotFound, NotPermitted
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.statutes import StatutoryValueMissing
from underwriting.kernel.vocabulary import Account, CompensationPolicy, InvoiceLineKind, LateCharge, Role
from underwriting.platform.callers import Caller
from underwriting.platform.progress import unheard

K = Money.kronor
D = date.fromisoformat
ANNA, BERTIL = (Caller(actor=f"staff:{uuid.uuid4()}", role=Role.BILLING) for _ in "ab")
JULY = D("2026-07-01")


@pytest.fixture
def late(world: RunningWorld) -> LatePayment:
    return LatePayment(world.runtime)


@pytest.fixture
def invoices(world: RunningWorld) -> Invoices:
    return Invoices(world.runtime)


def bill(world: RunningWorld, invoices: Invoices, text: str) -> None:
    world.to(text)
    on = stockholm_date(world.clock.now())
    run_due(world.runtime, on)
    invoices.issue_due(on)


def invoiced(world: RunningWorld, invoices: Invoices) -> tuple[Agreement, InvoiceView]:
    """2 400 kr of fee and 10 000 kr of principal, asked for by 30 April."""
    world.to("2026-03-02 10:00:00")
    agreement = world.running()
    bill(world, invoices, "2026-04-01 21:00:00")
    found = max(invoices.of_agreement(agreement.id), key=lambda one: one.number)
    assert (found.due_on, found.payable) == (D("2026-04-30"), K(12_400))
    return agreement, found


# --- Late interest


def test_what_is_late_bears_by_its_line_and_stands_still_when_it_is_paid(
    world: RunningWorld, invoices: Invoices, late: LatePayment
) -> None:
    """R5: 10 days on 12 400 kr at 10 %, 65.7534 on the fee's 2 400 and 27.3973 per 10 000 and day."""
    agreement, _ = invoiced(world, invoices)
    world.to("2026-05-10 10:00:00")
    found = {one.kind: one for one in late.interest(agreement.id)}
    # 2 400 * 0.10 * 10 / 365 = 6.5753; 10 000 * 0.10 * 10 / 365 = 27.3973
    assert found[InvoiceLineKind.MONTHLY_FEE].interest.amount == K("6.58")
    assert found[InvoiceLineKind.INSTALMENT].interest.amount == K("27.40")
    world.pay(agreement, K("12433.98"))  # what was asked for and what it bore
    world.to("2026-05-20 10:00:00")
    assert [one.interest.amount for one in late.interest(agreement.id)] == [K("6.58"), K("27.40")]


def test_a_part_that_is_paid_late_bears_through_its_day(
    world: RunningWorld, invoices: Invoices, late: LatePayment
) -> None:
    """R5, F8: on 10 May 33.98 kr of interest, the fee and half of the instalment, of which the other half bears on."""
    agreement, _ = invoiced(world, invoices)
    world.to("2026-05-10 10:00:00")
    world.pay(agreement, K("7433.98"))
    found = {one.kind: one for one in late.interest(agreement.id, through=D("2026-05-20"))}
    assert found[InvoiceLineKind.MONTHLY_FEE].interest.amount == K("6.58")
    assert found[InvoiceLineKind.INSTALMENT].interest.amount == K("41.10")  # 27.3973 + 13.6986
    assert [one.principal for one in found[InvoiceLineKind.INSTALMENT].interest.stretches] == [K(10_000), K(5_000)]


def test_interest_is_booked_once_and_as_a_whole_rounded_once(
    world: RunningWorld, invoices: Invoices, late: LatePayment
) -> None:
    """R5: booked by the 10th and by the 20th it is to the öre what it would be at once."""
    agreement, _ = invoiced(world, invoices)
    world.to("2026-05-20 10:00:00")
    assert late.book_interest(agreement.id, through=D("2026-05-10"), actor="staff:1") == K("33.98")
    assert late.book_interest(agreement.id, through=D("2026-05-10"), actor="staff:1") == K(0)
    assert late.book_interest(agreement.id, through=D("2026-05-20"), actor="staff:1") == K("33.96")
    # 20 days: 13.1507 and 54.7945
    assert world.balances(agreement)[Account.LATE_INTEREST_RECEIVABLE] == K("67.94")
    assert {one.booked for one in late.interest(agreement.id)} == {K("13.15"), K("54.79")}


def test_a_payment_that_is_told_of_late_takes_interest_back(
    world: RunningWorld, invoices: Invoices, late: LatePayment
) -> None:
    """R5, F6: the bank booked the money in time; what was booked of interest is reversed, not edited."""
    agreement, _ = invoiced(world, invoices)
    world.to("2026-05-10 10:00:00")
    late.book_interest(agreement.id, through=D("2026-05-10"), actor="staff:1")
    world.pay(agreement, K(12_400), on="2026-04-30")
    assert late.book_interest(agreement.id, through=D("2026-05-10"), actor="staff:1") == -K("33.98")
    assert Account.LATE_INTEREST_RECEIVABLE not in world.balances(agreement)
    assert not late.interest(agreement.id)


def test_booked_interest_is_asked_for_by_the_next_invoice(
    world: RunningWorld, invoices: Invoices, late: LatePayment
) -> None:
    """F5: with the reminder fee, after the monthly fees."""
    agreement, invoice = invoiced(world, invoices)
    bill(world, invoices, "2026-05-01 21:00:00")
    world.to("2026-05-10 10:00:00")
    late.charge(invoice.id, LateCharge.REMINDER, actor="staff:1")
    late.book_interest(agreement.id, through=D("2026-05-10"), actor="staff:1")
    bill(world, invoices, "2026-06-01 21:00:00")
    newest = max(invoices.of_agreement(agreement.id), key=lambda one: one.number)
    kinds = [line.kind for line in newest.lines]
    ours = [kind for kind in kinds if kind not in (InvoiceLineKind.MONTHLY_FEE, InvoiceLineKind.INSTALMENT)]
    assert ours == [InvoiceLineKind.REMINDER_FEE, InvoiceLineKind.LATE_INTEREST, InvoiceLineKind.LATE_INTEREST]


def test_a_missing_reference_rate_is_named_and_books_nothing(
    world: RunningWorld, invoices: Invoices, late: LatePayment
) -> None:
    """R5: 1 July 2026 has no rate until somebody enters it."""
    agreement, _ = invoiced(world, invoices)
    world.to("2026-07-02 10:00:00")
    with pytest.raises(StatutoryValueMissing) as missing:
        late.book_interest(agreement.id, through=D("2026-07-02"), actor="staff:1")
    assert "2026-07-01" in str(missing.value.detail)
    assert Account.LATE_INTEREST_RECEIVABLE not in world.balances(agreement)


# --- What it costs


def test_each_step_is_charged_once_for_a_late_invoice(
    world: RunningWorld, invoices: Invoices, late: LatePayment
) -> None:
    """R4: 60 kr and 180 kr; not before the invoice is late, and never twice."""
    agreement, invoice = invoiced(world, invoices)
    world.to("2026-04-30 10:00:00")
    with pytest.raises(NotLate):
        late.charge(invoice.id, LateCharge.REMINDER, actor="staff:1")
    world.to("2026-05-08 10:00:00")
    first = late.charge(invoice.id, LateCharge.REMINDER, actor="staff:1")
    assert (first.amount, first.charged_on) == (K(60), D("2026-05-08"))
    world.to("2026-05-20 10:00:00")
    assert late.charge(invoice.id, LateCharge.REMINDER, actor="staff:2") == first
    assert late.charge(invoice.id, LateCharge.DEMAND, actor="staff:1").amount == K(180)
    assert world.balances(agreement)[Account.COLLECTION_COST_RECEIVABLE] == K(240)
    with pytest.raises(NotAgreed):
        late.charge(invoice.id, LateCharge.COMPENSATION, actor="staff:1")
    with pytest.raises(NotFound):
        late.charge(uuid.uuid4(), LateCharge.REMINDER, actor="staff:1")


def test_a_paid_invoice_costs_nothing_more(world: RunningWorld, invoices: Invoices, late: LatePayment) -> None:
    """R4: what was paid late, with its 8 days of interest, is not reminded of."""
    agreement, invoice = invoiced(world, invoices)
    world.to("2026-05-08 10:00:00")
    world.pay(agreement, K("12427.18"))  # 2 400 bore 5.26, and 10 000 bore 21.92
    with pytest.raises(NotLate):
        late.charge(invoice.id, LateCharge.REMINDER, actor="staff:1")


def test_a_reminder_is_charged_only_where_the_terms_have_it(
    world: RunningWorld, invoices: Invoices, late: LatePayment
) -> None:
    """R4: agreed at the latest when the debt arose."""
    agreement, invoice = invoiced(world, invoices)
    with world.runtime.database.transaction() as session:
        row = session.get(Agreement, agreement.id)
        assert row is not None
        row.terms_version = "v0"
    world.to("2026-05-08 10:00:00")
    with pytest.raises(NotAgreed):
        late.charge(invoice.id, LateCharge.REMINDER, actor="staff:1")
    assert late.charge(invoice.id, LateCharge.DEMAND, actor="staff:1").amount == K(180)


def test_with_compensation_the_steps_are_owed_only_above_it(
    world: RunningWorld, invoices: Invoices, late: LatePayment
) -> None:
    """R4: 450 kr with the first step, and nothing more for 60 and 180."""
    agreement, invoice = invoiced(world, invoices)
    world.to("2026-05-08 10:00:00")
    with world.runtime.database.transaction() as session:
        for kind in (LateCharge.REMINDER, LateCharge.DEMAND):
            at = world.clock.now()
            policy = CompensationPolicy.FEE_INVOICES
            charge(session, invoice.id, kind, policy=policy, actor="staff:1", on=D("2026-05-08"), at=at)
    assert {one.kind: one.amount for one in late.charges(invoice.id)} == {
        LateCharge.COMPENSATION: K(450),
        LateCharge.REMINDER: K(0),
        LateCharge.DEMAND: K(0),
    }
    assert world.balances(agreement)[Account.COLLECTION_COST_RECEIVABLE] == K(450)


# --- Reference rates


def test_one_proposes_a_rate_and_another_confirms_it(world: RunningWorld, late: LatePayment) -> None:
    """R5: it holds once two persons stand for it."""
    world.to("2026-07-01 08:00:00")
    asked = late.propose_rate(JULY, Decimal("0.02"), source="Riksbanken 2026-06-30", reason=None, caller=ANNA)
    assert asked.id is not None
    assert not asked.holds
    again = late.propose_rate(JULY, Decimal("0.02"), source="Riksbanken 2026-06-30", reason=None, caller=ANNA)
    assert again.id == asked.id
    with pytest.raises(ReferenceRatePending):
        late.propose_rate(JULY, Decimal("0.025"), source="Riksbanken", reason=None, caller=BERTIL)
    assert late.next_rate().since == JULY
    with pytest.raises(NotPermitted):
        late.confirm_rate(asked.id, caller=ANNA)
    assert late.confirm_rate(asked.id, caller=BERTIL).holds
    with pytest.raises(NotFound):
        late.confirm_rate(asked.id, caller=BERTIL)
    assert late.next_rate().since == D("2027-01-01")


def test_a_rate_that_holds_is_corrected_by_another_with_a_reason(world: RunningWorld, late: LatePayment) -> None:
    """R5: nothing is edited; the newest reading holds and the earlier stays."""
    world.to("2026-07-01 08:00:00")
    january = D("2026-01-01")
    with pytest.raises(ReferenceRateFixed):
        late.propose_rate(january, Decimal("0.025"), source="Riksbanken", reason=None, caller=ANNA)
    asked = late.propose_rate(january, Decimal("0.025"), source="Riksbanken", reason="Läst fel", caller=ANNA)
    assert asked.id is not None
    late.confirm_rate(asked.id, caller=BERTIL)
    readings = [(one.rate, one.holds) for one in late.rates() if one.since == january]
    assert readings == [(Decimal("0.0250"), True), (Decimal("0.02"), False)]


def test_a_rejected_rate_makes_room_for_another(world: RunningWorld, late: LatePayment) -> None:
    """R5: its own author may take it back."""
    world.to("2026-07-01 08:00:00")
    asked = late.propose_rate(JULY, Decimal("0.02"), source="Riksbanken", reason=None, caller=ANNA)
    assert asked.id is not None
    late.reject_rate(asked.id, caller=ANNA)
    late.propose_rate(JULY, Decimal("0.025"), source="Riksbanken", reason=None, caller=ANNA)


def test_what_is_no_rate_or_lies_too_far_ahead_is_refused(world: RunningWorld, late: LatePayment) -> None:
    """R5: half-years and half points, at most a month before."""
    world.to("2026-05-30 08:00:00")
    with pytest.raises(ReferenceRateFixed):
        late.propose_rate(JULY, Decimal("0.02"), source="Riksbanken", reason=None, caller=ANNA)
    with pytest.raises(ReferenceRateRefused):
        late.propose_rate(D("2026-06-01"), Decimal("0.02"), source="Riksbanken", reason=None, caller=ANNA)


def test_some_weeks_before_it_is_needed_the_job_says_which_rate_is_missing(
    world: RunningWorld, late: LatePayment
) -> None:
    """R5: four weeks before the half-year begins, and in the job's own line each day."""
    (job,) = jobs.daily(late)
    with structlog.testing.capture_logs() as logs:
        assert job.run(D("2026-06-02"), unheard) == {"missing_from": "2026-07-01", "days_left": 29}
        assert not logs
        assert job.run(D("2026-06-03"), unheard) == {"missing_from": "2026-07-01", "days_left": 28}
    assert [(one["event"], one["since"]) for one in logs] == [("reference_rate_missing", "2026-07-01")]
