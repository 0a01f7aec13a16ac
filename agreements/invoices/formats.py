"""What the printer is given: one archive with each invoice as a PDF, and a list of them (*utskriftsunderlag*)."""

import csv
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

LIST_NAME = "innehall.csv"
"""The list, in UTF-8 with semicolons: file, number, addressee, address."""
_EARLIEST = datetime(1980, 1, 1)  # noqa: DTZ001 — the archive's format knows no zone; every machine writes the same


@dataclass(frozen=True, slots=True)
class Printed:
    """One paper to print, and where it goes."""

    file_name: str
    number: int
    addressee: str = field(repr=False)
    address: str = field(repr=False)
    content: bytes = field(repr=False)


def archive(papers: Iterable[Printed]) -> bytes:
    """The ZIP archive of *papers*: the same bytes from the same papers."""
    listed = io.StringIO()
    rows = csv.writer(listed, delimiter=";", lineterminator="\r\n")
    rows.writerow(("fil", "nummer", "mottagare", "adress"))
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_STORED) as into:
        for paper in papers:
            rows.writerow((paper.file_name, paper.number, _as_text(paper.addressee), _as_text(paper.address)))
            into.writestr(_entry(paper.file_name), paper.content)
        into.writestr(_entry(LIST_NAME), listed.getvalue().encode("utf-8-sig"))
    return whole.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    return zipfile.ZipInfo(name, date_time=_EARLIEST.timetuple()[:6])


def _as_text(value: str) -> str:
    """*value* on one line; what a spreadsheet would reckon with is only shown by it."""
    line = " ".join(value.split())
    return f"'{line}" if line[:1] in ("=", "+", "-", "@") else line
