"""Requests that are odd in other ways: paths that climb, hosts that lie, disguised methods, NUL, forms without end."""

import json

import pytest

from tests.api.test_account import reader
from tests.support.beginnings import granted
from tests.support.house import Api, HouseWorld
from tests.support.lending import application_json
from tests.support.log_lines import log_lines
from underwriting.kernel.vocabulary import Role

JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2f..%2fapp.py",
        "/static/%2e%2e/%2e%2e/app.py",
        "/static/....//....//app.py",
        "/static//etc/passwd",
        "/static/%2fetc%2fpasswd",
        "/static/..%5c..%5capp.py",
        "/static/app.css%00.png",
        "/docs/../../pyproject.toml",
        "/language/../../etc/passwd",
        "/.git/config",
        "/.env",
        "/static/",
    ],
)
def test_a_path_that_climbs_reads_no_file(world: HouseWorld, path: str) -> None:
    with reader(world).get(path, follow_redirects=True) as answer:
        assert answer.status_code in (400, 404) or answer.mimetype == "text/html"
        shown = answer.get_data(as_text=True)
        assert "import" not in shown
        assert "root:" not in shown


def test_a_document_is_a_pdf_under_a_name_of_ours(world: HouseWorld) -> None:
    loan = granted(world)
    (document,) = loan.borrower.get(f"{loan.agreement}/documents")["items"][:1]
    answer = loan.borrower.call("GET", f"{loan.agreement}/documents/{document['id']}?filename=evil.html&download=evil")
    assert answer.headers["Content-Type"] == "application/pdf"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{document["id"]}-sv.pdf"'
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1@evil.example", "a" * 300, "evil/../x"])
def test_a_host_that_lies_gets_no_link_of_its_own(world: HouseWorld, host: str) -> None:
    """No address in a page, a letter or a redirect is made of the Host that was sent."""
    for path in ("/", "/console/login", "/language/en", "/console/sign-on"):
        answer = reader(world).get(path, headers={"Host": host, "X-Forwarded-Host": host, "Forwarded": f"host={host}"})
        assert answer.status_code < 500
        assert "evil" not in (answer.location or "")
        assert "evil" not in answer.text
    world.anyone().send("POST", "/v1/applications", {"Host": "evil.example"}, json=application_json())
    assert not [letter for letter in world.letters() if "evil" in letter.body]


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"])
def test_a_method_is_the_one_that_is_sent(world: HouseWorld, header: str) -> None:
    draft = world.anyone().post("/v1/applications", application_json())
    holder, path = Api(world.app, draft["access_secret"]), f"/v1/applications/{draft['id']}"
    holder.send("GET", f"{path}?_method=DELETE", {header: "DELETE"})
    assert holder.send("POST", path, {header: "DELETE"}, data={"_method": "DELETE"}).status_code == 405
    assert holder.get(path)["state"] == "draft"


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "PROPFIND", "DEBUG", "get", "X" * 50])
def test_a_method_that_nobody_serves_is_refused(world: HouseWorld, method: str) -> None:
    answer = reader(world).open("/v1/applications", method=method, headers={"Cookie": "secret=1"})
    assert answer.status_code in (400, 401, 405)
    assert "secret" not in answer.text


@pytest.mark.parametrize("name", ["purpose", "contact", "guarantors", "organisation_number", "invoice_delivery"])
def test_nul_in_a_body_is_the_senders_fault(world: HouseWorld, name: str) -> None:
    for value in ("\x00", "a\x00b", ["\x00"], {"\x00": "\x00"}):
        answer = world.anyone().call("POST", "/v1/applications", application_json(**{name: value}))
        assert answer.status_code == 422


@pytest.mark.parametrize("path", ["/console/login", "/apply", "/login", "/console/webhooks", "/console/clients"])
def test_nul_in_a_form_is_the_senders_fault(world: HouseWorld, path: str) -> None:
    world.app.config["WTF_CSRF_METHODS"] = set()
    client = reader(world)
    token = world.staff(Role.ADMINISTRATOR).token
    names = ("username", "password", "next", "name", "url", "scopes", "organisation_number", "company_form", "days")
    with log_lines("DEBUG") as logged:
        sent = client.post(path, data=dict.fromkeys(names, "a\x00b"), headers={"Authorization": f"Bearer {token}"})
    assert sent.status_code < 500
    assert "unforeseen_error" not in logged.getvalue()


def test_json_that_is_deep_wide_or_full_of_names_harms_nothing(world: HouseWorld) -> None:
    deep = b'{"a":' * 20_000 + b"1" + b"}" * 20_000
    twice = b'{"purpose": "inventory", "purpose": "private"}'
    wide = json.dumps({f"a{number}": number for number in range(10_000)}).encode()
    for content in (deep, twice, wide):
        assert world.anyone().send("POST", "/v1/applications", JSON, data=content).status_code in (400, 422)


def test_a_form_of_more_fields_than_a_page_has_is_refused(world: HouseWorld) -> None:
    many = "&".join(f"a{number}=1" for number in range(20_000))
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert reader(world).post("/console/login", data=many, headers=form).status_code == 400
    line = '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
    parts = {"Content-Type": "multipart/form-data; boundary=x"}
    assert reader(world).post("/console/login", data=line * 3000 + "--x--\r\n", headers=parts).status_code == 413


def test_a_field_beyond_the_limit_is_refused(world: HouseWorld) -> None:
    sent = reader(world).post("/console/login", data={"username": "x" * 300_000, "password": "x"})
    assert sent.status_code == 413
