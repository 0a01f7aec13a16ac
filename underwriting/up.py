"""`borgen up`: database, migrations, stand-ins, scheduler and web service under one parent, until Ctrl-C."""

import contextlib
import http.client
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket

import psycopg
from psycopg import sql

from underwriting import migrations
from underwriting.platform.database import Database
from underwriting.platform.embedded_postgres import EmbeddedPostgres
from underwriting.platform.environment import EnvironmentReader, SettingProblem
from underwriting.platform.metrics_folder import METRICS_FOLDER, emptied
from underwriting.platform.processes import Child, Supervisor, dying_with_parent, listen, sole_holder
from underwriting.platform.settings import Settings, SettingsRefused
from underwriting.sandbox_environment import Addresses, lock_of, publish, sandbox_environment

DATABASE = "borgen"

_BORGEN = (sys.executable, "-m", "underwriting.cli")
_WEB_PATIENCE_SECONDS = 25  # gunicorn lets requests end for 15
_WORKER = "underwriting.platform.web_worker.WebWorker"
_LAST_FIRST_PORT = 65533  # of three in a row
_HINT_EVERY_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Overview:
    """What a person needs to know once everything runs; the log-ins are the demo data's."""

    addresses: Addresses
    logs: Path
    log_ins: Sequence[Mapping[str, str]]

    def places(self) -> dict[str, str]:
        """Each address by what is found there."""
        web = self.addresses.web
        return {
            "application form": f"{web}/",
            "console": f"{web}/console/",
            "sandbox": f"{web}/sandbox",
            "HTTP interface": f"{web}/docs",
            "BankID app (stand-in)": self.addresses.bankid_app,
            "logs": str(self.logs),
        }

    def __str__(self) -> str:
        lines = ["", "Borgen runs. Ctrl-C stops it.", ""]
        lines += [f"  {what:<24}{where}" for what, where in self.places().items()]
        if self.log_ins:
            lines += ["", "Log-ins of the demo", ""]
            lines += ["  " + "".join(f"{value:<24}" for value in log_in.values()).rstrip() for log_in in self.log_ins]
        return "\n".join([*lines, ""])


def up(home: Path, environ: Mapping[str, str], *, say: Callable[[str], None], show: Callable[[Overview], None]) -> int:
    """Run everything with its data in *home* until a signal comes; the exit code.

    *say* is told about each step, *show* once what runs where. Raises AlreadyRunning, PortInUse, EmbeddedPostgresError,
    ServerTooOld or SettingsRefused before anything is served.
    """
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    addresses, by_tls = Addresses(_first_port(environ)), _bureaus_by_tls(environ)
    with contextlib.ExitStack() as stack:
        stack.enter_context(sole_holder(lock_of(home)))
        sockets = [stack.enter_context(each) for each in _listeners(addresses)]
        url, depends_on = stack.enter_context(_database(home, environ, say))
        sandbox = sandbox_environment(home, addresses, database_url=url, bureaus_by_tls=by_tls)
        settings = {**sandbox, **_chosen(environ)}
        Settings.from_environment(settings)
        _bring_up_to_date(url, say)
        publish(home, settings)
        environment = {**environ, **settings, METRICS_FOLDER: str(emptied(home / "metrics"))}
        announcement = _Announcement(addresses, home / "logs", environment, say, show)
        return Supervisor(_children(home, sockets), environment, depends_on, say).run(until_ready=announcement)


def gunicorn_command(bind: str, *, workers: int, threads: int) -> list[str]:
    """The command that serves the web application at *bind*, `HOST:PORT` or `fd://NUMBER`."""
    flags = [f"--bind={bind}", f"--worker-class={_WORKER}", f"--workers={workers}", f"--threads={threads}"]
    flags += ["--timeout=60", "--graceful-timeout=15", "--log-level=warning", "--no-control-socket"]
    return [sys.executable, "-m", "gunicorn", *flags, "underwriting.app:create_app()"]


def _first_port(environ: Mapping[str, str]) -> int:
    value = environ.get("BORGEN_PORT") or "8080"
    if not value.isdecimal() or not 0 < int(value) <= _LAST_FIRST_PORT:
        raise SettingsRefused((SettingProblem("BORGEN_PORT", f"is not a whole number from 1 to {_LAST_FIRST_PORT}"),))
    return int(value)


def _bureaus_by_tls(environ: Mapping[str, str]) -> bool:
    reader = EnvironmentReader(environ)
    by_tls = reader.flag("BORGEN_STAND_INS_TLS")
    if reader.problems:
        raise SettingsRefused(tuple(reader.problems))
    return by_tls


def _listeners(addresses: Addresses) -> Iterator[socket]:
    """The sockets of the service, the stand-ins and BankID: taken first, so that a busy port is said at once."""
    first = addresses.port
    remedy = f"Stop the program that uses it, or choose three other ports: BORGEN_PORT={first + 100} ./dev up"
    return (listen(port, remedy=remedy) for port in range(first, first + 3))


@contextlib.contextmanager
def _database(
    home: Path, environ: Mapping[str, str], say: Callable[[str], None]
) -> Iterator[tuple[str, dict[str, subprocess.Popen[bytes]]]]:
    """The database's address, and the server that has to run for it: the embedded one unless DATABASE_URL is given."""
    if given := environ.get("DATABASE_URL"):
        yield given, {}
        return
    say("Starting PostgreSQL …")
    with EmbeddedPostgres(home) as postgres:
        with psycopg.connect(postgres.url(), autocommit=True) as connection:
            if connection.execute("SELECT FROM pg_database WHERE datname = %s", [DATABASE]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        yield postgres.url(DATABASE), {"PostgreSQL": postgres.process}


def _bring_up_to_date(url: str, say: Callable[[str], None]) -> None:
    database = Database(url, as_service=False)
    database.check_server()
    database.dispose()
    say("Migrating …")
    migrations.upgrade(url)


def _chosen(environ: Mapping[str, str]) -> dict[str, str]:
    """What the operator has set in the environment stands before what `up` would choose."""
    names = (
        "BORGEN_",
        "BUREAUS_",
        "CREDITSAFE_",
        "BISNODE_",
        "BANKID_",
        "BANK_",
        "PAYOUT_",
        "LENDER_",
        "SMTP_",
        "STAFF_",
        "OIDC_",
        "RATE_LIMIT",
        "TRUSTED_PROXIES",
        "MAIL_",
        "METRICS_TOKEN",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "LOG_LEVEL",
    )
    return {name: value for name, value in environ.items() if name.startswith(names)}


def _children(home: Path, sockets: list[socket]) -> list[Child]:
    web, stand_ins, bankid = sockets
    logs = home / "logs"
    logs.mkdir(exist_ok=True)
    sandbox = [*_BORGEN, "sandbox", "--http", str(stand_ins.fileno()), "--https", str(bankid.fileno())]
    serve = gunicorn_command(f"fd://{web.fileno()}", workers=2, threads=8)
    return [
        Child("stand-ins", sandbox, sockets=(stand_ins, bankid), log=logs / "stand-ins.log"),
        Child("worker", [*_BORGEN, "worker"], log=logs / "worker.log"),
        Child("web", serve, sockets=(web,), log=logs / "web.log", patience_seconds=_WEB_PATIENCE_SECONDS),
    ]


@dataclass
class _Announcement:
    """Called until it is true: waits for /readyz, has the demo data loaded, then shows where everything is."""

    addresses: Addresses
    logs: Path
    environment: Mapping[str, str]
    say: Callable[[str], None]
    show: Callable[[Overview], None]
    _hint_deadline: float = field(default_factory=lambda: time.monotonic() + _HINT_EVERY_SECONDS)
    _loading: subprocess.Popen[bytes] | None = None

    def __call__(self) -> bool:
        if self._loading is None:
            if _is_ready(self.addresses.port):
                self._loading = self._load_demo_data()
            elif time.monotonic() > self._hint_deadline:
                self.say(f"The service does not answer yet; see {self.logs / 'web.log'}")
                self._hint_deadline += _HINT_EVERY_SECONDS
        elif self._loading.poll() is not None:
            self.show(Overview(self.addresses, self.logs, self._log_ins(self._loading)))
            return True
        return False

    def _load_demo_data(self) -> subprocess.Popen[bytes]:
        """A process of its own, since it needs the whole application and its parent must stay free to watch."""
        return subprocess.Popen(
            [*_BORGEN, "demo-data", "--json"],
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            preexec_fn=dying_with_parent(signal.SIGTERM),
        )

    def _log_ins(self, loading: subprocess.Popen[bytes]) -> list[dict[str, str]]:
        output, _ = loading.communicate()
        if loading.returncode:
            self.say("The demo data could not be loaded; the service runs without them")
            return []
        log_ins: list[dict[str, str]] = json.loads(output)["log_ins"]
        return log_ins


def _is_ready(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=1)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
