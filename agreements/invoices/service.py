"""Invoices: issued, sent, shown, credited, given to the printer; how a borrower gets them; statements of account."""

import uuid
from dataclasses import dataclass
from datetime import date

from agreements.credit.service import get_agreement, lock_agreement
from agreements.credit.services.keep_agreement import choose_invoice_delivery
from agreements.documents import service as documents
from agreements.documents import typesetting
from agreements.documents.rules import DocumentKind
from agreements.invoices.rules import PAPER_INVOICE
from agreements.invoices.services import print_batches
from agreements.invoices.services.credit_lines import credit_paper_fee, credit_taken_back
from agreements.invoices.services.issue_invoices import (
    InvoiceRunView,
    Issued,
    PeriodNotOpen,
    begin,
    invoice_runs,
    issue_begun,
    issue_due,
)
from agreements.invoices.services.keep_prices import (
    PriceFixed,
    PriceView,
    paper_fee_on,
    prices_of,
    set_paper_fee,
)
from agreements.invoices.services.make_statement import Statement, StatementPeriodRefused, statement_of
from agreements.invoices.services.print_batches import PrintBatchView
from agreements.invoices.services.read_claims import (
    InvoiceClaim,
    NamedInvoice,
    asked_for,
    claims_of,
    due_days_of,
    invoice_named,
    invoices_named,
    not_invoiced,
    note_paid,
    note_paid_each,
)
from agreements.invoices.services.send_invoices import file_name, pdf_of, send_issued, values_of
from agreements.invoices.services.show_invoices import (
    InvoiceLineView,
    InvoiceView,
    get_invoice,
    invoice_view,
    invoices_of,
)
from underwriting.kernel.errors import FieldError, InvalidInput
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, stockholm_date
from underwriting.kernel.text import Language, Text
from underwriting.kernel.vocabulary import CreditReason, InvoiceDelivery
from underwriting.platform import audit_log
from underwriting.platform.progress import Progress, unheard
from underwriting.platform.runtime import Runtime

__all__ = [
    "AddressMissing",
    "DeliveryView",
    "InvoiceClaim",
    "InvoiceLineView",
    "InvoiceRunView",
    "InvoiceView",
    "Invoices",
    "Issued",
    "NamedInvoice",
    "PeriodNotOpen",
    "PriceFixed",
    "PriceView",
    "PrintBatchView",
    "Statement",
    "StatementPeriodRefused",
    "asked_for",
    "claims_of",
    "due_days_of",
    "invoice_named",
    "invoices_named",
    "not_invoiced",
    "note_paid",
    "note_paid_each",
]

_STATEMENT_EVENTS = {
    "payout": Text("Utbetalning", "Payout"),
    "monthly_fee": Text("Månadsavgift", "Monthly fee"),
    "cancellation_fee": Text("Avgift för hävning", "Cancellation fee"),
    "paper_fee": Text("Faktura på papper", "Invoice on paper"),
    "reminder_fee": Text("Påminnelseavgift", "Reminder fee"),
    "demand_fee": Text("Inkassoavgift", "Fee for a collection demand"),
    "plan_fee": Text("Avgift för avbetalningsplan", "Fee for an instalment plan"),
    "late_compensation": Text("Förseningsersättning", "Late-payment compensation"),
    "late_interest": Text("Dröjsmålsränta", "Late interest"),
    "payment": Text("Inbetalning", "Payment"),
    "allocation": Text("Tillgodohavande använt", "Credit balance used"),
    "refund": Text("Återbetalning", "Paid back"),
    "reversal": Text("Återföring", "Reversal"),
}


class AddressMissing(InvalidInput):
    """Invoices on paper need an address to go to (rule F4)."""

    slug = "invoice-address-missing"
    title = Text("En adress behövs för fakturor på papper", "An address is needed for invoices on paper")
    rule = "F4"


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """How an agreement's invoices are sent, and what one on paper costs today."""

    delivery: InvoiceDelivery
    paper_fee: Money


@dataclass(frozen=True)
class Invoices:
    """What is done with invoices; who may is said by whoever calls."""

    runtime: Runtime

    def begin(self, period: Month) -> InvoiceRunView:
        """Begin the run of invoices for *period*, which workers then issue; PeriodNotOpen. How far it is."""
        begin(self.runtime, period)
        return next(run for run in self.runs() if run.period == period)

    def issue_begun(self) -> int:
        """Issue what is left of a run that was begun; how many invoices."""
        return issue_begun(self.runtime)

    def issue_due(self, on: date, *, progress: Progress = unheard) -> Issued | None:
        """Credit what was taken back, and issue the invoices for the month of *on*, where they can be."""
        credit_taken_back(self.runtime, progress=progress)
        return issue_due(self.runtime, on, progress=progress)

    def send_issued(self) -> int:
        """Make PDFs of what was issued and send it; how much."""
        return send_issued(self.runtime)

    def runs(self) -> tuple[InvoiceRunView, ...]:
        """The months for which invoices were issued, newest first."""
        with self.runtime.database.transaction() as session:
            return invoice_runs(session)

    def of_agreement(self, agreement_id: uuid.UUID) -> tuple[InvoiceView, ...]:
        """The agreement's invoices and credit notes, newest first."""
        with self.runtime.database.transaction() as session:
            return invoices_of(session, agreement_id)

    def show(self, invoice_id: uuid.UUID) -> InvoiceView:
        """One of them; NotFound."""
        with self.runtime.database.transaction() as session:
            return invoice_view(session, get_invoice(session, invoice_id))

    def pdf(self, invoice_id: uuid.UUID) -> tuple[str, bytes]:
        """Its PDF and how the file is called; NotFound."""
        with self.runtime.database.transaction() as session:
            invoice = get_invoice(session, invoice_id)
            return file_name(invoice), pdf_of(session, self.runtime, invoice)

    def credit_paper_fee(self, invoice_id: uuid.UUID, reason: CreditReason, *, actor: str) -> InvoiceView:
        """Take the fee of paper of an invoice back; the credit note. Raises NotFound, NotCreditable."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            note = credit_paper_fee(session, invoice_id, reason, actor=actor, on=stockholm_date(at), at=at)
            return invoice_view(session, note)

    def delivery(self, agreement_id: uuid.UUID) -> DeliveryView:
        """How the agreement's invoices are sent now."""
        on = stockholm_date(self.runtime.clock.now())
        with self.runtime.database.transaction() as session:
            agreement = get_agreement(session, agreement_id)
            return DeliveryView(InvoiceDelivery(agreement.invoice_delivery), paper_fee_on(session, on))

    def choose_delivery(
        self, agreement_id: uuid.UUID, delivery: InvoiceDelivery, *, address: str | None, actor: str
    ) -> DeliveryView:
        """Send the agreement's invoices so from the next one on (rule F4); AddressMissing for paper without one."""
        if delivery is InvoiceDelivery.PAPER and not address:
            detail = Text("Ange adressen", "Give the address")
            raise AddressMissing(detail, errors=(FieldError("/address", detail, "F4"),))
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement = lock_agreement(session, agreement_id)
            kept = address if delivery is InvoiceDelivery.PAPER else None
            choose_invoice_delivery(self.runtime, agreement, delivery, address=kept)
            data = {"delivery": str(delivery)}
            subject = f"agreement:{agreement_id}"
            audit_log.append(session, subject, "invoice.delivery_chosen", actor=actor, at=at, data=data)
        return self.delivery(agreement_id)

    def paper_fees(self) -> tuple[PriceView, ...]:
        """What an invoice on paper has cost and will cost, the oldest price first."""
        with self.runtime.database.transaction() as session:
            return tuple(PriceView(*one) for one in prices_of(session, PAPER_INVOICE).items())

    def set_paper_fee(self, amount: Money, *, since: date, actor: str) -> PriceView:
        """Let an invoice on paper cost *amount* from a day that lies ahead; PriceFixed."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            set_paper_fee(session, amount, since=since, actor=actor, on=stockholm_date(at), at=at)
        return PriceView(since, amount)

    def statement(self, agreement_id: uuid.UUID, *, first: date | None, last: date | None) -> Statement:
        """What was owed and what happened from *first* to *last*: this year until today where they are not said."""
        last = last or stockholm_date(self.runtime.clock.now())
        with self.runtime.database.transaction() as session:
            agreement = get_agreement(session, agreement_id)
            return statement_of(session, agreement, first=first or last.replace(month=1, day=1), last=last)

    def statement_pdf(self, agreement_id: uuid.UUID, statement: Statement, language: Language) -> bytes:
        """The statement as a PDF; it is not kept."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            values = values_of(self.runtime, get_agreement(session, agreement_id)) | {
                "first": statement.first,
                "last": statement.last,
                "made_at": at,
                "opening": statement.opening,
                "closing": statement.closing,
                "events": [
                    (line.on.isoformat(), _STATEMENT_EVENTS[line.kind], line.change, line.debt)
                    for line in statement.lines
                ],
            }
        words = documents.draft_of(DocumentKind.STATEMENT, values)
        return typesetting.typeset(words.sv if language == "sv" else words.en, at=at)

    def make_batch(self, *, actor: str) -> PrintBatchView | None:
        """Put what waits for the printer into a batch; None where nothing waits."""
        return print_batches.make_batch(self.runtime, actor=actor)

    def make_batches(self) -> int:
        """Put all that waits into batches, by itself; how many papers."""
        return print_batches.make_batches(self.runtime, actor="system")

    def batches(self, *, before: int | None = None, limit: int = 50) -> tuple[PrintBatchView, ...]:
        """The batches for the printer, newest first."""
        with self.runtime.database.transaction() as session:
            return print_batches.batches(session, before=before, limit=limit)

    def batch_file(self, batch_id: uuid.UUID) -> bytes:
        """The archive for the printer; NotFound."""
        with self.runtime.database.transaction() as session:
            return print_batches.batch_file(session, self.runtime, batch_id)
