"""Numbers set by law, each on its day and with its source."""

from datetime import date
from decimal import Decimal

import pytest

from underwriting.kernel import statutes
from underwriting.kernel.money import Money
from underwriting.kernel.statutes import (
    HALF_PRICE_BASE_AMOUNT,
    LATE_INTEREST_ADDITION,
    REFERENCE_RATE,
    StatutoryValue,
    StatutoryValueMissing,
    late_interest_rate,
)

VALUES = [value for value in vars(statutes).values() if isinstance(value, StatutoryValue)]
REFERENCE_RATES = {
    "2002-07-01": "4.50",
    "2003-01-01": "4.00",
    "2003-07-01": "3.00",
    "2004-01-01": "3.00",
    "2004-07-01": "2.00",
    "2005-01-01": "2.00",
    "2005-07-01": "1.50",
    "2006-01-01": "1.50",
    "2006-07-01": "2.50",
    "2007-01-01": "3.00",
    "2007-07-01": "3.50",
    "2008-01-01": "4.00",
    "2008-07-01": "4.50",
    "2009-01-01": "2.00",
    "2009-07-01": "0.50",
    "2010-01-01": "0.50",
    "2010-07-01": "0.50",
    "2011-01-01": "1.50",
    "2011-07-01": "2.00",
    "2012-01-01": "2.00",
    "2012-07-01": "1.50",
    "2013-01-01": "1.00",
    "2013-07-01": "1.00",
    "2014-01-01": "1.00",
    "2014-07-01": "1.00",
    "2015-01-01": "0.00",
    "2015-07-01": "0.00",
    "2016-01-01": "0.00",
    "2016-07-01": "-0.50",
    "2017-01-01": "-0.50",
    "2017-07-01": "-0.50",
    "2018-01-01": "-0.50",
    "2018-07-01": "-0.50",
    "2019-01-01": "-0.50",
    "2019-07-01": "0.00",
    "2020-01-01": "0.00",
    "2020-07-01": "0.00",
    "2021-01-01": "0.00",
    "2021-07-01": "0.00",
    "2022-01-01": "0.00",
    "2022-07-01": "0.50",
    "2023-01-01": "2.50",
    "2023-07-01": "3.50",
    "2024-01-01": "4.00",
    "2024-07-01": "4.00",
    "2025-01-01": "3.00",
    "2025-07-01": "2.00",
    "2026-01-01": "2.00",
}


@pytest.mark.parametrize(("first_day", "percent"), REFERENCE_RATES.items())
def test_the_reference_rate_of_every_half_year(first_day: str, percent: str) -> None:
    """R5: räntelagen 9 §, as published by the Riksbank."""
    first = date.fromisoformat(first_day)
    last = date(first.year, 6, 30) if first.month == 1 else date(first.year, 12, 31)
    assert REFERENCE_RATE.on(first) == REFERENCE_RATE.on(last) == Decimal(percent) / 100


def test_the_table_of_reference_rates_holds_nothing_else() -> None:
    """R5: 48 half-years are confirmed."""
    assert len(REFERENCE_RATE.since) == len(REFERENCE_RATES) == 48


@pytest.mark.parametrize("on", [date(2026, 7, 1), date(2026, 11, 22), date(2026, 12, 31)])
def test_a_missing_half_year_fails_and_is_named(on: date) -> None:
    """R5: a missing half-year is an error that names it."""
    with pytest.raises(StatutoryValueMissing, match=r"The reference rate is missing from 2026-07-01") as missing:
        late_interest_rate(on)
    assert missing.value.detail.sv == "Referensräntan saknas från 2026-07-01 (Räntelag (1975:635) 9 §)"
    assert missing.value.rule == "R5"


@pytest.mark.parametrize(
    ("on", "percent"),
    [(date(2016, 7, 1), "7.5"), (date(2024, 12, 31), "12"), (date(2025, 1, 1), "11"), (date(2026, 6, 30), "10")],
)
def test_late_interest_is_eight_points_above_the_reference_rate(on: date, percent: str) -> None:
    """R5: the reference rate may be negative and is never cut off at zero."""
    assert late_interest_rate(on) == Decimal(percent) / 100


def test_late_interest_before_the_rule_is_missing_and_not_guessed() -> None:
    """R5: no value is known before 1 July 2002."""
    with pytest.raises(StatutoryValueMissing, match="2002-01-01"):
        late_interest_rate(date(2002, 6, 30))
    with pytest.raises(StatutoryValueMissing, match="2002-06-30"):
        LATE_INTEREST_ADDITION.on(date(2002, 6, 30))


@pytest.mark.parametrize(
    ("value", "since", "amount"),
    [
        (statutes.REMINDER_FEE, date(2013, 3, 16), 60),
        (statutes.COLLECTION_DEMAND_FEE, date(2013, 3, 16), 180),
        (statutes.INSTALMENT_PLAN_FEE, date(2013, 3, 16), 170),
        (statutes.LATE_PAYMENT_COMPENSATION, date(2013, 3, 16), 450),
        (statutes.PAYMENT_ORDER_FEE, date(2014, 1, 1), 300),
        (statutes.PAYMENT_ORDER_AGENT_FEE, date(2014, 1, 1), 380),
        (statutes.ENFORCEMENT_FEE, date(2018, 1, 1), 600),
        (statutes.COURT_SUMMONS_SMALL, date(2014, 7, 1), 900),
        (statutes.COURT_SUMMONS_ORDINARY, date(2014, 7, 1), 2_800),
        (statutes.COURT_TRANSFER_SMALL, date(2014, 7, 1), 600),
        (statutes.COURT_TRANSFER_ORDINARY, date(2014, 7, 1), 2_500),
        (statutes.SIMPLIFIED_INVOICE_LIMIT, date(2023, 7, 1), 4_000),
    ],
)
def test_a_fee_holds_from_its_first_day(value: StatutoryValue[Money], since: date, amount: int) -> None:
    """R4: fees and caps are dated; before their first day there is no value."""
    assert value.on(since) == value.on(date(2026, 11, 22)) == Money.kronor(amount)
    with pytest.raises(StatutoryValueMissing):
        value.on(
            date(since.year, since.month - 1 or 12, since.day) if since.month > 1 else date(since.year - 1, 12, 31)
        )


def test_the_cost_of_an_order_to_pay_is_680() -> None:
    """R6: 300 for Kronofogden and 380 for the agent."""
    on = date(2026, 5, 4)
    assert statutes.PAYMENT_ORDER_FEE.on(on) + statutes.PAYMENT_ORDER_AGENT_FEE.on(on) == Money.kronor(680)


@pytest.mark.parametrize(("year", "amount"), [(2023, 26_250), (2024, 28_650), (2025, 29_400), (2026, 29_600)])
def test_half_a_price_base_amount_is_the_years_own(year: int, amount: int) -> None:
    """R8: half of 52 500, 57 300, 58 800 and 59 200."""
    assert (
        HALF_PRICE_BASE_AMOUNT.on(date(year, 1, 1))
        == HALF_PRICE_BASE_AMOUNT.on(date(year, 12, 31))
        == Money.kronor(amount)
    )


def test_next_years_price_base_amount_is_missing_and_named() -> None:
    """R8: a year without a value fails."""
    with pytest.raises(StatutoryValueMissing, match="Half a price base amount is missing from 2027-01-01"):
        HALF_PRICE_BASE_AMOUNT.on(date(2027, 2, 3))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (statutes.COLLECTION_DEMAND_DAYS, 8),
        (statutes.COLLECTION_DEMAND_BANK_DAYS, 4),
        (statutes.ENFORCEMENT_APPLICATION_DAYS, 12),
        (statutes.PAYMENT_ORDER_CONTEST_DAYS, 10),
        (statutes.PERSON_REMARK_YEARS, 3),
        (statutes.COMPANY_REMARK_YEARS, 5),
        (statutes.LIMITATION_YEARS, 10),
        (statutes.CONSUMER_LIMITATION_YEARS, 3),
        (statutes.ACCOUNTING_RETENTION_YEARS, 7),
        (statutes.DUE_DILIGENCE_RETENTION_YEARS, 5),
        (statutes.BENEFICIAL_OWNER_SHARE, Decimal("0.25")),
    ],
)
def test_periods_and_thresholds_hold_on_every_day(value: StatutoryValue[object], expected: object) -> None:
    assert value.on(date(2020, 2, 29)) == value.on(date(2030, 1, 1)) == expected


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.name.en)
def test_every_value_names_itself_and_its_source(value: StatutoryValue[object]) -> None:
    assert value.name.sv != value.name.en
    assert value.source.section in str(value.source)
    assert ":" in value.source.number


def test_the_order_in_which_values_are_written_does_not_matter() -> None:
    value = StatutoryValue(
        name=LATE_INTEREST_ADDITION.name,
        source=LATE_INTEREST_ADDITION.source,
        since={date(2020, 1, 1): 2, date(2010, 1, 1): 1},
    )
    assert [value.on(on) for on in (date(2019, 12, 31), date(2020, 1, 1))] == [1, 2]
