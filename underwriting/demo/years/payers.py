"""How borrowers pay what they are asked for: in time, late, twice, too much, too little, unnamed, or never. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from random import Random

from underwriting.kernel.bank_days import next_bank_day, previous_bank_day
from underwriting.kernel.money import Money


class Behaviour(StrEnum):
    """What a payer makes of an invoice."""

    IN_TIME = "in_time"
    LATE = "late"
    TWICE = "twice"
    TOO_MUCH = "too_much"
    TOO_LITTLE = "too_little"
    WITHOUT_OCR = "without_ocr"
    NEVER = "never"


WEIGHTS: Mapping[Behaviour, int] = {
    Behaviour.IN_TIME: 70,
    Behaviour.LATE: 15,
    Behaviour.TWICE: 3,
    Behaviour.TOO_MUCH: 3,
    Behaviour.TOO_LITTLE: 3,
    Behaviour.WITHOUT_OCR: 3,
    Behaviour.NEVER: 3,
}
"""How many of a hundred borrowers are of each kind."""

LATE_KINDS = frozenset({Behaviour.LATE, Behaviour.TOO_LITTLE, Behaviour.NEVER})
"""Those who are reminded when they are late."""

_TRUE_TO_KIND = 0.6  # so often; otherwise a payer pays in time. Who never pays never does.
_LONGEST_DELAY_DAYS = 70
_MOST_DAYS_EARLY = 6
_PART_PAID = (Decimal("0.5"), Decimal("0.9"))


@dataclass(frozen=True, slots=True)
class Asked:
    """An invoice as its payer reads it."""

    number: int
    ocr: str
    payable: Money
    due_on: date


@dataclass(frozen=True, slots=True)
class PlannedPayment:
    """What a payer will do: *on* is a bank day, *reference* is empty or words where no OCR is given."""

    on: date
    reference: str
    amount: Money


def behaviour_of(chance: Random) -> Behaviour:
    """What kind of payer a new borrower is."""
    return chance.choices(list(WEIGHTS), weights=list(WEIGHTS.values()))[0]


def payments_of(kind: Behaviour, asked: Asked, *, today: date, chance: Random) -> tuple[PlannedPayment, ...]:
    """What a payer of *kind* does about *asked*, read *today*: no payment, one or two, none before *today*."""
    if kind is Behaviour.NEVER or not asked.payable:
        return ()
    acts = kind if chance.random() < _TRUE_TO_KIND else Behaviour.IN_TIME
    early = asked.due_on - timedelta(days=chance.randint(0, _MOST_DAYS_EARLY))
    on = next_bank_day(max(today, previous_bank_day(early)))
    in_time = PlannedPayment(on, asked.ocr, asked.payable)
    match acts:
        case Behaviour.LATE:
            late = next_bank_day(asked.due_on + timedelta(days=chance.randint(1, _LONGEST_DELAY_DAYS)))
            return (PlannedPayment(late, asked.ocr, asked.payable),)
        case Behaviour.TWICE:
            again = next_bank_day(on + timedelta(days=chance.randint(0, 3)))
            return (in_time, PlannedPayment(again, asked.ocr, asked.payable))
        case Behaviour.TOO_MUCH:
            more = Money.kronor(chance.randint(1, 500))
            return (PlannedPayment(on, asked.ocr, asked.payable + more),)
        case Behaviour.TOO_LITTLE:
            least, most = _PART_PAID
            part = asked.payable.at_rate_in_kronor(least + (most - least) * chance.randint(0, 100) / 100)
            return (PlannedPayment(on, asked.ocr, max(part, Money.kronor(1))),)
        case Behaviour.WITHOUT_OCR:
            words = chance.choice(("", f"Faktura {asked.number}", "Kreditavgift"))
            return (PlannedPayment(on, words, asked.payable),)
        case _:
            return (in_time,)
