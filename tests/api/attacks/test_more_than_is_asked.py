"""Bodies and forms with members that nobody asked for: a role, a state, an owner, a fee of the sender's own choice."""

from typing import Any

import pytest
from marshmallow import RAISE, Schema, fields

from schemas.loading import load
from tests.api.test_account import reader, send
from tests.support.beginnings import granted
from tests.support.house import PASSWORD, Api, HouseWorld
from tests.support.lending import application_json
from underwriting.api_description.operations import OPERATIONS
from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import Role, Scope
from underwriting.platform import machine_clients

COVETED = (
    *("role", "roles", "is_admin", "state", "status", "outcome", "owner", "actor", "id", "scope", "scopes"),
    *("fee", "fee_rate", "limit", "granted_at", "created_at", "version", "person_index", "__class__", "$set"),
)
BODIES = [
    operation for operation in OPERATIONS if operation.body is not None and "form" not in operation.body_media_type
]


@pytest.mark.parametrize("operation", BODIES, ids=lambda operation: operation.name)
def test_no_body_takes_a_member_that_it_does_not_describe(world: HouseWorld, operation: object) -> None:
    """Every member that somebody would like to set is refused by its name wherever it is not described."""
    schema: Any = operation.body()  # type: ignore[attr-defined]
    known = {field.data_key or name for name, field in schema.fields.items()}
    coveted = {name: "administrator" for name in COVETED if name not in known}
    with pytest.raises(InvalidInput) as refused:
        load(schema, coveted, on=stockholm_date(world.runtime.clock.now()), terms=world.runtime.terms)
    told = {error.pointer for error in refused.value.errors}
    assert {f"/{name}" for name in coveted} <= told


def nested(schema: Schema) -> list[Schema]:
    """*schema* and every one inside it."""
    inner = [field.inner if isinstance(field, fields.List) else field for field in schema.fields.values()]
    return [schema, *(each for one in inner if isinstance(one, fields.Nested) for each in nested(one.schema))]


@pytest.mark.parametrize("operation", BODIES, ids=lambda operation: operation.name)
def test_nor_does_anything_inside_it(operation: object) -> None:
    for schema in nested(operation.body()):  # type: ignore[attr-defined]
        assert schema.unknown == RAISE, schema


def test_a_draft_stays_its_owners_and_a_draft(world: HouseWorld) -> None:
    draft = world.anyone().post("/v1/applications", application_json())
    holder = Api(world.app, draft["access_secret"])
    path = f"/v1/applications/{draft['id']}"
    before = holder.get(path)
    for name in COVETED:
        refused = holder.call("PATCH", path, {"term_months": 24, name: "approved"})
        assert refused.status_code == 422, name
    assert holder.get(path) == before


def test_a_loan_takes_no_terms_from_its_borrower(world: HouseWorld) -> None:
    """P1, G1: neither state, limit nor fee is anybody's to send."""
    loan = granted(world)
    before = loan.borrower.get(loan.agreement)
    for name in ("state", "limit", "fee_rate", "granted_at"):
        for path in (f"{loan.agreement}/drawdowns", f"{loan.agreement}/cancellation", f"{loan.agreement}/redemption"):
            assert loan.borrower.call("POST", path, {name: "0.00"}).status_code == 422
    assert loan.borrower.get(loan.agreement) == before


def test_staff_give_themselves_no_role_by_a_form(world: HouseWorld) -> None:
    world.staff(Role.AUDITOR, username="astrid")
    client = reader(world)
    more = {"role": "administrator", "roles": "administrator", "awaits": "", "staff_user_id": "1"}
    send(client, "/console/login", {"username": "astrid", "password": PASSWORD} | more)
    assert client.get("/v1/me").get_json()["role"] == "auditor"
    new = {"current": PASSWORD, "password": "dinosaurie-42-moln", "again": "dinosaurie-42-moln"}
    sent = send(client, "/console/account/password", new | more, page="/console/account")
    assert sent.status_code == 303
    assert client.get("/v1/me").get_json()["role"] == "auditor"


def test_a_client_takes_no_scope_that_it_was_not_given(world: HouseWorld) -> None:
    _, key = machine_clients.add_client(world.runtime, "ledger", [Scope.PAYMENTS_READ], actor="staff:1")
    client = Api(world.app, key)
    for sent in ({"X-Scopes": "events:read"}, {"X-Role": "administrator"}, {"X-User": "staff:1"}):
        assert client.send("GET", "/v1/events", sent).status_code == 403
    assert client.call("GET", "/v1/events?scope=events:read&role=administrator").status_code == 403
