"""The dispatcher with a receiver and a mail server on the wire, and what endpoints go through."""

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from standardwebhooks import Webhook

from tests.support.messages import AT, SUBJECTS, dispatcher_on, endpoint_at, happen, published, with_wall
from tests.support.smtp_server import smtp_server
from tests.support.webhook_receiver import Receiver, Told, webhook_receiver
from underwriting.kernel.clock import FixedClock, SystemClock
from underwriting.kernel.errors import InvalidInput, NotFound
from underwriting.platform import audit_log, deliveries, events, outbox
from underwriting.platform.deliveries import PAUSES
from underwriting.platform.dispatcher import Dispatcher
from underwriting.platform.environment import Secret
from underwriting.platform.mail import Smtp
from underwriting.platform.mail_settings import MailSettings
from underwriting.platform.message_models import DeliveryState, WebhookEndpoint
from underwriting.platform.runtime import Runtime
from underwriting.platform.webhook_client import WebhookClient
from underwriting.platform.webhook_destinations import DISABLED_AFTER
from underwriting.platform.webhook_endpoints import (
    BOTH_SECRETS_FOR,
    MOST_ENDPOINTS,
    EndpointDisabled,
    TooManyEndpoints,
    WebhookEndpoints,
)

SENDER = "kredit@exempel.example"


@pytest.fixture
def world(runtime: Runtime) -> tuple[Runtime, FixedClock]:
    return with_wall(runtime)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as receiver:
        yield receiver


def states(runtime: Runtime) -> list[DeliveryState]:
    with runtime.database.transaction() as session:
        return [view.state for view in deliveries.latest(session, most=100)[::-1]]


def wake(runtime: Runtime, wall: FixedClock, dispatcher: Dispatcher, after: timedelta) -> int:
    """What is tried once so much time has passed."""
    wall.move_to(wall.now() + after)
    dispatcher.publish()
    return dispatcher.deliver_webhooks()


def test_events_are_told_in_order_with_the_bodies_that_the_list_shows(
    world: tuple[Runtime, FixedClock], receiver: Receiver
) -> None:
    runtime, _ = world
    endpoint_at(runtime, receiver.url)
    for subject in (0, 1, 0, 1, 0):
        happen(runtime, SUBJECTS[subject])
    dispatcher = dispatcher_on(runtime)
    assert (dispatcher.publish(), dispatcher.deliver_webhooks(), dispatcher.deliver_webhooks()) == (5, 5, 0)
    assert [told.body for told in receiver.told] == [event.body() for event in published(runtime)]
    assert [told.id for told in receiver.told] == [str(event.id) for event in published(runtime)]
    assert states(runtime) == [DeliveryState.DELIVERED] * 5


def test_a_failing_endpoint_is_left_alone_for_a_while_and_the_others_go_on(world: tuple[Runtime, FixedClock]) -> None:
    runtime, wall = world
    with webhook_receiver(lambda _: 500) as failing, webhook_receiver() as well:
        bad, _ = endpoint_at(runtime, failing.url)
        endpoint_at(runtime, well.url)
        for subject in range(5):
            happen(runtime, SUBJECTS[subject])
        dispatcher = dispatcher_on(runtime)
        dispatcher.publish()
        dispatcher.deliver_webhooks()
        assert (len(failing.told), len(well.told)) == (1, 5)
        assert WebhookEndpoints(runtime).get(bad).state == "failing"
        failing.answer = lambda _: 200
        wake(runtime, wall, dispatcher, PAUSES[0])
        assert len(failing.told) == 6
        assert WebhookEndpoints(runtime).get(bad).state == "active"


def test_a_message_that_failed_is_sent_again_with_its_id_and_a_new_instant(world: tuple[Runtime, FixedClock]) -> None:
    runtime, wall = world
    answers = iter([503, 204])
    with webhook_receiver(lambda _: next(answers)) as receiver:
        endpoint_at(runtime, receiver.url)
        happen(runtime, SUBJECTS[0])
        dispatcher = dispatcher_on(runtime)
        dispatcher.publish()
        dispatcher.deliver_webhooks()
        wake(runtime, wall, dispatcher, PAUSES[0])
    first, second = receiver.told
    assert (first.id, first.body) == (second.id, second.body)
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 5


def test_after_a_rotation_both_secrets_sign_for_a_day_and_then_the_new_one(
    runtime: Runtime, receiver: Receiver
) -> None:
    wall = FixedClock(SystemClock().now())  # which the receiver's library goes by
    runtime = replace(runtime, wall=wall)
    endpoint, old = endpoint_at(runtime, receiver.url)
    view, new = WebhookEndpoints(runtime).rotate(endpoint, actor="staff:1")
    assert (view.both_secrets_until, old == new) == (wall.now() + BOTH_SECRETS_FOR, False)
    dispatcher = dispatcher_on(runtime)
    happen(runtime, SUBJECTS[0])
    wake(runtime, wall, dispatcher, timedelta(0))
    for secret in (old, new):
        Webhook(secret).verify(receiver.told[0].body, receiver.told[0].headers)
    happen(runtime, SUBJECTS[0])
    wake(runtime, wall, dispatcher, BOTH_SECRETS_FOR)
    assert len(receiver.told[1].headers["webhook-signature"].split()) == 1
    assert WebhookEndpoints(runtime).get(endpoint).both_secrets_until is None


def test_a_secret_is_kept_encrypted_and_said_once(world: tuple[Runtime, FixedClock]) -> None:
    runtime, _ = world
    endpoint, secret = endpoint_at(runtime, "http://127.0.0.1:9/")
    assert secret not in repr(WebhookEndpoints(runtime).get(endpoint))
    with runtime.database.transaction() as session:
        row = session.get_one(WebhookEndpoint, endpoint)
        log = audit_log.entries_of(session, f"webhook-endpoint:{endpoint}")
    assert secret.removeprefix("whsec_").encode() not in row.secret_encrypted
    assert [(entry.action, entry.actor) for entry in log] == [("webhook_endpoint.added", "staff:1")]


def test_an_endpoint_that_takes_nothing_for_days_is_disabled_and_the_administrator_told(
    world: tuple[Runtime, FixedClock],
) -> None:
    runtime, wall = world
    with webhook_receiver(lambda _: 500) as receiver:
        endpoint, _ = endpoint_at(runtime, receiver.url)
        other, _ = endpoint_at(runtime, "http://127.0.0.1:9/", ["webhook_endpoint.disabled"])
        happen(runtime, SUBJECTS[0])
        happen(runtime, SUBJECTS[1])
        dispatcher = dispatcher_on(runtime)
        wake(runtime, wall, dispatcher, timedelta(0))
        wake(runtime, wall, dispatcher, DISABLED_AFTER - timedelta(minutes=1))
        assert WebhookEndpoints(runtime).get(endpoint).state == "failing"
        wake(runtime, wall, dispatcher, timedelta(days=1))
        asked = len(receiver.told)
        assert wake(runtime, wall, dispatcher, timedelta(days=1)) <= 1  # the other endpoint
    assert len(receiver.told) == asked
    assert WebhookEndpoints(runtime).get(endpoint).state == "disabled"
    assert DeliveryState.DEAD in states(runtime)
    with runtime.database.transaction() as session:
        (letter,) = outbox.latest(session, runtime, count=10)
        waiting = deliveries.latest(session, most=10, endpoint_id=other)
    assert letter.recipient == runtime.settings.lender.email
    assert f"/console/webhooks/{endpoint}" in letter.body
    assert [view.kind for view in waiting] == ["webhook_endpoint.disabled"]
    assert published(runtime)[-1].data == {"endpoint_id": str(endpoint), "failing_since": "2026-03-02T09:00:00Z"}


def test_a_receiver_that_says_gone_is_told_nothing_more(world: tuple[Runtime, FixedClock]) -> None:
    runtime, wall = world
    with webhook_receiver(lambda _: 410) as receiver:
        endpoint, _ = endpoint_at(runtime, receiver.url)
        for subject in (0, 1):
            happen(runtime, SUBJECTS[subject])
        wake(runtime, wall, dispatcher_on(runtime), timedelta(0))
        happen(runtime, SUBJECTS[0])
        wake(runtime, wall, dispatcher_on(runtime), timedelta(days=1))
    assert len(receiver.told) == 1
    endpoints = WebhookEndpoints(runtime)
    assert endpoints.get(endpoint).state == "disabled"
    with pytest.raises(EndpointDisabled):
        endpoints.replay_since(endpoint, AT, actor="staff:1")
    assert endpoints.enable(endpoint, actor="staff:1").state == "active"


def test_what_was_missed_is_told_again_with_the_same_ids_in_the_same_order(
    world: tuple[Runtime, FixedClock], receiver: Receiver
) -> None:
    runtime, wall = world
    happen(runtime, SUBJECTS[0], at=AT - timedelta(days=2))
    for subject in (1, 0, 1):
        happen(runtime, SUBJECTS[subject])
    events.publish(runtime)
    endpoint, _ = endpoint_at(runtime, receiver.url)
    endpoints, dispatcher = WebhookEndpoints(runtime), dispatcher_on(runtime)
    assert endpoints.replay_since(endpoint, AT, actor="staff:1") == 3
    wake(runtime, wall, dispatcher, timedelta(0))
    missed = [str(event.id) for event in published(runtime)[1:]]
    assert [told.id for told in receiver.told] == missed
    assert endpoints.replay_one(endpoint, published(runtime)[0].id, actor="staff:1") == 1
    wake(runtime, wall, dispatcher, timedelta(0))
    assert receiver.told[-1].id == str(published(runtime)[0].id)
    with pytest.raises(NotFound):
        endpoints.replay_one(endpoint, uuid.uuid4(), actor="staff:1")


def test_what_is_removed_is_told_nothing_and_is_not_there(
    world: tuple[Runtime, FixedClock], receiver: Receiver
) -> None:
    runtime, wall = world
    endpoint, _ = endpoint_at(runtime, receiver.url)
    happen(runtime, SUBJECTS[0])
    events.publish(runtime)
    endpoints = WebhookEndpoints(runtime)
    endpoints.remove(endpoint, actor="staff:1")
    wake(runtime, wall, dispatcher_on(runtime), timedelta(0))
    assert (receiver.told, endpoints.list_all(), states(runtime)) == ([], [], [DeliveryState.DROPPED])
    with pytest.raises(NotFound):
        endpoints.get(endpoint)
    with pytest.raises(NotFound):
        endpoints.attempts(endpoint, most=1)


def test_another_owners_endpoints_do_not_exist(world: tuple[Runtime, FixedClock]) -> None:
    runtime, _ = world
    mine, _ = endpoint_at(runtime, "http://127.0.0.1:9/")
    stranger = WebhookEndpoints(runtime, owner="client:1")
    assert stranger.list_all() == []
    with pytest.raises(NotFound):
        stranger.remove(mine, actor="client:1")
    with pytest.raises(NotFound):
        stranger.rotate(mine, actor="client:1")


@pytest.mark.parametrize(
    ("url", "kinds", "pointers"),
    [
        ("https://10.0.0.1/", None, ["/url"]),
        ("ftp://127.0.0.1/", ["agreement.signed", "agreement.sold"], ["/url", "/event_types/1"]),
    ],
)
def test_an_endpoint_that_cannot_be_is_refused_by_member(
    world: tuple[Runtime, FixedClock], url: str, kinds: list[str] | None, pointers: list[str]
) -> None:
    runtime, _ = world
    with pytest.raises(InvalidInput) as refused:
        endpoint_at(runtime, url, kinds)
    assert [error.pointer for error in refused.value.errors] == pointers


def test_there_are_so_many_endpoints_and_no_more(world: tuple[Runtime, FixedClock]) -> None:
    runtime, _ = world
    for _ in range(MOST_ENDPOINTS):
        endpoint_at(runtime, "http://127.0.0.1:9/")
    with pytest.raises(TooManyEndpoints):
        endpoint_at(runtime, "http://127.0.0.1:9/")


def with_mail(runtime: Runtime, port: int) -> tuple[Runtime, Dispatcher]:
    """The runtime and its dispatcher where mail goes to the server at *port*."""
    mail = MailSettings("127.0.0.1", port, False, True, None, Secret(""), SENDER)
    runtime = replace(runtime, settings=replace(runtime.settings, mail=mail))
    smtp = Smtp(mail, "Exempel Kredit AB", each_answer_seconds=1, whole_seconds=2)
    return runtime, Dispatcher(runtime, WebhookClient(sandbox=True), smtp)


def post(runtime: Runtime, key: str, *, subject: str | None = None, recipient: str = "greta@example.se") -> None:
    with runtime.database.transaction() as session:
        content = {"subject": key, "body": "Hej"}
        outbox.post(
            session,
            runtime,
            kind="k",
            business_key=key,
            recipient=recipient,
            content=content,
            at=AT,
            subject=subject,
        )


def test_letters_go_out_in_order_and_each_once(world: tuple[Runtime, FixedClock]) -> None:
    with smtp_server() as server:
        runtime, dispatcher = with_mail(world[0], server.port)
        for key in ("a", "b", "b", "c"):
            post(runtime, key, subject="agreement:1")
        assert (dispatcher.deliver_mail(), dispatcher.deliver_mail()) == (3, 0)
    subjects = [line for taken in server.taken for line in taken.content.split(b"\r\n") if line.startswith(b"Subject")]
    assert subjects == [b"Subject: a", b"Subject: b", b"Subject: c"]


def test_a_mailbox_that_is_full_holds_up_its_own_lane_only(world: tuple[Runtime, FixedClock]) -> None:
    with smtp_server({"RCPT": "452 4.2.2 full"}) as server:
        runtime, dispatcher = with_mail(world[0], server.port)
        post(runtime, "a", subject="agreement:1")
        post(runtime, "b", subject="agreement:1")
        post(runtime, "c", subject="agreement:2")
        assert dispatcher.deliver_mail() == 2
        server.answers = {}
        assert dispatcher.deliver_mail() == 0
        world[1].move_to(AT + PAUSES[0])
        assert dispatcher.deliver_mail() == 3
    assert len(server.taken) == 3


def test_a_server_in_trouble_is_not_asked_again_in_the_same_round(world: tuple[Runtime, FixedClock]) -> None:
    with smtp_server({"CONNECT": "421 4.3.2 closing"}) as server:
        runtime, dispatcher = with_mail(world[0], server.port)
        for key in ("a", "b", "c"):
            post(runtime, key)
        assert dispatcher.deliver_mail() == 1


def test_an_address_that_is_none_is_set_aside_without_asking_anybody(world: tuple[Runtime, FixedClock]) -> None:
    with smtp_server() as server:
        runtime, dispatcher = with_mail(world[0], server.port)
        post(runtime, "a", recipient="greta@example.se\r\nBcc: offer@example.se")
        dispatcher.deliver_mail()
    assert (states(runtime), server.commands) == ([DeliveryState.DEAD], [])
    with runtime.database.transaction() as session:
        (letter,) = deliveries.dead_letters(session, most=10)
    assert (letter.kind, letter.last_fault) == ("k", "recipient")


def test_without_a_server_letters_stay_in_the_mailbox(world: tuple[Runtime, FixedClock]) -> None:
    runtime, _ = world
    post(runtime, "a")
    assert dispatcher_on(runtime).deliver_mail() == 0
    with runtime.database.transaction() as session:
        assert [message.subject for message in outbox.latest(session, runtime, count=10)] == ["a"]
    assert states(runtime) == []


def test_no_transaction_is_open_while_an_outside_party_is_asked(world: tuple[Runtime, FixedClock]) -> None:
    runtime, _ = world
    seen: list[bool] = []

    class Watching(WebhookClient):
        def send(self, *args: object, **options: object) -> deliveries.Outcome:
            seen.append(runtime.database.in_transaction)
            return super().send(*args, **options)  # type: ignore[arg-type]

    def answer(_: Told) -> int:
        return 200

    with webhook_receiver(answer) as receiver:
        endpoint_at(runtime, receiver.url)
        happen(runtime, SUBJECTS[0])
        events.publish(runtime)
        Dispatcher(runtime, Watching(sandbox=True), None).deliver_webhooks()
    assert seen == [False]


def test_a_claim_holds_no_row_while_it_is_delivered(committed_runtime: Runtime) -> None:
    endpoint, _ = endpoint_at(committed_runtime, "http://127.0.0.1:9/")
    happen(committed_runtime, SUBJECTS[0])
    events.publish(committed_runtime)
    assert deliveries.claim(committed_runtime, endpoint)
    with committed_runtime.database.transaction() as session:
        session.execute(sa.text("SELECT id FROM delivery FOR UPDATE NOWAIT"))
        session.execute(sa.text("SELECT id FROM webhook_endpoint FOR UPDATE NOWAIT"))
