"""SOAP envelopes as they arrive, read as hostile: no entities, no document type, no network, nothing repaired."""

import re
from collections.abc import Iterator

from lxml import etree

_ENVELOPES = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
_ENCODINGS = frozenset(
    (
        *("UTF-8", "UTF-16", "UTF-16LE", "UTF-16BE"),
        *("US-ASCII", "ASCII", "ISO-8859-1", "ISO-8859-15", "WINDOWS-1252"),
    )
)
_DOCUMENT_TYPE = re.compile("\0?".join("<!DOCTYPE").encode())  # also with two bytes to a character


class NotAnAnswer(ValueError):
    """What arrived is not an answer of this service: a page, half a document, or something else in an envelope."""


class SoapFault(Exception):
    """The service answered with a SOAP fault. *blames_caller* tells that it did not get past reading our message."""

    def __init__(self, *, blames_caller: bool) -> None:
        super().__init__("soap-fault")
        self.blames_caller = blames_caller


def result_in(body: bytes, *, namespace: str, operation: str) -> etree._Element:
    """The result of *operation* in *body*, in either version of SOAP. Raises SoapFault, or NotAnAnswer."""
    root, envelope = _envelope(body)
    if (fault := _fault(root, envelope)) is not None:
        raise fault
    result = root.find(f"{{{envelope}}}Body/{{{namespace}}}{operation}Response/{{{namespace}}}{operation}Result")
    if result is None:
        raise NotAnAnswer("no result")
    return result


def fault_in(body: bytes) -> SoapFault | None:
    """The fault that *body* holds; None for anything else."""
    try:
        return _fault(*_envelope(body))
    except NotAnAnswer:
        return None


def text_in(parent: etree._Element, name: str) -> str | None:
    """The text of the child *name* of *parent*, in its namespace; None where it is missing or empty."""
    namespace = etree.QName(parent).namespace
    return (parent.findtext(f"{{{namespace}}}{name}") or "").strip() or None


def plain_text(element: etree._Element) -> str:
    """The text of an element that holds nothing else. Raises NotAnAnswer."""
    if len(element):
        raise NotAnAnswer("elements where a text should be")
    return (element.text or "").strip()


def has_text(element: etree._Element) -> bool:
    """Whether there is any text anywhere in *element*."""
    texts: Iterator[object] = element.itertext()
    return any(str(text).strip() for text in texts)


def _parse(body: bytes) -> etree._Element:
    if _DOCUMENT_TYPE.search(body):
        raise NotAnAnswer("has a document type")
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotAnAnswer("not XML") from error
    document = root.getroottree().docinfo
    if document.internalDTD is not None:
        raise NotAnAnswer("has a document type")
    if document.encoding is not None and document.encoding.upper() not in _ENCODINGS:
        raise NotAnAnswer("in an encoding that nobody agreed on")
    return root


def _envelope(body: bytes) -> tuple[etree._Element, str]:
    root = _parse(body)
    name = etree.QName(root)
    if name.localname != "Envelope" or name.namespace not in _ENVELOPES:
        raise NotAnAnswer("not an envelope")
    return root, name.namespace


def _fault(root: etree._Element, envelope: str) -> SoapFault | None:
    fault = root.find(f"{{{envelope}}}Body/{{{envelope}}}Fault")
    if fault is None:
        return None
    code = fault.findtext("faultcode") or fault.findtext(f"{{{envelope}}}Code/{{{envelope}}}Value") or ""
    return SoapFault(blames_caller=code.strip().rpartition(":")[2].partition(".")[0] in ("Client", "Sender"))
