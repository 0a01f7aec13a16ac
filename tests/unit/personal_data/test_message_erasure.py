"""Messages are kept as long as somebody may ask for them, and go the day after."""

import uuid
from collections.abc import Sequence
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from tests.support.messages import SUBJECTS, endpoint_at, happen, published, with_wall
from underwriting.kernel.clock import FixedClock
from underwriting.personal_data.message_erasure import delete_due
from underwriting.platform import data_keys, events, outbox
from underwriting.platform.encryption import HOUSE
from underwriting.platform.runtime import Runtime

NOTHING = {"deliveries": 0, "letters": 0, "events": 0}
WRITTEN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@pytest.fixture
def told(runtime: Runtime) -> tuple[Runtime, FixedClock]:
    """A runtime with a machine's clock, an endpoint and three events of 2 March 2026 in its queue."""
    own, wall = with_wall(runtime)
    endpoint_at(own, "https://127.0.0.1:9/hook")
    for subject in SUBJECTS[:3]:
        happen(own, subject, at=WRITTEN)
    events.publish(own)
    return own, wall


def settle(runtime: Runtime, state: str) -> None:
    with runtime.database.transaction() as session:
        session.execute(sa.text(f"UPDATE delivery SET state = '{state}', settled_at = '2026-03-02 09:00Z'"))
        session.execute(
            sa.text(
                "INSERT INTO delivery_attempt (delivery_id, attempt, at, milliseconds, outcome)"
                " SELECT id, 1, settled_at, 1, 'delivered' FROM delivery"
            )
        )


def counts(runtime: Runtime, *tables: str) -> Sequence[int]:
    with runtime.database.transaction() as session:
        return [session.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one() for table in tables]


def write_letter(runtime: Runtime, *, about: str) -> None:
    with runtime.database.transaction() as session:
        outbox.post(
            session,
            runtime,
            kind="job-late",
            business_key=f"letter:{uuid.uuid4()}",
            recipient="greta@example.se",
            content={"subject": "s", "body": "b"},
            at=WRITTEN,
            data_subject=about,
        )


def test_a_delivery_is_kept_for_three_months(told: tuple[Runtime, FixedClock]) -> None:
    """K2: settled on 2026-03-02, kept through 2026-06-02 of the machine's clock; its attempts go with it."""
    runtime, wall = told
    settle(runtime, "delivered")
    wall.at = datetime(2026, 6, 2, 9, 0, tzinfo=UTC)
    assert delete_due(runtime, on=date(2026, 3, 2)) == NOTHING
    wall.at = datetime(2026, 6, 3, 9, 0, tzinfo=UTC)
    assert delete_due(runtime, on=date(2026, 3, 2)) == NOTHING | {"deliveries": 3}
    assert counts(runtime, "delivery", "delivery_attempt", "event") == [0, 0, 3]
    assert delete_due(runtime, on=date(2026, 3, 2)) == NOTHING


def test_what_was_given_up_stays_as_long_as_its_event(told: tuple[Runtime, FixedClock]) -> None:
    """K2."""
    runtime, wall = told
    settle(runtime, "dead")
    wall.at = datetime(2028, 1, 1, tzinfo=UTC)
    assert delete_due(runtime, on=date(2028, 3, 2)) == NOTHING
    assert delete_due(runtime, on=date(2028, 3, 3)) == NOTHING | {"events": 2}
    assert counts(runtime, "delivery", "delivery_attempt", "event") == [1, 1, 1]


def test_an_event_that_is_still_to_be_delivered_stays_and_so_does_the_newest(told: tuple[Runtime, FixedClock]) -> None:
    """K2: and positions go on from the newest."""
    runtime, _ = told
    assert delete_due(runtime, on=date(2030, 1, 1)) == NOTHING
    settle(runtime, "dropped")
    with runtime.database.transaction() as session:
        session.execute(sa.text("DELETE FROM delivery_attempt"))
        session.execute(sa.text("DELETE FROM delivery"))
    assert delete_due(runtime, on=date(2030, 1, 1))["events"] == 2
    happen(runtime, SUBJECTS[5])
    events.publish(runtime)
    assert [event.position for event in published(runtime)] == [3, 4]


def test_a_letter_to_the_lender_is_kept_for_a_year_and_one_about_a_matter_as_long_as_that(runtime: Runtime) -> None:
    """K2: written on 2026-03-02."""
    matter = f"application:{uuid.uuid4()}"
    write_letter(runtime, about=HOUSE)
    write_letter(runtime, about=matter)
    assert delete_due(runtime, on=date(2027, 3, 2)) == NOTHING
    assert delete_due(runtime, on=date(2027, 3, 3)) == NOTHING | {"letters": 1}
    assert delete_due(runtime, on=date(2040, 1, 1)) == NOTHING
    with runtime.database.transaction() as session:
        data_keys.destroy(session, [matter], because="application", at=WRITTEN)
    assert delete_due(runtime, on=date(2026, 3, 3)) == NOTHING | {"letters": 1}
    assert counts(runtime, "outbox_message") == [0]
