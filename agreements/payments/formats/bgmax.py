"""BgMax, the file in which Bankgirot tells what was paid to a bankgiro (*BgMax*, layout version 01). Reading only.

A file is ISO-8859-1 in records of 80 characters, read by position. Its records are

    01  {05  {20 | 21  [22 | 23]*  [25 | 26 | 27 | 28 | 29]*}*  15}*  70

and both the deposit (15) and the end (70) say what should have come before: a file that does not add up is refused
as a whole, naming the line.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from agreements.payments.formats.incoming import (
    NOBODY,
    DeductionCode,
    Deposit,
    ExtraReference,
    FileFormat,
    IncomingFile,
    IncomingPayment,
    Payer,
    PaymentFileRefused,
    ReferenceCode,
)
from underwriting.kernel.identifiers import Bankgiro, IdentifierInvalid
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_instant
from underwriting.kernel.text import Text

_LENGTH = 80
_PAYMENT, _DEDUCTION = "20", "21"
_EXTRA, _EXTRA_DEDUCTION = "22", "23"
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f]")


def parse(content: bytes) -> IncomingFile:
    """The BgMax file in *content*. Raises PaymentFileRefused, naming the line, for anything out of place."""
    reader, last_line = _Reader(), 0
    for record in _records(content):
        reader.take(record)
        last_line = record.line
    if not last_line:
        raise PaymentFileRefused(1, Text("filen är tom", "the file is empty"))
    return reader.finish(last_line=last_line)


@dataclass(slots=True)
class _Record:
    line: int
    text: str

    @property
    def code(self) -> str:
        return self.text[:2]

    def at(self, first: int, last: int) -> str:
        """The positions *first* to *last*, counted from 1 and both included, without blanks around them."""
        return self.text[first - 1 : last].strip()

    def number(self, first: int, last: int) -> int:
        digits = self.text[first - 1 : last]
        if not (digits.isascii() and digits.isdigit()):
            raise self.refused(
                f"position {first} till {last} är inte ett tal", f"positions {first} to {last} are not a number"
            )
        return int(digits)

    def money(self, first: int, last: int) -> Money:
        return Money(self.number(first, last))

    def date(self, first: int) -> date:
        value = f"{self.number(first, first + 7):08d}"
        try:
            return date(int(value[:4]), int(value[4:6]), int(value[6:]))
        except ValueError as error:
            raise self.refused("datumet finns inte", "there is no such date") from error

    def refused(self, sv: str, en: str) -> PaymentFileRefused:
        return PaymentFileRefused(self.line, Text(sv, en))


@dataclass(slots=True)
class _Draft:
    """A payment whose further records have not all been read; *first* is what its own record says."""

    first: dict[str, Any]
    extra: list[ExtraReference] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    payer: dict[str, str] = field(default_factory=dict)

    def payment(self) -> IncomingPayment:
        """It, whole."""
        payer = Payer(**self.payer) if self.payer else NOBODY
        return IncomingPayment(**self.first, extra_references=tuple(self.extra), texts=tuple(self.texts), payer=payer)


@dataclass
class _Reader:
    counts: Counter[str] = field(default_factory=Counter)
    deposits: list[Deposit] = field(default_factory=list)
    created_at: datetime | None = None
    is_test: bool = False
    bankgiro: Bankgiro | None = None
    drafts: list[_Draft] = field(default_factory=list)
    seen: set[tuple[str, date, str, str]] = field(default_factory=set)
    ended: bool = False
    stamp: str = ""

    def __post_init__(self) -> None:
        self.readers: dict[str, Callable[[_Record], None]] = {
            "01": self._start,
            "05": self._section,
            _PAYMENT: self._payment,
            _DEDUCTION: self._payment,
            _EXTRA: self._extra,
            _EXTRA_DEDUCTION: self._extra,
            "25": self._text,
            "26": self._payer,
            "27": self._payer,
            "28": self._payer,
            "29": self._payer,
            "15": self._deposit,
            "70": self._end,
        }

    def take(self, record: _Record) -> None:
        code = record.code
        if self.ended or (self.created_at is None) != (code == "01"):
            raise record.refused("posten står på fel plats i filen", "the record is out of place")
        if code not in self.readers:
            raise record.refused("posttypen finns inte", "there is no such type of record")
        self.counts[code] += 1
        self.readers[code](record)

    def finish(self, *, last_line: int) -> IncomingFile:
        if self.created_at is None or not self.ended:
            raise PaymentFileRefused(
                last_line, Text("filen är inte hel: slutposten saknas", "the end record is missing")
            )
        # The stamp alone would do, were it not that the makers of tests stop their clocks.
        parts = (f"{one.receiver} {one.booked_on} {one.serial} {one.amount.ore}" for one in self.deposits)
        told = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
        identity = f"bgmax:{self.stamp}:{told}"
        return IncomingFile(FileFormat.BGMAX, identity, self.created_at, self.is_test, tuple(self.deposits))

    def _start(self, record: _Record) -> None:
        if record.at(3, 22) != "BGMAX" or record.at(23, 24) != "01":
            raise record.refused("det är inte en BgMax-fil av version 01", "this is not a BgMax file of version 01")
        if record.at(45, 45) not in ("T", "P"):
            raise record.refused("position 45 är varken T eller P", "position 45 is neither T nor P")
        day, clock = record.date(25), f"{record.number(33, 44):012d}"
        try:
            at = time(int(clock[:2]), int(clock[2:4]), int(clock[4:6]), int(clock[6:]))
        except ValueError as error:
            raise record.refused("klockslaget finns inte", "there is no such time of day") from error
        self.created_at = stockholm_instant(day, at)
        self.is_test = record.at(45, 45) == "T"
        self.stamp = record.at(25, 44)

    def _section(self, record: _Record) -> None:
        if self.bankgiro is not None:
            raise record.refused("insättningen före är inte avslutad", "the deposit before this one is not closed")
        if record.at(23, 25) != "SEK":
            raise record.refused("valutan är inte SEK", "the currency is not SEK")
        try:
            self.bankgiro = Bankgiro(record.at(3, 12).lstrip("0"))
        except IdentifierInvalid as error:
            raise record.refused("bankgironumret är inte giltigt", "the bankgiro number is not valid") from error

    def _payment(self, record: _Record) -> None:
        if self.bankgiro is None:
            raise record.refused("betalningen hör inte till någon insättning", "the payment belongs to no deposit")
        first = {
            "sender": record.at(3, 12).lstrip("0"),
            "reference": record.at(13, 37),
            "amount": record.money(38, 55),
            "reference_code": _reference_code(record),
            "channel": record.number(57, 57),
            "serial": f"{record.number(58, 69):012d}",
            "deduction": _deduction_code(record) if record.code == _DEDUCTION else None,
        }
        self.drafts.append(_Draft(first))

    def _extra(self, record: _Record) -> None:
        extra = ExtraReference(
            reference=record.at(13, 37),
            amount=record.money(38, 55),
            reference_code=_reference_code(record),
            is_deduction=record.code == _EXTRA_DEDUCTION,
        )
        self._current(record).extra.append(extra)

    def _text(self, record: _Record) -> None:
        self._current(record).texts.append(record.at(3, 52))

    def _payer(self, record: _Record) -> None:
        payer = self._current(record).payer
        match record.code:
            case "26":
                payer.update(name=record.at(3, 37), extra_name=record.at(38, 72))
            case "27":
                payer.update(address=record.at(3, 37), postcode=record.at(38, 46))
            case "28":
                payer.update(city=record.at(3, 37), country=record.at(38, 72), country_code=record.at(73, 74))
            case _:
                # Twelve positions: a legal person's ten digits stand after two zeros.
                payer.update(organisation_number=record.at(3, 14).removeprefix("00"))

    def _current(self, record: _Record) -> _Draft:
        if not self.drafts:
            raise record.refused("posten hör inte till någon betalning", "the record belongs to no payment")
        return self.drafts[-1]

    def _deposit(self, record: _Record) -> None:
        if self.bankgiro is None:
            raise record.refused("insättningen har ingen början", "the deposit has no beginning")
        payments = tuple(draft.payment() for draft in self.drafts)
        total = Money.sum(payment.signed_amount for payment in payments)
        if record.at(69, 71) != "SEK":
            raise record.refused("valutan är inte SEK", "the currency is not SEK")
        if record.money(51, 68) != total:
            raise record.refused(
                "insättningens belopp är inte summan av betalningarna", "the deposit is not the sum of its payments"
            )
        if record.number(72, 79) != len(payments):
            raise record.refused("antalet betalningar stämmer inte", "the number of payments is wrong")
        deposit = Deposit(
            receiver=self.bankgiro.digits,
            account=record.at(3, 37).lstrip("0"),
            booked_on=record.date(38),
            serial=f"{record.number(46, 50):05d}",
            amount=total,
            payments=payments,
        )
        self._refuse_twins(record, deposit)
        self.deposits.append(deposit)
        self.bankgiro, self.drafts = None, []

    def _refuse_twins(self, record: _Record, deposit: Deposit) -> None:
        for payment in deposit.payments:
            key = (deposit.receiver, deposit.booked_on, deposit.serial, payment.serial)
            if key in self.seen:
                raise record.refused("två betalningar har samma löpnummer", "two payments have the same serial")
            self.seen.add(key)

    def _end(self, record: _Record) -> None:
        if self.bankgiro is not None:
            raise record.refused("den sista insättningen är inte avslutad", "the last deposit is not closed")
        counted = self.counts
        expected = (
            counted[_PAYMENT],
            counted[_DEDUCTION],
            counted[_EXTRA] + counted[_EXTRA_DEDUCTION],
            counted["15"],
        )
        stated = tuple(record.number(first, first + 7) for first in (3, 11, 19, 27))
        if stated != expected:
            raise record.refused("slutpostens antal stämmer inte", "the counts of the end record are wrong")
        self.ended = True


def _records(content: bytes) -> Iterator[_Record]:
    whole = content.decode("iso-8859-1").replace("\r\n", "\n")
    is_clean = not _FORBIDDEN.search(whole.replace("\n", ""))
    lines = whole.split("\n")
    if lines[-1] == "":
        lines.pop()
    for line, text in enumerate(lines, start=1):
        if len(text) != _LENGTH:
            raise PaymentFileRefused(
                line, Text(f"posten har {len(text)} tecken, inte 80", f"the record has {len(text)} characters, not 80")
            )
        if not is_clean and _FORBIDDEN.search(text):
            raise PaymentFileRefused(
                line,
                Text("posten innehåller en tabb eller ett styrtecken", "the record holds a tab or control character"),
            )
        yield _Record(line, text)


def _reference_code(record: _Record) -> ReferenceCode:
    try:
        return ReferenceCode(record.number(56, 56))
    except ValueError as error:
        raise record.refused("referenskoden finns inte", "there is no such reference code") from error


def _deduction_code(record: _Record) -> DeductionCode:
    try:
        return DeductionCode(record.number(71, 71))
    except ValueError as error:
        raise record.refused("avdragskoden finns inte", "there is no such deduction code") from error
