"""What is read as Creditsafe's answer, and what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bureau_clients.creditsafe.envelopes import NotAnAnswer, SoapFault, fault_in
from bureau_clients.creditsafe.formats import read_answer

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


FAULT = f'<s:Fault xmlns:s="{SOAP11}">'
ANSWER = envelope(
    result(
        "<SearchNumber>7701072394</SearchNumber>"
        + diffgram('<NewDataSet xmlns=""><GETDATA_RESPONSE><NAME>Östling</NAME></GETDATA_RESPONSE></NewDataSet>')
    )
).decode()
BOMB = "".join(f"<!ENTITY {name} '{value * 10}'>" for name, value in (("a", "lol"), ("b", "&a;"), ("c", "&b;")))


@pytest.mark.parametrize(
    "body",
    [
        ANSWER.encode(),
        b"\xef\xbb\xbf" + ANSWER.encode(),
        ANSWER.encode("utf-16"),
        ('<?xml version="1.0" encoding="utf-16"?>' + ANSWER).encode("utf-16"),
        ('<?xml version="1.0" encoding="iso-8859-1"?>' + ANSWER).encode("latin-1"),
        ('<?xml version="1.0" encoding="windows-1252"?>' + ANSWER).encode("cp1252"),
    ],
)
def test_an_encoding_that_is_declared_is_read(body: bytes) -> None:
    assert read_answer(body).rows == ({"NAME": "Östling"},)


@pytest.mark.parametrize(
    "body",
    [
        ANSWER.encode("latin-1"),
        ('<?xml version="1.0" encoding="utf-8"?>' + ANSWER).encode("latin-1"),
        ('<?xml version="1.0" encoding="utf-16"?>' + ANSWER).encode("latin-1"),
        ('<?xml version="1.0" encoding="us-ascii"?>' + ANSWER).encode(),
        ANSWER.encode("utf-16-le"),
        ('<?xml version="1.0" encoding="utf-7"?>' + ANSWER).encode("utf-7"),
        ('<?xml version="1.0" encoding="cp037"?>' + ANSWER).encode("cp037"),
        ANSWER.encode().replace(b"stling", b"\x00"),
        ANSWER.encode().replace(b"stling", b"\xed\xa0\x80"),
    ],
)
def test_an_encoding_that_lies_or_that_nobody_agreed_on_is_no_answer(body: bytes) -> None:
    with pytest.raises(NotAnAnswer):
        read_answer(body)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-16-be"])
def test_entities_are_refused_before_they_are_read(encoding: str) -> None:
    bomb = f"<!DOCTYPE x [{BOMB}]>" + ANSWER.replace("Östling", "&c;")
    with pytest.raises(NotAnAnswer, match="document type"):
        read_answer(bomb.encode(encoding))


@pytest.mark.parametrize("depth", [300, 100_000])
def test_a_tower_of_elements_is_no_answer(depth: int) -> None:
    tower = "<a>" * depth + "</a>" * depth
    with pytest.raises(NotAnAnswer):
        read_answer(envelope(result(tower)))


def test_a_column_that_the_schema_does_not_declare_is_read() -> None:
    row = "<GETDATA_RESPONSE><BRAND_NEW>1</BRAND_NEW></GETDATA_RESPONSE>"
    answer = read_answer(envelope(result(diffgram(f'<NewDataSet xmlns="">{row}</NewDataSet>'))))
    assert (answer.rows, answer.declared) == (({"BRAND_NEW": "1"},), frozenset())


def test_a_declared_column_that_no_row_has_can_be_taken_for_an_empty_one() -> None:
    """D13: the DataSets of .NET write nothing at all for what has no value."""
    element = '<x:element name="{}" type="x:string" minOccurs="0"/>'
    declared = "".join(element.format(name) for name in ("PNR", "DEBT_SUM", "INCOME"))
    schema = (
        '<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema"><x:element name="NewDataSet"><x:complexType><x:choice>'
        f'<x:element name="GETDATA_RESPONSE"><x:complexType><x:sequence>{declared}</x:sequence></x:complexType>'
        "</x:element></x:choice></x:complexType></x:element></x:schema>"
    )
    rows = "".join(
        f"<GETDATA_RESPONSE><PNR>7701072394</PNR>{more}</GETDATA_RESPONSE>" for more in ("", "<INCOME>1</INCOME>")
    )
    content = diffgram(f'<NewDataSet xmlns="">{rows}</NewDataSet>').replace(
        '<x:schema xmlns:x="http://www.w3.org/2001/XMLSchema"/>', schema
    )
    answer = read_answer(envelope(result(content)))
    assert answer.rows == ({"PNR": "7701072394"}, {"PNR": "7701072394", "INCOME": "1"})
    assert answer.with_declared_empty().rows == (
        {"PNR": "7701072394", "DEBT_SUM": ""},
        {"PNR": "7701072394", "INCOME": "1", "DEBT_SUM": ""},
    )


@pytest.mark.parametrize("content", ["", '<NewDataSet xmlns=""/>'])
def test_a_diffgram_without_rows_has_none(content: str) -> None:
    assert read_answer(envelope(result(diffgram(content)))).rows == ()


@pytest.mark.parametrize(
    "row",
    [
        "<DEBT_SUM/><DEBT_SUM>120000</DEBT_SUM>",
        "<DEBT_SUM>12<b/>0000</DEBT_SUM>",
        "<DEBT_SUM><b>120000</b></DEBT_SUM>",
    ],
)
def test_a_column_that_says_two_things_is_no_answer(row: str) -> None:
    """D13: neither of the two is believed."""
    rows = f'<NewDataSet xmlns=""><GETDATA_RESPONSE>{row}</GETDATA_RESPONSE></NewDataSet>'
    with pytest.raises(NotAnAnswer):
        read_answer(envelope(result(diffgram(rows))))


def test_a_fault_is_found_only_where_there_is_one() -> None:
    fault = fault_in(envelope("<s:Fault><faultcode>s:Client</faultcode></s:Fault>".replace("<s:Fault>", FAULT)))
    assert fault is not None
    assert fault.blames_caller
    assert fault_in(envelope(result(""))) is None
    assert fault_in(b"<html/>") is None


@given(st.binary(max_size=400))
def test_no_bytes_make_it_fail_in_another_way(body: bytes) -> None:
    with pytest.raises((NotAnAnswer, SoapFault)):
        read_answer(body)


@given(st.integers(0, 2000))
def test_half_an_answer_is_never_read_as_a_whole_one(length: int) -> None:
    whole = envelope(result(diffgram(f'<NewDataSet xmlns="">{ROW}</NewDataSet>')))
    with pytest.raises(NotAnAnswer):
        read_answer(whole[: min(length, len(whole) - 1)])
