"""Telling an endpoint of an event: signed after Standard Webhooks, to the address that was checked, within a deadline.

1. The name is looked up once; every address must be one that may be reached, and the first is the one connected to.
2. TLS is held against the name. Redirects are not followed. Proxies of the environment are not used.
3. The status counts: 2xx is delivered, 410 says that nobody wants more. Of the body little is read and nothing kept.
"""

import contextlib
import http.client
import socket
import ssl
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from urllib.parse import SplitResult, urlsplit

from standardwebhooks import Webhook

from underwriting.platform.cut_off import cut_off
from underwriting.platform.deliveries import Outcome
from underwriting.platform.message_models import AttemptOutcome
from underwriting.platform.public_addresses import AddressRefused, fault_of_endpoint, resolve

CONNECT_SECONDS = 5
READ_SECONDS = 10
WHOLE_SECONDS = 20
MOST_READ_BYTES = 4096
GONE = http.client.GONE
"""The status by which a receiver says that it wants no more."""


@cache
def _trusting_what_the_machine_trusts() -> ssl.SSLContext:
    """Reading every authority takes longer than a request does; nothing about it differs between two clients."""
    return ssl.create_default_context()


@dataclass(frozen=True)
class WebhookClient:
    """Sends messages. In the sandbox to this machine alone (rule X1), elsewhere to public addresses by https."""

    sandbox: bool
    tls: ssl.SSLContext = field(default_factory=_trusting_what_the_machine_trusts)
    whole_seconds: float = WHOLE_SECONDS

    def send(self, url: str, body: bytes, *, message_id: uuid.UUID, secrets: Sequence[str], at: datetime) -> Outcome:
        """Send *body*, signed at *at* by each of *secrets*; what came of it. Raises nothing for a receiver's fault."""
        fault = fault_of_endpoint(url, sandbox=self.sandbox)
        if fault is not None:
            return Outcome(AttemptOutcome.PERMANENT, fault=fault)
        parts = urlsplit(url)
        try:
            connection = self._connect(parts)
        except AddressRefused as error:
            return _failed(str(error))
        except OSError as error:
            return _failed("timeout" if isinstance(error, TimeoutError) else "connection")
        with contextlib.closing(connection), cut_off(connection, after_seconds=self.whole_seconds) as was_cut:
            try:
                status = self._ask(
                    connection, parts, body, headers_of(body, message_id=message_id, secrets=secrets, at=at)
                )
            except ssl.SSLError as error:
                return _failed("timeout" if was_cut.is_set() or isinstance(error, TimeoutError) else "tls")
            except (OSError, http.client.HTTPException) as error:
                is_late = was_cut.is_set() or isinstance(error, TimeoutError)
                return _failed("timeout" if is_late else "connection")
        return _judged(status)

    def _connect(self, parts: SplitResult) -> socket.socket:
        address = resolve(parts.hostname or "", _port(parts), sandbox=self.sandbox)[0]
        return socket.create_connection((str(address), _port(parts)), timeout=CONNECT_SECONDS)

    def _ask(self, connection: socket.socket, parts: SplitResult, body: bytes, headers: dict[str, str]) -> int:
        connection.settimeout(READ_SECONDS)
        asking = http.client.HTTPConnection(parts.hostname or "", _port(parts))
        if parts.scheme == "https":
            asking.sock = self.tls.wrap_socket(connection, server_hostname=parts.hostname)
        else:
            asking.sock = connection
        with contextlib.closing(asking):
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            asking.request("POST", target, body=body, headers={"Host": parts.netloc, **headers})
            answer = asking.getresponse()
            with contextlib.suppress(OSError, http.client.HTTPException):
                answer.read(MOST_READ_BYTES)  # a receiver that is cut off while it writes may think that it failed
            return answer.status


def headers_of(body: bytes, *, message_id: uuid.UUID, secrets: Sequence[str], at: datetime) -> dict[str, str]:
    """The headers of a message: its id, which stays, the instant of this attempt, and a signature by each secret."""
    signatures = [Webhook(secret).sign(str(message_id), at, body.decode()) for secret in secrets]
    return {
        "Content-Type": "application/json",
        "User-Agent": "Borgen-Webhooks/1",
        "Connection": "close",
        "webhook-id": str(message_id),
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


def _failed(fault: str) -> Outcome:
    return Outcome(AttemptOutcome.TEMPORARY, fault=fault)


def _judged(status: int) -> Outcome:
    if 200 <= status < 300:
        return Outcome(AttemptOutcome.DELIVERED, status)
    return Outcome(AttemptOutcome.PERMANENT if status == GONE else AttemptOutcome.TEMPORARY, status)
