"""How templates write values: amounts, rates, days and instants as people do, documents and states as they look."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint
from markupsafe import Markup

from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM, Month, end_of_day, stockholm_date
from underwriting.kernel.wording import day_in_words, instant_in_words, month_in_words, percent_in_words, time_in_words
from underwriting.platform.problems import language_of_request
from underwriting.web.documents import set_document
from underwriting.web.labels import label_of

_SECOND = 1000
_INSTANT = timedelta(microseconds=1)
_TONES = {
    **dict.fromkeys(("referred", "information_requested", "counter_offer", "submitted"), "warn"),
    **dict.fromkeys(("invited", "signing", "cancelling", "conditional", "unconfirmed"), "warn"),
    **dict.fromkeys(("unknown", "no_match", "unavailable"), "warn"),
    **dict.fromkeys(("held", "ordered", "sent"), "warn"),
    **dict.fromkeys(("waiting", "temporary", "failing", "due", "running", "lost"), "warn"),
    **dict.fromkeys(("declined", "refused", "annulled", "dead", "permanent", "disabled", "failed", "returned"), "bad"),
    **dict.fromkeys(("lapsed", "cancelled", "redeemed", "settled", "ended", "completed", "fallen", "dropped"), "over"),
    "withdrawn": "over",
}


def register(pages: Blueprint) -> None:
    """Give every template the filters of this module."""
    written: dict[str, Callable[..., Any]] = {
        "money": Money.formatted,
        "percent": _percent,
        "day": _day,
        "month": _month,
        "moment": _moment,
        "deadline": _deadline,
        "stamp": _stamp,
        "clock": _clock,
        "time_left": time_left,
        "duration": duration,
        "tone": _tone,
        "document": set_document,
        "label": label_of,
    }
    for name, write in written.items():
        pages.add_app_template_filter(write, name)


def duration(milliseconds: int) -> str:
    """*milliseconds* in words: `840 ms`, and from a second on `1,2 s` and `1.2 s`."""
    if milliseconds < _SECOND:
        return f"{milliseconds}\u00a0ms"
    whole, tenths = divmod((milliseconds + 50) // 100, 10)
    return f"{whole}{',' if language_of_request() == 'sv' else '.'}{tenths}\u00a0s"


def time_left(until: datetime, now: datetime) -> str:
    """How long it is from *now* until then, as the scripts of pages count it down: `2 d 03:12:45`, at least zero."""
    seconds = max(timedelta(0), until - now) // timedelta(seconds=1)
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return (f"{days} d " if days else "") + f"{hour:02}:{minute:02}:{second:02}"


def _percent(rate: Decimal) -> str:
    return percent_in_words(rate).in_language(language_of_request())


def _day(on: date) -> str:
    return day_in_words(on).in_language(language_of_request())


def _month(of: Month) -> str:
    return month_in_words(of).in_language(language_of_request())


def _moment(at: datetime) -> Markup:
    return _time(at, instant_in_words(at).in_language(language_of_request()))


def _deadline(before: datetime) -> Markup:
    """The last day that is in time where *before* is the midnight after it, else the moment itself."""
    last_day = stockholm_date(before - _INSTANT)
    return _time(last_day, _day(last_day)) if end_of_day(last_day) == before else _moment(before)


def _stamp(at: datetime) -> Markup:
    """Short, for lists: day and minute by Stockholm's clocks."""
    return _time(at, at.astimezone(STOCKHOLM).strftime("%Y-%m-%d\u00a0%H:%M"))


def _clock(at: datetime) -> str:
    """The time of day with its seconds, for what is over within minutes."""
    return time_in_words(at.astimezone(STOCKHOLM).time()).in_language(language_of_request())


def _tone(state: str) -> str:
    """The class of a state's label: something to do (`warn`), a no (`bad`), over (`over`), else as it should be."""
    return _TONES.get(state, "")


def _time(machine: date | datetime, text: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(machine.isoformat(), text)
