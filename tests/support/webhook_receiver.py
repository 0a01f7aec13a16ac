"""An integrator's receiver on loopback: reads whole requests, verifies nothing, answers what the test says.

An answer is a status, raw bytes, or a fault: `"hang"` says nothing, `"cut"` closes, `"drip"` sends a byte at a time.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_PATIENCE_SECONDS = 20

Answer = int | bytes | str


@dataclass(frozen=True)
class Told:
    """One request as it came."""

    line: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """Of the message."""
        return self.headers["webhook-id"]


@dataclass
class Receiver:
    """The receiver: what it was told, and how it answers each."""

    port: int
    scheme: str
    answer: Callable[[Told], Answer]
    told: list[Told] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self.scheme}://127.0.0.1:{self.port}/events"


@contextlib.contextmanager
def webhook_receiver(
    answer: Callable[[Told], Answer] = lambda _: 204, *, tls: ssl.SSLContext | None = None
) -> Iterator[Receiver]:
    """A receiver that listens until the block ends."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listening:
        receiver = Receiver(listening.getsockname()[1], "https" if tls else "http", answer)
        threads: list[threading.Thread] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=_serve, args=(receiver, connection, tls)))
                threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield receiver
        finally:
            receiver.closing.set()
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for thread in threads:
                thread.join()


def _serve(receiver: Receiver, connection: socket.socket, tls: ssl.SSLContext | None) -> None:
    connection.settimeout(_PATIENCE_SECONDS)
    try:
        with contextlib.suppress(OSError):
            if tls is not None:
                connection = tls.wrap_socket(connection, server_side=True)
            _answer(receiver, connection)
    finally:
        connection.close()


def _answer(receiver: Receiver, connection: socket.socket) -> None:
    told = _read(connection)
    if told is None:
        return
    receiver.told.append(told)
    said = receiver.answer(told)
    if said == "hang":
        receiver.closing.wait(_PATIENCE_SECONDS)
    elif said == "drip":
        while not receiver.closing.wait(0.05):
            connection.sendall(b"HTTP/1.1 200 OK"[:1])
    elif isinstance(said, int):
        connection.sendall(f"HTTP/1.1 {said} Answer\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    elif isinstance(said, bytes):
        connection.sendall(said)


def _read(connection: socket.socket) -> Told | None:
    """The request, or None where whoever sent it was gone before its end."""
    with connection.makefile("rb") as lines:
        line = lines.readline().decode().strip()
        headers = {}
        while header := lines.readline().decode("latin-1").strip():
            name, _, value = header.partition(":")
            headers[name.lower()] = value.strip()
        length = int(headers.get("content-length") or -1)
        body = lines.read(max(length, 0))
    return Told(line, headers, body) if len(body) == length else None
