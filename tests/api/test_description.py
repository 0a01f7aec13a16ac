"""The interface's description: every route, every rule, valid OpenAPI 3.1, and a page that people can read."""

import json

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.architecture.test_rules_traceable import ROOT, documented
from tests.support.house import HouseWorld, template_of
from underwriting.api_description.document import document
from underwriting.api_description.operation import Operation
from underwriting.api_description.operations import OPERATIONS

BESIDES = {"/healthz", "/readyz"}


def routes(world: HouseWorld) -> set[tuple[str, str]]:
    """Every method and path of the interface."""
    return {
        (method, template_of(rule.rule))
        for rule in world.app.url_map.iter_rules()
        if rule.rule.startswith("/v1/") or rule.rule in BESIDES
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def test_every_route_is_described_and_nothing_else(world: HouseWorld) -> None:
    described = {(operation.method, operation.path) for operation in OPERATIONS}
    assert described - routes(world) == set()
    assert routes(world) - described == set()


def test_the_description_is_valid_openapi_3_1(world: HouseWorld) -> None:
    answer = world.anyone().call("GET", "/openapi.json")
    assert (answer.status_code, answer.mimetype) == (200, "application/json")
    described = json.loads(answer.text)
    assert described["openapi"] == "3.1.0"
    assert [fault.message for fault in OpenAPIV31SpecValidator(described).iter_errors()] == []


def test_every_rule_that_may_refuse_is_documented() -> None:
    rules = documented((ROOT / "docs" / "rules.md").read_text())
    assert {rule for operation in OPERATIONS for rule in operation.rules} - rules == set()


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation.name for operation in OPERATIONS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_what_an_operation_says_hangs_together(operation: Operation) -> None:
    """A7: what takes an Idempotency-Key says that A7 may refuse, and reads take none."""
    assert operation.takes_key is ("A7" in operation.rules)
    assert not (operation.takes_key and operation.method == "GET")
    assert operation.rules == tuple(sorted(operation.rules, key=lambda rule: (rule[0], int(rule[1:]))))
    assert operation.summary.sv
    assert operation.summary.en
    assert operation.answers


@pytest.mark.parametrize(("method", "is_write"), [("GET", False), ("POST", True), ("PUT", True), ("PATCH", True)])
def test_every_write_of_the_interface_takes_a_key(method: str, is_write: bool) -> None:
    """A7: but the sandbox's clock, which moves only forward, and tokens, which are kept by nobody."""
    without = {each.path for each in OPERATIONS if each.method == method and not each.takes_key}
    assert not is_write or without <= {"/v1/sandbox/clock", "/v1/token"}


def test_a_refusal_is_described_as_a_problem() -> None:
    problem = document()["components"]["responses"]["Problem"]["content"]["application/problem+json"]
    assert problem["schema"] == {"$ref": "#/components/schemas/Problem"}
    for path in document()["paths"].values():
        for method, described in path.items():
            if method != "parameters":
                refused = {status: each for status, each in described["responses"].items() if status[0] == "4"}
                assert all(each == {"$ref": "#/components/responses/Problem"} for each in refused.values())


@pytest.mark.parametrize(
    ("language", "title", "summary"),
    [
        ("sv", "HTTP-gränssnittet, version 1", "Skapa ett utkast till en ansökan"),
        ("en", "The HTTP interface, version 1", "Create a draft of an application"),
    ],
)
def test_people_read_it_as_a_page(world: HouseWorld, language: str, title: str, summary: str) -> None:
    page = world.anyone(language).call("GET", "/docs", Accept="text/html")
    assert page.status_code == 200
    for told in (title, summary, "POST /v1/applications", "A1, A4, A5, A7, A9, A11", 'id="Problem"'):
        assert told in page.text
    for operation in OPERATIONS:
        assert f'id="{operation.name}"' in page.text


def test_the_page_links_only_to_what_is_on_it(world: HouseWorld) -> None:
    text = world.anyone().call("GET", "/docs", Accept="text/html").text
    targets = {part.split('"', 1)[0] for part in text.split('href="#')[1:]}
    assert {target for target in targets if f'id="{target}"' not in text} == set()
