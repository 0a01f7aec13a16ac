"""BgMax, the file in which Bankgirot tells what was paid to a bankgiro (*BgMax*, layout version 01). Reading only.

A file is ISO-8859-1 in records of 80 characters, read by position. Its records are

    01  {05  {20 | 21  [22 | 23]*  [25 | 26 | 27 | 28 | 29]*}*  15}*  70

and both the deposit (15) and the end (70) say what should have come before: a file that does not add up is refused
as a whole, naming the line.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from enum import IntEnum

from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.identifiers import Bankgiro, IdentifierInvalid
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_instant
from underwriting.kernel.text import Text

_LENGTH = 80
_PAYMENT, _DEDUCTION = "20", "21"
_EXTRA, _EXTRA_DEDUCTION = "22", "23"
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f]")


class ReferenceCode(IntEnum):
    """What Bankgirot found in the reference field of a payment."""

    NONE = 0
    NOT_POSSIBLE = 1  # left blank, since the payer's channel has no field for it
    OCR = 2
    SEVERAL = 3
    FREE = 4
    OCR_WRONG = 5


class DeductionCode(IntEnum):
    """What is left of an amount that a deduction was taken from."""

    WHOLE = 0
    PART = 1
    LAST_PART = 2


class PaymentFileRefused(InvalidInput):
    """A payment file is not one, or does not add up; *line* is where. Nothing of it is read (rule F7)."""

    slug = "payment-file-refused"
    title = Text("Betalningsfilen kunde inte läsas", "The payment file could not be read")
    rule = "F7"

    def __init__(self, line: int, why: Text) -> None:
        super().__init__(Text(f"Rad {line}: {why.sv}", f"Line {line}: {why.en}"))
        self.line = line


@dataclass(frozen=True, slots=True)
class ExtraReference:
    """One more reference of a payment; *amount* is positive, taken from the payment where *is_deduction*."""

    reference: str
    amount: Money
    reference_code: ReferenceCode
    is_deduction: bool


@dataclass(frozen=True, slots=True)
class Payer:
    """What the file says of who paid; empty where it says nothing. *organisation_number* is digits as written."""

    name: str = field(default="", repr=False)
    extra_name: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    postcode: str = field(default="", repr=False)
    city: str = field(default="", repr=False)
    country: str = field(default="", repr=False)
    country_code: str = field(default="", repr=False)
    organisation_number: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class IncomingPayment:
    """One payment, or where *deduction* is set one deduction; *amount* is never negative.

    *serial* is Bankgirot's number of it, unique within its deposit. *sender* is a bankgiro, or empty.
    """

    sender: str
    reference: str
    amount: Money
    reference_code: ReferenceCode
    channel: int
    serial: str
    deduction: DeductionCode | None = None
    extra_references: tuple[ExtraReference, ...] = ()
    texts: tuple[str, ...] = field(default=(), repr=False)
    payer: Payer = Payer()

    @property
    def signed_amount(self) -> Money:
        """What it adds to the deposit: negative for a deduction."""
        return self.amount if self.deduction is None else -self.amount


@dataclass(frozen=True, slots=True)
class Deposit:
    """The payments to one bankgiro that reached one account on one day, *amount* in all.

    With *bankgiro*, *booked_on* and *serial* a payment's own serial names it for ever.
    """

    bankgiro: Bankgiro
    account: str
    booked_on: date
    serial: str
    amount: Money
    payments: tuple[IncomingPayment, ...]


@dataclass(frozen=True, slots=True)
class BgMaxFile:
    """A whole file; *is_test* when Bankgirot marked it as made for a test."""

    created_at: datetime
    is_test: bool
    deposits: tuple[Deposit, ...]


def parse(content: bytes) -> BgMaxFile:
    """The BgMax file in *content*. Raises PaymentFileRefused, naming the line, for anything out of place."""
    records = list(_records(content))
    if not records:
        raise PaymentFileRefused(1, Text("filen är tom", "the file is empty"))
    reader = _Reader()
    for record in records:
        reader.take(record)
    return reader.finish(last_line=records[-1].line)


@dataclass(frozen=True, slots=True)
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


@dataclass
class _Reader:
    counts: Counter[str] = field(default_factory=Counter)
    deposits: list[Deposit] = field(default_factory=list)
    created_at: datetime | None = None
    is_test: bool = False
    bankgiro: Bankgiro | None = None
    payments: list[IncomingPayment] = field(default_factory=list)
    seen: set[tuple[str, date, str, str]] = field(default_factory=set)
    ended: bool = False

    def take(self, record: _Record) -> None:
        if self.ended or (self.created_at is None) != (record.code == "01"):
            raise record.refused("posten står på fel plats i filen", "the record is out of place")
        readers: dict[str, Callable[[_Record], None]] = {
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
        if record.code not in readers:
            raise record.refused("posttypen finns inte", "there is no such type of record")
        self.counts[record.code] += 1
        readers[record.code](record)

    def finish(self, *, last_line: int) -> BgMaxFile:
        if self.created_at is None or not self.ended:
            raise PaymentFileRefused(
                last_line, Text("filen är inte hel: slutposten saknas", "the end record is missing")
            )
        return BgMaxFile(self.created_at, self.is_test, tuple(self.deposits))

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
        self.payments.append(
            IncomingPayment(
                sender=record.at(3, 12).lstrip("0"),
                reference=record.at(13, 37),
                amount=record.money(38, 55),
                reference_code=_reference_code(record),
                channel=record.number(57, 57),
                serial=f"{record.number(58, 69):012d}",
                deduction=_deduction_code(record) if record.code == _DEDUCTION else None,
            )
        )

    def _extra(self, record: _Record) -> None:
        extra = ExtraReference(
            reference=record.at(13, 37),
            amount=record.money(38, 55),
            reference_code=_reference_code(record),
            is_deduction=record.code == _EXTRA_DEDUCTION,
        )
        payment = self._current(record)
        self.payments[-1] = replace(payment, extra_references=(*payment.extra_references, extra))

    def _text(self, record: _Record) -> None:
        payment = self._current(record)
        self.payments[-1] = replace(payment, texts=(*payment.texts, record.at(3, 52)))

    def _payer(self, record: _Record) -> None:
        payment = self._current(record)
        match record.code:
            case "26":
                payer = replace(payment.payer, name=record.at(3, 37), extra_name=record.at(38, 72))
            case "27":
                payer = replace(payment.payer, address=record.at(3, 37), postcode=record.at(38, 46))
            case "28":
                payer = replace(
                    payment.payer, city=record.at(3, 37), country=record.at(38, 72), country_code=record.at(73, 74)
                )
            case _:
                # Twelve positions: a legal person's ten digits stand after two zeros.
                payer = replace(payment.payer, organisation_number=record.at(3, 14).removeprefix("00"))
        self.payments[-1] = replace(payment, payer=payer)

    def _current(self, record: _Record) -> IncomingPayment:
        if not self.payments:
            raise record.refused("posten hör inte till någon betalning", "the record belongs to no payment")
        return self.payments[-1]

    def _deposit(self, record: _Record) -> None:
        if self.bankgiro is None:
            raise record.refused("insättningen har ingen början", "the deposit has no beginning")
        total = Money.sum(payment.signed_amount for payment in self.payments)
        if record.at(69, 71) != "SEK":
            raise record.refused("valutan är inte SEK", "the currency is not SEK")
        if record.money(51, 68) != total:
            raise record.refused(
                "insättningens belopp är inte summan av betalningarna", "the deposit is not the sum of its payments"
            )
        if record.number(72, 79) != len(self.payments):
            raise record.refused("antalet betalningar stämmer inte", "the number of payments is wrong")
        deposit = Deposit(
            bankgiro=self.bankgiro,
            account=record.at(3, 37).lstrip("0"),
            booked_on=record.date(38),
            serial=f"{record.number(46, 50):05d}",
            amount=total,
            payments=tuple(self.payments),
        )
        self._refuse_twins(record, deposit)
        self.deposits.append(deposit)
        self.bankgiro, self.payments = None, []

    def _refuse_twins(self, record: _Record, deposit: Deposit) -> None:
        for payment in deposit.payments:
            key = (deposit.bankgiro.digits, deposit.booked_on, deposit.serial, payment.serial)
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
    lines = re.split("\r\n|\n", content.decode("iso-8859-1"))
    if lines[-1] == "":
        lines.pop()
    for line, text in enumerate(lines, start=1):
        if len(text) != _LENGTH:
            raise PaymentFileRefused(
                line, Text(f"posten har {len(text)} tecken, inte 80", f"the record has {len(text)} characters, not 80")
            )
        if _FORBIDDEN.search(text):
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
