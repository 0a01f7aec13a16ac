"""Which month, which year, which account, which voucher: pure rules of accounting."""

from datetime import date

import pytest

from agreements.accounting.rules import (
    VOUCHERS,
    ChartEntry,
    Movement,
    UnmappedAccount,
    VoucherLine,
    accounting_month,
    chart_on,
    financial_year,
    require_mapped,
    vouchers,
)
from agreements.ledger.rules import PostingKind
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account

OCTOBER, NOVEMBER = Month(2026, 10), Month(2026, 11)
CHART = {
    account: ChartEntry(account, date(2020, 1, 1), number, account)
    for account, number in {
        Account.BANK: "1930",
        Account.PRINCIPAL: "1682",
        Account.FEE_RECEIVABLE: "1510",
        Account.PAPER_FEE_RECEIVABLE: "1510",
        Account.FEE_INCOME: "3004",
    }.items()
}


def fee(day: int, kronor: int, *, month: int = 11, key: str = "", agreement: int | None = None) -> Movement:
    on = date(2026, month, day)
    amount = Money.kronor(kronor)
    return Movement(PostingKind.MONTHLY_FEE, on, on, Account.FEE_RECEIVABLE, Account.FEE_INCOME, amount, key, agreement)


@pytest.mark.parametrize(
    ("occurred_on", "last_closed", "month"),
    [
        (date(2026, 10, 31), None, OCTOBER),
        (date(2026, 10, 31), Month(2026, 9), OCTOBER),
        (date(2026, 10, 31), OCTOBER, NOVEMBER),
        (date(2025, 1, 1), OCTOBER, NOVEMBER),
        (date(2026, 12, 1), OCTOBER, Month(2026, 12)),
        (date(2026, 12, 31), Month(2026, 12), Month(2027, 1)),
    ],
)
def test_what_comes_late_counts_for_the_next_open_month(
    occurred_on: date, last_closed: Month | None, month: Month
) -> None:
    """F9: and what comes in time for its own."""
    assert accounting_month(occurred_on, last_closed=last_closed) == month


@pytest.mark.parametrize(
    ("month", "begins_in", "year"),
    [
        (Month(2026, 1), 1, (date(2026, 1, 1), date(2026, 12, 31))),
        (Month(2026, 12), 1, (date(2026, 1, 1), date(2026, 12, 31))),
        (Month(2026, 4), 5, (date(2025, 5, 1), date(2026, 4, 30))),
        (Month(2026, 5), 5, (date(2026, 5, 1), date(2027, 4, 30))),
        (Month(2024, 1), 3, (date(2023, 3, 1), date(2024, 2, 29))),  # a leap year
    ],
)
def test_a_financial_year_may_be_a_broken_one(month: Month, begins_in: int, year: tuple[date, date]) -> None:
    """F9: what #RAR says."""
    assert financial_year(month, begins_in=begins_in) == year


def test_the_chart_is_that_of_the_day() -> None:
    """F9: a mapping holds from its day on, not before."""
    old = ChartEntry(Account.BANK, date(2026, 1, 1), "1930", "Företagskonto")
    new = ChartEntry(Account.BANK, date(2026, 11, 1), "1940", "Bank")
    for day, entry in ((date(2026, 10, 31), old), (date(2026, 11, 1), new)):
        assert chart_on(day, [new, old]) == {Account.BANK: entry}
    assert chart_on(date(2025, 12, 31), [new, old]) == {}


def test_an_account_without_a_place_is_named() -> None:
    """F9: in both languages, with the day; those with one are not."""
    used = [Account.BANK, Account.CREDIT_BALANCE, Account.PAPER_FEE_INCOME]
    with pytest.raises(UnmappedAccount) as refused:
        require_mapped(used, CHART, on=date(2026, 10, 31))
    assert refused.value.detail.sv == (
        "Ange vilket konto i kontoplanen som gäller 2026-10-31 för: credit_balance, paper_fee_income."
    )
    assert "credit_balance, paper_fee_income" in refused.value.detail.en
    require_mapped([Account.BANK], CHART, on=date(2026, 10, 31))


def test_a_voucher_for_each_kind_and_day_has_a_line_for_each_account_and_side() -> None:
    """F9: and numbers go on where the months before it in the financial year ended."""
    paid = Movement(
        PostingKind.PAYMENT,
        date(2026, 11, 5),
        date(2026, 11, 6),
        Account.BANK,
        Account.FEE_RECEIVABLE,
        Money.kronor(7),
    )
    paper = Movement(
        PostingKind.PAYMENT,
        date(2026, 11, 5),
        date(2026, 11, 7),
        Account.BANK,
        Account.PAPER_FEE_RECEIVABLE,
        Money.kronor(59),
    )
    made = tuple(vouchers(NOVEMBER, [fee(5, 10), fee(30, 20), paid, paper], CHART, first_numbers={"F": 8}))
    assert [(one.series, one.number, one.on.day, one.text) for one in made] == [
        ("F", 8, 5, "Månadsavgift"),
        ("F", 9, 30, "Månadsavgift"),
        ("B", 1, 5, "Inbetalning"),
    ]
    assert made[2].lines == (VoucherLine("1930", Money.kronor(66)), VoucherLine("1510", -Money.kronor(66)))
    assert made[2].registered_on == date(2026, 11, 7)


def test_a_voucher_for_each_entry_names_its_agreement() -> None:
    """F9: the agreement's number and nothing of anybody."""
    made = tuple(
        vouchers(
            NOVEMBER,
            [fee(5, 10, key="a", agreement=100001), fee(5, 10, key="b", agreement=100002)],
            CHART,
            first_numbers={},
        )
    )
    assert [(one.number, one.text) for one in made] == [
        (1, "Månadsavgift avtal 100001"),
        (2, "Månadsavgift avtal 100002"),
    ]


def test_what_comes_late_is_entered_on_the_months_first_day_and_says_when_it_was() -> None:
    """F9: the receiver's books of the month before are closed as well."""
    (made,) = vouchers(NOVEMBER, [fee(31, 10, month=10)], CHART, first_numbers={})
    assert (made.on, made.text) == (date(2026, 11, 1), "Månadsavgift avser 2026-10-31")


def test_each_kind_of_entry_has_a_series_of_its_own() -> None:
    """F9: numbers of two kinds never mix."""
    assert set(VOUCHERS) == set(PostingKind)
    series = [name for name, _ in VOUCHERS.values()]
    assert len(set(series)) == len(series)
