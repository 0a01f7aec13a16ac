"""Whatever is sent by whomever is answered, never by a status of 500; a refusal is a problem document."""

import json
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.conftest import LONG
from tests.support.bank_stand_in import bank_world
from tests.support.bankid_stand_in import bankid_world
from tests.support.beginnings import running
from tests.support.bureau import creditsafe_at, creditsafe_stand_in
from tests.support.house import HouseWorld, house_world, template_of
from tests.support.journey import Loan, link
from tests.support.lending import BERTIL, application_json
from underwriting.api_description.document import document
from underwriting.kernel.vocabulary import Role
from underwriting.platform.authentication import SESSION_COOKIE
from underwriting.platform.runtime import Runtime

T = TypeVar("T")

TEMPLATES = Path(__file__).parents[2] / "underwriting" / "web" / "templates"
FIELDS = sorted(
    {name for page in TEMPLATES.rglob("*.html") for name in re.findall(r'name="([\w-]+)"', page.read_text())}
)
FIELDS += ["guarantors-0-name", "guarantors-99-share", "signing_rule-0-email", "beneficial_owners-3-share"]
METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE")
CLOCK = ("sandbox.put_clock", "sandbox.move_clock")  # an administrator may move the clock by thousands of years

ODD_TEXTS = (
    *("", " ", "\x00", "a\x00b", "\ud800", "\r\nSet-Cookie: a=b", "\u202e", "\ufeff", "x" * 300, "å" * 5000),
    *("2026-13", "2026-00", "0001-01", "9999-12", "0000-01-01", "0001-01-01", "9999-12-31", "2026-02-30"),
    *("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "0001-01-01T00:00", "9999-12-31T23:59:59"),
    *("0", "-1", "-0.00", "1e999", "NaN", "Infinity", "9" * 25, "9" * 5000, f"{'9' * 20}.00", "٣", "0.1", "1_0"),
    *("//[", "http://[", "/\\evil.example", "{0}", "%s", "'; --", "<script>", "../../etc/passwd", "confirmed"),
    *("00000000-0000-0000-0000-000000000000", "{00000000000000000000000000000000}", "urn:uuid:" + "0" * 32),
)
texts = st.sampled_from(ODD_TEXTS) | st.text(max_size=40)
odd_numbers = st.sampled_from([0, -1, 2**31, 2**63, 2**200, 1e308, float("nan"), float("inf"), -0.0, 1.5])
odd_values = st.recursive(
    st.none() | st.booleans() | odd_numbers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
RAW = (
    *(b"", b"{", b"null", b"[]", b'"', b'{"a":1,"a":2}', b"\xff\xfe", b'"\xff"', "{}".encode("utf-16"), b"\x00"),
    *(b"[" * 50_000, b'{"a":' * 50_000, b"9" * 5_000, b"\xef\xbb\xbf{}", b"x" * 300_000),
)
header_texts = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\x00"), max_size=30)
headers = st.dictionaries(
    st.sampled_from(
        [
            "Accept",
            "Accept-Language",
            "Content-Type",
            "Idempotency-Key",
            "Referer",
            "Signing-Secret",
            "If-Match",
            "Host",
        ]
    ),
    st.sampled_from(
        ["*/*", ";q=,", "text/html;q=9e999", "en;q=NaN", "http://[", "application/json; charset=utf-99", ""]
    )
    | header_texts,
    max_size=3,
)
queries = st.dictionaries(
    st.sampled_from(["cursor", "limit", "state", "status", "on", "language", "nonce", "next", "form"]),
    texts,
    max_size=3,
)


@dataclass(frozen=True)
class Asked:
    """What does not depend on the operation: who asks (by number), about which thing, how."""

    who: int
    thing: int
    stranger: uuid.UUID
    number: int
    text: str
    query: dict[str, str]
    headers: dict[str, str]


numbers = st.integers(0, 1000)
anything = st.builds(
    Asked, numbers, numbers, st.uuids(), st.sampled_from([0, 1, 2**31, 2**63, 10**30]), texts, queries, headers
)


def _resolved(schema: Any) -> Any:
    while "$ref" in schema:
        schema = document()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def _member(schema: Any) -> st.SearchStrategy[Any]:
    words = _resolved(schema).get("enum", [])
    return st.sampled_from(words) | odd_values if words else odd_values


def _inside(value: Any) -> st.SearchStrategy[Any]:
    """Something odd in the place of *value*, or of a part of it."""
    if isinstance(value, dict) and value:
        key = st.sampled_from(sorted(value))
        return odd_values | st.builds(lambda name, odd: value | {name: odd}, key, odd_values)
    if isinstance(value, list) and value:
        return odd_values | _inside(value[0]).map(lambda odd: [odd, *value[1:]])
    return odd_values


def _bodies(operation: Any) -> st.SearchStrategy[bytes]:
    """Bodies like the described one, in which some members are odd or missing; or anything at all."""
    content = operation.get("requestBody", {}).get("content", {})
    properties = _resolved(content.get("application/json", {}).get("schema", {})).get("properties", {})
    whole: dict[str, Any] = application_json() if "requested_amount" in properties else {}
    changes = {name: _inside(whole[name]) if name in whole else _member(schema) for name, schema in properties.items()}
    written: st.SearchStrategy[Any] = odd_values
    if changes:
        names = st.lists(st.sampled_from(sorted(changes)), max_size=3, unique=True)
        changed = names.flatmap(lambda chosen: st.fixed_dictionaries({name: changes[name] for name in chosen}))
        written |= changed.map(lambda members: whole | members)
    return written.map(lambda body: json.dumps(body).encode()) | st.sampled_from(RAW) | st.binary(max_size=50)


BODIES = {
    (method.upper(), path): _bodies(operation)
    for path, operations in document()["paths"].items()
    for method, operation in operations.items()
    if method in ("post", "put", "patch", "delete") and path.startswith("/v1/")
}


@dataclass(repr=False)
class Callers:
    """The service and those who call it, by who they are; *ids* are of things that there are."""

    world: HouseWorld
    loan: Loan
    clients: dict[str, FlaskClient] = field(default_factory=dict)
    csrf: dict[str, str] = field(default_factory=dict)
    ids: list[str] = field(default_factory=list)

    def __repr__(self) -> str:  # what Hypothesis shows of a failure is what was sent
        return "callers"

    def add(self, name: str, token: str | None) -> None:
        """A browser of somebody who is logged in by *token*, if at all."""
        client = self.world.app.test_client()
        if token:
            client.set_cookie(SESSION_COOKIE, token)
        found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/console/login").text)
        assert found
        self.clients[name], self.csrf[name] = client, found[1]

    def rules(self, *, interface: bool) -> list[Rule]:
        """Where something answers, under /v1 or elsewhere."""
        rules = [rule for rule in self.world.app.url_map.iter_rules() if rule.endpoint != "static"]
        wanted = (rule for rule in rules if rule.rule.startswith("/v1/") is interface)
        return sorted(wanted, key=lambda rule: (rule.rule, rule.endpoint))

    def send(self, rule: Rule, method: str, asked: Asked, **content: Any) -> TestResponse:
        """The answer to somebody's request at an address that *rule* matches."""
        role = "underwriter" if rule.endpoint in CLOCK else _one(sorted(self.clients), asked.who)
        sent = {"X-CSRFToken": self.csrf[role], **content.pop("headers", {}), **asked.headers}
        query = urlencode(asked.query, errors="surrogatepass")
        return self.clients[role].open(
            self._path(rule, asked), method=method, headers=sent, query_string=query, **content
        )

    def _path(self, rule: Rule, asked: Asked) -> str:
        def part(found: re.Match[str]) -> str:
            match found[1]:
                case "uuid":
                    return _one([*self.ids, str(asked.stranger)], asked.thing)
                case "int":
                    return str(asked.number)
                case "any":
                    return "confirm"
            return quote(asked.text, safe="", errors="surrogatepass") or "x"

        return re.sub(r"<(?:(\w+)(?:\([^)]*\))?:)?\w+>", part, rule.rule)


@pytest.fixture
def callers(runtime: Runtime, tmp_path: Path) -> Iterator[Callers]:
    """A running loan, and everybody who may look at it or not."""
    with (
        bankid_world(tmp_path / "pki") as bankid,
        bank_world(tmp_path / "bank.sqlite3") as bank,
        creditsafe_stand_in() as address,
        house_world(runtime, bankid, bank, (creditsafe_at(address),)) as world,
    ):
        loan = running(world)
        callers = Callers(world, loan)
        callers.add("nobody", None)
        callers.add("borrower", loan.borrower.token)
        callers.add("stranger", world.log_in(BERTIL).token)
        for role in Role:
            callers.add(role, world.staff(role).token)
        draft = world.anyone().post("/v1/applications", application_json())
        callers.add("holder", draft["access_secret"])
        documents = loan.borrower.get(f"{loan.agreement}/documents")["items"]
        guarantee = link(world, loan.email, r"/guarantees/([0-9a-f-]{36})")
        callers.ids += [
            loan.application_id,
            loan.agreement_id,
            draft["id"],
            guarantee,
            *(one["id"] for one in documents),
        ]
        yield callers


def _one(things: Sequence[T], number: int) -> T:
    return things[number % len(things)]


def check(answer: TestResponse, *, interface: bool) -> None:
    """No fault of ours, no word of how we are built; a refusal by the interface is a problem document."""
    status = answer.status_code
    assert status < 500 or status == 503, f"{answer.request.method} {answer.request.path}: {status} {answer.text[:500]}"
    assert "Traceback" not in answer.text
    if interface and status >= 400 and answer.request.method != "HEAD":
        assert answer.mimetype == "application/problem+json"
        assert answer.get_json()["status"] == status


fuzzed = settings(
    max_examples=2_000 if LONG else 100, deadline=None, suppress_health_check=list(HealthCheck), derandomize=not LONG
)


@fuzzed
@given(
    asked=anything,
    sent=st.sampled_from(sorted(BODIES)).flatmap(lambda key: st.tuples(st.just(key), BODIES[key])),
)
def test_no_body_is_answered_by_500(callers: Callers, asked: Asked, sent: tuple[tuple[str, str], bytes]) -> None:
    (method, path), content = sent
    rule = next(
        rule
        for rule in callers.rules(interface=True)
        if template_of(rule.rule) == path and method in (rule.methods or ())
    )
    check(callers.send(rule, method, asked, data=content, headers={"Content-Type": "application/json"}), interface=True)


@fuzzed
@given(asked=anything, method=st.sampled_from(METHODS), interface=st.booleans(), place=numbers)
def test_no_address_method_or_query_is_answered_by_500(
    callers: Callers, asked: Asked, method: str, interface: bool, place: int
) -> None:
    rule = _one(callers.rules(interface=interface), place)
    check(callers.send(rule, method, asked), interface=interface)


@fuzzed
@given(asked=anything, place=numbers, fields=st.dictionaries(st.sampled_from(FIELDS), texts, max_size=10))
def test_no_form_is_answered_by_500(callers: Callers, asked: Asked, place: int, fields: dict[str, str]) -> None:
    rule = _one([rule for rule in callers.rules(interface=False) if "POST" in (rule.methods or ())], place)
    content = urlencode(fields, errors="surrogatepass")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    check(callers.send(rule, "POST", asked, data=content, headers=form), interface=False)
