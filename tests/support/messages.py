"""Events and endpoints for tests of delivery, without a loan behind them."""

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from underwriting.kernel.clock import FixedClock
from underwriting.kernel.event_catalogue import APPLICATION_ASSESSING, APPLICATION_SUBMITTED
from underwriting.kernel.vocabulary import ApplicationState
from underwriting.platform import events
from underwriting.platform.dispatcher import Dispatcher
from underwriting.platform.runtime import Runtime
from underwriting.platform.webhook_client import WebhookClient
from underwriting.platform.webhook_endpoints import WebhookEndpoints

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SUBJECTS = tuple(uuid.UUID(int=number) for number in range(1, 100))


def happen(runtime: Runtime, subject: uuid.UUID, *, at: datetime = AT) -> None:
    """Something happens to the application *subject*."""
    with runtime.database.transaction() as session:
        events.record(session, APPLICATION_SUBMITTED, at=at, application_id=subject, state=ApplicationState.SUBMITTED)


def happen_otherwise(runtime: Runtime, subject: uuid.UUID, *, at: datetime = AT) -> None:
    """Something of another kind happens to it."""
    with runtime.database.transaction() as session:
        events.record(session, APPLICATION_ASSESSING, at=at, application_id=subject, state=ApplicationState.ASSESSING)


def with_wall(runtime: Runtime) -> tuple[Runtime, FixedClock]:
    """The runtime with a machine's clock that stands still until it is moved."""
    wall = FixedClock(AT)
    return replace(runtime, wall=wall), wall


def endpoint_at(runtime: Runtime, url: str, kinds: Sequence[str] | None = None) -> tuple[uuid.UUID, str]:
    """A new endpoint and its secret."""
    endpoint, secret = WebhookEndpoints(runtime).add(url, kinds, actor="staff:1")
    return endpoint.id, secret


def dispatcher_on(runtime: Runtime) -> Dispatcher:
    """A dispatcher of webhooks that is not patient."""
    return Dispatcher(runtime, WebhookClient(sandbox=True, whole_seconds=1), None)


def published(runtime: Runtime) -> list[events.PublishedEvent]:
    """Every event that has its place."""
    with runtime.database.transaction() as session:
        return events.page(session, most=1000)
