"""A request to cancel as a row: how and when it came, who recorded it, and what it costs (rules C1 to C5)."""

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.orm import Session

from agreements.cancellation.models import Cancellation
from agreements.cancellation.rules import CancellationQuote, Reception
from agreements.cancellation.services.view_cancellation import NOTE
from agreements.credit.models import Agreement
from underwriting.kernel.event_catalogue import CANCELLATION_RECEIVED
from underwriting.kernel.vocabulary import CancellationState, RequestChannel
from underwriting.platform import audit_log, events
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Recorder:
    """Whoever records the request; *own_index* is who a member of staff is, *note* what shows when it came."""

    actor: str
    own_index: bytes | None = None
    note: str | None = field(default=None, repr=False)


def record_request(
    session: Session,
    runtime: Runtime,
    agreement: Agreement,
    channel: RequestChannel,
    reception: Reception,
    quote: CancellationQuote,
    recorder: Recorder,
    *,
    at: datetime,
) -> Cancellation:
    """The row of the request about the locked *agreement*, with its entry in the log and its event."""
    by_staff = channel is not RequestChannel.PORTAL
    row = Cancellation(
        agreement_id=agreement.id,
        state=str(CancellationState.UNCONFIRMED if reception.needs_confirmation else CancellationState.CONDITIONAL),
        closing_window=str(quote.window.kind),
        channel=str(channel),
        received_at=reception.received_at,
        recorded_at=at,
        recorded_by=recorder.actor if by_staff else None,
        recorder_index=recorder.own_index if by_staff else None,
        note_encrypted=_note(runtime, agreement, recorder),
        needs_confirmation=reception.needs_confirmation,
        fee_ore=quote.fee.ore,
        principal_ore=quote.principal_to_repay.ore,
        pay_by=quote.pay_by,
    )
    session.add(row)
    session.flush()
    data = {"cancellation": str(row.id), "window": str(quote.window.kind), "channel": str(channel)}
    subject = f"agreement:{agreement.id}"
    audit_log.append(session, subject, "cancellation.received", actor=recorder.actor, at=at, data=data)
    events.record(
        session,
        CANCELLATION_RECEIVED,
        at=at,
        agreement_id=agreement.id,
        application_id=agreement.application_id,
        cancellation_id=row.id,
        state=CancellationState(row.state),
        window=quote.window.kind,
        channel=channel,
        received_at=row.received_at,
        fee=quote.fee,
    )
    return row


def _note(runtime: Runtime, agreement: Agreement, recorder: Recorder) -> bytes | None:
    if recorder.note is None:
        return None
    subject = of_application(agreement.application_id)
    return runtime.cipher.encrypt(recorder.note.encode(), context=NOTE, subject=subject)
