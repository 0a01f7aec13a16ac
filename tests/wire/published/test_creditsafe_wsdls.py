"""Creditsafe's SOAP clients against services that are made from the published WSDLs alone.

What the WSDLs leave open (the columns of a block, the words in them, the codes) is as `shared/bureaus` tells it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import pytest
from lxml import etree

from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.errors import BureauFailure, BureauRefused
from bureau_clients.facts import Absent, Known
from bureau_clients.questions import Outcome
from bureau_clients.reports import (
    Answer,
    CompanyReport,
    CompanyStatus,
    NoMatch,
    Opinion,
    PersonReport,
    Rating,
    RatingGrade,
    Verdict,
)
from bureau_clients.transport import check_address
from tests.wire.published.originals import original
from tests.wire.published.wsdl_service import Asked, Contents, Description, WsdlService, answering
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.bureau_settings import CreditsafeSettings
from underwriting.platform.environment import Secret

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
COMPANY = OrganisationNumber("5569565855")
PERSON = PersonalNumber("194502198429")
PASSWORD = "lösen&<ord>"

XS = "http://www.w3.org/2001/XMLSchema"
DIFFGRAM = "urn:schemas-microsoft-com:xml-diffgram-v1"

COMPANY_ROW = {
    "ORGNR": "5569565855",
    "NAME": "Bygg & Måleri AB",
    "COMPANY_STATUS": "Aktiv",
    "COMPANY_TYPE_TEXT": "Aktiebolag",
    "INCORPORATION_DATE": "2014-02-03",
    "RATING": "64",
    "TELEPHONE": "08-123 45 67",
}
PERSON_ROW = {
    "PNR": "4502198429",
    "FIRST_NAME": "Åsa",
    "LAST_NAME": "Öberg",
    "PROTECTED": "Nej",
    "EMIGRATED": "Nej",
    "HAS_TRUSTEE": "Ja",
    "SCORING": "37",
    "ROP_NUMBER1": "2",
    "DEBT_SUM": "",
    "DEBT_PERSON": "Ja",
    "INCOME": "312000",
    "GENDER": "K",
}
KINDS = {"company": "CasCompanyService", "person": "CasPersonService"}


def data_set(rows: Sequence[Mapping[str, str]]) -> list[etree._Element]:
    """What .NET writes for a DataSet: its schema, and a diffgram of its rows; none of it is in the WSDL."""
    schema = etree.Element(f"{{{XS}}}schema", {"id": "NewDataSet"}, nsmap={"xs": XS})
    diffgram = etree.Element(f"{{{DIFFGRAM}}}diffgram", nsmap={"diffgr": DIFFGRAM})
    if rows:
        inside = etree.SubElement(diffgram, "NewDataSet")
        for place, row in enumerate(rows, start=1):
            element = etree.SubElement(inside, "GETDATA_RESPONSE", {f"{{{DIFFGRAM}}}id": f"GETDATA_RESPONSE{place}"})
            for column, text in row.items():
                etree.SubElement(element, column).text = text
    return [schema, diffgram]


def get_data(asked: Asked, rows: Sequence[Mapping[str, str]], *, error: Any = None) -> Contents:
    """The answer to *asked*: its number, transaction and block again, and *rows* or the *error*."""
    texts = {name.rpartition("/")[2]: text for name, text in asked.texts.items()}
    return {
        "GetDataBySecureResult": {
            "SearchNumber": texts["SearchNumber"],
            "TransactionId": texts["TransactionId"],
            "Error": error,
            "Block_Name": texts["Block_Name"],
            "Parameters": {"#any": data_set(rows)} if error is None or rows else None,
        }
    }


def cas(asked: Asked, status: str, *, reasons: Sequence[str] = ()) -> Contents:
    """The answer to *asked*: a decision, and the codes of its reasons."""
    errors = {"ERROR": [{"Cause_of_Reject": code} for code in reasons]}
    number = {"CasPersonService": "Personnr", "CasCompanyService": "Org_nr"}[asked.operation]
    texts = {name.rpartition("/")[2]: text for name, text in asked.texts.items()}
    decision = {number: texts["SearchNumber"], "Status": status, "ErrorList": errors}
    return {f"{asked.operation}Result": decision}


@pytest.fixture
def get_data_service() -> WsdlService:
    """GetData, which knows one company and one person."""

    def answer(asked: Asked) -> Contents:
        is_person = "_P_" in asked.texts["GetData_Request/Block_Name"]
        return get_data(asked, [PERSON_ROW if is_person else COMPANY_ROW])

    return WsdlService(Description(original("creditsafe/getdata.wsdl")), answer)


@pytest.fixture
def cas_service() -> WsdlService:
    """CAS, which approves everybody."""
    return WsdlService(Description(original("creditsafe/cas_service.wsdl")), lambda asked: cas(asked, "1"))


@pytest.fixture
def addresses(get_data_service: WsdlService, cas_service: WsdlService) -> Iterator[tuple[str, str]]:
    """Where the two answer."""
    with answering(get_data_service) as get_data_address, answering(cas_service) as cas_address:
        yield get_data_address, cas_address


@pytest.fixture
def alone(addresses: tuple[str, str]) -> Creditsafe:
    """The client of GetData without CAS."""
    return Creditsafe(settings_for(addresses[0]))


@pytest.fixture
def both(addresses: tuple[str, str]) -> Creditsafe:
    """The client of GetData and CAS."""
    templates = {"company_template": "BORGEN_CAS_C1", "person_template": "BORGEN_CAS_P1"}
    return Creditsafe(settings_for(addresses[0], cas_url=addresses[1], **templates))


def settings_for(url: str, **more: Any) -> CreditsafeSettings:
    values = {
        "username": "borgen",
        "password": Secret(PASSWORD),
        "company_block": "BORGEN_C_CREDIT",
        "person_block": "BORGEN_P_CREDIT",
        "status_block": "BORGEN_C_BASIC",
        "connect_timeout_seconds": 5.0,
        "read_timeout_seconds": 20.0,
    }
    return CreditsafeSettings(url=url, **{**values, **more})


def company(client: Creditsafe) -> Answer:
    return client.company(COMPANY, form=CompanyForm.AB, reference="ref-1", at=AT)


def person(client: Creditsafe) -> Answer:
    return client.person(PERSON, reference="ref-2", at=AT)


ASK: Mapping[str, Callable[[Creditsafe], Answer]] = {"company": company, "person": person}


def known(report: object, name: str) -> Any:
    fact = getattr(report, name)
    assert isinstance(fact, Known), f"{name} is {fact}"
    return fact.value


def test_a_company_is_asked_about_and_read_as_the_wsdl_has_it(get_data_service: WsdlService, alone: Creditsafe) -> None:
    """B3: a report."""
    report = company(alone).report
    assert isinstance(report, CompanyReport)
    assert {name: known(report, name) for name in ("name", "status", "form", "registered_on", "rating")} == {
        "name": "Bygg & Måleri AB",
        "status": CompanyStatus.ACTIVE,
        "form": CompanyForm.AB,
        "registered_on": date(2014, 2, 3),
        "rating": Rating("64", RatingGrade.B),  # 51 to 70
    }
    assert get_data_service.violations == []
    (asked,) = get_data_service.asked
    assert (asked.operation, {name: text for name, text in asked.texts.items() if text}) == (
        "GetDataBySecure",
        {
            "GetData_Request/account/UserName": "borgen",
            "GetData_Request/account/Password": PASSWORD,
            "GetData_Request/account/TransactionId": "ref-1",
            "GetData_Request/account/Language": "SWE",
            "GetData_Request/Block_Name": "BORGEN_C_CREDIT",
            "GetData_Request/SearchNumber": "5569565855",
            "GetData_Request/FormattedOutput": "1",
        },
    )


def test_a_person_is_asked_about_and_read_as_the_wsdl_has_it(get_data_service: WsdlService, alone: Creditsafe) -> None:
    """B3: a report; B7: the facts of a person."""
    report = person(alone).report
    assert isinstance(report, PersonReport)
    names = ("name", "protected", "emigrated", "trustee", "debt_restructuring", "scoring", "payment_remark_count")
    assert {name: known(report, name) for name in (*names, "kronofogden_debt", "income")} == {
        "name": "Åsa Öberg",
        "protected": False,
        "emigrated": False,
        "trustee": True,
        "debt_restructuring": True,
        "scoring": 37,
        "payment_remark_count": 2,
        "kronofogden_debt": Money.ZERO,  # an empty DEBT_SUM
        "income": Money.kronor("312000"),
    }
    assert get_data_service.violations == []
    assert get_data_service.asked[0].texts["GetData_Request/SearchNumber"] == "4502198429"


def test_the_register_status_is_asked_for_with_its_own_block(get_data_service: WsdlService, alone: Creditsafe) -> None:
    """B5: of which nobody is sent a copy."""
    report = alone.company_status(COMPANY, form=CompanyForm.AB, reference="ref-3", at=AT).report
    assert known(report, "status") is CompanyStatus.ACTIVE
    assert [asked.texts["GetData_Request/Block_Name"] for asked in get_data_service.asked] == ["BORGEN_C_BASIC"]
    assert get_data_service.violations == []


@pytest.mark.parametrize(
    ("code", "outcome"),
    [("15", Outcome.NO_MATCH), ("14", Outcome.UNAVAILABLE), ("9", Outcome.REFUSED), ("S231", Outcome.REPORT)],
)
def test_an_error_in_an_answer_is_told_apart(
    get_data_service: WsdlService, alone: Creditsafe, code: str, outcome: Outcome
) -> None:
    """B3: an error stands in an answer that is otherwise in order."""
    get_data_service.answer = lambda asked: get_data(asked, [], error={"Cause_of_Reject": code})
    assert outcome_of(lambda: company(alone)) is outcome


def outcome_of(ask: Callable[[], Answer]) -> Outcome:
    try:
        report = ask().report
    except BureauFailure as failure:
        return failure.outcome
    return Outcome.NO_MATCH if isinstance(report, NoMatch) else Outcome.REPORT


def test_whatever_an_answer_leaves_out_it_is_a_report_or_a_failure(
    get_data_service: WsdlService, alone: Creditsafe
) -> None:
    """B3: three outcomes only; the schema lets every element be left out."""
    description = get_data_service.description
    paths = [path for path in description.optional_paths("GetDataBySecureResponse") if "Error" not in path]
    assert {path[-1] for path in paths} >= {"SearchNumber", "TransactionId", "Block_Name", "Parameters"}
    for path in paths:
        get_data_service.answer = lambda asked, path=path: without(get_data(asked, [COMPANY_ROW]), path)  # type: ignore[misc]
        expected = Outcome.UNKNOWN if path[-1] in ("GetDataBySecureResult", "Parameters") else Outcome.REPORT
        assert (path, outcome_of(lambda: company(alone))) == (path, expected)


def without(contents: Contents, path: Sequence[str]) -> Contents:
    name, *rest = path
    return {**contents, name: without(contents[name], rest) if rest else None}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("status", "verdict"), [("1", Verdict.APPROVED), ("2", Verdict.REJECTED), ("4", Verdict.MANUAL)]
)
def test_cas_is_asked_by_its_wsdl_and_its_decision_stands_in_the_report(
    cas_service: WsdlService, both: Creditsafe, kind: str, status: str, verdict: Verdict
) -> None:
    """D13: a fact with its source."""
    reasons = () if status == "1" else ("P24", "P10")
    cas_service.answer = lambda asked: cas(asked, status, reasons=reasons)
    answer = ASK[kind](both)
    assert known(answer.report, "opinion") == Opinion(verdict, reasons)
    assert [received.part for received in answer.received] == ["getdata", "cas"]
    assert cas_service.violations == []
    (asked,) = cas_service.asked
    root = {"company": "cas_company", "person": "cas_person"}[kind]
    assert asked.operation == KINDS[kind]
    assert asked.texts[f"{root}/account/UserName"] == "borgen"
    assert asked.texts[f"{root}/account/Password"] == PASSWORD
    assert asked.texts[f"{root}/SearchNumber"] == {"company": "5569565855", "person": "4502198429"}[kind]
    assert asked.texts[f"{root}/Templates"] == {"company": "BORGEN_CAS_C1", "person": "BORGEN_CAS_P1"}[kind]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("status", "reasons"), [("3", ()), ("", ()), ("godkänd", ()), ("2", ("9",)), ("1", ("9",))])
def test_a_decision_that_is_none_is_not_an_approval(
    cas_service: WsdlService, both: Creditsafe, kind: str, status: str, reasons: Sequence[str]
) -> None:
    """D13: a status that is not listed, or a number as reason (a service error), tells nothing; the report stands."""
    cas_service.answer = lambda asked: cas(asked, status, reasons=reasons)
    report = ASK[kind](both).report
    assert isinstance(report, CompanyReport | PersonReport)
    assert not isinstance(report.opinion, Known | Absent)
    assert known(report, "name")


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_a_decision_leaves_out_the_report_stands(
    cas_service: WsdlService, both: Creditsafe, kind: str
) -> None:
    """B3: what is asked for beside the report never costs the report."""
    description = cas_service.description
    for path in list(description.optional_paths(f"{KINDS[kind]}Response")):
        cas_service.answer = lambda asked, path=path: left_out(asked, path)  # type: ignore[misc]
        report = ASK[kind](both).report
        assert isinstance(report, CompanyReport | PersonReport)
        if path[-1] in (f"{KINDS[kind]}Result", "Status"):
            assert not isinstance(report.opinion, Known)
        elif "ErrorList" not in path:
            assert known(report, "opinion") == Opinion(Verdict.REJECTED, ("P24",))


def left_out(asked: Asked, path: Sequence[str]) -> Contents:
    contents: Any = cas(asked, "2", reasons=("P24",))
    if "ERROR" in path:
        return {f"{asked.operation}Result": {"Status": "2", "ErrorList": without({"ERROR": {}}, path[2:])}}
    return without(contents, path)


def test_the_templates_are_listed_to_see_whether_the_credentials_hold(
    cas_service: WsdlService, get_data_service: WsdlService, both: Creditsafe
) -> None:
    """B3: nobody is asked about."""
    cas_service.answer = lambda _: templates("BORGEN_CAS_C1", "BORGEN_CAS_P1")
    checks = both.check()
    assert checks
    assert all(check.holds for check in checks), checks
    assert cas_service.violations == get_data_service.violations == []
    assert {asked.operation for asked in cas_service.asked} == {"GetTemplateList"}
    (account, *_) = [asked.texts for asked in cas_service.asked]
    assert account["cas_service/Account/UserName"] == "borgen"  # with a capital A here alone
    assert account["cas_service/Account/Password"] == PASSWORD


@pytest.mark.parametrize(
    "contents",
    [
        {"GetTemplateListResult": {"error": None, "templates": {"Template": []}}},
        {"GetTemplateListResult": {"error": None, "templates": None}},
        {"GetTemplateListResult": {"error": {"Cause_of_Reject": "9"}, "templates": None}},
        {"GetTemplateListResult": None},
    ],
)
def test_a_template_that_is_not_listed_does_not_hold(
    cas_service: WsdlService, both: Creditsafe, contents: Contents
) -> None:
    """B3: found before anybody is asked about."""
    cas_service.answer = lambda _: contents
    assert not all(check.holds for check in both.check())
    assert cas_service.violations == []


def templates(*names: str) -> Contents:
    listed = [
        {"TemplateName": name, "ReportType": "Company" if "_C1" in name else "Consumer", "ValidateAddress": "false"}
        for name in names
    ]
    return {"GetTemplateListResult": {"error": None, "templates": {"Template": listed}, "TransactionId": "t"}}


def test_the_address_that_cas_publishes_is_not_used() -> None:
    """B3: it is http, and the password stands in the message."""
    (published,) = Description(original("creditsafe/cas_service.wsdl")).addresses
    with pytest.raises(ValueError, match="https"):
        check_address(published)
    with pytest.raises(ValueError, match="https"):
        Creditsafe(settings_for("https://127.0.0.1/getdata", cas_url=published, company_template="BORGEN_CAS_C1"))


def test_a_message_that_the_wsdl_does_not_have_is_a_refusal(addresses: tuple[str, str]) -> None:
    """B3: the service blames the caller; this shows that the services here would have found one."""
    with pytest.raises(BureauRefused):
        company(Creditsafe(settings_for(addresses[1])))  # GetData's question to CAS
