"""One parent and its children: ports bound first, the dead restarted, all of them stopped in reverse order.

A child dies with its parent however the parent dies: the kernel sends it a signal (Linux, `prctl(2)`).
"""

import collections
import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

STARTS_BEFORE_GIVING_UP = 4
WITHIN_SECONDS = 60
LOOK_EVERY_SECONDS = 0.1

_SET_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of linux/prctl.h
_LIBC = ctypes.CDLL(None, use_errno=True)  # loaded before any fork: after it nothing may be


class PortInUse(Exception):
    """The port cannot be listened on; the message says how to choose another one."""


class AlreadyRunning(Exception):
    """Another process holds the lock; `holder` is its number, where it is known."""

    def __init__(self, path: Path, holder: int | None) -> None:
        super().__init__(f"{path.parent} is in use by {f'process {holder}' if holder else 'another process'}")
        self.holder = holder


@dataclass
class Child:
    """A program that the supervisor keeps running.

    *sockets* are handed over open, under the same numbers; *log* receives what it prints; it has *patience_seconds*
    to end after SIGTERM before its whole process group is killed.
    """

    name: str
    command: Sequence[str | Path]
    sockets: tuple[socket.socket, ...] = ()
    log: Path | None = None
    patience_seconds: float = 20
    process: subprocess.Popen[bytes] | None = None
    _started_at_seconds: collections.deque[float] = field(
        default_factory=lambda: collections.deque(maxlen=STARTS_BEFORE_GIVING_UP), repr=False
    )

    @property
    def exit_code(self) -> int | None:
        """What it ended with, negative for a signal; None while it runs or before it was started."""
        return self.process.poll() if self.process else None

    @property
    def is_hopeless(self) -> bool:
        """Whether it was started four times within a minute."""
        return (
            len(self._started_at_seconds) == STARTS_BEFORE_GIVING_UP
            and self._started_at_seconds[-1] - self._started_at_seconds[0] < WITHIN_SECONDS
        )

    def start(self, environment: Mapping[str, str]) -> None:
        """Start it with *environment*; Ctrl-C on the terminal does not reach it, only its parent."""
        self._started_at_seconds.append(time.monotonic())
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(self.log.open("ab")) if self.log else None
            self.process = subprocess.Popen(
                self.command,
                env=dict(environment),
                pass_fds=[each.fileno() for each in self.sockets],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
                preexec_fn=dying_with_parent(signal.SIGTERM),
            )

    def stop(self) -> None:
        """Ask it to end, wait, and kill what is left of it."""
        if self.process is None:
            return
        self.process.terminate()
        try:
            self.process.wait(self.patience_seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass
class Supervisor:
    """Keeps *children* running until a signal comes, one of them is hopeless or a process in *depends_on* ends.

    The children are started in their order and stopped in the reverse one. *say* is told what happens.
    """

    children: Sequence[Child]
    environment: Mapping[str, str]
    depends_on: Mapping[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    say: Callable[[str], None] = print
    _stop_asked: bool = False

    def run(self, *, until_ready: Callable[[], bool] = lambda: True) -> int:
        """Run everything; 0 after a signal, 1 when it had to give up.

        *until_ready* is called again and again until it is true; it may print what it found.
        """
        with self._listening_to_signals():
            try:
                for child in self.children:
                    child.start(self.environment)
                return self._watch(until_ready)
            finally:
                self.say("Stopping …")
                for child in reversed(self.children):
                    child.stop()

    def _watch(self, until_ready: Callable[[], bool]) -> int:
        ready = False
        while not self._stop_asked:
            ready = ready or until_ready()
            for name, process in self.depends_on.items():
                if process.poll() is not None:
                    self.say(f"{name} ended with {process.returncode}; nothing works without it")
                    return 1
            for child in self.children:
                if child.exit_code is not None and not self._start_again(child):
                    return 1
            time.sleep(LOOK_EVERY_SECONDS)
        return 0

    def _start_again(self, child: Child) -> bool:
        """Start a dead *child* once more; False when that was tried often enough."""
        where = f"; see {child.log}" if child.log else ""
        if child.is_hopeless:
            self.say(f"{child.name} ended {STARTS_BEFORE_GIVING_UP} times within a minute: giving up{where}")
            return False
        self.say(f"{child.name} ended with {child.exit_code} and is started again{where}")
        child.start(self.environment)
        return True

    @contextlib.contextmanager
    def _listening_to_signals(self) -> Iterator[None]:
        def ask_to_stop(_number: int, _frame: FrameType | None) -> None:
            self._stop_asked = True

        before = {
            number: signal.signal(number, ask_to_stop) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def listen(port: int, *, remedy: str, host: str = "127.0.0.1") -> socket.socket:
    """A socket that listens on *port*; raises PortInUse, whose message ends with *remedy*: how to choose another."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise PortInUse(f"Port {port} is not free ({os.strerror(error.errno or 0)}). {remedy}") from error
    listener.listen(512)
    return listener


@contextlib.contextmanager
def sole_holder(path: Path) -> Iterator[None]:
    """Hold the lock file *path*; it is let go with this process at the latest. AlreadyRunning when another has it."""
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            number = file.read().strip()
            raise AlreadyRunning(path, int(number) if number.isdigit() else None) from error
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def dying_with_parent(number: signal.Signals) -> Callable[[], None]:
    """For `preexec_fn`: lets the kernel send *number* to the child when the thread that starts it ends."""
    parent = os.getpid()

    def prepare() -> None:
        if sys.platform == "linux":
            _LIBC.prctl(_SET_PARENT_DEATH_SIGNAL, int(number))
            if os.getppid() != parent:  # it ended before the kernel was told
                os.kill(os.getpid(), signal.SIGKILL)

    return prepare
