"""Messages that somebody took from the wire and sends again, to a receiver that does what docs/events.md says."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
from freezegun import freeze_time
from standardwebhooks import WebhookVerificationError

from tests.support.messages import SUBJECTS, dispatcher_on, endpoint_at, happen
from tests.support.webhook_receiver import Told, webhook_receiver
from tests.unit.test_events_documentation import example
from underwriting.kernel.clock import SystemClock
from underwriting.platform.runtime import Runtime


def documented() -> Callable[[str, dict[str, str], bytes], dict[str, Any]]:
    """The page's own `verify`."""
    names: dict[str, Any] = {}
    exec(example("python", "def verify"), names)  # noqa: S102 - the page's example is what is tested
    verify: Callable[[str, dict[str, str], bytes], dict[str, Any]] = names["verify"]
    return verify


@dataclass
class Integrator:
    """Verifies as the page shows, remembers ids, and does nothing the second time."""

    secret: str
    done: dict[str, Any] = field(default_factory=dict)

    def take(self, headers: dict[str, str], body: bytes) -> None:
        event = documented()(self.secret, headers, body)
        self.done.setdefault(event["id"], event)


@pytest.fixture
def taken(runtime: Runtime) -> Iterator[tuple[Integrator, list[Told]]]:
    """An integrator, and two messages that were sent to it just now."""
    clocked = replace(runtime, wall=SystemClock())
    with webhook_receiver() as receiver:
        _, secret = endpoint_at(clocked, receiver.url)
        for subject in SUBJECTS[:2]:
            happen(clocked, subject)
        dispatcher = dispatcher_on(clocked)
        dispatcher.publish()
        dispatcher.deliver_webhooks()
        yield Integrator(secret), list(receiver.told)


def test_what_is_sent_twice_is_done_once(taken: tuple[Integrator, list[Told]]) -> None:
    integrator, messages = taken
    for told in messages * 3:
        integrator.take(told.headers, told.body)
    assert list(integrator.done) == [told.id for told in messages]


def changes(first: Told, second: Told) -> dict[str, tuple[dict[str, str], bytes]]:
    """What an attacker can make of two messages without the secret."""
    later = str(int(first.headers["webhook-timestamp"]) + 60)
    return {
        "under another id": (first.headers | {"webhook-id": second.id}, first.body),
        "under a new id": (first.headers | {"webhook-id": "msg_1"}, first.body),
        "as if it were of now": (first.headers | {"webhook-timestamp": later}, first.body),
        "with another body": (first.headers, second.body),
        "with a longer body": (first.headers, first.body + b" "),
        "with the other's signature": (
            first.headers | {"webhook-signature": second.headers["webhook-signature"]},
            first.body,
        ),
        "with a signature of another kind": (first.headers | {"webhook-signature": "v0,AAAA v2,BBBB"}, first.body),
        "with no signature": (first.headers | {"webhook-signature": ""}, first.body),
    }


def test_a_message_that_was_changed_is_not_taken(taken: tuple[Integrator, list[Told]]) -> None:
    integrator, (first, second) = taken
    for change, (headers, body) in changes(first, second).items():
        with pytest.raises(WebhookVerificationError):
            integrator.take(headers, body)
        assert integrator.done == {}, change


@pytest.mark.parametrize(
    "later", [timedelta(minutes=5, seconds=2), timedelta(days=1), -timedelta(minutes=5, seconds=2)]
)
def test_a_message_that_is_kept_and_sent_later_is_too_old(
    taken: tuple[Integrator, list[Told]], later: timedelta
) -> None:
    integrator, (first, _) = taken
    with freeze_time(SystemClock().now() + later), pytest.raises(WebhookVerificationError):
        integrator.take(first.headers, first.body)
    integrator.take(first.headers, first.body)
    assert len(integrator.done) == 1
