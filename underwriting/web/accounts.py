"""The accounts of a company's last years, as a table with a chart."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bureau_clients.reports import AnnualAccounts
from underwriting.kernel.money import Money
from underwriting.web.plots import Colour, Plot, Series, side_by_side
from underwriting.web.texts import translate

_ROWS = (
    *("turnover", "operating_result", "net_result", "total_assets", "equity"),
    *("current_assets", "current_liabilities", "employees", "months"),
)
_DRAWN = {"turnover": Colour.GREEN, "operating_result": Colour.GOLD, "equity": Colour.BLUE}
_UNITS = ((1_000_000, "kronor.millions"), (1_000, "kronor.thousands"))
_ORE = 100
_NBSP = "\u00a0"


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of one year; *below* tells that it is under zero."""

    text: str = field(repr=False)
    below: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """The years, the newest first, and under each what the accounts say; the chart goes from the oldest on."""

    years: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Figure, ...]], ...]
    chart: Plot | None


def figures_of(accounts: Sequence[AnnualAccounts]) -> Figures:
    """The table of *accounts*, without what no year tells."""
    told = [name for name in _ROWS if any(getattr(year, name) is not None for year in accounts)]
    rows = tuple(
        (translate(f"accounts.{name}"), tuple(_figure(getattr(year, name)) for year in accounts)) for name in told
    )
    years = tuple(year.closed_on.isoformat() for year in accounts)
    return Figures(years, rows, _chart(accounts[::-1], [name for name in told if name in _DRAWN]))


def compact(kronor: int) -> str:
    """*kronor* in few characters, for an axis: `500 tkr`, `2,5 mkr`."""
    sign, amount = ("\u2212", -kronor) if kronor < 0 else ("", kronor)
    for least, unit in _UNITS:
        if amount >= least:
            whole, tenths = divmod(amount * 10 // least, 10)
            return sign + translate(unit, number=f"{whole},{tenths}" if tenths else whole)
    return sign + translate("kronor.ones", number=amount)


def _chart(accounts: Sequence[AnnualAccounts], names: Sequence[str]) -> Plot | None:
    if not names:
        return None
    series = [
        Series(translate(f"accounts.{name}"), tuple(_kronor(getattr(year, name)) for year in accounts), _DRAWN[name])
        for name in names
    ]
    labels = [f"{year.closed_on:%Y-%m}" for year in accounts]
    return side_by_side(labels, series, title=translate("accounts.chart"), written=compact)


def _kronor(amount: Money | None) -> int | None:
    return None if amount is None else amount.in_whole_kronor().ore // _ORE


def _figure(value: Any) -> Figure:
    match value:
        case None:
            return Figure("–", below=False)
        case Money():
            return Figure(value.formatted().removesuffix(f"{_NBSP}kr"), below=value < Money.ZERO)
    return Figure(str(value), below=False)
