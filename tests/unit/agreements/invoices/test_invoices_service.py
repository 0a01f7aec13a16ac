"""Invoices on the real database: one per agreement and month, sent once, paid by the ledger, credited and printed."""

import csv
import io
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from agreements.billing.service import run_due
from agreements.credit.models import Agreement
from agreements.credit.service import details_of, get_agreement, lock_agreement
from agreements.invoices import jobs
from agreements.invoices.models import Invoice
from agreements.invoices.rules import NotCreditable
from agreements.invoices.service import (
    AddressMissing,
    Invoices,
    InvoiceView,
    PeriodNotOpen,
    PriceFixed,
    StatementPeriodRefused,
    claims_of,
    note_paid,
)
from agreements.ledger import service as ledger
from agreements.ledger.rules import Line, incoming_payment
from tests.support.running import FEE, PART, RunningWorld
from underwriting.kernel.identifiers import is_ocr_number
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, stockholm_date
from underwriting.kernel.vocabulary import (
    Account,
    CreditReason,
    InvoiceDelivery,
    InvoiceKind,
    InvoiceLineKind,
    InvoiceState,
    RequestChannel,
)
from underwriting.platform import outbox
from underwriting.platform.progress import unheard

MARCH, APRIL, MAY = Month(2026, 3), Month(2026, 4), Month(2026, 5)
ADDRESS = "Storgatan 1, 111 11 Stockholm"
PAPER = Money.kronor(59)


@pytest.fixture
def invoices(world: RunningWorld) -> Invoices:
    return Invoices(world.runtime)


def paid_out(world: RunningWorld, text: str = "2026-03-02 10:00:00", **changes: object) -> Agreement:
    """120 000 kr at 2 400 kr a month and twelve parts of 10 000 kr, the first due on 31 March."""
    world.to(text)
    return world.running(**changes)


def bill(world: RunningWorld, invoices: Invoices, text: str) -> int:
    """What the evening's jobs do on a day: fees, invoices, letters; how many were issued."""
    world.to(text)
    on = stockholm_date(world.clock.now())
    run_due(world.runtime, on)
    issued = invoices.issue_due(on)
    invoices.send_issued()
    return issued.count if issued else 0


def only(invoices: Invoices, agreement: Agreement) -> InvoiceView:
    (found,) = invoices.of_agreement(agreement.id)
    return found


def lines(view: InvoiceView) -> list[tuple[InvoiceLineKind, Money]]:
    return [(line.kind, line.amount) for line in view.lines]


@contextmanager
def chunks_of(monkeypatch: pytest.MonkeyPatch, size: int) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr("agreements.invoices.services.issue_invoices.AGREEMENTS_AT_ONCE", size)
        yield


# --- Issuing


def test_april_asks_for_the_fee_of_march_and_the_instalment_of_april(world: RunningWorld, invoices: Invoices) -> None:
    """F5: number, period, lines, due date on a banking day, OCR."""
    agreement = paid_out(world)
    assert bill(world, invoices, "2026-04-01 21:00:00") == 1
    view = only(invoices, agreement)
    assert (view.number, view.period, view.kind) == (202600000001, APRIL, InvoiceKind.INVOICE)
    # paid out on 2 March: the first month ends on 1 April, and so the first part falls due on 30 April
    assert lines(view) == [(InvoiceLineKind.MONTHLY_FEE, FEE), (InvoiceLineKind.INSTALMENT, PART)]
    assert (view.issued_on, view.due_on) == (date(2026, 4, 1), date(2026, 4, 30))
    assert view.payable == FEE + PART == view.open
    assert view.ocr == "20260000000147"
    assert is_ocr_number(view.ocr)
    assert view.state is InvoiceState.OPEN


def test_nothing_is_issued_before_the_fees_of_the_month_before_are_charged(
    world: RunningWorld, invoices: Invoices
) -> None:
    """F5: nor for a month that has not begun."""
    paid_out(world)
    world.to("2026-04-01 21:00:00")
    assert invoices.issue_due(date(2026, 4, 1)) is None
    run_due(world.runtime, date(2026, 4, 1))
    for period in (MARCH, MAY):
        with pytest.raises(PeriodNotOpen):
            invoices.begin(period)
    assert invoices.begin(APRIL).issued_count == 0
    assert invoices.issue_begun() == 1  # a worker goes on with it
    assert invoices.issue_begun() == 0
    assert invoices.begin(APRIL).issued_count == 1


def test_a_second_run_issues_nothing(world: RunningWorld, invoices: Invoices) -> None:
    """F5: exactly one invoice per agreement and period."""
    agreement = paid_out(world)
    assert bill(world, invoices, "2026-04-01 21:00:00") == 1
    for text in ("2026-04-01 21:05:00", "2026-04-02 21:00:00", "2026-04-30 21:00:00"):
        assert bill(world, invoices, text) == 0
    (run,) = invoices.runs()
    assert (run.issued_count, run.issued, run.chunks, run.chunks_done) == (1, FEE + PART, 1, 1)
    assert only(invoices, agreement).period == APRIL


def test_the_constraint_refuses_a_second_invoice_for_the_month(world: RunningWorld, invoices: Invoices) -> None:
    """F5: whatever a program does."""
    paid_out(world)
    bill(world, invoices, "2026-04-01 21:00:00")
    copy = sa.text("""
        INSERT INTO invoice (agreement_id, kind, number, ocr, period, issued_on, issued_at, due_on, delivery, total_ore,
            rounding_ore, payable_ore, balance_ore)
        SELECT agreement_id, kind, number + 1, ocr || '1', period, issued_on, issued_at, due_on, delivery, total_ore,
            rounding_ore, payable_ore, balance_ore FROM invoice
    """)
    with pytest.raises(IntegrityError, match="uq_invoice_period"), world.runtime.database.transaction() as session:
        session.execute(copy)


def test_numbers_have_no_gaps_across_chunks_and_credit_notes(
    world: RunningWorld, invoices: Invoices, monkeypatch: pytest.MonkeyPatch
) -> None:
    """F5: one series, taken in the transaction that issues."""
    agreements = [paid_out(world) for _ in range(3)]
    with chunks_of(monkeypatch, 2):
        assert bill(world, invoices, "2026-04-01 21:00:00") == 3
    (run,) = invoices.runs()
    assert (run.chunks, run.chunks_done) == (2, 2)
    numbers = sorted(only(invoices, one).number for one in agreements)
    assert numbers == [202600000001, 202600000002, 202600000003]


def test_each_charge_and_instalment_is_asked_for_once(world: RunningWorld, invoices: Invoices) -> None:
    """F5: the next month asks for the next fee and the next part."""
    agreement = paid_out(world)
    bill(world, invoices, "2026-04-01 21:00:00")
    world.pay(agreement, FEE + PART, on="2026-04-30")
    assert bill(world, invoices, "2026-05-04 21:00:00") == 1
    may, april = invoices.of_agreement(agreement.id)
    assert may.period == MAY
    assert [line.arose_on for line in may.lines] == [date(2026, 4, 30), date(2026, 5, 29)]
    assert may.payable == FEE + PART  # April's basis is March's: the part fell due on April's last day
    assert april.payable == FEE + PART


def test_whoever_is_paid_out_after_the_months_run_is_found_later_in_the_month(
    world: RunningWorld, invoices: Invoices
) -> None:
    """F5: a first payout on the 1st has its first part due the same month."""
    paid_out(world)
    bill(world, invoices, "2026-04-01 20:00:00")
    late = paid_out(world, "2026-04-01 22:00:00")
    assert bill(world, invoices, "2026-04-02 21:00:00") == 1
    view = only(invoices, late)
    assert lines(view) == [(InvoiceLineKind.INSTALMENT, PART)]
    assert view.due_on == date(2026, 4, 30)


def test_öre_wait_for_the_next_invoice(world: RunningWorld, invoices: Invoices) -> None:
    """F5: 100 000 kr in twelve parts is 8 333,34 four times and then 8 333,33; every sum to pay is in whole kronor."""
    agreement = paid_out(world, limit=Money.kronor(100_000), term_months=12)
    asked = []
    for text in ("2026-04-01 21:00:00", "2026-05-04 21:00:00", "2026-06-01 21:00:00"):
        bill(world, invoices, text)
        view = invoices.of_agreement(agreement.id)[0]
        asked.append(view.payable)
        world.pay(agreement, view.payable, on=str(view.due_on))
    fees = [Money.kronor(2000), Money.kronor(2000), Money.kronor("1833")]
    # 8 333,34 is 8 333 and 0,34 left; 8 333,68 is 8 334, 0,32 too much; 8 333,02 is 8 333
    assert asked[0] - fees[0] == Money.kronor(8333)
    assert asked[1].ore % 100 == 0
    views = invoices.of_agreement(agreement.id)
    assert [view.state for view in views] == [InvoiceState.PAID] * 3
    total = Money.sum(line.amount for view in views for line in view.lines)
    assert abs((Money.sum(asked) - total).ore) <= 50


# --- What is left to pay


def test_a_payment_by_the_invoices_reference_pays_it(world: RunningWorld, invoices: Invoices) -> None:
    """F7: found by OCR; what is open follows from the ledger."""
    agreement = paid_out(world)
    bill(world, invoices, "2026-04-01 21:00:00")
    view = only(invoices, agreement)
    assert view.ocr is not None
    world.payments.read_file(world.file((view.ocr, FEE, date(2026, 4, 30))), actor="staff:1")
    part_paid = only(invoices, agreement)
    assert (part_paid.open, part_paid.state) == (PART, InvoiceState.PART_PAID)
    assert [line.open for line in part_paid.lines] == [Money.ZERO, PART]
    world.payments.read_file(world.file((view.ocr, PART, date(2026, 4, 30))), actor="staff:1")
    assert only(invoices, agreement).state is InvoiceState.PAID


def test_a_claim_that_the_payer_named_is_paid_before_an_older_one(world: RunningWorld, invoices: Invoices) -> None:
    """F8: and a payment that is reversed pays nothing."""
    agreement = paid_out(world)
    bill(world, invoices, "2026-04-01 21:00:00")
    bill(world, invoices, "2026-05-04 21:00:00")
    at = world.clock.now()
    with world.runtime.database.transaction() as session:
        claims = claims_of(session, agreement.id)
        fees = [claim for claim in claims if claim.kind is InvoiceLineKind.MONTHLY_FEE]
        assert [claim.open for claim in fees] == [FEE, FEE]
        paid = [Line(Account.BANK, Account.FEE_RECEIVABLE, FEE)]
        posting = incoming_payment(paid, payment_id="named", booked_on=date(2026, 5, 4))
        entry = ledger.post(session, agreement.id, posting, at=at)
        assert entry is not None
        note_paid(session, entry.id, {fees[1].line_id: FEE})
        after = [one.open for one in claims_of(session, agreement.id) if one.kind is InvoiceLineKind.MONTHLY_FEE]
        assert after == [FEE, Money.ZERO]
        ledger.reverse(session, entry, occurred_on=date(2026, 5, 5), at=at)
        again = [one.open for one in claims_of(session, agreement.id) if one.kind is InvoiceLineKind.MONTHLY_FEE]
        assert again == [FEE, FEE]


# --- Sending


def test_by_email_it_is_free_and_comes_as_a_pdf(world: RunningWorld, invoices: Invoices) -> None:
    """F4: PDF by e-mail free."""
    agreement = paid_out(world)
    bill(world, invoices, "2026-04-01 21:00:00")
    with world.runtime.database.transaction() as session:
        (letter,) = outbox.latest(session, world.runtime, count=1)
    assert letter.subject == "Faktura 202600000001 / Invoice 202600000001"
    assert "20260000000147" in letter.body
    (enclosed,) = letter.attachments
    name, pdf = invoices.pdf(only(invoices, agreement).id)
    assert (enclosed.name, enclosed.content) == (name, pdf) == ("faktura-202600000001.pdf", pdf)
    assert pdf.startswith(b"%PDF-")
    assert invoices.send_issued() == 0


def test_on_paper_it_costs_59_kr_and_waits_for_the_printer(world: RunningWorld, invoices: Invoices) -> None:
    """F4: on paper 59 kr per invoice; the fee is in the books and on the invoice."""
    agreement = paid_out(world)
    invoices.choose_delivery(agreement.id, InvoiceDelivery.PAPER, address=ADDRESS, actor="test")
    bill(world, invoices, "2026-04-01 21:00:00")
    view = only(invoices, agreement)
    assert view.payable == FEE + PART + PAPER
    assert world.balances(agreement)[Account.PAPER_FEE_RECEIVABLE] == PAPER
    batch = invoices.make_batch(actor="staff:1")
    assert batch is not None
    assert batch.count == 1
    assert invoices.make_batch(actor="staff:1") is None
    archive = zipfile.ZipFile(io.BytesIO(invoices.batch_file(batch.id)))
    assert archive.namelist() == ["faktura-202600000001.pdf", "innehall.csv"]
    listed = archive.read("innehall.csv").decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(listed), delimiter=";"))[1] == [
        "faktura-202600000001.pdf",
        "202600000001",
        "Exempelbolaget AB",
        ADDRESS,
    ]
    assert archive.read("faktura-202600000001.pdf") == invoices.pdf(view.id)[1]
    assert invoices.batches() == (batch,)
    world.pay(agreement, view.payable, on="2026-04-30")
    assert only(invoices, agreement).state is InvoiceState.PAID


def test_paper_needs_an_address(world: RunningWorld, invoices: Invoices) -> None:
    """F4: and e-mail forgets it."""
    agreement = paid_out(world)
    with pytest.raises(AddressMissing):
        invoices.choose_delivery(agreement.id, InvoiceDelivery.PAPER, address=None, actor="test")
    assert invoices.delivery(agreement.id).delivery is InvoiceDelivery.EMAIL
    assert invoices.delivery(agreement.id).paper_fee == PAPER


def test_what_the_application_chose_holds_from_the_first_invoice(world: RunningWorld, invoices: Invoices) -> None:
    """F4: on paper to the address that was given; without one the invoice comes by e-mail, and is free."""
    agreement = paid_out(world, invoice_delivery=InvoiceDelivery.PAPER, invoice_address=ADDRESS)
    other = world.running(application_id=uuid.uuid4(), invoice_delivery=InvoiceDelivery.PAPER)
    assert invoices.delivery(agreement.id).delivery is InvoiceDelivery.PAPER
    assert invoices.delivery(other.id).delivery is InvoiceDelivery.EMAIL
    with world.runtime.database.transaction() as session:
        assert details_of(world.runtime, get_agreement(session, agreement.id)).invoice_address == ADDRESS
        assert details_of(world.runtime, get_agreement(session, other.id)).invoice_address is None


def test_a_new_price_of_paper_holds_from_its_day(world: RunningWorld, invoices: Invoices) -> None:
    """F4: dated rows, never changed; none for today or before."""
    world.to("2026-04-01 12:00:00")
    may, dearer = date(2026, 5, 1), Money.kronor(65)
    with pytest.raises(PriceFixed):
        invoices.set_paper_fee(dearer, since=date(2026, 4, 1), actor="test")
    for _ in range(2):
        invoices.set_paper_fee(dearer, since=may, actor="test")
    with pytest.raises(PriceFixed):
        invoices.set_paper_fee(Money.kronor(66), since=may, actor="test")
    assert [(one.since, one.amount) for one in invoices.paper_fees()] == [(date(2020, 1, 1), PAPER), (may, dearer)]
    agreement = paid_out(world, "2026-04-30 10:00:00")
    invoices.choose_delivery(agreement.id, InvoiceDelivery.PAPER, address=ADDRESS, actor="test")
    bill(world, invoices, "2026-05-04 21:00:00")
    assert (InvoiceLineKind.PAPER_FEE, dearer) in lines(only(invoices, agreement))


# --- Crediting


def test_what_the_ledger_takes_back_is_credited_once(world: RunningWorld, invoices: Invoices) -> None:
    """F6: a payout on 30 March, invoiced on 1 April and cancelled on the 2nd: March's fee is taken back (C6)."""
    agreement = paid_out(world, "2026-03-30 10:00:00")
    bill(world, invoices, "2026-04-01 21:00:00")
    assert lines(only(invoices, agreement)) == [(InvoiceLineKind.MONTHLY_FEE, FEE), (InvoiceLineKind.INSTALMENT, PART)]
    world.to("2026-04-02 10:00:00")
    world.cancellations.request(agreement.id, RequestChannel.PORTAL, received_at=None, actor="test")
    world.pay(agreement, Money.kronor(121_500), on="2026-04-02")
    bill(world, invoices, "2026-04-02 21:00:00")
    note, invoice = invoices.of_agreement(agreement.id)
    assert (note.kind, note.credits, note.reason) == (InvoiceKind.CREDIT_NOTE, invoice.id, "reversed")
    assert note.number == invoice.number + 1
    assert lines(note) == [(InvoiceLineKind.MONTHLY_FEE, FEE)]
    assert [line.is_credited for line in invoice.lines] == [True, False]
    assert invoice.open == Money.ZERO  # the principal came back
    assert bill(world, invoices, "2026-04-07 21:00:00") == 0
    assert len(invoices.of_agreement(agreement.id)) == 2


def test_a_fee_of_paper_can_be_waived(world: RunningWorld, invoices: Invoices) -> None:
    """F6: a mistake is reversed, never edited; what had been paid becomes a credit balance."""
    agreement = paid_out(world)
    invoices.choose_delivery(agreement.id, InvoiceDelivery.PAPER, address=ADDRESS, actor="test")
    bill(world, invoices, "2026-04-01 21:00:00")
    invoice = only(invoices, agreement)
    world.pay(agreement, invoice.payable, on="2026-04-30")
    world.to("2026-04-30 12:00:00")
    note = invoices.credit_paper_fee(invoice.id, CreditReason.GOODWILL, actor="staff:1")
    assert (note.payable, note.reason) == (PAPER, "goodwill")
    assert world.balances(agreement)[Account.CREDIT_BALANCE] == -PAPER
    with pytest.raises(NotCreditable):
        invoices.credit_paper_fee(invoice.id, CreditReason.GOODWILL, actor="staff:1")
    assert invoices.send_issued() == 1


def test_an_invoice_without_a_fee_of_paper_has_nothing_to_waive(world: RunningWorld, invoices: Invoices) -> None:
    """F6: monthly fees are taken back where they were charged."""
    agreement = paid_out(world)
    bill(world, invoices, "2026-04-01 21:00:00")
    with pytest.raises(NotCreditable):
        invoices.credit_paper_fee(only(invoices, agreement).id, CreditReason.MISTAKE, actor="staff:1")


# --- Statements, jobs


def test_a_statement_leads_from_what_was_owed_to_what_is_owed(world: RunningWorld, invoices: Invoices) -> None:
    """F6: the lines add up to the difference."""
    agreement = paid_out(world)
    bill(world, invoices, "2026-04-01 21:00:00")
    world.pay(agreement, FEE + PART, on="2026-04-30")
    found = invoices.statement(agreement.id, first=date(2026, 3, 31), last=date(2026, 4, 30))
    assert found.opening.debt == Money.kronor(120_000)
    assert [(line.on, str(line.kind), line.change) for line in found.lines] == [
        (date(2026, 3, 31), "monthly_fee", FEE),
        (date(2026, 4, 30), "payment", -(FEE + PART)),
    ]
    assert found.closing.debt == found.lines[-1].debt == Money.kronor(110_000)
    assert invoices.statement_pdf(agreement.id, found, "sv").startswith(b"%PDF-")
    with pytest.raises(StatementPeriodRefused):
        invoices.statement(agreement.id, first=date(2026, 5, 1), last=date(2026, 4, 30))


def test_the_jobs_issue_send_and_print(world: RunningWorld, invoices: Invoices) -> None:
    """F5: in the evening, once the fees are charged."""
    agreement = paid_out(world)
    invoices.choose_delivery(agreement.id, InvoiceDelivery.PAPER, address=ADDRESS, actor="test")
    issue, batch = jobs.daily(invoices)
    _, send = jobs.continuous(invoices)
    world.to("2026-04-01 21:00:00")
    assert issue.run(date(2026, 4, 1), unheard) == {"count": 0}
    run_due(world.runtime, date(2026, 4, 1))
    assert issue.run(date(2026, 4, 1), unheard) == {"count": 1, "payable": str(FEE + PART + PAPER)}
    assert send.run() == 1
    assert batch.run(date(2026, 4, 1), unheard) == {"printed": 1}


def test_an_agreement_that_is_being_cancelled_is_passed_by(world: RunningWorld, invoices: Invoices) -> None:
    """C6: fees may be taken back; a cancellation that falls is invoiced the next time."""
    agreement = paid_out(world, "2026-03-30 10:00:00")
    world.to("2026-04-01 12:00:00")
    world.cancellations.request(agreement.id, RequestChannel.PORTAL, received_at=None, actor="test")
    assert bill(world, invoices, "2026-04-01 21:00:00") == 0
    with world.runtime.database.transaction() as session:
        lock_agreement(session, agreement.id)
        assert session.scalar(sa.select(sa.func.count()).select_from(Invoice)) == 0
