"""Where messages to integrators' endpoints are sent, and how each endpoint takes them.

One that takes nothing rests for longer and longer; after days it is disabled, and the administrator is told.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.kernel.event_catalogue import WEBHOOK_ENDPOINT_DISABLED
from underwriting.platform import deliveries, events, outbox
from underwriting.platform.message_models import DeliveryState, WebhookEndpoint
from underwriting.platform.runtime import Runtime
from underwriting.platform.webhook_endpoints import SECRET_CONTEXT, note

DISABLED_AFTER = timedelta(days=5)  # longer than all pauses of one message
_LONGEST_PAUSE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Destination:
    """Where and under which secrets a message is sent."""

    url: str
    secrets: tuple[str, ...]


def due_endpoints(session: Session, *, at: datetime) -> Sequence[uuid.UUID]:
    """The endpoints that may be sent to at *at*, of all owners."""
    query = sa.select(WebhookEndpoint.id).where(
        WebhookEndpoint.deleted_at.is_(None),
        WebhookEndpoint.disabled_at.is_(None),
        sa.or_(WebhookEndpoint.resume_at.is_(None), WebhookEndpoint.resume_at <= at),
    )
    return session.scalars(query.order_by(WebhookEndpoint.id)).all()


def destination(session: Session, runtime: Runtime, endpoint_id: uuid.UUID) -> Destination | None:
    """Where messages to the endpoint go; None when it takes no more, or its owner may not read events any more."""
    row = session.get(WebhookEndpoint, endpoint_id, populate_existing=True)
    if row is None or row.deleted_at is not None or row.disabled_at is not None:
        return None
    if row.owner not in events.readers(session):
        return None
    kept = [row.secret_encrypted]
    if row.previous_secret_encrypted and row.previous_until and runtime.wall.now() < row.previous_until:
        kept.append(row.previous_secret_encrypted)
    return Destination(row.url, tuple(runtime.cipher.decrypt(one, context=SECRET_CONTEXT).decode() for one in kept))


def note_success(session: Session, endpoint_id: uuid.UUID) -> None:
    """The endpoint takes messages: no pause any more."""
    session.execute(
        sa.update(WebhookEndpoint)
        .where(WebhookEndpoint.id == endpoint_id, WebhookEndpoint.failures > 0)
        .values(failures=0, failing_since=None, resume_at=None)
    )


def note_failure(session: Session, runtime: Runtime, endpoint_id: uuid.UUID, *, is_gone: bool) -> None:
    """The endpoint did not take a message: nothing is sent for a while, each time longer, and after days no more.

    *is_gone*: it has said itself that it wants no more.
    """
    row = session.get(WebhookEndpoint, endpoint_id, with_for_update=True, populate_existing=True)
    if row is None or row.disabled_at is not None or row.deleted_at is not None:
        return
    now = runtime.wall.now()
    row.failures += 1
    row.failing_since = since = row.failing_since or now
    row.resume_at = now + min(timedelta(seconds=2 ** min(row.failures, 10)), _LONGEST_PAUSE)
    if is_gone or now - since >= DISABLED_AFTER:
        _disable(session, runtime, row, since, now)


def _disable(session: Session, runtime: Runtime, row: WebhookEndpoint, since: datetime, now: datetime) -> None:
    at = runtime.clock.now()
    row.disabled_at = now
    deliveries.give_up_all(session, row.id, to=DeliveryState.DEAD, at=now)
    note(session, row, "disabled", actor="system", at=at)
    events.record(session, WEBHOOK_ENDPOINT_DISABLED, at=at, endpoint_id=row.id, failing_since=since)
    link = f"{runtime.settings.base_url}/console/webhooks/{row.id}"
    outbox.post(
        session,
        runtime,
        kind="webhook-endpoint-disabled",
        business_key=f"webhook-endpoint-disabled:{row.id}:{now.isoformat()}",
        recipient=runtime.settings.lender.email,
        content={
            "subject": "En mottagare av händelser är avstängd / An endpoint for events is disabled",
            "body": (
                f"Mottagaren tar inte emot händelser och får inga fler förrän den öppnas här:\n{link}\n\n—\n\n"
                f"The endpoint does not take events and gets no more until it is enabled here:\n{link}"
            ),
        },
        at=at,
    )
