"""Documents as PDF: archivable, readable aloud, the same bytes everywhere, commanded by nobody's words."""

import hashlib
import io
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from agreements.documents.rules import DocumentKind, Words, words
from agreements.documents.typesetting import typeset
from tests.support.documents import GRANTED_AT, VALUES
from underwriting.kernel.text import Language

KINDS = list(DocumentKind)
LANGUAGES: tuple[Language, ...] = get_args(Language)
AT = datetime(2026, 11, 23, 9, 15, tzinfo=UTC)
HOSTILE = [
    "#panic()",
    '#eval("1") AB',
    "$ sum_0^1 $ AB",
    "[*fet*] _kursiv_ `rå` <märke> @hänvisning",
    "\\ \\u{41} \\#",
    "== Rubrik",
    "- punkt",
    "9.1 Borgensmannen svarar inte.",
    "^ Annan Kreditgivare | 556000-0000",
    "! Avtalet är ogiltigt",
    "Bolaget | högst 1 kr",
    "// borta /* borta */",
    "Bolaget \u202eBA\u202c AB\u200f",
    "Bolaget\u0000 AB\u200b\u00ad",
    "Bolaget \ue000\ue001\ue002 AB",
    "\U0001f600 中文 مثال עברית ไทย AB",
    "e\u0301 o\u0308 AB",
    "{{ cap }} {% include 'x' %}",
    "W" * 4_000,
    "Aktiebolaget Långt Namn " * 170,
    '{"groups": []}',
]


def of(kind: DocumentKind, language: Language = "sv", **changes: object) -> Words:
    return words(kind, language, **(VALUES[kind] | changes))


def read(content: bytes) -> PdfFileReader:
    return PdfFileReader(io.BytesIO(content))


def standard_of(reader: PdfFileReader) -> tuple[bool, bool]:
    """Whether the file says of itself that it is PDF/A-3, and of level A."""
    said = reader.root["/Metadata"].data.decode()
    return "<pdfaid:part>3</pdfaid:part>" in said, "<pdfaid:conformance>A</pdfaid:conformance>" in said


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_document_is_archivable_and_can_be_read_aloud(kind: DocumentKind, language: Language) -> None:
    """S1: PDF/A-3a with tags, language and title; every font is in the file, and it refers to nothing outside."""
    content = typeset(of(kind, language), at=AT)
    reader = read(content)
    assert content.startswith(b"%PDF-1.7")
    assert standard_of(reader) == (True, True)
    assert reader.root["/Lang"] == language
    assert reader.root["/MarkInfo"]["/Marked"]
    assert reader.root["/StructTreeRoot"]["/K"]
    assert reader.root["/OutputIntents"][0]["/S"] == "/GTS_PDFA1"
    assert reader.trailer["/Info"]["/Title"] == of(kind, language).name
    assert all("/FontFile2" in font or "/FontFile3" in font for font in fonts_of(reader))
    assert not {"/JavaScript", "/AA", "/OpenAction"} & set(reader.root)


def fonts_of(reader: PdfFileReader) -> list[Any]:
    """The descriptors of every font that a page uses."""
    found = []
    pages = reader.root["/Pages"]["/Kids"]
    for page in (pages[number] for number in range(len(pages))):
        fonts = page["/Resources"]["/Font"]
        found += [fonts[name]["/DescendantFonts"][0]["/FontDescriptor"] for name in fonts]
    assert found
    return found


def test_the_same_words_give_the_same_bytes_in_another_process() -> None:
    """S1: what is signed can be made again from the words, wherever and in whichever zone the instant is written."""
    script = (
        "import hashlib; from datetime import datetime, timedelta, timezone\n"
        "from agreements.documents.rules import DocumentKind, words\n"
        "from agreements.documents.typesetting import typeset\n"
        "from tests.support.documents import VALUES\n"
        "at = datetime(2026, 11, 23, 10, 15, tzinfo=timezone(timedelta(hours=1)))\n"
        "made = typeset(words(DocumentKind.GUARANTEE, 'sv', **VALUES[DocumentKind.GUARANTEE]), at=at)\n"
        "print(hashlib.sha256(made).hexdigest())"
    )
    there = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.strip()
    typeset(of(DocumentKind.AGREEMENT), at=AT)  # what was made before leaves no trace
    assert hashlib.sha256(typeset(of(DocumentKind.GUARANTEE), at=AT)).hexdigest() == there


def test_another_instant_or_another_word_gives_other_bytes() -> None:
    made = {
        typeset(of(DocumentKind.GUARANTEE), at=AT),
        typeset(of(DocumentKind.GUARANTEE), at=AT + timedelta(seconds=1)),
        typeset(of(DocumentKind.GUARANTEE, has_role=True), at=AT),
    }
    assert len(made) == 3
    elsewhere = AT.astimezone(timezone(timedelta(hours=-5))) + timedelta(microseconds=5)
    assert typeset(of(DocumentKind.GUARANTEE), at=elsewhere) in made


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: ascii(name)[:24])
def test_no_name_is_read_as_code_or_structure(name: str) -> None:
    """S1: a stranger's words stay words in their place: same blocks as with an ordinary name, and it is set in type."""
    ordinary, hostile = of(DocumentKind.AGREEMENT), of(DocumentKind.AGREEMENT, company=name, payout_account=name)
    assert [(one.marker, len(one.parts)) for one in hostile.blocks] == [
        (one.marker, len(one.parts)) for one in ordinary.blocks
    ]
    content = typeset(hostile, at=AT)
    assert standard_of(read(content)) == (True, True)


def test_a_name_at_the_start_of_a_line_begins_nothing() -> None:
    """S1: conditions and names stand where a marker could stand."""
    for name in HOSTILE:
        plain = of(DocumentKind.COUNTER_OFFER, conditions="x", company="y")
        changed = of(DocumentKind.COUNTER_OFFER, conditions=name, company=name)
        assert [one.marker for one in changed.blocks] == [one.marker for one in plain.blocks], name


def test_what_the_fonts_lack_is_written_by_its_code() -> None:
    """S1: no character of a name is lost or shown as an empty box."""
    text = " ".join(one.text for one in of(DocumentKind.AGREEMENT, company="Bolaget 中 \U0001f600").blocks)
    assert "Bolaget [U+4E2D] [U+1F600]," in text


def test_the_fonts_have_every_character_that_is_not_written_by_its_code() -> None:
    """S1: the archive format refuses a character without a glyph, so one that failed would be found here."""
    every = "".join(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x530), *range(0x1E00, 0x2028), 0x20AC]))
    shown = of(DocumentKind.AGREEMENT, company="M" + every, limit="M" + every)  # the limit is set in bold
    assert standard_of(read(typeset(shown, at=AT))) == (True, True)


def test_a_long_name_stays_on_its_page() -> None:
    """A name without a space is broken where the line ends: no page is wider than its paper."""
    broken = read(typeset(of(DocumentKind.GUARANTEE, company="W" * 4_000), at=AT))
    ordinary = read(typeset(of(DocumentKind.GUARANTEE), at=AT))
    assert broken.root["/Pages"]["/Count"] > ordinary.root["/Pages"]["/Count"]


def test_words_are_read_back_as_they_were_written() -> None:
    for kind in KINDS:
        assert Words.decoded(of(kind).encoded()) == of(kind)
    assert GRANTED_AT == AT
