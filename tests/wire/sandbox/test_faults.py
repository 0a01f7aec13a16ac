"""Each fault as it comes over the wire, of XML and of JSON."""

import json
import time
from typing import Any

import pytest
import requests
from lxml import etree

from bureau_clients.sandbox.bisnode import COMPANY_PATH, PERSON_PATH
from bureau_clients.sandbox.faults import TROUBLES, Fault, Trouble, can_happen_at
from bureau_clients.sandbox.questions import BISNODE, CREDITSAFE, Kind
from tests.wire.sandbox.conftest import PASSWORD, Bureaus

MESSAGE = """<s:Envelope xmlns:s="{envelope}"><s:Body><GetDataBySecure xmlns="https://webservice.creditsafe.se/getdata/">
<GetData_Request><account><UserName>borgen</UserName><Password>{password}</Password><TransactionId>t</TransactionId>
<Language>SWE</Language></account><Block_Name>{block}</Block_Name><SearchNumber>{number}</SearchNumber>
</GetData_Request></GetDataBySecure></s:Body></s:Envelope>"""
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
GD = "{https://webservice.creditsafe.se/getdata/}"


def ask_xml(
    bureaus: Bureaus, number: str = "5599990008", *, block: str = "X_C_CREDIT", envelope: str = SOAP11, wait: float = 5
) -> requests.Response:
    """A question over SOAP that no library had a hand in."""
    password = PASSWORD.replace("&", "&amp;").replace("<", "&lt;")
    body = MESSAGE.format(envelope=envelope, password=password, block=block, number=number)
    return requests.post(
        f"{bureaus.address}/getdata/getdata.asmx", data=body.encode(), timeout=wait, allow_redirects=False
    )


def ask_json(bureaus: Bureaus, number: str = "5599990008", *, wait: float = 5) -> requests.Response:
    """A question to Bisnode."""
    header = {"Authorization": f"Bearer {bureaus.token()}"}
    body = {"registrationNumber": number}
    return requests.post(bureaus.address + COMPANY_PATH, json=body, headers=header, timeout=wait, allow_redirects=False)


ASK = {CREDITSAFE: ask_xml, BISNODE: ask_json}
both = pytest.mark.parametrize("bureau", [CREDITSAFE, BISNODE])


@both
@pytest.mark.parametrize(
    ("fault", "status"),
    [
        (Fault.SERVER_ERROR, 500),
        (Fault.NOT_HANDLED, 503),
        (Fault.TOO_MANY, 429),
        (Fault.UNAUTHORISED, 401),
        (Fault.PAGE, 200),
        (Fault.REDIRECT, 307),
    ],
)
def test_a_page_or_a_status_takes_the_place_of_the_answer(
    bureaus: Bureaus, bureau: str, fault: Fault, status: int
) -> None:
    """X1: at either bureau."""
    bureaus.control.inject(bureau, fault, kind=Kind.COMPANY)
    answer = ASK[bureau](bureaus)
    assert answer.status_code == status
    assert (b"<html>" in answer.content) is (fault is not Fault.REDIRECT)


@both
def test_a_slow_answer_is_whole(bureaus: Bureaus, bureau: str) -> None:
    """X1: after 0.3 s here."""
    bureaus.control.inject(bureau, Fault.SLOW, kind=Kind.COMPANY)
    started = time.monotonic()
    assert ASK[bureau](bureaus).ok
    assert time.monotonic() - started > 0.3


@both
@pytest.mark.parametrize("fault", [Fault.SILENT, Fault.TRICKLING])
def test_silence_and_a_trickle_outlast_the_caller(bureaus: Bureaus, bureau: str, fault: Fault) -> None:
    """X1: for 1.2 s here; a trickle begins at once."""
    bureaus.control.inject(bureau, fault, kind=Kind.COMPANY)
    started = time.monotonic()
    if fault is Fault.SILENT:
        with pytest.raises(requests.ReadTimeout):
            ASK[bureau](bureaus, wait=0.4)
    else:
        assert ASK[bureau](bureaus, wait=0.4).ok  # something always arrives in time
        assert time.monotonic() - started > 1


@both
@pytest.mark.parametrize("fault", [Fault.CUT, Fault.BROKEN_OFF])
def test_a_connection_really_breaks(bureaus: Bureaus, bureau: str, fault: Fault) -> None:
    """X1: without a byte, or after half of them."""
    bureaus.control.inject(bureau, fault, kind=Kind.COMPANY)
    with pytest.raises((requests.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        ASK[bureau](bureaus)


@both
@pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.GARBLED, Fault.WRONG_ENCODING])
def test_what_cannot_be_parsed_is_not_parsed(bureaus: Bureaus, bureau: str, fault: Fault) -> None:
    """X1: cut short, malformed, or in another encoding than it says."""
    bureaus.control.inject(bureau, fault, kind=Kind.COMPANY)
    answer = ASK[bureau](bureaus)
    assert answer.status_code == 200
    with pytest.raises((etree.XMLSyntaxError, ValueError)):
        etree.fromstring(answer.content) if bureau == CREDITSAFE else json.loads(answer.content)


@both
def test_too_large_is_more_than_five_megabytes(bureaus: Bureaus, bureau: str) -> None:
    bureaus.control.inject(bureau, Fault.TOO_LARGE, kind=Kind.COMPANY)
    assert len(ASK[bureau](bureaus).content) > 5 * 1024 * 1024


@both
def test_an_answer_about_somebody_else_names_nobody_who_was_asked_for(bureaus: Bureaus, bureau: str) -> None:
    bureaus.control.inject(bureau, Fault.ANOTHER_SUBJECT, kind=Kind.COMPANY)
    answer = ASK[bureau](bureaus)
    assert b"5599990024" in answer.content
    assert b"5599990008" not in answer.content


def test_a_document_type_has_entities(bureaus: Bureaus) -> None:
    bureaus.control.inject(CREDITSAFE, Fault.ENTITIES)
    assert b"<!ENTITY" in ask_xml(bureaus).content


@pytest.mark.parametrize(("envelope", "path"), [(SOAP11, "faultcode"), (SOAP12, f"{{{SOAP12}}}Code/{{{SOAP12}}}Value")])
def test_a_soap_fault_is_the_servers_in_either_version(bureaus: Bureaus, envelope: str, path: str) -> None:
    bureaus.control.inject(CREDITSAFE, Fault.SOAP_FAULT)
    answer = ask_xml(bureaus, envelope=envelope)
    fault = etree.fromstring(answer.content).find(f"{{{envelope}}}Body/{{{envelope}}}Fault")
    assert fault is not None
    assert (answer.status_code, fault.findtext(path)) == (
        500,
        "soap:Server" if envelope == SOAP11 else "soap:Receiver",
    )


def test_json_is_nested_deeper_than_a_reader_goes(bureaus: Bureaus) -> None:
    bureaus.control.inject(BISNODE, Fault.NESTED, kind=Kind.COMPANY)
    with pytest.raises(RecursionError):
        json.loads(ask_json(bureaus).content)


def rows_of(answer: requests.Response) -> list[dict[str, str]]:
    root = etree.fromstring(answer.content)
    return [{str(column.tag): column.text or "" for column in row} for row in root.iter("GETDATA_RESPONSE")]


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.EMPTY, []),
        (Fault.SEVERAL_ROWS, ["", "98765"]),
        (Fault.EXTRA_FIELDS, [""]),
    ],
)
def test_rows_are_gone_doubled_or_longer(bureaus: Bureaus, fault: Fault, expected: list[str]) -> None:
    """X1: the debt of each row; a further column is one that the inline schema does not declare."""
    bureaus.control.inject(CREDITSAFE, fault)
    answer = ask_xml(bureaus)
    assert [row["DEBT_SUM"] for row in rows_of(answer)] == expected
    declared = {each.get("name") for each in etree.fromstring(answer.content).iter("{*}element")}
    assert ("NEWLY_ADDED" in {name for row in rows_of(answer) for name in row}) is (fault is Fault.EXTRA_FIELDS)
    assert "NEWLY_ADDED" not in declared


def test_columns_have_new_names_in_the_schema_too(bureaus: Bureaus) -> None:
    bureaus.control.inject(CREDITSAFE, Fault.CHANGED_FIELDS)
    answer = ask_xml(bureaus)
    (row,) = rows_of(answer)
    assert all(name.endswith("_NEW") for name in row)
    declared = {each.get("name") for each in etree.fromstring(answer.content).iter("{*}element")}
    assert set(row) <= declared


def test_what_tells_of_risk_can_be_missing(bureaus: Bureaus) -> None:
    bureaus.control.inject(CREDITSAFE, Fault.MISSING_SEGMENT)
    bureaus.control.inject(BISNODE, Fault.MISSING_SEGMENT)
    (row,) = rows_of(ask_xml(bureaus))
    assert {"RATING", "ROP_NUMBER1", "DEBT_SUM", "PETITION_NUMBER"} & set(row) == set()
    assert row["COMPANY_STATUS"] == "Aktiv"
    assert set(ask_json(bureaus).json()) == {"management", "companyInformation", "finance", "ownership", "events"}


@pytest.mark.parametrize(
    ("fault", "names"),
    [(Fault.EMPTY, set()), (Fault.CHANGED_FIELDS, {"legalFormV9"}), (Fault.EXTRA_FIELDS, {"legalForm", "newlyAdded"})],
)
def test_members_are_gone_renamed_or_more(bureaus: Bureaus, fault: Fault, names: set[str]) -> None:
    bureaus.control.inject(BISNODE, fault, kind=Kind.COMPANY)
    information = ask_json(bureaus).json().get("companyInformation", {})
    assert set(information) >= names
    assert ("legalForm" in information) is (fault is Fault.EXTRA_FIELDS)


def test_amounts_can_be_in_another_currency(bureaus: Bureaus) -> None:
    bureaus.control.inject(BISNODE, Fault.ANOTHER_CURRENCY)
    answer = ask_json(bureaus)
    assert b'"EUR"' in answer.content
    assert b'"SEK"' not in answer.content


@pytest.mark.parametrize(("bureau", "number"), [(BISNODE, "5599998092"), (CREDITSAFE, "5599999215")])
def test_a_number_whose_token_expires_is_answered_with_a_new_one(bureaus: Bureaus, bureau: str, number: str) -> None:
    """X1: 401 once, and that token is void for everything; the next question about the number is answered."""
    for _ in range(2):
        if bureau == BISNODE:
            token = bureaus.token()
            body = {"registrationNumber": number}
            asked: list[Any] = [bureaus.ask_bisnode(COMPANY_PATH, body, token=token).status_code]
            other = {"registrationNumber": "5599990008"}
            asked.append(bureaus.ask_bisnode(COMPANY_PATH, other, token=token).status_code)
            asked.append(bureaus.ask_bisnode(COMPANY_PATH, body).status_code)
            assert asked == [401, 401, 200]
        else:
            query = {"searchnumber": number, "blockname": "X_C_CREDIT"}
            token = bureaus.creditsafe_token()
            asked = [bureaus.ask_creditsafe("/getdata", token=token, **query).status_code]
            other = {**query, "searchnumber": "5599990008"}
            asked.append(bureaus.ask_creditsafe("/getdata", token=token, **other).status_code)
            asked.append(bureaus.ask_creditsafe("/getdata", **query).status_code)
            assert asked == [401, 403, 200]


@pytest.mark.parametrize("bureau", [CREDITSAFE, BISNODE])
@pytest.mark.parametrize("trouble", TROUBLES)
def test_everything_that_can_be_set_is_remembered_by_its_name(bureaus: Bureaus, trouble: Trouble, bureau: str) -> None:
    """X1: what was asked, with what went wrong; no fault ends the stand-in."""
    if not can_happen_at(trouble, bureau):
        with pytest.raises(ValueError, match="cannot happen"):
            bureaus.control.inject(bureau, trouble)
        return
    bureaus.control.inject(bureau, trouble, kind=Kind.PERSON, times=1)
    try:
        if bureau == CREDITSAFE:
            ask_xml(bureaus, "7701072394", block="X_P_CREDIT", wait=0.2)
        else:
            body = {"nationalIdentificationNumber": "7701072394"}
            header = {"Authorization": f"Bearer {bureaus.token()}"}
            requests.post(bureaus.address + PERSON_PATH, json=body, headers=header, timeout=0.2, allow_redirects=False)
    except requests.RequestException:
        assert trouble in (Fault.SLOW, Fault.SILENT, Fault.TRICKLING, Fault.CUT, Fault.BROKEN_OFF)
    outcomes = [one for one in bureaus.control.questions(bureau) if one.question.kind is Kind.PERSON]
    deadline = time.monotonic() + 5
    while outcomes[0].outcome == "waiting" and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [one.outcome for one in outcomes] == [str(trouble)]
