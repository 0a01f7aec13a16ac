"""The outbox: one message per event, in the event's transaction, readable by nobody who reads the table."""

import contextlib
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from underwriting.platform import outbox
from underwriting.platform.models import OutboxMessage
from underwriting.platform.outbox import Message
from underwriting.platform.runtime import Runtime

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def post(runtime: Runtime, key: str, *, body: str = "Välkommen", at: datetime = AT) -> None:
    with runtime.database.transaction() as session:
        outbox.post(
            session,
            runtime,
            kind="guarantor-invitation",
            business_key=key,
            recipient="greta@example.se",
            content={"subject": "Inbjudan", "body": body},
            at=at,
        )


def latest(runtime: Runtime, count: int = 10) -> list[Message]:
    with runtime.database.transaction() as session:
        return outbox.latest(session, runtime, count=count)


def test_a_message_is_read_as_it_was_posted(runtime: Runtime) -> None:
    post(runtime, "invitation:1")
    assert latest(runtime) == [Message("greta@example.se", "Inbjudan", "Välkommen", AT)]


def test_a_second_message_for_the_same_event_is_impossible(runtime: Runtime) -> None:
    post(runtime, "invitation:1")
    post(runtime, "invitation:1", body="En gång till", at=AT + timedelta(hours=1))
    assert [message.body for message in latest(runtime)] == ["Välkommen"]


def test_the_newest_comes_first_and_no_more_than_asked_for(runtime: Runtime) -> None:
    for number in range(4):
        post(runtime, f"invitation:{number}", body=str(number))
    assert [message.body for message in latest(runtime, 3)] == ["3", "2", "1"]


def test_what_is_rolled_back_is_not_sent(runtime: Runtime) -> None:
    with contextlib.suppress(RuntimeError), runtime.database.transaction():
        post(runtime, "invitation:1")
        raise RuntimeError
    assert latest(runtime) == []


def test_the_table_tells_nobody_who_gets_what(runtime: Runtime) -> None:
    post(runtime, "invitation:1")
    with runtime.database.transaction() as session:
        row = session.scalars(sa.select(OutboxMessage)).one()
    kept = row.recipient_encrypted + row.content_encrypted + f"{row.business_key}{row.kind}".encode()
    for told in ("greta", "example.se", "Inbjudan", "Välkommen"):
        assert told.encode() not in kept
