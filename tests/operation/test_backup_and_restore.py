"""The shipped scripts, tried: a base backup and the archived log bring the data back, to the end or to an instant."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa

from tests.architecture.test_rules_traceable import ROOT
from tests.conftest import LONG
from tests.support.environment import complete_environment
from tests.support.processes import wait_until
from underwriting import migrations
from underwriting.house import runtime_of
from underwriting.platform import audit_log, audit_seal
from underwriting.platform.embedded_postgres import DURABLE, EmbeddedPostgres
from underwriting.platform.models import AuditEntry
from underwriting.platform.postgres_files import PostgresFiles, prepare_files
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings

pytestmark = pytest.mark.crash

SCRIPTS = ROOT / "ops" / "postgresql"
BORGEN = Path(sys.executable).with_name("borgen")
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TODAY = date(2026, 3, 2)


@pytest.fixture
def homes(tmp_path: Path) -> Iterator[tuple[Path, Path]]:
    """Two homes of embedded servers: one that works, and one to restore into; both are removed."""
    pair = (tmp_path / "first", tmp_path / "second")
    files = [prepare_files(home, durable=False) for home in pair]
    yield pair
    for each in files:
        shutil.rmtree(each.data.parent if each.user else each.data)


@dataclass(frozen=True)
class Machine:
    """Where a server's data, backups and archive are; programs are run as the user that runs the server."""

    files: PostgresFiles

    @property
    def archive(self) -> Path:
        return self.files.data.parent / "archive"

    @property
    def backup(self) -> Path:
        return self.files.data.parent / "backup"

    def run(self, *command: str | Path, user: str = "postgres") -> None:
        options = self.files.popen_options()
        options["env"] |= {
            "PATH": f"{self.files.programs}{os.pathsep}{os.defpath}",
            "PGHOST": str(self.files.sockets),
            "PGUSER": user,
        }
        done = subprocess.run([*command], check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **options)
        assert done.returncode == 0, done.stdout.decode()


@contextmanager
def server(home: Path, settings: Mapping[str, str]) -> Iterator[EmbeddedPostgres]:
    """A running server; that it need not survive a power cut saves the test a minute."""
    with EmbeddedPostgres(home, settings={**DURABLE, "fsync": "off", **settings}) as postgres:
        yield postgres


def archiving(machine: Machine) -> dict[str, str]:
    """The settings of docs/operating.md."""
    command = f'test ! -f "{machine.archive}/%f" && cp "%p" "{machine.archive}/%f"'
    return {"archive_mode": "on", "archive_command": command}


@contextmanager
def house_at(url: str, folder: Path) -> Iterator[tuple[Runtime, dict[str, str]]]:
    """The service's runtime on the database at *url*, and the environment of its commands."""
    folder.mkdir(exist_ok=True)
    environment = complete_environment(folder, database_url=url)
    runtime = runtime_of(Settings.from_environment(environment))
    try:
        yield runtime, environment
    finally:
        runtime.database.dispose()


def note(runtime: Runtime, subject: str, *actions: str) -> None:
    with runtime.database.transaction() as session:
        for action in actions:
            audit_log.append(session, subject, action, actor="worker", at=AT)


def subjects(runtime: Runtime) -> set[str]:
    with runtime.database.transaction() as session:
        return set(session.scalars(sa.select(AuditEntry.subject)))


def verified(environment: Mapping[str, str]) -> tuple[int, dict[str, object]]:
    """What `borgen verify audit` says, by exit code and in words."""
    done = subprocess.run(
        [BORGEN, "verify", "audit", "--json"], env={**os.environ, **environment}, capture_output=True, check=False
    )
    return done.returncode, json.loads(done.stdout)


def create(postgres: EmbeddedPostgres) -> str:
    with psycopg.connect(postgres.url(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE borgen")
    return postgres.url("borgen")


def test_the_data_of_any_instant_come_back_on_an_empty_server(homes: tuple[Path, Path], tmp_path: Path) -> None:
    """S3: what is restored is whole by the chains and seals; what was done after that instant is gone."""
    first, second = (Machine(prepare_files(home, durable=False)) for home in homes)
    first.run("mkdir", first.archive)
    with server(homes[0], archiving(first)) as postgres:
        url = create(postgres)
        migrations.upgrade(url)
        with house_at(url, tmp_path / "files") as (runtime, environment), ExitStack() as as_owner:
            note(runtime, "agreement:1", "agreement.granted")
            first.run(SCRIPTS / "backup.sh", first.backup)
            note(runtime, "agreement:2", "agreement.granted", "agreement.signed")
            audit_seal.seal(runtime, TODAY)

            owner = as_owner.enter_context(psycopg.connect(url, autocommit=True))
            (before_the_mishap,) = owner.execute("SELECT clock_timestamp()::text").fetchone() or ("",)
            owner.execute("DELETE FROM audit_entry WHERE subject = 'agreement:1'")
            assert verified(environment)[0] == 1  # and nobody can put it back by hand
            (written,) = owner.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone() or ("",)
            as_owner.pop_all().close()
            assert wait_until(lambda: (first.archive / written).exists(), within_seconds=60)

    shutil.rmtree(second.files.data)  # nothing is left on the other server but its programs
    first.run(SCRIPTS / "restore.sh", first.backup, first.archive, second.files.data, before_the_mishap)
    with (
        server(homes[1], {}) as postgres,
        house_at(postgres.url("borgen"), tmp_path / "files") as (runtime, environment),
    ):
        assert subjects(runtime) == {"agreement:1", "agreement:2"}
        code, found = verified(environment)
        assert (code, found["findings"]) == (0, [])
        assert (found["chains"], found["entries"], found["seals"]) == (2, 3, 1)
        note(runtime, "agreement:1", "agreement.signed")  # it takes writes, as the service's role too
        assert verified(environment)[0] == 0


@pytest.mark.skipif(not LONG, reason="needs ./dev test --long: the way to an instant is the longer part of it")
def test_without_an_instant_everything_that_was_archived_comes_back(homes: tuple[Path, Path], tmp_path: Path) -> None:
    first, second = (Machine(prepare_files(home, durable=False)) for home in homes)
    first.run("mkdir", first.archive)
    with server(homes[0], archiving(first)) as postgres:
        url = create(postgres)
        migrations.upgrade(url)
        first.run(SCRIPTS / "backup.sh", first.backup)
        with house_at(url, tmp_path / "files") as (runtime, _):
            note(runtime, "agreement:1", "agreement.granted")
        with psycopg.connect(url, autocommit=True) as owner:
            (written,) = owner.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone() or ("",)
        assert wait_until(lambda: (first.archive / written).exists(), within_seconds=60)
    shutil.rmtree(second.files.data)
    first.run(SCRIPTS / "restore.sh", first.backup, first.archive, second.files.data)
    with (
        server(homes[1], {}) as postgres,
        house_at(postgres.url("borgen"), tmp_path / "files") as (runtime, environment),
    ):
        assert subjects(runtime) == {"agreement:1"}
        assert verified(environment)[0] == 0


def test_a_dump_is_restored_into_an_empty_server(homes: tuple[Path, Path], tmp_path: Path) -> None:
    """For moving house: the role first, then the dump, by the commands of docs/operating.md."""
    first, second = (Machine(prepare_files(home, durable=False)) for home in homes)
    dump = first.files.data.parent / "borgen.dump"
    with server(homes[0], {}) as postgres:
        url = create(postgres)
        migrations.upgrade(url)
        with house_at(url, tmp_path / "files") as (runtime, _):
            note(runtime, "agreement:1", "agreement.granted", "agreement.signed")
            audit_seal.seal(runtime, TODAY)
        first.run("pg_dump", "--format=custom", f"--file={dump}", "borgen")
    with server(homes[1], {}) as postgres:
        url = create(postgres)
        with psycopg.connect(url, autocommit=True) as owner:
            owner.execute("CREATE ROLE borgen_service NOLOGIN")
        second.run("pg_restore", "--exit-on-error", "--single-transaction", "--dbname=borgen", dump)
        with house_at(url, tmp_path / "files") as (runtime, environment):
            code, found = verified(environment)
            assert (code, found["entries"], found["seals"]) == (0, 2, 1)
            with pytest.raises(sa.exc.ProgrammingError), runtime.database.transaction() as session:
                session.execute(sa.delete(AuditEntry))  # what may not be changed may not be changed here either


def test_a_backup_that_was_tampered_with_is_not_restored(homes: tuple[Path, Path]) -> None:
    first, second = (Machine(prepare_files(home, durable=False)) for home in homes)
    with server(homes[0], {}):
        first.run(SCRIPTS / "backup.sh", first.backup)
    with (first.backup / "PG_VERSION").open("a") as file:
        file.write(" ")
    shutil.rmtree(second.files.data)
    with pytest.raises(AssertionError, match="PG_VERSION"):
        first.run(SCRIPTS / "restore.sh", first.backup, first.archive, second.files.data)
    assert not second.files.data.exists()
