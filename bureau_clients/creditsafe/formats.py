"""Creditsafe's answer to GetDataBySecure: a SOAP envelope around an error, or around a .NET DataSet diffgram.

Reads what arrives as hostile: no entities, no document type, no network, nothing repaired.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from lxml import etree

NAMESPACE = "https://webservice.creditsafe.se/getdata/"

_ENVELOPES = ("http://schemas.xmlsoap.org/soap/envelope/", "http://www.w3.org/2003/05/soap-envelope")
_DIFFGRAM = "urn:schemas-microsoft-com:xml-diffgram-v1"
_ROWS = f"{{{_DIFFGRAM}}}diffgram/NewDataSet/GETDATA_RESPONSE"  # not diffgr:before, which holds rows as they were


class NotAnAnswer(ValueError):
    """What arrived is not an answer of this service: a page, half a document, or something else in an envelope."""


class SoapFault(Exception):
    """The service answered with a SOAP fault. *blames_caller* tells that it did not get past reading our message."""

    def __init__(self, *, blames_caller: bool) -> None:
        super().__init__("soap-fault")
        self.blames_caller = blames_caller


@dataclass(frozen=True, slots=True)
class GetDataAnswer:
    """One answer: the number it is about, the code of its error if it has one, and its rows as column to text."""

    search_number: str | None = field(repr=False)
    error_code: str | None
    rows: tuple[Mapping[str, str], ...] = field(repr=False)


def read_answer(body: bytes) -> GetDataAnswer:
    """The answer in *body*, in either version of SOAP. Raises SoapFault, or NotAnAnswer."""
    result = _result(_parse(body))
    parameters = result.find(f"{{{NAMESPACE}}}Parameters")
    return GetDataAnswer(
        search_number=_stripped(result.findtext(f"{{{NAMESPACE}}}SearchNumber")),
        error_code=_error_code(result.find(f"{{{NAMESPACE}}}Error")),
        rows=() if parameters is None else tuple(_row(row) for row in parameters.iterfind(_ROWS)),
    )


def _parse(body: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise NotAnAnswer("not XML") from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise NotAnAnswer("has a document type")
    return root


def _result(root: etree._Element) -> etree._Element:
    envelope = etree.QName(root)
    if envelope.localname != "Envelope" or envelope.namespace not in _ENVELOPES:
        raise NotAnAnswer("not an envelope")
    body = f"{{{envelope.namespace}}}Body"
    fault = root.find(f"{body}/{{{envelope.namespace}}}Fault")
    if fault is not None:
        raise SoapFault(blames_caller=_fault_code(fault, envelope.namespace) in ("Client", "Sender"))
    result = root.find(f"{body}/{{{NAMESPACE}}}GetDataBySecureResponse/{{{NAMESPACE}}}GetDataBySecureResult")
    if result is None:
        raise NotAnAnswer("no result")
    return result


def _fault_code(fault: etree._Element, namespace: str | None) -> str:
    code = fault.findtext("faultcode") or fault.findtext(f"{{{namespace}}}Code/{{{namespace}}}Value") or ""
    return code.strip().rpartition(":")[2].partition(".")[0]


def _error_code(error: etree._Element | None) -> str | None:
    """The code, or `unlisted` in the place of anything that is not shaped like one: a bureau's text goes no further."""
    if error is None or not "".join(map(str, error.itertext())).strip():
        return None
    code = _stripped(error.findtext(f"{{{NAMESPACE}}}Cause_of_Reject")) or ""
    return code if re.fullmatch("[A-Z]?[0-9]{1,4}", code) else "unlisted"


def _row(row: etree._Element) -> Mapping[str, str]:
    return {etree.QName(column).localname: (column.text or "").strip() for column in row}


def _stripped(text: str | None) -> str | None:
    return (text or "").strip() or None
