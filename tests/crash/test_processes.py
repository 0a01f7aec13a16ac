"""The supervisor and its children, each a process of its own that is killed in its own way."""

import http.client
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from tests.support.processes import all_gone, is_gone, wait_until
from underwriting.platform.processes import AlreadyRunning, PortInUse, listen, sole_holder

pytestmark = pytest.mark.crash

CHILD = """
import os, signal, sys, time
from pathlib import Path
name, folder = sys.argv[1], Path(sys.argv[2])
def note(word):
    with (folder / "story").open("a") as story:
        story.write(f"{name} {word} {os.getpid()}\\n")
def end(*_):
    note("ends")
    sys.exit(0)
signal.signal(signal.SIGTERM, signal.SIG_IGN if "stubborn" in name else end)
if "stubborn" in name and not os.fork():
    note("forked")
    time.sleep(600)
note("starts")
if "hopeless" in name:
    sys.exit(3)
time.sleep(600)
"""

PARENT = """
import os, subprocess, sys
from pathlib import Path
from underwriting.platform.processes import Child, Supervisor
folder, names, depends_on = Path(sys.argv[1]), sys.argv[2].split(","), sys.argv[3:]
child = [sys.executable, "-c", os.environ["CHILD"]]
children = [Child(name, [*child, name, str(folder)], patience_seconds=1) for name in names]
needed = {"the database": subprocess.Popen(depends_on, start_new_session=True)} if depends_on else {}
def say(text):
    print(text, flush=True)
sys.exit(Supervisor(children, os.environ, needed, say).run())
"""

SERVER = """
import http.server, os, socket, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(str(os.getpid()).encode())
server = http.server.HTTPServer(("127.0.0.1", 0), Answer, bind_and_activate=False)
server.socket = socket.socket(fileno=int(sys.argv[1]))
server.serve_forever()
"""

PARENT_OF_SERVER = """
import os, sys
from underwriting.platform.processes import Child, Supervisor, listen
socket = listen(int(sys.argv[1]), remedy="")
child = Child("web", [sys.executable, "-c", os.environ["SERVER"], str(socket.fileno())], sockets=(socket,))
sys.exit(Supervisor([child], os.environ, say=lambda text: None).run())
"""


class Story:
    """What the children wrote down: who started and ended, in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def lines(self, word: str) -> list[tuple[str, int]]:
        """The names and numbers of those who noted *word*."""
        file = self.folder / "story"
        noted = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
        return [(name, int(number)) for name, what, number in noted if what == word]

    def has_started(self, count: int) -> bool:
        return len(self.lines("starts")) >= count

    def numbers(self) -> list[int]:
        return [number for word in ("starts", "forked") for _, number in self.lines(word)]


@contextmanager
def supervisor(folder: Path, names: str, *depends_on: str) -> Iterator[tuple[subprocess.Popen[str], Story]]:
    command = [sys.executable, "-c", PARENT, str(folder), names, *depends_on]
    environment = {**os.environ, "CHILD": CHILD}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process, Story(folder)
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_children_in_reverse_order(tmp_path: Path, number: signal.Signals) -> None:
    with supervisor(tmp_path, "one,two,three") as (process, story):
        assert wait_until(partial(story.has_started, 3))
        process.send_signal(number)
        assert process.wait(20) == 0
        assert [name for name, _ in story.lines("ends")] == ["three", "two", "one"]
        assert all_gone(story.numbers())


def test_a_killed_parent_leaves_nothing_running(tmp_path: Path, kill_count: int) -> None:
    for round_number in range(kill_count):
        folder = tmp_path / str(round_number)
        folder.mkdir()
        with supervisor(folder, "one,two") as (process, story):
            assert wait_until(partial(story.has_started, 2))
            process.kill()
            assert wait_until(partial(all_gone, story.numbers()))


def test_a_killed_child_is_started_again_and_its_neighbour_is_left_alone(tmp_path: Path) -> None:
    with supervisor(tmp_path, "one,two") as (process, story):
        assert wait_until(partial(story.has_started, 2))
        before = dict(story.lines("starts"))
        os.kill(before["one"], signal.SIGKILL)
        assert wait_until(partial(story.has_started, 3))
        name, number = story.lines("starts")[-1]
        assert name == "one"
        assert number != before["one"]
        assert not is_gone(before["two"])
        process.terminate()
        told, _ = process.communicate(timeout=20)
        assert "one ended with -9 and is started again" in told


def test_after_four_starts_within_a_minute_it_gives_up_and_stops_the_rest(tmp_path: Path) -> None:
    with supervisor(tmp_path, "steady,hopeless") as (process, story):
        told, _ = process.communicate(timeout=30)
        assert process.returncode == 1
        assert [name for name, _ in story.lines("starts")].count("hopeless") == 4
        assert "hopeless ended 4 times within a minute: giving up" in told
        assert [name for name, _ in story.lines("ends")] == ["steady"]


def test_a_child_that_will_not_end_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    with supervisor(tmp_path, "stubborn") as (process, story):
        assert wait_until(lambda: len(story.numbers()) == 2)
        process.terminate()
        assert process.wait(20) == 0
        assert wait_until(partial(all_gone, story.numbers()))


def test_nothing_runs_on_without_what_it_depends_on(tmp_path: Path) -> None:
    with supervisor(tmp_path, "one", "sleep", "1") as (process, story):
        told, _ = process.communicate(timeout=20)
        assert process.returncode == 1
        assert "the database ended with 0" in told
        assert all_gone(story.numbers())


def test_requests_wait_while_the_server_is_started_again_and_none_is_refused() -> None:
    with listen(0, remedy="") as any_port:
        port = any_port.getsockname()[1]
    environment = {**os.environ, "SERVER": SERVER}
    with subprocess.Popen([sys.executable, "-c", PARENT_OF_SERVER, str(port)], env=environment) as process:
        try:
            assert wait_until(lambda: _listens(port))
            first = _ask(port)
            os.kill(first, signal.SIGKILL)
            second = _ask(port)
            assert second != first
        finally:
            process.terminate()


def test_a_busy_port_is_said_with_the_way_out() -> None:
    with listen(0, remedy="") as busy:
        port = busy.getsockname()[1]
        with pytest.raises(PortInUse, match=rf"Port {port} is not free \(Address already in use\). Take another."):
            listen(port, remedy="Take another.")


def test_a_lock_names_its_holder_and_ends_with_it(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    hold = "import sys, time\nfrom pathlib import Path\nfrom underwriting.platform.processes import sole_holder\n"
    hold += "with sole_holder(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(600)"
    with subprocess.Popen([sys.executable, "-c", hold, str(lock)], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        with pytest.raises(AlreadyRunning) as refused, sole_holder(lock):
            pass
        assert refused.value.holder == process.pid
        process.kill()
        process.wait()
        with sole_holder(lock):
            assert lock.read_text() == str(os.getpid())


def _listens(port: int) -> bool:
    try:
        _ask(port)
    except ConnectionRefusedError:
        return False
    return True


def _ask(port: int) -> int:
    """The number of the process that answers at *port*."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", "/")
        return int(connection.getresponse().read())
    finally:
        connection.close()
