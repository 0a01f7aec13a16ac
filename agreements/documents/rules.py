"""Texts that are signed: made from versioned templates, the same bytes from the same values on every machine.

A template is Jinja2 text in `templates/<version>/<kind>.<language>.txt`, with `<kind>.visible.<language>.txt` for what
the signature application shows. A published version is never edited. At the start of a line `= ` marks the title (after
`|` what stands to its right), `== ` a heading, `: ` a row (`label | value`), `- ` an item and `1.2 ` a clause; other
lines continue the one before, and an empty line ends it.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from functools import cache
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from underwriting.kernel.money import Money
from underwriting.kernel.text import Language, Text
from underwriting.kernel.wording import day_in_words, instant_in_words, percent_in_words, time_in_words

VERSION = "v1"
"""The version of the templates that new documents are made from."""
VISIBLE_LIMIT = 1_500
"""A visible text is shorter than this many characters."""
_TEMPLATES = Path(__file__).parent / "templates"
_WIDTH = 76
_LABEL_WIDTH = 26
_CLAUSE_INDENT = 6
_MARKER = re.compile(r"(=|==|:|-|\d+\.\d+)\s+")
_KEPT_ON_ONE_LINE = ("såsom för egen skuld",)  # the law's words are searched for as they are written
_NO_BREAK = "\ue000"  # private use: no value can hold it, see `_clean`


class DocumentKind(StrEnum):
    """What is signed; the words are those of `SigningPurpose`."""

    APPLICATION = "application"
    CONFIRMATION = "confirmation"
    COUNTER_OFFER = "counter_offer"
    AGREEMENT = "agreement"
    GUARANTEE = "guarantee"


class _Block(NamedTuple):
    """One paragraph, title, heading, row, item or clause, without line breaks."""

    marker: str
    text: str


def render(kind: DocumentKind, language: Language, version: str = VERSION, /, **values: object) -> bytes:
    """The document in UTF-8, laid out in lines of at most 76 characters where no single word is longer.

    Values are written as people write them in *language*: text, whole numbers, Money, days, instants, times of day and,
    as rates, Decimals. Sequences and other objects can be looked into, not written. The Swedish text is the one that is
    signed, the English one a reading aid. Raises jinja2.UndefinedError for a value that is missing.
    """
    source = _environment(version, language).get_template(f"{kind}.{language}.txt").render(values)
    return (_laid_out(source) + "\n").encode()


def visible_text(
    kind: DocumentKind, language: Language, version: str = VERSION, /, *, sha256: str, **values: object
) -> str:
    """What the signature application shows: the gist of the document, with its name and *sha256*; not wrapped.

    Raises ValueError when it is not shorter than VISIBLE_LIMIT.
    """
    template = _environment(version, language).get_template(f"{kind}.visible.{language}.txt")
    text = "\n".join(_flowing(template.render(values | {"sha256": sha256})))
    if len(text) >= VISIBLE_LIMIT:
        raise ValueError(f"a visible text is shorter than {VISIBLE_LIMIT} characters")
    return text


def sha256(content: bytes) -> str:
    """The SHA-256 of a document's bytes, in lower-case hexadecimal."""
    return hashlib.sha256(content).hexdigest()


@cache
def _environment(version: str, language: Language) -> Environment:
    def written(value: object) -> str:
        return _written(value, language)

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES / version, encoding="utf-8"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701 - plain text; `_clean` takes what could change its structure
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=written,
    )
    environment.filters["months"] = lambda count: _months(count).in_language(language)
    return environment


def _written(value: object, language: Language) -> str:
    words: Text
    match value:
        case str():
            return _clean(value)
        case Money():
            return value.formatted()
        case Text():
            return _clean(value.in_language(language))
        case datetime():
            words = instant_in_words(value)
        case date():
            words = day_in_words(value)
        case time():
            words = time_in_words(value)
        case Decimal():
            words = percent_in_words(value)
        case int() if not isinstance(value, bool):
            return str(value)
        case StrictUndefined():
            return str(value)  # raises, naming what is missing
        case _:
            raise TypeError(f"a document does not write {type(value).__name__}")
    return words.in_language(language)


def _months(count: int) -> Text:
    return Text(f"{count} månad" if count == 1 else f"{count} månader", f"{count} month{'' if count == 1 else 's'}")


def _clean(value: str) -> str:
    """*value* in one line and without invisible characters: a name cannot add a clause or turn the text around."""
    return "".join(character for character in " ".join(value.split()) if character.isprintable())


def _blocks(source: str) -> Iterator[_Block]:
    block: _Block | None = None
    for line in (*source.splitlines(), ""):
        text = line.strip()
        marker = _MARKER.match(text)
        if block is not None and (marker or not text):
            yield block
            block = None
        if block is not None:
            block = _Block(block.marker, f"{block.text} {text}")
        elif marker:
            block = _Block(marker[1], text[marker.end() :])
        elif text:
            block = _Block("", text)


def _laid_out(source: str) -> str:
    lines: list[str] = []
    previous = ""
    for block in _blocks(source):
        if lines and not (block.marker == previous and previous in (":", "-")):
            lines.append("")
        lines += _lines_of(block)
        previous = block.marker
    return "\n".join(lines)


def _lines_of(block: _Block) -> list[str]:
    match block.marker:
        case "=":
            left, _, right = (part.strip() for part in block.text.partition("|"))
            return [f"{left} {right:>{max(_WIDTH - len(left) - 1, 0)}}".rstrip(), "=" * _WIDTH]
        case "==":
            return ["", block.text, "-" * _WIDTH]
        case ":":
            label, _, value = (part.strip() for part in block.text.partition("|"))
            return _wrapped(value, first=f"  {label:<{_LABEL_WIDTH}}", rest=" " * (_LABEL_WIDTH + 2))
        case "-":
            indent = " " * _CLAUSE_INDENT
            return _wrapped(block.text, first=f"{indent}- ", rest=f"{indent}  ")
        case "":
            return _wrapped(block.text, first="", rest="")
        case number:
            return _wrapped(block.text, first=f"{number:<{_CLAUSE_INDENT}}", rest=" " * _CLAUSE_INDENT)


def _wrapped(text: str, *, first: str, rest: str) -> list[str]:
    for words in _KEPT_ON_ONE_LINE:
        text = text.replace(words, words.replace(" ", _NO_BREAK))
    lines = wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_NO_BREAK, " ") for line in lines]


def _flowing(source: str) -> Iterator[str]:
    previous = ""
    for position, block in enumerate(_blocks(source)):
        if position and not (block.marker == previous and previous in (":", "-")):
            yield ""
        match block.marker:
            case ":":
                yield ": ".join(part.strip() for part in block.text.split("|", 1))
            case "-":
                yield f"- {block.text}"
            case _:
                yield block.text
        previous = block.marker
