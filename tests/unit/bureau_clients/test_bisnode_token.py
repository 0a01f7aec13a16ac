"""The access token: fetched once for everybody, used until it runs out, renewed when it is refused."""

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from bureau_clients.bisnode import grants
from bureau_clients.bisnode.token import Grant, SharedToken
from bureau_clients.errors import BureauFailure, BureauRefused, BureauUnavailable, OutcomeUnknown


class Issuer:
    """Gives a token after a while, each time a new one, or fails."""

    def __init__(self, *, lasts: int = 3600, takes: float = 0.0, fails: BureauFailure | None = None) -> None:
        self.lasts, self.takes, self.fails = lasts, takes, fails
        self.given = 0
        self._lock = threading.Lock()

    def __call__(self) -> Grant:
        time.sleep(self.takes)
        with self._lock:
            self.given += 1
        if self.fails is not None:
            raise self.fails
        return Grant(f"token-{self.given}", self.lasts)


class Clock:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def at_once(call: Callable[[], str], threads: int) -> list[str | BureauFailure]:
    """What *call* gives in so many threads that begin together."""
    begin = threading.Barrier(threads)

    def run() -> str | BureauFailure:
        begin.wait()
        try:
            return call()
        except BureauFailure as failure:
            return failure

    with ThreadPoolExecutor(threads) as pool:
        return [future.result() for future in [pool.submit(run) for _ in range(threads)]]


def test_one_thread_fetches_while_the_others_wait() -> None:
    issuer = Issuer(takes=0.2)
    shared = SharedToken(issuer)
    assert at_once(shared.current, 16) == ["token-1"] * 16
    assert issuer.given == 1


def test_a_failure_reaches_everybody_who_waits_and_nobody_later() -> None:
    """B3: sixteen threads do not wait sixteen times for one that does not answer."""
    issuer = Issuer(takes=0.2, fails=BureauUnavailable("no-connection"))
    shared = SharedToken(issuer)
    found = at_once(shared.current, 16)
    assert {type(each) for each in found} == {BureauUnavailable}
    assert issuer.given < 16
    issuer.fails = None
    assert shared.current().startswith("token-")


@pytest.mark.parametrize(
    ("lasts", "good_until"),
    [
        (7200, 7140),  # a minute before
        (100, 90),  # of a short life, a tenth before
        (1, 1),
        (0, 0),
    ],
)
def test_a_token_is_used_until_shortly_before_it_runs_out(lasts: int, good_until: int) -> None:
    clock, issuer = Clock(), Issuer(lasts=lasts)
    shared = SharedToken(issuer, clock_seconds=clock)
    assert shared.current() == "token-1"
    if good_until:
        clock.now += good_until - 0.5
        assert shared.current() == "token-1"
        clock.now += 0.5
    assert shared.current() == "token-2"


def test_the_life_of_a_token_is_counted_from_when_it_was_asked_for() -> None:
    clock = Clock()

    def slow() -> Grant:
        clock.now += 50
        return Grant("token", 100)

    shared = SharedToken(slow, clock_seconds=clock)
    shared.current()
    clock.now += 40
    before = clock.now
    shared.current()
    assert clock.now == before + 50


def test_a_refused_token_is_renewed_once_for_everybody() -> None:
    issuer = Issuer(takes=0.1)
    shared = SharedToken(issuer)
    refused = shared.current()
    assert at_once(lambda: shared.renewed(refused), 8) == ["token-2"] * 8
    assert shared.renewed(refused) == "token-2"
    assert shared.current() == "token-2"
    assert issuer.given == 2


def test_a_token_is_fetched_anew_to_be_checked() -> None:
    issuer = Issuer()
    shared = SharedToken(issuer)
    shared.current()
    assert shared.fetched().token == "token-2"
    assert shared.current() == "token-2"


def test_a_token_is_printed_nowhere() -> None:
    assert "secret" not in repr(Grant("secret", 5))


def test_what_is_asked_for_a_token() -> None:
    body = grants.request_body((grants.COMPANIES, grants.PERSONS))
    assert body == b"grant_type=client_credentials&scope=credit_data_companies+credit_data_persons"


@pytest.mark.parametrize(
    ("members", "lasts", "scopes"),
    [
        ({"access_token": "a.b-c", "token_type": "Bearer", "expires_in": 7199}, 7199, None),
        ({"access_token": "a", "token_type": "bearer", "expires_in": "7199"}, 7199, None),
        ({"access_token": "a"}, 300, None),
        ({"access_token": "a", "expires_in": 10**8}, 86_400, None),
        ({"access_token": "a", "scope": "x y"}, 300, frozenset({"x", "y"})),
        ({"access_token": "a", "scope": ""}, 300, None),
    ],
)
def test_a_token_as_it_is_granted(members: dict[str, object], lasts: int, scopes: frozenset[str] | None) -> None:
    grant = grants.granted(200, json.dumps(members).encode())
    assert (grant.lasts_seconds, grant.scopes) == (lasts, scopes)


@pytest.mark.parametrize(
    ("status", "body", "failure", "code"),
    [
        (200, b"<html>", BureauUnavailable, "token-unavailable"),
        (200, b"{}", BureauUnavailable, "token-unavailable"),
        (200, b'{"access_token": 5}', BureauUnavailable, "token-unavailable"),
        (200, b'{"access_token": "a\\r\\nX: y"}', BureauUnavailable, "token-unavailable"),
        (200, b'{"access_token": ""}', BureauUnavailable, "token-unavailable"),
        (200, b'{"access_token": "a", "token_type": "mac"}', BureauUnavailable, "token-unavailable"),
        (200, b'{"access_token": "a", "expires_in": -1}', BureauUnavailable, "token-unavailable"),
        (200, b'{"access_token": "a", "expires_in": []}', BureauUnavailable, "token-unavailable"),
        (400, b'{"error": "invalid_scope"}', BureauRefused, "token-refused"),
        (401, b'{"error": "invalid_client"}', BureauRefused, "token-refused"),
        (403, b"", BureauRefused, "token-refused"),
        (307, b"", BureauRefused, "token-address"),
        (404, b"", BureauRefused, "token-address"),
        (408, b"", BureauUnavailable, "token-unavailable"),
        (429, b"", BureauUnavailable, "token-unavailable"),
        (500, b"", BureauUnavailable, "token-unavailable"),
        (503, b"", BureauUnavailable, "token-unavailable"),
    ],
)
def test_no_token_is_never_in_doubt(status: int, body: bytes, failure: type[BureauFailure], code: str) -> None:
    """B3: the question did not leave."""
    with pytest.raises(failure) as raised:
        grants.granted(status, body)
    assert (raised.value.code, raised.value.raw, raised.value.part) == (code, None, "token")


def test_a_token_that_is_lost_on_its_way_leaves_no_doubt_either() -> None:
    found = grants.undelivered(OutcomeUnknown("read-timeout", raw=b"half a token"))
    assert (found.code, found.raw) == ("read-timeout", None)
