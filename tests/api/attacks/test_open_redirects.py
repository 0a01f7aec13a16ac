"""Whoever has to log in comes to the page that was asked for, with its query, and never to another site."""

import re

import pytest
from flask.testing import FlaskClient

from tests.api.test_account import reader, send
from tests.support.house import PASSWORD, HouseWorld
from underwriting.kernel.vocabulary import Role

ASKED = "/console/audit?who=astrid&on=2026-03-02"


def next_of(client: FlaskClient, path: str) -> str:
    """Where the log-in page for *path* would lead."""
    shown = client.get(path)
    assert shown.status_code == 401
    found = re.search(r'name="next" value="([^"]*)"', shown.text)
    assert found
    return found[1].replace("&amp;", "&")


def test_the_query_is_there_again_after_the_log_in(world: HouseWorld) -> None:
    world.staff(Role.AUDITOR, username="astrid")
    client = reader(world)
    assert next_of(client, ASKED) == ASKED
    form = {"username": "astrid", "password": PASSWORD, "next": next_of(client, ASKED)}
    answer = send(client, "/console/login", form)
    assert answer.location == ASKED
    assert client.get(answer.location).status_code == 200


@pytest.mark.parametrize(
    ("path", "kept"),
    [
        ("/console/agreements", "/console/agreements"),
        ("/console/agreements?", "/console/agreements"),
        ("/console/?next=https://evil.example", "/console/?next=https://evil.example"),
        ("/console/audit?who=%0d%0aSet-Cookie:a=b", "/console/audit?who=%0d%0aSet-Cookie:a=b"),
        ("/console/audit?who=" + "x" * 2000, "/"),
        ("/my?x=//evil.example", "/my?x=//evil.example"),
    ],
)
def test_it_is_a_path_of_ours_whatever_the_query_says(world: HouseWorld, path: str, kept: str) -> None:
    assert next_of(reader(world), path) == kept


@pytest.mark.parametrize(
    "path", ["//evil.example/console/", "/\\evil.example/", "///console/audit", "/.//evil.example"]
)
def test_an_address_that_looks_like_another_site_leads_to_none(world: HouseWorld, path: str) -> None:
    answer = reader(world).get("/", environ_overrides={"PATH_INFO": path, "REQUEST_URI": path, "RAW_URI": path})
    assert answer.status_code in (401, 404, 308)
    if answer.location:
        assert re.fullmatch(r"(http://localhost)?/(?![/\\]).*", answer.location), answer.location
    for found in re.findall(r'name="next" value="([^"]*)"', answer.text):
        assert found.startswith("/")
        assert not found.startswith(("//", "/\\"))


@pytest.mark.parametrize(
    "referrer", ["https://evil.example/x", "http://localhost//evil.example", "javascript:alert(1)"]
)
def test_a_problem_leads_back_to_no_other_site(world: HouseWorld, referrer: str) -> None:
    shown = reader(world).get("/nothing-here", headers={"Referer": referrer}).text
    assert "evil.example" not in shown
    assert "javascript:" not in shown
