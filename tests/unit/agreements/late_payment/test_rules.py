"""Late interest to the öre, when claims were paid, and what it may cost that a claim is late."""

import uuid
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.late_payment.rules import (
    ChargedStep,
    DatedClaim,
    ReferenceRateRefused,
    added_cost,
    cost_of,
    first_missing,
    is_compensated,
    late_interest,
    payments_of_claims,
    require_rate,
)
from agreements.payments.rules import Claim, allocate
from underwriting.kernel.money import Money
from underwriting.kernel.statutes import REFERENCE_RATE, StatutoryValueMissing
from underwriting.kernel.vocabulary import Account, CompensationPolicy, InvoiceLineKind, LateCharge

K = Money.kronor
D = date.fromisoformat
REMINDER, DEMAND, PLAN = LateCharge.REMINDER, LateCharge.DEMAND, LateCharge.INSTALMENT_PLAN


def interest(amount: Money, due: str, through: str, *paid: tuple[str, int]) -> Money:
    parts = [(D(on), K(kronor)) for on, kronor in paid]
    return late_interest(amount, due_on=D(due), through=D(through), rates=REFERENCE_RATE, paid=parts).amount


@pytest.mark.parametrize(
    ("kronor", "due", "paid", "sum_of_it"),
    [
        (10_000, "2025-05-31", "2025-08-15", "216.44"),
        (4_500, "2026-01-31", "2026-03-02", "36.99"),
        (2_500, "2024-11-30", "2025-02-28", "69.93"),
        (4_500, "2026-03-31", "2026-04-20", "24.66"),
        (4_500, "2026-03-31", "2026-05-04", "41.92"),
        (6_780, "2020-12-31", "2021-04-20", "163.46"),  # 110 days at 8 %
        (36_500, "2016-06-30", "2016-07-01", "7.50"),  # the reference rate is negative: 7.5 %
        (36_500, "2024-02-28", "2024-02-29", "12.00"),  # 29 February is a day, and the year has 365
        (36_500, "2024-02-28", "2024-03-01", "24.00"),
        (36_500, "2023-12-31", "2024-12-31", "4392.00"),  # 366 days of a leap year
        (36_500, "2026-03-28", "2026-03-29", "10.00"),  # the night on which an hour is left out
        (36_500, "2025-10-25", "2025-10-26", "10.00"),  # and the one that has it twice
        (10_000, "2026-03-31", "2026-03-31", "0.00"),  # paid on the due day
        (10_000, "2026-03-31", "2026-03-01", "0.00"),
    ],
)
def test_interest_runs_from_the_day_after_the_due_day_through_the_day_of_payment(
    kronor: int, due: str, paid: str, sum_of_it: str
) -> None:
    """R5: actual days over 365, split at half-years, rounded once."""
    assert interest(K(kronor), due, paid) == K(sum_of_it)


def test_each_stretch_says_from_when_until_when_and_at_what_rate() -> None:
    """R5: 30 days at 11 % and 46 at 10 %."""
    made = late_interest(K(10_000), due_on=D("2025-05-31"), through=D("2025-08-15"), rates=REFERENCE_RATE)
    assert [(one.first, one.last, one.days, one.rate, one.shown) for one in made.stretches] == [
        (D("2025-06-01"), D("2025-06-30"), 30, Decimal("0.11"), Decimal("90.4110")),
        (D("2025-07-01"), D("2025-08-15"), 46, Decimal("0.10"), Decimal("126.0274")),
    ]


def test_a_part_that_is_paid_bears_through_its_day_and_not_after() -> None:
    """R5: 10 days on 36 500 kr, then 10 days on 18 250 kr, at 10 %."""
    assert interest(K(36_500), "2026-03-31", "2026-04-20", ("2026-04-10", 18_250)) == K(150)
    assert interest(K(36_500), "2026-03-31", "2026-04-20", ("2026-03-31", 18_250)) == K(100)
    assert interest(K(36_500), "2026-03-31", "2026-04-20", ("2026-04-10", 10_000), ("2026-04-10", 8_250)) == K(150)
    assert interest(K(36_500), "2026-03-31", "2026-04-20", ("2026-04-10", 40_000)) == K(100)
    assert interest(K(36_500), "2026-03-31", "2026-04-20", ("2026-04-25", 36_500)) == K(200)


def test_the_sum_is_rounded_once_and_not_stretch_by_stretch() -> None:
    """R5: two stretches of 0.4 öre are 1 öre, half up; 0.4 öre alone is none."""
    rates = replace(REFERENCE_RATE, since={D("2026-01-01"): Decimal("0.02"), D("2026-07-01"): Decimal("0.02")})
    whole = late_interest(Money(1460), due_on=D("2026-06-29"), through=D("2026-07-01"), rates=rates)
    assert [one.exact_ore for one in whole.stretches] == [Fraction(4, 10), Fraction(4, 10)]
    assert whole.amount == Money(1)
    assert late_interest(Money(1460), due_on=D("2026-06-29"), through=D("2026-06-30"), rates=rates).amount == Money(0)


def test_a_half_year_without_a_rate_is_named() -> None:
    """R5: nothing is guessed; what ends before it is not touched."""
    assert interest(K(36_500), "2026-06-29", "2026-06-30") == K(10)
    with pytest.raises(StatutoryValueMissing) as missing:
        interest(K(36_500), "2026-06-29", "2026-07-01")
    assert missing.value.detail is not None
    assert "2026-07-01" in missing.value.detail.sv
    assert first_missing(REFERENCE_RATE, on=D("2026-02-28")) == D("2026-07-01")
    assert first_missing(REFERENCE_RATE, on=D("2027-02-28")) == D("2027-01-01")


@given(
    amount=st.integers(1, 10**9),
    days=st.integers(0, 400),
    parts=st.lists(st.tuples(st.integers(-30, 500), st.integers(1, 10**8)), max_size=5),
)
def test_interest_day_by_day_is_the_interest_of_the_whole(amount: int, days: int, parts: list[tuple[int, int]]) -> None:
    """R5: whatever was paid when, the stretches give what each day by itself does."""
    due = D("2024-01-31")
    through = due + timedelta(days=days)
    paid = [(due + timedelta(days=after), Money(ore)) for after, ore in parts]
    made = late_interest(Money(amount), due_on=due, through=through, rates=REFERENCE_RATE, paid=paid)
    expected = Fraction(0)
    for number in range(1, days + 1):
        day = due + timedelta(days=number)
        owed = max(amount - sum(part.ore for on, part in paid if on < day), 0)
        expected += Fraction(owed) * Fraction(REFERENCE_RATE.on(day) + Decimal("0.08")) / 365
    assert sum((one.exact_ore for one in made.stretches), Fraction(0)) == expected
    assert abs(made.amount.ore - expected) <= Fraction(1, 2)


def test_what_a_payer_names_is_paid_and_the_rest_goes_to_the_oldest() -> None:
    """F8: 100 named for May; of the other 150 March gets its 100 and April 50."""
    claims = [
        DatedClaim("april", D("2026-04-30"), K(100)),
        DatedClaim("march", D("2026-03-31"), K(100)),
        DatedClaim("may", D("2026-05-29"), K(100), ((D("2026-06-02"), K(100)),)),
    ]
    payments = [(D("2026-06-01"), K(120)), (D("2026-06-02"), K(130))]
    assert payments_of_claims(claims, payments=payments, owed=K(50)) == {
        "march": ((D("2026-06-01"), K(100)),),
        "april": ((D("2026-06-01"), K(20)), (D("2026-06-02"), K(30))),
        "may": ((D("2026-06-02"), K(100)),),
    }


def test_within_an_invoice_costs_and_late_interest_are_paid_before_the_debt() -> None:
    """F8: of 1 000 kr 240 go to costs, 24.66 to late interest and 735.34 to what was lent."""
    invoice = uuid.UUID(int=1)
    owed = {
        Account.PRINCIPAL: K(4_500),
        Account.LATE_INTEREST_RECEIVABLE: K("24.66"),
        Account.COLLECTION_COST_RECEIVABLE: K(240),
    }
    claims = [Claim(account, D("2026-03-31"), sum_of_it, invoice) for account, sum_of_it in owed.items()]
    made = allocate(K(1_000), booked_on=D("2026-05-01"), claims=claims, named=[invoice])
    assert {line.credit: line.amount for line in made.lines} == {
        Account.COLLECTION_COST_RECEIVABLE: K(240),
        Account.LATE_INTEREST_RECEIVABLE: K("24.66"),
        Account.PRINCIPAL: K("735.34"),
    }


def test_money_that_went_elsewhere_pays_nothing() -> None:
    """F8: 100 came in for a charge that was taken back since: the claim that is left is not paid by it."""
    claims = [DatedClaim("april", D("2026-04-30"), K(100))]
    assert payments_of_claims(claims, payments=[(D("2026-06-01"), K(100))], owed=K(100)) == {"april": ()}


@pytest.mark.parametrize(
    ("steps", "without", "with_it"),
    [
        ((), 0, 450),
        ((REMINDER,), 60, 450),
        ((REMINDER, DEMAND), 240, 450),
        ((REMINDER, DEMAND, PLAN), 410, 450),
        ((REMINDER, REMINDER), 60, 450),  # each once
    ],
)
def test_what_steps_cost_with_and_without_compensation(
    steps: tuple[LateCharge, ...], without: int, with_it: int
) -> None:
    """R4: 60, 180 and 170; with the 450 only what is above it."""
    charged = [ChargedStep(kind, D("2026-04-08")) for kind in steps]
    assert cost_of(charged, compensated_on=None) == K(without)
    assert cost_of(charged, compensated_on=D("2026-04-01")) == K(with_it)


def test_a_step_adds_what_it_brings_above_what_was_charged() -> None:
    """R4: a compensation after a reminder adds 390, and a demand after that adds nothing."""
    on, since = D("2026-04-20"), D("2026-04-01")
    reminded = [ChargedStep(REMINDER, D("2026-04-08"))]
    assert added_cost(REMINDER, on=on) == K(60)
    assert added_cost(REMINDER, on=on, earlier=reminded) == K(0)
    assert added_cost(LateCharge.COMPENSATION, on=since, earlier=reminded) == K(390)
    assert added_cost(DEMAND, on=on, earlier=reminded, compensated_on=since) == K(0)


def test_before_the_amounts_were_in_force_there_is_none() -> None:
    """R4: each figure holds from its day; before it the law said another, which we do not know."""
    with pytest.raises(StatutoryValueMissing):
        cost_of([ChargedStep(REMINDER, D("2013-03-15"))], compensated_on=None)


@pytest.mark.parametrize(
    ("policy", "of_a_fee", "of_principal"),
    [
        (CompensationPolicy.OFF, False, False),
        (CompensationPolicy.FEE_INVOICES, True, False),
        (CompensationPolicy.ALL, True, True),
    ],
)
def test_which_invoices_give_compensation(policy: CompensationPolicy, of_a_fee: bool, of_principal: bool) -> None:
    """R4: none, those of fees, or all; what is late since something else was late gives none."""
    assert is_compensated(policy, [InvoiceLineKind.MONTHLY_FEE]) is of_a_fee
    assert is_compensated(policy, [InvoiceLineKind.INSTALMENT]) is of_principal
    assert not is_compensated(policy, [InvoiceLineKind.REMINDER_FEE, InvoiceLineKind.LATE_INTEREST])


@pytest.mark.parametrize(
    ("since", "rate"),
    [
        ("2026-07-02", "0.02"),
        ("2026-06-30", "0.02"),
        ("2026-04-01", "0.02"),
        ("2026-07-01", "0.021"),
        ("2026-07-01", "2"),  # 200 %: somebody has meant 2 %
        ("2026-07-01", "-0.10"),
    ],
)
def test_what_is_no_reference_rate_is_refused(since: str, rate: str) -> None:
    """R5: half-years and half points (räntelagen 9 §)."""
    with pytest.raises(ReferenceRateRefused):
        require_rate(D(since), Decimal(rate))


@pytest.mark.parametrize("rate", ["-0.005", "0", "0.02", "0.125"])
def test_a_reference_rate_may_be_below_zero(rate: str) -> None:
    """R5: it was from 2016 to 2019."""
    require_rate(D("2026-07-01"), Decimal(rate))
