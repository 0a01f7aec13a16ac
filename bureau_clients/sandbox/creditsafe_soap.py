"""SOAP as Creditsafe's .NET services write it: envelopes, errors and DataSet diffgrams, in either version of SOAP."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Response
from lxml import etree

from bureau_clients.sandbox.creditsafe_words import text_of
from bureau_clients.sandbox.damage import fault

GETDATA = "https://webservice.creditsafe.se/getdata/"
CAS = "https://webservice.creditsafe.se/CAS/"

_SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
_SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
_MEDIA_TYPES = {_SOAP11: "text/xml", _SOAP12: "application/soap+xml"}
_SCHEMA = "http://www.w3.org/2001/XMLSchema"
_MSDATA = "urn:schemas-microsoft-com:xml-msdata"
_DIFFGRAM = "urn:schemas-microsoft-com:xml-diffgram-v1"
_LANGUAGES = ("SWE", "EN")


class Unreadable(Exception):
    """The message is no question of this service; the text says why."""


@dataclass(frozen=True, slots=True)
class Message:
    """A question in an *envelope* of one version of SOAP: its *operation*, and the *request* with its account."""

    envelope: str
    namespace: str
    operation: str
    request: etree._Element

    def text(self, path: str) -> str:
        """What stands at *path* below the request, without blanks around it; empty where nothing does."""
        qualified = "/".join(f"{{{self.namespace}}}{part}" for part in path.split("/"))
        return (self.request.findtext(qualified) or "").strip()


def read(message: bytes, namespace: str, requests: Mapping[str, str]) -> Message:
    """The question in *message*; *requests* are the operations, each with the name of its request element.

    Raises Unreadable.
    """
    try:
        root = etree.fromstring(message, etree.XMLParser(resolve_entities=False, no_network=True))
    except (etree.XMLSyntaxError, ValueError) as error:
        raise Unreadable("the message is not XML") from error
    envelope = str(etree.QName(root).namespace)
    for operation, name in requests.items():
        asked = root.find(f"{{{envelope}}}Body/{{{namespace}}}{operation}/{{{namespace}}}{name}")
        if envelope in _MEDIA_TYPES and asked is not None:
            found = Message(envelope, namespace, operation, asked)
            account = "Account" if operation == "GetTemplateList" else "account"
            if found.text(f"{account}/Language") not in _LANGUAGES:
                raise Unreadable("the language is neither SWE nor EN")
            return found
    raise Unreadable(f"the message is none of {', '.join(requests)}")


def response(message: Message, content: etree._Element) -> Response:
    """*content* as the answer to *message*."""
    return _in_envelope(message.envelope, content)


def unreadable(reason: str) -> Response:
    """The fault by which a message that is no question is answered."""
    return _in_envelope(_SOAP11, fault(_SOAP11, reason, of_caller=True), status=500)


def result(message: Message, prefix: str) -> tuple[etree._Element, etree._Element]:
    """The element that answers the operation, and the result in it, still empty."""
    # With a prefix, since rows have no namespace and would fall into a default one.
    answer = etree.Element(f"{{{message.namespace}}}{message.operation}Response", nsmap={prefix: message.namespace})
    return answer, add(answer, f"{message.operation}Result")


def add(parent: etree._Element, name: str, text: str | None = None) -> etree._Element:
    """A member of *parent* in its namespace."""
    element = etree.SubElement(parent, f"{{{etree.QName(parent).namespace}}}{name}")
    element.text = text
    return element


def add_error(parent: etree._Element, name: str, code: str, text: str | None = None) -> None:
    """The error *code* with its *text*, as a member of *parent*."""
    error = add(parent, name)
    add(error, "Cause_of_Reject", code)
    add(error, "Reject_text", text_of(code) if text is None else text)
    add(error, "Reject_comment", "")


def data_set(rows: Sequence[Mapping[str, str]]) -> tuple[etree._Element, etree._Element]:
    """*rows* as a .NET DataSet is written: the inline schema, every column an optional string, and the diffgram."""
    return _schema(rows), _diffgram(rows)


def _in_envelope(envelope: str, content: etree._Element, *, status: int = 200) -> Response:
    root = etree.Element(f"{{{envelope}}}Envelope", nsmap={"soap": envelope})
    etree.SubElement(root, f"{{{envelope}}}Body").append(content)
    body = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    return Response(body, status=status, content_type=f"{_MEDIA_TYPES[envelope]}; charset=utf-8")


def _schema(rows: Sequence[Mapping[str, str]]) -> etree._Element:
    schema = etree.Element(f"{{{_SCHEMA}}}schema", nsmap={"xs": _SCHEMA, "msdata": _MSDATA}, id="NewDataSet")
    whole = etree.SubElement(schema, f"{{{_SCHEMA}}}element", name="NewDataSet")
    whole.set(f"{{{_MSDATA}}}IsDataSet", "true")
    whole.set(f"{{{_MSDATA}}}UseCurrentLocale", "true")
    choice = etree.SubElement(
        etree.SubElement(whole, f"{{{_SCHEMA}}}complexType"),
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
        whole = etree.SubElement(diffgram, "NewDataSet")
        for position, row in enumerate(rows):
            element = etree.SubElement(whole, "GETDATA_RESPONSE")
            element.set(f"{{{_DIFFGRAM}}}id", f"GETDATA_RESPONSE{position + 1}")
            element.set(f"{{{_MSDATA}}}rowOrder", str(position))
            for name, text in row.items():
                etree.SubElement(element, name).text = text
    return diffgram
