"""A whole sandbox in a folder that is removed afterwards: database, stand-ins and the service, and no worker.

Nobody ticks the jobs: whoever moves test time runs what is due on the way, so that the story is the same each time.
"""

import contextlib
import http.client
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from socket import socket

from underwriting import migrations
from underwriting.demo.staff import add_missing_staff
from underwriting.house import runtime_of
from underwriting.kernel.text import Text
from underwriting.platform import test_time
from underwriting.platform.embedded_postgres import DISPOSABLE, EmbeddedPostgres
from underwriting.platform.postgres_files import EmbeddedPostgresError
from underwriting.platform.processes import Child, PortInUse, listen
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings
from underwriting.sandbox_environment import Addresses, sandbox_environment

_BORGEN = (sys.executable, "-m", "underwriting.cli")
_ATTEMPTS = 50
_READY_WITHIN_SECONDS = 60
_LOOK_EVERY_SECONDS = 0.05
_ONE_LOOK_SECONDS = 1
_WEB_LOG = "web.log"
_SHOWN_OF_LOG = 2000

_NOWHERE = Addresses(9)  # nobody is asked anything over a wire
# Who plays and who proves have a processor each: workers of a query would take it from the other, and sorts fit.
_ALONE = {**DISPOSABLE, "max_parallel_workers_per_gather": "0", "work_mem": "32MB"}

Say = Callable[[Text], None]


class NotStarted(Exception):
    """The service did not come up; the message ends with what it printed."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A running sandbox; *runtime* is for reading its books, *log* is what the service prints."""

    addresses: Addresses
    runtime: Runtime
    log: Path

    def end_of_log(self) -> str:
        """The last that the service has printed."""
        return _end_of(self.log)


@contextlib.contextmanager
def running(*, at: datetime, say: Say) -> Iterator[Environment]:
    """A sandbox whose test time stands at the instant *at*; when the block ends nothing is left of it.

    Raises EmbeddedPostgresError, NotStarted.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(_signals_as_interrupt())
        home = Path(tempfile.mkdtemp(prefix="borgen-demo-"))
        stack.callback(shutil.rmtree, home)
        addresses, sockets = _three_in_a_row(stack)
        say(Text("Startar PostgreSQL …", "Starting PostgreSQL …"))
        postgres = EmbeddedPostgres(home, settings=DISPOSABLE)
        stack.enter_context(_disposed(postgres))
        migrations.upgrade(postgres.url())
        settings = sandbox_environment(home, addresses, database_url=postgres.url())
        runtime = runtime_of(Settings.from_environment(settings))
        stack.callback(runtime.database.dispose)
        test_time.put(runtime.settings, runtime.database, at)
        add_missing_staff(runtime)
        say(Text("Startar tjänsten, byråerna, BankID och banken …", "Starting service, bureaus, BankID and bank …"))
        children = _children(home, sockets)
        for child in children:
            stack.callback(child.stop)
            child.start({**_inherited(), **settings, "LOG_LEVEL": "WARNING"})
        _wait_until_answering(addresses, children)
        yield Environment(addresses, runtime, home / _WEB_LOG)


@contextlib.contextmanager
def database_alone(*, say: Say) -> Iterator[Runtime]:
    """A sandbox of which nothing runs but its database; when the block ends nothing is left of it.

    Raises EmbeddedPostgresError.
    """
    with contextlib.ExitStack() as stack:
        stack.enter_context(_signals_as_interrupt())
        home = Path(tempfile.mkdtemp(prefix="borgen-demo-"))
        stack.callback(shutil.rmtree, home)
        say(Text("Startar PostgreSQL …", "Starting PostgreSQL …"))
        postgres = EmbeddedPostgres(home, settings=_ALONE)
        stack.enter_context(_disposed(postgres))
        migrations.upgrade(postgres.url())
        settings = sandbox_environment(home, _NOWHERE, database_url=postgres.url())
        runtime = runtime_of(Settings.from_environment(settings))
        stack.callback(runtime.database.dispose)
        yield runtime


@contextlib.contextmanager
def _disposed(postgres: EmbeddedPostgres) -> Iterator[None]:
    try:
        with postgres:
            yield
    finally:
        with contextlib.suppress(EmbeddedPostgresError):  # what never started has no files
            postgres.destroy()


@contextlib.contextmanager
def _signals_as_interrupt() -> Iterator[None]:
    """A terminal that is closed and a polite kill end the demo as Ctrl-C does: with everything cleared away."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _three_in_a_row(stack: contextlib.ExitStack) -> tuple[Addresses, list[socket]]:
    """Sockets on three free ports in a row, closed with *stack*."""
    for _ in range(_ATTEMPTS):
        with contextlib.ExitStack() as attempt:
            sockets = [attempt.enter_context(listen(0, remedy=""))]
            port: int = sockets[0].getsockname()[1]
            with contextlib.suppress(PortInUse, OverflowError):
                sockets += [attempt.enter_context(listen(port + offset, remedy="")) for offset in (1, 2)]
                stack.push(attempt.pop_all())
                return Addresses(port), sockets
    raise NotStarted("No three free ports in a row were found.")


def _inherited() -> Mapping[str, str]:
    """The environment without what names another service than this one."""
    named = (
        "BORGEN_",
        "BUREAUS_",
        "CREDITSAFE_",
        "BISNODE_",
        "BANKID_",
        "BANK_",
        "LENDER_",
        "DATABASE_URL",
        "GUNICORN_CMD_ARGS",
        "LOG_LEVEL",
    )
    return {name: value for name, value in os.environ.items() if not name.startswith(named)}


def _children(home: Path, sockets: list[socket]) -> list[Child]:
    web, stand_ins, bankid = sockets
    sandbox = [*_BORGEN, "sandbox", "--http", str(stand_ins.fileno()), "--https", str(bankid.fileno())]
    serve = [*_BORGEN, "serve", "--bind", f"fd://{web.fileno()}", "--workers", "1", "--threads", "4"]
    return [
        Child("stand-ins", sandbox, sockets=(stand_ins, bankid), log=home / "stand-ins.log"),
        Child("web", serve, sockets=(web,), log=home / _WEB_LOG),
    ]


def _wait_until_answering(addresses: Addresses, children: list[Child]) -> None:
    stand_ins, web = children
    deadline = time.monotonic() + _READY_WITHIN_SECONDS
    for child, port, path in ((stand_ins, addresses.port + 1, "/bankid-app/orders"), (web, addresses.port, "/readyz")):
        while not _answers(port, path):
            if child.exit_code is not None or time.monotonic() > deadline:
                said = _end_of(child.log) if child.log else ""
                raise NotStarted(f"{child.name} does not answer (exit code {child.exit_code}):\n{said}")
            time.sleep(_LOOK_EVERY_SECONDS)


def _end_of(log: Path) -> str:
    return log.read_text(errors="replace")[-_SHOWN_OF_LOG:]


def _answers(port: int, path: str) -> bool:
    """Whether somebody answers; that the port is open says nothing, since it is ours."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_ONE_LOOK_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
