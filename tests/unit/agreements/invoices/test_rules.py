"""What an invoice asks for, by when and under which number, and what is left of it."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.invoices.rules import (
    Charge,
    LineClaim,
    PriceMissing,
    compose,
    due_on,
    number_of,
    open_sums,
    price_on,
    reference_of,
    state_of,
)
from underwriting.kernel.bank_days import is_bank_day
from underwriting.kernel.identifiers import is_ocr_number
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account, InvoiceDelivery, InvoiceLineKind, InvoiceState

K = Money.kronor
FEE, PART, PAPER = InvoiceLineKind.MONTHLY_FEE, InvoiceLineKind.INSTALMENT, InvoiceLineKind.PAPER_FEE
ISSUED_ON = date(2026, 4, 1)


def fee(kronor: str) -> Charge:
    return Charge(FEE, Account.FEE_RECEIVABLE, K(kronor), date(2026, 3, 31))


def part(kronor: str, on: date = date(2026, 4, 30)) -> Charge:
    return Charge(PART, Account.PRINCIPAL, K(kronor), on)


@pytest.mark.parametrize(
    ("period", "issued_on", "last"),
    [
        ("2026-04", "2026-04-01", "2026-04-30"),  # a Thursday
        ("2026-05", "2026-05-04", "2026-05-29"),  # the 31st is a Sunday
        ("2026-12", "2026-12-01", "2026-12-30"),  # New Year's Eve is no bank day
        ("2028-02", "2028-02-01", "2028-02-29"),
        ("2026-04", "2026-04-20", "2026-04-30"),  # ten days
        ("2026-04", "2026-04-21", "2026-05-04"),  # 1 May is a holiday, and then comes a week-end
        ("2026-03", "2026-03-31", "2026-04-10"),
    ],
)
def test_an_invoice_is_due_on_the_months_last_bank_day_or_ten_days_on(period: str, issued_on: str, last: str) -> None:
    """F5: the due date is a banking day."""
    assert due_on(Month.parse(period), issued_on=date.fromisoformat(issued_on)) == date.fromisoformat(last)


@given(st.dates(date(2020, 1, 1), date(2035, 12, 31)))
def test_whenever_it_is_issued_the_due_day_is_a_bank_day_and_no_sooner_than_ten_days(on: date) -> None:
    """F5: always."""
    last = due_on(Month.of(on), issued_on=on)
    assert is_bank_day(last)
    assert (last - on).days >= 10


def test_numbers_and_references() -> None:
    """F5: the OCR reference is the number, its length digit (14) and its check digit (law 5.2)."""
    assert number_of(2026, 1) == 202600000001
    # 202600000001 4: doubled from the right 4 1 0 0 0 0 0 0 0 6 2 0 2 -> 8+1+0+0+0+0+0+0+0+6+4+0+4 = 23, so 7
    assert reference_of(202600000001) == "20260000000147"
    # the example of law 5.2
    assert reference_of(202611000123) == "20261100012347"
    for serial in (0, 100_000_000):
        with pytest.raises(ValueError, match="eight digits"):
            number_of(2026, serial)


@given(st.integers(2020, 2099), st.integers(1, 99_999_999))
def test_every_number_makes_a_reference_that_a_bank_accepts(year: int, serial: int) -> None:
    """F5: hard level, with length digit."""
    assert is_ocr_number(reference_of(number_of(year, serial)))


def test_paper_costs_a_fee_and_email_none() -> None:
    """F4: PDF by e-mail free, on paper 59 kr per invoice."""
    by_mail = compose([fee("2400")], delivery=InvoiceDelivery.EMAIL, paper_fee=K(59), issued_on=ISSUED_ON)
    on_paper = compose([fee("2400")], delivery=InvoiceDelivery.PAPER, paper_fee=K(59), issued_on=ISSUED_ON)
    assert by_mail is not None
    assert on_paper is not None
    assert by_mail.payable == K(2400)
    assert on_paper.payable == K(2459)
    assert [one.kind for one in on_paper.charges] == [FEE, PAPER]


def test_where_there_is_nothing_to_ask_for_there_is_no_invoice() -> None:
    """F4: not even for the fee of paper."""
    assert compose([], delivery=InvoiceDelivery.PAPER, paper_fee=K(59), issued_on=ISSUED_ON) is None


@pytest.mark.parametrize(
    ("total", "left_out", "payable"),
    [
        ("1499.49", "0", 1499),  # the vectors of law 5.7
        ("1499.50", "0", 1500),
        ("4536.99", "0", 4537),
        ("3333.34", "0", 3333),  # 10 000 in three parts
        ("3333.33", "0.34", 3334),
        ("3333.33", "-0.33", 3333),
        ("0.10", "-0.49", 0),
    ],
)
def test_the_sum_to_pay_is_in_whole_kronor_and_ore_wait_for_the_next(total: str, left_out: str, payable: int) -> None:
    """F5: payable sum in whole kronor (lag 1970:1029, 2 §)."""
    draft = compose(
        [part(total)], delivery=InvoiceDelivery.EMAIL, paper_fee=K(59), issued_on=ISSUED_ON, left_out=K(left_out)
    )
    assert draft is not None
    assert draft.payable == K(payable)


@given(st.lists(st.integers(1, 10_000_000), min_size=1, max_size=36))
def test_over_a_plan_no_ore_is_lost_or_asked_for_twice(amounts: list[int]) -> None:
    """F5: what is asked for in all differs from what is owed in all by half a krona at most."""
    left_out = Money.ZERO
    for ore in amounts:
        charge = Charge(PART, Account.PRINCIPAL, Money(ore), date(2026, 4, 30))
        draft = compose(
            [charge], delivery=InvoiceDelivery.EMAIL, paper_fee=K(59), issued_on=ISSUED_ON, left_out=left_out
        )
        assert draft is not None
        assert draft.payable.ore % 100 == 0
        left_out -= draft.rounding
        assert abs(left_out.ore) <= 50


def test_a_price_holds_from_its_day_until_the_next() -> None:
    """F4: prices are dated rows; before the first there is none."""
    prices = {date(2026, 1, 1): K(59), date(2027, 1, 1): K(65)}
    assert price_on(date(2026, 12, 31), prices) == K(59)
    assert price_on(date(2027, 1, 1), prices) == K(65)
    with pytest.raises(PriceMissing, match="2025-12-31"):
        price_on(date(2025, 12, 31), prices)


@pytest.mark.parametrize(
    ("owed", "claims", "left"),
    [
        ("300", [("100", "0"), ("200", "0")], ["100", "200"]),  # nothing is paid
        ("250", [("100", "0"), ("200", "0")], ["50", "200"]),  # the oldest first
        ("200", [("100", "0"), ("200", "0")], ["0", "200"]),
        ("100", [("100", "0"), ("200", "200")], ["100", "0"]),  # the payer named the newer one
        ("80", [("100", "0"), ("200", "200")], ["80", "0"]),  # and twenty more came without a name
        ("0", [("100", "0"), ("200", "0")], ["0", "0"]),
        ("0", [], []),
    ],
)
def test_what_is_left_follows_from_the_books_and_what_payers_named(
    owed: str, claims: list[tuple[str, str]], left: list[str]
) -> None:
    """F8: to the claim the payer names, the rest to the oldest."""
    asked = [LineClaim(K(amount), K(named)) for amount, named in claims]
    assert open_sums(K(owed), asked) == tuple(K(one) for one in left)


@given(st.lists(st.tuples(st.integers(1, 10_000), st.integers(0, 100)), max_size=12), st.integers(0, 100))
def test_what_is_left_of_the_claims_is_what_is_owed(shares: list[tuple[int, int]], unnamed: int) -> None:
    """F8: no krona is unaccounted for: the open sums add up to what the account says."""
    claims = [LineClaim(Money(ore), Money(ore * share // 100)) for ore, share in shares]
    not_named = sum(one.amount.ore - one.named.ore for one in claims)
    owed = Money(not_named - not_named * unnamed // 100)
    left = open_sums(owed, claims)
    assert Money.sum(left) == owed
    assert all(Money.ZERO <= part <= one.amount - one.named for part, one in zip(left, claims, strict=True))


def test_how_far_an_invoice_is_paid() -> None:
    """F8: derived from what is open."""
    assert state_of(payable=K(100), open_sum=K(100), is_credited=False) is InvoiceState.OPEN
    assert state_of(payable=K(100), open_sum=K(1), is_credited=False) is InvoiceState.PART_PAID
    assert state_of(payable=K(100), open_sum=K(0), is_credited=False) is InvoiceState.PAID
    assert state_of(payable=K(100), open_sum=K(0), is_credited=True) is InvoiceState.CREDITED
