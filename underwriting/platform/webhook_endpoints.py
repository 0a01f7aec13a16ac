"""Endpoints of integrators: added, listed, closed, given new secrets; and what is told to them again.

A secret is shown once and kept encrypted. After a rotation both secrets sign for a day, so that the receiver can change
over without missing a message.
"""

import base64
import os
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, NotFound
from underwriting.kernel.event_catalogue import KINDS
from underwriting.kernel.text import Text
from underwriting.platform import audit_log, deliveries, events, preconditions
from underwriting.platform.database import lock_subject
from underwriting.platform.message_models import DeliveryState, Event, WebhookEndpoint
from underwriting.platform.public_addresses import fault_of_endpoint
from underwriting.platform.runtime import Runtime

BOTH_SECRETS_FOR = timedelta(hours=24)
MOST_ENDPOINTS = 100
MOST_REPLAYED = 100_000
_SECRET_BYTES = 32
SECRET_CONTEXT = "webhook_endpoint.secret"  # noqa: S105 - the context that is authenticated with it

_ADDRESS_FAULTS = {
    "malformed": Text("Ange en adress av formen https://värd/sökväg", "Give an address of the form https://host/path"),
    "credentials": Text(
        "Adressen får inte innehålla användarnamn eller lösenord", "The address may hold no user name or password"
    ),
    "not_https": Text("Adressen ska börja med https", "The address has to begin with https"),
    "not_public": Text("Adressen är inte nåbar utifrån", "The address is not a public one"),
    "not_loopback": Text(
        "I sandlådan skickas händelser bara till den egna maskinen", "The sandbox sends events to this machine only"
    ),
}
_NO_SUCH_KIND = Text("Det finns ingen sådan händelse", "There is no such event")
_REPLAY = sa.text("""
    INSERT INTO delivery (endpoint_id, message_id, lane, created_at, due_at)
    SELECT :endpoint_id, id, CAST(:endpoint_id AS text) || ' ' || subject, :now, :now FROM (
        SELECT id, subject FROM event
        WHERE position IS NOT NULL AND occurred_at >= :since
          AND (CAST(:kinds AS text[]) IS NULL OR kind = ANY(CAST(:kinds AS text[])))
        ORDER BY position
    ) AS told
""")


class TooManyEndpoints(Conflict):
    """There are as many endpoints as there may be."""

    slug = "too-many-endpoints"
    title = Text("Det finns redan så många mottagare som det får vara", "There are as many endpoints as there may be")


class EndpointDisabled(Conflict):
    """The endpoint is disabled: it is enabled before it is told anything."""

    slug = "endpoint-disabled"
    title = Text("Mottagaren är avstängd; öppna den först", "The endpoint is disabled; enable it first")


class ReplayTooLarge(Conflict):
    """More events than are replayed at once; a later instant, or `GET /v1/events`, serves better."""

    slug = "replay-too-large"
    title = Text(
        "Det är för många händelser; välj en senare tidpunkt eller läs /v1/events",
        "These are too many events; choose a later instant or read /v1/events",
    )


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as it stands; *event_types* is None where it is told of every kind."""

    id: uuid.UUID
    url: str
    event_types: tuple[str, ...] | None
    state: str
    created_at: datetime
    failing_since: datetime | None
    disabled_at: datetime | None
    both_secrets_until: datetime | None


@dataclass(frozen=True)
class WebhookEndpoints:
    """The endpoints of one *owner*: what is another's does not exist here."""

    runtime: Runtime
    owner: str = events.LENDER

    def add(self, url: str, event_types: Sequence[str] | None, *, actor: str) -> tuple[Endpoint, str]:
        """An endpoint and its secret. Raises InvalidInput for an address or kind that cannot be, TooManyEndpoints."""
        self._check(url, event_types)
        at, secret = self.runtime.clock.now(), _new_secret()
        with self.runtime.database.transaction() as session:
            lock_subject(session, f"webhook-endpoints:{self.owner}")
            if len(self._rows(session)) >= MOST_ENDPOINTS:
                raise TooManyEndpoints
            row = WebhookEndpoint(
                owner=self.owner,
                url=url,
                kinds=None if event_types is None else sorted(set(event_types)),
                secret_encrypted=self.runtime.cipher.encrypt(secret.encode(), context=SECRET_CONTEXT),
                created_at=at,
                failures=0,
            )
            session.add(row)
            session.flush()
            note(session, row, "added", actor=actor, at=at)
            return _view(row, self.runtime.wall.now()), secret

    def list_all(self) -> list[Endpoint]:
        """All of them, the oldest first."""
        with self.runtime.database.transaction() as session:
            return [_view(row, self.runtime.wall.now()) for row in self._rows(session)]

    def get(self, endpoint_id: uuid.UUID) -> Endpoint:
        """One of them; NotFound when there is none."""
        with self.runtime.database.transaction() as session:
            return _view(self._locked(session, endpoint_id), self.runtime.wall.now())

    def remove(self, endpoint_id: uuid.UUID, *, actor: str) -> None:
        """Tell it nothing more; what waits for it is dropped."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            row = self._locked(session, endpoint_id)
            row.deleted_at = self.runtime.wall.now()
            deliveries.give_up_all(session, endpoint_id, to=DeliveryState.DROPPED, at=row.deleted_at)
            note(session, row, "removed", actor=actor, at=at)

    def rotate(self, endpoint_id: uuid.UUID, *, actor: str) -> tuple[Endpoint, str]:
        """A new secret; for a day the one before it signs too. A still older one counts no more."""
        at, now, secret = self.runtime.clock.now(), self.runtime.wall.now(), _new_secret()
        with self.runtime.database.transaction() as session:
            row = self._locked(session, endpoint_id)
            row.previous_secret_encrypted, row.previous_until = row.secret_encrypted, now + BOTH_SECRETS_FOR
            row.secret_encrypted = self.runtime.cipher.encrypt(secret.encode(), context=SECRET_CONTEXT)
            note(session, row, "secret_rotated", actor=actor, at=at)
            return _view(row, now), secret

    def enable(self, endpoint_id: uuid.UUID, *, actor: str) -> Endpoint:
        """Send to it again, from now on; what was given up meanwhile can be replayed."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            row = self._locked(session, endpoint_id)
            row.disabled_at = row.failing_since = row.resume_at = None
            row.failures = 0
            note(session, row, "enabled", actor=actor, at=at)
            return _view(row, self.runtime.wall.now())

    def replay_since(self, endpoint_id: uuid.UUID, since: datetime, *, actor: str) -> int:
        """Tell it again of everything since that instant that it wants; how many events. They keep their ids.

        Raises EndpointDisabled, ReplayTooLarge.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            row = self._replayable(session, endpoint_id)
            count = _count_since(session, since, row.kinds)
            if count > MOST_REPLAYED:
                raise ReplayTooLarge
            parameters = {"endpoint_id": endpoint_id, "since": since, "kinds": row.kinds}
            session.execute(_REPLAY, {**parameters, "now": self.runtime.wall.now()})
            note(session, row, "replayed", actor=actor, at=at, count=count)
            return count

    def replay_one(self, endpoint_id: uuid.UUID, event_id: uuid.UUID, *, actor: str) -> int:
        """Tell it of one event again, whatever kinds it has chosen. Raises NotFound, EndpointDisabled."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            row = self._replayable(session, endpoint_id)
            event = events.get(session, event_id)
            deliveries.enqueue_webhook(session, self.runtime, endpoint_id, event.id, subject=event.subject)
            note(session, row, "replayed", actor=actor, at=at, count=1)
            return 1

    def attempts(
        self, endpoint_id: uuid.UUID, *, most: int, before: uuid.UUID | None = None
    ) -> list[deliveries.AttemptView]:
        """The delivery log: every attempt, the newest first."""
        with self.runtime.database.transaction() as session:
            self._locked(session, endpoint_id)
            return deliveries.attempts_to(session, endpoint_id, most=most, before=before)

    def _check(self, url: str, event_types: Sequence[str] | None) -> None:
        errors = []
        if fault := fault_of_endpoint(url, sandbox=self.runtime.settings.sandbox):
            errors.append(FieldError("/url", _ADDRESS_FAULTS[fault]))
        for place, kind in enumerate(event_types or ()):
            if kind not in KINDS:
                errors.append(FieldError(f"/event_types/{place}", _NO_SUCH_KIND))
        if errors:
            raise InvalidInput(errors=tuple(errors))

    def _rows(self, session: Session) -> Sequence[WebhookEndpoint]:
        mine = sa.select(WebhookEndpoint).where(
            WebhookEndpoint.owner == self.owner, WebhookEndpoint.deleted_at.is_(None)
        )
        return session.scalars(mine.order_by(WebhookEndpoint.id).execution_options(populate_existing=True)).all()

    def _locked(self, session: Session, endpoint_id: uuid.UUID) -> WebhookEndpoint:
        row = session.get(WebhookEndpoint, endpoint_id, with_for_update=True, populate_existing=True)
        if row is None or row.owner != self.owner or row.deleted_at is not None:
            raise NotFound
        preconditions.check(endpoint_id)
        return row

    def _replayable(self, session: Session, endpoint_id: uuid.UUID) -> WebhookEndpoint:
        lock_subject(session, events.PUBLISHING)  # what is added to a lane now comes after what is in it
        row = self._locked(session, endpoint_id)
        if row.disabled_at is not None:
            raise EndpointDisabled
        return row


def owner_of(runtime: Runtime, endpoint_id: uuid.UUID) -> WebhookEndpoints:
    """The endpoints of whoever owns this one; NotFound when there is none. For the operator, who acts for everybody."""
    with runtime.database.transaction() as session:
        row = session.get(WebhookEndpoint, endpoint_id)
    if row is None:
        raise NotFound
    return WebhookEndpoints(runtime, row.owner)


def note(
    session: Session, row: WebhookEndpoint, what: str, *, actor: str, at: datetime, count: int | None = None
) -> None:
    """Write in the audit log that *what* was done to the endpoint."""
    data = {} if count is None else {"count": count}
    audit_log.append(session, f"webhook-endpoint:{row.id}", f"webhook_endpoint.{what}", actor=actor, at=at, data=data)


def _count_since(session: Session, since: datetime, kinds: Sequence[str] | None) -> int:
    chosen = sa.select(Event.id).where(Event.position.is_not(None), Event.occurred_at >= since)
    if kinds is not None:
        chosen = chosen.where(Event.kind.in_(kinds))
    return session.execute(
        sa.select(sa.func.count()).select_from(chosen.limit(MOST_REPLAYED + 1).subquery())
    ).scalar_one()


def _new_secret() -> str:
    return f"whsec_{base64.b64encode(os.urandom(_SECRET_BYTES)).decode()}"


def _view(row: WebhookEndpoint, now: datetime) -> Endpoint:
    state = "disabled" if row.disabled_at else "failing" if row.failures else "active"
    both = row.previous_until if row.previous_until and row.previous_until > now else None
    return Endpoint(
        id=row.id,
        url=row.url,
        event_types=None if row.kinds is None else tuple(row.kinds),
        state=state,
        created_at=row.created_at,
        failing_since=row.failing_since,
        disabled_at=row.disabled_at,
        both_secrets_until=both,
    )
