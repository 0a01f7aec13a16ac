"""A cancellation as it is shown: what was asked for when, what it costs, and what has become of it."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from agreements.cancellation.models import Cancellation
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CancellationState, CancellationWindow, RequestChannel
from underwriting.platform.encryption import DataErased
from underwriting.platform.runtime import Runtime

NOTE = "cancellation.note"


@dataclass(frozen=True, slots=True)
class CancellationView:
    """A cancellation as it stands; *pay_by* is None where nothing has to be repaid."""

    id: uuid.UUID
    agreement_id: uuid.UUID
    state: CancellationState
    window: CancellationWindow
    channel: RequestChannel
    received_at: datetime
    recorded_at: datetime
    needs_confirmation: bool
    fee: Money
    principal_to_repay: Money
    pay_by: date | None
    settled_at: datetime | None

    @property
    def total(self) -> Money:
        """Fee and principal together."""
        return self.fee + self.principal_to_repay


def view_of(row: Cancellation) -> CancellationView:
    """What *row* tells."""
    return CancellationView(
        id=row.id,
        agreement_id=row.agreement_id,
        state=CancellationState(row.state),
        window=CancellationWindow(row.closing_window),
        channel=RequestChannel(row.channel),
        received_at=row.received_at,
        recorded_at=row.recorded_at,
        needs_confirmation=row.needs_confirmation,
        fee=Money(row.fee_ore),
        principal_to_repay=Money(row.principal_ore),
        pay_by=row.pay_by,
        settled_at=row.settled_at,
    )


def note_of(runtime: Runtime, row: Cancellation) -> str | None:
    """What was noted to show when the request came (rule C5), for staff; None where nothing was, or it is erased."""
    if row.note_encrypted is None:
        return None
    try:
        return runtime.cipher.decrypt(row.note_encrypted, context=NOTE).decode()
    except DataErased:
        return None
