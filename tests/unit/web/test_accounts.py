"""The accounts of a company as a table with a chart."""

from datetime import date

import pytest

from bureau_clients.reports import AnnualAccounts
from underwriting.kernel.money import Money
from underwriting.web.accounts import Figure, compact, figures_of

pytestmark = pytest.mark.usefixtures("swedish")

NEWER = AnnualAccounts(
    closed_on=date(2025, 12, 31), months=12, turnover=Money.kronor(4_500_000), equity=Money.kronor(-20_000), employees=4
)
OLDER = AnnualAccounts(closed_on=date(2024, 12, 31), turnover=Money.kronor(3_900_000), employees=3)


def test_the_newest_year_stands_first_and_what_no_year_tells_is_left_out() -> None:
    figures = figures_of([NEWER, OLDER])
    assert figures.years == ("2025-12-31", "2024-12-31")
    assert [label for label, _ in figures.rows] == ["Omsättning", "Eget kapital", "Anställda", "Månader"]


def test_a_figure_that_is_not_told_is_a_dash_and_one_below_zero_is_marked() -> None:
    rows = dict(figures_of([NEWER, OLDER]).rows)
    assert rows["Omsättning"] == (
        Figure("4\u00a0500\u00a0000", below=False),
        Figure("3\u00a0900\u00a0000", below=False),
    )
    assert rows["Eget kapital"] == (Figure("\u221220\u00a0000", below=True), Figure("–", below=False))


def test_the_chart_goes_from_the_oldest_year_to_the_newest() -> None:
    chart = figures_of([NEWER, OLDER]).chart
    assert chart is not None
    assert chart.rows == (
        ("2024-12", ("3,9\u00a0mkr", "–")),
        ("2025-12", ("4,5\u00a0mkr", "\u221220\u00a0tkr")),
    )


def test_accounts_without_an_amount_have_no_chart() -> None:
    assert figures_of([AnnualAccounts(closed_on=date(2025, 12, 31), employees=4)]).chart is None


@pytest.mark.parametrize(
    ("kronor", "text"),
    [
        (0, "0\u00a0kr"),
        (999, "999\u00a0kr"),
        (1_000, "1\u00a0tkr"),
        (-2_550, "\u22122,5\u00a0tkr"),
        (999_999, "999,9\u00a0tkr"),  # never rounded up to another unit
        (1_000_000, "1\u00a0mkr"),
        (12_345_678, "12,3\u00a0mkr"),
    ],
)
def test_an_amount_on_an_axis_is_short(kronor: int, text: str) -> None:
    assert compact(kronor) == text
