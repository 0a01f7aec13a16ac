"""Reading the Union's list: the sample, and what is refused."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from underwriting.due_diligence.formats import (
    ListHead,
    SanctionsListInvalid,
    entry_from_json,
    entry_to_json,
    read_list,
)
from underwriting.due_diligence.rules import BirthDate, Entry, EntryKind

SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sanctions-sample.xml"
ENTRY = (
    '<sanctionEntity logicalId="1"><subjectType classificationCode="P"/><nameAlias wholeName="A B"/></sanctionEntity>'
)


def export(content: str, *, head: str = 'generationDate="2026-02-20T12:00:00Z"', before: str = "") -> bytes:
    return f'{before}<export xmlns="http://eu.europa.ec/fpi/fsd/export" {head}>{content}</export>'.encode()


def test_the_sample_is_read_whole() -> None:
    """K1: persons and enterprises, every name, as much of the dates of birth as there is."""
    head, *entries = read_list(io.BytesIO(SAMPLE.read_bytes()))
    assert head == ListHead("900001", datetime(2026, 2, 20, 11, 0, tzinfo=UTC))
    assert entries == [
        Entry(
            reference="1001",
            kind=EntryKind.PERSON,
            names=("Anton Påhittad", "Антон Похиттад"),
            born=(BirthDate(year=1970, month=5, day=4),),
        ),
        Entry(reference="1002", kind=EntryKind.PERSON, names=("Yusuf Abdi al-Exempeli",), born=(BirthDate(year=1982),)),
        Entry(reference="1003", kind=EntryKind.ENTERPRISE, names=("Exempelgruvan Trading Ltd",)),
    ]
    assert [entry_from_json(entry_to_json(one)) for one in entries if isinstance(one, Entry)] == entries


def test_what_else_the_list_tells_is_read_for_those_who_compare() -> None:
    """K1: citizenships once each, remarks of the entry itself, one on a line; an entry without them is as before."""
    more = (
        '<remark>First  <!-- a note -->remark</remark><citizenship countryDescription="SWEDEN"/>'
        '<citizenship countryDescription="SWEDEN"/><citizenship countryDescription=""/><remark>Second</remark>'
    )
    _, entry = read_list(io.BytesIO(export(ENTRY.replace("</sanctionEntity>", f"{more}</sanctionEntity>"))))
    assert isinstance(entry, Entry)
    assert entry.citizenships == ("SWEDEN",)
    assert entry.remark == "First remark\nSecond"
    assert entry_from_json(entry_to_json(entry)) == entry
    _, plain = read_list(io.BytesIO(export(ENTRY)))
    assert isinstance(plain, Entry)
    assert entry_to_json(plain) == '{"born":[],"kind":"person","names":["A B"],"reference":"1"}'


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not XML",
        b"<other/>",
        export(""),
        export(ENTRY)[:-20],
        export(ENTRY, head=""),
        export(ENTRY, head='generationDate="yesterday"'),
        export(ENTRY.replace('"P"', '"X"')),
        export(ENTRY.replace('logicalId="1"', "")),
        export(ENTRY.replace("A B", " ")),
        export(ENTRY, before='<!DOCTYPE export [<!ENTITY a "b">]>'),
        export(ENTRY.replace("A B", "&a;"), before='<!DOCTYPE export [<!ENTITY a SYSTEM "file:///etc/hostname">]>'),
        export(
            ENTRY,
            before="<!DOCTYPE export [<!ENTITY a0 'ha'>"
            + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 12))
            + "]>",
        ),
        export(ENTRY.replace("A B", "A" * 20_000_000)),
    ],
)
def test_what_is_damaged_or_hostile_is_refused(content: bytes) -> None:
    """K1: nothing is expanded or fetched, and nothing but a refusal comes out."""
    with pytest.raises(SanctionsListInvalid):
        list(read_list(io.BytesIO(content)))
