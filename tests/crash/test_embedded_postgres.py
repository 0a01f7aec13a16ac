"""The embedded PostgreSQL, whose parent is killed: nothing keeps running, nothing committed is lost."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.support.processes import children_of, is_gone, wait_until
from underwriting.platform.embedded_postgres import DISPOSABLE, DURABLE, EmbeddedPostgres
from underwriting.platform.postgres_files import EmbeddedPostgresError, prepare_files
from underwriting.platform.processes import AlreadyRunning

pytestmark = pytest.mark.crash

HOLDER = """
import sys, time
from pathlib import Path
from underwriting.platform.embedded_postgres import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1])) as postgres:
    print(postgres.process.pid, postgres.url(), flush=True)
    time.sleep(600)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home with an empty cluster, in a folder whose name has blanks and letters beyond ASCII; removed afterwards."""
    folder = tmp_path / "en mapp på svenska"
    files = prepare_files(folder, durable=False)
    yield folder
    shutil.rmtree(files.data.parent if files.user else files.data)


@contextmanager
def holder(home: Path) -> Iterator[tuple[subprocess.Popen[str], int, str]]:
    """A process that runs a server in *home*; with the server's number and address."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(home)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    with process:
        number, url = process.stdout.readline().split()
        try:
            yield process, int(number), url
        finally:
            process.kill()
            process.wait()
            assert wait_until(lambda: is_gone(int(number)))


def test_what_was_committed_is_found_again_by_the_next_start(home: Path) -> None:
    with EmbeddedPostgres(home) as postgres, psycopg.connect(postgres.url()) as connection:
        assert connection.info.server_version >= 180000
        assert connection.execute("SHOW fsync").fetchone() == ("on",)
        connection.execute("CREATE TABLE kept (öre bigint)")
        connection.execute("INSERT INTO kept VALUES (150000)")
    with EmbeddedPostgres(home) as postgres, psycopg.connect(postgres.url()) as connection:
        assert connection.execute("SELECT öre FROM kept").fetchall() == [(150000,)]


def test_a_kill_of_the_parent_leaves_nothing_running_and_loses_nothing(home: Path, kill_count: int) -> None:
    for round_number in range(kill_count):
        with holder(home) as (parent, server, url):
            with psycopg.connect(url) as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS kept (round int)")
                connection.execute("INSERT INTO kept VALUES (%s)", [round_number])
            processes = [server, *children_of(server)]
            parent.kill()
            parent.wait()
            assert wait_until(lambda these=processes: all(map(is_gone, these)))  # type: ignore[misc]
    with EmbeddedPostgres(home) as postgres, psycopg.connect(postgres.url()) as connection:
        found = connection.execute("SELECT round FROM kept ORDER BY round").fetchall()
    assert found == [(round_number,) for round_number in range(kill_count)]


def test_a_start_right_after_the_kill_waits_for_the_old_server(home: Path) -> None:
    with holder(home) as (parent, old, _url):
        parent.kill()
        parent.wait()
        with EmbeddedPostgres(home) as postgres:
            assert is_gone(old)
            assert postgres.process.pid != old


def test_a_killed_server_is_recovered_from_while_its_parent_lives(home: Path) -> None:
    with EmbeddedPostgres(home) as postgres:
        with psycopg.connect(postgres.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept ()")
        postgres.process.send_signal(signal.SIGKILL)
        postgres.process.wait()
    with EmbeddedPostgres(home) as postgres, psycopg.connect(postgres.url()) as connection:
        assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)


def test_a_second_process_is_told_who_uses_the_folder(home: Path) -> None:
    with holder(home) as (parent, server, _url):
        with pytest.raises(AlreadyRunning, match=f"in use by process {parent.pid}"), EmbeddedPostgres(home):
            pass
        assert not is_gone(server)


def test_a_stale_pid_file_that_names_an_innocent_program_hurts_nobody(home: Path) -> None:
    with EmbeddedPostgres(home, settings=DISPOSABLE) as postgres:
        pid_file = postgres.files.data / "postmaster.pid"
        lines = pid_file.read_text().splitlines()
        owner = postgres.files.user.pw_uid if postgres.files.user else None
    with subprocess.Popen(["sleep", "60"], user=owner) as innocent:
        pid_file.write_text("\n".join([str(innocent.pid), *lines[1:]]) + "\n")
        with EmbeddedPostgres(home, settings=DISPOSABLE) as postgres, psycopg.connect(postgres.url()):
            pass
        assert innocent.poll() is None
        innocent.kill()


def test_a_cluster_half_made_is_made_again(home: Path) -> None:
    with EmbeddedPostgres(home, settings=DISPOSABLE) as postgres:
        data = postgres.files.data
    data.rename(data.with_name("new-half"))
    (data.with_name("new-half") / "global" / "pg_control").unlink()
    with EmbeddedPostgres(home, settings=DISPOSABLE) as postgres, psycopg.connect(postgres.url()):
        pass
    assert not data.with_name("new-half").exists()


def test_a_server_that_cannot_start_is_told_with_its_own_words(home: Path) -> None:
    with (
        pytest.raises(EmbeddedPostgresError, match="no_such_setting"),
        EmbeddedPostgres(home, settings={"no_such_setting": "1"}),
    ):
        pass


def test_data_of_another_version_are_left_alone(home: Path) -> None:
    with EmbeddedPostgres(home, settings=DISPOSABLE) as postgres:
        version = postgres.files.data / "PG_VERSION"
    version.write_text("17\n")
    with (
        pytest.raises(EmbeddedPostgresError, match="was made by PostgreSQL 17, and this is 18"),
        EmbeddedPostgres(home),
    ):
        pass
    version.write_text("18\n")


def test_nobody_else_reaches_the_server(home: Path) -> None:
    with EmbeddedPostgres(home, settings=DURABLE) as postgres, psycopg.connect(postgres.url()) as connection:
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
        assert postgres.files.sockets.stat().st_mode & 0o077 == 0
        assert postgres.files.data.stat().st_mode & 0o077 == 0
        owner = postgres.files.user.pw_uid if postgres.files.user else os.geteuid()
        assert postgres.files.sockets.stat().st_uid == owner
        assert len(os.fsencode(postgres.files.sockets)) < 90


def test_the_servers_log_holds_no_statement_and_no_value(home: Path) -> None:
    with EmbeddedPostgres(home, settings=DURABLE) as postgres:
        with psycopg.connect(postgres.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE person (number text UNIQUE)")
            connection.execute("INSERT INTO person VALUES ('199908072391')")
            with pytest.raises(psycopg.errors.UniqueViolation):
                connection.execute("INSERT INTO person VALUES ('199908072391')")
        log = postgres.log.read_text()
    assert "person_number_key" in log
    assert "199908072391" not in log
    assert "INSERT" not in log
