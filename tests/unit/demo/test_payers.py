"""Payers of the long demo: what each kind makes of an invoice, and when."""

from datetime import date
from random import Random

import pytest

from underwriting.demo.years.payers import WEIGHTS, Asked, Behaviour, behaviour_of, payments_of
from underwriting.kernel.bank_days import is_bank_day
from underwriting.kernel.money import Money

ASKED = Asked(202600000001, "20260000000123", Money.kronor(12_000), date(2026, 4, 30))
TODAY = date(2026, 4, 2)
ROUNDS = 200


def all_of(kind: Behaviour) -> list[tuple[int, Money, bool, bool]]:
    """Of many rounds: how many payments, their sum, whether one was late, whether each named the invoice."""
    chance = Random(1)
    found = []
    for _ in range(ROUNDS):
        paid = payments_of(kind, ASKED, today=TODAY, chance=chance)
        assert all(is_bank_day(one.on) and one.on >= TODAY for one in paid)
        total = Money.sum(one.amount for one in paid)
        is_late = any(one.on > ASKED.due_on for one in paid)
        found.append((len(paid), total, is_late, all(one.reference == ASKED.ocr for one in paid)))
    return found


@pytest.mark.parametrize("kind", [kind for kind in Behaviour if kind is not Behaviour.NEVER])
def test_every_payer_who_pays_at_all_mostly_pays_in_time_and_in_full(kind: Behaviour) -> None:
    in_time = [one for one in all_of(kind) if one == (1, ASKED.payable, False, True)]
    assert len(in_time) >= ROUNDS // 5


def test_who_never_pays_never_pays() -> None:
    assert {count for count, *_ in all_of(Behaviour.NEVER)} == {0}


def test_each_kind_does_what_it_is_called_after() -> None:
    assert any(late for _, _, late, _ in all_of(Behaviour.LATE))
    assert any(count == 2 and total == ASKED.payable * 2 for count, total, *_ in all_of(Behaviour.TWICE))
    assert any(total > ASKED.payable for _, total, *_ in all_of(Behaviour.TOO_MUCH))
    assert any(Money.ZERO < total < ASKED.payable for _, total, *_ in all_of(Behaviour.TOO_LITTLE))
    assert any(not named for *_, named in all_of(Behaviour.WITHOUT_OCR))
    assert not any(late for _, _, late, _ in all_of(Behaviour.IN_TIME))


def test_the_same_seed_gives_the_same_payers() -> None:
    """X2: what happens follows from the seed."""
    first, second = Random(7), Random(7)
    kinds = [(behaviour_of(first), behaviour_of(second)) for _ in range(ROUNDS)]
    assert all(one is other for one, other in kinds)
    assert {one for one, _ in kinds} == set(Behaviour)
    assert sum(WEIGHTS.values()) == 100
