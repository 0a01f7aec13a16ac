"""A rotation of keys that is killed at any moment, and begun again, ends as one that nobody disturbed."""

import random
import time

import psycopg
import pytest
import sqlalchemy as sa

from tests.support import many_numbers, nursery
from underwriting.kernel.clock import SystemClock
from underwriting.personal_data.rotation import Rotation
from underwriting.platform.data_keys import StoredDataKeys
from underwriting.platform.database import Database
from underwriting.platform.encryption import Cipher
from underwriting.platform.key_store import GivenKeys

pytestmark = pytest.mark.crash

NUMBERS = 2000
FIRST, SECOND, THIRD = b"e" * 32, b"2" * 32, b"3" * 32
ROTATOR = """
import sys
from underwriting.kernel.clock import SystemClock
from underwriting.personal_data import rotation
from tests.crash.test_rotation_killed import rotation_on
rotation.AT_ONCE = 20
run = rotation_on(sys.argv[1], newest=int(sys.argv[2]))
print("begins", flush=True)
run.run(at=SystemClock().now())
print("ends", flush=True)
"""


def rotation_on(url: str, *, newest: int) -> Rotation:
    """A rotation to version *newest* on the database at *url*, as its owner."""
    database = Database(url, as_service=False)
    given = {3: THIRD, 2: SECOND, 1: FIRST}
    keys = StoredDataKeys(database, GivenKeys({version: key for version, key in given.items() if version <= newest}))
    return Rotation(database, Cipher(keys, index_key=b"i" * 32, first_key=FIRST), keys)


def numbers_read(url: str, store: GivenKeys) -> list[str]:
    """Every personal number, by who has nothing but the keys of *store*."""
    database = Database(url)
    cipher = Cipher(StoredDataKeys(database, store), index_key=b"i" * 32)
    with database.transaction() as session:
        query = sa.text("SELECT person_encrypted FROM application_guarantor ORDER BY person_index")
        stored = session.execute(query).scalars().all()
        cipher.prepare(stored)
        read = [cipher.decrypt(value, context=many_numbers.CONTEXT).decode() for value in stored]
    database.dispose()
    return read


def kill_while_it_rotates(url: str, newest: int, chance: random.Random) -> bool:
    """Let a process rotate and kill it after a while; whether it was done before."""
    with nursery.start("-c", ROTATOR, url, str(newest)) as process:
        assert process.stdout.readline().strip() == "begins"
        time.sleep(chance.uniform(0.0, 0.3))
        process.kill()
        return process.stdout.read().strip() == "ends"


def test_whoever_is_killed_while_rotating_has_lost_nothing(committed_database: Database, kill_count: int) -> None:
    many_numbers.make(committed_database.url, count=NUMBERS)
    expected = [many_numbers.number(place) for place in range(NUMBERS)]
    chance, whole = random.Random(4), 0
    for kill in range(kill_count):
        newest = 2 if kill < kill_count // 2 else 3
        whole += kill_while_it_rotates(committed_database.url, newest, chance)
    assert whole < kill_count  # some were killed in the middle
    rotation = rotation_on(committed_database.url, newest=3)
    result = rotation.run(at=SystemClock().now())
    assert (result.is_whole, rotation.work_left()) == (True, 0)
    assert numbers_read(committed_database.url, GivenKeys({3: THIRD})) == expected
    with psycopg.connect(committed_database.url) as connection:
        keys = connection.execute(
            "SELECT version, count(*) FROM data_key WHERE subject LIKE 'application:%' GROUP BY version"
        ).fetchall()
    assert keys == [(3, NUMBERS // 2)]
    rotation.database.dispose()
