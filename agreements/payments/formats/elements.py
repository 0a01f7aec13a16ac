"""The elements of a camt.054, found by path whatever the version, and the refusal that names a line of it."""

import re
from datetime import UTC, datetime
from typing import NoReturn

from lxml import etree

from agreements.payments.formats.incoming import PaymentFileRefused
from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.text import Text

_NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.054\.001\.\d\d")
_AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,5})?")


def money_of(element: etree._Element) -> Money:
    """The kronor that an amount says; refused in another currency, or with fractions of an öre."""
    text = (element.text or "").strip()
    if element.get("Ccy", "SEK") != "SEK":
        refuse(element, "valutan är inte SEK", "the currency is not SEK")
    if not _AMOUNT.fullmatch(text):
        refuse(element, "beloppet är inte ett tal", "the amount is not a number")
    try:
        return Money.kronor(text)
    except ValueError:
        refuse(element, "beloppet har delar av ören", "the amount has fractions of an öre")


def instant_of(element: etree._Element, text: str) -> datetime:
    """The instant that *text* says, in UTC; *element* is where it stands."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        refuse(element, "tidpunkten finns inte", "there is no such instant")
    # ISO 20022 leaves the zone out where both parties share it.
    return (at if at.tzinfo else at.replace(tzinfo=STOCKHOLM)).astimezone(UTC)


def needed_text(element: etree._Element, path: str) -> str:
    """What stands at *path*; refused where nothing does."""
    text = text_of(element, path)
    if not text:
        refuse(element, f"{path} saknas", f"{path} is missing")
    return text


def first_text(element: etree._Element, *paths: str) -> str:
    """What stands at the first of *paths* where something does; else empty."""
    return next((text for path in paths if (text := text_of(element, path))), "")


def text_of(element: etree._Element, path: str) -> str:
    """What stands at *path*, without blanks around it; empty where nothing does."""
    found = find(element, path)
    return (found.text or "").strip() if found is not None else ""


def texts_of(element: etree._Element, path: str) -> list[str]:
    """What stands at each place of *path*."""
    space = space_of(element)
    found = element.findall("/".join(f"{space}{step}" for step in path.split("/")))
    return [(one.text or "").strip() for one in found]


def find(element: etree._Element, path: str) -> etree._Element | None:
    """The first element at *path*, whose names are of the namespace of *element*; or None."""
    space = space_of(element)
    return element.find("/".join(f"{space}{step}" for step in path.split("/")))


def space_of(element: etree._Element) -> str:
    """The namespace of *element* as names are written with it."""
    return f"{{{etree.QName(element).namespace}}}"


def root_of(content: bytes) -> etree._Element:
    """The document's root, of any version of camt.054. Entities, document types and the network are off."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        line = max(1, error.lineno or 1)
        raise PaymentFileRefused(
            line, Text("filen är inte välformad XML", "the file is not well-formed XML")
        ) from error
    except ValueError as error:
        raise PaymentFileRefused(1, Text("filen är inte XML", "the file is not XML")) from error
    if root.getroottree().docinfo.internalDTD is not None:
        refuse(root, "filen har en dokumenttyp", "the file has a document type")
    if etree.QName(root).localname != "Document" or not _NAMESPACE.fullmatch(etree.QName(root).namespace or ""):
        refuse(root, "det är inte en camt.054", "this is not a camt.054")
    return root


def refuse(element: etree._Element, sv: str, en: str) -> NoReturn:
    """Refuse the file, with the line of *element*."""
    line = element.sourceline
    raise PaymentFileRefused(line if isinstance(line, int) else 1, Text(sv, en))
