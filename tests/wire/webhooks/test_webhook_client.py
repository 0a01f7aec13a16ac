"""Webhooks on the wire: signed so that the integrator's library verifies them, and sent nowhere they should not go."""

import ipaddress
import json
import socket
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from standardwebhooks import Webhook, WebhookVerificationError

from tests.support.certificates import Ends, both_ends
from tests.support.webhook_receiver import Answer, Receiver, Told, webhook_receiver
from underwriting.kernel.clock import SystemClock
from underwriting.platform.deliveries import Outcome
from underwriting.platform.message_models import AttemptOutcome
from underwriting.platform.public_addresses import fault_of_endpoint, may_be_reached
from underwriting.platform.webhook_client import WebhookClient

MESSAGE_ID = uuid.UUID("019ca000-0000-7000-8000-000000000001")
BODY = '{"data":{"state":"signed"},"type":"agreement.signed","ö":"å"}'.encode()
NEW, OLD, OTHER = (f"whsec_{letter * 43}=" for letter in "ABC")


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Ends:
    here = ipaddress.ip_address("127.0.0.1")
    return both_ends(tmp_path_factory.mktemp("tls"), x509.IPAddress(here), x509.DNSName("hook.example"))


def send(
    url: str, *, secrets: tuple[str, ...] = (NEW,), at_offset: timedelta = timedelta(0), **options: Any
) -> Outcome:
    client = WebhookClient(**{"sandbox": True, "whole_seconds": 0.6, **options})
    return client.send(url, BODY, message_id=MESSAGE_ID, secrets=secrets, at=SystemClock().now() + at_offset)


def verified(told: Told, secret: str) -> Any:
    return Webhook(secret).verify(told.body, told.headers)


def test_the_receivers_library_verifies_the_message() -> None:
    with webhook_receiver() as receiver:
        assert send(f"{receiver.url}?a=b") == Outcome(AttemptOutcome.DELIVERED, 204)
    (told,) = receiver.told
    assert told.line == "POST /events?a=b HTTP/1.1"
    assert told.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert told.headers["content-type"] == "application/json"
    assert told.id == str(MESSAGE_ID)
    assert told.body == BODY
    assert verified(told, NEW) == json.loads(BODY)


def test_after_a_rotation_either_secret_verifies_and_no_other() -> None:
    with webhook_receiver() as receiver:
        send(receiver.url, secrets=(NEW, OLD))
    (told,) = receiver.told
    assert verified(told, NEW) == verified(told, OLD) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        verified(told, OTHER)


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": str(uuid.UUID(int=1))},
        {"webhook-timestamp": "1700000000"},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
    ],
    ids=str,
)
def test_a_message_that_was_changed_on_the_way_is_not_verified(changed: dict[str, str]) -> None:
    with webhook_receiver() as receiver:
        send(receiver.url)
    (told,) = receiver.told
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(told.body, told.headers | changed)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(told.body.replace(b"signed", b"lapsed"), told.headers)


@pytest.mark.parametrize("late", [timedelta(minutes=-6), timedelta(minutes=6)])
def test_a_message_that_is_replayed_by_somebody_else_is_too_old(late: timedelta) -> None:
    with webhook_receiver() as receiver:
        send(receiver.url, at_offset=late)
    with pytest.raises(WebhookVerificationError):
        verified(receiver.told[0], NEW)


@pytest.mark.parametrize(
    ("answer", "outcome", "status", "fault"),
    [
        (200, AttemptOutcome.DELIVERED, 200, None),
        (202, AttemptOutcome.DELIVERED, 202, None),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 10_000_000, AttemptOutcome.DELIVERED, 200, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\nshort", AttemptOutcome.DELIVERED, 200, None),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", AttemptOutcome.DELIVERED, 200, None),
        (400, AttemptOutcome.TEMPORARY, 400, None),
        (401, AttemptOutcome.TEMPORARY, 401, None),
        (410, AttemptOutcome.PERMANENT, 410, None),
        (429, AttemptOutcome.TEMPORARY, 429, None),
        (500, AttemptOutcome.TEMPORARY, 500, None),
        (503, AttemptOutcome.TEMPORARY, 503, None),
        ("hang", AttemptOutcome.TEMPORARY, None, "timeout"),
        ("drip", AttemptOutcome.TEMPORARY, None, "timeout"),
        ("cut", AttemptOutcome.TEMPORARY, None, "connection"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", AttemptOutcome.TEMPORARY, None, "connection"),
        (b"HTTP/1.1 " + b"2" * 70_000, AttemptOutcome.TEMPORARY, None, "connection"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 5_000, AttemptOutcome.TEMPORARY, None, "connection"),
        (b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 200 + b"\r\n", AttemptOutcome.TEMPORARY, None, "connection"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_status_counts_whatever_else_the_receiver_says(
    answer: Answer, outcome: AttemptOutcome, status: int | None, fault: str | None
) -> None:
    start = time.monotonic()
    with webhook_receiver(lambda _: answer) as receiver:
        assert send(receiver.url) == Outcome(outcome, status, fault)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with webhook_receiver() as other:
        location = f"HTTP/1.1 {status} Moved\r\nLocation: {other.url}\r\nContent-Length: 0\r\n\r\n".encode()
        with webhook_receiver(lambda _: location) as receiver:
            assert send(receiver.url) == Outcome(AttemptOutcome.TEMPORARY, status)
    assert other.told == []


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with webhook_receiver() as proxy, webhook_receiver() as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert send(receiver.url).is_delivered
    assert proxy.told == []


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert send(f"http://127.0.0.1:{port}/").fault == "connection"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """What each name is looked up as, instead of asking a name server; every look-up takes the next answer."""
    table: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *args: Any, **options: Any) -> Any:
        if host not in table:
            return real(host, port, *args, **options)
        answers = table[host]
        chosen = answers.pop(0) if len(answers) > 1 else answers[0]
        return [found for one in chosen.split() for found in real(one, port, *args, **options)]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return table


def test_https_is_held_against_the_name_and_the_name_is_told(ends: Ends, names: dict[str, list[str]]) -> None:
    names["hook.example"] = names["other.example"] = ["127.0.0.1"]
    with webhook_receiver(tls=ends.server) as receiver:
        assert send(f"https://hook.example:{receiver.port}/in", tls=ends.client).is_delivered
        assert send(f"https://other.example:{receiver.port}/in", tls=ends.client).fault == "tls"
        assert send(f"https://hook.example:{receiver.port}/in").fault == "tls"  # nobody vouches for it
    assert [told.headers["host"] for told in receiver.told] == [f"hook.example:{receiver.port}"]


@pytest.mark.parametrize(
    "answers",
    [
        ["127.0.0.1"],
        ["10.1.2.3"],
        ["169.254.169.254"],
        ["::1"],
        ["93.184.216.34 127.0.0.1"],  # one of several
        ["0.0.0.0"],  # noqa: S104 - which many systems take for this machine
    ],
    ids=str,
)
def test_a_name_that_leads_inside_is_not_connected_to(answers: list[str], names: dict[str, list[str]]) -> None:
    names["inside.example"] = answers
    with webhook_receiver() as receiver:
        url = f"https://inside.example:{receiver.port}/"
        assert send(url, sandbox=False) == Outcome(AttemptOutcome.TEMPORARY, fault="refused_address")
    assert receiver.told == []


def test_a_name_that_changes_after_the_check_is_connected_to_as_it_was_checked(
    names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the second look-up says another thing, and is never made."""
    names["rebound.example"] = ["93.184.216.34", "127.0.0.1"]
    connected: list[Any] = []

    def connect(address: Any, **options: Any) -> socket.socket:
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "create_connection", connect)
    assert send("https://rebound.example/in", sandbox=False).fault == "connection"
    assert connected == [("93.184.216.34", 443)]


def test_a_name_that_nobody_knows_may_be_known_later(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*args: Any, **options: Any) -> Any:
        raise socket.gaierror

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert send("https://hook.invalid/", sandbox=False) == Outcome(AttemptOutcome.TEMPORARY, fault="unresolved")


def test_the_sandbox_tells_nobody_beyond_this_machine(names: dict[str, list[str]]) -> None:
    """X1: whoever is told is an outside party."""
    names["hook.example"] = ["93.184.216.34"]
    assert send("https://hook.example/").fault == "refused_address"


PRIVATE = (
    *("127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),  # noqa: S104
    *("169.254.169.254", "100.64.0.1", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fc00::1", "fd12:3456::1", "ff02::1", "2001:db8::1", "100::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
    *("64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1", "2002:7f00:1::", "2002:a00:1::1"),
)


@pytest.mark.parametrize("address", PRIVATE)
def test_no_address_of_the_inner_network_may_be_reached_in_any_disguise(address: str) -> None:
    assert not may_be_reached(ipaddress.ip_address(address), sandbox=False)


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_a_public_address_may_be_reached(address: str) -> None:
    assert may_be_reached(ipaddress.ip_address(address), sandbox=False)
    assert not may_be_reached(ipaddress.ip_address(address), sandbox=True)


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("https://hook.example/in?key=1", None),
        ("https://hook.example:8443", None),
        ("http://hook.example/", "not_https"),
        ("https://127.0.0.1/", "not_public"),
        ("https://[::1]/", "not_public"),
        ("https://[::ffff:10.0.0.1]/", "not_public"),
        ("https://user:secret@hook.example/", "credentials"),
        ("https://hook.example@127.0.0.1/", "credentials"),
        *((url, "malformed") for url in ("", "hook.example", "ftp://hook.example/", "https://", "https:///in")),
        *((url, "malformed") for url in ("https://hook.example:0/", "https://hook.example:99999/", "https://[::1/")),
        *(
            (url, "malformed")
            for url in ("https://hook.example/a b", "https://hook.example/\r\nHost: x", "https://å.se")
        ),
        *((url, "malformed") for url in ("https://hook.example\\@127.0.0.1/", "https://hook.example/#a")),
        ("https://hook.example/" + "a" * 2000, "malformed"),
    ],
)
def test_an_endpoint_is_https_and_names_one_public_place(url: str, fault: str | None) -> None:
    assert fault_of_endpoint(url, sandbox=False) == fault


@pytest.mark.parametrize(
    ("url", "fault"),
    [
        ("http://127.0.0.1:8080/in", None),
        ("https://127.0.0.1/in", None),
        ("http://localhost:9/", None),
        ("http://[::1]:9/", None),
        ("https://10.0.0.1/", "not_loopback"),
        ("https://93.184.216.34/", "not_loopback"),
    ],
)
def test_in_the_sandbox_it_is_on_this_machine(url: str, fault: str | None) -> None:
    """X1: nothing beyond this machine takes part."""
    assert fault_of_endpoint(url, sandbox=True) == fault


def test_an_endpoint_that_became_inadmissible_is_not_asked() -> None:
    with webhook_receiver() as receiver:
        assert send(receiver.url, sandbox=False) == Outcome(AttemptOutcome.PERMANENT, fault="not_https")
    assert receiver.told == []
    assert isinstance(receiver, Receiver)
