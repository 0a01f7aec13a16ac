"""Applications and decisions over HTTP: from a draft to an approval, and what is refused on the way."""

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from agreements.signing import routes as signing_routes
from tests.support.lending import ANNA, BERTIL, CECILIA, LendingWorld, application_json, guarantor_json
from underwriting.applications import routes as application_routes
from underwriting.decisions import desk_routes
from underwriting.decisions import routes as decision_routes
from underwriting.decisions.desk import Desk
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Role
from underwriting.platform import authentication, permissions, problems, staff_accounts


@pytest.fixture
def client(world: LendingWorld) -> FlaskClient:
    """A caller without cookies, as an integrator is."""
    app = Flask("test")
    app.config.update(SECRET_KEY="test", SESSION_COOKIE_SECURE=False, WTF_CSRF_CHECK_DEFAULT=False)
    authentication.register(app, world.runtime)
    permissions.register(app)
    problems.register(app, page=problems.answer)
    app.register_blueprint(signing_routes.blueprint(world.runtime, world.signings, {}))
    app.register_blueprint(application_routes.blueprint(world.runtime, world.applications))
    app.register_blueprint(decision_routes.blueprint(world.runtime, world.decisions))
    return app.test_client(use_cookies=False)


def bearer(token: str, **more: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", **more}


def create(client: FlaskClient, **changes: Any) -> tuple[str, dict[str, str]]:
    """The path of a new draft, and the header that opens it."""
    answer = client.post("/v1/applications", json=application_json(**changes))
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"], bearer(answer.get_json()["access_secret"])


def sign(world: LendingWorld, client: FlaskClient, started: Any) -> dict[str, str]:
    """Sign what was *started*, and the header of the signer's session."""
    assert started.status_code == 201, started.text
    body = started.get_json()
    assert world.bankid.act(f"orders/{body['qr_content']}/sign", {}).ok
    watched = client.get(started.headers["Location"], headers={"Signing-Secret": body["secret"]}).get_json()
    assert watched["state"] == "complete", watched
    return bearer(watched["session_token"])


def underwriter(world: LendingWorld) -> dict[str, str]:
    with world.runtime.database.transaction() as session:
        staff_accounts.add_staff(
            session,
            world.runtime,
            "ulla",
            "a long password",
            Role.UNDERWRITER,
            person=None,
            at=world.runtime.clock.now(),
        )
    return bearer(staff_accounts.log_in_staff(world.runtime, "ulla", "a long password"))


def test_the_road_from_draft_to_decision(world: LendingWorld, client: FlaskClient) -> None:
    path, draft = create(client)
    assert client.get(path).status_code == 401
    assert client.get(path, headers=draft).get_json()["state"] == "draft"

    anna = sign(world, client, client.post(f"{path}/submit", headers=draft))
    assert client.get(path, headers=draft).status_code == 404
    assert client.get(path, headers=anna).get_json()["state"] == "assessing"
    pending = client.get(f"{path}/decision", headers=anna)
    assert (pending.status_code, pending.get_json()["state"]) == (202, "assessing")

    world.decisions.assess_due()
    decision = client.get(f"{path}/decision", headers=anna)
    assert decision.status_code == 200
    assert decision.get_json()["outcome"] == "approved"
    assert decision.get_json()["offer"]["fee_rate"] == "0.015"
    assert decision.get_json()["offer"]["monthly_fee"] == "3000.00"
    assert "grade" not in decision.get_json()
    assert [item["reference"] for item in client.get("/v1/applications", headers=anna).get_json()["items"]] == [
        client.get(path, headers=anna).get_json()["reference"]
    ]


def test_nobody_is_shown_a_whole_personal_number(client: FlaskClient) -> None:
    path, draft = create(client)
    assert ANNA.digits[8:] not in client.get(path, headers=draft).text


def test_a_draft_is_patched_and_dropped(client: FlaskClient) -> None:
    """A3: with the draft's secret."""
    path, draft = create(client)
    assert client.patch(path, json={"term_months": 24}).status_code == 401
    assert client.patch(path, json={"term_months": 24}, headers=draft).get_json()["term_months"] == 24
    assert client.patch(path, json={"term_months": 37}, headers=draft).status_code == 422
    assert client.delete(path, headers=draft).status_code == 204
    assert client.get(path, headers=draft).status_code == 404


def test_after_the_signature_nothing_is_patched_or_dropped(world: LendingWorld, client: FlaskClient) -> None:
    """A3: 409 with the rule."""
    path, draft = create(client)
    anna = sign(world, client, client.post(f"{path}/submit", headers=draft))
    for answer in (client.patch(path, json={"term_months": 24}, headers=anna), client.delete(path, headers=anna)):
        assert (answer.status_code, answer.get_json()["rule"]) == (409, "A3")
    added = client.post(f"{path}/supplements", json={"information": "Bokslut"}, headers=anna)
    assert (added.status_code, added.get_json()["kind"]) == (201, "information")


def test_the_same_key_and_body_make_one_draft(client: FlaskClient) -> None:
    """A7: the first answer is given again."""
    headers = {"Idempotency-Key": "a-key"}
    answers = [client.post("/v1/applications", json=application_json(), headers=headers) for _ in range(2)]
    assert answers[0].get_json() == answers[1].get_json()
    other = client.post("/v1/applications", json=application_json(term_months=6), headers=headers)
    assert (other.status_code, other.get_json()["rule"]) == (422, "A7")


def test_a_second_application_is_a_409(world: LendingWorld, client: FlaskClient) -> None:
    """A8: with the rule."""
    path, draft = create(client)
    sign(world, client, client.post(f"{path}/submit", headers=draft))
    other, secret = create(client)
    answer = client.post(f"{other}/submit", headers=secret)
    assert (answer.status_code, answer.get_json()["rule"]) == (409, "A8")


@pytest.mark.parametrize("query", ["?state=unheard-of", "?state=", "?limit=many", "?limit=0", "?cursor=x"])
def test_a_list_is_not_chosen_by_nonsense(world: LendingWorld, client: FlaskClient, query: str) -> None:
    assert client.get(f"/v1/applications{query}", headers=underwriter(world)).status_code == 422


def test_a_guarantor_confirms_or_refuses_by_the_link(world: LendingWorld, client: FlaskClient) -> None:
    """A6: without any log-in but BankID's."""
    path, draft = create(client, guarantors=[guarantor_json(BERTIL, "Bertil Berg")])
    anna = sign(world, client, client.post(f"{path}/submit", headers=draft))
    assert client.post("/v1/invitations/unknown/confirmation").status_code == 404
    assert client.post(f"/v1/invitations/{world.invitation_token()}/refusal").status_code == 204
    again = client.put(f"{path}/guarantors/1", json=guarantor_json(BERTIL, "Bertil Berg"), headers=anna)
    assert (again.status_code, again.get_json()["rule"]) == (422, "A4")  # who has refused is not asked once more
    named = guarantor_json(CECILIA, "Cecilia Ceder")
    replaced = client.put(f"{path}/guarantors/1", json=named, headers=anna)
    assert replaced.get_json()["guarantors"][0]["state"] == "invited"
    cecilia = sign(world, client, client.post(f"/v1/invitations/{world.invitation_token()}/confirmation"))
    assert client.get(path, headers=anna).get_json()["state"] == "assessing"
    assert client.get(path, headers=cecilia).status_code == 404
    world.decisions.assess_due()
    told = client.get(f"{path}/decision", headers=cecilia).get_json()
    assert told.keys() == {"application_id", "outcome", "decided_at", "reasons"}


def test_an_underwriter_asks_and_determines(world: LendingWorld, client: FlaskClient) -> None:
    """D8: and the applicant cannot."""
    path, draft = create(client, organisation_number="559999-1121")
    anna = sign(world, client, client.post(f"{path}/submit", headers=draft))
    world.decisions.assess_due()
    body = {
        "outcome": "counter_offer",
        "limit": "100000.00",
        "fee_rate": "0.035",
        "reason_code": "ability_to_pay",
        "reason": "Lägre gräns.",
    }
    assert client.post(f"{path}/overrides", json=body).status_code == 401
    assert client.post(f"{path}/overrides", json=body, headers=anna).status_code == 401
    ulla = underwriter(world)
    asked = client.post(f"{path}/information-requests", json={"question": "Bokslut?"}, headers=ulla)
    assert asked.status_code == 204
    determined = client.post(f"{path}/overrides", json=body, headers=ulla)
    assert (determined.status_code, determined.get_json()["outcome"]) == (201, "counter_offer")
    assert determined.get_json()["trace"]
    again = client.post(f"{path}/overrides", json=body, headers=ulla)
    assert (again.status_code, again.get_json()["rule"]) == (409, "D8")

    accepted = client.post(f"{path}/counter-offer/acceptance", headers=anna)
    sign(world, client, accepted)
    assert client.get(path, headers=anna).get_json()["state"] == "approved"


def test_an_underwriter_lets_the_bureau_be_asked_again(world: LendingWorld, client: FlaskClient) -> None:
    """B4: a question that the bureau refused waits for a person, once."""
    path, draft = create(client, organisation_number="559999-9173")  # code 9: wrong password
    anna = sign(world, client, client.post(f"{path}/submit", headers=draft))
    world.decisions.assess_due()
    ulla = underwriter(world)
    assert client.post(f"{path}/bureau-questions", headers=anna).status_code in (401, 403)
    assert client.post(f"{path}/bureau-questions", headers=ulla).status_code == 204
    again = client.post(f"{path}/bureau-questions", headers=ulla)
    assert (again.status_code, again.get_json()["rule"]) == (409, "B4")
    assert world.decisions.assess_due() == 1


def test_a_second_person_approves_over_http(world: LendingWorld, client: FlaskClient) -> None:
    """D8: beyond authority 202 and a proposal; whoever proposed it is refused, and the applicant cannot."""
    client.application.register_blueprint(desk_routes.blueprint(world.runtime, Desk(world.decisions)))
    path, draft = create(client, organisation_number="559999-1121")
    anna = sign(world, client, client.post(f"{path}/submit", headers=draft))
    world.decisions.assess_due()
    ulla = underwriter(world)
    staff_accounts.set_authority(world.runtime, "ulla", Money.kronor(100_000))
    body = {
        "outcome": "approved",
        "limit": "200000.00",
        "fee_rate": "0.0275",
        "reason_code": "documents_seen",
        "reason": "Avtal har visats.",
    }
    proposed = client.post(f"{path}/overrides", json=body, headers=ulla)
    assert (proposed.status_code, proposed.get_json()["state"]) == (202, "pending")
    approval = f"/v1/overrides/{proposed.get_json()['id']}/approval"
    own = client.post(approval, headers=ulla)
    assert (own.status_code, own.get_json()["rule"]) == (403, "D8")
    assert client.post(approval, headers=anna).status_code == 401
    assert client.get(path, headers=anna).get_json()["state"] == "referred"
