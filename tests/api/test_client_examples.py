"""The examples of a client, run as an integrator would run them, against the service on a port."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator

import pytest
from werkzeug.serving import make_server

from tests.architecture.test_rules_traceable import ROOT
from tests.support.house import HouseWorld
from tests.support.serving import serving

EXAMPLES = ROOT / "docs" / "examples"
PAGE = ROOT / "docs" / "interface.md"


@pytest.fixture
def address(world: HouseWorld) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, world.app)
    with serving(server):
        yield f"http://127.0.0.1:{server.port}"
    server.server_close()


def run(*command: object, **environment: str) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **environment, "NO_PROXY": "127.0.0.1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_client_in_python_does_what_it_says(address: str) -> None:
    first, *others = run(sys.executable, EXAMPLES / "client.py", address).splitlines()
    assert re.fullmatch(r"draft [0-9a-f-]{36} is draft", first)
    term, refused, dropped = others
    assert term == "its term is 6 months"
    assert refused.startswith("refused with 422: ")
    assert "/requested_amount: " in refused
    assert dropped == "dropped"


def test_a_service_that_is_away_for_a_moment_is_asked_again_and_does_it_once(address: str, world: HouseWorld) -> None:
    """A7: the second attempt has the key of the first."""
    keys: list[str | None] = []

    @world.app.before_request
    def away_at_first() -> tuple[str, int, dict[str, str]] | None:
        from flask import request

        if request.method != "POST":
            return None
        keys.append(request.headers.get("Idempotency-Key"))
        return ("", 503, {"Retry-After": "0"}) if len(keys) == 1 else None

    assert run(sys.executable, EXAMPLES / "client.py", address).splitlines()[-1] == "dropped"
    assert len(keys) == 2
    assert keys[0] == keys[1]


def test_the_example_with_curl_does_what_it_says(address: str) -> None:
    shown = json.loads(run("sh", EXAMPLES / "draft.sh", BORGEN=address))
    assert (shown["state"], shown["requested_amount"]) == ("draft", "250000.00")
    assert "access_secret" not in shown


def test_every_example_is_linked_from_the_page() -> None:
    linked = set(re.findall(r"\(examples/([\w.]+)\)", PAGE.read_text()))
    assert linked == {file.name for file in EXAMPLES.iterdir() if file.is_file()}


def test_the_page_needs_nothing_from_elsewhere(world: HouseWorld) -> None:
    """It is read where there is no internet: what it loads is on this service, and its policy lets nothing else in."""
    page = world.anyone().call("GET", "/docs", Accept="text/html")
    loaded = re.findall(r"<(?:script|img|link|iframe|source)\b[^>]*?(?:src|href)=\"([^\"]+)\"", page.text)
    assert loaded
    assert all(each.startswith("/static/") for each in loaded)
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    for each in loaded:
        asset = world.anyone().call("GET", each)
        assert asset.status_code == 200
        assert not re.search(r"(?:@import|url\()\s*['\"]?(?:https?:)?//", asset.text)
        asset.close()
