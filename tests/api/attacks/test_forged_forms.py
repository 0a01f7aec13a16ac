"""Forms that another site sends in somebody's name: without a token of one of our own pages none is taken."""

import re

import pytest
from flask.testing import FlaskClient

from tests.api.test_permissions import calls
from tests.support.house import HouseWorld
from underwriting.kernel.vocabulary import Role
from underwriting.platform.authentication import SESSION_COOKIE


def writes(world: HouseWorld) -> list[tuple[str, str]]:
    """Every call of the pages that changes something."""
    return [
        (method, path)
        for _, method, path in calls(world)
        if method != "GET" and not path.startswith(("/v1/", "/static"))
    ]


def browser(world: HouseWorld, role: Role = Role.ADMINISTRATOR) -> FlaskClient:
    client = world.app.test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    client.set_cookie(SESSION_COOKIE, world.staff(role).token or "")
    return client


def token_of(client: FlaskClient) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/console/login").text)
    assert found
    return found[1]


FORGED = ("none", "an empty one", "one that was made up", "one that was changed", "that of another browser")


def forged(which: str, own: str, others: str) -> dict[str, str]:
    """A form with a token that is not the browser's own."""
    first = "A" if own[0] != "A" else "B"
    told = dict(zip(FORGED, (None, "", "ImFiYyI.aaaa.bbbb", first + own[1:], others), strict=True))[which]
    return {} if told is None else {"csrf_token": told}


@pytest.mark.parametrize("which", FORGED)
def test_no_form_is_taken_without_a_token_of_our_own(world: HouseWorld, which: str) -> None:
    mine, other = browser(world), world.app.test_client()
    form = forged(which, token_of(mine), token_of(other))
    found = {
        f"{method} {path}": mine.open(path, method=method, data=form).status_code for method, path in writes(world)
    }
    assert len(found) > 25
    assert set(found.values()) == {400}, found


def test_a_token_in_the_address_counts_for_nothing(world: HouseWorld) -> None:
    client = browser(world)
    answer = client.post("/console/account/sessions/end-others", query_string={"csrf_token": token_of(client)})
    assert answer.status_code == 400


def test_a_form_that_is_right_is_taken(world: HouseWorld) -> None:
    client = browser(world)
    sent = client.post("/console/account/sessions/end-others", data={"csrf_token": token_of(client)})
    assert sent.status_code == 303


def test_nothing_is_changed_by_following_a_link(world: HouseWorld) -> None:
    """No view that changes something answers to GET."""
    for rule in world.app.url_map.iter_rules():
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        assert methods & {"GET"} == set() or methods == {"GET"}, rule
