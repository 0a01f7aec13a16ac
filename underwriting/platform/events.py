"""Events for integrators: recorded in the transaction that causes them, published in one order, read by position.

1. `record` writes an event while its subject is held, so that numbers follow the order of what happened to it.
2. `publish` gives what is committed its position and puts it in the queue of every endpoint that wants it and whose
   owner may read it. One publisher at a time does it: positions appear in order, and a reader who has come to one has
   missed nothing.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.kernel.errors import NotFound
from underwriting.kernel.event_forms import EventKind, instant_written
from underwriting.kernel.vocabulary import Scope
from underwriting.platform.arrays import array_text
from underwriting.platform.client_models import MachineClient
from underwriting.platform.database import lock_subject, lock_subjects
from underwriting.platform.encryption import canonical_json
from underwriting.platform.message_models import Event
from underwriting.platform.runtime import Runtime

LENDER = "lender"
"""The owner of the endpoints that administrators add."""
MOST_PUBLISHED = 500
"""So many events are published in one transaction."""
PUBLISHING = "publishing of events"
"""The name under which publishers take turns; whoever adds to the queues of endpoints holds it too."""

_RECORD_EACH = sa.text("""
    INSERT INTO event (kind, subject, occurred_at, data)
    SELECT :kind, subject, :at, data
    FROM ROWS FROM (unnest(CAST(:subjects AS text[])), jsonb_array_elements(CAST(:data AS jsonb))) WITH ORDINALITY
        AS told (subject, data, place)
    ORDER BY place
""")
_POSITIONS = sa.text("""
    WITH batch AS (
        SELECT id, row_number() OVER (ORDER BY number) AS place
        FROM (SELECT id, number FROM event WHERE position IS NULL ORDER BY number LIMIT :most) AS next
    )
    UPDATE event SET position = :last + batch.place FROM batch WHERE event.id = batch.id RETURNING event.position
""")
_FAN_OUT = sa.text("""
    INSERT INTO delivery (endpoint_id, message_id, lane, created_at, due_at)
    SELECT endpoint_id, event_id, lane, :now, :now FROM (
        SELECT endpoint.id AS endpoint_id, event.id AS event_id, endpoint.id || ' ' || event.subject AS lane
        FROM event CROSS JOIN webhook_endpoint AS endpoint
        WHERE event.position > :after AND endpoint.deleted_at IS NULL AND endpoint.disabled_at IS NULL
          AND (endpoint.kinds IS NULL OR event.kind = ANY(endpoint.kinds)) AND endpoint.owner = ANY(:readers)
        ORDER BY event.position, endpoint.id
    ) AS told
""")


@dataclass(frozen=True, slots=True)
class PublishedEvent:
    """An event as integrators see it."""

    id: uuid.UUID
    type: str
    timestamp: datetime
    position: int
    subject: str
    data: Mapping[str, Any]

    def body(self) -> bytes:
        """What is sent and signed: the same bytes every time."""
        return canonical_json(
            {
                "id": str(self.id),
                "type": self.type,
                "timestamp": instant_written(self.timestamp),
                "position": self.position,
                "subject": self.subject,
                "data": dict(self.data),
            }
        )


def record(session: Session, kind: EventKind, *, at: datetime, **data: object) -> None:
    """Write that *kind* has happened at *at*, in the caller's transaction; EventDataInvalid when *data* do not fit.

    What has no value is left out. The subject is held to the end of the transaction.
    """
    subject = kind.subject_of(data)
    lock_subject(session, f"event:{subject}")
    session.add(Event(kind=kind.name, subject=subject, occurred_at=at, data=kind.written(data)))
    session.flush()


def record_each(session: Session, kind: EventKind, told: Sequence[Mapping[str, object]], *, at: datetime) -> None:
    """`record` for many at once, each with its data; their subjects are held in the order of their names."""
    by_subject = sorted(((kind.subject_of(data), data) for data in told), key=lambda one: one[0])
    lock_subjects(session, list(dict.fromkeys(f"event:{subject}" for subject, _ in by_subject)))
    values = {
        "kind": kind.name,
        "at": at,
        "subjects": array_text(subject for subject, _ in by_subject),
        "data": canonical_json([kind.written(data) for _, data in by_subject]).decode(),
    }
    session.execute(_RECORD_EACH, values)


def publish(runtime: Runtime) -> int:
    """Publish what is committed and not published yet; how many events. Nothing while another one is at it."""
    with runtime.database.transaction() as session:
        if not _is_ours(session):
            return 0
        last = session.scalar(sa.select(sa.func.max(Event.position))) or 0
        count = len(session.execute(_POSITIONS, {"most": MOST_PUBLISHED, "last": last}).all())
        if count:
            session.execute(_FAN_OUT, {"after": last, "now": runtime.wall.now(), "readers": readers(session)})
        return count


def readers(session: Session) -> list[str]:
    """The owners of endpoints who may read events, and so be told: the lender, and machine clients with the scope."""
    may_read = sa.and_(MachineClient.disabled_at.is_(None), MachineClient.scopes.contains([Scope.EVENTS_READ]))
    return [LENDER, *(f"client:{client}" for client in session.scalars(sa.select(MachineClient.id).where(may_read)))]


def page(
    session: Session, *, after: int = 0, most: int, kind: str | None = None, subject: str | None = None
) -> list[PublishedEvent]:
    """The first *most* events after the position *after*, in order; of one *kind* or *subject* where that is given."""
    query = sa.select(Event).where(Event.position > after).order_by(Event.position).limit(most)
    if kind is not None:
        query = query.where(Event.kind == kind)
    if subject is not None:
        query = query.where(Event.subject == subject)
    return [_published(row) for row in session.scalars(query)]


def get(session: Session, event_id: uuid.UUID) -> PublishedEvent:
    """One published event; NotFound when there is none."""
    row = session.get(Event, event_id)
    if row is None or row.position is None:
        raise NotFound
    return _published(row)


def _is_ours(session: Session) -> bool:
    held = sa.text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
    return bool(session.execute(held, {"name": PUBLISHING}).scalar_one())


def _published(row: Event) -> PublishedEvent:
    return PublishedEvent(row.id, row.kind, row.occurred_at, row.position or 0, row.subject, row.data)
