"""The connections to BankID: kept while they are used, and what a new handshake leaves out where BankID knows us.

A handshake in which both sides show a certificate takes more than all else of a question. A connection that is made
anew therefore goes on with the session of the one before (RFC 8446, 2.2), which BankID may refuse: then it is whole.
"""

import socket
import ssl
from pathlib import Path
from typing import Any

import httpx

_KEPT_SECONDS = 5.0
"""An order is asked about every other second; longer than this BankID may have closed what we keep."""
_MOST_CONNECTIONS = 100


def connect(*, certificate: Path, key: Path, ca: Path, timeout_seconds: float) -> httpx.Client:
    """A client that shows *certificate* and trusts nobody but who is vouched for by *ca*. Threads may share it."""
    context = _ResumingContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=str(ca))
    context.load_cert_chain(certificate, key)
    limits = httpx.Limits(
        max_connections=_MOST_CONNECTIONS,
        max_keepalive_connections=_MOST_CONNECTIONS,
        keepalive_expiry=_KEPT_SECONDS,
    )
    # trust_env: a proxy from the environment would end the mutual TLS.
    return httpx.Client(verify=context, timeout=timeout_seconds, limits=limits, trust_env=False)


class _ResumingContext(ssl.SSLContext):
    """Remembers for each host the session of the connection that was closed last.

    The certificate that a session began with was checked by this very context, against the same name.
    """

    def __init__(self, *_: object) -> None:
        super().__init__()
        self.sslsocket_class = _RememberedSocket
        self._sessions: dict[str | bytes | None, ssl.SSLSession] = {}

    def wrap_socket(self, sock: socket.socket, *args: Any, **kwargs: Any) -> ssl.SSLSocket:
        """A connection over *sock*, which goes on with a session of its host where there is one."""
        session = self._sessions.get(kwargs.get("server_hostname"))
        return super().wrap_socket(sock, *args, **{"session": session, **kwargs})

    def remember(self, ended: ssl.SSLSocket) -> None:
        """Keep the session of *ended*, whose tickets have come by now if they were sent."""
        if ended.session is not None and ended.session.has_ticket:
            self._sessions[ended.server_hostname] = ended.session


class _RememberedSocket(ssl.SSLSocket):
    def close(self) -> None:
        """Close, with the session remembered."""
        if isinstance(self.context, _ResumingContext):
            self.context.remember(self)
        super().close()
