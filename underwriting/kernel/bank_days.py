"""Swedish bank days (*bankdag*): Monday to Friday, except public holidays and the eves on which banks are closed.

Midsummer Eve, Christmas Eve and New Year's Eve are no public holidays but are kept like them.
"""

from datetime import date, timedelta
from functools import cache

from underwriting.kernel.periods import Month

_ONE_DAY = timedelta(days=1)
_SATURDAY = 5


def is_bank_day(on: date) -> bool:
    """Whether Swedish banks settle payments on *on*."""
    return on.weekday() < _SATURDAY and on not in _closings(on.year)


def next_bank_day(on: date) -> date:
    """*on* itself when it is a bank day, else the first one after it."""
    while not is_bank_day(on):
        on += _ONE_DAY
    return on


def previous_bank_day(on: date) -> date:
    """*on* itself when it is a bank day, else the last one before it."""
    while not is_bank_day(on):
        on -= _ONE_DAY
    return on


def add_bank_days(on: date, count: int) -> date:
    """The *count*-th bank day after *on*, which is not counted; for 0 *on* itself, below it ValueError."""
    if count < 0:
        raise ValueError("bank days are counted forwards")
    for _ in range(count):
        on = next_bank_day(on + _ONE_DAY)
    return on


def first_bank_day_of(month: Month) -> date:
    """The first bank day of *month*."""
    return next_bank_day(month.first_day)


def last_bank_day_of(month: Month) -> date:
    """The last bank day of *month*."""
    return previous_bank_day(month.end - _ONE_DAY)


@cache
def _closings(year: int) -> frozenset[date]:
    # Not at the top: the library loads all countries, a tenth of a second of each process's start.
    from holidays.constants import DE_FACTO, PUBLIC
    from holidays.countries.sweden import Sweden

    # Sundays are weekends already; with them the library would name every Sunday a holiday.
    return frozenset(Sweden(years=year, categories=(PUBLIC, DE_FACTO), include_sundays=False))
