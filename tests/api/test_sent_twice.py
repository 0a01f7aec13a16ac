"""What is sent twice with one key is done once, at the real operations (rule A7)."""

from typing import Any

from tests.support.beginnings import granted
from tests.support.house import Api, HouseWorld
from tests.support.lending import application_json

KEY = {"Idempotency_Key": "8e03978e-40d5-43e8-bc93-6894a57f9324"}
OTHER = {"Idempotency_Key": "0b0e4ff0-7d3f-4a4c-8f0e-2f0a9f2d8a11"}


def twice(caller: Api, path: str, body: Any = None, **key: str) -> Any:
    """What is answered to the same request both times."""
    first, second = (caller.call("POST", path, body, **key) for _ in range(2))
    assert (first.status_code, second.data) == (201, first.data)
    assert second.headers["Idempotent-Replayed"] == "true"
    return first.get_json()


def test_an_application_sent_twice_is_one_application(world: HouseWorld) -> None:
    """A7: the same draft with the same secret."""
    first = twice(world.anyone(), "/v1/applications", application_json(), **KEY)
    again = world.anyone().call("POST", "/v1/applications", application_json(), **OTHER).get_json()
    assert again["id"] != first["id"]
    changed = world.anyone().call("POST", "/v1/applications", application_json(term_months=24), **KEY)
    assert (changed.status_code, changed.get_json()["rule"]) == (422, "A7")


def test_a_submission_sent_twice_starts_one_order_at_bankid(world: HouseWorld) -> None:
    """A7: where an outside party is asked, too."""
    draft = world.anyone().post("/v1/applications", application_json())
    holder = Api(world.app, draft["access_secret"])
    started = twice(holder, f"/v1/applications/{draft['id']}/submit", **KEY)
    assert world.sign(started).get(f"/v1/applications/{draft['id']}")["state"] == "assessing"


def test_a_cancellation_sent_twice_is_one(world: HouseWorld) -> None:
    """A7: the second is no refusal of a cancellation under way, unless it has a key of its own."""
    loan = granted(world)
    assert twice(loan.borrower, f"{loan.agreement}/cancellation", **KEY)["state"] == "completed"
    again = loan.borrower.call("POST", f"{loan.agreement}/cancellation", **OTHER)
    assert again.status_code == 409


def test_a_refusal_is_remembered_and_the_mended_request_takes_a_new_key(world: HouseWorld) -> None:
    """A7: the first answer, in the language in which it was given."""
    bad = application_json(purpose="private")
    first = world.anyone("sv").call("POST", "/v1/applications", bad, **KEY)
    second = world.anyone("en").call("POST", "/v1/applications", bad, **KEY)
    assert (first.status_code, second.status_code, second.data) == (422, 422, first.data)
    assert world.anyone().call("POST", "/v1/applications", application_json(), **OTHER).status_code == 201
