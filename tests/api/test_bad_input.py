"""What cannot be taken: a 4xx problem that names member and reason in both languages, and nothing stored or logged."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from tests.support.beginnings import granted
from tests.support.house import Api, HouseWorld
from tests.support.journey import BODIES
from tests.support.lending import ANNA, BERTIL, OWNER, application_json, guarantor_json, sole_trader_json
from tests.support.log_lines import LogLines, log_lines
from underwriting.api_description.operations import OPERATIONS
from underwriting.kernel.vocabulary import CompanyForm, Role
from underwriting.migrations.rows import metadata

CHILD = "201803272382"  # born on 27 March 2018
ANNA_JSON = guarantor_json(ANNA, "Anna Andersson")
MEGABYTES_10 = 10 * 1024 * 1024
DEEP = "[" * 100_000


def replaced(member: str, value: object) -> dict[str, Any]:
    """A guarantor with one member replaced."""
    return ANNA_JSON | {member: value}


# What is wrong, where, by which rule, and a part of the reason in each language.
BAD: list[tuple[dict[str, Any], str, str | None, str, str]] = [
    ({"organisation_number": "559999-0009"}, "/organisation_number", None, "Kontrollsiffran", "check digit"),
    ({"organisation_number": "969999-0009"}, "/organisation_number", "A1", "handelsbolag", "partnership"),
    ({"organisation_number": "197701072394"}, "/organisation_number", "A1", "fysisk person", "natural person"),
    ({"organisation_number": "222000-0000"}, "/organisation_number", "A1", "stat, region", "state, region"),
    ({"organisation_number": 5599990008}, "/organisation_number", None, "text", "string"),
    ({"company_form": "XX"}, "/company_form", None, "Välj något av", "Choose one of"),
    ({"purpose": "private"}, "/purpose", "A1", "privat ändamål", "private purpose"),
    ({"guarantors": []}, "/guarantors", "A4", "minst en borgensman", "at least one guarantor"),
    ({"guarantors": [ANNA_JSON, ANNA_JSON]}, "/guarantors/1/personal_number", "A4", "redan angiven", "already named"),
    ({"guarantors": [replaced("personal_number", CHILD)]}, "/guarantors/0/personal_number", "A4", "18 år", "18 or"),
    (
        {"guarantors": [replaced("personal_number", "197701072395")]},
        "/guarantors/0/personal_number",
        None,
        "Kontrollsiffran",
        "check digit",
    ),
    (
        {"guarantors": [replaced("personal_number", "559999-0008")]},
        "/guarantors/0/personal_number",
        "A4",
        "fysisk person",
        "natural person",
    ),
    ({"guarantors": [replaced("name", "Anna\x00")]}, "/guarantors/0/name", None, "styrtecken", "control characters"),
    ({"guarantors": [replaced("name", "An\u202ena")]}, "/guarantors/0/name", None, "styrtecken", "control characters"),
    ({"guarantors": [replaced("name", "\ud800")]}, "/guarantors/0/name", None, "styrtecken", "control characters"),
    ({"guarantors": [replaced("email", "anna")]}, "/guarantors/0/email", None, "e-postadress", "e-mail address"),
    ({"guarantors": [replaced("role", "x")]}, "/guarantors/0/role", None, "finns inte", "no such member"),
    ({"guarantors": {"0": ANNA_JSON}}, "/guarantors", None, "lista", "list"),
    ({"guarantors": [ANNA_JSON] * 21}, "/guarantors", None, "högst 20", "at most 20"),
    ({"requested_amount": 200000}, "/requested_amount", None, "inte som ett tal", "not as a number"),
    ({"requested_amount": 200000.5}, "/requested_amount", None, "inte som ett tal", "not as a number"),
    ({"requested_amount": "0.00"}, "/requested_amount", None, "större än noll", "greater than zero"),
    ({"requested_amount": "-200000.00"}, "/requested_amount", None, "negativt", "negative"),
    ({"requested_amount": "200000.001"}, "/requested_amount", None, "två decimaler", "two decimals"),
    ({"requested_amount": "2e5"}, "/requested_amount", None, "i kronor", "in kronor"),
    ({"requested_amount": "٢٠٠٠٠٠"}, "/requested_amount", None, "i kronor", "in kronor"),
    ({"requested_amount": "9" * 40}, "/requested_amount", None, "för stort", "too large"),
    ({"requested_amount": "19999.99"}, "/requested_amount", "A11", "mellan", "between"),
    ({"requested_amount": "2000000.01"}, "/requested_amount", "A11", "mellan", "between"),
    ({"requested_amount": None}, "/requested_amount", None, "får inte vara tom", "may not be null"),
    ({"term_months": 37}, "/term_months", "A11", "månader", "months"),
    ({"term_months": 0}, "/term_months", "A11", "månader", "months"),
    ({"term_months": "12"}, "/term_months", None, "heltal", "whole number"),
    ({"term_months": True}, "/term_months", None, "heltal", "whole number"),
    ({"term_months": 12.0}, "/term_months", None, "heltal", "whole number"),
    ({"expected_monthly_revenue": "-1.00"}, "/expected_monthly_revenue", None, "negativt", "negative"),
    ({"payout_account": {"bankgiro": "5999-0003"}}, "/payout_account/bankgiro", None, "Kontrollsiffran", "check digit"),
    ({"payout_account": "5999-0002"}, "/payout_account", None, "objekt", "object"),
    ({"contact": {}}, "/contact/name", None, "saknas", "required"),
    ({"security": "företagsinteckning"}, "/security", "A5", "säkerhet", "security"),
    ({"granted_at": "2026-01-01"}, "/granted_at", None, "finns inte", "no such member"),
]
SOLE_TRADERS: list[tuple[dict[str, Any], str, str | None, str, str]] = [
    (
        {"guarantors": [guarantor_json(OWNER, "Ove Ohlin")]},
        "/guarantors/0/personal_number",
        "A4",
        "svarar redan själv",
        "already answers",
    ),
    (
        {"organisation_number": CHILD, "signatory_personal_number": CHILD},
        "/organisation_number",
        "A1",
        "18 år",
        "18 or older",
    ),
    ({"organisation_number": "559999-0008"}, "/organisation_number", "A1", "aktiebolag", "limited company"),
]
TABLE = [(application_json(**row[0]), *row[1:]) for row in BAD]
TABLE += [(sole_trader_json(**row[0]), *row[1:]) for row in SOLE_TRADERS]


@pytest.fixture
def logged() -> Iterator[LogLines]:
    """What was logged."""
    with log_lines("DEBUG") as lines:
        yield lines


def rows(world: HouseWorld) -> dict[str, int]:
    """How many rows each table has, where there is any."""
    with world.runtime.database.transaction() as session:
        counts = {
            table.name: session.scalar(sa.select(sa.func.count()).select_from(table))
            for table in metadata.sorted_tables
        }
    return {name: count for name, count in counts.items() if count}


def persons_in(value: object) -> set[str]:
    """Every personal number that *value* holds, in the ways in which people write one."""
    written = json.dumps(value)
    found = {each.strip('"') for each in written.replace(",", " ").split() if each.strip('"').isdigit()}
    numbers = {each for each in found if len(each) == 12}
    return numbers | {each[2:] for each in numbers} | {f"{each[2:8]}-{each[8:]}" for each in numbers}


def the_fault(answer: TestResponse, pointer: str) -> dict[str, str]:
    """The fault at *pointer*; there is exactly one of it."""
    (found,) = [each for each in answer.get_json()["errors"] if each["pointer"] == pointer]
    return dict(found)


@pytest.mark.parametrize(
    ("body", "pointer", "rule", "swedish", "english"), TABLE, ids=[f"{row[1][1:]}: {row[4]}" for row in TABLE]
)
def test_each_fault_is_named_with_member_and_reason(
    world: HouseWorld, logged: LogLines, body: Any, pointer: str, rule: str | None, swedish: str, english: str
) -> None:
    """A1, A4, A5, A11: 422 with a pointer, a reason in the caller's language and the rule; nothing is stored."""
    before = rows(world)
    for language, words in (("sv", swedish), ("en", english)):
        answer = world.anyone(language).call("POST", "/v1/applications", body)
        assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
        fault = the_fault(answer, pointer)
        assert words in fault["detail"]
        assert (fault.get("rule"), answer.get_json().get("rule")) == (rule, rule)
        for number in persons_in(body):
            assert number not in answer.text
            assert number not in logged.getvalue()
    assert rows(world) == before


def test_every_fault_of_a_body_is_told_at_once(world: HouseWorld) -> None:
    body = application_json(requested_amount=1, term_months="x", purpose="private", colour="red")
    faults = world.anyone().call("POST", "/v1/applications", body).get_json()["errors"]
    assert {fault["pointer"] for fault in faults} == {"/requested_amount", "/term_months", "/purpose", "/colour"}


@pytest.mark.parametrize(
    ("content", "content_type", "status"),
    [
        (b"", "application/json", 400),
        (b"{", "application/json", 400),
        (b"{'a': 1}", "application/json", 400),
        (b'{"a": 1}{', "application/json", 400),
        (b"\xff", "application/json", 400),
        (DEEP.encode(), "application/json", 400),
        (b'{"a": ' + b"9" * 5000 + b"}", "application/json", 400),
        (b"[]", "application/json", 422),
        (b"null", "application/json", 422),
        (b'"text"', "application/json", 422),
        (b"company_form=AB", "application/x-www-form-urlencoded", 415),
        (b"<application/>", "application/xml", 415),
        (b"{}", "text/plain", 415),
        (b'"' + b"x" * MEGABYTES_10 + b'"', "application/json", 413),
    ],
)
@pytest.mark.parametrize("key", [None, "8e03978e-40d5-43e8-bc93-6894a57f9324"])
def test_a_body_that_is_no_application_is_refused(
    world: HouseWorld, logged: LogLines, content: bytes, content_type: str, status: int, key: str | None
) -> None:
    headers = {"Content-Type": content_type} | ({"Idempotency-Key": key} if key else {})
    before = rows(world)
    answer = world.anyone("en").send("POST", "/v1/applications", headers, data=content)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json")
    assert answer.get_json()["detail"]
    assert rows(world).keys() - before.keys() <= {"idempotency_key", "data_key"}
    assert "unforeseen_error" not in logged.getvalue()


def test_ten_megabytes_are_refused_where_no_body_is_read_as_well(world: HouseWorld) -> None:
    draft = world.anyone().post("/v1/applications", application_json())
    holder = Api(world.app, draft["access_secret"])
    answer = holder.send("DELETE", f"/v1/applications/{draft['id']}", {}, data=b"x" * MEGABYTES_10)
    assert answer.status_code == 413
    assert holder.get(f"/v1/applications/{draft['id']}")["state"] == "draft"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/applications?cursor=%00"),
        ("GET", "/v1/applications?cursor=nonsense"),
        ("GET", "/v1/applications?limit=-1"),
        ("GET", "/v1/applications?limit=x"),
        ("GET", "/v1/applications?state=%00"),
        ("GET", "/v1/payments?status=all"),
        ("GET", "/v1/payments?status=unmatched&cursor=x"),
        ("POST", "/v1/payment-files"),
        ("POST", "/v1/fee-runs"),
        ("PUT", "/v1/sandbox/clock"),
    ],
)
def test_a_query_or_body_that_makes_no_sense_is_the_callers_fault(
    world: HouseWorld, logged: LogLines, method: str, path: str
) -> None:
    administrator = world.staff(Role.ADMINISTRATOR)
    answer = administrator.send(
        method, path, {"Content-Type": "application/json"}, data=b"{}" if method != "GET" else None
    )
    assert answer.status_code == 422, answer.text
    assert "unforeseen_error" not in logged.getvalue()


@pytest.mark.parametrize(
    "body",
    [[], False, 0, "", {"channel": "fax"}, {"channel": None}, {"received_at": "now"}, {"received_at": "2026-03-02"}],
)
def test_nothing_is_cancelled_by_a_body_that_makes_no_sense(world: HouseWorld, body: object) -> None:
    """C5: what is refused leaves the agreement as it was."""
    loan = granted(world)
    answer = loan.borrower.send(
        "POST",
        f"{loan.agreement}/cancellation",
        {"Content-Type": "application/json"},
        data=json.dumps(body).encode(),
    )
    assert answer.status_code == 422, answer.text
    assert loan.borrower.get(loan.agreement)["state"] == "signing"


def test_the_portal_takes_no_instant_from_the_borrower(world: HouseWorld) -> None:
    """C5: in the portal the server's clock counts."""
    loan = granted(world)
    body = {"received_at": "2026-03-02T14:59:59Z"}
    answer = loan.borrower.call("POST", f"{loan.agreement}/cancellation", body)
    assert (answer.status_code, answer.get_json()["rule"]) == (422, "C5")
    for_staff = loan.borrower.call("POST", f"{loan.agreement}/cancellation", body | {"channel": "phone"})
    assert (for_staff.status_code, for_staff.get_json()["rule"]) == (422, "C5")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"amount": 1000}, "/amount"),
        ({"amount": "0.00"}, "/amount"),
        ({"amount": "1.001"}, "/amount"),
        ({"amount": "1.00", "bankgiro": "5999-0002"}, "/bankgiro"),
        ({}, "/amount"),
    ],
)
def test_a_drawdown_is_an_amount_and_nothing_else(world: HouseWorld, body: Any, pointer: str) -> None:
    """P1: to the company's own account, whatever is sent."""
    loan = granted(world)
    answer = loan.borrower.call("POST", f"{loan.agreement}/drawdowns", body)
    assert answer.status_code == 422
    assert the_fault(answer, pointer)


def json_values() -> st.SearchStrategy[Any]:
    """Any JSON, odd characters and huge numbers included."""
    scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
    return st.recursive(
        scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    )


@hypothesis.settings(suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_body_whatever_makes_the_service_fail(world: HouseWorld, data: st.DataObject) -> None:
    """One member of a valid body, at any depth, is replaced by something else."""
    body = json.loads(json.dumps(application_json()))
    place = body
    while isinstance(place, dict | list) and place:
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
        if not isinstance(place[key], dict | list) or data.draw(st.booleans()):
            place[key] = data.draw(json_values())
            break
        place = place[key]
    content = json.dumps(body).encode()
    answer = world.anyone().send("POST", "/v1/applications", {"Content-Type": "application/json"}, data=content)
    assert answer.status_code in (201, 422), answer.text


@pytest.mark.parametrize(
    ("content", "content_type"),
    [(b"{", "application/json"), (b"[1]", "application/json"), (b"null", "application/json"), (b"{}", "text/plain")],
)
def test_no_operation_fails_on_a_body_that_it_cannot_read(
    world: HouseWorld, logged: LogLines, content: bytes, content_type: str
) -> None:
    loan = granted(world)
    administrator = world.staff(Role.ADMINISTRATOR)
    path = {"application_id": loan.application_id, "agreement_id": loan.agreement_id, "ordinal": "1"}
    for operation in OPERATIONS:
        if operation.body is not None:
            for caller in (loan.borrower, administrator):
                headers = {"Content-Type": content_type}
                nobodys = dict.fromkeys(operation.path_parameters, str(uuid.uuid4()))
                answer = caller.send(operation.method, operation.path.format(**nobodys | path), headers, data=content)
                assert answer.status_code in (400, 401, 403, 404, 409, 415, 422), f"{operation.name}: {answer.text}"
    assert "unforeseen_error" not in logged.getvalue()
    assert loan.borrower.get(loan.agreement)["state"] == "signing"


def test_a_personal_number_stands_in_no_log_of_the_whole_road(world: HouseWorld, logged: LogLines) -> None:
    loan = granted(world, CompanyForm.HB)
    loan.borrower.call("POST", "/v1/signings", {"purpose": "agreement", "subject_id": BERTIL.digits})
    world.work()
    for number in persons_in(BODIES[CompanyForm.HB]):
        assert number not in logged.getvalue()
    for name in ("Anna Andersson", "Bertil", "anna@example.se"):
        assert name not in logged.getvalue()
