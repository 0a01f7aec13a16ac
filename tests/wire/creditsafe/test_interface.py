"""Our WSDLs against the published ones, and the stand-in against a client that knows nothing of ours."""

from pathlib import Path
from typing import Any

import pytest
import zeep
from lxml import etree

from tests.wire.creditsafe.conftest import PASSWORD

PUBLISHED = Path(__file__).parents[4] / "shared" / "bureaus" / "creditsafe"
OURS = Path(__file__).parents[3] / "bureau_clients" / "creditsafe" / "wsdl"

XS = "{http://www.w3.org/2001/XMLSchema}"
WSDL = "{http://schemas.xmlsoap.org/wsdl/}"
PREFIXED = ("type", "base", "ref", "element", "message", "binding")


def client_of(wsdl: str) -> Any:
    return zeep.Client(wsdl)  # type: ignore[no-untyped-call]


def meaning(document: Path) -> dict[str, Any]:
    """What a WSDL says, whatever its prefixes, layout, order of definitions and spelled-out defaults."""
    root = etree.parse(str(document)).getroot()
    schema = root.find(f"{WSDL}types/{XS}schema")
    assert schema is not None
    return {
        "namespaces": (root.get("targetNamespace"), schema.get("targetNamespace"), schema.get("elementFormDefault")),
        "types": {(child.tag, child.get("name")): shape(child) for child in schema if isinstance(child.tag, str)},
        "rest": {
            (child.tag, child.get("name")): shape(child)
            for child in root
            if isinstance(child.tag, str) and child.tag != f"{WSDL}types"
        },
    }


def shape(element: etree._Element) -> Any:
    attributes = {str(name): str(value) for name, value in element.attrib.items()}
    namespaces = {prefix or "": uri for prefix, uri in element.nsmap.items()}
    if str(element.tag).startswith(XS):
        attributes = {
            name: text
            for name, text in attributes.items()
            if (name, text) not in (("minOccurs", "1"), ("maxOccurs", "1"))
        }
    for name in PREFIXED:
        if name in attributes:
            prefix, _, local = attributes[name].rpartition(":")
            attributes[name] = f"{{{namespaces[prefix]}}}{local}"
    return element.tag, attributes, [shape(child) for child in element if isinstance(child.tag, str)]


@pytest.mark.parametrize("name", ["getdata.wsdl", "cas_service.wsdl"])
def test_our_wsdl_agrees_with_the_published_one(name: str) -> None:
    published = PUBLISHED / name
    if not published.exists():
        pytest.skip(f"NOT COMPARED: {published} is not there, so our WSDL was not held against the published one")
    assert meaning(OURS / name) == meaning(published)


def test_our_wsdl_has_one_operation_in_two_versions_of_soap() -> None:
    client = client_of(str(OURS / "getdata.wsdl"))
    ports = client.wsdl.services["GetData"].ports
    namespace = "https://webservice.creditsafe.se/getdata/"
    assert {
        name: {operation.soapaction for operation in port.binding._operations.values()} for name, port in ports.items()
    } == {"GetDataSoap": {f"{namespace}GetDataBySecure"}, "GetDataSoap12": {f"{namespace}GetDataBySecure"}}
    request = client.get_type(f"{{{namespace}}}GETDATA_REQUEST")
    assert [name for name, _ in request.elements] == [
        "account",
        "Block_Name",
        "SearchNumber",
        "FormattedOutput",
        "LODCustFreeText",
        "Mobile",
        "Email",
    ]


def test_our_wsdl_of_cas_has_three_operations_in_two_versions_of_soap() -> None:
    client = client_of(str(OURS / "cas_service.wsdl"))
    namespace = "https://webservice.creditsafe.se/CAS/"
    actions = {f"{namespace}{name}" for name in ("CasPersonService", "CasCompanyService", "GetTemplateList")}
    assert {
        name: {operation.soapaction for operation in port.binding._operations.values()}
        for name, port in client.wsdl.services["Cas_Service"].ports.items()
    } == {"Cas_ServiceSoap": actions, "Cas_ServiceSoap12": actions}
    request = client.get_type(f"{{{namespace}}}CAS_SERVICE_REQUEST")
    assert [name for name, _ in request.elements] == ["Account", "ReportType"]  # here alone with a capital


@pytest.mark.parametrize("port", ["GetDataSoap", "GetDataSoap12"])
def test_a_client_made_from_the_stand_ins_wsdl_decodes_its_diffgram(address: str, port: str) -> None:
    """X1: the stand-in speaks the wire protocol: its inline schema describes its rows."""
    service = client_of(f"{address}?wsdl").bind("GetData", port)
    account = {"UserName": "borgen", "Password": PASSWORD, "TransactionId": "t-1", "Language": "EN"}
    answer = service.GetDataBySecure({"account": account, "Block_Name": "X_P_CREDIT", "SearchNumber": "7702012399"})
    row = answer.Parameters["_value_1"]["_value_1"][0]["GETDATA_RESPONSE"]
    assert (answer.TransactionId, answer.Error, row["PNR"], row["DEBT_SUM"]) == ("t-1", None, "7702012399", "120000")


def test_the_stand_in_answers_a_message_without_language_with_a_fault(address: str) -> None:
    """X1: as the real service, which demands it."""
    service = client_of(f"{address}?wsdl").service
    with pytest.raises(zeep.exceptions.ValidationError):
        service.GetDataBySecure({"account": {"UserName": "borgen"}, "SearchNumber": "7702012399"})
    with pytest.raises(zeep.exceptions.Fault, match="language"):
        service.GetDataBySecure({"SearchNumber": "7702012399"})
