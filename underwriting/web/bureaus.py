"""How the bureaus do over a period, in charts of one value per Stockholm day, and their failures in words."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from bureau_clients.gateway import Gateway
from bureau_clients.questions import Outcome
from bureau_clients.statistics import Fallbacks, Latency, Outcomes, Spend
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.problems import language_of_request
from underwriting.web.accounts import compact
from underwriting.web.filters import duration
from underwriting.web.plots import Colour, Plot, Series, lines, stacked
from underwriting.web.texts import translate

_ORE = 100
_BY_BUREAU = (Colour.GREEN, Colour.GOLD, Colour.BLUE)
_BY_OUTCOME = {
    Outcome.REPORT: Colour.GREEN,
    Outcome.NO_MATCH: Colour.BLUE,
    Outcome.UNAVAILABLE: Colour.GOLD,
    Outcome.REFUSED: Colour.RED,
    Outcome.UNKNOWN: Colour.VIOLET,
}


@dataclass(frozen=True, slots=True)
class Period:
    """Days from *first* to *last*, both included, and the bureaus that are looked at."""

    first: date
    last: date
    bureaus: tuple[str, ...]

    @property
    def days(self) -> tuple[date, ...]:
        """Every day of it."""
        return tuple(self.first + timedelta(days=count) for count in range((self.last - self.first).days + 1))

    @property
    def labels(self) -> tuple[str, ...]:
        """Its days, short."""
        return tuple(f"{day.day}/{day.month}" for day in self.days)


def latency_chart(period: Period, found: Iterable[Latency]) -> Plot:
    """How long answers took: the median, and what 95 of 100 questions stayed under; in milliseconds."""
    by_day = {(one.bureau, stockholm_date(one.at)): one for one in found}
    series = []
    for bureau, colour in _coloured(period):
        days = [by_day.get((bureau, day)) for day in period.days]
        name = bureau.capitalize()
        median = tuple(one.median_ms if one else None for one in days)
        p95 = tuple(one.p95_ms if one else None for one in days)
        series.append(Series(translate("bureaus.median", bureau=name), median, colour))
        series.append(Series(translate("bureaus.p95", bureau=name), p95, colour, dashed=True))
    return lines(period.labels, series, title=translate("bureaus.latency"), written=duration)


def spend_chart(period: Period, found: Iterable[Spend]) -> Plot:
    """What was spent, with what is still reserved, in whole kronor."""
    kronor = {(one.bureau, one.day): (one.spent + one.reserved).in_whole_kronor().ore // _ORE for one in found}
    return stacked(period.labels, _per_bureau(period, kronor), title=translate("bureaus.spend"), written=compact)


def outcomes_chart(period: Period, found: Sequence[Outcomes]) -> Plot:
    """What became of the questions to all bureaus together; those that never left the house stand by themselves."""
    asked: dict[tuple[Outcome, date], int] = {}
    kept_back: dict[date, int] = {}
    for one in found:
        if one.asked:
            asked[one.outcome, one.day] = asked.get((one.outcome, one.day), 0) + one.questions
        else:
            kept_back[one.day] = kept_back.get(one.day, 0) + one.questions
    series = [
        Series(
            translate(f"console.outcome.{outcome}"), tuple(asked.get((outcome, day), 0) for day in period.days), colour
        )
        for outcome, colour in _BY_OUTCOME.items()
    ]
    held = tuple(kept_back.get(day, 0) for day in period.days)
    series.append(Series(translate("bureaus.not_asked"), held, Colour.GREY))
    return stacked(period.labels, series, title=translate("bureaus.outcomes"), written=str)


def fallbacks_chart(period: Period, found: Iterable[Fallbacks]) -> Plot:
    """How many questions a bureau got because another, asked first, gave nothing."""
    counted = {(one.bureau, one.day): one.fallbacks for one in found}
    return stacked(period.labels, _per_bureau(period, counted), title=translate("bureaus.fallbacks"), written=str)


def failure_in_words(gateway: Gateway, bureau: str, code: str | None) -> str:
    """What the *code* of a failure means; the code itself where nothing is known of it."""
    text = gateway.explain(bureau, code) if code else None
    return text.in_language(language_of_request()) if text else code or ""


def _per_bureau(period: Period, values: Mapping[tuple[str, date], int]) -> list[Series]:
    return [
        Series(bureau.capitalize(), tuple(values.get((bureau, day), 0) for day in period.days), colour)
        for bureau, colour in _coloured(period)
    ]


def _coloured(period: Period) -> Iterable[tuple[str, Colour]]:
    return zip(period.bureaus, _BY_BUREAU, strict=False)
