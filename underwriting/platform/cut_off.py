"""An end to a conversation, however slowly the other side talks: a time-out of each read alone ends nothing."""

import contextlib
import socket
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def cut_off(connection: socket.socket, *, after_seconds: float) -> Iterator[threading.Event]:
    """Cut *connection* when the block has lasted so long; the event says whether that was done.

    Works on the connection itself, whatever the block wraps it in.
    """
    handle, was_cut = connection.dup(), threading.Event()

    def cut() -> None:
        was_cut.set()
        with contextlib.suppress(OSError):
            handle.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(after_seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield was_cut
    finally:
        timer.cancel()
        timer.join()
        handle.close()
