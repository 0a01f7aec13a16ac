"""SIE 4I, the Swedish file of vouchers that other programs import (SIE-Gruppen, SIE filformat 4B, 2008-09-30).

One post per line, in cp437 (`#FORMAT PC8`), lines ended by CR and LF; a field is bare or within quotes. The checksum is
CRC-32 as zlib computes it, over labels and fields without what separates, quotes or embraces them.
"""

import re
import unicodedata
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import date

from agreements.accounting.rules import SieHead, Voucher

PROGRAM = "Borgen"
LAYOUT = "1.0"
"""Stands in the files as the program's version: of how a file is laid out. Files of closed months never change, so
that another layout gets another number, and months that were closed with this one keep it."""

_ENCODING = "cp437"
_LINE_END = b"\r\n"
_BARE = re.compile(r"[0-9A-Za-z.\-]+")
_BLANKS = re.compile(r"\s+")
_WRITTEN_OTHERWISE = str.maketrans(
    {
        "€": "EUR",
        "–": "-",
        "—": "-",
        "\u2212": "-",
        "‘": "'",
        "’": "'",
        "“": '"',
        "”": '"',
        "„": '"',
        "…": "...",
        "Ø": "O",
        "ø": "o",
        "\\": "/",  # a quote is written \" and nothing says how a backslash would be
    }
)


def sie_file(
    head: SieHead, accounts: Mapping[str, str], vouchers: Iterable[Voucher], *, with_checksum: bool
) -> Iterator[bytes]:
    """The lines of the file, each with its end: *accounts* are names by number, those that *vouchers* use."""
    yield _line("#FLAGGA 0")
    checksum = _Checksum()
    if with_checksum:
        yield _line("#KSUMMA")
    for label, *fields in _head_posts(head, accounts):
        yield checksum.post(label, *fields)
    for voucher in vouchers:
        yield checksum.post(
            "#VER", voucher.series, str(voucher.number), _day(voucher.on), voucher.text, _day(voucher.registered_on)
        )
        yield _line("{")
        for line in voucher.lines:
            yield checksum.post("#TRANS", line.account_number, None, str(line.amount))
        yield _line("}")
    if with_checksum:
        yield _line(f"#KSUMMA {checksum.value}")


def printable(text: str) -> str:
    """*text* as cp437 can write it.

    What it lacks is written otherwise: € as EUR, dashes and quotes as plain ones, letters without their accents, a
    backslash as a slash; any other character as a question mark. Whatever is blank or controls a device is a blank.
    """
    if _is_plain(text):
        return text
    told = "".join(" " if unicodedata.category(one) == "Cc" else one for one in text.translate(_WRITTEN_OTHERWISE))
    return "".join(_written(one) for one in _BLANKS.sub(" ", told).strip())


class _Checksum:
    """The sum over all posts that were written so far."""

    def __init__(self) -> None:
        self.value = 0

    def post(self, label: str, *fields: str | None) -> bytes:
        """The line of a post, which is added to the sum; a field that is None is an empty list of objects."""
        told = [None if field is None else printable(field) for field in fields]
        self.value = zlib.crc32("".join([label, *filter(None, told)]).encode(_ENCODING), self.value)
        return _line(" ".join([label, *("{}" if field is None else _quoted(field) for field in told)]))


def _head_posts(head: SieHead, accounts: Mapping[str, str]) -> Iterator[tuple[str, ...]]:
    yield "#PROGRAM", PROGRAM, LAYOUT
    yield "#FORMAT", "PC8"
    yield "#GEN", _day(head.generated_on)
    yield "#SIETYP", "4"
    yield "#FNAMN", head.company_name
    yield "#ORGNR", head.organisation_number
    yield "#RAR", "0", _day(head.year_starts_on), _day(head.year_ends_on)
    yield "#KPTYP", "EUBAS97"
    yield "#VALUTA", "SEK"
    for number, name in sorted(accounts.items()):
        yield "#KONTO", number, name


def _is_plain(text: str) -> bool:
    """Whether nothing of *text* is written otherwise: of most it is not, and there are a million."""
    if not text.isprintable() or "\\" in text or "  " in text or text != text.strip():
        return False
    try:
        text.encode(_ENCODING)
    except UnicodeEncodeError:
        return False
    return True


def _written(one: str) -> str:
    for candidate in (one, unicodedata.normalize("NFKD", one)[:1]):
        try:
            candidate.encode(_ENCODING)
        except UnicodeEncodeError:
            continue
        return candidate
    return "?"


def _quoted(field: str) -> str:
    return field if _BARE.fullmatch(field) else '"' + field.replace('"', '\\"') + '"'


def _line(text: str) -> bytes:
    return text.encode(_ENCODING) + _LINE_END


def _day(on: date) -> str:
    return f"{on:%Y%m%d}"
