"""What the client makes of a bank, or of something in between, that does not answer as a bank does."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Request, Response

from agreements.payouts.client import BankClient, BankUnreachable, PayoutOutcomeUnknown
from tests.support.serving import serving

HTML = Response("<html>502 Bad Gateway</html>", 502, mimetype="text/html")


@contextmanager
def answering(view: Callable[[Request], Response]) -> Iterator[BankClient]:
    """A client of something that answers every call with *view*."""
    server = make_server("127.0.0.1", 0, Request.application(view), threaded=True)
    with serving(server):
        yield BankClient(f"http://127.0.0.1:{server.port}/bank", token="t")


@pytest.fixture
def unused_port() -> Iterator[int]:
    """A port that is held and on which nobody listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.mark.parametrize(
    "response",
    [
        HTML,
        Response("<html>Välkommen</html>", 200, mimetype="text/html"),
        Response("", 202),
        Response('{"message_id": "another"}', 202, mimetype="application/json"),
        Response('["file-1"]', 202, mimetype="application/json"),
        Response('{"message_id": "file-1"}', 200, mimetype="application/json"),
        Response("", 302, headers={"Location": "/login"}),
        Response("", 400),
        Response("<html>Not found</html>", 404, mimetype="text/html"),
        Response('{"error": "busy"}', 503, mimetype="application/json"),
    ],
)
def test_a_file_is_taken_only_when_the_bank_itself_says_so(response: Response) -> None:
    """P3: anything but the bank's own yes or no leaves the outcome unknown."""
    with answering(lambda _request: response) as client, pytest.raises(PayoutOutcomeUnknown):
        client.send(b"<xml/>", message_id="file-1")


@pytest.mark.parametrize(
    "response",
    [
        HTML,
        Response("<html>Not found</html>", 404, mimetype="text/html"),
        Response("{}", 404, mimetype="application/json"),
        Response('{"never_seen": "payout-2"}', 404, mimetype="application/json"),
        Response('{"never_seen": "payout-1"}', 200, mimetype="application/json"),
        Response("", 204),
        Response("<html/>", 200, mimetype="text/html"),
        Response("", 302, headers={"Location": "/login"}),
    ],
)
def test_a_payment_is_never_seen_only_when_the_bank_itself_says_so(response: Response) -> None:
    """P3: a gateway's 404 must not have a payment sent again that was made."""
    with answering(lambda _request: response) as client, pytest.raises(BankUnreachable):
        client.answer("payout-1")


def test_an_answer_about_another_payment_is_no_answer() -> None:
    """P3: what is said of one payment says nothing of another."""
    report = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt>'
        "<GrpHdr><MsgId>answer-1</MsgId></GrpHdr>"
        "<OrgnlGrpInfAndSts><OrgnlMsgId>file-1</OrgnlMsgId></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><TxInfAndSts>"
        "<OrgnlEndToEndId>payout-2</OrgnlEndToEndId><TxSts>ACCP</TxSts>"
        "</TxInfAndSts></OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    )
    with answering(lambda _request: Response(report, mimetype="application/xml")) as client:
        with pytest.raises(BankUnreachable):
            client.answer("payout-1")
        assert client.answer("payout-2") is not None


@pytest.mark.parametrize(
    "response",
    [
        HTML,
        Response("<html/>", 200, mimetype="text/html"),
        Response('{"files": null}', 200, mimetype="application/json"),
        Response('{"files": []}', 500, mimetype="application/json"),
        Response('{"files": ["BGMAX-000000001"]}', 202, mimetype="application/json"),
    ],
)
def test_a_listing_that_is_none_is_no_empty_listing(response: Response) -> None:
    """F7: payments are not taken to be absent because the bank is."""
    with answering(lambda _request: response) as client, pytest.raises(BankUnreachable):
        client.incoming_files(None)


def test_a_file_that_is_listed_and_not_given_stops_the_reading() -> None:
    """F7: a file is not passed over."""

    def view(request: Request) -> Response:
        if request.path.endswith("/incoming"):
            return Response('{"files": ["A", "B"]}', mimetype="application/json")
        return Response("content") if request.path.endswith("/A") else Response("", 500)

    with answering(view) as client, pytest.raises(BankUnreachable):
        client.incoming_files(None)


def test_a_refused_connection_is_certainly_not_delivered(unused_port: int) -> None:
    """P3: what never left can be sent again."""
    client = BankClient(f"http://127.0.0.1:{unused_port}/bank", token="t")
    for ask in (
        lambda: client.send(b"<xml/>", message_id="file-1"),
        lambda: client.answer("payout-1"),
        lambda: client.incoming_files(None),
    ):
        with pytest.raises(BankUnreachable):
            ask()


def test_a_connection_that_breaks_after_sending_is_unknown() -> None:
    """P3: the bank may have read it."""

    def hang_up(request: Request) -> Response:
        request.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        return Response("")

    with answering(hang_up) as client, pytest.raises(PayoutOutcomeUnknown):
        client.send(b"<xml/>", message_id="file-1")


def test_the_token_goes_to_the_bank_alone(monkeypatch: pytest.MonkeyPatch, unused_port: int) -> None:
    """Neither a proxy nor a redirect sees it, and it is not shown when the client is printed."""
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_port}")
    monkeypatch.setenv("NO_PROXY", "")
    seen: list[tuple[str, str]] = []

    def view(request: Request) -> Response:
        seen.append((request.path, request.headers["Authorization"]))
        return Response("", 302, headers={"Location": "/elsewhere"})

    with answering(view) as client, pytest.raises(BankUnreachable):
        client.answer("payout-1")
    assert seen == [("/bank/answers/payout-1", "Bearer t")]
    assert "Bearer" not in repr(client)
    assert "'t'" not in repr(client)


@pytest.mark.parametrize("address", ["http://bank.example/bank", "ftp://127.0.0.1/bank", "bank", ""])
def test_an_address_in_the_open_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="https"):
        BankClient(address, token="t")


def test_an_address_over_https_is_taken() -> None:
    assert BankClient("https://bank.example/bank", token="t").base_url == "https://bank.example/bank"
