"""Legal days and months: a day is a Stockholm day, a period holds its first day and not its end."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

STOCKHOLM = ZoneInfo("Europe/Stockholm")


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """One calendar month, written `2026-11`."""

    year: int
    month: int

    def __post_init__(self) -> None:
        date(self.year, self.month, 1)

    @classmethod
    def of(cls, on: date) -> "Month":
        """The month in which *on* lies."""
        return cls(on.year, on.month)

    @classmethod
    def parse(cls, text: str) -> "Month":
        """The month written `2026-11`; anything else raises ValueError."""
        if len(text) != 7 or text[4] != "-" or not (text.isascii() and (text[:4] + text[5:]).isdigit()):
            raise ValueError("a month is written YYYY-MM")
        return cls(int(text[:4]), int(text[5:]))

    @property
    def first_day(self) -> date:
        """The first day of the month."""
        return date(self.year, self.month, 1)

    @property
    def end(self) -> date:
        """The first day that no longer belongs to the month."""
        return self.next().first_day

    def next(self) -> "Month":
        """The month after."""
        return self.plus(1)

    def previous(self) -> "Month":
        """The month before."""
        return self.plus(-1)

    def plus(self, months: int) -> "Month":
        """The month that lies *months* later, or earlier when negative."""
        year, index = divmod(self.year * 12 + self.month - 1 + months, 12)
        return Month(year, index + 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


@dataclass(frozen=True, slots=True)
class DatePeriod:
    """The days from *start* up to but not including *end*; without an end it is open. Start and end alike: empty."""

    start: date
    end: date | None = None

    def __post_init__(self) -> None:
        if self.end is not None and self.end < self.start:
            raise ValueError("a period does not end before it starts")

    def contains(self, on: date) -> bool:
        """Whether *on* lies in the period."""
        return self.start <= on and (self.end is None or on < self.end)

    @property
    def days(self) -> int:
        """How many days the period holds; an open one raises ValueError."""
        if self.end is None:
            raise ValueError("an open period has no number of days")
        return (self.end - self.start).days


def stockholm_date(at: datetime) -> date:
    """The legal day in which the instant *at* (aware; a naive one raises ValueError) lies."""
    if at.utcoffset() is None:
        raise ValueError("an instant is aware")
    return at.astimezone(STOCKHOLM).date()


def stockholm_instant(on: date, at: time = time(0)) -> datetime:
    """The instant, in UTC, at which clocks in Stockholm show *at* on *on*.

    A time that the spring switch skips is read as if the switch had not come yet, so 02:30 becomes 03:30; of a time
    that the autumn switch repeats it is the first.
    """
    if at.tzinfo is not None:
        raise ValueError("a Stockholm time has no zone of its own")
    return datetime.combine(on, at.replace(fold=0), STOCKHOLM).astimezone(UTC)


def end_of_day(on: date) -> datetime:
    """The instant at which *on* is over: the first of the next Stockholm day, which no longer belongs to *on*."""
    return stockholm_instant(on + timedelta(days=1))


def add_months(anchor: date, months: int) -> date:
    """The same day of the month *months* later, or the month's last day where there is no such (lag 1930:173, 1 §).

    A series is counted from its anchor, never from the date before it: 31 January, 28 February, 31 March.
    """
    month = Month.of(anchor).plus(months)
    return date(month.year, month.month, min(anchor.day, monthrange(month.year, month.month)[1]))


def months_between(first: Month, last: Month) -> tuple[Month, ...]:
    """Every month from *first* to *last*, both included; none when *last* comes before *first*."""
    count = (last.year - first.year) * 12 + last.month - first.month + 1
    return tuple(first.plus(offset) for offset in range(count))
