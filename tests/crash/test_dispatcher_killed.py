"""Dispatchers that are killed, and two of them at once: no event is lost, and each subject's come in order."""

import random
import signal
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support import nursery
from tests.support.environment import complete_environment
from tests.support.messages import SUBJECTS, endpoint_at, happen, published
from tests.support.processes import wait_until
from tests.support.webhook_receiver import Receiver, webhook_receiver
from underwriting.kernel.clock import SystemClock
from underwriting.platform import deliveries
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import Database
from underwriting.platform.dispatcher import Dispatcher
from underwriting.platform.message_models import DeliveryState
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings
from underwriting.platform.webhook_client import WebhookClient

pytestmark = pytest.mark.crash

SUBJECT_COUNT, EVENTS_EACH = 10, 8
# Leases are short here: a dispatcher that died is waited for.
DISPATCHER = """
import os, signal, sys, time
from datetime import timedelta
from pathlib import Path
from tests.crash.test_dispatcher_killed import dispatcher_on_url
from underwriting.platform import deliveries
url, folder, moment = sys.argv[1:]
deliveries.LEASE = timedelta(seconds=0.5)
if moment == "at the mark":
    def die(*args, **options):
        os.kill(os.getpid(), signal.SIGKILL)
    deliveries.settle = die
dispatcher = dispatcher_on_url(url, Path(folder))
print("begins", flush=True)
while True:
    dispatcher.publish()
    if not dispatcher.deliver_webhooks():
        time.sleep(0.02)
"""


def dispatcher_on_url(url: str, folder: Path) -> Dispatcher:
    """A dispatcher of webhooks on the database at *url*, by the machine's clock."""
    settings = Settings.from_environment(complete_environment(folder))
    database = Database(url)
    runtime = Runtime(settings, database, SystemClock(), cipher_of(settings, database))
    return Dispatcher(runtime, WebhookClient(sandbox=True), None)


@contextmanager
def dispatching(runtime: Runtime, folder: Path, moment: str = "") -> Iterator[nursery.Process]:
    """A process that delivers."""
    with nursery.start("-c", DISPATCHER, runtime.database.url, str(folder), moment) as process:
        assert process.stdout.readline().strip() == "begins"
        yield process
        process.kill()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with webhook_receiver() as receiver:
        yield receiver


def much_happens(runtime: Runtime, receiver: Receiver) -> None:
    endpoint_at(runtime, receiver.url)
    for number in range(SUBJECT_COUNT * EVENTS_EACH):
        happen(runtime, SUBJECTS[number % SUBJECT_COUNT])


def all_delivered(runtime: Runtime) -> bool:
    with runtime.database.transaction() as session:
        found = deliveries.latest(session, most=1000)
    return len(found) == SUBJECT_COUNT * EVENTS_EACH and {each.state for each in found} == {DeliveryState.DELIVERED}


def assert_told_in_order(runtime: Runtime, receiver: Receiver) -> None:
    """Every event was told, and those of one subject in its order."""
    subjects = {str(event.id): event.subject for event in published(runtime)}
    told: dict[str, list[str]] = defaultdict(list)
    for message_id in dict.fromkeys(each.id for each in receiver.told):
        told[subjects[message_id]].append(message_id)
    expected: dict[str, list[str]] = defaultdict(list)
    for event in published(runtime):
        expected[event.subject].append(str(event.id))
    assert told == expected


def test_two_dispatchers_share_the_work_and_keep_each_subjects_order(
    committed_runtime: Runtime, receiver: Receiver, tmp_path: Path
) -> None:
    much_happens(committed_runtime, receiver)
    with dispatching(committed_runtime, tmp_path), dispatching(committed_runtime, tmp_path):
        assert wait_until(lambda: all_delivered(committed_runtime), within_seconds=60)
    assert len(receiver.told) == SUBJECT_COUNT * EVENTS_EACH
    assert_told_in_order(committed_runtime, receiver)


def test_killed_between_delivery_and_mark_the_message_comes_a_second_time_with_its_id(
    committed_runtime: Runtime, receiver: Receiver, tmp_path: Path
) -> None:
    endpoint_at(committed_runtime, receiver.url)
    for _ in range(2):
        happen(committed_runtime, SUBJECTS[0])
    with dispatching(committed_runtime, tmp_path, "at the mark") as process:
        assert process.wait(30) == -signal.SIGKILL
    first, second = [str(event.id) for event in published(committed_runtime)]
    assert [told.id for told in receiver.told] == [first]
    with dispatching(committed_runtime, tmp_path):
        assert wait_until(lambda: len(receiver.told) == 3)
    assert [told.id for told in receiver.told] == [first, first, second]
    assert len({told.body for told in receiver.told}) == 2


def test_killed_at_any_moment_nothing_is_lost_and_the_order_holds(
    committed_runtime: Runtime, receiver: Receiver, tmp_path: Path, kill_count: int
) -> None:
    much_happens(committed_runtime, receiver)
    for _ in range(kill_count):
        with dispatching(committed_runtime, tmp_path) as process:
            time.sleep(random.uniform(0, 0.15))
            process.kill()
            process.wait()
        happen(committed_runtime, SUBJECTS[random.randrange(SUBJECT_COUNT)])
    happened = SUBJECT_COUNT * EVENTS_EACH + kill_count
    with dispatching(committed_runtime, tmp_path):
        assert wait_until(lambda: _nothing_waits(committed_runtime, after=happened), within_seconds=60)
    assert_told_in_order(committed_runtime, receiver)


def _nothing_waits(runtime: Runtime, *, after: int) -> bool:
    """Whether *after* so many events everything is told: they are queued as they are published, so that comes first."""
    with runtime.database.transaction() as session:
        return len(published(runtime)) == after and deliveries.waiting_since(session) is None
