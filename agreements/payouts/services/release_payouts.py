"""What a person releases: a payout that is held, and a file above what leaves without one (rules P1, P2, P4)."""

import uuid
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.payouts.models import Payout, PayoutFile
from agreements.payouts.rules import Person, check_release
from agreements.payouts.services.order_payout import hold, put
from agreements.payouts.services.write_file import dissolve, lock_file, release
from underwriting.kernel.errors import Conflict
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import HeldFor, PayoutFileState, PayoutState
from underwriting.platform.callers import Caller
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime


class PayoutNotHeld(Conflict):
    """Only a payout that is held can be released. Rule P4."""

    slug = "payout-not-held"
    title = Text("Utbetalningen är inte stoppad", "The payout is not held")
    rule = "P4"


class ReleaseEvidenceNeeded(Conflict):
    """No bureau knows the company: whoever releases the payout states what shows how it stands. Rule P4."""

    slug = "release-evidence-needed"
    title = Text(
        "Inget register känner företaget; ange vad som visar hur det står",
        "No register knows the company; state what shows how it stands",
    )
    rule = "P4"


class PayoutFileNotWaiting(Conflict):
    """The file does not wait for a release: it has been released, or was dissolved. Rule P2."""

    slug = "payout-file-not-waiting"
    title = Text("Betalfilen väntar inte på att släppas", "The payment file does not wait to be released")
    rule = "P2"


@dataclass(frozen=True, slots=True)
class FileView:
    """A payment file; *sha256* is of the bytes that are sent."""

    id: uuid.UUID
    number: int
    execute_on: date
    state: PayoutFileState
    payments: int
    total: Money
    sha256: str
    made_at: datetime


@dataclass(frozen=True)
class Releases:
    """The files that wait for a second person."""

    runtime: Runtime

    def waiting(self) -> tuple[FileView, ...]:
        """Oldest first."""
        query = sa.select(PayoutFile).where(PayoutFile.state == str(PayoutFileState.PREPARED))
        with self.runtime.database.transaction() as session:
            return tuple(file_view(row) for row in session.scalars(query.order_by(PayoutFile.number)))

    def release(self, file_id: uuid.UUID, *, caller: Caller) -> FileView:
        """*caller* lets the file be sent, today (rules P1, P2).

        Raises PayoutFileNotWaiting; ReleaseBySamePerson for whoever has prepared a payout in it, with any account.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            file = lock_file(session, file_id)
            if file.row.state != PayoutFileState.PREPARED:
                raise PayoutFileNotWaiting
            prepared = (payout for _, payout in file.payouts if payout.prepared_by is not None)
            by = [Person(payout.prepared_by or "", payout.prepared_index) for payout in prepared]
            check_release(Person(caller.actor, caller.own_index), by)
            release(session, file.row, actor=caller.actor, at=at)
            return file_view(file.row)

    def refuse(self, file_id: uuid.UUID, *, reason: str, caller: Caller) -> FileView:
        """*caller* does not let it be sent: it is dissolved, and each payout in it is held until one is released.

        Whoever prepared it may refuse it too. Raises PayoutFileNotWaiting.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            file = lock_file(session, file_id)
            if file.row.state != PayoutFileState.PREPARED:
                raise PayoutFileNotWaiting
            subject = f"payout_file:{file.row.message_id}"
            sealed = self.runtime.cipher.encrypt(reason.encode(), context="payout_file.refusal", subject=subject)
            file.row.refused_by, file.row.refusal_encrypted = caller.actor, sealed
            dissolve(session, file, reason="refused", actor=caller.actor, at=at)
            for _, payout in file.payouts:
                if payout.state == PayoutState.ORDERED:
                    hold(session, payout, HeldFor.FILE_REFUSED, actor=caller.actor, at=at)
            return file_view(file.row)


def release_held(
    session: Session,
    runtime: Runtime,
    agreement: Agreement,
    payout: Payout,
    *,
    caller: Caller,
    evidence: str | None,
    at: datetime,
) -> None:
    """See `Payouts.release`; agreement and payout are locked."""
    if payout.state != PayoutState.HELD:
        raise PayoutNotHeld
    if payout.held_for == HeldFor.ACCOUNT_CHANGED:
        by = Person(payout.prepared_by or "", payout.prepared_index)
        check_release(Person(caller.actor, caller.own_index), [by])
    if payout.held_for == HeldFor.COMPANY_NOT_FOUND:
        if not evidence:
            raise ReleaseEvidenceNeeded
        subject = of_application(agreement.application_id)
        payout.evidence_encrypted = runtime.cipher.encrypt(
            evidence.encode(), context="payout.evidence", subject=subject
        )
        agreement.status_checked_at = at
    payout.ask_after, payout.held_for = None, None
    put(session, payout, PayoutState.ORDERED, actor=caller.actor, at=at, reason="released")


def file_view(row: PayoutFile) -> FileView:
    """*row* without its bytes."""
    return FileView(
        id=row.id,
        number=row.number,
        execute_on=row.execute_on,
        state=PayoutFileState(row.state),
        payments=row.payments,
        total=Money(row.total_ore),
        sha256=row.sha256.hex(),
        made_at=row.made_at,
    )
