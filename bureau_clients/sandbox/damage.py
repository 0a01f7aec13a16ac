"""What happens to the bytes of an answer: pure, for XML and JSON alike.

What cannot be done to an answer leaves it as it is: an envelope without rows has no column to rename.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from lxml import etree

OTHER_COMPANY = "5599990024"
OTHER_PERSON = "7712302384"

_LEVELS = 100_000
_RISK_COLUMNS = ("ROP_", "DEBT_", "RATING", "CREDIT_LIMIT", "SCORING", "PETITION", "BANKRUPTCY", "DISTRAINT")
_RISK_MEMBERS = ("risk", "paymentRemarks", "debtBalance", "rating", "creditRating", "score", "scoring")
_XS = "{http://www.w3.org/2001/XMLSchema}"
_VALUES = (str, int, float, bool, type(None))


def about_another(body: bytes, number: str) -> bytes:
    """The answer about somebody else than *number*, whoever that may be."""
    if len(number) < len(OTHER_PERSON):
        return body
    other = OTHER_PERSON if number[-8] < "2" else OTHER_COMPANY
    return body.replace(number[-10:].encode(), other.encode())


def garbled(body: bytes, is_xml: bool) -> bytes:
    """What looks like the answer and cannot be parsed: an end tag in excess, or single quotes."""
    if is_xml:
        return body.replace(b"</", b"</oops></", 1)
    return body.replace(b'"', b"'")


def in_latin_1(body: bytes) -> bytes:
    """The letters in Latin-1, whatever the answer says of itself; with one that shows it."""
    text = body.decode()
    encoded = text.encode("latin-1", "replace")
    return encoded if encoded != body else encoded + "å".encode("latin-1")


def with_entities(body: bytes) -> bytes:
    """With a document type whose entities grow when they are resolved."""
    document_type = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    return document_type + body.partition(b"?>")[2]


def nested() -> bytes:
    """Lists in lists, deeper than a parser that calls itself can follow."""
    return b"[" * _LEVELS + b"]" * _LEVELS


def soap_fault(body: bytes) -> bytes:
    """A fault of the server's in the envelope of the answer."""
    root = etree.fromstring(body)
    envelope = etree.QName(root).namespace
    content = root.find(f"{{{envelope}}}Body")
    if content is None:
        return body
    content[:] = [fault(str(envelope), "Server was unable to process request.")]
    return _xml(root)


def fault(envelope: str, reason: str, *, of_caller: bool = False) -> etree._Element:
    """A SOAP fault in the version of the namespace *envelope*; its own words for whose the error is."""
    element = etree.Element(f"{{{envelope}}}Fault", nsmap={"soap": envelope})
    if not envelope.endswith("soap-envelope"):
        etree.SubElement(element, "faultcode").text = f"soap:{'Client' if of_caller else 'Server'}"
        etree.SubElement(element, "faultstring").text = reason
        return element
    code = etree.SubElement(element, f"{{{envelope}}}Code")
    etree.SubElement(code, f"{{{envelope}}}Value").text = f"soap:{'Sender' if of_caller else 'Receiver'}"
    etree.SubElement(etree.SubElement(element, f"{{{envelope}}}Reason"), f"{{{envelope}}}Text").text = reason
    return element


def emptied(body: bytes, is_xml: bool) -> bytes:
    """Without rows; of another envelope without its result's members; an object without members."""
    if not is_xml:
        return b"{}"
    root = etree.fromstring(body)
    for row in list(_rows(root)):
        _parent(row).remove(row)
    for result in _results(root):
        result[:] = []
    return _xml(root)


def renamed(body: bytes, is_xml: bool) -> bytes:
    """Every column, or every member below the top, under a new name, as of a new version."""
    if not is_xml:
        document = json.loads(body)
        is_flat = isinstance(document, dict) and all(isinstance(value, _VALUES) for value in document.values())
        if is_flat or not isinstance(document, dict):
            return _json(_with_names(document, _new))
        return _json({name: _with_names(value, _new) for name, value in document.items()})
    root = etree.fromstring(body)
    for column in _columns(root):
        column.tag = f"{column.tag}_NEW"
    for declared in root.iter(f"{_XS}element"):
        if declared.get("type") == "xs:string":
            declared.set("name", f"{declared.get('name')}_NEW")
    for result in _results(root):
        for member in result:
            member.tag = f"{member.tag}_NEW"
    return _xml(root)


def with_extra_fields(body: bytes, is_xml: bool) -> bytes:
    """With a column and members that no description has."""
    if not is_xml:
        document = json.loads(body)
        return _json(_with_more(document) if isinstance(document, dict) else document)
    root = etree.fromstring(body)
    for row in _rows(root):
        etree.SubElement(row, "NEWLY_ADDED").text = "1"
    return _xml(root)


def without_risk(body: bytes, is_xml: bool) -> bytes:
    """Without the columns, or the members, that tell of risk."""
    if not is_xml:
        return _json(_without(json.loads(body)))
    root = etree.fromstring(body)
    for column in list(_columns(root)):
        if str(column.tag).startswith(_RISK_COLUMNS):
            _parent(column).remove(column)
    return _xml(root)


def in_euro(body: bytes) -> bytes:
    """The same figures in another currency."""
    return body.replace(b'"SEK"', b'"EUR"')


def with_second_row(body: bytes) -> bytes:
    """With a second row that tells of another debt."""
    root = etree.fromstring(body)
    for row in list(_rows(root)):
        second = etree.fromstring(etree.tostring(row))
        for column in second:
            if column.tag == "DEBT_SUM":
                column.text = "98765"
        _parent(row).append(second)
    return _xml(root)


def _rows(root: etree._Element) -> Iterator[etree._Element]:
    return root.iter("GETDATA_RESPONSE")


def _columns(root: etree._Element) -> Iterator[etree._Element]:
    return (column for row in _rows(root) for column in row)


def _results(root: etree._Element) -> Iterator[etree._Element]:
    """The results of an envelope that has no rows by design."""
    return (
        element
        for element in root.iter("{*}CasPersonServiceResult", "{*}CasCompanyServiceResult", "{*}GetTemplateListResult")
    )


def _parent(element: etree._Element) -> etree._Element:
    parent = element.getparent()
    if parent is None:
        raise ValueError("the document's root has no parent")
    return parent


def _new(name: str) -> str:
    return f"{name}V9"


def _with_names(value: Any, rename: Callable[[str], str]) -> Any:
    if isinstance(value, dict):
        return {rename(name): _with_names(member, rename) for name, member in value.items()}
    return [_with_names(each, rename) for each in value] if isinstance(value, list) else value


def _with_more(value: Any) -> Any:
    if isinstance(value, dict):
        return {**{name: _with_more(member) for name, member in value.items()}, "newlyAdded": "1"}
    return [_with_more(each) for each in value] if isinstance(value, list) else value


def _without(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: _without(member)
            for name, member in value.items()
            if name not in _RISK_MEMBERS and not name.startswith(_RISK_COLUMNS)
        }
    return [_without(each) for each in value] if isinstance(value, list) else value


def _json(document: Any) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _xml(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")
