"""The stand-ins' answers against what the bureaus published: so that a client that knows them knows the real ones."""

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from flask.testing import FlaskClient
from lxml import etree

from bureau_clients.sandbox import bisnode, creditsafe
from bureau_clients.sandbox.bisnode_company import SEGMENTS
from bureau_clients.sandbox.faults import ServiceError
from bureau_clients.sandbox.magic import MagicNumber
from bureau_clients.sandbox.numbers import magic_numbers
from bureau_clients.sandbox.questions import BISNODE, Kind
from bureau_clients.sandbox.stand_in import StandIn
from tests.wire.published.credit_model import CreditModel
from tests.wire.published.originals import original
from tests.wire.published.wsdl_service import Description

ACCOUNT = {"UserName": "borgen", "Password": "hemligt", "Language": "SWE"}
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
HEALTHY = [number for number in magic_numbers() if number.trouble is None]
COMPANIES = [number for number in HEALTHY if len(number.number) == 10 or number.number.startswith("1976")]
DECLINED = [
    number
    for number in magic_numbers()
    if isinstance(number.trouble, ServiceError) and Kind.COMPANY in number.troubled and number.is_at(BISNODE)
]


def stand_in() -> StandIn:
    return StandIn(username="borgen", password="hemligt")


@pytest.fixture(scope="module")
def rest() -> Iterator[FlaskClient]:
    """Bisnode's stand-in."""
    with bisnode.create_app(stand_in()).test_client() as client:
        yield client


@pytest.fixture(scope="module")
def soap() -> Iterator[FlaskClient]:
    """Creditsafe's."""
    with creditsafe.create_app(stand_in()).test_client() as client:
        yield client


@pytest.fixture(scope="module")
def token(rest: FlaskClient) -> Mapping[str, str]:
    """What a question is asked with."""
    given = rest.post(bisnode.TOKEN_PATH, data={"grant_type": "client_credentials"}, auth=("borgen", "hemligt"))
    return {"Authorization": f"Bearer {given.get_json()['access_token']}"}


def name(number: MagicNumber) -> str:
    return number.number


@pytest.mark.parametrize("number", COMPANIES, ids=name)
def test_a_companys_report_is_of_bisnodes_model_and_has_nothing_else(
    rest: FlaskClient, token: Mapping[str, str], number: MagicNumber
) -> None:
    """X1: with every segment."""
    question = {"registrationNumber": number.number[-10:], "segments": list(SEGMENTS)}
    response = rest.post(bisnode.COMPANY_PATH, json=question, headers=token)
    model, answer = CreditModel.published(), response.get_json()
    if response.status_code == 200:
        assert model.violations(answer, closed=True) == []
    else:
        assert CreditModel.errors().violations(answer, "ErrorModel", closed=True) == []


@pytest.mark.parametrize("number", DECLINED, ids=name)
def test_what_bisnode_declines_with_is_of_its_error_model(
    rest: FlaskClient, token: Mapping[str, str], number: MagicNumber
) -> None:
    """X1: and states its own status."""
    question: dict[str, Any] = {"registrationNumber": number.number[-10:], "segments": list(SEGMENTS)}
    response = rest.post(bisnode.COMPANY_PATH, json=question, headers=token)
    assert response.status_code >= 400
    assert CreditModel.errors().violations(response.get_json(), "ErrorModel", closed=True) == []
    assert response.get_json()["status"] == response.status_code


@pytest.mark.parametrize("number", HEALTHY, ids=name)
def test_every_answer_of_creditsafe_is_of_its_wsdl(soap: FlaskClient, number: MagicNumber) -> None:
    """X1: GetData's and CAS's, with data, with a code, with both."""
    is_company = number in COMPANIES
    kind, service = ("C", "CasCompanyService") if is_company else ("P", "CasPersonService")
    digits = number.number[-10:]
    get_data, cas = described("getdata"), described("cas_service")
    asked = {"account": ACCOUNT, "Block_Name": f"BORGEN_{kind}_CREDIT", "SearchNumber": digits}
    message = {"GetData_Request": {**left_out(get_data, "GetData_Request"), **asked}}
    check(soap, creditsafe.PATH, get_data, "GetDataBySecure", message)
    root = "cas_company" if is_company else "cas_person"
    asked = {"account": ACCOUNT, "SearchNumber": digits, "Templates": f"BORGEN_CAS_{kind}1"}
    check(soap, creditsafe.CAS_PATH, cas, service, {root: {**left_out(cas, root), **asked}})


def test_the_list_of_templates_is_of_its_wsdl(soap: FlaskClient) -> None:
    """X1: for each kind of report."""
    cas = described("cas_service")
    for kind in ("Company", "Consumer", "NotSet"):
        message = {"cas_service": {"Account": ACCOUNT, "ReportType": kind}}
        check(soap, creditsafe.CAS_PATH, cas, "GetTemplateList", message)


@cache
def described(wsdl: str) -> Description:
    """What a published WSDL says."""
    return Description(original(f"creditsafe/{wsdl}.wsdl"))


def left_out(description: Description, root: str) -> dict[str, None]:
    """Every member of a message's *root*, left out."""
    (operation, *_) = [each for each in description.operations if (root,) in description.optional_paths(each.asked)]
    paths = description.optional_paths(operation.asked)
    return {path[1]: None for path in paths if len(path) == 2 and path[0] == root}


def check(soap: FlaskClient, path: str, description: Description, operation: str, message: Mapping[str, Any]) -> None:
    """The answer to a *message* made by the WSDL is one, and valid by it too."""
    called = next(each for each in description.operations if each.name == operation)
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope")
    etree.SubElement(envelope, f"{{{ENVELOPE}}}Body").append(description.instance(called.asked, message))
    headers = {"SOAPAction": f'"{called.action}"', "Content-Type": "text/xml; charset=utf-8"}
    response = soap.post(path, data=etree.tostring(envelope), headers=headers)
    assert response.status_code == 200, response.text
    (answer,) = etree.fromstring(response.data).iterfind(f"{{{ENVELOPE}}}Body/*")
    assert answer.tag == called.answered
    assert description.violation(answer) is None
