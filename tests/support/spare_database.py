"""A database that tests use one after the other, each finding it as the migrations leave it, under another name.

To make a database from the template and to drop it takes longer than most tests: hundreds of files each time. So its
rows are put back instead, by tests' connections thrown out, tables emptied past triggers, sequences set back. Where a
test changed more than rows (any entry of the catalogs below is another one) the database is dropped and made anew.

A thread may still be at work when its test is over, and put its connection into a pool that nobody closes any more.
Nobody is interested in that connection then: it is closed here, instead of at some later test by the garbage collector,
which is an error there.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import psycopg
import sqlalchemy as sa
from psycopg import sql

from tests.support import postgres

Connection: TypeAlias = psycopg.Connection[tuple[object, ...]]

_CATALOGS = ("class", "attribute", "attrdef", "proc", "trigger", "constraint", "index", "namespace", "type", "policy")
_SCHEMA = " UNION ALL ".join(f"SELECT count(*), max(xmin::text::bigint) FROM pg_{each}" for each in _CATALOGS)
_OWN_SETTINGS = "SELECT count(*) FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase WHERE datname = %s"
_TABLES = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'public'"
_SEQUENCES = "SELECT format('%I.%I', schemaname, sequencename), start_value, last_value FROM pg_sequences"
_THROW_OUT = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"


class SpareDatabase:
    """The database of one test process on the server at *server_url*; made when it is first asked for."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self._spare: str | None = None
        self._schema: object = None
        self._seeds: dict[str, bytes] = {}
        self._sequences: dict[object, tuple[object, object]] = {}
        self._made_in_pools: list[psycopg.Connection[object]] = []
        sa.event.listen(sa.Pool, "connect", lambda connection, _: self._made_in_pools.append(connection))

    @contextmanager
    def lent(self) -> Iterator[str]:
        """The address of a migrated, empty database, for one test; nobody reaches it under that name afterwards."""
        url = self._spare or self._made()
        self._spare = None
        try:
            yield url
        finally:
            if self._put_back(url):
                self._spare = self._renamed(url)
            else:
                postgres.drop_database(self._server_url, url)
            self._close_connections_to(sa.make_url(url).database)

    def drop(self) -> None:
        """Remove it."""
        if self._spare is not None:
            postgres.drop_database(self._server_url, self._spare)
            self._spare = None

    def _made(self) -> str:
        url = postgres.create_database(self._server_url)
        with psycopg.connect(url, autocommit=True) as connection:
            self._schema = _schema_of(connection)
            tables = [str(name) for (name,) in connection.execute(_TABLES).fetchall()]
            seeded = _with_rows(connection, tables)
            self._seeds = {table: _copied(connection, table) if table in seeded else b"" for table in tables}
            self._sequences = {name: (start, last) for name, start, last in connection.execute(_SEQUENCES).fetchall()}
        return url

    def _put_back(self, url: str) -> bool:
        """Whether the database at *url* is again what it was when it was made."""
        name = sa.make_url(url).database
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(_THROW_OUT, [name])
            if connection.execute(_OWN_SETTINGS, [name]).fetchone() != (0,):
                return False
        with psycopg.connect(url) as connection:
            if _schema_of(connection) != self._schema:
                return False
            connection.execute("SET LOCAL session_replication_role = replica")  # no trigger forbids it
            seeded = [table for table, seed in self._seeds.items() if seed]
            for table in {*_with_rows(connection, list(self._seeds)), *seeded}:
                connection.execute(f"DELETE FROM {table}".encode())
            for table in seeded:
                with connection.cursor().copy(f"COPY {table} FROM STDIN".encode()) as copy:
                    copy.write(self._seeds[table])
            for sequence, _, last in connection.execute(_SEQUENCES).fetchall():
                start, before = self._sequences[sequence]
                if last != before:
                    connection.execute("SELECT setval(%s, %s, %s)", [sequence, before or start, before is not None])
        return True

    def _close_connections_to(self, name: str | None) -> None:
        for connection in self._made_in_pools:
            if not connection.closed and connection.info.dbname == name:
                connection.close()
        self._made_in_pools = [connection for connection in self._made_in_pools if not connection.closed]

    def _renamed(self, url: str) -> str:
        name = f"test_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(_THROW_OUT, [sa.make_url(url).database])
            rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            connection.execute(rename.format(sql.Identifier(str(sa.make_url(url).database)), sql.Identifier(name)))
        return postgres.url_of(self._server_url, name)


def _schema_of(connection: Connection) -> object:
    return connection.execute(_SCHEMA.encode()).fetchall()


def _with_rows(connection: Connection, tables: list[str]) -> set[str]:
    question = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables)
    return {str(name) for (name,) in connection.execute(question.encode()).fetchall()}


def _copied(connection: Connection, table: str) -> bytes:
    with connection.cursor().copy(f"COPY {table} TO STDOUT".encode()) as copy:
        return b"".join(bytes(part) for part in copy)
