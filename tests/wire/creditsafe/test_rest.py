"""GetData and the right to sign over REST, in front of the stand-in."""

import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.errors import BureauFailure, BureauRefused, BureauUnavailable, OutcomeUnknown
from bureau_clients.facts import Absent, Known, Unknown
from bureau_clients.questions import QuestionKind
from bureau_clients.reports import (
    Answer,
    CompanyReport,
    CompanyStatus,
    CopySent,
    Coverage,
    NoMatch,
    PersonReport,
    Rating,
    RatingGrade,
)
from bureau_clients.sandbox.creditsafe import StandIn, create_app
from bureau_clients.sandbox.faults import Fault, ServiceError, Trouble
from bureau_clients.sandbox.questions import CREDITSAFE, Kind
from tests.wire.creditsafe.conftest import PASSWORD, over_rest, served, settings_for
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.environment import Secret

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
CLEAN_COMPANY, CLEAN_PERSON = "5599990008", "197701072394"
COMPANY_BLOCK, PERSON_BLOCK = "BORGEN_C_CREDIT", "BORGEN_P_CREDIT"


@pytest.fixture
def bureau(own_address: str) -> Creditsafe:
    """The client that asks over REST, for the right to sign too."""
    return Creditsafe(over_rest(own_address, signatories=True, status_block="BORGEN_C_BASIC"))


def company(bureau: Creditsafe, number: str = CLEAN_COMPANY, form: CompanyForm = CompanyForm.AB) -> Answer:
    digits = PersonalNumber(number) if form is CompanyForm.EF else OrganisationNumber(number)
    return bureau.company(digits, form=form, reference="ref-1", at=AT)


def company_report(bureau: Creditsafe, number: str = CLEAN_COMPANY, form: CompanyForm = CompanyForm.AB) -> Any:
    return company(bureau, number, form).report


def person(bureau: Creditsafe, number: str = CLEAN_PERSON) -> Answer:
    return bureau.person(PersonalNumber(number), reference="ref-1", at=AT)


def known(value: Any, part: str = COMPANY_BLOCK) -> Known[Any]:
    return Known(value, "creditsafe", AT, part)


def unknown(part: str = COMPANY_BLOCK) -> Unknown:
    return Unknown("creditsafe", AT, part)


def parts(answer: Answer) -> list[str]:
    return [received.part for received in answer.received]


def asked(stand_in: StandIn) -> list[str]:
    return [each.question.operation for each in stand_in.control.questions(CREDITSAFE)]


def test_a_clean_company_is_reported_fact_by_fact(bureau: Creditsafe) -> None:
    """B1, B3: a report, the same as over SOAP."""
    report = company_report(bureau)
    assert isinstance(report, CompanyReport)
    assert report.form == known(CompanyForm.AB)
    assert report.status == known(CompanyStatus.ACTIVE)
    assert report.rating == known(Rating("88", RatingGrade.A))
    assert report.kronofogden_debt == known(Money.ZERO)
    assert report.accounts_closed_on == known(date(2025, 12, 31))
    assert [name for name in report.__slots__ if isinstance(getattr(report, name), Unknown)] == ["opinion"]


def test_a_clean_person_is_reported_fact_by_fact(bureau: Creditsafe) -> None:
    """B1, B3: a report, the same as over SOAP."""
    report = person(bureau).report
    assert isinstance(report, PersonReport)
    assert report.number == CLEAN_PERSON
    assert report.income == known(Money.kronor(420_000), PERSON_BLOCK)
    assert report.scoring == known(90, PERSON_BLOCK)
    assert (report.deceased, report.protected, report.trustee) == (known(False, PERSON_BLOCK),) * 3
    assert [name for name in report.__slots__ if isinstance(getattr(report, name), Unknown)] == ["opinion"]


COMPANIES = (
    *("5599990008", "5599991006", "5599991014", "5599991030", "5599991048", "5599991055", "5599991063", "5599991071"),
    *("5599991089", "5599991097", "5599991105", "5599991113", "5599991139", "5599991147", "5599991162", "5599991188"),
)
PERSONS = (
    *("197701112380", "197701132396", "197701312386", "197702012399", "197702022398", "197702102380", "197702112389"),
    *("197702182382", "197703782396", "197703052394", "197703152392", "197703192398", "197703242391", "197704012397"),
)


@pytest.mark.parametrize("number", COMPANIES)
def test_a_company_has_the_same_facts_over_both_transports(own_address: str, number: str) -> None:
    """B7: the transport is no part of what the bureau says.

    By the shipped columns SOAP's accounts are in thousands, and REST has no number of employees but in them; the
    wording of the right to sign is one line over SOAP.
    """
    soap, rest = [company_report(Creditsafe(each(own_address)), number) for each in (settings_for, over_rest)]
    different = {name for name in CompanyReport.__slots__ if getattr(soap, name) != getattr(rest, name)}
    assert different <= {"accounts", "annual_turnover", "employees", "signing_right"}


@pytest.mark.parametrize("number", PERSONS)
def test_a_person_has_the_same_facts_over_both_transports(own_address: str, number: str) -> None:
    """B7: the transport is no part of what the bureau says."""
    soap, rest = [person(Creditsafe(each(own_address)), number).report for each in (settings_for, over_rest)]
    assert soap == rest


def test_nobody_with_the_number_is_an_answer_also_with_status_404(bureau: Creditsafe) -> None:
    """B3: "no such company or person"."""
    assert company_report(bureau, "5599991170") == NoMatch("5599991170", "creditsafe", AT)
    assert person(bureau, "197704062384").report == NoMatch("197704062384", "creditsafe", AT)


def test_a_sole_traders_owner_is_in_the_report_and_signs_alone(bureau: Creditsafe, stand_in: StandIn) -> None:
    """B1: for an EF one question is enough, and nobody else signs."""
    report = company_report(bureau, "197601232395", CompanyForm.EF)
    assert report.owner.trustee == known(True)
    assert "getsignatory" not in asked(stand_in)


@pytest.mark.parametrize(
    ("ask", "copy"),
    [
        (lambda bureau: company(bureau), CopySent.NO),
        (lambda bureau: company(bureau, "9699990009", CompanyForm.HB), CopySent.YES),
        (lambda bureau: person(bureau), CopySent.YES),
        (lambda bureau: company(bureau, "197601092385", CompanyForm.EF), CopySent.YES),
    ],
)
def test_the_answer_tells_whether_a_letter_was_made(
    bureau: Creditsafe, ask: Callable[[Creditsafe], Answer], copy: CopySent
) -> None:
    """A6: an AB gets none."""
    assert ask(bureau).copy_sent is copy


def test_the_status_alone_is_asked_of_a_block_without_copies(bureau: Creditsafe, stand_in: StandIn) -> None:
    """B5: and nobody is asked who may sign."""
    number = OrganisationNumber("9699991106")
    answer = bureau.company_status(number, form=CompanyForm.HB, reference="ref-1", at=AT)
    assert isinstance(answer.report, CompanyReport)
    assert answer.report.status == known(CompanyStatus.BANKRUPT, "BORGEN_C_BASIC")
    assert answer.report.payment_remark_count == unknown("BORGEN_C_BASIC")
    assert answer.copy_sent is CopySent.NO
    assert asked(stand_in) == ["authenticate", "getdata"]


def test_who_may_sign_is_asked_for_beside_the_report(bureau: Creditsafe) -> None:
    """B7: two partners sign together; the wording comes from the block."""
    answer = company(bureau, "9699992062", CompanyForm.HB)
    assert parts(answer) == ["getdata", "signatories"]
    assert isinstance(answer.report, CompanyReport)
    right = answer.report.signing_right
    assert isinstance(right, Known)
    assert (right.part, right.value.coverage) == ("signatories", Coverage.COMPLETE)
    (together,) = right.value.alternatives
    assert len(together) >= 2
    assert right.value.text


@pytest.mark.parametrize(
    ("trouble", "kept"),
    [
        (Fault.SILENT, []),
        (Fault.CUT, []),
        (Fault.SERVER_ERROR, ["signatories-failed"]),
        (Fault.PAGE, ["signatories-failed"]),
        (Fault.GARBLED, ["signatories-failed"]),
        (Fault.NESTED, ["signatories-failed"]),
        (Fault.TOO_MANY, ["signatories-failed"]),
        (Fault.ANOTHER_SUBJECT, ["signatories-failed"]),
        (ServiceError.NO_ACCESS, ["signatories-failed"]),
    ],
)
def test_whatever_becomes_of_the_right_to_sign_the_report_stands(
    bureau: Creditsafe, stand_in: StandIn, trouble: Trouble, kept: list[str]
) -> None:
    """B3, B6: the wording stays as the block has it; nothing is asked twice."""
    stand_in.control.inject(CREDITSAFE, trouble, kind=Kind.SIGNATORIES)
    answer = company(bureau)
    assert parts(answer) == ["getdata", *kept]
    assert isinstance(answer.report, CompanyReport)
    right = answer.report.signing_right
    assert isinstance(right, Known)
    assert (right.part, right.value.alternatives) == (COMPANY_BLOCK, ())
    assert asked(stand_in) == ["authenticate", "getdata", "getsignatory"]


def test_a_stored_answer_is_mapped_again_as_it_was_when_it_came(bureau: Creditsafe) -> None:
    """B6: a live question and a replay read the same."""
    number = OrganisationNumber("9699992062")
    answer = company(bureau, number.digits, CompanyForm.HB)
    again = bureau.read(answer.received, kind=QuestionKind.REPORT, number=number, form=CompanyForm.HB, at=AT)
    assert again == answer.report


@pytest.mark.parametrize(
    ("trouble", "failure", "code"),
    [
        (Fault.SILENT, OutcomeUnknown, "read-timeout"),
        (Fault.TRICKLING, OutcomeUnknown, "read-timeout"),
        (Fault.CUT, OutcomeUnknown, "broken-connection"),
        (Fault.BROKEN_OFF, OutcomeUnknown, "broken-connection"),
        (Fault.SERVER_ERROR, OutcomeUnknown, "http-500"),
        (Fault.NOT_HANDLED, BureauUnavailable, "http-503"),
        (Fault.TOO_MANY, BureauUnavailable, "http-429"),
        (Fault.UNAUTHORISED, BureauRefused, "http-401"),
        (Fault.REDIRECT, BureauRefused, "http-307"),
        (Fault.PAGE, OutcomeUnknown, "not-an-answer"),
        (Fault.TRUNCATED, OutcomeUnknown, "not-an-answer"),
        (Fault.GARBLED, OutcomeUnknown, "not-an-answer"),
        (Fault.NESTED, OutcomeUnknown, "not-an-answer"),
        (Fault.TOO_LARGE, OutcomeUnknown, "too-large"),
        (Fault.ANOTHER_SUBJECT, OutcomeUnknown, "another-subject"),
        (ServiceError.NO_ACCESS, BureauRefused, "7"),
        (ServiceError.NO_REPORTS_LEFT, BureauRefused, "8"),
        (ServiceError.WRONG_BLOCK, BureauRefused, "11"),
        (ServiceError.SECURITY, BureauRefused, "13"),
        (ServiceError.TRY_LATER, BureauUnavailable, "14"),
        (ServiceError.COMPANY_NOT_SHOWN, BureauRefused, "16"),
    ],
)
def test_a_fault_has_one_of_three_outcomes(
    bureau: Creditsafe, stand_in: StandIn, trouble: Trouble, failure: type[BureauFailure], code: str
) -> None:
    """B3, B4: about a company and about a person."""
    for kind, ask in ((Kind.COMPANY, company), (Kind.PERSON, person)):
        stand_in.control.inject(CREDITSAFE, trouble, kind=kind)
        with pytest.raises(failure) as caught:
            ask(bureau)
        assert type(caught.value) is failure
        assert (caught.value.code, str(caught.value)) == (code, code)


def test_a_failed_question_is_sent_once(bureau: Creditsafe, stand_in: StandIn) -> None:
    """B4: no retry, at any layer, of a question on a person."""
    for fault in (Fault.SILENT, Fault.CUT, Fault.SERVER_ERROR, Fault.NOT_HANDLED, Fault.PAGE):
        stand_in.control.inject(CREDITSAFE, fault, kind=Kind.PERSON, times=1)
        with pytest.raises(BureauFailure):
            person(bureau)
    assert asked(stand_in) == ["authenticate", *["getdata"] * 5]


def test_a_token_that_went_out_is_renewed_once(bureau: Creditsafe, stand_in: StandIn) -> None:
    """B4: a token is looked at before the question is, so the question may be asked again."""
    stand_in.control.inject(CREDITSAFE, Fault.TOKEN_EXPIRED, kind=Kind.PERSON, times=1)
    assert isinstance(person(bureau).report, PersonReport)
    assert asked(stand_in) == ["authenticate", "getdata", "authenticate", "getdata"]
    assert isinstance(person(bureau).report, PersonReport)
    assert len(asked(stand_in)) == 5


def test_a_token_that_is_refused_twice_is_a_refusal(bureau: Creditsafe, stand_in: StandIn) -> None:
    """B3: and no third try is made."""
    stand_in.control.inject(CREDITSAFE, Fault.UNAUTHORISED, kind=Kind.PERSON)
    with pytest.raises(BureauRefused):
        person(bureau)
    assert asked(stand_in) == ["authenticate", "getdata", "authenticate", "getdata"]


def test_a_token_that_is_too_old_is_told_by_a_code_with_status_403() -> None:
    """B4: R4 at once, whatever the token is worth by our own clock."""
    stand_in = StandIn(username="borgen", password=PASSWORD, token_seconds=0)
    with served(create_app(stand_in)) as url, pytest.raises(BureauRefused) as caught:
        person(Creditsafe(over_rest(url)))
    assert caught.value.code in ("R3", "R4")
    assert asked(stand_in) == ["authenticate", "getdata", "authenticate", "getdata"]


def test_all_threads_share_one_token(bureau: Creditsafe, stand_in: StandIn) -> None:
    """B2: reports are asked for at the same time; the bureau counts log-ins."""
    numbers = ["197701072394", "197701112380", "197701132396", "197701252392"] * 4
    with ThreadPoolExecutor(16) as pool:
        reports = list(pool.map(lambda number: person(bureau, number).report, numbers))
    assert [report.number for report in reports] == numbers
    assert asked(stand_in).count("authenticate") == 1


def test_a_log_in_that_was_declined_is_not_tried_again_at_once(own_address: str, stand_in: StandIn) -> None:
    """B3: five wrong ones within two minutes lock the account out; nothing is asked without a token."""
    bureau = Creditsafe(over_rest(own_address, password=Secret("fel")))
    for _ in range(6):
        with pytest.raises(BureauRefused, match="http-401"):
            person(bureau)
    assert asked(stand_in) == ["authenticate"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.SILENT, "read-timeout"),
        (Fault.CUT, "broken-connection"),
        (Fault.SERVER_ERROR, "http-500"),
        (Fault.PAGE, "no-token"),
        (Fault.GARBLED, "no-token"),
        (Fault.TOO_MANY, "http-429"),
    ],
)
def test_without_a_token_the_question_has_certainly_not_left(
    bureau: Creditsafe, stand_in: StandIn, fault: Fault, code: str
) -> None:
    """B1, B3: whatever becomes of the log-in, the next bureau may be asked, and no part of a secret is kept."""
    stand_in.control.inject(CREDITSAFE, fault, kind=Kind.TOKEN)
    with pytest.raises(BureauUnavailable) as caught:
        person(bureau)
    assert (caught.value.code, caught.value.raw) == (code, None)
    assert asked(stand_in) == ["authenticate"]


def test_who_waits_for_a_log_in_that_fails_does_not_wait_twice(bureau: Creditsafe, stand_in: StandIn) -> None:
    """B2: eight threads share one wait of the time allowed."""
    stand_in.control.inject(CREDITSAFE, Fault.SILENT, kind=Kind.TOKEN)
    together = threading.Barrier(8)

    def ask(_: int) -> str:
        together.wait()
        with pytest.raises(BureauUnavailable) as caught:
            person(bureau)
        return caught.value.code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {"read-timeout"}
    assert len(asked(stand_in)) < 8


@contextmanager
def answering(status: str, document: Any) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A service that gives tokens and then *document* with *status*; and the questions that it got."""
    questions: list[dict[str, Any]] = []

    def answer(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            start_response("200 OK", [("Content-Type", "application/json")])
            return [b'{"token": "abc"}']
        questions.append(environ)
        start_response(status, [("Content-Type", "application/json")])
        return [document if isinstance(document, bytes) else json.dumps(document).encode()]

    with served(answer) as url:
        yield url, questions


@pytest.mark.parametrize("status", ["200 OK", "403 Forbidden", "404 Not Found"])
def test_a_register_status_is_an_answer_whatever_the_status_of_http(status: str) -> None:
    """B3, B7: a rejection comes with 200 by the one account, with 403 by the other."""
    with answering(status, {"error": {"code": "S4", "text": "Avliden"}}) as (url, _):
        report = person(Creditsafe(over_rest(url))).report
    assert isinstance(report, PersonReport)
    assert report.deceased == known(True, PERSON_BLOCK)
    assert report.income == unknown(PERSON_BLOCK)


@pytest.mark.parametrize(
    ("status", "document", "failure", "code"),
    [
        ("400 Bad Request", {"error": {"code": "R1"}}, BureauRefused, "R1"),
        ("400 Bad Request", {"error": {"code": "11"}}, BureauRefused, "11"),
        ("400 Bad Request", {"errors": []}, BureauRefused, "http-400"),
        ("403 Forbidden", {"error": {"code": "7"}}, BureauRefused, "7"),
        ("403 Forbidden", {"error": {"code": "R6"}}, BureauRefused, "R6"),
        ("403 Forbidden", b"<html>Forbidden</html>", BureauRefused, "http-403"),
        ("404 Not Found", {"message": "Not found"}, BureauRefused, "http-404"),
        ("404 Not Found", b"", BureauRefused, "http-404"),
        ("202 Accepted", {"report": {"a": 1}}, OutcomeUnknown, "http-202"),
        ("204 No Content", b"", OutcomeUnknown, "http-204"),
        ("500 Internal Server Error", {"error": {"code": "15"}}, OutcomeUnknown, "http-500"),
        ("502 Bad Gateway", {"error": {"code": "14"}}, OutcomeUnknown, "http-502"),
        ("200 OK", {"error": {"text": "Fel"}}, BureauRefused, "unlisted"),
        ("200 OK", {"error": {"code": "4711"}}, BureauRefused, "4711"),
        ("200 OK", {"report": {}}, OutcomeUnknown, "empty-answer"),
        ("200 OK", {"report": None}, OutcomeUnknown, "empty-answer"),
        ("200 OK", {}, OutcomeUnknown, "not-an-answer"),
        ("200 OK", [], OutcomeUnknown, "not-an-answer"),
    ],
)
def test_status_and_code_together_give_the_outcome(
    status: str, document: Any, failure: type[BureauFailure], code: str
) -> None:
    """B3: what nobody has described is unknown, not refused."""
    with answering(status, document) as (url, _), pytest.raises(failure) as caught:
        person(Creditsafe(over_rest(url)))
    assert caught.value.code == code
    assert caught.value.part == "getdata"


def test_the_question_is_asked_as_published(caplog: pytest.LogCaptureFixture) -> None:
    """B3: a person's number with its century, our reference, the language, the letter's text and a bearer token."""
    caplog.set_level(logging.INFO)
    with answering("200 OK", {"error": {"code": "15"}}) as (url, questions):
        settings = over_rest(url, letter_text="Fråga oss & vi svarar", language="EN")
        bureau = Creditsafe(settings)
        person(bureau)
        company(bureau)
    of_person, of_company = questions
    assert of_person["PATH_INFO"] == "/getdata"
    assert of_person["HTTP_AUTHORIZATION"] == "Bearer abc"
    assert parse_qs(of_person["QUERY_STRING"]) == {
        "searchnumber": ["197701072394"],
        "blockname": ["BORGEN_P_CREDIT"],
        "transactionid": ["ref-1"],
        "language": ["en"],
        "lodfreetext": ["Fråga oss & vi svarar"],
    }
    assert parse_qs(of_company["QUERY_STRING"])["searchnumber"] == ["5599990008"]
    ours = [record for record in caplog.records if record.name != "werkzeug"]
    assert not [record for record in ours if "7701072394" in record.getMessage()]


@pytest.mark.parametrize("path", ["", "/", "/getdata", "/getdata/"])
def test_the_address_may_be_getdatas_or_the_one_above_it(own_address: str, path: str) -> None:
    settings = over_rest(own_address)
    settings = replace(settings, url=settings.url + path)
    assert isinstance(person(Creditsafe(settings)).report, PersonReport)


def test_the_check_logs_in_and_asks_for_the_services_health(bureau: Creditsafe, stand_in: StandIn) -> None:
    """B3: about nobody, each with how long it took."""
    checks = bureau.check()
    assert [(check.what.en, check.holds, check.detail) for check in checks] == [
        ("User name and password", True, None),
        ("GetData answers", True, None),
    ]
    assert all(check.seconds is not None for check in checks)
    bureau.check()
    assert asked(stand_in) == ["authenticate", "health"] * 2


def test_a_check_that_gets_no_token_leaves_the_one_that_is_good(bureau: Creditsafe, stand_in: StandIn) -> None:
    """B3: looking does not harm."""
    person(bureau)
    stand_in.control.inject(CREDITSAFE, Fault.SERVER_ERROR, kind=Kind.TOKEN)
    assert not bureau.check()[0].holds
    assert isinstance(person(bureau).report, PersonReport)


def test_the_check_says_what_is_wrong(own_address: str, stand_in: StandIn) -> None:
    """B3: and raises nothing."""
    stand_in.control.inject(CREDITSAFE, Fault.NOT_HANDLED, kind=Kind.HEALTH)
    account, health = Creditsafe(over_rest(own_address, password=Secret("fel"))).check()
    assert (account.holds, health.holds) == (False, False)
    assert account.detail is not None
    assert health.detail is not None
    assert account.detail.en == "User name, password or token not accepted (http-401)"
    assert health.detail.en == "The service is closed for a time (http-503)"


def test_nobody_listening_is_certainly_undelivered() -> None:
    """B1, B3: unavailable, the next bureau may be asked."""
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        bureau = Creditsafe(over_rest(f"http://127.0.0.1:{unheard.getsockname()[1]}"))
        with pytest.raises(BureauUnavailable, match="no-connection"):
            person(bureau)


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://se-webservice.apps.creditsafe.com"},
        {"token_url": "http://connect.creditsafe.com/v1/authenticate"},
        {"token_url": None},
    ],
)
def test_an_address_in_clear_beyond_loopback_is_refused_at_start(own_address: str, changes: dict[str, Any]) -> None:
    """B3: neither a password nor a token goes there."""
    with pytest.raises(ValueError, match="neither https nor on loopback"):
        Creditsafe(replace(over_rest(own_address), **changes))


def test_all_that_is_asked_counts_into_the_longest_call(own_address: str) -> None:
    """B5: a lease lasts until nobody can be asking any more: token, question, token and question, twice."""
    soap = Creditsafe(settings_for(own_address)).longest_call
    assert soap > timedelta(0)
    assert Creditsafe(over_rest(own_address)).longest_call == 4 * soap
    assert Creditsafe(over_rest(own_address, signatories=True)).longest_call == 8 * soap


def test_a_company_without_accounts_has_none_over_rest(bureau: Creditsafe) -> None:
    """D13: an empty list says so."""
    report = company_report(bureau, "5599991071")
    absent = Absent("creditsafe", AT, COMPANY_BLOCK)
    assert (report.accounts, report.annual_turnover, report.accounts_closed_on) == (absent, absent, absent)
