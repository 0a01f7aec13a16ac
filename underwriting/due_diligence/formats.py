"""Reading the European Union's consolidated list of financial sanctions (its XML, version 1.1), and entries as JSON.

The root `export` says when it was generated. Each `sanctionEntity` has a `logicalId`, a `subjectType` whose
`classificationCode` is P for persons and E for enterprises, `nameAlias` elements with a `wholeName`, `birthdate`
elements that may hold only a year, `citizenship` elements with a `countryDescription`, and `remark` elements. The file
is read as a stream, so that memory does not grow with it:
1. A document type declaration is refused before anything else is read: no entity can be declared, none is expanded.
2. Nothing is fetched, and lxml's own limits on depth and lengths of text stand.
3. What is malformed, empty or without an entry's names is refused as a whole.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import IO, Any

from lxml import etree

from underwriting.due_diligence.rules import BirthDate, Entry, EntryKind, Party
from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.text import Text

_NAMESPACE = "{http://eu.europa.ec/fpi/fsd/export}"
_KINDS = {"P": EntryKind.PERSON, "E": EntryKind.ENTERPRISE}
_MOST_NAMES = 1000
_LONGEST_REMARK = 4000
_GREGORIAN = ("", "GREGORIAN")


class SanctionsListInvalid(InvalidInput):
    """The file is no sanctions list in the Union's format, or is damaged: nothing was changed. Rule K1."""

    slug = "sanctions-list-invalid"
    title = Text("Filen är ingen läsbar sanktionslista", "The file is not a readable sanctions list")
    rule = "K1"


@dataclass(frozen=True, slots=True)
class ListHead:
    """What a list says of itself."""

    version: str
    generated_at: datetime


def read_list(file: IO[bytes]) -> Iterator[ListHead | Entry]:
    """First the head, then each entry, as they are read; raises SanctionsListInvalid, perhaps in the middle."""
    parser = etree.iterparse(
        file, events=("start", "end"), resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True
    )
    entries = 0
    try:
        for event, element in parser:
            if event == "start" and element.getparent() is None:
                yield _head(element)
            elif event == "end" and element.tag == f"{_NAMESPACE}sanctionEntity":
                yield _entry(element)
                entries += 1
                _let_go(element)
    except (etree.XMLSyntaxError, UnicodeError) as error:
        raise SanctionsListInvalid from error
    if not entries:
        raise SanctionsListInvalid(Text("Listan är tom", "The list is empty"))


def entry_to_json(entry: Entry) -> str:
    """The entry as canonical JSON."""
    born = [[one.year, one.month, one.day] for one in entry.born]
    content: dict[str, Any] = {"reference": entry.reference, "kind": str(entry.kind), "names": list(entry.names)}
    content["born"] = born
    if entry.citizenships:
        content["citizenships"] = list(entry.citizenships)
    if entry.remark:
        content["remark"] = entry.remark
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def entry_from_json(text: str) -> Entry:
    """What `entry_to_json` wrote."""
    content = json.loads(text)
    born = tuple(BirthDate(year=year, month=month, day=day) for year, month, day in content["born"])
    return Entry(
        reference=content["reference"],
        kind=EntryKind(content["kind"]),
        names=tuple(content["names"]),
        born=born,
        citizenships=tuple(content.get("citizenships", ())),
        remark=content.get("remark", ""),
    )


def parties_to_json(parties: tuple[Party, ...]) -> list[dict[str, str | None]]:
    """Parties as they are kept, encrypted."""
    return [
        {
            "kind": str(one.kind),
            "role": one.role,
            "number": one.number,
            "name": one.name,
            "born": one.born.isoformat() if one.born else None,
        }
        for one in parties
    ]


def parties_from_json(kept: list[dict[str, str]]) -> tuple[Party, ...]:
    """What `parties_to_json` wrote."""
    return tuple(
        Party(
            kind=EntryKind(one["kind"]),
            role=one["role"],
            number=one["number"],
            name=one["name"],
            born=date.fromisoformat(one["born"]) if one["born"] else None,
        )
        for one in kept
    )


def _head(root: etree._Element) -> ListHead:
    if root.getroottree().docinfo.internalDTD is not None:
        raise SanctionsListInvalid(Text("Filen deklarerar en dokumenttyp", "The file declares a document type"))
    if root.tag != f"{_NAMESPACE}export":
        raise SanctionsListInvalid
    try:
        generated_at = datetime.fromisoformat(root.get("generationDate", ""))
    except ValueError as error:
        raise SanctionsListInvalid(Text("Listans datum saknas", "The list does not say its date")) from error
    in_utc = generated_at.astimezone(UTC) if generated_at.tzinfo else generated_at.replace(tzinfo=UTC)
    return ListHead(root.get("globalFileId") or in_utc.isoformat(), in_utc)


def _entry(element: etree._Element) -> Entry:
    kind = element.find(f"{_NAMESPACE}subjectType")
    code = "" if kind is None else kind.get("classificationCode", "")
    aliases = element.findall(f"{_NAMESPACE}nameAlias")
    names = tuple(dict.fromkeys(filter(None, (" ".join(one.get("wholeName", "").split()) for one in aliases))))
    reference = element.get("logicalId", "")
    if code not in _KINDS or not reference or not names or len(names) > _MOST_NAMES:
        raise SanctionsListInvalid(
            Text(f"Post {reference or '?'} går inte att läsa", f"Entry {reference or '?'} cannot be read")
        )
    born = [_born(one) for one in element.findall(f"{_NAMESPACE}birthdate")]
    countries = (one.get("countryDescription", "").strip() for one in element.findall(f"{_NAMESPACE}citizenship"))
    remarks = (" ".join((one.text or "").split()) for one in element.findall(f"{_NAMESPACE}remark"))
    return Entry(
        reference=reference,
        kind=_KINDS[code],
        names=names,
        born=tuple(one for one in born if one),
        citizenships=tuple(dict.fromkeys(filter(None, countries))),
        remark="\n".join(filter(None, remarks))[:_LONGEST_REMARK],
    )


def _born(element: etree._Element) -> BirthDate | None:
    """None where the list tells no year, or one of another calendar."""
    year = _number(element.get("year"))
    if not year or element.get("calendarType", "") not in _GREGORIAN:
        return None
    return BirthDate(
        year=year, month=_number(element.get("monthOfYear")) or None, day=_number(element.get("dayOfMonth")) or None
    )


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 4 else 0


def _let_go(element: etree._Element) -> None:
    """Free what was read, the elements before it included."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
