"""The stand-in bank reached by files, as `agreements.payouts.drop` lays the folder out: takes `out/`, leaves in `in/`.

What it tells of payments: taken or rejected as soon as it has the file, booked once it is, each once, in a report of
each file. What it cannot read it rejects as a whole. Incoming payments are left as BgMax files, named as in the book.
"""

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

from agreements.payouts.sandbox.book import Book
from agreements.payouts.sandbox.messages import Answer, FileRefused, read_pain_001, write_report

_FORMAT_ERROR = "FF01"
_REJECTED = "RJCT"


@dataclass(frozen=True)
class FolderBank:
    """Plays the bank of *book* in the folder *root*, by the clock *now*."""

    book: Book
    root: Path
    now: Callable[[], datetime]

    def serve(self) -> int:
        """Take what was handed over, and tell what is new since; how many files were taken or left."""
        for folder in ("out", "in"):
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        return self._take_files() + self._tell_of_payments() + self._leave_incoming()

    def _take_files(self) -> int:
        handed_over = sorted((self.root / "out").glob("*.xml"))
        for path in handed_over:
            try:
                self.book.accept(read_pain_001(path.read_bytes()), at=self.now())
            except FileRefused:
                self._leave_report("refused", path.stem, [], file_status=_REJECTED, reason_code=_FORMAT_ERROR)
            path.unlink()
        return len(handed_over)

    def _tell_of_payments(self) -> int:
        """One report for each file of which something is new."""
        news = sorted(self.book.news(at=self.now()), key=lambda answer: answer.message_id)
        count = 0
        for message_id, of_file in groupby(news, key=lambda answer: answer.message_id):
            answers = list(of_file)
            self._leave_report("report", message_id, answers)
            self.book.note_told(answers)
            count += 1
        return count

    def _leave_incoming(self) -> int:
        new = [name for name in self.book.file_ids(None) if not (self.root / "in" / f"{name}.bgmax").exists()]
        for name in new:
            self._leave(f"{name}.bgmax", self.book.file(name) or b"")
        return len(new)

    def _leave_report(self, kind: str, about: str, answers: Iterable[Answer], **whole: str) -> None:
        at = self.now()
        number = f"{at:%Y%m%dT%H%M%S%f}"
        content = write_report(f"R{number}", about, list(answers), at=at, **whole)
        self._leave(f"{number}-{kind}-{about}.xml", content)

    def _leave(self, name: str, content: bytes) -> None:
        """Whole as soon as it has its name."""
        part = self.root / "in" / f".{name}.part"
        part.write_bytes(content)
        os.replace(part, self.root / "in" / name)
