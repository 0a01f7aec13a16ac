"""CAS beside GetData over SOAP, in front of the stand-in."""

from datetime import UTC, datetime
from typing import Any

import pytest

from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.errors import BureauFailure
from bureau_clients.facts import Known, Unknown
from bureau_clients.questions import QuestionKind
from bureau_clients.reports import Answer, CompanyStatus, NoMatch, Opinion, PersonReport, Verdict
from bureau_clients.sandbox.creditsafe import StandIn
from bureau_clients.sandbox.faults import Fault, ServiceError, Trouble
from bureau_clients.sandbox.questions import CREDITSAFE, Kind
from tests.wire.creditsafe.conftest import COMPANY_TEMPLATE, PERSON_TEMPLATE, served, with_cas
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.environment import Secret

AT = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
CLEAN_COMPANY, CLEAN_PERSON = "5599990008", "197701072394"


@pytest.fixture
def bureau(own_address: str) -> Creditsafe:
    """The client that asks GetData and CAS."""
    return Creditsafe(with_cas(own_address))


def company(bureau: Creditsafe, number: str = CLEAN_COMPANY, form: CompanyForm = CompanyForm.AB) -> Answer:
    digits = PersonalNumber(number) if form is CompanyForm.EF else OrganisationNumber(number)
    return bureau.company(digits, form=form, reference="ref-1", at=AT)


def person(bureau: Creditsafe, number: str = CLEAN_PERSON) -> Answer:
    return bureau.person(PersonalNumber(number), reference="ref-1", at=AT)


def opinion_of(answer: Answer) -> Any:
    assert not isinstance(answer.report, NoMatch)
    return answer.report.opinion


def known(verdict: Verdict, *reasons: str, template: str = COMPANY_TEMPLATE) -> Known[Opinion]:
    return Known(Opinion(verdict, reasons), "creditsafe", AT, template)


def parts(answer: Answer) -> list[str]:
    return [received.part for received in answer.received]


def asked(stand_in: StandIn) -> list[tuple[str, str]]:
    return [(each.question.operation, each.question.what) for each in stand_in.control.questions(CREDITSAFE)]


@pytest.mark.parametrize(
    ("number", "opinion"),
    [
        (CLEAN_COMPANY, known(Verdict.APPROVED)),
        ("5599992707", known(Verdict.REJECTED, "C24")),
        ("5599991105", known(Verdict.REJECTED, "C24")),
    ],
)
def test_what_the_template_says_of_a_company(bureau: Creditsafe, number: str, opinion: Known[Opinion]) -> None:
    """B7: a fact of the report, with the template as its part."""
    answer = company(bureau, number)
    assert opinion_of(answer) == opinion
    assert parts(answer) == ["getdata", "cas"]


@pytest.mark.parametrize(
    ("number", "opinion"),
    [
        (CLEAN_PERSON, known(Verdict.APPROVED, template=PERSON_TEMPLATE)),
        ("197705162399", known(Verdict.REJECTED, "P24", template=PERSON_TEMPLATE)),
        ("197705222383", known(Verdict.MANUAL, "P51", template=PERSON_TEMPLATE)),
    ],
)
def test_what_the_template_says_of_a_person(bureau: Creditsafe, number: str, opinion: Known[Opinion]) -> None:
    """B7: a fact of the report, with the template as its part."""
    assert opinion_of(person(bureau, number)) == opinion


def test_a_sole_trader_is_decided_by_the_companies_template(bureau: Creditsafe, stand_in: StandIn) -> None:
    """B1: for an EF the owner's report is the company's."""
    answer = company(bureau, "197602182391", CompanyForm.EF)
    assert opinion_of(answer) == known(Verdict.REJECTED, "P24")
    assert asked(stand_in) == [("GetDataBySecure", "BORGEN_C_CREDIT"), ("CasCompanyService", COMPANY_TEMPLATE)]


def test_an_answer_of_both_is_mapped_again_as_it_was_when_it_came(bureau: Creditsafe) -> None:
    """B6: also when CAS is not asked any more."""
    answer = company(bureau, "5599992707")
    again = bureau.read(
        answer.received, kind=QuestionKind.REPORT, number=OrganisationNumber("5599992707"), form=CompanyForm.AB, at=AT
    )
    assert again == answer.report


@pytest.mark.parametrize(
    ("trouble", "kept"),
    [
        (Fault.SILENT, []),
        (Fault.CUT, []),
        (Fault.BROKEN_OFF, []),
        (Fault.TOO_LARGE, []),
        (Fault.SERVER_ERROR, ["cas-failed"]),
        (Fault.NOT_HANDLED, ["cas-failed"]),
        (Fault.PAGE, ["cas-failed"]),
        (Fault.REDIRECT, ["cas-failed"]),
        (Fault.SOAP_FAULT, ["cas-failed"]),
        (Fault.TRUNCATED, ["cas-failed"]),
        (Fault.GARBLED, ["cas-failed"]),
        (Fault.ENTITIES, ["cas-failed"]),
        (Fault.ANOTHER_SUBJECT, ["cas-failed"]),
        (ServiceError.WRONG_TEMPLATE, ["cas-failed"]),
        (ServiceError.NO_REPORTS_LEFT, ["cas-failed"]),
        (ServiceError.TRY_LATER, ["cas-failed"]),
        (ServiceError.NO_MATCH, ["cas-failed"]),
    ],
)
def test_whatever_becomes_of_cas_the_report_stands(
    bureau: Creditsafe, stand_in: StandIn, trouble: Trouble, kept: list[str]
) -> None:
    """B3, B6: the opinion is unknown, what was received of it is kept, and nothing is asked twice."""
    stand_in.control.inject(CREDITSAFE, trouble, kind=Kind.OPINION)
    for answer, template in ((company(bureau), COMPANY_TEMPLATE), (person(bureau), PERSON_TEMPLATE)):
        assert opinion_of(answer) == Unknown("creditsafe", AT, template)
        assert parts(answer) == ["getdata", *kept]
        assert not isinstance(answer.report, NoMatch)
        assert isinstance(answer.report.name, Known)
    assert len(asked(stand_in)) == 4


@pytest.mark.parametrize("number", ["5599991170", "5599991139"])
def test_cas_is_not_asked_where_there_is_no_report_to_add_to(
    bureau: Creditsafe, stand_in: StandIn, number: str
) -> None:
    """B4: a company that is not there, or is gone; an opinion on it would cost and say nothing."""
    assert parts(company(bureau, number)) == ["getdata"]
    assert [operation for operation, _ in asked(stand_in)] == ["GetDataBySecure"]


def test_cas_is_not_asked_where_getdata_failed(bureau: Creditsafe, stand_in: StandIn) -> None:
    """B4: the question has failed as it is."""
    with pytest.raises(BureauFailure):
        person(bureau, "197707132390")
    assert len(asked(stand_in)) == 1


def test_cas_is_asked_for_reports_alone_and_only_of_those_who_have_a_template(
    own_address: str, stand_in: StandIn
) -> None:
    """B5: the status alone costs nothing and tells nobody."""
    bureau = Creditsafe(with_cas(own_address, status_block="BORGEN_C_BASIC", person_template=None))
    bureau.company_status(OrganisationNumber(CLEAN_COMPANY), form=CompanyForm.AB, reference="ref-1", at=AT)
    assert opinion_of(person(bureau)) == Unknown("creditsafe", AT, "BORGEN_P_CREDIT")
    assert {operation for operation, _ in asked(stand_in)} == {"GetDataBySecure"}


def test_a_reason_of_the_register_settles_the_fact_also_against_the_block() -> None:
    """B7: CAS says that the person is dead; an older answer of the block does not."""
    answers = {
        "GetData": "<SearchNumber>7701072394</SearchNumber><Parameters><x:schema"
        ' xmlns:x="http://www.w3.org/2001/XMLSchema"/><d:diffgram xmlns:d="urn:schemas-microsoft-com:xml-diffgram-v1">'
        '<NewDataSet xmlns=""><GETDATA_RESPONSE><PNR>7701072394</PNR></GETDATA_RESPONSE></NewDataSet>'
        "</d:diffgram></Parameters>",
        "Cas": "<Personnr>7701072394</Personnr><Status>2</Status><ErrorList><ERROR><Cause_of_Reject>P6"
        "</Cause_of_Reject></ERROR></ErrorList>",
    }

    def answering(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        message = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
        is_cas = "CasPersonService" in message
        operation, area = ("CasPersonService", "CAS") if is_cas else ("GetDataBySecure", "getdata")
        start_response("200 OK", [("Content-Type", "text/xml; charset=utf-8")])
        result = f"<{operation}Result>{answers['Cas' if is_cas else 'GetData']}</{operation}Result>"
        inside = f'<{operation}Response xmlns="https://webservice.creditsafe.se/{area}/">{result}</{operation}Response>'
        envelope = f'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{inside}</s:Body>'
        return [f"{envelope}</s:Envelope>".encode()]

    with served(answering) as url:
        report = person(Creditsafe(with_cas(url))).report
    assert isinstance(report, PersonReport)
    assert report.deceased == Known(True, "creditsafe", AT, PERSON_TEMPLATE)
    assert report.blocked == Known(False, "creditsafe", AT, "BORGEN_P_CREDIT")


def test_the_check_asks_for_the_templates_and_about_nobody(bureau: Creditsafe, stand_in: StandIn) -> None:
    """B3: user name, password and both templates, each with how long it took."""
    checks = bureau.check()
    assert [(check.what.en, check.holds, check.detail) for check in checks] == [
        ("GetData answers", True, None),
        ("CAS: user name and password", True, None),
        (f"Template {COMPANY_TEMPLATE}", True, None),
        (f"Template {PERSON_TEMPLATE}", True, None),
    ]
    assert all(check.seconds is not None for check in checks)
    assert asked(stand_in) == [("GetTemplateList", kind) for kind in ("Company", "Company", "Consumer")]


def test_the_check_says_which_template_is_missing(own_address: str) -> None:
    """B3: a template of persons is none for companies."""
    checks = Creditsafe(with_cas(own_address, company_template=PERSON_TEMPLATE, person_template=None)).check()
    assert [(check.what.en, check.holds) for check in checks[1:]] == [
        ("CAS: user name and password", True),
        (f"Template {PERSON_TEMPLATE}", False),
    ]
    assert checks[2].detail == ("Mallen finns inte på kontot (12)", "The template is not on the account (12)")


def test_the_check_says_that_the_password_is_wrong(own_address: str) -> None:
    """B3: without a template the account alone is looked at."""
    settings = with_cas(own_address, password=Secret("fel"), company_template=None, person_template=None)
    _, account = Creditsafe(settings).check()
    assert not account.holds
    assert account.detail == ("Fel användarnamn eller lösenord (9)", "Wrong user name or password (9)")


@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.PAGE, Fault.NOT_HANDLED, Fault.TRUNCATED])
def test_a_check_that_gets_no_answer_raises_nothing(bureau: Creditsafe, stand_in: StandIn, fault: Fault) -> None:
    """B3: and says why."""
    stand_in.control.inject(CREDITSAFE, fault, kind=Kind.TEMPLATES)
    account = bureau.check()[1]
    assert not account.holds
    assert account.detail is not None


def test_cas_in_clear_beyond_loopback_is_refused_at_start(own_address: str) -> None:
    """B3: the address that the published description gives is one."""
    with pytest.raises(ValueError, match="neither https nor on loopback"):
        Creditsafe(with_cas(own_address, cas_url="http://webservice.creditsafe.se/CAS/cas_service.asmx"))


def test_all_that_is_asked_counts_into_the_longest_call(own_address: str) -> None:
    """B5: a lease lasts until nobody can be asking any more."""
    alone = Creditsafe(with_cas(own_address, cas_url=None)).longest_call
    assert Creditsafe(with_cas(own_address)).longest_call == 2 * alone


def test_a_company_in_bankruptcy_is_so_by_the_block_and_rejected_by_the_template(bureau: Creditsafe) -> None:
    """B7: each says its own."""
    report = company(bureau, "5599991105").report
    assert not isinstance(report, NoMatch | PersonReport)
    assert report.status == Known(CompanyStatus.BANKRUPT, "creditsafe", AT, "BORGEN_C_CREDIT")
