"""One disposable PostgreSQL server per test run, a template database with all migrations, and copies of it."""

import shutil
import tempfile
import uuid
from pathlib import Path

import psycopg
import sqlalchemy as sa

from underwriting import migrations
from underwriting.platform.embedded_postgres import DISPOSABLE, EmbeddedPostgres

TEMPLATE = "borgen_template"
_UNFINISHED = "borgen_template_unfinished"
_ONE_AT_A_TIME = 18_000_001  # the key of an advisory lock: the first test process migrates, the others wait


class DisposableServer:
    """An embedded PostgreSQL whose data are removed when it is stopped; lives in the process that started it."""

    def __init__(self) -> None:
        self._home = Path(tempfile.mkdtemp(prefix="borgen-test-"))
        self._postgres = EmbeddedPostgres(self._home, settings=DISPOSABLE).__enter__()
        self.url = self._postgres.url()

    def stop(self) -> None:
        self._postgres.__exit__(None, None, None)
        self._postgres.destroy()
        shutil.rmtree(self._home)


def url_of(server_url: str, database: str) -> str:
    """The address of *database* on the server at *server_url*."""
    return sa.make_url(server_url).set(database=database).render_as_string(hide_password=False)


def ensure_template(server_url: str) -> None:
    """Make the template once per server, by all migrations from nothing; whoever comes later waits for it."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [_ONE_AT_A_TIME])
        if connection.execute("SELECT FROM pg_database WHERE datname = %s", [TEMPLATE]).fetchone() is None:
            connection.execute(f"DROP DATABASE IF EXISTS {_UNFINISHED} WITH (FORCE)")
            connection.execute(f"CREATE DATABASE {_UNFINISHED}")
            migrations.upgrade(url_of(server_url, _UNFINISHED))
            connection.execute(f"ALTER DATABASE {_UNFINISHED} RENAME TO {TEMPLATE}")


def create_database(server_url: str, *, template: str = TEMPLATE) -> str:
    """A new database like *template*; its address."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        # Files are copied in half the time that their pages take through the log.
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
    return url_of(server_url, name)


def drop_database(server_url: str, url: str) -> None:
    """Remove the database at *url*, whoever is still connected to it."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)")
