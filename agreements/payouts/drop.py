"""The bank reached by files in a folder, which something else carries there and back (SFTP, a bank's client).

| folder | who writes | what |
|---|---|---|
| `out/` | we | `P….xml`, a pain.001, whole as soon as it has its name; the bank's side takes it away |
| `in/` | the bank's side | `….xml`, a pain.002, or a camt.054; `….bgmax`; whole as soon as they have their names |
| `in/read/`, `in/quarantine/` | we | reports that were taken, and those that nobody could read |
| `staged/`, `journal/` | we | what is being handed over, and what has been |

Whether a file was handed over is certain at every instant, since what tells it is one rename: it was not, while it is
staged, or before the journal names its payments; it was, when the journal names them and nothing is staged.
"""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from agreements.payouts.answers import PayoutAnswer, PayoutStatus
from agreements.payouts.client import BankUnreachable, PayoutOutcomeUnknown
from underwriting.kernel.identifiers import Bankgiro

_PAYMENT = re.compile(rb"<EndToEndId>([A-Za-z0-9-]{1,35})</EndToEndId>")
_NAME = re.compile("[A-Za-z0-9][A-Za-z0-9-]{0,34}")
_LONGEST = 10_000_000
_LONGEST_OF_PAYMENTS = 200_000_000  # a hundred thousand payments are 16 MB of BgMax, and several times that of camt.054
_BEGINNING = 1_000
_CAMT_054 = b"camt.054"  # stands in the root's namespace


@dataclass(frozen=True)
class BankDrop:
    """`Bank` and `Reporting` over the folder *root*, which has to be there and on one file system."""

    root: Path

    def send(self, file: bytes, *, message_id: str) -> None:
        """See `Bank`. The same file under the same name changes nothing once it has been handed over."""
        if not _NAME.fullmatch(message_id):
            raise ValueError("a file's id has 1 to 35 characters: letters, digits, hyphens")
        payments = [name.decode() for name in _PAYMENT.findall(file)]
        with _reachable():
            for folder in ("staged", "journal", "out"):
                (self.root / folder).mkdir(exist_ok=True)
            if self._is_handed_over(message_id):
                return
            _write(self.root / "staged" / f"{message_id}.xml", file)
            for payment in payments:
                _write(self.root / "journal" / payment, message_id.encode())
            _write(self.root / "journal" / f"file-{message_id}", b"")
        try:
            os.replace(self.root / "staged" / f"{message_id}.xml", self.root / "out" / f"{message_id}.xml")
            _sync(self.root / "out")
        except OSError as error:
            raise PayoutOutcomeUnknown from error

    def answer(self, end_to_end_id: str) -> PayoutAnswer | None:
        """See `Bank`. What the bank makes of it comes as a report; here is told whether it was handed over at all."""
        if not _NAME.fullmatch(end_to_end_id):
            return None
        with _reachable():
            # The folder is read first: without it nothing is known.
            os.listdir(self.root)
            marker = self.root / "journal" / end_to_end_id
            if not marker.exists() or not self._is_handed_over(marker.read_text("ascii")):
                return None
        return PayoutAnswer(end_to_end_id, PayoutStatus.ACCEPTED)

    def incoming_files(self, after: str | None) -> list[tuple[str, bytes]]:
        """See `Bank`. Their names are to sort as they were written."""
        with _reachable():
            new = [one for one in self._inbox(".bgmax", ".xml") if after is None or one.name > after]
            return [(one.name, _read(one, _LONGEST_OF_PAYMENTS)) for one in new if _is_of_payments(one)]

    def holder_of(self, account: Bankgiro) -> str | None:  # noqa: ARG002  # as the protocol has it
        """See `Bank`: files tell nobody whose an account is."""
        return None

    def reports(self) -> list[tuple[str, bytes]]:
        """See `Reporting`."""
        with _reachable():
            return [(one.name, _read(one, _LONGEST)) for one in self._inbox(".xml") if not _is_of_payments(one)]

    def put_aside(self, name: str, *, readable: bool) -> None:
        """See `Reporting`."""
        with _reachable():
            folder = self.root / "in" / ("read" if readable else "quarantine")
            folder.mkdir(exist_ok=True)
            os.replace(self.root / "in" / name, folder / name)

    def _is_handed_over(self, message_id: str) -> bool:
        named = (self.root / "journal" / f"file-{message_id}").exists()
        return named and not (self.root / "staged" / f"{message_id}.xml").exists()

    def _inbox(self, *endings: str) -> list[Path]:
        os.listdir(self.root)
        inbox = self.root / "in"
        found = inbox.iterdir() if inbox.is_dir() else ()
        return sorted(one for one in found if one.suffix in endings and not one.name.startswith(".") and one.is_file())


@contextmanager
def _reachable() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise BankUnreachable("folder") from error


def _write(path: Path, content: bytes) -> None:
    """The whole file or none under its name, on the disk when this returns."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _is_of_payments(path: Path) -> bool:
    return path.suffix == ".bgmax" or _CAMT_054 in _read(path, _BEGINNING)


def _read(path: Path, longest: int) -> bytes:
    with path.open("rb") as file:
        return file.read(longest)
