"""A server on loopback that answers plain HTTP and, with a certificate, HTTPS on one and the same port."""

import logging
import socket
import ssl
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from werkzeug.serving import BaseWSGIServer, ThreadedWSGIServer, WSGIRequestHandler

HOST = "127.0.0.1"

_TLS_HANDSHAKE = b"\x16"  # the first byte of a TLS connection (RFC 8446, 5.1)
_HANDSHAKE_SECONDS = 10

_log = logging.getLogger(__name__)


def make_server(
    app: Callable[..., Any],
    *,
    port: int = 0,
    fd: int | None = None,
    certificate: tuple[Path, Path] | None = None,
) -> BaseWSGIServer:
    """A server for *app*, bound and not yet answering.

    A port of 0 takes a free one, one that is taken ends the process; *fd* is a socket that listens already.
    *certificate* is a certificate and its key. `serve_forever` answers, each caller in a thread of their own, and
    `shutdown` ends it.
    """
    server = _Server(HOST, port, app, _Quiet, fd=fd)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.certificate = context
    return server


class _Quiet(WSGIRequestHandler):
    def make_environ(self) -> dict[str, Any]:
        """With the scheme by which this caller came."""
        environ: dict[str, Any] = super().make_environ()
        environ["wsgi.url_scheme"] = "https" if isinstance(self.connection, ssl.SSLSocket) else "http"
        return environ

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """The callers log their own questions."""


class _Server(ThreadedWSGIServer):
    certificate: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Answer one caller, by TLS to who begins with it; in the caller's own thread, so that nobody waits."""
        request.settimeout(_HANDSHAKE_SECONDS)
        if self.certificate is not None and request.recv(1, socket.MSG_PEEK) == _TLS_HANDSHAKE:
            request = self.certificate.wrap_socket(request, server_side=True)
        request.settimeout(None)
        super().finish_request(request, client_address)
        if isinstance(request, ssl.SSLSocket):
            request.close()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 - as the base class has it
        """A caller who goes away, or who does not trust the certificate, is no news."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError):
            _log.error("a question could not be answered", exc_info=error)
