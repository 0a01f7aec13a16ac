"""What every test may ask for: a database (rolled back, or its own), a clock that stands still, a composed runtime.

One embedded PostgreSQL serves the whole run. The pytest process that the user started owns it, so that it outlives each
of the workers that pytest-xdist starts; without workers it is started when the first test asks for it.
"""

import gc
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
from xdist.workermanage import WorkerController

from tests.support import costs, postgres
from tests.support.environment import complete_environment
from tests.support.spare_database import SpareDatabase
from underwriting.kernel.clock import FixedClock
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import Database
from underwriting.platform.encryption import Cipher
from underwriting.platform.environment import Secret
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings

LONG = os.environ.get("BORGEN_LONG") == "1"
HERE = Path(__file__).parent
WAITING = ("crash", "operation", "browser")
LONGEST = ("test_demo.py", "crash/test_up.py", "crash/test_database_restarted.py")
_SERVER = pytest.StashKey[postgres.DisposableServer]()
_SERVER_URL_OF_WORKER = "borgen_server_url"

hypothesis.settings.register_profile("short", deadline=None, max_examples=40)
hypothesis.settings.register_profile("long", deadline=None, max_examples=2000)
hypothesis.settings.load_profile("long" if LONG else "short")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: WorkerController) -> None:
    """Before pytest-xdist starts a worker: tell it where the server is."""
    node.workerinput[_SERVER_URL_OF_WORKER] = _server_of(node.config).url


def pytest_collection_finish() -> None:
    """Thousands of tests and all modules stay until the end: the garbage collector need not look through them."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure(config: pytest.Config) -> None:
    if _SERVER in config.stash:
        config.stash[_SERVER].stop()


@pytest.fixture(scope="session")
def server_url(request: pytest.FixtureRequest) -> str:
    """The run's PostgreSQL server; its template database has all migrations."""
    of_worker: dict[str, str] = getattr(request.config, "workerinput", {})
    url = of_worker.get(_SERVER_URL_OF_WORKER) or _server_of(request.config).url
    postgres.ensure_template(url)
    return url


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files whose tests wait for processes and pages among those that reckon: workers then share both.

    The longest tests come first, so that at the end no worker goes on alone.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    longest = [path for path in files if path.relative_to(HERE).as_posix() in LONGEST]
    waiting = [path for path in files if path.relative_to(HERE).parts[0] in WAITING and path not in longest]
    others = [path for path in files if path not in (*longest, *waiting)]
    places = [(place / len(group), path) for group in (waiting, others) for place, path in enumerate(group)]
    items[:] = [item for path in (*longest, *(path for _, path in sorted(places))) for item in files[path]]


@pytest.fixture(scope="session", autouse=True)
def _cheap() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        costs.cheap_passwords(patch)
        costs.remembered_routes(patch)
        costs.remembered_templates(patch)
        yield


@pytest.fixture(scope="session")
def _shared_database(server_url: str) -> Iterator[Database]:
    url = postgres.create_database(server_url)
    database = Database(url)
    yield database
    database.dispose()
    postgres.drop_database(server_url, url)


@pytest.fixture
def database(_shared_database: Database) -> Iterator[Database]:
    """A migrated, empty database; whatever the test does in it is rolled back. For one thread and one process."""
    with _shared_database.engine.connect() as connection:
        transaction = connection.begin()
        yield Database.bound_to(connection)
        transaction.rollback()


@pytest.fixture(scope="session")
def _spare_database(server_url: str) -> Iterator[SpareDatabase]:
    spare = SpareDatabase(server_url)
    yield spare
    spare.drop()


@pytest.fixture
def committed_database(_spare_database: SpareDatabase) -> Iterator[Database]:
    """A migrated, empty database of the test's own: for commits, threads and processes (its address is `.url`)."""
    with _spare_database.lent() as url:
        database = Database(url)
        yield database
        database.dispose()


@pytest.fixture
def empty_database_url(server_url: str) -> Iterator[str]:
    """The address of a database without any table: for migrations."""
    url = postgres.create_database(server_url, template="template0")
    yield url
    postgres.drop_database(server_url, url)


@pytest.fixture
def clock() -> FixedClock:
    """Stands at 10:00 in Stockholm on Monday 2 March 2026."""
    return FixedClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Complete settings of a sandbox in which no outside party answers."""
    return Settings.from_environment(complete_environment(tmp_path_factory.mktemp("environment")))


@pytest.fixture
def cipher(settings: Settings, database: Database) -> Cipher:
    """Encrypts under the keys of `settings`, with data keys in the database that is rolled back."""
    return cipher_of(settings, database)


@pytest.fixture
def runtime(settings: Settings, database: Database, clock: FixedClock, cipher: Cipher) -> Runtime:
    """What services need, on the database that is rolled back."""
    return Runtime(settings, database, clock, cipher)


@pytest.fixture
def committed_runtime(settings: Settings, committed_database: Database, clock: FixedClock) -> Runtime:
    """What services need, on a database of the test's own; its settings name that database."""
    own = replace(settings, database_url=Secret(committed_database.url))
    return Runtime(own, committed_database, clock, cipher_of(own, committed_database))


@pytest.fixture(scope="session")
def kill_count() -> int:
    """How often a crash test kills its process: 10, or 100 under `./dev test --long`."""
    return 100 if LONG else 10


def _server_of(config: pytest.Config) -> postgres.DisposableServer:
    if _SERVER not in config.stash:
        config.stash[_SERVER] = postgres.DisposableServer()
    return config.stash[_SERVER]
