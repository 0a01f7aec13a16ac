"""Servers that answer in a thread for the length of a test."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from werkzeug.serving import BaseWSGIServer

_POLL_SECONDS = 0.02


@contextmanager
def serving(server: BaseWSGIServer) -> Iterator[None]:
    """Let *server* answer until the block ends."""
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_SECONDS,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
