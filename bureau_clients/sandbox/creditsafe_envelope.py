"""What Creditsafe's stand-in writes: SOAP envelopes around errors and .NET DataSet diffgrams."""

from collections.abc import Mapping, Sequence
from typing import Literal

from lxml import etree

NAMESPACE = "https://webservice.creditsafe.se/getdata/"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
MEDIA_TYPES = {SOAP11: "text/xml", SOAP12: "application/soap+xml"}

_SCHEMA = "http://www.w3.org/2001/XMLSchema"
_MSDATA = "urn:schemas-microsoft-com:xml-msdata"
_DIFFGRAM = "urn:schemas-microsoft-com:xml-diffgram-v1"
_TEXTS = {
    "8": "Inga rapporter kvar",
    "9": "Felaktigt användarnamn eller lösenord",
    "11": "Felaktigt block",
    "14": "Ett fel har inträffat, försök senare",
    "15": "Ingen träff",
}

FaultSide = Literal["Client", "Server"]


def answer(
    number: str, transaction: str, block: str, *, rows: Sequence[Mapping[str, str]] | None, code: str | None = None
) -> etree._Element:
    """The answer about *number*: an error, *rows* or both. No rows are an empty diffgram, None leaves that out."""
    # With a prefix, since rows have no namespace and would fall into a default one.
    response = etree.Element(f"{{{NAMESPACE}}}GetDataBySecureResponse", nsmap={"gd": NAMESPACE})
    result = _add(response, "GetDataBySecureResult")
    _add(result, "SearchNumber", number)
    _add(result, "TransactionId", transaction)
    if code is not None:
        error = _add(result, "Error")
        _add(error, "Cause_of_Reject", code)
        _add(error, "Reject_text", _TEXTS.get(code, "Registerstatus"))
        _add(error, "Reject_comment", "")
    _add(result, "Block_Name", block)
    if rows is not None:
        parameters = _add(result, "Parameters")
        parameters.append(_schema(rows))
        parameters.append(_diffgram(rows))
    return response


def fault(envelope: str, side: FaultSide, reason: str) -> etree._Element:
    """A SOAP fault in the version of *envelope*; *side* says whose the error is."""
    element = etree.Element(f"{{{envelope}}}Fault", nsmap={"soap": envelope})
    if envelope == SOAP11:
        etree.SubElement(element, "faultcode").text = f"soap:{side}"
        etree.SubElement(element, "faultstring").text = reason
        return element
    code = etree.SubElement(element, f"{{{envelope}}}Code")
    etree.SubElement(code, f"{{{envelope}}}Value").text = f"soap:{'Receiver' if side == 'Server' else 'Sender'}"
    etree.SubElement(etree.SubElement(element, f"{{{envelope}}}Reason"), f"{{{envelope}}}Text").text = reason
    return element


def in_envelope(envelope: str, content: etree._Element) -> bytes:
    """*content* as the body of a SOAP message, in UTF-8."""
    root = etree.Element(f"{{{envelope}}}Envelope", nsmap={"soap": envelope})
    etree.SubElement(root, f"{{{envelope}}}Body").append(content)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    element.text = text
    return element


def _schema(rows: Sequence[Mapping[str, str]]) -> etree._Element:
    """The inline schema that a .NET DataSet writes before its diffgram: every column an optional string."""
    schema = etree.Element(f"{{{_SCHEMA}}}schema", nsmap={"xs": _SCHEMA, "msdata": _MSDATA}, id="NewDataSet")
    data_set = etree.SubElement(schema, f"{{{_SCHEMA}}}element", name="NewDataSet")
    data_set.set(f"{{{_MSDATA}}}IsDataSet", "true")
    data_set.set(f"{{{_MSDATA}}}UseCurrentLocale", "true")
    choice = etree.SubElement(
        etree.SubElement(data_set, f"{{{_SCHEMA}}}complexType"),
        f"{{{_SCHEMA}}}choice",
        minOccurs="0",
        maxOccurs="unbounded",
    )
    row = etree.SubElement(choice, f"{{{_SCHEMA}}}element", name="GETDATA_RESPONSE")
    columns = etree.SubElement(etree.SubElement(row, f"{{{_SCHEMA}}}complexType"), f"{{{_SCHEMA}}}sequence")
    for name in dict.fromkeys(name for row_ in rows for name in row_):
        etree.SubElement(columns, f"{{{_SCHEMA}}}element", name=name, type="xs:string", minOccurs="0")
    return schema


def _diffgram(rows: Sequence[Mapping[str, str]]) -> etree._Element:
    diffgram = etree.Element(f"{{{_DIFFGRAM}}}diffgram", nsmap={"diffgr": _DIFFGRAM, "msdata": _MSDATA})
    if rows:
        data_set = etree.SubElement(diffgram, "NewDataSet")
        for position, row in enumerate(rows):
            element = etree.SubElement(data_set, "GETDATA_RESPONSE")
            element.set(f"{{{_DIFFGRAM}}}id", f"GETDATA_RESPONSE{position + 1}")
            element.set(f"{{{_MSDATA}}}rowOrder", str(position))
            for name, text in row.items():
                etree.SubElement(element, name).text = text
    return diffgram
