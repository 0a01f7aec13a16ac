"""The receipt of a cancellation that has been taken (rules C1, C2, C6)."""

from collections.abc import Mapping
from datetime import date, datetime

from sqlalchemy.orm import Session

from agreements.billing.service import paid_fees
from agreements.cancellation.models import Cancellation
from agreements.credit.models import Agreement
from agreements.credit.services.write_documents import common_values
from agreements.documents import service as documents
from agreements.documents.rules import DocumentKind
from agreements.payments.service import credit_balance
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import AgreementState, CancellationState, CancellationWindow, RequestChannel
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime

_CHANNELS: Mapping[RequestChannel, Text] = {
    RequestChannel.PORTAL: Text("i portalen", "in the portal"),
    RequestChannel.PHONE: Text("på telefon", "by telephone"),
    RequestChannel.EMAIL: Text("med e-post", "by e-mail"),
}


def write_receipt(session: Session, runtime: Runtime, agreement: Agreement, row: Cancellation, *, at: datetime) -> None:
    """What was received when, what it costs and by when that is to be paid; once for each request.

    Whoever calls has carried it out: the receipt says what came of it.
    """
    fee, principal = Money(row.fee_ore), Money(row.principal_ore)
    documents.keep(
        session,
        runtime,
        subject_id=row.id,
        kind=DocumentKind.CANCELLATION_RECEIPT,
        recipient_index=agreement.signatory_index,
        data_subject=of_application(agreement.application_id),
        values=common_values(runtime, agreement)
        | {
            "received_at": row.received_at,
            "channel": _CHANNELS[RequestChannel(row.channel)],
            "recorded_at": row.recorded_at,
            "before_payout": row.closing_window == CancellationWindow.SAME_DAY,
            "fee": fee,
            "principal": principal,
            "total": fee + principal,
            "outcome": _outcome(agreement, row),
            "held": _held(session, agreement, on=stockholm_date(at)),
            "pay_by": row.pay_by,
        },
        at=at,
        agreement_id=agreement.id,
    )


def _outcome(agreement: Agreement, row: Cancellation) -> str:
    """How the request stands, in the template's words."""
    if row.state == CancellationState.COMPLETED:
        return "cancelled" if row.pay_by is None else "paid"
    return "awaits_bank" if agreement.state == AgreementState.SIGNED else "conditional"


def _held(session: Session, agreement: Agreement, *, on: date) -> Money:
    """What counts towards the sum already: the credit balance, and monthly fees that were paid (rule C6)."""
    return credit_balance(session, agreement.id) + paid_fees(session, agreement.id, by=on)
