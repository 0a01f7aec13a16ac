"""A process of the web server that gives a request to a thread only when all of it has arrived.

gunicorn's own threads read from the network: as many slow senders as there are threads would keep everybody else out.
Here the main loop, which waits for all connections at once, takes in what comes:

1. A connection, new or kept, is read as it has something, up to the end of one request.
2. A whole request goes to a thread, which finds it in its buffer.
3. What takes longer than `RECEIVE_SECONDS` is answered 408, a head without end 431; both are closed.
4. When more connections than half of those that may be open are still on their way, the oldest is closed, so too when
   what they hold together is too much: newcomers are let in.
"""

import contextlib
import socket
import time
from collections import deque
from functools import partial
from typing import Any

from gunicorn.http import get_parser
from gunicorn.workers.gthread import TConn, ThreadWorker

from underwriting.platform.arrivals import Arrival

MOST_HELD_BYTES = 64 * 1024 * 1024
_AT_A_TIME_BYTES = 64 * 1024
_READABLE = 1  # selectors.EVENT_READ
_GO_ON = b"HTTP/1.1 100 Continue\r\n\r\n"
_REFUSAL = "HTTP/1.1 {}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
_TOO_SLOW, _HEAD_TOO_LONG = "408 Request Timeout", "431 Request Header Fields Too Large"


class WebWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn's worker with threads, behind a loop that takes the requests in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.arriving: deque[tuple[TConn, Arrival]] = deque()  # in the order in which their time is over

    def enqueue_req(self, conn: TConn) -> None:
        """Take in the next request of *conn*; it goes to a thread once it is whole."""
        if conn.parser is None:
            conn.parser = get_parser(self.cfg, conn.sock, conn.client)
        arrival = Arrival(time.monotonic())
        arrival.take(conn.parser.unreader.take_buffered())
        conn.sock.setblocking(False)
        self.arriving.append((conn, arrival))
        self.poller.register(conn.sock, _READABLE, partial(self._receive, conn, arrival))
        self._make_room()
        if (conn, arrival) in self.arriving:
            self._receive(conn, arrival, conn.sock)

    def murder_pending(self) -> None:
        """Close what has taken too long; gunicorn calls this once a second."""
        super().murder_pending()
        now = time.monotonic()
        while self.arriving and (self.arriving[0][1].is_late(now) or not (self.alive or self.arriving[0][1].data)):
            conn, arrival = self.arriving[0]
            self._drop(conn, arrival, answer=_TOO_SLOW if arrival.data else "")

    def _receive(self, conn: TConn, arrival: Arrival, source: socket.socket) -> None:
        """Read what is there."""
        is_over = False
        try:
            while not arrival.is_whole and not is_over:
                chunk = source.recv(_AT_A_TIME_BYTES)
                is_over = not chunk
                arrival.take(chunk)
        except BlockingIOError:
            pass
        except OSError:
            self._drop(conn, arrival)
            return
        if arrival.head_is_too_long:
            self._drop(conn, arrival, answer=_HEAD_TOO_LONG)
        elif arrival.is_whole or (is_over and arrival.data):
            self._hand_over(conn, arrival)
        elif is_over:
            self._drop(conn, arrival)
        else:
            if arrival.waits_to_be_asked:
                arrival.waits_to_be_asked = False
                _say(conn, _GO_ON)
            self._make_room()

    def _hand_over(self, conn: TConn, arrival: Arrival) -> None:
        self._forget(conn, arrival)
        conn.parser.unreader.unread(bytes(arrival.data))
        conn.data_ready = True
        super().enqueue_req(conn)

    def _make_room(self) -> None:
        most = max(1, self.worker_connections // 2)
        while len(self.arriving) > most or (
            len(self.arriving) > 1 and sum(len(arrival.data) for _, arrival in self.arriving) > MOST_HELD_BYTES
        ):
            self._drop(*self.arriving[0])

    def _drop(self, conn: TConn, arrival: Arrival, *, answer: str = "") -> None:
        self._forget(conn, arrival)
        if answer:
            _say(conn, _REFUSAL.format(answer).encode())
        self.nr_conns -= 1
        conn.close()

    def _forget(self, conn: TConn, arrival: Arrival) -> None:
        self.arriving.remove((conn, arrival))
        self.poller.unregister(conn.sock)


def _say(conn: TConn, text: bytes) -> None:
    with contextlib.suppress(OSError):  # whoever does not read it has gone
        conn.sock.send(text)
