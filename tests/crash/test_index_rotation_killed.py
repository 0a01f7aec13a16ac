"""A rotation of the index key that is killed at any moment while others read and write: nobody is missed or doubled."""

import functools
import random
import threading
import time
import uuid
from dataclasses import dataclass, field

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from tests.support import many_numbers, nursery
from underwriting.kernel.clock import SystemClock
from underwriting.personal_data.index_rotation import IndexRotation, left
from underwriting.platform.blind_index import StoredIndexes, index_under
from underwriting.platform.data_keys import StoredDataKeys
from underwriting.platform.database import Database
from underwriting.platform.encryption import Cipher
from underwriting.platform.key_store import GivenKeys

pytestmark = pytest.mark.crash

NUMBERS = 3000
KEYS = {1: b"i" * 32, 2: b"j" * 32}
ROTATOR = """
import contextlib
import sys
from underwriting.kernel.clock import SystemClock
from underwriting.personal_data import index_rotation
from tests.crash.test_index_rotation_killed import rotation_on
index_rotation.AT_ONCE = 20
run = rotation_on(sys.argv[1])
print("begins", flush=True)
with contextlib.suppress(index_rotation.VersionNotNewer):
    run.run(at=SystemClock().now())
print("ends", flush=True)
"""
BY_INDEX = sa.text("SELECT id, application_id FROM application_guarantor WHERE person_index = :index")
NAME = sa.text("""
    INSERT INTO application_guarantor
        (application_id, ordinal, state, person_encrypted, person_index, details_encrypted)
    VALUES (:application_id, :ordinal, 'named', :person, :index, '')
""")


def cipher_on(database: Database) -> Cipher:
    """What a service has that is given both versions."""
    keys = StoredDataKeys(database, GivenKeys({1: many_numbers.FIRST_KEY}))
    return Cipher(keys, index_key=StoredIndexes(database, KEYS), first_key=many_numbers.FIRST_KEY)


def rotation_on(url: str) -> IndexRotation:
    """A rotation on the database at *url*, as its owner."""
    database = Database(url, as_service=False)
    return IndexRotation(database, cipher_on(database), KEYS)


@dataclass
class Work:
    """Looks people up, names new ones, and tries to name the same twice, until it is told to stop."""

    url: str
    stop: threading.Event = field(default_factory=threading.Event)
    looked_up: int = 0
    named: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def run(self) -> None:
        database, chance = Database(self.url), random.Random(7)
        cipher = cipher_on(database)
        while not self.stop.is_set():
            look_up = functools.partial(self._look_up, database, cipher, chance.randrange(NUMBERS))
            database.retrying(look_up)
            if chance.random() < 0.1:
                number = str(195_000_000_000 + len(self.named))
                database.retrying(functools.partial(self._name, database, cipher, number, 10 + len(self.named)))
                self.named.append(number)
            time.sleep(0.001)
        database.dispose()

    def _look_up(self, database: Database, cipher: Cipher, place: int) -> None:
        with database.transaction() as session:
            found = session.execute(BY_INDEX, {"index": cipher.blind_index(many_numbers.number(place))}).all()
            if len(found) != 1:
                self.wrong.append(f"{len(found)} of {place}")
                return
            if place % 10 == 0:
                self._name_again(database, cipher, found[0].application_id, many_numbers.number(place))
        self.looked_up += 1

    def _name_again(self, database: Database, cipher: Cipher, application_id: uuid.UUID, number: str) -> None:
        try:
            with database.transaction() as session, session.begin_nested():
                self._insert(session, cipher, application_id, number, 9)
            self.wrong.append(f"{number} twice")
        except IntegrityError:
            pass  # as it should be

    def _name(self, database: Database, cipher: Cipher, number: str, ordinal: int) -> None:
        with database.transaction() as session:
            one = session.execute(sa.text("SELECT id FROM application ORDER BY id LIMIT 1")).scalar_one()
            self._insert(session, cipher, one, number, ordinal)

    def _insert(
        self, session: sa.orm.Session, cipher: Cipher, application_id: uuid.UUID, number: str, ordinal: int
    ) -> None:
        person = cipher.encrypt(number.encode(), context=many_numbers.CONTEXT)
        values = {"application_id": application_id, "ordinal": ordinal, "person": person}
        session.execute(NAME, values | {"index": cipher.blind_index(number)})


def kill_while_it_rotates(url: str, chance: random.Random) -> bool:
    """Let a process rotate and kill it after a while; whether it was done before."""
    with nursery.start("-c", ROTATOR, url) as process:
        if process.stdout.readline().strip() != "begins":
            return False
        time.sleep(chance.uniform(0.0, 0.4))
        process.kill()
        return process.stdout.read().strip() == "ends"


def test_people_are_found_and_stand_once_however_often_the_rotation_is_killed(
    committed_database: Database, kill_count: int
) -> None:
    """A4: the same person cannot be named twice; 10 kills, 100 in the long run."""
    url, chance = committed_database.url, random.Random(4)
    many_numbers.make(url, count=NUMBERS, index_of=lambda place: index_under(KEYS[1], 1, many_numbers.number(place)))
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE application SET company_index = sha256(reference::bytea) || '\\x00000000'")
        connection.execute("UPDATE application SET signatory_index = company_index")
    work = Work(url)
    thread = threading.Thread(target=work.run)
    thread.start()
    try:
        whole = sum(kill_while_it_rotates(url, chance) for _ in range(kill_count))
        rotation = rotation_on(url)
        # what others hold for long is left for the next run, as its answer says
        finished = whole > 0 or any(rotation.run(at=SystemClock().now()).is_whole for _ in range(5))
    finally:
        work.stop.set()
        thread.join()
    assert whole < kill_count  # some were killed in the middle
    assert (finished, work.wrong) == (True, [])
    assert (work.looked_up > 100, len(work.named) > 10) == (True, True)
    with rotation.database.transaction() as session:
        assert left(session, 2) == {}
        kept = session.execute(sa.text("SELECT person_index FROM application_guarantor")).scalars().all()
    expected = {index_under(KEYS[2], 2, one) for one in work.named}
    expected |= {index_under(KEYS[2], 2, many_numbers.number(place)) for place in range(NUMBERS)}
    assert (len(kept), set(kept)) == (len(expected), expected)
    with psycopg.connect(url) as connection:
        triggers = connection.execute("SELECT tgname FROM pg_trigger WHERE tgname LIKE 'current_indexes%'").fetchall()
    assert triggers == []
    rotation.database.dispose()
