"""Words of documents, from versioned templates: the same words from the same values on every machine.

A template is Jinja2 text in `templates/<version>/<kind>.<language>.txt`, with `<kind>.visible.<language>.txt` for what
the signature application shows. A published version is never edited; what a later one leaves as it was lies in the
folder of the one before. What a line begins with says what it is; a line that begins with nothing of the kind continues
the one before, and an empty line ends it.

| marker | what it begins | since |
|---|---|---|
| `= ` | the title, after a bar the number that stands with it | v1 |
| `== ` | a chapter | v1 |
| `: ` | a row, `label | value` | v1 |
| `- ` | an item of a list | v1 |
| `1.2 ` | a clause | v1 |
| `^ ` | the letterhead, its parts between bars | v2 |
| `! ` | a notice that nobody may miss | v2 |
| `:! ` | a row of more weight than the others | v2 |
| `~ ` | what stands in the frame for signatures | v2 |

From version 2 a value never begins, ends or divides anything, wherever it stands in a template.
"""

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from underwriting.kernel.money import Money
from underwriting.kernel.text import Language, Text
from underwriting.kernel.vocabulary import RepaymentPlan
from underwriting.kernel.wording import day_in_words, instant_in_words, percent_in_words, time_in_words

TEXT_VERSION = "v1"
"""The version whose documents are the text itself."""
VERSION = "v3"
"""The version of the templates that new documents are made from."""
_TEMPLATES = Path(__file__).parent / "templates"
_FOLDERS = {TEXT_VERSION: (TEXT_VERSION,), "v2": ("v2",), VERSION: (VERSION, "v2")}
_TEXT_MARKERS = re.compile(r"(=|==|:|-|\d+\.\d+)\s+")
_MARKERS = re.compile(r"(\^|=|==|!|:!|:|~|-|\d+\.\d+)\s+")
_VALUE = "\ue001"  # private use, which no value can hold: see `_clean`
_BAR = "\ue002"
# What the bundled fonts can show; anything else is written by its code, so that no character of a name is lost.
_SHOWN = re.compile(
    r"[ -~\u00a0-\u024f\u0370-\u0377\u037a-\u037f\u0384-\u03e1\u03f0-\u03ff\u0400-\u052f\u1e00-\u1eff"
    r"\u2010-\u2027\u20ac]"
)
_REPAYMENT: Mapping[RepaymentPlan, Text] = {
    RepaymentPlan.STRAIGHT: Text("lika stora delar, en i månaden", "equal parts, one a month"),
    RepaymentPlan.AT_TERM: Text(
        "hela kapitalet på en gång, när löptiden slutar", "the whole principal at once, when the term ends"
    ),
}
_NAMES: Mapping[RepaymentPlan, Text] = {
    RepaymentPlan.STRAIGHT: Text("rak amortering", "straight plan"),
    RepaymentPlan.AT_TERM: Text("återbetalning när löptiden slutar", "repaid when the term ends"),
}


class DocumentKind(StrEnum):
    """What a document is; those that are signed have the words of `SigningPurpose`."""

    APPLICATION = "application"
    CONFIRMATION = "confirmation"
    COUNTER_OFFER = "counter_offer"
    AGREEMENT = "agreement"
    GUARANTEE = "guarantee"
    OFFER = "offer"
    GUARANTEE_INFORMATION = "guarantee_information"
    CANCELLATION_RECEIPT = "cancellation_receipt"
    REDEMPTION_QUOTE = "redemption_quote"
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    STATEMENT = "statement"
    PLAN_CHANGE = "plan_change"
    PLAN_CHANGE_CONSENT = "plan_change_consent"


SIGNED = frozenset(
    {
        DocumentKind.APPLICATION,
        DocumentKind.CONFIRMATION,
        DocumentKind.COUNTER_OFFER,
        DocumentKind.AGREEMENT,
        DocumentKind.GUARANTEE,
        DocumentKind.PLAN_CHANGE,
        DocumentKind.PLAN_CHANGE_CONSENT,
    }
)
"""The kinds that somebody signs; the others tell what the lender has to tell."""


class Block(NamedTuple):
    """One paragraph, title, chapter, row, item or clause; *parts* are what bars divide, without line breaks."""

    marker: str
    parts: tuple[str, ...]

    @property
    def text(self) -> str:
        """The parts, or the only one."""
        return " | ".join(self.parts)


class Group(NamedTuple):
    """Blocks that belong together on a page: the rows of one table, the items of one list, or a single block."""

    kind: str
    blocks: tuple[Block, ...]


_GROUPS: Mapping[str, str] = {
    "^": "letterhead",
    "=": "title",
    "==": "chapter",
    "!": "notice",
    ":": "facts",
    ":!": "facts",
    "-": "items",
    "~": "signature",
    "": "paragraph",
}
_JOINED = ("facts", "items", "notice", "signature")


@dataclass(frozen=True, slots=True)
class Words:
    """The words of a document in one language, in the order in which they are read."""

    kind: DocumentKind
    language: Language
    version: str
    blocks: tuple[Block, ...]

    @property
    def name(self) -> str:
        """The title with its number, for whoever sees it in a list: `Kreditavtal, nr 100001`."""
        title = next((block for block in self.blocks if block.marker == "="), Block("=", (str(self.kind),)))
        return ", ".join((title.parts[0], *title.parts[1:2]))

    @property
    def groups(self) -> Iterator[Group]:
        """The blocks as they stand together."""
        for kind, run in groupby(self.blocks, key=lambda block: _GROUPS.get(block.marker, "clause")):
            if kind in _JOINED:
                yield Group(kind, tuple(run))
            else:
                yield from (Group(kind, (block,)) for block in run)

    def encoded(self) -> bytes:
        """The words in JSON: the same bytes from the same words."""
        content = {
            "kind": str(self.kind),
            "language": self.language,
            "version": self.version,
            "blocks": [[block.marker, *block.parts] for block in self.blocks],
        }
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()

    @classmethod
    def decoded(cls, content: bytes) -> "Words":
        """What `encoded` wrote."""
        read = json.loads(content)
        blocks = tuple(Block(marker, tuple(parts)) for marker, *parts in read["blocks"])
        return cls(DocumentKind(read["kind"]), read["language"], read["version"], blocks)


def words(kind: DocumentKind, language: Language, version: str = VERSION, /, **values: object) -> Words:
    """The words of a document.

    Values are written as people write them in *language*: text, whole numbers, Money, days, instants, times of day and,
    as rates, Decimals. Sequences and other objects can be looked into, not written. The Swedish words are the ones that
    count, the English ones a reading aid. Raises jinja2.UndefinedError for a value that is missing.
    """
    source = _environment(version, language, True).get_template(f"{kind}.{language}.txt").render(values)
    return Words(kind, language, version, tuple(_blocks(source, version)))


def visible_blocks(
    kind: DocumentKind, language: Language, version: str, values: Mapping[str, object]
) -> Sequence[Block]:
    """The gist of a document that is signed, as the signature application shows it."""
    source = _environment(version, language, False).get_template(f"{kind}.visible.{language}.txt").render(values)
    return tuple(_blocks(source, version))


def sha256(content: bytes) -> str:
    """The SHA-256 of a document's bytes, in lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@cache
def _environment(version: str, language: Language, in_type: bool) -> Environment:
    """The templates of a version; with *in_type* for a page, which shows what its fonts can."""

    def as_value(value: str) -> str:
        return _clean(value) if version == TEXT_VERSION else _shielded(value, in_type=in_type)

    def written(value: object) -> str:
        return _written(value, language, as_value)

    environment = Environment(
        loader=FileSystemLoader([_TEMPLATES / folder for folder in _FOLDERS[version]], encoding="utf-8"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - no HTML; `_clean` and `_shielded` take what could change the structure
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=written,
    )
    environment.filters["months"] = lambda count: _months(count).in_language(language)
    environment.filters["repayment"] = lambda plan: _REPAYMENT[RepaymentPlan(plan)].in_language(language)
    environment.filters["plan"] = lambda plan: _NAMES[RepaymentPlan(plan)].in_language(language)
    return environment


def _written(value: object, language: Language, as_value: Callable[[str], str]) -> str:
    found: Text
    match value:
        case str():
            return as_value(value)
        case Money():
            return value.formatted().replace("\u2212", "\u2013")  # the bundled fonts have no minus, but a dash
        case Text():
            return as_value(value.in_language(language))
        case datetime():
            found = instant_in_words(value)
        case date():
            found = day_in_words(value)
        case time():
            found = time_in_words(value)
        case Decimal():
            found = percent_in_words(value)
        case int() if not isinstance(value, bool):
            return str(value)
        case StrictUndefined():
            return str(value)  # raises, naming what is missing
        case _:
            raise TypeError(f"a document does not write {type(value).__name__}")
    return found.in_language(language)


def _months(count: int) -> Text:
    return Text(f"{count} månad" if count == 1 else f"{count} månader", f"{count} month{'' if count == 1 else 's'}")


def _clean(value: str) -> str:
    """*value* in one line and without invisible characters: a name cannot add a clause or turn the text around."""
    return "".join(character for character in " ".join(value.split()) if character.isprintable())


def _shielded(value: str, *, in_type: bool) -> str:
    """*value* so that it is not read as structure, and *in_type* in characters that the fonts have."""
    shown = unicodedata.normalize("NFC", _clean(value)).replace("|", _BAR)
    if in_type:
        shown = "".join(each if _SHOWN.match(each) or each == _BAR else f"[U+{ord(each):04X}]" for each in shown)
    return _VALUE + shown


def _blocks(source: str, version: str) -> Iterator[Block]:
    markers = _TEXT_MARKERS if version == TEXT_VERSION else _MARKERS
    marker, text, is_open = "", "", False
    for line in (*source.splitlines(), ""):
        stripped = line.strip()
        begins = markers.match(stripped)
        if is_open and (begins or not stripped):
            yield _block(marker, text, version)
            is_open = False
        if is_open:
            text = f"{text} {stripped}"
        elif stripped:
            marker, text = (begins[1], stripped[begins.end() :]) if begins else ("", stripped)
            is_open = True


def _block(marker: str, text: str, version: str) -> Block:
    if version == TEXT_VERSION:
        return Block(marker, (text,))
    parts = text.split("|") if marker in ("^", "=", ":", ":!") else [text]
    return Block(marker, tuple(part.strip().replace(_VALUE, "").replace(_BAR, "|") for part in parts))
