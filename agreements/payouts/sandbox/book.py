"""The stand-in bank's book: one SQLite file, so that a bank that is started again remembers. Threads may share it."""

import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from agreements.payouts.sandbox.bgmax import Received, write
from agreements.payouts.sandbox.messages import Answer, CustomerFile, FileRefused, OrderedPayment
from underwriting.kernel.identifiers import Bankgiro
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date, stockholm_instant

OPENING_BALANCE = Money.kronor(100_000_000)
"""What the lender has when the book is new."""

_ACCOUNT = "58410000010098"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS file (message_id TEXT PRIMARY KEY, payments TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS payment (
    end_to_end_id TEXT PRIMARY KEY, message_id TEXT NOT NULL, bankgiro TEXT NOT NULL, creditor_name TEXT NOT NULL,
    amount_ore INTEGER NOT NULL, message TEXT NOT NULL, accepted_at TEXT NOT NULL, booked_at TEXT NOT NULL,
    reason_code TEXT, reason TEXT);
CREATE TABLE IF NOT EXISTS incoming (
    serial INTEGER PRIMARY KEY, reference TEXT NOT NULL, amount_ore INTEGER NOT NULL, payer_name TEXT NOT NULL,
    booked_on TEXT NOT NULL, received_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS told (end_to_end_id TEXT PRIMARY KEY, status TEXT NOT NULL);
"""


class Magic(StrEnum):
    """What a payment to one of the magic bankgiro numbers meets."""

    REJECTED = "rejected"
    ANSWER_LOST = "answer_lost"
    NOT_DELIVERED = "not_delivered"
    SLOW = "slow"
    BOOKED_NEXT_DAY = "booked_next_day"


MAGIC: Mapping[str, Magic] = {
    "59990010": Magic.REJECTED,
    "59990028": Magic.ANSWER_LOST,
    "59990036": Magic.NOT_DELIVERED,
    "59990044": Magic.SLOW,
    "59990051": Magic.BOOKED_NEXT_DAY,
}

HOLDERS: Mapping[str, str] = {"59990069": "Någon Annan AB", "59990077": "Exempelbolaget AB"}
"""The accounts whose name the bank tells; of others it tells none, as most banks do."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A payment of the lender's, as people see it."""

    answer: Answer
    bankgiro: str
    creditor_name: str
    message: str


class Book:
    """What the bank knows, in the file *path*, about the lender whose incoming payments go to *bankgiro*."""

    def __init__(self, path: Path, *, bankgiro: Bankgiro) -> None:
        self.bankgiro = bankgiro
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with self._transaction() as connection:
            for statement in _SCHEMA.split(";"):
                connection.execute(statement)

    def accept(self, file: CustomerFile, *, at: datetime) -> bool:
        """Take *file*; False when a file of its id was taken before, and then nothing is paid.

        A payment whose end-to-end id is known, from whatever file, is never paid again. Raises FileRefused for
        another file under a known id.
        """
        payments = repr(file.payments)
        with self._transaction() as connection:
            known = connection.execute("SELECT payments FROM file WHERE message_id = ?", (file.message_id,)).fetchone()
            if known:
                if known[0] != payments:
                    raise FileRefused("another_file_under_this_message_id")
                return False
            connection.execute("INSERT INTO file VALUES (?, ?)", (file.message_id, payments))
            for payment in file.payments:
                connection.execute(
                    "INSERT INTO payment VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                    _row(file.message_id, payment, at),
                )
        return True

    def sent(self, *, at: datetime) -> list[Sent]:
        """The lender's payments as they stand at the instant *at*, newest first."""
        with self._transaction() as connection:
            rows = connection.execute("SELECT * FROM payment ORDER BY accepted_at DESC, rowid DESC").fetchall()
        return [_sent(row, at) for row in rows]

    def answer(self, end_to_end_id: str, *, at: datetime) -> Answer | None:
        """How one payment stands at the instant *at*, None when it was never seen."""
        with self._transaction() as connection:
            row = connection.execute("SELECT * FROM payment WHERE end_to_end_id = ?", (end_to_end_id,)).fetchone()
        return _sent(row, at).answer if row else None

    def news(self, *, at: datetime) -> list[Answer]:
        """How payments stand at the instant *at* of which something else was told, or nothing, in files of reports."""
        with self._transaction() as connection:
            told = dict(connection.execute("SELECT end_to_end_id, status FROM told").fetchall())
        answers = [sent.answer for sent in reversed(self.sent(at=at))]
        return [answer for answer in answers if told.get(answer.end_to_end_id) != answer.status]

    def note_told(self, answers: Iterable[Answer]) -> None:
        """The customer has been told *answers*."""
        with self._transaction() as connection:
            rows = [(answer.end_to_end_id, answer.status) for answer in answers]
            connection.executemany("INSERT OR REPLACE INTO told VALUES (?, ?)", rows)

    def receive(self, *, reference: str, amount: Money, payer_name: str, booked_on: date, at: datetime) -> str:
        """A payment to the lender's bankgiro; the id of the file that tells of it."""
        with self._transaction() as connection:
            serial = connection.execute(
                "INSERT INTO incoming VALUES (NULL, ?, ?, ?, ?, ?)",
                (reference, amount.ore, payer_name, booked_on.isoformat(), at.isoformat()),
            ).lastrowid
        return _file_id(serial or 0)

    def file_ids(self, after: str | None) -> list[str]:
        """The ids of the BgMax files, oldest first: one file for each payment, written when it was made."""
        with self._transaction() as connection:
            rows = connection.execute(
                "SELECT serial FROM incoming WHERE serial > ? ORDER BY serial", (_serial(after or ""),)
            ).fetchall()
        return [_file_id(serial) for (serial,) in rows]

    def file(self, file_id: str) -> bytes | None:
        """One BgMax file, always the same bytes; None when there is no such file."""
        with self._transaction() as connection:
            row = connection.execute("SELECT * FROM incoming WHERE serial = ?", (_serial(file_id),)).fetchone()
        if row is None:
            return None
        serial, reference, amount_ore, payer_name, booked_on, received_at = row
        return write(
            [Received(serial, reference, Money(amount_ore), payer_name)],
            bankgiro=self.bankgiro,
            account=_ACCOUNT,
            booked_on=date.fromisoformat(booked_on),
            deposit_serial=serial,
            created_at=datetime.fromisoformat(received_at),
        )

    def balance(self, *, at: datetime) -> Money:
        """What the lender has at the instant *at*: what came in, less what was booked out."""
        with self._transaction() as connection:
            (received,) = connection.execute("SELECT coalesce(sum(amount_ore), 0) FROM incoming").fetchone()
        paid = Money.sum(sent.answer.amount for sent in self.sent(at=at) if sent.answer.booked_on)
        return OPENING_BALANCE + Money(received) - paid

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        connection = sqlite3.connect(self._path, timeout=10, isolation_level=None)
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        finally:
            # What was not committed is rolled back by closing.
            connection.close()


def _row(message_id: str, payment: OrderedPayment, at: datetime) -> tuple[object, ...]:
    magic = MAGIC.get(payment.bankgiro)
    reason = ("AC04", "Kontot är avslutat") if magic is Magic.REJECTED else (None, None)
    return (
        payment.end_to_end_id,
        message_id,
        payment.bankgiro,
        payment.creditor_name,
        payment.amount.ore,
        payment.message,
        at.isoformat(),
        _booking(payment, magic, at).isoformat(),
        *reason,
    )


def _booking(payment: OrderedPayment, magic: Magic | None, at: datetime) -> datetime:
    """Booked when taken, or when the day begins that the customer has asked for."""
    day = stockholm_date(at)
    if magic is Magic.BOOKED_NEXT_DAY:
        return stockholm_instant(max(day + timedelta(days=1), payment.execute_on))
    return stockholm_instant(payment.execute_on) if payment.execute_on > day else at


def _sent(row: tuple[str, str, str, str, int, str, str, str, str | None, str | None], at: datetime) -> Sent:
    end_to_end_id, message_id, bankgiro, creditor_name, amount_ore, message, _, booked, reason_code, reason = row
    booked_at = datetime.fromisoformat(booked)
    is_booked = reason_code is None and at >= booked_at
    answer = Answer(
        end_to_end_id=end_to_end_id,
        message_id=message_id,
        status="RJCT" if reason_code else "ACSC" if is_booked else "ACCP",
        amount=Money(amount_ore),
        booked_on=stockholm_date(booked_at) if is_booked else None,
        booked_at=booked_at if is_booked else None,
        reason_code=reason_code,
        reason=reason,
    )
    return Sent(answer, bankgiro, creditor_name, message)


def _file_id(serial: int) -> str:
    return f"BGMAX-{serial:09d}"


def _serial(file_id: str) -> int:
    match = re.fullmatch("BGMAX-([0-9]{9})", file_id)
    return int(match[1]) if match else 0
