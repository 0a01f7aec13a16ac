"""A call that is to go says so, to programs in its answers and to people on the page, a year ahead."""

from collections.abc import Iterator
from datetime import date

import pytest

from tests.support.house import HouseWorld
from tests.support.lending import application_json
from underwriting.api_description.document import document
from underwriting.api_description.operations import OPERATIONS
from underwriting.platform import deprecations
from underwriting.platform.deprecations import Deprecation

PATH = "/v1/applications/{application_id}"
GOING = Deprecation(date(2026, 2, 1), date(2027, 2, 1), instead="/v2/applications")


@pytest.fixture
def going(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One call, among all others, is to go."""
    monkeypatch.setitem(deprecations.TABLE, f"GET {PATH}", GOING)
    document.cache_clear()
    yield
    document.cache_clear()


@pytest.mark.usefixtures("going")
def test_every_answer_of_the_call_says_when_it_goes_and_no_other_does(world: HouseWorld) -> None:
    """RFC 9745: seconds since 1970, of midnight in Stockholm. RFC 8594: a date as in HTTP."""
    made = world.app.test_client().post("/v1/applications", json=application_json())
    assert made.status_code == 201
    assert "Deprecation" not in made.headers
    client, path = world.app.test_client(use_cookies=False), f"/v1/applications/{made.get_json()['id']}"
    held = {"Authorization": f"Bearer {made.get_json()['access_secret']}"}
    for answer in (client.get(path, headers=held), client.get(path), client.head(path, headers=held)):
        assert answer.headers["Deprecation"] == "@1769900400"
        assert answer.headers["Sunset"] == "Sun, 31 Jan 2027 23:00:00 GMT"
        assert '</docs>; rel="deprecation"; type="text/html"' in answer.headers["Link"]
        assert '</v2/applications>; rel="successor-version"' in answer.headers["Link"]
    assert "Deprecation" not in client.patch(path, headers=held, json={}).headers


@pytest.mark.usefixtures("going")
def test_the_description_and_the_page_mark_it(world: HouseWorld) -> None:
    described = document()["paths"][PATH]
    assert described["get"]["deprecated"] is True
    assert "2027-02-01" in described["get"]["description"]
    assert "deprecated" not in described["patch"]
    page = world.app.test_client().get("/docs", headers={"Accept-Language": "en"}).get_data(as_text=True)
    assert page.count("Goes on 2027-02-01") == 1
    assert "/v2/applications" in page


def test_less_than_a_year_ahead_is_refused() -> None:
    with pytest.raises(ValueError, match="12 months ahead"):
        Deprecation(date(2026, 2, 1), date(2027, 1, 31))


def test_every_entry_is_of_a_call_that_there_is() -> None:
    assert set(deprecations.TABLE) <= {f"{one.method} {one.path}" for one in OPERATIONS}
