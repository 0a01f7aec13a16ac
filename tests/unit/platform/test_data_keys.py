"""Data keys: made with what they encrypt, remembered for seconds, destroyed for good."""

import threading
import time
import uuid
from contextlib import suppress

import pytest
import sqlalchemy as sa

from underwriting.kernel.clock import FixedClock
from underwriting.platform import data_keys
from underwriting.platform.data_keys import StoredDataKeys, destroy
from underwriting.platform.database import Database
from underwriting.platform.encryption import CiphertextInvalid, DataErased, DataKey
from underwriting.platform.key_models import DataKeyRow
from underwriting.platform.key_store import GivenKeys, KeyVersionMissing

SUBJECT = "application:1"
STORE = GivenKeys({1: b"k" * 32})


class Undone(Exception):
    pass


def rows(database: Database) -> int:
    with database.transaction() as session:
        return session.execute(sa.select(sa.func.count()).select_from(DataKeyRow)).scalar_one()


def keys_of(database: Database, **options: float) -> StoredDataKeys:
    return StoredDataKeys(database, STORE, **options)  # type: ignore[arg-type]


def test_a_subject_has_one_key_in_every_process(committed_database: Database) -> None:
    first, second = keys_of(committed_database), keys_of(committed_database)
    assert first.current(SUBJECT) == second.current(SUBJECT)
    assert second.find(first.current(SUBJECT).id).key == first.current(SUBJECT).key
    assert rows(committed_database) == 1


def test_a_key_that_begins_a_subject_is_its_key(committed_database: Database) -> None:
    keys = keys_of(committed_database)
    own = keys.begin("application")
    assert own.version == 7  # as the server makes those of rows
    assert keys_of(committed_database).current(f"application:{own}") == keys.current(f"application:{own}")
    assert rows(committed_database) == 1


def test_a_key_is_kept_wrapped_for_its_kind_of_subject_alone(committed_database: Database) -> None:
    key = keys_of(committed_database).current(SUBJECT)
    with committed_database.transaction() as session:
        row = session.get_one(DataKeyRow, key.id)
        assert row.wrapped is not None
        assert key.key not in row.wrapped
        row.subject = "staff:2"
    with pytest.raises(CiphertextInvalid):
        keys_of(committed_database).current("staff:2")


def test_a_key_that_was_rolled_back_is_never_used_again(committed_database: Database) -> None:
    """What would be encrypted under a key that no row holds could be read by nobody."""
    keys = keys_of(committed_database)
    with suppress(Undone), committed_database.transaction():
        lost = keys.current(SUBJECT)
        raise Undone
    assert rows(committed_database) == 0
    kept = keys.current(SUBJECT)
    assert kept.id != lost.id
    assert keys_of(committed_database).find(kept.id) == kept
    with pytest.raises(CiphertextInvalid):
        keys.find(lost.id)


def test_a_key_that_was_made_in_a_savepoint_which_was_undone_is_not_used_by_the_rest(
    committed_database: Database,
) -> None:
    keys = keys_of(committed_database)
    with committed_database.transaction() as session:
        with suppress(Undone), session.begin_nested():
            lost = keys.current(SUBJECT)
            raise Undone
        kept = keys.current(SUBJECT)
        assert kept.id != lost.id
    assert keys_of(committed_database).find(kept.id) == kept


def test_a_savepoint_that_is_released_promises_nothing_before_the_commit(committed_database: Database) -> None:
    keys = keys_of(committed_database)
    with suppress(Undone), committed_database.transaction() as session:
        with session.begin_nested():
            lost = keys.current(SUBJECT)
        raise Undone
    assert keys.current(SUBJECT).id != lost.id


def test_two_at_once_make_one_key(committed_database: Database) -> None:
    barrier, made = threading.Barrier(2), list[DataKey]()

    def make() -> None:
        with committed_database.transaction():
            barrier.wait()
            made.append(keys_of(committed_database).current(SUBJECT))

    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert len(made) == 2
    assert made[0] == made[1]
    assert rows(committed_database) == 1


def test_many_are_found_or_made_at_once(committed_database: Database) -> None:
    keys = keys_of(committed_database)
    one = keys.current("application:1")
    found = keys.currents([f"application:{number}" for number in range(3)])
    assert found["application:1"] == one
    assert len({key.id for key in found.values()}) == rows(committed_database) == 3


def test_a_destroyed_key_opens_nothing_and_its_subject_gets_no_other(
    committed_database: Database, clock: FixedClock
) -> None:
    """K2: erasure destroys keys."""
    keys = keys_of(committed_database)
    key = keys.current(SUBJECT)
    with committed_database.transaction() as session:
        assert destroy(session, [SUBJECT, "application:2"], because="draft", at=clock.now()) == 2
        assert destroy(session, [SUBJECT], because="draft", at=clock.now()) == 0
    keys.forget()
    with pytest.raises(DataErased):
        keys.find(key.id)
    for subject in (SUBJECT, "application:2"):
        with pytest.raises(DataErased):
            keys.current(subject)
    with committed_database.transaction() as session:
        row = session.get_one(DataKeyRow, key.id)
        assert (row.wrapped, row.destroyed_at, row.destroyed_because) == (None, clock.now(), "draft")


def test_another_process_opens_with_a_destroyed_key_for_some_seconds_at_most(
    committed_database: Database, clock: FixedClock
) -> None:
    assert data_keys.REMEMBERED_SECONDS == 10  # as docs/secrets.md says
    other = keys_of(committed_database, remembered_seconds=0.3)
    key = other.current(SUBJECT)
    with committed_database.transaction() as session:
        destroy(session, [SUBJECT], because="draft", at=clock.now())
    until = time.monotonic() + 5
    while time.monotonic() < until:
        try:
            other.find(key.id)
        except DataErased:
            return
        time.sleep(0.02)
    pytest.fail("the key is still in use")


def test_a_key_that_is_made_while_its_subject_is_erased_is_destroyed_too(
    committed_database: Database, clock: FixedClock
) -> None:
    made = keys_of(committed_database)
    with committed_database.transaction():
        key = made.current(SUBJECT)

        def erase() -> None:
            with committed_database.transaction() as session:
                destroy(session, [SUBJECT], because="draft", at=clock.now())

        eraser = threading.Thread(target=erase)
        eraser.start()
        time.sleep(0.2)  # it waits for the key's row
    eraser.join(timeout=20)
    with pytest.raises(DataErased):
        keys_of(committed_database).find(key.id)


def test_memory_holds_no_more_keys_than_its_bound(committed_database: Database) -> None:
    keys = keys_of(committed_database, most=10)
    keys.currents([f"application:{number}" for number in range(50)])
    assert len(keys._remembered._kept) == 10


def test_a_value_that_names_a_key_of_nobody_is_damaged(database: Database) -> None:
    with pytest.raises(CiphertextInvalid):
        keys_of(database).find(uuid.uuid4())


def test_many_keys_are_asked_for_by_one_query(committed_database: Database) -> None:
    made = keys_of(committed_database).currents([f"application:{number}" for number in range(20)])
    other, asked = keys_of(committed_database), list[str]()
    sa.event.listen(committed_database.engine, "before_cursor_execute", lambda *call: asked.append(call[2]))
    other.prepare(key.id for key in made.values())
    for key in made.values():
        assert other.find(key.id) == key
    assert len([statement for statement in asked if "data_key" in statement]) == 1


def test_a_version_that_is_not_given_is_told_as_such(committed_database: Database) -> None:
    key = keys_of(committed_database).current(SUBJECT)
    with pytest.raises(KeyVersionMissing):
        StoredDataKeys(committed_database, GivenKeys({2: b"n" * 32})).find(key.id)
