"""Rotation of keys beside those who work: nobody meets a value that cannot be read, and nothing stays under the old."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
import sqlalchemy as sa

from tests.support import many_numbers
from underwriting.kernel.clock import FixedClock
from underwriting.personal_data import key_state, rotation
from underwriting.personal_data.rotation import Rotation
from underwriting.platform import data_keys as platform_data_keys
from underwriting.platform import outbox
from underwriting.platform.data_keys import StoredDataKeys
from underwriting.platform.database import Database
from underwriting.platform.encryption import HOUSE, Cipher, DataErased
from underwriting.platform.key_models import DataKeyRow
from underwriting.platform.key_settings import KeyVersionNeeded
from underwriting.platform.key_store import GivenKeys
from underwriting.platform.models import OutboxMessage
from underwriting.platform.runtime import Runtime

FIRST, SECOND = b"e" * 32, b"2" * 32
BOTH, OLD, NEW = GivenKeys({2: SECOND, 1: FIRST}), GivenKeys({1: FIRST}), GivenKeys({2: SECOND})
NUMBERS = 600


def cipher_with(database: Database, store: GivenKeys) -> Cipher:
    first_key = FIRST if 1 in store.versions() else None
    return Cipher(StoredDataKeys(database, store), index_key=b"i" * 32, first_key=first_key)


def rotation_on(database: Database, store: GivenKeys) -> Rotation:
    owner = Database(database.url, as_service=False)
    keys = StoredDataKeys(owner, store)
    return Rotation(owner, Cipher(keys, index_key=b"i" * 32, first_key=FIRST), keys)


@pytest.fixture
def rotating(committed_database: Database) -> Iterator[Rotation]:
    """A rotation to version 2."""
    found = rotation_on(committed_database, BOTH)
    yield found
    found.database.dispose()


@dataclass
class Service:
    """Reads and writes without a pause, as a process that was given both versions does."""

    runtime: Runtime
    faults: list[Exception] = field(default_factory=list)
    read: int = 0
    written: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        while not self.stop.is_set():
            try:
                self._read()
                self._write()
            except Exception as fault:
                self.faults.append(fault)
                return

    def _read(self) -> None:
        query = sa.text("SELECT person_encrypted FROM application_guarantor ORDER BY random() LIMIT 20")
        with self.runtime.database.transaction() as session:
            for stored in session.execute(query).scalars():
                assert self.runtime.cipher.decrypt(stored, context=many_numbers.CONTEXT).startswith(b"190")
                self.read += 1

    def _write(self) -> None:
        with self.runtime.database.transaction() as session:
            outbox.post(
                session,
                self.runtime,
                kind="kind",
                business_key=f"{id(self)}:{self.written}",
                recipient="anna@example.se",
                content={"subject": "s", "body": "b"},
                at=self.runtime.clock.now(),
            )
            self.written += 1


def test_those_who_work_meanwhile_notice_nothing(
    committed_runtime: Runtime, rotating: Rotation, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "AT_ONCE", 25)
    database = committed_runtime.database
    many_numbers.make(database.url, count=NUMBERS)
    old = cipher_with(database, OLD)
    old.encrypt(b"x", context="c")  # the house has a key of the old version
    services = [
        Service(Runtime(committed_runtime.settings, database, clock, cipher_with(database, BOTH))) for _ in range(2)
    ]
    threads = [threading.Thread(target=service.work) for service in services]
    for thread in threads:
        thread.start()
    done = rotating.run(at=clock.now())
    for service in services:
        service.stop.set()
    for thread in threads:
        thread.join(timeout=30)
    assert [service.faults for service in services] == [[], []]
    assert all(service.read and service.written for service in services)
    assert (done.encrypted >= NUMBERS, done.unreadable) == (True, 0)

    rotating.run(at=clock.now())  # what was still written under the retired key while it was in memory
    new = cipher_with(database, NEW)
    with database.transaction() as session:
        for stored in session.execute(sa.text("SELECT person_encrypted FROM application_guarantor")).scalars():
            assert new.decrypt(stored, context=many_numbers.CONTEXT).startswith(b"190")
        recipients = session.scalars(sa.select(OutboxMessage.recipient_encrypted)).all()
        assert {new.decrypt(one, context="outbox_message.recipient") for one in recipients} == {b"anna@example.se"}
        assert key_state.state(session, BOTH).may_go == {1}


def test_a_second_run_finds_nothing_to_do(rotating: Rotation, clock: FixedClock) -> None:
    many_numbers.make(rotating.database.url, count=10)
    assert rotating.work_left() == 10
    told: list[int] = []
    first = rotating.run(at=clock.now(), tell=told.append)
    assert (first.encrypted, sum(told)) == (10, 10)
    second = rotating.run(at=clock.now())
    assert (second.wrapped, second.encrypted, second.is_whole) == (0, 0, True)


def test_a_retired_key_of_the_house_is_destroyed_an_hour_later_when_nothing_is_under_it(
    committed_database: Database, rotating: Rotation, clock: FixedClock
) -> None:
    cipher_with(committed_database, OLD).encrypt(b"x", context="c")
    assert rotating.run(at=clock.now()).retired_destroyed == 0
    assert rotating.run(at=clock.now() + timedelta(hours=1)).retired_destroyed == 0
    assert rotating.run(at=clock.now() + timedelta(hours=1, seconds=1)).retired_destroyed == 1
    with committed_database.transaction() as session:
        assert session.scalars(sa.select(DataKeyRow.version).where(DataKeyRow.subject == HOUSE)).all() == [None]


def test_what_no_key_opens_is_told_and_left_as_it_is(rotating: Rotation, clock: FixedClock) -> None:
    many_numbers.make(rotating.database.url, count=10)
    with rotating.database.transaction() as session:
        damage = "UPDATE application_guarantor SET person_encrypted = '\\x01aa' WHERE person_index = :index"
        session.execute(sa.text(damage), {"index": (3).to_bytes(32, "big")})
    done = rotating.run(at=clock.now())
    assert (done.encrypted, done.unreadable, done.is_whole) == (9, 1, False)
    assert done.unreadable_in == {"application_guarantor"}


def test_a_row_that_somebody_holds_does_not_hold_up_the_others(
    committed_database: Database, rotating: Rotation, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rotation, "_ROUND_PAUSE_SECONDS", 0.0)
    many_numbers.make(rotating.database.url, count=10)
    with committed_database.transaction() as session:
        session.execute(sa.text("SELECT id FROM application_guarantor ORDER BY id LIMIT 1 FOR UPDATE"))
        done = rotating.run(at=clock.now())
        assert (done.encrypted, done.held) == (9, 1)
    assert rotating.run(at=clock.now()).encrypted == 1


def test_an_erased_subjects_values_of_the_first_form_are_erased_by_the_rotation(
    rotating: Rotation, clock: FixedClock
) -> None:
    """K2: what was stored before data keys is erased with its subject too."""
    many_numbers.make(rotating.database.url, count=4)
    with rotating.database.transaction() as session:
        first = session.execute(
            sa.text("SELECT 'application:' || id FROM application ORDER BY id LIMIT 1")
        ).scalar_one()
        platform_data_keys.destroy(session, [first], because="draft", at=clock.now())
    assert rotating.run(at=clock.now()).is_whole
    cipher = cipher_with(rotating.database, BOTH)
    with rotating.database.transaction() as session:
        rows = session.execute(
            sa.text("SELECT 'application:' || application_id, person_encrypted FROM application_guarantor")
        ).all()
    for subject, stored in rows:
        if subject == first:
            with pytest.raises(DataErased):
                cipher.decrypt(stored, context=many_numbers.CONTEXT)
        else:
            assert cipher.decrypt(stored, context=many_numbers.CONTEXT).startswith(b"190")


def test_a_version_that_something_is_under_cannot_be_left_out(
    committed_database: Database, rotating: Rotation, clock: FixedClock
) -> None:
    many_numbers.make(committed_database.url, count=2)
    with committed_database.transaction() as session:
        with pytest.raises(KeyVersionNeeded, match="Version 1 "):  # values of the first form
            key_state.require_versions(session, NEW, at=clock.now())
        key_state.require_versions(session, OLD, at=clock.now())
        assert key_state.state(session, OLD).may_go == frozenset()
    cipher_with(committed_database, OLD).encrypt(b"x", context="c", subject="application:x")
    rotating.run(at=clock.now())
    with committed_database.transaction() as session:
        with pytest.raises(KeyVersionNeeded, match="Version 2 "):
            key_state.require_versions(session, OLD, at=clock.now())
        key_state.require_versions(session, NEW, at=clock.now())
