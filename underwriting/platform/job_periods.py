"""What a job is run for: a Stockholm day, or a month. Due instants of both; pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from underwriting.kernel.periods import Month, stockholm_date, stockholm_instant
from underwriting.platform.progress import Progress

Outcome = Mapping[str, Any]
"""What a run came to, in counts and amounts: never personal data."""

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")


@dataclass(frozen=True)
class DailyJob:
    """Run for each Stockholm day, from *at* o'clock of that day; its outcome is kept.

    It may be run twice for a day: the second run finds what the first one did.
    """

    name: str
    at: time
    run: Callable[[date, Progress], Outcome]


@dataclass(frozen=True)
class MonthlyJob:
    """Run for each month, from *at* o'clock of its first day; else as a daily job."""

    name: str
    at: time
    run: Callable[[date, Progress], Outcome]


PeriodicJob = DailyJob | MonthlyJob


@dataclass(frozen=True, slots=True)
class Period:
    """One day or one month of one job, by the day *on* which it is due. *text* names it: `2026-03-02` or `2026-03`."""

    on: date
    text: str


def period_of(job: PeriodicJob, on: date) -> Period:
    """The period of *job* that the day *on* belongs to."""
    if isinstance(job, MonthlyJob):
        month = Month.of(on)
        return Period(month.first_day, str(month))
    return Period(on, on.isoformat())


def period_named(job: PeriodicJob, text: str) -> Period | None:
    """The period of *job* that *text* names, or None."""
    try:
        if isinstance(job, MonthlyJob):
            return period_of(job, Month.parse(text).first_day) if _MONTH.fullmatch(text) else None
        return period_of(job, date.fromisoformat(text)) if _DAY.fullmatch(text) else None
    except ValueError:
        return None


def first_day_of(text: str) -> date:
    """The day on which the period *text* of whichever kind is due."""
    return Month.parse(text).first_day if _MONTH.fullmatch(text) else date.fromisoformat(text)


def due_at(job: PeriodicJob, period: Period) -> datetime:
    """The instant from which *job* is run for *period*. An hour that a day lacks is the next one that it has."""
    return stockholm_instant(period.on, job.at)


def next_period(job: PeriodicJob, period: Period) -> Period:
    """The period after *period*."""
    if isinstance(job, MonthlyJob):
        return period_of(job, Month.of(period.on).end)
    return period_of(job, period.on + timedelta(days=1))


def latest_due(job: PeriodicJob, now: datetime) -> Period:
    """The last period of *job* that is due at *now*."""
    here = period_of(job, stockholm_date(now))
    return here if due_at(job, here) <= now else period_of(job, here.on - timedelta(days=1))


def due_from(job: PeriodicJob, first: Period, now: datetime) -> list[Period]:
    """The periods of *job* from *first* on that are due at *now*, in order."""
    found = []
    period = first
    while due_at(job, period) <= now:
        found.append(period)
        period = next_period(job, period)
    return found
