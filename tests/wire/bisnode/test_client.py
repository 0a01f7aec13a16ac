"""The real client over HTTP: what it asks, every answer and every fault."""

import base64
import json
import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs

import pytest

from bureau_clients.bisnode.client import Bisnode
from bureau_clients.bisnode.paths import MappingInvalid
from bureau_clients.bureau import Bureau
from bureau_clients.errors import BureauFailure, BureauRefused, BureauUnavailable, OutcomeUnknown
from bureau_clients.facts import Known, Unknown
from bureau_clients.questions import QuestionKind
from bureau_clients.reports import (
    Answer,
    CompanyReport,
    CompanyStatus,
    CopySent,
    Coverage,
    NoMatch,
    PersonReport,
    Received,
)
from tests.wire.bisnode.conftest import (
    CLIENT,
    COMPANY_PATH,
    PERSON_PATH,
    SECRET,
    SIGNING_PATH,
    TOKEN_PATH,
    Reply,
    Service,
    settings_for,
)
from tests.wire.bisnode.samples import (
    COMPANY_NUMBER,
    TRADER_NUMBER,
    company_document,
    person_document,
    signing_document,
    trader_document,
)
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm

AT = datetime(2026, 2, 22, 9, 30, tzinfo=UTC)
COMPANY, PERSON = OrganisationNumber(COMPANY_NUMBER), PersonalNumber(TRADER_NUMBER)
NOT_FOUND = {"status": 404, "statusText": "NOT FOUND", "message": "not found", "timestamp": "t", "subErrors": []}


def ask_company(bureau: Bureau, form: CompanyForm = CompanyForm.AB) -> Answer:
    return bureau.company(COMPANY, form=form, reference="ref-1", at=AT)


def ask_trader(bureau: Bureau) -> Answer:
    return bureau.company(PERSON, form=CompanyForm.EF, reference="ref-1", at=AT)


def ask_person(bureau: Bureau) -> Answer:
    return bureau.person(PERSON, reference="ref-1", at=AT)


def test_a_company_is_asked_about_with_what_its_facts_need(service: Service, bisnode: Bisnode) -> None:
    """B1: nothing about an AB's owners."""
    service.says(COMPANY_PATH, Reply(document=company_document()))
    answer = ask_company(Bisnode(settings_for(service.url, on_behalf_of="Långivaren AB")))
    (asked,) = service.at(COMPANY_PATH)
    assert asked.members == {
        "registrationNumber": COMPANY_NUMBER,
        "reference": "ref-1",
        "onBehalfOf": "Långivaren AB",
        "language": "SV",
        "segments": ["RISK", "FINANCE", "MANAGEMENT", "EVENTS", "COMPANY_INFORMATION"],
    }
    assert asked.headers["Authorization"] == "Bearer token-1"
    assert (asked.headers["Content-Type"], asked.headers["Accept"]) == ("application/json", "application/json")
    assert isinstance(answer.report, CompanyReport)
    assert answer.report.payment_remark_count == Known(12, "bisnode", AT, "RISK")
    assert answer.received == (Received("company", json.dumps(company_document()).encode()),)
    assert answer.copy_sent is CopySent.NOT_TOLD


def test_a_sole_trader_is_asked_about_by_the_personal_number_with_its_owner(service: Service, bisnode: Bisnode) -> None:
    """B1: for an EF the owner's report is the company's."""
    service.says(COMPANY_PATH, Reply(document=trader_document()))
    report = ask_trader(bisnode).report
    (asked,) = service.at(COMPANY_PATH)
    assert asked.members["registrationNumber"] == TRADER_NUMBER[2:]
    assert "OWNERSHIP" in asked.members["segments"]
    assert "onBehalfOf" not in asked.members
    assert isinstance(report, CompanyReport)
    assert report.owner is not None
    assert report.owner.income == Known(Money.kronor(420_000), "bisnode", AT, "OWNERSHIP")


@pytest.mark.parametrize("form", [CompanyForm.AB, CompanyForm.HB, CompanyForm.KB])
def test_the_status_is_asked_for_without_the_risks(service: Service, bisnode: Bisnode, form: CompanyForm) -> None:
    """B5: the events tell a bankruptcy that the register does not; the risks would make a credit report of it."""
    document = company_document()
    service.says(COMPANY_PATH, Reply(document={name: document[name] for name in ("companyInformation", "events")}))
    report = bisnode.company_status(COMPANY, form=form, reference="ref-2", at=AT).report
    assert service.at(COMPANY_PATH)[0].members["segments"] == ["EVENTS", "COMPANY_INFORMATION"]
    assert isinstance(report, CompanyReport)
    assert report.status == Known(CompanyStatus.ACTIVE, "bisnode", AT, "COMPANY_INFORMATION")
    assert isinstance(report.payment_remark_count, Unknown)


def test_a_person_is_asked_about_with_the_number_alone(service: Service, bisnode: Bisnode) -> None:
    service.says(PERSON_PATH, Reply(document=person_document()))
    answer = ask_person(bisnode)
    (asked,) = service.at(PERSON_PATH)
    assert asked.members == {"nationalIdentificationNumber": TRADER_NUMBER[2:], "language": "sv"}
    assert isinstance(answer.report, PersonReport)
    assert answer.report.number == TRADER_NUMBER
    assert [each.part for each in answer.received] == ["person"]


def test_a_token_is_asked_for_by_basic_with_the_scopes_that_are_needed(service: Service) -> None:
    service.says(COMPANY_PATH, Reply(document=company_document()))
    ask_company(Bisnode(settings_for(service.url, right_to_sign=True), persons=False))
    (asked,) = service.at(TOKEN_PATH)
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["client_credentials"],
        "scope": ["credit_data_companies nordic_right_to_sign"],
    }
    scheme, shown = asked.headers["Authorization"].split()
    assert (scheme, base64.b64decode(shown).decode()) == ("Basic", f"{CLIENT}:{SECRET}")
    assert asked.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_one_token_serves_all_questions(service: Service, bisnode: Bisnode) -> None:
    service.says(COMPANY_PATH, Reply(document=company_document()))
    for _ in range(3):
        ask_company(bisnode)
    assert len(service.at(TOKEN_PATH)) == 1


def test_questions_at_once_share_one_token(service: Service, bisnode: Bisnode) -> None:
    """B2: one thread asks for a token while the others wait."""
    service.says(COMPANY_PATH, Reply(document=company_document()))
    token = {"access_token": "shared", "token_type": "Bearer", "expires_in": 7199}
    service.says(TOKEN_PATH, Reply(document=token, sleeps=0.3))
    begin = threading.Barrier(12)

    def ask() -> Answer:
        begin.wait()
        return ask_company(bisnode)

    with ThreadPoolExecutor(12) as pool:
        answers = [future.result() for future in [pool.submit(ask) for _ in range(12)]]
    assert len(answers) == len(service.at(COMPANY_PATH)) == 12
    assert len(service.at(TOKEN_PATH)) == 1


def test_a_token_that_is_refused_is_renewed_and_the_question_asked_again(service: Service, bisnode: Bisnode) -> None:
    """B4: a 401 says that the question was not carried out."""
    service.says(COMPANY_PATH, Reply(401), Reply(document=company_document()))
    assert isinstance(ask_company(bisnode).report, CompanyReport)
    assert [each.headers["Authorization"] for each in service.at(COMPANY_PATH)] == ["Bearer token-1", "Bearer token-2"]


def test_a_new_token_that_is_refused_too_is_a_refusal(service: Service, bisnode: Bisnode) -> None:
    """B4: asked again once, and no more."""
    service.says(COMPANY_PATH, Reply(401))
    assert failure_of(lambda: ask_company(bisnode)) == (BureauRefused, "http-401")
    assert len(service.at(COMPANY_PATH)) == len(service.at(TOKEN_PATH)) == 2


def test_a_question_whose_token_cannot_be_renewed_was_not_carried_out(service: Service, bisnode: Bisnode) -> None:
    service.says(COMPANY_PATH, Reply(401))
    token = {"access_token": "old", "token_type": "Bearer", "expires_in": 7199}
    service.says(TOKEN_PATH, Reply(document=token), Reply(503))
    assert failure_of(lambda: ask_company(bisnode)) == (BureauUnavailable, "token-unavailable")
    assert len(service.at(COMPANY_PATH)) == 1


@pytest.mark.parametrize(
    ("reply", "failure", "code"),
    [
        (Reply(400, {"error": "invalid_scope"}), BureauRefused, "token-refused"),
        (Reply(401, {"error": "invalid_client"}), BureauRefused, "token-refused"),
        (Reply(404, body=b"<html>"), BureauRefused, "token-address"),
        (Reply(302, location="http://127.0.0.1:1/"), BureauRefused, "token-address"),
        (Reply(429), BureauUnavailable, "token-unavailable"),
        (Reply(500), BureauUnavailable, "token-unavailable"),
        (Reply(200, body=b"<html>"), BureauUnavailable, "token-unavailable"),
        (Reply(200, {"token_type": "Bearer"}), BureauUnavailable, "token-unavailable"),
        (Reply(200, {"access_token": "a"}, cut=True), BureauUnavailable, "broken-connection"),
        (Reply(200, {"access_token": "a"}, sleeps=1.6), BureauUnavailable, "read-timeout"),
    ],
)
def test_without_a_token_no_question_leaves(
    service: Service, bisnode: Bisnode, reply: Reply, failure: type[BureauFailure], code: str
) -> None:
    """B3: certainly undelivered, or refused; never in doubt."""
    service.says(TOKEN_PATH, reply)
    assert failure_of(lambda: ask_person(bisnode)) == (failure, code)
    assert service.at(PERSON_PATH) == []


@pytest.mark.parametrize("ask", [ask_company, ask_trader, ask_person])
@pytest.mark.parametrize(
    ("reply", "failure", "code"),
    [
        (Reply(400, {"status": 400, "statusText": "BAD REQUEST", "message": "m"}), BureauRefused, "http-400"),
        (Reply(403, {"status": 403, "statusText": "FORBIDDEN", "message": "m"}), BureauRefused, "http-403"),
        (Reply(404, body=b"<html>not here</html>"), BureauRefused, "http-404"),
        (Reply(404, {}), BureauRefused, "http-404"),
        (Reply(404, {"status": 404, "error": "Not Found", "path": "/v9", "message": "m"}), BureauRefused, "http-404"),
        (Reply(404, {"status": 400, "statusText": "x", "message": "m"}), BureauRefused, "http-404"),
        (Reply(451, {"status": 451, "statusText": "x", "message": "m"}), BureauRefused, "http-451"),
        (Reply(307, location="http://127.0.0.1:1/"), BureauRefused, "http-307"),
        (Reply(408), BureauUnavailable, "http-408"),
        (Reply(429), BureauUnavailable, "http-429"),
        (Reply(503), BureauUnavailable, "http-503"),
        (Reply(500, {"status": 500, "statusText": "x", "message": "m"}), OutcomeUnknown, "http-500"),
        (Reply(502, body=b"<html>"), OutcomeUnknown, "http-502"),
        (Reply(504), OutcomeUnknown, "http-504"),
        (Reply(201, {}), OutcomeUnknown, "http-201"),
        (Reply(200, body=b"<html>hello</html>"), OutcomeUnknown, "not-an-answer"),
        (Reply(200, body=b""), OutcomeUnknown, "not-an-answer"),
        (Reply(200, []), OutcomeUnknown, "not-an-answer"),
        (Reply(200, {}), OutcomeUnknown, "empty-answer"),
        (Reply(200, NOT_FOUND), OutcomeUnknown, "not-an-answer"),
        (Reply(200, {"statusCode": 500, "message": "m"}), OutcomeUnknown, "not-an-answer"),
        (Reply(200, body=b'{"a": ' + b"[" * 50_000), OutcomeUnknown, "not-an-answer"),
        (Reply(200, body='{"a": "å"}'.encode("latin-1")), OutcomeUnknown, "not-an-answer"),
        (Reply(200, body=b" " * (5 * 1024 * 1024 + 1)), OutcomeUnknown, "too-large"),
        (Reply(200, company_document(), cut=True), OutcomeUnknown, "broken-connection"),
    ],
)
def test_every_fault_has_one_outcome(
    service: Service,
    bisnode: Bisnode,
    ask: Callable[[Bureau], Answer],
    reply: Reply,
    failure: type[BureauFailure],
    code: str,
) -> None:
    """B3, B4: asked once, and what became of it is the status's to say, or unknown."""
    for path in (COMPANY_PATH, PERSON_PATH):
        service.says(path, reply)
    assert failure_of(lambda: ask(bisnode)) == (failure, code)
    assert len(service.asked) == 2  # the token, and the question


def test_an_answer_that_does_not_come_in_time_is_in_doubt(service: Service, bisnode: Bisnode) -> None:
    """B4: it may have been carried out."""
    service.says(COMPANY_PATH, Reply(document=company_document(), sleeps=1.6))
    assert failure_of(lambda: ask_company(bisnode)) == (OutcomeUnknown, "read-timeout")


def test_a_bureau_that_is_not_there_was_certainly_not_asked() -> None:
    """B3: nobody listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    assert failure_of(lambda: ask_company(Bisnode(settings_for(url)))) == (BureauUnavailable, "no-connection")


@pytest.mark.parametrize("error", [NOT_FOUND, {"statusCode": 404, "message": "not found"}, {"message": "not found"}])
@pytest.mark.parametrize("ask", [ask_company, ask_trader, ask_person])
def test_nobody_with_the_number_is_an_answer(
    service: Service, bisnode: Bisnode, ask: Callable[[Bureau], Answer], error: Any
) -> None:
    """B3: no such company or person is a report's answer, not a fault."""
    for path in (COMPANY_PATH, PERSON_PATH):
        service.says(path, Reply(404, error))
    answer = ask(bisnode)
    assert isinstance(answer.report, NoMatch)
    assert answer.received[0].body == json.dumps(error).encode()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"identifiers": {"registrationNumber": "5599990016"}}, "another-subject"),
        ({"identifiers": {"registrationNumber": 5}}, "not-an-answer"),
    ],
)
def test_an_answer_about_another_company_is_in_doubt(
    service: Service, bisnode: Bisnode, change: dict[str, Any], code: str
) -> None:
    """B3: never a known fact of somebody else."""
    document = company_document()
    document["companyInformation"] |= change
    service.says(COMPANY_PATH, Reply(document=document))
    assert failure_of(lambda: ask_company(bisnode)) == (OutcomeUnknown, code)


def test_an_answer_about_another_owner_or_person_is_in_doubt(service: Service, bisnode: Bisnode) -> None:
    """B3: never a known fact of somebody else."""
    trader, person = trader_document(), person_document()
    trader["ownership"]["proprietorInformation"]["proprietorDetails"]["identificationNumber"] = "198001012384"
    person["personDetails"]["identificationNumber"] = "198001012384"
    service.says(COMPANY_PATH, Reply(document=trader))
    service.says(PERSON_PATH, Reply(document=person))
    assert failure_of(lambda: ask_trader(bisnode)) == (OutcomeUnknown, "another-subject")
    assert failure_of(lambda: ask_person(bisnode)) == (OutcomeUnknown, "another-subject")


@pytest.mark.parametrize("form", [CompanyForm.AB, CompanyForm.HB, CompanyForm.KB])
def test_the_right_to_sign_is_a_question_of_its_own(service: Service, form: CompanyForm) -> None:
    """A3: it comes second, and is kept beside the report."""
    service.says(COMPANY_PATH, Reply(document=company_document()))
    service.says(SIGNING_PATH, Reply(document=signing_document()))
    answer = ask_company(Bisnode(settings_for(service.url, right_to_sign=True)), form)
    assert service.at(SIGNING_PATH)[0].members == {"registrationNumber": COMPANY_NUMBER}
    assert isinstance(answer.report, CompanyReport)
    assert isinstance(answer.report.signing_right, Known)
    assert answer.report.signing_right.part == "right-to-sign"
    assert len(answer.report.signing_right.value.alternatives) == 4
    assert [each.part for each in answer.received] == ["company", "right-to-sign"]


@pytest.mark.parametrize(
    ("reply", "kept"),
    [
        (Reply(500, {"message": "broken"}), ["right-to-sign-failed"]),
        (Reply(404, NOT_FOUND), ["right-to-sign-failed"]),
        (Reply(200, body=b"<html>"), ["right-to-sign-failed"]),
        (Reply(200, {"company": {"registrationNumber": "5599990016"}, "signingRules": []}), ["right-to-sign-failed"]),
        (Reply(401), ["right-to-sign-failed"]),
        (Reply(200, signing_document(), cut=True), []),
        (Reply(200, signing_document(), sleeps=1.6), []),
    ],
)
def test_a_right_to_sign_that_cannot_be_had_fails_no_report(service: Service, reply: Reply, kept: list[str]) -> None:
    """B3: the registered text of the report itself is left, which a person reads; what was received is kept."""
    service.says(COMPANY_PATH, Reply(document=company_document()))
    service.says(SIGNING_PATH, reply)
    answer = ask_company(Bisnode(settings_for(service.url, right_to_sign=True)))
    assert isinstance(answer.report, CompanyReport)
    assert isinstance(answer.report.signing_right, Known)
    assert answer.report.signing_right.value.coverage is Coverage.NONE
    assert [each.part for each in answer.received] == ["company", *kept]


def test_nobody_is_asked_who_signs_for_a_sole_trader_or_for_nobody(service: Service) -> None:
    client = Bisnode(settings_for(service.url, right_to_sign=True))
    service.says(COMPANY_PATH, Reply(document=trader_document()), Reply(404, NOT_FOUND))
    ask_trader(client)
    ask_company(client)
    assert service.at(SIGNING_PATH) == []


@pytest.mark.parametrize(
    ("answer", "form"),
    [
        (ask_company, CompanyForm.AB),
        (ask_trader, CompanyForm.EF),
        (ask_person, None),
    ],
)
def test_a_stored_answer_is_read_as_it_was(
    service: Service, answer: Callable[[Bureau], Answer], form: CompanyForm | None
) -> None:
    """B6: with today's mapping, and nobody is asked."""
    document = trader_document() if form is CompanyForm.EF else company_document()
    service.says(COMPANY_PATH, Reply(document=document))
    service.says(PERSON_PATH, Reply(document=person_document()))
    service.says(SIGNING_PATH, Reply(document=signing_document()))
    client = Bisnode(settings_for(service.url, right_to_sign=True))
    given = answer(client)
    asked = len(service.asked)
    number = COMPANY if form is CompanyForm.AB else PERSON
    assert client.read(given.received, kind=QuestionKind.REPORT, number=number, form=form, at=AT) == given.report
    assert len(service.asked) == asked


def test_a_stored_no_match_is_read_as_one(service: Service, bisnode: Bisnode) -> None:
    received = (Received("person", json.dumps(NOT_FOUND).encode()),)
    report = bisnode.read(received, kind=QuestionKind.REPORT, number=PERSON, form=None, at=AT)
    assert report == NoMatch(TRADER_NUMBER, "bisnode", AT)


@pytest.mark.parametrize(
    "received", [(), (Received("getdata", b"<x/>"),), (Received("company", b"<x/>"),), (Received("company", b"{}"),)]
)
def test_stored_bytes_that_hold_no_report_are_none(bisnode: Bisnode, received: tuple[Received, ...]) -> None:
    """B6: and not one about nothing."""
    with pytest.raises(OutcomeUnknown):
        bisnode.read(received, kind=QuestionKind.REPORT, number=COMPANY, form=CompanyForm.AB, at=AT)


def test_a_check_asks_for_a_token_and_about_nobody(service: Service) -> None:
    client = Bisnode(settings_for(service.url, person_mapping={"scoring": None}))
    scope = "credit_data_companies credit_data_persons"
    service.says(TOKEN_PATH, Reply(document={"access_token": "a", "expires_in": 60, "scope": scope}))
    checks = client.check()
    assert [(check.holds, check.detail) for check in checks] == [(True, None), (True, None), (True, None)]
    assert checks[0].seconds is not None
    assert {each.path for each in service.asked} == {TOKEN_PATH}


def test_a_check_tells_what_the_agreement_lacks(service: Service) -> None:
    client = Bisnode(settings_for(service.url, right_to_sign=True), persons=False)
    service.says(TOKEN_PATH, Reply(document={"access_token": "a", "scope": "credit_data_companies"}))
    _, scopes = client.check()
    assert not scopes.holds
    assert scopes.detail == ("Saknas: nordic_right_to_sign", "Missing: nordic_right_to_sign")


@pytest.mark.parametrize("reply", [Reply(401), Reply(503), Reply(200, body=b"<html>"), Reply(200, {}, cut=True)])
def test_a_check_tells_why_there_is_no_token(service: Service, bisnode: Bisnode, reply: Reply) -> None:
    """It raises nothing."""
    service.says(TOKEN_PATH, reply)
    (check,) = bisnode.check()
    assert not check.holds
    assert check.detail is not None


def test_a_check_says_that_the_shipped_paths_are_not_the_bureaus(service: Service, bisnode: Bisnode) -> None:
    paths = bisnode.check()[-1]
    assert paths.holds
    assert "BISNODE_PERSON_MAPPING" in (paths.detail or ("",))[0]


@pytest.mark.parametrize("field", ["url", "token_url"])
def test_an_address_that_anybody_could_read_is_refused(field: str) -> None:
    """The secret and the token go with every question."""
    with pytest.raises(ValueError, match="neither https nor on loopback"):
        Bisnode(settings_for("https://bisnode.test", **{field: "http://bisnode.test"}))


def test_a_mapping_of_no_fact_is_refused_at_start() -> None:
    with pytest.raises(MappingInvalid, match="shoe_size"):
        Bisnode(settings_for("https://bisnode.test", person_mapping={"shoe_size": "x"}))


def test_the_longest_call_counts_tokens_and_both_questions() -> None:
    """B5: after it, whoever asked is dead."""
    alone = Bisnode(settings_for("https://bisnode.test"))
    both = Bisnode(settings_for("https://bisnode.test", right_to_sign=True))
    assert both.longest_call == 2 * alone.longest_call


def test_no_failure_shows_what_was_received(service: Service, bisnode: Bisnode) -> None:
    """No bureau's text, number or secret in a message."""
    service.says(PERSON_PATH, Reply(500, body=TRADER_NUMBER.encode()))
    with pytest.raises(OutcomeUnknown) as raised:
        ask_person(bisnode)
    assert (str(raised.value), raised.value.raw, raised.value.part) == ("http-500", TRADER_NUMBER.encode(), "person")
    assert bisnode.explain("http-451").en.startswith("There is data")


def failure_of(ask: Callable[[], Answer]) -> tuple[type[BureauFailure], str]:
    with pytest.raises(BureauFailure) as raised:
        ask()
    return type(raised.value), raised.value.code
