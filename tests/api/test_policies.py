"""The policy's versions over HTTP and on the console (rule D11)."""

import io
import json
from importlib.resources import files
from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.house import PASSWORD, Api, HouseWorld
from underwriting.kernel.vocabulary import Role


def document(version: str = "3", **members: Any) -> str:
    """The shipped policy under another version's name."""
    content = json.loads(files("underwriting.decisions.policies").joinpath("policy-2.json").read_text())
    return json.dumps(content | {"version": version} | members)


@pytest.fixture
def drafter(world: HouseWorld) -> Api:
    return world.staff(Role.SENIOR_UNDERWRITER, username="drafter")


@pytest.fixture
def second(world: HouseWorld) -> Api:
    return world.staff(Role.SENIOR_UNDERWRITER, username="second")


def test_a_version_goes_from_draft_to_in_force(drafter: Api, second: Api) -> None:
    """D11: by two persons; all of it is read back."""
    made = drafter.post("/v1/policies", {"document": document()})
    assert "approved_by" not in made
    path = f"/v1/policies/{made['id']}"
    assert json.loads(drafter.get(path)["document"])["version"] == "3"
    assert second.post(f"{path}/approval", {})["approved_by"] == second.get("/v1/me")["actor"]
    published = second.post(f"{path}/publications", {})
    assert len(published["publications"]) == 1
    assert "until" not in published["publications"][0]
    assert second.get("/v1/policies")["items"][0]["version"] == "3"


def test_what_the_rules_forbid_is_a_problem_that_says_which(drafter: Api, second: Api) -> None:
    """D11"""
    made = drafter.post("/v1/policies", {"document": document()})
    path = f"/v1/policies/{made['id']}"
    for caller, where, body, status, slug in (
        (drafter, f"{path}/approval", {}, 403, "own-policy-draft"),
        (second, f"{path}/publications", {}, 409, "policy-not-approved"),
        (drafter, "/v1/policies", {"document": document(smallest_amount="25000.00")}, 409, "policy-version-taken"),
        (drafter, "/v1/policies", {"document": "{}"}, 422, "policy-invalid"),
    ):
        problem = caller.post(where, body, status)
        assert problem["type"].endswith(slug)
    second.post(f"{path}/approval", {})
    past = second.post(f"{path}/publications", {"in_force_from": "2020-01-01T00:00:00Z"}, 422)
    assert past["type"].endswith("policy-published-in-the-past")
    assert past["rule"] == "D11"


def test_a_draft_that_breaks_a_rule_is_told_member_by_member(drafter: Api) -> None:
    """D2"""
    declines = [{"when": "remarks", "reason": {"sv": "Nej", "en": "No"}}]
    problem = drafter.post("/v1/policies", {"document": document(declines=declines)}, 422)
    assert [one["pointer"] for one in problem["errors"]] == ["/declines/0/when"]


def browser(world: HouseWorld, username: str) -> FlaskClient:
    """*username*, logged in on the console."""
    client = world.app.test_client()
    client.get("/console/login")
    token = _csrf(client.get("/console/login").text)
    client.post("/console/login", data={"csrf_token": token, "username": username, "password": PASSWORD})
    return client


def _csrf(page: str) -> str:
    return page.split('name="csrf_token" value="')[1].split('"')[0]


def send(client: FlaskClient, page: str, action: str, **fields: Any) -> Any:
    token = _csrf(client.get(page).text)
    return client.post(action, data={"csrf_token": token, **fields}, follow_redirects=True)


def test_the_console_takes_a_version_all_the_way(world: HouseWorld, drafter: Api, second: Api) -> None:
    """D11: who drafted it is told that another person goes on."""
    first, other = browser(world, "drafter"), browser(world, "second")
    sent = send(first, "/console/policies", "/console/policies", document=(io.BytesIO(document().encode()), "d.json"))
    page = sent.request.path
    assert "En annan person godkänner" in sent.text
    assert "Vad den skulle ändra" in other.get(page).text
    assert "Ingen får ett annat utfall" in other.get(f"{page}?compare=1").text
    assert "Sätt i kraft" in send(other, page, f"{page}/approve").text
    assert "Gäller" in send(other, page, f"{page}/publish", **{"from": ""}).text
    assert drafter.get("/v1/policies")["items"][0]["publications"]


def test_the_console_shows_where_a_draft_breaks_which_rule(world: HouseWorld, drafter: Api) -> None:
    """D2"""
    client = browser(world, "drafter")
    declines = [{"when": "remarks", "reason": {"sv": "Nej", "en": "No"}}]
    file = (io.BytesIO(document(declines=declines).encode()), "d.json")
    answer = send(client, "/console/policies", "/console/policies", document=file)
    assert answer.status_code == 422
    assert "/declines/0/when" in answer.text
    assert send(client, "/console/policies", "/console/policies").status_code == 422
