"""Days, times and rates as people write them, in both languages; machines get ISO dates and decimal fractions."""

from datetime import date, datetime, time
from decimal import Decimal

from underwriting.kernel.periods import STOCKHOLM, Month
from underwriting.kernel.text import Text

_NBSP = "\u00a0"
_WEEKDAYS = (
    Text("måndagen", "Monday"),
    Text("tisdagen", "Tuesday"),
    Text("onsdagen", "Wednesday"),
    Text("torsdagen", "Thursday"),
    Text("fredagen", "Friday"),
    Text("lördagen", "Saturday"),
    Text("söndagen", "Sunday"),
)
_MONTHS = (
    Text("januari", "January"),
    Text("februari", "February"),
    Text("mars", "March"),
    Text("april", "April"),
    Text("maj", "May"),
    Text("juni", "June"),
    Text("juli", "July"),
    Text("augusti", "August"),
    Text("september", "September"),
    Text("oktober", "October"),
    Text("november", "November"),
    Text("december", "December"),
)


def day_in_words(on: date) -> Text:
    """`fredagen den 23 oktober 2026` and `Friday 23 October 2026`."""
    return Text("{weekday.sv} den {day} {month.sv} {year}", "{weekday.en} {day} {month.en} {year}").filled(
        weekday=_WEEKDAYS[on.weekday()], day=on.day, month=_MONTHS[on.month - 1], year=on.year
    )


def month_in_words(month: Month) -> Text:
    """`oktober 2026` and `October 2026`."""
    return Text("{month.sv} {year}", "{month.en} {year}").filled(month=_MONTHS[month.month - 1], year=month.year)


def time_in_words(at: time) -> Text:
    """`16.00` and `16:00`, or `15.59.59` and `15:59:59`; what is less than a second is left out, never rounded up."""
    parts = (at.hour, at.minute, at.second) if at.second else (at.hour, at.minute)
    return Text(".".join(f"{part:02d}" for part in parts), ":".join(f"{part:02d}" for part in parts))


def instant_in_words(at: datetime) -> Text:
    """`fredagen den 23 oktober 2026 kl. 16.00` and `Friday 23 October 2026 at 16:00`, by Stockholm's clocks."""
    local = at.astimezone(STOCKHOLM)
    return Text(f"{{day.sv}} kl.{_NBSP}{{time.sv}}", "{day.en} at {time.en}").filled(
        day=day_in_words(local.date()), time=time_in_words(local.time())
    )


def percent_in_words(rate: Decimal) -> Text:
    """A fraction as per cent with at least two decimals: `2,75 %` and `2.75%`."""
    percent = rate * 100
    decimals = max(2, -int(percent.normalize().as_tuple().exponent))
    digits = f"{percent:.{decimals}f}"
    return Text(f"{digits.replace('.', ',')}{_NBSP}%", f"{digits}%")
