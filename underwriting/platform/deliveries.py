"""The queue of messages: each is delivered at least once, those of one lane in order, by any number of dispatchers.

1. `claim` takes the first message of a lane for the length of a lease, in a transaction of its own. No row is held
   while an outside party is asked.
2. The caller delivers it, and `settle` notes what came of it. A caller that dies in between leaves the lease to run
   out: somebody delivers the message a second time, with the same id.
3. After a failure the message waits, each time longer, and its lane behind it. After the last attempt it is set aside
   for a person, and the lane goes on.

Leases and pauses go by the machine's clock.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from underwriting.kernel.errors import NotFound
from underwriting.platform import audit_log
from underwriting.platform.message_models import AttemptOutcome, Delivery, DeliveryAttempt, DeliveryState, Event
from underwriting.platform.models import OutboxMessage
from underwriting.platform.runtime import Runtime

LEASE = timedelta(minutes=2)
"""Longer than any attempt lasts."""
PAUSES = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""After each attempt that failed; together a little more than three days."""
MOST_ATTEMPTS = len(PAUSES) + 1
LOST = "lost"  # of an attempt whose dispatcher did not come back


@dataclass(frozen=True, slots=True)
class Claim:
    """One message that the caller alone is to deliver now. *attempt* counts from 1 and tells claims apart."""

    id: uuid.UUID
    message_id: uuid.UUID
    endpoint_id: uuid.UUID | None
    attempt: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of an attempt: a *status* where the receiver answered, else a word for the *fault*."""

    outcome: AttemptOutcome
    status: int | None = None
    fault: str | None = None

    @property
    def is_delivered(self) -> bool:
        """Whether the receiver has taken the message."""
        return self.outcome is AttemptOutcome.DELIVERED


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery in a list, with its latest attempt. *kind* and *subject* say what is told of what."""

    id: uuid.UUID
    number: int
    message_id: uuid.UUID
    endpoint_id: uuid.UUID | None
    kind: str
    subject: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    settled_at: datetime | None
    due_at: datetime
    last_status: int | None
    last_fault: str | None


@dataclass(frozen=True, slots=True)
class AttemptView:
    """One attempt as it was noted."""

    id: uuid.UUID
    delivery_id: uuid.UUID
    message_id: uuid.UUID
    attempt: int
    at: datetime
    milliseconds: int
    outcome: AttemptOutcome
    status: int | None
    fault: str | None


def enqueue_mail(session: Session, runtime: Runtime, message_id: uuid.UUID, *, subject: str) -> None:
    """Put a message of the outbox in the queue, after the others about *subject*."""
    now = runtime.wall.now()
    session.add(Delivery(message_id=message_id, lane=f"mail {subject}", created_at=now, due_at=now))
    session.flush()


def enqueue_webhook(
    session: Session, runtime: Runtime, endpoint_id: uuid.UUID, event_id: uuid.UUID, *, subject: str
) -> None:
    """Put an event in the queue of the endpoint, after the others about *subject*."""
    now = runtime.wall.now()
    row = Delivery(
        endpoint_id=endpoint_id, message_id=event_id, lane=f"{endpoint_id} {subject}", created_at=now, due_at=now
    )
    session.add(row)
    session.flush()


def claim(runtime: Runtime, endpoint_id: uuid.UUID | None) -> Claim | None:
    """The next message that is due for the endpoint (None: by e-mail), leased to the caller; None when there is none.

    A message that was claimed for the last time and never came back is set aside: it may be what kills dispatchers.
    """
    now = runtime.wall.now()
    with runtime.database.transaction() as session:
        row = session.scalar(_next(endpoint_id, now))
        if row is None:
            return None
        if row.attempts >= MOST_ATTEMPTS:
            session.add(_attempt(row.id, row.attempts, now, 0, Outcome(AttemptOutcome.TEMPORARY, fault=LOST)))
            row.state, row.settled_at, row.leased_until = str(DeliveryState.DEAD), now, None
            return None
        row.attempts += 1
        row.leased_until = now + LEASE
        return Claim(row.id, row.message_id, row.endpoint_id, row.attempts)


def settle(
    session: Session, claimed: Claim, outcome: Outcome, *, started_at: datetime, milliseconds: int, at: datetime
) -> None:
    """Note what came of the attempt. That a message was delivered counts whoever holds it now; a failure counts only
    while nobody else has claimed it since.
    """
    session.add(_attempt(claimed.id, claimed.attempt, started_at, milliseconds, outcome))
    change = sa.update(Delivery).where(Delivery.id == claimed.id)
    if outcome.is_delivered:
        open_states = [str(DeliveryState.WAITING), str(DeliveryState.DEAD)]
        change = change.where(Delivery.state.in_(open_states))
        change = change.values(state=str(DeliveryState.DELIVERED), settled_at=at, leased_until=None)
    else:
        change = change.where(Delivery.state == str(DeliveryState.WAITING), Delivery.attempts == claimed.attempt)
        is_over = outcome.outcome is AttemptOutcome.PERMANENT or claimed.attempt >= MOST_ATTEMPTS
        if is_over:
            change = change.values(state=str(DeliveryState.DEAD), settled_at=at, leased_until=None)
        else:
            change = change.values(due_at=at + PAUSES[claimed.attempt - 1], leased_until=None)
    session.execute(change.execution_options(synchronize_session=False))


def give_up_all(session: Session, endpoint_id: uuid.UUID, *, to: DeliveryState, at: datetime) -> None:
    """Set aside everything that waits for the endpoint."""
    session.execute(
        sa.update(Delivery)
        .where(Delivery.endpoint_id == endpoint_id, Delivery.state == str(DeliveryState.WAITING))
        .values(state=str(to), settled_at=at, leased_until=None)
    )


def retry(runtime: Runtime, delivery_id: uuid.UUID, *, actor: str) -> None:
    """Try a message that was given up anew, with as many attempts as a new one; NotFound when it is not dead."""
    with runtime.database.transaction() as session:
        row = _dead(session, delivery_id)
        row.state, row.settled_at, row.attempts = str(DeliveryState.WAITING), None, 0
        row.due_at = runtime.wall.now()
        _note(session, runtime, row, "retried", actor)


def drop(runtime: Runtime, delivery_id: uuid.UUID, *, actor: str) -> None:
    """Take a message that was given up from the list of those; NotFound when it is not dead."""
    with runtime.database.transaction() as session:
        row = _dead(session, delivery_id)
        row.state, row.settled_at = str(DeliveryState.DROPPED), runtime.wall.now()
        _note(session, runtime, row, "dropped", actor)


def dead_letters(session: Session, *, most: int, before: int | None = None) -> list[DeliveryView]:
    """What was given up, the newest first; *before* is the number of the last one that was read."""
    query = _views().where(Delivery.state == str(DeliveryState.DEAD))
    return _read(session, query, most, before)


def latest(
    session: Session, *, most: int, endpoint_id: uuid.UUID | None = None, before: int | None = None
) -> list[DeliveryView]:
    """All deliveries, the newest first; of one endpoint where that is given."""
    query = _views() if endpoint_id is None else _views().where(Delivery.endpoint_id == endpoint_id)
    return _read(session, query, most, before)


def attempts_to(
    session: Session, endpoint_id: uuid.UUID, *, most: int, before: uuid.UUID | None = None
) -> list[AttemptView]:
    """Every attempt at the endpoint, the newest first."""
    query = (
        sa.select(DeliveryAttempt, Delivery.message_id)
        .join(Delivery, Delivery.id == DeliveryAttempt.delivery_id)
        .where(Delivery.endpoint_id == endpoint_id)
        .order_by(DeliveryAttempt.id.desc())
        .limit(most)
    )
    if before is not None:
        query = query.where(DeliveryAttempt.id < before)
    return [_attempt_view(row, message_id) for row, message_id in session.execute(query)]


def attempts_at(session: Session, delivery_id: uuid.UUID) -> tuple[DeliveryView, list[AttemptView]]:
    """One delivery with all its attempts in order; NotFound when there is none."""
    found = session.execute(_views().where(Delivery.id == delivery_id)).one_or_none()
    if found is None:
        raise NotFound
    view = _view(found)
    query = sa.select(DeliveryAttempt).where(DeliveryAttempt.delivery_id == delivery_id).order_by(DeliveryAttempt.id)
    return view, [_attempt_view(row, view.message_id) for row in session.scalars(query)]


def waiting_since(session: Session) -> datetime | None:
    """Since when the oldest message has waited; None when none waits."""
    waiting = sa.select(sa.func.min(Delivery.created_at)).where(Delivery.state == str(DeliveryState.WAITING))
    return session.scalar(waiting)


def _next(endpoint_id: uuid.UUID | None, now: datetime) -> sa.Select[Delivery]:
    """Due, not leased, and the first of its lane; a row that another dispatcher has in hand is passed over."""
    ahead = aliased(Delivery)
    waits_behind = (
        sa.select(ahead.id)
        .where(ahead.lane == Delivery.lane, ahead.state == str(DeliveryState.WAITING), ahead.number < Delivery.number)
        .exists()
    )
    return (
        sa.select(Delivery)
        .where(
            Delivery.state == str(DeliveryState.WAITING),
            Delivery.endpoint_id.is_(None) if endpoint_id is None else Delivery.endpoint_id == endpoint_id,
            Delivery.due_at <= now,
            sa.or_(Delivery.leased_until.is_(None), Delivery.leased_until <= now),
            ~waits_behind,
        )
        .order_by(Delivery.due_at, Delivery.number)
        .limit(1)
        .with_for_update(skip_locked=True, of=Delivery)
        .execution_options(populate_existing=True)
    )


def _dead(session: Session, delivery_id: uuid.UUID) -> Delivery:
    row = session.get(Delivery, delivery_id, with_for_update=True, populate_existing=True)
    if row is None or row.state != DeliveryState.DEAD:
        raise NotFound
    return row


def _note(session: Session, runtime: Runtime, row: Delivery, what: str, actor: str) -> None:
    data = {"message": str(row.message_id)}
    at = runtime.clock.now()
    audit_log.append(session, f"delivery:{row.id}", f"delivery.{what}", actor=actor, at=at, data=data)


def _attempt(
    delivery_id: uuid.UUID, attempt: int, at: datetime, milliseconds: int, outcome: Outcome
) -> DeliveryAttempt:
    return DeliveryAttempt(
        delivery_id=delivery_id,
        attempt=attempt,
        at=at,
        milliseconds=milliseconds,
        outcome=str(outcome.outcome),
        status=outcome.status,
        fault=outcome.fault,
    )


def _views() -> sa.Select[Any]:
    last = (
        sa.select(DeliveryAttempt.status, DeliveryAttempt.fault)
        .where(DeliveryAttempt.delivery_id == Delivery.id)
        .order_by(DeliveryAttempt.id.desc())
        .limit(1)
        .lateral()
    )
    return (
        sa.select(
            Delivery.id,
            Delivery.number,
            Delivery.message_id,
            Delivery.endpoint_id,
            sa.func.coalesce(Event.kind, OutboxMessage.kind, "").label("kind"),
            sa.func.regexp_replace(Delivery.lane, "^[^ ]* ", "").label("subject"),
            Delivery.state,
            Delivery.attempts,
            Delivery.created_at,
            Delivery.settled_at,
            Delivery.due_at,
            last.c.status.label("last_status"),
            last.c.fault.label("last_fault"),
        )
        .outerjoin(Event, Event.id == Delivery.message_id)
        .outerjoin(OutboxMessage, OutboxMessage.id == Delivery.message_id)
        .outerjoin(last, sa.true())
    )


def _read(session: Session, query: sa.Select[Any], most: int, before: int | None) -> list[DeliveryView]:
    query = query.order_by(Delivery.number.desc()).limit(most)
    if before is not None:
        query = query.where(Delivery.number < before)
    return [_view(row) for row in session.execute(query)]


def _view(row: sa.Row[Any]) -> DeliveryView:
    return DeliveryView(**{**row._mapping, "state": DeliveryState(row.state)})


def _attempt_view(row: DeliveryAttempt, message_id: uuid.UUID) -> AttemptView:
    return AttemptView(
        id=row.id,
        delivery_id=row.delivery_id,
        message_id=message_id,
        attempt=row.attempt,
        at=row.at,
        milliseconds=row.milliseconds,
        outcome=AttemptOutcome(row.outcome),
        status=row.status,
        fault=row.fault,
    )
