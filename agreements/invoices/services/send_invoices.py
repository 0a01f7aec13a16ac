"""What was issued is made a PDF and sent: by e-mail, free, or kept for the printer (rule F4).

A few at a time are locked, passing over those that another worker has in hand, and what became of them is written in
the same transaction: a worker that dies leaves them to be sent by somebody else, and each is sent once.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.credit.service import company_of, details_of, get_agreement, link_to, tell_borrower
from agreements.credit.services.write_documents import common_values
from agreements.documents import service as documents
from agreements.documents import typesetting
from agreements.documents.models import Document
from agreements.documents.rules import DocumentKind
from agreements.invoices import messages, rules
from agreements.invoices.models import Invoice, InvoiceLine
from agreements.invoices.services.keep_prices import paper_fee_on
from agreements.invoices.services.show_invoices import lines_of
from underwriting.kernel.event_catalogue import INVOICE_CREDITED, INVOICE_ISSUED
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.statutes import LATE_INTEREST_ADDITION, REMINDER_FEE
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CreditReason, InvoiceDelivery, InvoiceKind, InvoiceLineKind
from underwriting.kernel.wording import month_in_words
from underwriting.platform import audit_log, events
from underwriting.platform.encryption import of_application
from underwriting.platform.outbox import Attachment
from underwriting.platform.progress import Progress, unheard
from underwriting.platform.runtime import Runtime

AT_ONCE = 20
"""So many are sent in one transaction."""


def send_issued(runtime: Runtime, *, progress: Progress = unheard) -> int:
    """Send everything that was issued and not sent; how much."""
    count = 0
    while sent := _send_some(runtime):
        count += sent
        progress(count, None)
    return count


def pdf_of(session: Session, runtime: Runtime, invoice: Invoice) -> bytes:
    """The invoice's PDF, as it was sent; of one that is not sent yet, as it will be."""
    agreement = get_agreement(session, invoice.agreement_id)
    document = _found(session, agreement, invoice)
    if document is not None:
        return documents.read(runtime, document)
    lines = lines_of(session, [invoice.id])[invoice.id]
    words = documents.draft_of(_KINDS[InvoiceKind(invoice.kind)], _values(session, runtime, agreement, invoice, lines))
    return typesetting.typeset(words.sv, at=invoice.issued_at)


def file_name(invoice: Invoice) -> str:
    """How the PDF is called: `faktura-202600000001.pdf`."""
    return f"{'faktura' if invoice.kind == InvoiceKind.INVOICE else 'kreditfaktura'}-{invoice.number}.pdf"


def send(session: Session, runtime: Runtime, invoice: Invoice, lines: Sequence[InvoiceLine], *, at: datetime) -> None:
    """Make the locked *invoice* a document and send it, or leave it to the printer; tell chains and integrators."""
    agreement = get_agreement(session, invoice.agreement_id)
    document = documents.keep(
        session,
        runtime,
        subject_id=invoice.id,
        kind=_KINDS[InvoiceKind(invoice.kind)],
        recipient_index=agreement.signatory_index,
        data_subject=of_application(agreement.application_id),
        values=_values(session, runtime, agreement, invoice, lines),
        at=invoice.issued_at,
        agreement_id=agreement.id,
    )
    if invoice.delivery == InvoiceDelivery.EMAIL:
        _post(session, runtime, agreement, invoice, documents.read(runtime, document), at)
    invoice.sent_at = at
    _note(session, agreement, invoice, at)


def values_of(runtime: Runtime, agreement: Agreement) -> dict[str, object]:
    """What every paper of this feature may tell; of a sole trader no more than the date of birth (rule D7)."""
    company = company_of(runtime, agreement)
    number = company.masked if isinstance(company, PersonalNumber) else company.formatted
    return common_values(runtime, agreement) | {"company_number": number}


_KINDS: Mapping[InvoiceKind, DocumentKind] = {
    InvoiceKind.INVOICE: DocumentKind.INVOICE,
    InvoiceKind.CREDIT_NOTE: DocumentKind.CREDIT_NOTE,
}


def _send_some(runtime: Runtime) -> int:
    at = runtime.clock.now()
    with runtime.database.transaction() as session:
        query = sa.select(Invoice).where(Invoice.sent_at.is_(None)).order_by(Invoice.id).limit(AT_ONCE)
        rows = session.scalars(query.with_for_update(skip_locked=True).execution_options(populate_existing=True)).all()
        lines = lines_of(session, [row.id for row in rows])
        for row in sorted(rows, key=lambda one: (one.agreement_id, one.id)):
            send(session, runtime, row, lines[row.id], at=at)
        return len(rows)


def _found(session: Session, agreement: Agreement, invoice: Invoice) -> Document | None:
    kind = _KINDS[InvoiceKind(invoice.kind)]
    return documents.find(session, subject_id=invoice.id, kind=kind, recipient_index=agreement.signatory_index)


def _values(
    session: Session, runtime: Runtime, agreement: Agreement, invoice: Invoice, lines: Sequence[InvoiceLine]
) -> dict[str, object]:
    is_paper = invoice.delivery == InvoiceDelivery.PAPER
    values = values_of(runtime, agreement) | {
        "invoice_number": invoice.number,
        "issued_on": invoice.issued_on,
        "address": (details_of(runtime, agreement).invoice_address or "") if is_paper else "",
        "lines": [_labelled(line) for line in lines],
        "exemption": _EXEMPT,
    }
    if invoice.credits_id is not None:
        credited = session.get_one(Invoice, invoice.credits_id)
        reason = messages.REASONS[CreditReason(str(invoice.reason))]
        return values | {
            "credited_number": credited.number,
            "credited_on": credited.issued_on,
            "reason": reason,
            "total": Money(invoice.total_ore),
        }
    return values | {
        "period": month_in_words(Month.of(invoice.period)),
        "due_on": invoice.due_on,
        "rounding": Money(invoice.rounding_ore),
        "payable": Money(invoice.payable_ore),
        "balance": Money(invoice.balance_ore),
        "ocr": invoice.ocr,
        "late_points": f"{(LATE_INTEREST_ADDITION.on(invoice.issued_on) * 100).normalize():f}",
        "reminder_fee": REMINDER_FEE.on(invoice.issued_on),
        "paper_fee": paper_fee_on(session, invoice.issued_on) if is_paper else Money.ZERO,
    }


_EXEMPT = Text(
    f"undantag från mervärdesskatt enligt {rules.EXEMPTION.section} {rules.EXEMPTION.name} ({rules.EXEMPTION.number})",
    f"exempt by chapter 10, section 33 of the Value Added Tax Act ({rules.EXEMPTION.name}, {rules.EXEMPTION.number})",
)


def _labelled(line: InvoiceLine) -> tuple[Text, Money]:
    words = messages.label(InvoiceLineKind(line.kind), arose_on=line.arose_on, instalment_number=line.instalment_number)
    return words, Money(line.amount_ore)


def _post(session: Session, runtime: Runtime, agreement: Agreement, invoice: Invoice, pdf: bytes, at: datetime) -> None:
    link = f"{link_to(runtime, agreement)}#invoices"
    if invoice.due_on is not None and invoice.ocr is not None:
        letter = messages.invoice(
            number=invoice.number,
            payable=Money(invoice.payable_ore),
            due_on=invoice.due_on,
            bankgiro=runtime.settings.lender.bankgiro.formatted,
            ocr=invoice.ocr,
            link=link,
        )
    else:
        credited = session.get_one(Invoice, invoice.credits_id)
        letter = messages.credit_note(
            number=invoice.number, credited_number=credited.number, total=Money(invoice.total_ore), link=link
        )
    tell_borrower(
        session,
        runtime,
        agreement,
        letter,
        kind=invoice.kind.replace("_", "-"),
        occasion=str(invoice.number),
        at=at,
        attachments=[Attachment(file_name(invoice), typesetting.MEDIA_TYPE, pdf)],
    )


def _note(session: Session, agreement: Agreement, invoice: Invoice, at: datetime) -> None:
    subject, number = f"agreement:{agreement.id}", invoice.number
    ids = {"agreement_id": agreement.id, "application_id": agreement.application_id}
    if invoice.credits_id is not None:
        data = {"number": number, "credited": str(Money(invoice.total_ore)), "reason": invoice.reason}
        audit_log.append(session, subject, "invoice.credited", actor="system", at=at, data=data)
        credited = Money(invoice.total_ore)
        events.record(
            session,
            INVOICE_CREDITED,
            at=at,
            **ids,
            invoice_id=invoice.credits_id,
            credit_note_id=invoice.id,
            number=number,
            credited=credited,
        )
        return
    data = {"number": number, "payable": str(Money(invoice.payable_ore)), "delivery": invoice.delivery}
    audit_log.append(session, subject, "invoice.issued", actor="system", at=at, data=data)
    events.record(
        session,
        INVOICE_ISSUED,
        at=at,
        **ids,
        invoice_id=invoice.id,
        number=number,
        month=Month.of(invoice.period),
        payable=Money(invoice.payable_ore),
        due_on=invoice.due_on,
        delivery=InvoiceDelivery(invoice.delivery),
    )
