"""Machine clients over HTTP: keys and tokens, what their scopes open, how they are changed over and shut out."""

import base64
import re
import uuid
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from tests.support.house import Api, HouseWorld
from tests.support.lending import application_json
from underwriting.kernel.errors import InvalidInput, NotFound
from underwriting.kernel.event_catalogue import WEBHOOK_ENDPOINT_DISABLED
from underwriting.kernel.vocabulary import Role, Scope
from underwriting.platform import audit_log, events, machine_clients
from underwriting.platform.client_models import ClientKey, ClientToken
from underwriting.platform.machine_clients import ClientDisabled, ClientNameTaken, ClientView
from underwriting.platform.message_models import Delivery
from underwriting.platform.models import AuditEntry, IdempotencyKey
from underwriting.platform.webhook_destinations import destination

EVERYTHING = tuple(Scope)
TOLD = (Scope.WEBHOOK_ENDPOINTS_MANAGE, Scope.EVENTS_READ)
SECOND = timedelta(seconds=1)


def added(world: HouseWorld, *scopes: Scope, name: str = "ledger") -> tuple[ClientView, str]:
    return machine_clients.add_client(world.runtime, name, scopes or EVERYTHING, actor="staff:1")


def client(world: HouseWorld, *scopes: Scope) -> Api:
    return Api(world.app, added(world, *scopes)[1])


def ask_for_token(
    world: HouseWorld, key: str, form: dict[str, str] | None = None, *, by_form: bool = False
) -> tuple[int, dict[str, Any]]:
    identifier, secret = key.removeprefix("bk_").split("_", 1)
    sent = {"grant_type": "client_credentials"} | (form or {})
    headers = {}
    if by_form:
        sent |= {"client_id": identifier, "client_secret": secret}
    else:
        headers["Authorization"] = f"Basic {base64.b64encode(f'{identifier}:{secret}'.encode()).decode()}"
    answer = world.anyone("en").send("POST", "/v1/token", headers, data=sent)
    assert answer.headers["Cache-Control"] == "no-store"
    return answer.status_code, answer.get_json()


def test_a_key_says_who_the_client_is_and_what_it_may(world: HouseWorld) -> None:
    made, key = added(world, Scope.EVENTS_READ, Scope.PAYMENTS_READ)
    assert re.fullmatch(r"bk_[0-9a-f]{32}_[\w-]{43}", key)  # 43 letters of base 64 hold 256 bits
    told = Api(world.app, key).get("/v1/me")
    assert told == {"actor": f"client:{made.id}", "kind": "client", "scopes": ["events:read", "payments:read"]}


def test_of_a_key_and_a_token_the_hash_alone_is_kept(world: HouseWorld) -> None:
    _, key = added(world)
    token = ask_for_token(world, key)[1]["access_token"]
    with world.runtime.database.transaction() as session:
        kept = session.scalars(sa.select(ClientKey.secret_hash)).one()
        of_token = session.scalars(sa.select(ClientToken.token_hash)).one()
        noted = "".join(f"{one.subject}{one.data}" for one in session.scalars(sa.select(AuditEntry)))
    assert (len(kept), len(of_token)) == (32, 32)
    assert key.split("_", 2)[2] not in noted
    assert token not in noted


@pytest.mark.parametrize("by_form", [True, False])
def test_a_key_is_exchanged_for_a_token_of_ten_minutes(world: HouseWorld, by_form: bool) -> None:
    made, key = added(world, Scope.EVENTS_READ, Scope.PAYMENTS_READ)
    status, told = ask_for_token(world, key, by_form=by_form)
    assert (status, told["token_type"], told["expires_in"]) == (200, "Bearer", 600)
    assert told["scope"] == "events:read payments:read"
    with_token = Api(world.app, told["access_token"])
    assert with_token.get("/v1/me")["actor"] == f"client:{made.id}"
    world.let_pass(timedelta(minutes=10) - SECOND)
    with_token.get("/v1/events")
    world.let_pass(SECOND)
    with_token.get("/v1/events", status=401)


def test_a_token_may_have_fewer_scopes_than_its_client(world: HouseWorld) -> None:
    _, key = added(world, Scope.EVENTS_READ, Scope.PAYMENTS_READ)
    narrow = Api(world.app, ask_for_token(world, key, {"scope": "events:read"})[1]["access_token"])
    narrow.get("/v1/events")
    narrow.get("/v1/payments?status=unmatched", status=403)


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"scope": "agreements:read"}, 400, "invalid_scope"),
        ({"scope": "events:read everything"}, 400, "invalid_scope"),
        ({"scope": " "}, 400, "invalid_scope"),
    ],
)
def test_what_is_wrong_is_told_as_oauth_says(world: HouseWorld, form: dict[str, str], status: int, error: str) -> None:
    _, key = added(world, Scope.EVENTS_READ)
    told = ask_for_token(world, key, form)
    assert (told[0], told[1]["error"]) == (status, error)


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "bk_",
        f"bk_{'0' * 32}_{'A' * 43}",
        "bk_{id}_" + "A" * 43,
        "bk_{id}_",
        "bk_{id}_{secret}x",
        "bk_{id}x_{secret}",
        "BK_{id}_{secret}",
        "bt_{secret}",
        "bs_{secret}",
        "{secret}",
        "bk_{id}_{secret}\u0000",
    ],
)
def test_a_key_that_is_none_opens_nothing(world: HouseWorld, forged: str) -> None:
    _, key = added(world)
    _, identifier, secret = key.split("_", 2)
    wrong = forged.format(id=identifier, secret=secret)
    if wrong.isprintable():
        Api(world.app, wrong or "x").get("/v1/me", status=401)
    if wrong.startswith("bk_") and wrong.count("_") >= 2:
        told = ask_for_token(world, wrong)
        assert (told[0], told[1]["error"]) == (401, "invalid_client")


def test_a_token_is_asked_for_by_whoever_shows_something(world: HouseWorld) -> None:
    answer = world.anyone().send("POST", "/v1/token", {}, data={"grant_type": "client_credentials"})
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="borgen"')


def test_a_new_key_lets_the_one_before_count_for_seven_days(world: HouseWorld) -> None:
    made, old = added(world)
    view, new = machine_clients.rotate_key(world.runtime, made.id, actor="staff:1")
    assert [key.counts for key in view.keys] == [True, True]
    world.let_pass(timedelta(days=7) - SECOND)
    Api(world.app, old).get("/v1/me")
    token = ask_for_token(world, old)[1]["access_token"]
    world.let_pass(SECOND)
    Api(world.app, old).get("/v1/me", status=401)
    Api(world.app, token).get("/v1/me", status=401)  # a token ends with its key
    Api(world.app, new).get("/v1/me")


def test_a_key_ends_when_it_was_said_to(world: HouseWorld) -> None:
    _, key = machine_clients.add_client(world.runtime, "short", [Scope.EVENTS_READ], days=2, actor="staff:1")
    world.let_pass(timedelta(days=2) - SECOND)
    Api(world.app, key).get("/v1/me")
    world.let_pass(SECOND)
    Api(world.app, key).get("/v1/me", status=401)


def test_a_key_that_is_revoked_takes_its_tokens_with_it_and_no_others(world: HouseWorld) -> None:
    made, old = added(world)
    _, new = machine_clients.rotate_key(world.runtime, made.id, actor="staff:1")
    tokens = [ask_for_token(world, key)[1]["access_token"] for key in (old, new)]
    machine_clients.revoke_key(world.runtime, made.id, uuid.UUID(old.split("_")[1]), actor="staff:1")
    for gone in (old, tokens[0]):
        Api(world.app, gone).get("/v1/me", status=401)
    for there in (new, tokens[1]):
        Api(world.app, there).get("/v1/me")
    other, _ = added(world, name="other")
    with pytest.raises(NotFound):
        machine_clients.revoke_key(world.runtime, other.id, uuid.UUID(new.split("_")[1]), actor="staff:1")


def test_a_client_that_is_disabled_is_out_at_once(world: HouseWorld) -> None:
    made, key = added(world)
    token = ask_for_token(world, key)[1]["access_token"]
    machine_clients.disable_client(world.runtime, made.id, actor="staff:1")
    for gone in (key, token):
        Api(world.app, gone).get("/v1/me", status=401)
    assert ask_for_token(world, key)[0] == 401
    with pytest.raises(ClientDisabled):
        machine_clients.rotate_key(world.runtime, made.id, actor="staff:1")


def test_a_scope_that_is_taken_is_taken_from_tokens_too(world: HouseWorld) -> None:
    made, key = added(world, Scope.EVENTS_READ, Scope.PAYMENTS_READ)
    token = ask_for_token(world, key)[1]["access_token"]
    machine_clients.set_scopes(world.runtime, made.id, [Scope.PAYMENTS_READ], actor="staff:1")
    for caller in (Api(world.app, key), Api(world.app, token)):
        caller.get("/v1/events", status=403)
        caller.get("/v1/payments?status=unmatched")


def test_its_use_is_noted_to_the_minute(world: HouseWorld) -> None:
    made, key = added(world)
    assert machine_clients.get_client(world.runtime, made.id).keys[0].last_used_at is None
    first = world.wall.now()
    for seconds, noted in ((0, first), (59, first), (1, first + timedelta(minutes=1))):
        world.let_pass(timedelta(seconds=seconds))
        Api(world.app, key).get("/v1/me")
        assert machine_clients.get_client(world.runtime, made.id).keys[0].last_used_at == noted


@pytest.mark.parametrize(
    ("name", "scopes", "days"),
    [
        ("", EVERYTHING, 1),
        ("x" * 101, EVERYTHING, 1),
        ("a\x00", EVERYTHING, 1),
        ("a", (), 1),
        ("a", EVERYTHING, 0),
        ("a", EVERYTHING, 731),
    ],
)
def test_a_client_has_a_name_a_scope_and_an_end(
    world: HouseWorld, name: str, scopes: tuple[Scope, ...], days: int
) -> None:
    with pytest.raises(InvalidInput):
        machine_clients.add_client(world.runtime, name, scopes, days=days, actor="staff:1")


def test_a_name_is_taken_once(world: HouseWorld) -> None:
    added(world)
    with pytest.raises(ClientNameTaken):
        added(world)


def test_who_did_what_to_a_client_stands_in_the_audit_log(world: HouseWorld) -> None:
    made, key = added(world)
    machine_clients.rotate_key(world.runtime, made.id, actor="staff:2")
    machine_clients.revoke_key(world.runtime, made.id, uuid.UUID(key.split("_")[1]), actor="staff:2")
    machine_clients.disable_client(world.runtime, made.id, actor="staff:3")
    with world.runtime.database.transaction() as session:
        noted = [(one.action, one.actor) for one in audit_log.entries_of(session, f"client:{made.id}")]
    assert noted == [
        ("client.added", "staff:1"),
        ("client.key_added", "staff:1"),
        ("client.key_added", "staff:2"),
        ("client.key_revoked", "staff:2"),
        ("client.disabled", "staff:3"),
    ]


def test_a_draft_of_a_clients_names_it_in_audit_log_and_idempotency(world: HouseWorld) -> None:
    """A7: the key of another client is another key."""
    made, key = added(world, Scope.APPLICATIONS_CREATE)
    other = Api(world.app, added(world, Scope.APPLICATIONS_CREATE, name="other")[1])
    caller = Api(world.app, key)
    first = caller.call("POST", "/v1/applications", application_json(), Idempotency_Key="k1")
    again = caller.call("POST", "/v1/applications", application_json(), Idempotency_Key="k1")
    elses = other.call("POST", "/v1/applications", application_json(), Idempotency_Key="k1")
    assert (first.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    assert again.get_json()["id"] == first.get_json()["id"] != elses.get_json()["id"]
    with world.runtime.database.transaction() as session:
        entry = audit_log.entries_of(session, f"application:{first.get_json()['id']}")[0]
        assert entry.actor == f"client:{made.id}"
        callers = set(session.scalars(sa.select(IdempotencyKey.caller)))
    assert f"client:{made.id}" in callers


def test_the_same_key_serves_whether_by_key_or_by_token(world: HouseWorld) -> None:
    """A7: it is one caller."""
    _, key = added(world, Scope.APPLICATIONS_CREATE)
    token = ask_for_token(world, key)[1]["access_token"]
    first = Api(world.app, key).call("POST", "/v1/applications", application_json(), Idempotency_Key="k1")
    again = Api(world.app, token).call("POST", "/v1/applications", application_json(), Idempotency_Key="k1")
    assert again.get_json()["id"] == first.get_json()["id"]


def test_a_client_without_the_scope_makes_no_draft_though_anyone_may(world: HouseWorld) -> None:
    answer = client(world, Scope.EVENTS_READ).call("POST", "/v1/applications", application_json())
    assert (answer.status_code, answer.get_json()["type"]) == (403, "/problems/scope-missing")


def test_endpoints_of_a_client_are_its_own(world: HouseWorld) -> None:
    mine, other = client(world, *TOLD), added(world, name="other")[1]
    made = mine.post("/v1/webhook-endpoints", {"url": "http://127.0.0.1:9/events"})
    path = f"/v1/webhook-endpoints/{made['id']}"
    for stranger in (Api(world.app, other), world.staff(Role.ADMINISTRATOR)):
        assert stranger.get("/v1/webhook-endpoints")["items"] == []
        stranger.get(path, status=404)
        assert stranger.call("DELETE", path).status_code == 404
        assert stranger.call("POST", f"{path}/secret-rotation").status_code == 404
    assert [one["id"] for one in mine.get("/v1/webhook-endpoints")["items"]] == [made["id"]]


ENDPOINT = {"url": "http://127.0.0.1:9/events"}


def test_a_client_that_may_not_read_events_has_itself_told_of_none(world: HouseWorld) -> None:
    _, key = added(world, *TOLD)
    narrow = Api(world.app, ask_for_token(world, key, {"scope": "webhook-endpoints:manage"})[1]["access_token"])
    narrow.post("/v1/webhook-endpoints", ENDPOINT, status=403)
    made = Api(world.app, key).post("/v1/webhook-endpoints", ENDPOINT)
    path = f"/v1/webhook-endpoints/{made['id']}"
    narrow.post(f"{path}/replays", {"since": "2026-01-01T00:00:00Z"}, status=403)
    narrow.post(f"{path}/activation", status=403)
    assert narrow.get(path)["state"] == "active"
    assert narrow.call("DELETE", path).status_code == 204


def queued(world: HouseWorld) -> int:
    """How many messages an event that happens now puts into queues."""
    with world.runtime.database.transaction() as session:
        before = session.scalar(sa.select(sa.func.count()).select_from(Delivery)) or 0
        at, number = world.runtime.clock.now(), uuid.uuid4()
        events.record(session, WEBHOOK_ENDPOINT_DISABLED, at=at, endpoint_id=number, failing_since=at)
    assert events.publish(world.runtime) == 1
    with world.runtime.database.transaction() as session:
        return (session.scalar(sa.select(sa.func.count()).select_from(Delivery)) or 0) - before


def test_an_endpoint_is_told_for_as_long_as_its_client_may_read_events(world: HouseWorld) -> None:
    made, key = added(world, *TOLD)
    endpoint = uuid.UUID(Api(world.app, key).post("/v1/webhook-endpoints", ENDPOINT)["id"])

    def is_sent_to() -> bool:
        with world.runtime.database.transaction() as session:
            return destination(session, world.runtime, endpoint) is not None

    assert (queued(world), is_sent_to()) == (1, True)
    machine_clients.set_scopes(world.runtime, made.id, [Scope.WEBHOOK_ENDPOINTS_MANAGE], actor="staff:1")
    assert (queued(world), is_sent_to()) == (0, False)
    machine_clients.set_scopes(world.runtime, made.id, TOLD, actor="staff:1")
    assert (queued(world), is_sent_to()) == (1, True)
    machine_clients.disable_client(world.runtime, made.id, actor="staff:1")
    assert (queued(world), is_sent_to()) == (0, False)


def test_a_client_reads_what_is_the_lenders_and_acts_for_nobody(world: HouseWorld) -> None:
    caller = client(world, *EVERYTHING)
    caller.get("/v1/applications")
    caller.get(f"/v1/agreements/{uuid.uuid4()}", status=404)
    caller.get(f"/v1/applications/{uuid.uuid4()}/decision", status=403)  # D7: grounds that are for staff stay there
    assert caller.call("POST", f"/v1/agreements/{uuid.uuid4()}/drawdowns", {"amount": "1.00"}).status_code == 403
    caller.post("/v1/signings", {"purpose": "agreement", "subject_id": str(uuid.uuid4())}, status=401)


@pytest.mark.parametrize(("kind", "role"), [("staff", Role.AUDITOR)])
def test_staff_read_who_they_are_too(world: HouseWorld, kind: str, role: Role) -> None:
    told = world.staff(role).get("/v1/me")
    assert (told["kind"], told["role"]) == (kind, role)
    world.anyone().get("/v1/me", status=401)
