"""Cancelling an agreement in a window: quoted, received, confirmed, completed or fallen (rules C1 to C8)."""

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from agreements.cancellation import rules
from agreements.cancellation.models import Cancellation
from agreements.cancellation.rules import CancellationQuote
from agreements.cancellation.services.carry_out import carry_out, end_without_effect, fall, take_answer
from agreements.cancellation.services.record_request import Recorder, record_request
from agreements.cancellation.services.settle_cancellation import Settler, alive, money_out
from agreements.cancellation.services.view_cancellation import CancellationView, note_of, view_of
from agreements.cancellation.services.write_receipt import write_receipt
from agreements.credit.models import Agreement
from agreements.credit.rules import AgreementEvent, AgreementFacts, advance
from agreements.credit.service import get_agreement, lock_agreement, terms_of
from agreements.payouts.models import Payout
from agreements.payouts.services.order_payout import ON_ITS_WAY
from underwriting.kernel.bank_days import previous_bank_day
from underwriting.kernel.errors import Conflict, NotFound, NotPermitted
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import AgreementState, CancellationState, RequestChannel
from underwriting.platform.progress import Progress, unheard

_DAY = timedelta(days=1)

_log = structlog.get_logger(__name__)


class CancellationUnderWay(Conflict):
    """The agreement has been cancelled already, or a cancellation of it waits for its money. Rule C6."""

    slug = "cancellation-under-way"
    title = Text("En hävning är redan mottagen", "A cancellation has been received already")
    rule = "C6"


class ConfirmationNotAwaited(Conflict):
    """The cancellation does not wait for a second person. Rule C5."""

    slug = "confirmation-not-awaited"
    title = Text("Hävningen väntar inte på bekräftelse", "The cancellation does not await confirmation")
    rule = "C5"


class SecondPersonNeeded(NotPermitted):
    """Whoever recorded a late request cannot decide on it as well, by whichever account. Rule C5."""

    slug = "second-person-needed"
    title = Text(
        "En annan person än den som antecknade begäran måste bekräfta den",
        "Someone else than who recorded the request has to confirm it",
    )
    rule = "C5"


class Cancellations(Settler):
    """Quotes, takes and completes cancellations; a source of settlements for incoming payments."""

    def quote(self, agreement_id: uuid.UUID) -> CancellationQuote:
        """What cancelling costs for a request at this moment, and until when it can be made (rule C7).

        Raises CancellationWindowClosed or CancellationNotYetOpen outside the windows, AgreementStateRefuses.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            return self._quote(session, get_agreement(session, agreement_id), at)

    def request(
        self,
        agreement_id: uuid.UUID,
        channel: RequestChannel,
        *,
        received_at: datetime | None,
        actor: str,
        note: str | None = None,
        own_index: bytes | None = None,
    ) -> CancellationView:
        """Take a request: in the portal the server's clock counts, staff state when it arrived (rule C5).

        One that was recorded after its window closed needs a *note* of what shows when it came and waits for `confirm`,
        and no payout is sent meanwhile; one that is in time takes its place. *own_index* is who the member of staff is.
        Raises as `quote` does, and ReceivedAtRefused, NoteRefused, CancellationUnderWay.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement = lock_agreement(session, agreement_id)
            reception = rules.check_received_at(
                channel,
                received_at=received_at,
                recorded_at=at,
                granted_at=agreement.granted_at,
                first_paid_out_at=agreement.first_paid_out_at,
                terms=terms_of(self.runtime, agreement),
            )
            rules.check_note(channel, note, needs_confirmation=reception.needs_confirmation)
            earlier = alive(session, agreement_id)
            if earlier is not None and (reception.needs_confirmation or earlier.state != CancellationState.UNCONFIRMED):
                raise CancellationUnderWay
            quote = self._quote(session, agreement, reception.received_at)
            if earlier is not None:
                end_without_effect(session, agreement, earlier, actor=actor, at=at)
            recorder = Recorder(actor, own_index, note)
            row = record_request(session, self.runtime, agreement, channel, reception, quote, recorder, at=at)
            if reception.needs_confirmation:
                agreement.payouts_stopped_at = at
                agreement.version += 1
            else:
                carry_out(session, self.runtime, agreement, row, actor=actor, at=at)
                write_receipt(session, self.runtime, agreement, row, at=at)
            return view_of(row)

    def confirm(self, cancellation_id: uuid.UUID, *, actor: str, own_index: bytes | None = None) -> CancellationView:
        """A second person confirms a request that was recorded after its window had closed (rule C5).

        Raises ConfirmationNotAwaited, SecondPersonNeeded, AgreementStateRefuses.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement, row = _locked_unconfirmed(session, cancellation_id, actor, own_index)
            row.confirmed_by = actor
            carry_out(session, self.runtime, agreement, row, actor=actor, at=at)
            write_receipt(session, self.runtime, agreement, row, at=at)
            return view_of(row)

    def reject(self, cancellation_id: uuid.UUID, *, actor: str, own_index: bytes | None = None) -> CancellationView:
        """A second person finds that the request was not received when it was said to be; it has no effect (rule C5).

        Raises ConfirmationNotAwaited, SecondPersonNeeded.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement, row = _locked_unconfirmed(session, cancellation_id, actor, own_index)
            end_without_effect(session, agreement, row, actor=actor, at=at)
            return view_of(row)

    def of_agreement(self, agreement_id: uuid.UUID) -> CancellationView | None:
        """The agreement's latest cancellation, or None."""
        with self.runtime.database.transaction() as session:
            row = session.scalar(_latest(agreement_id))
            return view_of(row) if row else None

    def note_of(self, agreement_id: uuid.UUID) -> str | None:
        """What staff noted about the latest request (rule C5), or None."""
        with self.runtime.database.transaction() as session:
            row = session.scalar(_latest(agreement_id))
            return note_of(self.runtime, row) if row else None

    def take_answers(self) -> int:
        """Go on with cancellations that waited for the bank's answer about the first payout; how many went on."""
        unanswered = sa.exists().where(
            Payout.agreement_id == Agreement.id, Payout.state.in_([str(state) for state in ON_ITS_WAY])
        )
        answered = sa.or_(
            Agreement.state == str(AgreementState.RUNNING),
            sa.and_(Agreement.state == str(AgreementState.SIGNED), ~unanswered),
        )
        query = _conditional().where(answered)

        def go_on(session: Session, agreement: Agreement, row: Cancellation, at: datetime) -> bool:
            return take_answer(session, self.runtime, agreement, row, at=at)

        return self._each(query, go_on)

    def fall_overdue(self, on: date, *, progress: Progress = unheard) -> int:
        """Let those fall whose money did not come in time (rule C6); how many. The bank's answers have just been read.

        A day's bookings are told to the end of the next bank day: only days before that are read through on *on*.
        """
        read_through = previous_bank_day(previous_bank_day(on - _DAY) - _DAY)
        query = _conditional().where(
            Agreement.state == str(AgreementState.CANCELLING), Cancellation.pay_by <= read_through
        )

        def let_fall(session: Session, agreement: Agreement, row: Cancellation, at: datetime) -> bool:
            return fall(session, self.runtime, agreement, row, read_through=read_through, at=at)

        return self._each(query, let_fall, progress=progress)

    def _quote(self, session: Session, agreement: Agreement, at: datetime) -> CancellationQuote:
        advance(
            AgreementState(agreement.state),
            AgreementEvent.CANCELLATION_RECEIVED,
            AgreementFacts(payout_on_its_way=False),
        )
        return rules.quote(
            at,
            granted_at=agreement.granted_at,
            first_paid_out_at=agreement.first_paid_out_at,
            principal=money_out(session, agreement.id),
            terms=terms_of(self.runtime, agreement),
        )

    def _each(
        self,
        query: sa.Select[uuid.UUID],
        work: Callable[[Session, Agreement, Cancellation, datetime], bool],
        *,
        progress: Progress = unheard,
    ) -> int:
        """How many agreements *work* changed, each in a transaction; a fault with one does not stop the others."""
        with self.runtime.database.transaction() as session:
            agreement_ids = session.scalars(query).all()

        def work_on(agreement_id: uuid.UUID) -> bool:
            at = self.runtime.clock.now()
            with self.runtime.database.transaction() as session:
                agreement = lock_agreement(session, agreement_id)
                row = alive(session, agreement_id)
                if row is None or row.state != CancellationState.CONDITIONAL:
                    return False
                return work(session, agreement, row, at)

        changed = 0
        for done, agreement_id in enumerate(agreement_ids):
            progress(done, len(agreement_ids))
            try:
                changed += self.runtime.database.retrying(partial(work_on, agreement_id))
            except Exception as error:
                _log.exception("cancellation_failed", agreement=str(agreement_id), error=type(error).__name__)
        progress(len(agreement_ids), len(agreement_ids))
        return changed


def _latest(agreement_id: uuid.UUID) -> sa.Select[Cancellation]:
    by_age = sa.select(Cancellation).where(Cancellation.agreement_id == agreement_id).order_by(Cancellation.id.desc())
    return by_age.limit(1)


def _conditional() -> sa.Select[uuid.UUID]:
    return (
        sa.select(Cancellation.agreement_id)
        .join(Agreement, Agreement.id == Cancellation.agreement_id)
        .where(Cancellation.state == str(CancellationState.CONDITIONAL))
        .order_by(Cancellation.id)
    )


def _locked_unconfirmed(
    session: Session, cancellation_id: uuid.UUID, actor: str, own_index: bytes | None
) -> tuple[Agreement, Cancellation]:
    """The cancellation that waits for a second person, who is *actor*, and its agreement, held."""
    agreement_id = session.scalar(sa.select(Cancellation.agreement_id).where(Cancellation.id == cancellation_id))
    if agreement_id is None:
        raise NotFound
    agreement = lock_agreement(session, agreement_id)
    row = session.get_one(Cancellation, cancellation_id, populate_existing=True)
    if row.state != CancellationState.UNCONFIRMED:
        raise ConfirmationNotAwaited
    same_person = own_index is not None and own_index == row.recorder_index
    if row.recorded_by == actor or same_person:
        raise SecondPersonNeeded
    return agreement, row
