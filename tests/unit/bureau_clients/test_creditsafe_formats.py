"""What is read as Creditsafe's answer, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bureau_clients.creditsafe.formats import NotAnAnswer, SoapFault, read_answer

SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
ROW = "<GETDATA_RESPONSE><PNR>7701072394</PNR><DEBT_SUM/></GETDATA_RESPONSE>"


def envelope(content: str, *, soap: str = SOAP11) -> bytes:
    return f'<s:Envelope xmlns:s="{soap}"><s:Body>{content}</s:Body></s:Envelope>'.encode()


def result(content: str) -> str:
    namespace = "https://webservice.creditsafe.se/getdata/"
    return (
        f'<GetDataBySecureResponse xmlns="{namespace}"><GetDataBySecureResult>{content}'
        "</GetDataBySecureResult></GetDataBySecureResponse>"
    )


def diffgram(content: str) -> str:
    return (
        '<Parameters><x:schema xmlns:x="http://www.w3.org/2001/XMLSchema"/>'
        f'<d:diffgram xmlns:d="urn:schemas-microsoft-com:xml-diffgram-v1">{content}</d:diffgram></Parameters>'
    )


@pytest.mark.parametrize("soap", [SOAP11, SOAP12])
def test_a_row_is_read_column_by_column(soap: str) -> None:
    row = f'<NewDataSet xmlns="">{ROW}</NewDataSet>'
    answer = read_answer(envelope(result(f"<SearchNumber>7701072394</SearchNumber>{diffgram(row)}"), soap=soap))
    assert answer.rows == ({"PNR": "7701072394", "DEBT_SUM": ""},)
    assert (answer.search_number, answer.error_code) == ("7701072394", None)


def test_rows_as_they_were_before_a_change_are_not_read() -> None:
    before = f'<d:before><NewDataSet xmlns="">{ROW}</NewDataSet></d:before>'
    answer = read_answer(envelope(result(diffgram(f'<NewDataSet xmlns="">{ROW}</NewDataSet>{before}'))))
    assert len(answer.rows) == 1


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("<Error><Cause_of_Reject>15</Cause_of_Reject><Reject_text>Ingen träff</Reject_text></Error>", "15"),
        ("<Error><Cause_of_Reject> S2 </Cause_of_Reject></Error>", "S2"),
        ("<Error><Cause_of_Reject>Astrid Almgren 770107-2394</Cause_of_Reject></Error>", "unlisted"),
        ("<Error><Reject_text>Något är fel</Reject_text></Error>", "unlisted"),
        ("<Error><Cause_of_Reject/><Reject_text/></Error>", None),
        ("<Error/>", None),
        ("", None),
    ],
)
def test_an_errors_code_goes_on_and_the_bureaus_text_does_not(error: str, code: str | None) -> None:
    assert read_answer(envelope(result(error))).error_code == code


@pytest.mark.parametrize(
    ("soap", "code", "blames_caller"),
    [
        (SOAP11, "<faultcode>soap:Server</faultcode>", False),
        (SOAP11, "<faultcode>soap:Client</faultcode>", True),
        (SOAP11, "<faultcode>soap:Client.Authentication</faultcode>", True),
        (SOAP11, "", False),
        (SOAP12, f'<s:Code xmlns:s="{SOAP12}"><s:Value>s:Sender</s:Value></s:Code>', True),
        (SOAP12, f'<s:Code xmlns:s="{SOAP12}"><s:Value>s:Receiver</s:Value></s:Code>', False),
    ],
)
def test_a_fault_says_whose_it_is(soap: str, code: str, blames_caller: bool) -> None:
    with pytest.raises(SoapFault) as caught:
        read_answer(envelope(f'<s:Fault xmlns:s="{soap}">{code}</s:Fault>', soap=soap))
    assert caught.value.blames_caller is blames_caller


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"<html><body>Runtime Error</body></html>",
        b"<!DOCTYPE html><html></html>",
        b'{"status": "ok"}',
        b"\x00\xff\xfe",
        envelope(""),
        envelope("<Something/>"),
        envelope(result(""))[:-10],
        envelope(result(""), soap="urn:another"),
        b'<?xml version="1.0" encoding="no-such-encoding"?>' + envelope(result("")),
        b"<!DOCTYPE x [<!ENTITY a 'b'>]>" + envelope(result("<SearchNumber>&a;</SearchNumber>")),
        b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'>" + envelope(result("")),
    ],
)
def test_what_is_not_an_answer_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(NotAnAnswer):
        read_answer(body)


@given(st.binary(max_size=400))
def test_no_bytes_make_it_fail_in_another_way(body: bytes) -> None:
    with pytest.raises((NotAnAnswer, SoapFault)):
        read_answer(body)


@given(st.integers(0, 2000))
def test_half_an_answer_is_never_read_as_a_whole_one(length: int) -> None:
    whole = envelope(result(diffgram(f'<NewDataSet xmlns="">{ROW}</NewDataSet>')))
    with pytest.raises(NotAnAnswer):
        read_answer(whole[: min(length, len(whole) - 1)])
