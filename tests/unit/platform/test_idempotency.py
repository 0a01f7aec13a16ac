"""One key, one answer: replayed, refused for another body, in flight, and gone with a process that dies."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask, Response, jsonify, request
from flask.testing import FlaskClient
from flask.typing import ResponseReturnValue
from werkzeug.test import TestResponse

from underwriting.kernel.clock import FixedClock
from underwriting.kernel.errors import Conflict, InvalidInput, Unavailable
from underwriting.platform import authentication, outbox, problems
from underwriting.platform.authentication import new_draft_secret
from underwriting.platform.idempotency import forget_old, idempotent
from underwriting.platform.models import IdempotencyKey, OutboxMessage
from underwriting.platform.problems import answer
from underwriting.platform.runtime import Runtime

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
KEY = "8e03978e-40d5-43e8-bc93-6894a57f9324"
VIEWS = ("/v1/within", "/v1/beside")


class Died(BaseException):
    """The process is killed: no handler of exceptions runs."""


@dataclass
class Service:
    """A service with two views that write a message, and what happens to them meanwhile."""

    app: Flask
    runtime: Runtime
    wall: FixedClock
    meanwhile: list[Callable[[], None]] = field(default_factory=list)

    def post(
        self,
        path: str,
        key: str | None = KEY,
        *,
        body: object = None,
        token: str | None = None,
        method: str = "POST",
        address: str = "127.0.0.1",
    ) -> TestResponse:
        """One request of a client of its own, from *address*."""
        headers = {"Idempotency-Key": key} if key is not None else {}
        headers |= {"Authorization": f"Bearer {token}"} if token else {}
        client: FlaskClient = self.app.test_client()
        sent = {"amount": "1.00"} if body is None else body
        return client.open(path, method=method, json=sent, headers=headers, environ_overrides={"REMOTE_ADDR": address})

    def count(self, row: type[IdempotencyKey | OutboxMessage]) -> int:
        with self.runtime.database.transaction() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(row)) or 0

    @property
    def done(self) -> int:
        """How often the work was done."""
        return self.count(OutboxMessage)


@pytest.fixture
def service(runtime: Runtime) -> Service:
    return service_on(runtime)


@pytest.fixture
def threaded_service(committed_runtime: Runtime) -> Service:
    return service_on(committed_runtime)


def service_on(runtime: Runtime) -> Service:
    wall = FixedClock(AT)
    runtime = replace(runtime, wall=wall)
    app = Flask(__name__)
    app.config.update(SECRET_KEY="s", WTF_CSRF_CHECK_DEFAULT=False)
    service = Service(app, runtime, wall)

    def work() -> ResponseReturnValue:
        with runtime.database.transaction() as session:
            number = session.scalar(sa.text("SELECT count(*) + 1 FROM outbox_message"))
            content = {"subject": "s", "body": "b"}
            outbox.post(session, runtime, kind="k", business_key=str(number), recipient="r", content=content, at=AT)
            session.flush()
            for happen in service.meanwhile:
                happen()
        response = jsonify(number=number, amount=request.get_json()["amount"])
        response.headers["Location"] = f"/v1/things/{number}"
        response.headers["Secret-Of-This-Answer"] = "x"
        return response, 201

    app.add_url_rule("/v1/within", view_func=idempotent(runtime)(work), methods=["POST", "PUT"], endpoint="within")
    beside = idempotent(runtime, asks_outside_party=True)(work)
    app.add_url_rule("/v1/beside", view_func=beside, methods=["POST", "PUT"], endpoint="beside")
    authentication.register(app, runtime)
    problems.register(app, page=answer)
    return service


# The same answer


@pytest.mark.parametrize("path", VIEWS)
def test_the_same_key_and_body_get_the_same_answer(service: Service, path: str) -> None:
    """A7: the work is done once."""
    first, second = service.post(path), service.post(path)
    assert (first.status_code, first.get_json()) == (201, {"number": 1, "amount": "1.00"})
    assert (second.status_code, second.data) == (201, first.data)
    assert (second.mimetype, second.headers["Location"]) == ("application/json", "/v1/things/1")
    assert (first.headers.get("Idempotent-Replayed"), second.headers["Idempotent-Replayed"]) == (None, "true")
    assert service.done == 1


@pytest.mark.parametrize("path", VIEWS)
def test_without_a_key_each_request_is_another_one(service: Service, path: str) -> None:
    """A7: the header is what makes them one."""
    assert [service.post(path, None).get_json()["number"] for _ in range(2)] == [1, 2]
    assert service.count(IdempotencyKey) == 0


@pytest.mark.parametrize("path", VIEWS)
def test_the_answer_is_kept_for_24_hours(service: Service, clock: FixedClock, path: str) -> None:
    """A7: 23:59:59 after the request it is replayed, 24:00:00 after it the key is free."""
    service.post(path)
    clock.move_to(AT + timedelta(hours=24) - SECOND)
    assert service.post(path).get_json()["number"] == 1
    clock.move_to(AT + timedelta(hours=24))
    assert service.post(path).get_json()["number"] == 2
    clock.move_to(AT + timedelta(hours=48) - SECOND)
    assert service.post(path).get_json()["number"] == 2


def test_what_nobody_can_ask_for_any_more_is_forgotten(service: Service, clock: FixedClock) -> None:
    """A7: an answer is kept no longer than it counts."""
    service.post("/v1/within")
    clock.move_to(AT + timedelta(hours=12))
    service.post("/v1/within", "another-key")
    clock.move_to(AT + timedelta(hours=24) - SECOND)
    assert forget_old(service.runtime) == 0
    clock.move_to(AT + timedelta(hours=24))
    assert forget_old(service.runtime) == 1
    assert service.post("/v1/within", "another-key").headers["Idempotent-Replayed"] == "true"


def test_the_answer_is_kept_encrypted(service: Service) -> None:
    """A7: an answer may hold personal data."""
    service.post("/v1/within")
    with service.runtime.database.transaction() as session:
        kept = session.scalars(sa.select(IdempotencyKey.answer_encrypted)).one()
    assert kept is not None
    assert b"amount" not in kept


# Another request


@pytest.mark.parametrize("path", VIEWS)
def test_another_body_under_the_same_key_is_refused(service: Service, path: str) -> None:
    """A7: 422, and nothing is done."""
    service.post(path)
    refused = service.post(path, body={"amount": "2.00"})
    assert (refused.status_code, refused.get_json()["rule"]) == (422, "A7")
    assert refused.get_json()["type"] == "/problems/idempotency-key-reused"
    assert service.done == 1


def test_another_path_or_method_under_the_same_key_is_refused(service: Service) -> None:
    """A7: the key belongs to the whole request."""
    service.post("/v1/within")
    assert service.post("/v1/beside").status_code == 422
    assert service.post("/v1/within", method="PUT").status_code == 422
    assert service.done == 1


def test_another_callers_key_is_another_key(service: Service) -> None:
    """A7: the same caller."""
    tokens = [new_draft_secret()[0] for _ in range(2)]
    assert [service.post("/v1/within", token=token).get_json()["number"] for token in tokens] == [1, 2]
    assert service.post("/v1/within", token=tokens[0]).get_json()["number"] == 1


@pytest.mark.parametrize("path", VIEWS)
def test_strangers_at_two_addresses_share_no_key(service: Service, path: str) -> None:
    """A7: the answer may hold a draft's secret, which is for the one who made the draft."""
    addresses = ("192.0.2.1", "192.0.2.2", "2001:db8::1")
    assert [service.post(path, address=address).get_json()["number"] for address in addresses] == [1, 2, 3]
    assert [service.post(path, address=address).get_json()["number"] for address in addresses] == [1, 2, 3]


def test_strangers_behind_one_proxy_share_no_key(service: Service) -> None:
    """A7: the proxy adds the address that it was sent from to what the sender claims."""
    client = service.app.test_client()

    def post(way: str) -> int:
        headers = {"Idempotency-Key": KEY, "X-Forwarded-For": way}
        number: int = client.post("/v1/within", json={"amount": "1.00"}, headers=headers).get_json()["number"]
        return number

    ways = ("192.0.2.1", "192.0.2.2", "192.0.2.1, 192.0.2.2")
    assert [post(way) for way in ways] == [1, 2, 3]
    assert post(ways[0]) == 1


def test_no_address_stands_readable_beside_a_key(service: Service) -> None:
    """A7: who sent it is known by a blind index alone."""
    service.post("/v1/within", address="192.0.2.1")
    with service.runtime.database.transaction() as session:
        (caller,) = session.scalars(sa.select(IdempotencyKey.caller))
    assert caller.startswith("anonymous:")
    assert "192.0.2.1" not in caller


@pytest.mark.parametrize("key", ["", " ", "a b", "å", "x" * 129, "a\tb"])
def test_a_key_is_1_to_128_visible_characters(service: Service, key: str) -> None:
    """A7: any other is refused and nothing is done."""
    refused = service.post("/v1/within", key)
    assert (refused.status_code, refused.get_json()["type"]) == (422, "/problems/idempotency-key-malformed")
    assert service.done == 0
    assert service.post("/v1/within", "x" * 128).status_code == 201


# Two at once


@pytest.mark.parametrize("path", VIEWS)
@pytest.mark.parametrize(("amount", "afterwards"), [("1.00", 201), ("2.00", 422)])
def test_while_the_first_is_in_flight_a_second_is_told_so(
    threaded_service: Service, path: str, amount: str, afterwards: int
) -> None:
    """A7: 409 at once, whatever its body; when the first is answered, its answer or the refusal of another body."""
    inside, go_on = threading.Event(), threading.Event()

    def wait() -> None:
        inside.set()
        assert go_on.wait(10)

    threaded_service.meanwhile.append(wait)
    answers: list[TestResponse] = []
    thread = threading.Thread(target=lambda: answers.append(threaded_service.post(path)))
    thread.start()
    assert inside.wait(10)
    second = threaded_service.post(path, body={"amount": amount})
    go_on.set()
    thread.join()

    if path == "/v1/beside" and amount == "2.00":  # the lease tells the body
        assert second.status_code == 422
    else:
        assert (second.status_code, second.get_json()["type"]) == (409, "/problems/request-in-flight")
    assert second.get_json()["rule"] == "A7"
    assert answers[0].status_code == 201
    assert threaded_service.post(path, body={"amount": amount}).status_code == afterwards
    assert threaded_service.done == 1


@pytest.mark.parametrize("path", VIEWS)
def test_of_many_at_once_one_does_the_work(threaded_service: Service, path: str) -> None:
    """A7: the others get its answer, or are told that it is under way."""
    together = threading.Barrier(6)

    def ask() -> None:
        together.wait()
        answers.append(threaded_service.post(path))

    answers: list[TestResponse] = []
    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert threaded_service.done == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
    assert {answer.get_json()["number"] for answer in answers if answer.status_code == 201} == {1}


# Refusals and faults


@pytest.mark.parametrize("path", VIEWS)
def test_a_refusal_is_kept_as_the_answer(service: Service, path: str) -> None:
    """A7: what is refused stays refused under that key, and its work is undone."""

    def refuse() -> None:
        raise Conflict

    service.meanwhile.append(refuse)
    first = service.post(path)
    service.meanwhile.clear()
    second = service.post(path)
    assert (first.status_code, first.mimetype) == (409, "application/problem+json")
    assert (second.status_code, second.mimetype, second.data) == (409, "application/problem+json", first.data)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert service.done == 0


@pytest.mark.parametrize("path", VIEWS)
def test_a_bad_body_stays_bad_under_its_key(service: Service, path: str) -> None:
    """A7: to mend the body takes another key."""

    def refuse() -> None:
        raise InvalidInput

    service.meanwhile.append(refuse)
    assert service.post(path).status_code == 422
    service.meanwhile.clear()
    assert service.post(path).headers["Idempotent-Replayed"] == "true"
    mended = service.post(path, body={"amount": "2.00"})
    assert mended.get_json()["type"] == "/problems/idempotency-key-reused"


@pytest.mark.parametrize("path", VIEWS)
@pytest.mark.parametrize(("fault", "status"), [(Unavailable, 503), (RuntimeError, 500)])
def test_a_fault_is_no_answer_and_the_same_key_tries_again(
    service: Service, path: str, fault: type[Exception], status: int
) -> None:
    """A7: what may succeed later is not kept."""

    def fail() -> None:
        raise fault

    service.meanwhile.append(fail)
    assert service.post(path).status_code == status
    assert (service.done, service.count(IdempotencyKey)) == (0, 0)
    service.meanwhile.clear()
    assert service.post(path).get_json()["number"] == 1


def test_a_process_that_dies_after_the_work_leaves_neither_work_nor_answer(service: Service) -> None:
    """A7: the answer is written in the transaction that does the work."""

    def die() -> None:
        raise Died

    service.meanwhile.append(die)
    with pytest.raises(Died):
        service.post("/v1/within")
    assert (service.done, service.count(IdempotencyKey)) == (0, 0)
    service.meanwhile.clear()
    assert (service.post("/v1/within").status_code, service.done) == (201, 1)


def test_a_key_whose_process_died_beside_an_outside_party_is_free_after_the_lease(service: Service) -> None:
    """A7: 409 for the two minutes in which somebody may still be at it."""
    token, secret_hash = new_draft_secret()
    with service.runtime.database.transaction() as session:
        session.add(
            IdempotencyKey(
                caller=f"draft:{secret_hash.hex()[:16]}",
                key=KEY,
                request_hash=_hash_of_the_request(),
                created_at=AT,
                leased_until=AT + timedelta(minutes=2),
            )
        )
    service.wall.move_to(AT + timedelta(minutes=2) - SECOND)
    assert service.post("/v1/beside", token=token).status_code == 409
    service.wall.move_to(AT + timedelta(minutes=2))
    assert service.post("/v1/beside", token=token).status_code == 201
    assert service.post("/v1/beside", token=token).headers["Idempotent-Replayed"] == "true"


def test_no_transaction_is_open_while_an_outside_party_is_asked(service: Service) -> None:
    @idempotent(service.runtime, asks_outside_party=True)
    def view() -> ResponseReturnValue:
        return Response(str(service.runtime.database.in_transaction))

    service.app.add_url_rule("/v1/asks", view_func=view, methods=["POST"], endpoint="asks")
    assert service.post("/v1/asks").text == "False"


def _hash_of_the_request() -> bytes:
    """SHA-256 of `POST`, the path and the body, a line each."""
    digest = "5810234c74114db0d4d18a86101bb21e4e62f584c7822ed83094aaf331e4c8a2"
    return bytes.fromhex(digest)
