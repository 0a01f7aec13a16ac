"""The real client against the stand-in: every answer and every fault."""

import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from typing import Any

import pytest

from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.errors import BureauFailure, BureauRefused, BureauUnavailable, OutcomeUnknown
from bureau_clients.facts import Absent, Known, Unknown
from bureau_clients.questions import QuestionKind
from bureau_clients.reports import CompanyReport, CompanyStatus, NoMatch, PersonReport, Rating, RatingGrade, Received
from bureau_clients.sandbox.creditsafe import StandIn, create_app
from tests.wire.creditsafe.conftest import PASSWORD, served, settings_for
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.environment import Secret

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)

FAULTS: list[tuple[str, str, type[BureauFailure], str]] = [
    ("5599999017", "197707052382", OutcomeUnknown, "read-timeout"),
    ("5599999025", "197707122391", OutcomeUnknown, "read-timeout"),
    ("5599999033", "197707132390", OutcomeUnknown, "http-500"),
    ("5599999041", "197707162397", BureauUnavailable, "http-503"),
    ("5599999058", "197707182395", OutcomeUnknown, "not-an-answer"),
    ("5599999066", "197707312398", BureauRefused, "http-307"),
    ("5599999074", "197708032391", OutcomeUnknown, "soap-fault"),
    ("5599999082", "197708072397", OutcomeUnknown, "not-an-answer"),
    ("5599999090", "197708102392", OutcomeUnknown, "broken-connection"),
    ("5599999108", "197708112391", OutcomeUnknown, "too-large"),
    ("5599999116", "197708122382", OutcomeUnknown, "not-an-answer"),
    ("5599999124", "197708122390", OutcomeUnknown, "empty-answer"),
    ("5599999140", "197708202390", OutcomeUnknown, "another-subject"),
    ("5599999157", "197708242388", BureauUnavailable, "14"),
    ("5599999165", "197708242396", BureauRefused, "8"),
    ("5599999173", "197708272393", BureauRefused, "9"),
]


def company(bureau: Creditsafe, number: str, form: CompanyForm = CompanyForm.AB) -> Any:
    digits = PersonalNumber(number) if form is CompanyForm.EF else OrganisationNumber(number)
    return bureau.company(digits, form=form, reference="ref-1", at=AT).report


def person(bureau: Creditsafe, number: str) -> Any:
    return bureau.person(PersonalNumber(number), reference="ref-1", at=AT).report


COMPANY_BLOCK = "BORGEN_C_CREDIT"
PERSON_BLOCK = "BORGEN_P_CREDIT"


def known(value: Any, part: str = COMPANY_BLOCK) -> Known[Any]:
    return Known(value, "creditsafe", AT, part)


def known_of_person(value: Any) -> Known[Any]:
    return known(value, PERSON_BLOCK)


def test_a_clean_company_is_reported_fact_by_fact(creditsafe: Creditsafe) -> None:
    """B1, B3: a report."""
    report = company(creditsafe, "5599990008")
    assert isinstance(report, CompanyReport)
    assert (report.number, report.owner) == ("5599990008", None)
    assert report.form == known(CompanyForm.AB)
    assert report.status == known(CompanyStatus.ACTIVE)
    assert report.rating == known(Rating("88", RatingGrade.A))
    assert report.kronofogden_debt == known(Money.ZERO)
    assert report.accounts_closed_on == known(date(2025, 12, 31))
    assert report.latest_payment_remark_on == Absent("creditsafe", AT, COMPANY_BLOCK)
    unknown = [name for name in report.__slots__ if isinstance(getattr(report, name), Unknown)]
    assert unknown == ["opinion"]  # which CAS gives


def test_a_clean_person_is_reported_fact_by_fact(creditsafe: Creditsafe) -> None:
    """B1, B3: a report."""
    report = person(creditsafe, "197701072394")
    assert isinstance(report, PersonReport)
    assert report.number == "197701072394"
    assert report.income == known_of_person(Money.kronor(420_000))
    assert report.scoring == known_of_person(90)
    assert (report.deceased, report.protected, report.trustee) == (known_of_person(False),) * 3
    unknown = [name for name in report.__slots__ if isinstance(getattr(report, name), Unknown)]
    assert unknown == ["opinion"]  # which CAS gives


@pytest.mark.parametrize(
    ("number", "form"),
    [("9699990009", CompanyForm.HB), ("9699990017", CompanyForm.KB), ("197601092385", CompanyForm.EF)],
)
def test_the_register_tells_the_form(creditsafe: Creditsafe, number: str, form: CompanyForm) -> None:
    """A1: HB and KB share group 9; the bureau's answer tells them apart."""
    report = company(creditsafe, number, form)
    assert report.form == known(form)
    assert (report.owner is not None) is (form is CompanyForm.EF)


def test_a_sole_traders_owner_is_in_the_report(creditsafe: Creditsafe) -> None:
    """B1: for an EF the owner's report is the company's, by one question."""
    report = company(creditsafe, "197601232395", CompanyForm.EF)
    assert report.owner.trustee == known(True)
    assert report.status == known(CompanyStatus.ACTIVE)


@pytest.mark.parametrize(
    ("number", "fact", "expected"),
    [
        ("5599991006", "payment_remark_count", known(1)),
        ("5599991006", "payment_remark_sum", known(Money.kronor(12_500))),
        ("5599991006", "latest_payment_remark_on", known(date(2025, 11, 14))),
        ("5599991014", "payment_remark_count", known(4)),
        ("5599991022", "rating", known(Rating("25", RatingGrade.D))),
        ("5599991030", "rating", known(Rating("8", RatingGrade.E))),
        ("5599991048", "rating", Absent("creditsafe", AT, COMPANY_BLOCK)),
        ("5599991055", "rating", known(Rating("-29", RatingGrade.E))),
        ("5599991063", "kronofogden_debt", known(Money.kronor(45_000))),
        ("5599991071", "accounts_closed_on", Absent("creditsafe", AT, COMPANY_BLOCK)),
        ("5599991071", "registered_on", known(date(2026, 2, 2))),
        ("5599991089", "annual_turnover", Absent("creditsafe", AT, COMPANY_BLOCK)),
        ("5599991097", "f_tax", known(False)),
        ("5599991105", "status", known(CompanyStatus.BANKRUPT)),
        ("5599991105", "bankruptcy", known(True)),
        ("5599991113", "status", known(CompanyStatus.LIQUIDATION)),
        ("5599991121", "status", known(CompanyStatus.RECONSTRUCTION)),
        ("5599991139", "status", known(CompanyStatus.DEREGISTERED)),
        ("5599991147", "bankruptcy", known(True)),
        ("5599991154", "status", known(CompanyStatus.INACTIVE)),
        ("5599991162", "status", Unknown("creditsafe", AT, COMPANY_BLOCK)),
        ("5599991188", "payment_remark_count", Unknown("creditsafe", AT, COMPANY_BLOCK)),
        ("5599991188", "kronofogden_debt", Unknown("creditsafe", AT, COMPANY_BLOCK)),
        ("5599991196", "form", Unknown("creditsafe", AT, COMPANY_BLOCK)),
        ("5599999132", "kronofogden_debt", Unknown("creditsafe", AT, COMPANY_BLOCK)),
        ("5599999132", "status", known(CompanyStatus.ACTIVE)),
    ],
)
def test_what_a_company_report_says(creditsafe: Creditsafe, number: str, fact: str, expected: Any) -> None:
    """B7, D13: each is a fact of the report: known, absent or unknown."""
    assert getattr(company(creditsafe, number), fact) == expected


@pytest.mark.parametrize(
    ("number", "fact", "expected"),
    [
        ("197701112380", "payment_remark_count", known_of_person(1)),
        ("197701132396", "scoring", known_of_person(12)),
        ("197701252392", "income", known_of_person(Money.kronor(96_000))),
        ("197701312386", "income", Absent("creditsafe", AT, PERSON_BLOCK)),
        ("197702012399", "kronofogden_debt", known_of_person(Money.kronor(120_000))),
        ("197702022398", "income", Unknown("creditsafe", AT, PERSON_BLOCK)),
        ("197702102380", "trustee", known_of_person(True)),
        ("197702112389", "debt_restructuring", known_of_person(True)),
        ("197702182382", "trading_prohibition", known_of_person(True)),
        ("197703782396", "dormant_coordination_number", known_of_person(True)),
        ("197703052394", "protected", known_of_person(True)),
        ("197703052394", "income", Unknown("creditsafe", AT, PERSON_BLOCK)),
        ("197703152392", "protected", known_of_person(True)),
        ("197703152392", "payment_remark_count", known_of_person(0)),
        ("197703192398", "blocked", known_of_person(True)),
        ("197703242391", "deceased", known_of_person(True)),
        ("197703282397", "number_retired", known_of_person(True)),
        ("197703312384", "emigrated", known_of_person(True)),
        ("197703312392", "emigrated", known_of_person(True)),
        ("197703312392", "payment_remark_count", known_of_person(0)),
        ("197704012397", "number_retired", known_of_person(True)),
        ("197708192393", "kronofogden_debt", Unknown("creditsafe", AT, PERSON_BLOCK)),
    ],
)
def test_what_a_person_report_says(creditsafe: Creditsafe, number: str, fact: str, expected: Any) -> None:
    """B7, D13: each is a fact of the report: known, absent or unknown."""
    assert getattr(person(creditsafe, number), fact) == expected


def test_no_such_company_or_person_is_an_answer(creditsafe: Creditsafe) -> None:
    """B3: not a fault."""
    assert company(creditsafe, "5599991170") == NoMatch("5599991170", "creditsafe", AT)
    assert company(creditsafe, "9699991171", CompanyForm.KB) == NoMatch("9699991171", "creditsafe", AT)
    assert person(creditsafe, "197704062384") == NoMatch("197704062384", "creditsafe", AT)


def test_a_person_without_a_business_is_no_company_and_yet_a_person(creditsafe: Creditsafe) -> None:
    """A1: an EF is a registered business; its absence is an answer."""
    assert isinstance(company(creditsafe, "197601112399", CompanyForm.EF), NoMatch)
    assert isinstance(person(creditsafe, "197601112399"), PersonReport)


def test_a_slow_answer_that_comes_in_time_is_an_answer(creditsafe: Creditsafe) -> None:
    """B3: a report."""
    assert isinstance(company(creditsafe, "5599999009"), CompanyReport)
    assert isinstance(person(creditsafe, "197707042391"), PersonReport)


@pytest.mark.parametrize(("company_number", "person_number", "failure", "code"), FAULTS, ids=lambda value: str(value))
def test_what_goes_wrong_is_unavailable_refused_or_unknown(
    creditsafe: Creditsafe, company_number: str, person_number: str, failure: type[BureauFailure], code: str
) -> None:
    """B3, B4: only what was certainly not carried out may be asked again; a doubt is *unknown*."""
    for ask, number in ((company, company_number), (person, person_number)):
        with pytest.raises(failure) as caught:
            ask(creditsafe, number)
        assert caught.value.code == code


def test_what_arrived_is_kept_with_the_failure_and_not_in_its_text(creditsafe: Creditsafe) -> None:
    """B6: the answer as received, also when it is no report."""
    with pytest.raises(OutcomeUnknown) as caught:
        company(creditsafe, "5599999033")
    assert b"Runtime Error" in (caught.value.raw or b"")
    assert str(caught.value) == "http-500"


def test_the_answer_is_given_as_it_was_received(creditsafe: Creditsafe) -> None:
    """B6: byte for byte."""
    answer = creditsafe.person(PersonalNumber("197701072394"), reference="ref-7", at=AT)
    (received,) = answer.received
    assert received.part == "getdata"
    assert received.body.startswith(b"<?xml")
    assert b"TransactionId>ref-7<" in received.body


def test_the_status_alone_is_asked_of_a_block_without_copies(creditsafe: Creditsafe) -> None:
    """B5: company status is always fresh at the decision."""
    number = OrganisationNumber("9699991106")
    report = creditsafe.company_status(number, form=CompanyForm.HB, reference="ref-1", at=AT).report
    assert isinstance(report, CompanyReport)
    assert report.status == known(CompanyStatus.BANKRUPT, "BORGEN_C_BASIC")
    assert report.payment_remark_count == Unknown("creditsafe", AT, "BORGEN_C_BASIC")


def test_a_stored_answer_is_mapped_again_as_it_was_when_it_came(creditsafe: Creditsafe) -> None:
    """B6: a live question and a replay read the same."""
    number = OrganisationNumber("5599991014")
    answer = creditsafe.company(number, form=CompanyForm.AB, reference="ref-1", at=AT)
    again = creditsafe.read(answer.received, kind=QuestionKind.REPORT, number=number, form=CompanyForm.AB, at=AT)
    assert again == answer.report


def test_a_stored_answer_that_is_none_is_unknown_again(creditsafe: Creditsafe) -> None:
    """B6: a replay asks nobody and guesses nothing."""
    number = OrganisationNumber("5599991014")
    for received in ((), (Received("getdata", b"<html/>"),)):
        with pytest.raises(OutcomeUnknown):
            creditsafe.read(received, kind=QuestionKind.REPORT, number=number, form=CompanyForm.AB, at=AT)


def test_without_cas_the_account_cannot_be_checked_and_that_is_said(creditsafe: Creditsafe) -> None:
    """B3: GetData has no question that is about nobody."""
    answers, account = creditsafe.check()
    assert answers.holds
    assert answers.seconds is not None
    assert (account.holds, account.seconds) == (False, None)
    assert account.detail is not None
    assert "CREDITSAFE_CAS_URL" in account.detail.en


def test_a_check_of_a_bureau_that_is_not_there_says_why() -> None:
    """B3: and raises nothing."""
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        answers, _ = Creditsafe(settings_for(f"http://127.0.0.1:{unheard.getsockname()[1]}/")).check()
    assert not answers.holds
    assert answers.detail == ("Ingen förbindelse (no-connection)", "No connection (no-connection)")


def test_a_question_that_no_xml_can_hold_is_not_sent(address: str) -> None:
    """B3: refused, and no other exception leaves the client."""
    bureau = Creditsafe(settings_for(address, letter_text="en\x00text"))
    with pytest.raises(BureauRefused, match="unwritable"):
        person(bureau, "197701072394")


def test_the_letter_carries_the_customers_text() -> None:
    """A6: it stands on the copy to the subject."""
    asked: list[bytes] = []

    def listening(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        asked.append(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        start_response("503 Service Unavailable", [])
        return []

    with served(listening) as address, pytest.raises(BureauUnavailable):
        person(Creditsafe(settings_for(address, letter_text="Fråga oss & vi svarar", language="EN")), "197701072394")
    assert "LODCustFreeText>Fråga oss &amp; vi svarar<".encode() in asked[0]
    assert b"Language>EN<" in asked[0]
    assert b"SearchNumber>7701072394<" in asked[0]


def test_without_a_block_for_it_the_status_alone_is_refused(address: str) -> None:
    """B3, B4: asking again would not help, and no block is asked for that has copies sent."""
    bureau = Creditsafe(settings_for(address))
    with pytest.raises(BureauRefused, match="no-status-block"):
        bureau.company_status(OrganisationNumber("9699990009"), form=CompanyForm.HB, reference="ref-1", at=AT)


def test_sole_traders_are_asked_about_with_their_own_block_where_there_is_one(address: str) -> None:
    """B1: the stand-in has no block of that name, and says so of sole traders alone."""
    bureau = Creditsafe(settings_for(address, sole_trader_block="TRADER"))
    with pytest.raises(BureauRefused, match="11"):
        company(bureau, "197601092385", CompanyForm.EF)
    assert isinstance(company(bureau, "5599990008"), CompanyReport)


def test_a_configured_mapping_is_what_answers_are_read_by(address: str) -> None:
    """D13: a fact whose column is taken away is unknown, and one that has another name is found there."""
    bureau = Creditsafe(settings_for(address, mapping={"company": {"vat": None, "employees": "CREDIT_LIMIT"}}))
    report = company(bureau, "5599990008")
    assert report.vat == Unknown("creditsafe", AT, COMPANY_BLOCK)
    assert report.employees == known(int(report.credit_limit.value.ore // 100))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"password": Secret("fel")}, "9"),
        ({"username": "nobody"}, "9"),
        ({"person_block": "BORGEN_CREDIT"}, "11"),
    ],
)
def test_a_wrong_account_or_block_is_refused(address: str, changes: dict[str, Any], code: str) -> None:
    """B3: refused, may not be asked again."""
    with pytest.raises(BureauRefused) as caught:
        person(Creditsafe(settings_for(address, **changes)), "197701072394")
    assert caught.value.code == code


def test_a_failure_is_explained_to_staff_in_both_languages(creditsafe: Creditsafe) -> None:
    assert creditsafe.explain("8") == ("Inga rapporter återstår på kontot", "No reports are left on the account")


def test_nobody_listening_is_certainly_undelivered() -> None:
    """B1, B3: unavailable, the next bureau may be asked."""
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        bureau = Creditsafe(settings_for(f"http://127.0.0.1:{unheard.getsockname()[1]}/"))
        with pytest.raises(BureauUnavailable, match="no-connection"):
            person(bureau, "197701072394")


def test_a_certificate_that_is_not_trusted_gets_no_question() -> None:
    """B3: the handshake fails before the password is sent."""
    asked: list[str] = []

    def listening(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        start_response("200 OK", [])
        return []

    with served(listening, tls=True) as address, pytest.raises(BureauUnavailable, match="certificate"):
        person(Creditsafe(settings_for(address)), "197701072394")
    assert asked == []


@pytest.mark.parametrize(
    "url",
    [
        "http://webservice.creditsafe.se/getdata/getdata.asmx",
        "http://127.0.0.1.example.com/",
        "ftp://127.0.0.1/",
        "http://192.0.2.1/",
        "file:///etc/passwd",
        "",
    ],
)
def test_an_address_in_clear_beyond_loopback_is_refused_at_start(url: str) -> None:
    with pytest.raises(ValueError, match="neither https nor on loopback"):
        Creditsafe(settings_for(url))


def test_a_redirect_never_sees_the_password() -> None:
    """The question is refused, and the place it was sent to is not asked."""
    asked: list[str] = []

    def elsewhere(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        asked.append(environ["PATH_INFO"])
        start_response("307 Temporary Redirect", [("Location", "/elsewhere")])
        return []

    with served(elsewhere) as address, pytest.raises(BureauRefused, match="http-307"):
        person(Creditsafe(settings_for(address)), "197701072394")
    assert asked == ["/getdata/getdata.asmx"]


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        ("202 Accepted", OutcomeUnknown),
        ("401 Unauthorized", BureauRefused),
        ("404 Not Found", BureauRefused),
        ("408 Request Timeout", BureauUnavailable),
        ("429 Too Many Requests", BureauUnavailable),
        ("502 Bad Gateway", OutcomeUnknown),
        ("503 Service Unavailable", BureauUnavailable),
        ("504 Gateway Timeout", OutcomeUnknown),
    ],
)
def test_what_a_status_says_of_the_question(status: str, failure: type[BureauFailure]) -> None:
    """B3, B4: a gateway that gave up cannot tell whether the question was carried out."""

    def page(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response(status, [("Content-Type", "text/html")])
        return [b"<html></html>"]

    with served(page) as address, pytest.raises(failure):
        person(Creditsafe(settings_for(address)), "197701072394")


def test_a_failed_question_is_sent_once() -> None:
    """B4: no retry, at any layer, of a question on a person."""
    questions: list[bytes] = []
    app = create_app(StandIn(username="borgen", password=PASSWORD, silent_seconds=1.0))

    def counting(environ: dict[str, Any], start_response: Any) -> Any:
        questions.append(environ["REQUEST_METHOD"].encode())
        return app(environ, start_response)

    numbers = ("197707052382", "197707132390", "197708102392", "197707162397")
    with served(counting) as address:
        bureau = Creditsafe(settings_for(address))
        for number in numbers:
            with pytest.raises(BureauFailure):
                person(bureau, number)
    assert questions == [b"POST"] * len(numbers)


def test_one_client_serves_many_threads_without_mixing_their_answers(creditsafe: Creditsafe) -> None:
    """B2: all reports of an application are asked for at the same time."""
    numbers = ["197701072394", "197701112380", "197701132396", "197701252392"] * 6
    with ThreadPoolExecutor(8) as pool:
        reports = list(pool.map(lambda number: person(creditsafe, number), numbers))
    assert [report.number for report in reports] == numbers
    assert [report.payment_remark_count.value for report in reports] == [0, 1, 5, 0] * 6
