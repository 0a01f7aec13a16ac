"""Connections to BankID are kept, and a new one goes on with the session of the last."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from agreements.signing.client import BankIdClient, BankIdUnavailable
from agreements.signing.sandbox import pki
from tests.support.bankid_stand_in import BankIdWorld

_ANSWER = b'{"orderRef": "x", "status": "pending", "hintCode": "userSign"}'
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"


@dataclass
class ClosingBankId:
    """Somebody who closes after each answer; *reused* has for each connection whether it went on with a session."""

    context: ssl.SSLContext
    server: socket.socket
    reused: list[bool] = field(default_factory=list)

    def answer(self) -> None:
        """Answer one after the other until the server is closed."""
        while True:
            try:
                accepted, _ = self.server.accept()
            except OSError:
                return
            with suppress(ssl.SSLError), self.context.wrap_socket(accepted, server_side=True) as connection:
                self.reused.append(connection.session_reused is True)
                received = b""
                while not received.endswith(b"}"):
                    received += connection.recv(65536)
                connection.sendall(_HEAD % len(_ANSWER) + _ANSWER)


def context_of(certificates: pki.Pki, *, tickets: int = 2) -> ssl.SSLContext:
    """How a server shows itself that demands a certificate; without *tickets* nobody goes on with a session."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(certificates.ca))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificates.server_certificate, certificates.server_key)
    context.num_tickets = tickets
    return context


@contextmanager
def closing_bankid(certificates: pki.Pki, context: ssl.SSLContext) -> Iterator[tuple[BankIdClient, ClosingBankId]]:
    """A relying party of *certificates*, and whom it asks."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        bankid = ClosingBankId(context, server)
        thread = threading.Thread(target=bankid.answer)
        thread.start()
        client = BankIdClient(
            f"https://127.0.0.1:{server.getsockname()[1]}/",
            certificate=certificates.client_certificate,
            key=certificates.client_key,
            ca=certificates.ca,
        )
        try:
            yield client, bankid
        finally:
            client.close()
            server.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.fixture
def made(certificates: Path) -> pki.Pki:
    return pki.make(certificates)


def test_many_questions_take_one_connection(
    world: BankIdWorld, client: BankIdClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A handshake with two certificates costs more than all the rest of a question."""
    opened: list[object] = []
    connect = socket.create_connection

    def counted(address: tuple[str, int], *rest: object, **more: object) -> socket.socket:
        opened.append(address)
        return connect(address, *rest, **more)  # type: ignore[arg-type]  # handed on as given

    monkeypatch.setattr(socket, "create_connection", counted)
    order = client.authenticate("192.0.2.7")
    for _ in range(10):
        assert client.collect(order.order_ref).status == "pending"
    assert len(opened) == 1


def test_what_bankid_closes_is_opened_again_with_the_session_of_before(made: pki.Pki) -> None:
    with closing_bankid(made, context_of(made)) as (client, bankid):
        for _ in range(4):
            assert client.collect("x").hint_code == "userSign"
    assert bankid.reused == [False, True, True, True]


def test_a_bankid_that_keeps_no_sessions_is_asked_as_well(made: pki.Pki) -> None:
    with closing_bankid(made, context_of(made, tickets=0)) as (client, bankid):
        for _ in range(3):
            assert client.collect("x").hint_code == "userSign"
    assert bankid.reused == [False, False, False]


def test_a_session_does_not_vouch_for_somebody_else(made: pki.Pki, tmp_path: Path) -> None:
    """S1: whoever answers at BankID's address later, vouched for by another authority, is not believed."""
    with closing_bankid(made, context_of(made)) as (client, bankid):
        assert client.collect("x").hint_code == "userSign"
        bankid.context = context_of(pki.make(tmp_path / "other"))
        with pytest.raises(BankIdUnavailable):
            client.collect("x")
