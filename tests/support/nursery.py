"""Processes that start at once: forked from one that has loaded the product, and else like any other.

A fresh interpreter takes more than a second of a core to load the product, and crash tests start hundreds. A process
from here has its own memory, connections, arguments and environment, and is killed and ends like any other; only what
it would load was loaded before. What starts from nothing: the tests of `borgen up`, `borgen serve` and `borgen demo`.
"""

import atexit
import functools
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from types import TracebackType
from typing import Any

_LOADED = (
    "underwriting.jobs",
    "underwriting.worker",
    "underwriting.app",
    "gunicorn.app.base",
    "bureau_clients.sandbox.server",
    "pytest",
)
_MOST_BYTES = 1 << 20
_ROOM_FOR_A_NUMBER = 32
_STANDARD_ERROR = 2


class Process:
    """A process whose standard output the test reads; members are those of `subprocess.Popen`."""

    def __init__(self, reply: socket.socket, stdout: int) -> None:
        self._reply, self.stdout = reply, open(stdout)  # noqa: SIM115 - closed at the end of the block
        self.pid = int(reply.recv(_ROOM_FOR_A_NUMBER))
        self.returncode: int | None = None

    def __enter__(self) -> "Process":
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.stdout.close()
        self.wait()

    def kill(self) -> None:
        """As SIGKILL does, without a word; nothing when it has been waited for."""
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)

    def poll(self) -> int | None:
        """Its exit status as `wait` tells it, or None while it goes on."""
        with suppress(BlockingIOError):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Its exit status, or minus the number of the signal that ended it. TimeoutError after *timeout* seconds."""
        if self.returncode is None:
            self._reply.settimeout(timeout)
            self.returncode = int(self._reply.recv(_ROOM_FOR_A_NUMBER))
            self._reply.close()
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, None]:
        """What it still says until it ends; *timeout* counts from its last word."""
        said = self.stdout.read()
        self.wait(timeout)
        return said, None


def start(*arguments: str, env: Mapping[str, str] | None = None, quiet: bool = False) -> Process:
    """Run what `python *arguments*` would: `-m MODULE ...` or `-c CODE ...`. A *quiet* one has no standard error."""
    request = {"arguments": arguments, "environment": dict(os.environ if env is None else env)}
    reply, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    reading, writing = os.pipe()
    with theirs, open(writing, "wb") as stdout, open(os.devnull, "wb") as nowhere:
        channels = [theirs.fileno(), stdout.fileno(), nowhere.fileno() if quiet else _STANDARD_ERROR]
        socket.send_fds(_nursery(), [json.dumps(request).encode()], channels)
    return Process(reply, reading)


@functools.cache
def _nursery() -> socket.socket:
    """The connection to this process's nursery, which ends when this process does."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        number = theirs.fileno()
        nursery = subprocess.Popen([sys.executable, "-m", __name__, str(number)], pass_fds=[number])
    atexit.register(nursery.wait)
    atexit.register(ours.close)  # called first
    return ours


def _main(control: socket.socket) -> None:
    """Fork a keeper for each request until there are no more; return in the process that was asked for."""
    for name in _LOADED:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # all children share what is there now
    while True:
        message, channels, *_ = socket.recv_fds(control, _MOST_BYTES, 3)
        with suppress(ChildProcessError):  # there is none
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass  # keepers that are done
        if not message:
            sys.exit()
        if os.fork() == 0:
            control.close()
            return _keep(json.loads(message), *channels)
        for channel in channels:
            os.close(channel)


def _keep(request: dict[str, Any], reply: int, stdout: int, stderr: int) -> None:
    """Fork the process, say its number and, once it has ended, how; return in the process alone."""
    if number := os.fork():
        os.write(reply, str(number).encode())
        os.close(stdout)
        ended = os.waitid(os.P_PID, number, os.WEXITED | os.WNOWAIT)  # until that is known, the number is nobody else's
        assert ended is not None
        status = ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
        with suppress(OSError):  # nobody wants to know
            os.write(reply, str(status).encode())
            os.read(reply, 1)
        os.waitpid(number, 0)
        os._exit(0)
    os.close(reply)
    for given, standard in ((stdout, 1), (stderr, _STANDARD_ERROR)):
        os.dup2(given, standard)
        os.close(given)
    os.environ.clear()
    os.environ.update(request["environment"])
    sys.argv = request["arguments"]


def _run(kind: str, what: str, *arguments: str) -> None:
    if kind == "-m":
        sys.argv = [what, *arguments]
        runpy.run_module(what, run_name="__main__", alter_sys=True)
    else:
        sys.argv = [kind, *arguments]
        exec(what, {"__name__": "__main__"})  # noqa: S102 - as python -c does


if __name__ == "__main__":
    _main(socket.socket(fileno=int(sys.argv[1])))
    _run(*sys.argv)
