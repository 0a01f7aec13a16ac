"""Bisnode's JSON: dates in parts, amounts as text with a currency, counts, weeks, and its two models of an error.

What arrives is read as hostile: UTF-8 alone, no NaN, no endless number, nothing repaired. A member that is missing,
given twice or not as specified is unreadable, and its fact stays unknown; the rest of the answer counts.
"""

import json
import re
from calendar import monthrange
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import MAXYEAR, date
from decimal import Decimal
from typing import Any

from underwriting.kernel.money import Money

_LONGEST_NUMBER = 18  # digits: what a 64-bit integer always holds
_LARGEST_COUNT = 10**9
_SEK = "SEK"
_AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{0,6})?|\.[0-9]{1,6}")
_WEEK = re.compile(r"([0-9]{4})-?W([0-9]{1,2})")
_ERROR_MEMBERS = frozenset({"message", "status", "statusCode", "statusText", "subErrors", "timestamp"})
_UNREADABLE = object()
"""Stands in the place of a value that is given twice or is too large: no reader takes it."""


class NotAnAnswer(ValueError):
    """What arrived is not one JSON object in UTF-8: a page, half a document, or something else."""


class Unreadable(ValueError):
    """A member is missing or is not as specified."""


def read_document(body: bytes) -> Mapping[str, Any]:
    """The JSON object in *body*. Raises NotAnAnswer; a nesting too deep to be read is none either."""
    try:
        value = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_members,
            parse_int=_whole,
            parse_float=_fraction,
            parse_constant=_not_a_number,
        )
    except (ValueError, RecursionError) as error:
        raise NotAnAnswer("not JSON") from error
    if not isinstance(value, dict):
        raise NotAnAnswer("not an object")
    return value


def is_error(document: Mapping[str, Any]) -> bool:
    """Whether *document* is an error of the service, in its new model or its old one, of which any member may lack.

    The error of a server on the way, which tells other things as well (a path, a fault), is none.
    """
    return bool(document.keys() - {"timestamp"}) and document.keys() <= _ERROR_MEMBERS


def error_status(document: Mapping[str, Any]) -> int | None:
    """The HTTP status that an error states, None where it states none that can be read."""
    status = next((document[name] for name in ("status", "statusCode") if has(document, name)), None)
    told = str(status) if isinstance(status, int | str) and not isinstance(status, bool) else ""
    return int(told) if re.fullmatch("[1-5][0-9]{2}", told) else None


def member(value: Any, *names: str) -> Any:
    """What stands in *value* under one name after the other. Null is missing: the service leaves out what it lacks."""
    for name in names:
        if not isinstance(value, dict) or (value := value.get(name)) is None:
            raise Unreadable("missing")
    return value


def has(value: Any, name: str) -> bool:
    """Whether *value* is an object that has something under *name*."""
    return isinstance(value, dict) and value.get(name) is not None


def items(value: Any) -> Sequence[Any]:
    """The members of a list."""
    if not isinstance(value, list):
        raise Unreadable("not a list")
    return value


def text(value: Any) -> str:
    """One line of text, each run of blanks made one."""
    line = " ".join(value.split()) if isinstance(value, str) else ""
    if not line or not line.isprintable():  # half a surrogate pair is not printable, and nothing could store it
        raise Unreadable("not text")
    return line


def flag(value: Any) -> bool:
    """A yes or a no."""
    if not isinstance(value, bool):
        raise Unreadable("not a flag")
    return value


def whole(value: Any) -> int:
    """A whole number."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise Unreadable("not a whole number")
    return value


def count(value: Any) -> int:
    """How many: a whole number from zero up."""
    number = whole(value)
    if not 0 <= number <= _LARGEST_COUNT:
        raise Unreadable("not a count")
    return number


def amount(value: Any) -> Money:
    """An amount of kronor, zero or more. One in another currency is unreadable: no rate is ours to choose."""
    if member(value, "currency") != _SEK:
        raise Unreadable("not in kronor")
    return kronor(member(value, "amount"))


def kronor(value: Any, *, unit: int = 1) -> Money:
    """A number of kronor, or of *unit* kronor, zero or more, as text with a decimal point or as a number."""
    plain = str(value) if isinstance(value, Decimal | int) else value
    if not isinstance(plain, str) or not _AMOUNT.fullmatch(plain):
        raise Unreadable("not an amount")
    try:
        return Money.kronor(Decimal(plain) * unit)
    except ValueError as error:
        raise Unreadable("finer than an öre") from error


def whole_kronor(value: Any, *, unit: int = 1) -> Money:
    """A whole number of kronor, or of *unit* kronor, with a sign: a figure of accounts or an income."""
    return Money.kronor(whole(value)) * unit


def day(value: Any) -> date:
    """A whole date. One that lacks its month or its day is unreadable."""
    try:
        return date(_part(value, "year"), _part(value, "month"), _part(value, "day"))
    except ValueError as error:
        raise Unreadable("no such day") from error


def closing_day(value: Any) -> date:
    """The day on which a financial year closed: the last of the month where no day is told (lag 1999:1078, 3 kap.)."""
    if has(value, "day"):
        return day(value)
    try:
        year, month = _part(value, "year"), _part(value, "month")
        return date(year, month, monthrange(year, month)[1])
    except (ValueError, IndexError) as error:
        raise Unreadable("no such month") from error


def week(value: Any) -> date:
    """The Monday of a week written `2019W42`."""
    found = _WEEK.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise Unreadable("not a week")
    try:
        return date.fromisocalendar(int(found[1]), int(found[2]), 1)
    except ValueError as error:
        raise Unreadable("no such week") from error


def digits(value: Any) -> str:
    """The digits of a number that names somebody, without what separates them."""
    plain = re.sub("[^0-9]", "", value) if isinstance(value, str) else ""
    if not plain:
        raise Unreadable("no digits")
    return plain


def _part(value: Any, name: str) -> int:
    part = member(value, name)
    if isinstance(part, str) and re.fullmatch("[0-9]{1,4}", part):  # as in the specification's own example
        return int(part)
    number = whole(part)
    if not 0 < number <= MAXYEAR:
        raise Unreadable("no year, month or day")
    return number


def _members(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        times = Counter(name for name, _ in pairs)
        members |= {name: _UNREADABLE for name in members if times[name] > 1}
    return members


def _whole(number: str) -> Any:
    return int(number) if len(number) <= _LONGEST_NUMBER else _UNREADABLE


def _fraction(number: str) -> Any:
    return Decimal(number) if len(number) <= _LONGEST_NUMBER and "e" not in number.lower() else _UNREADABLE


def _not_a_number(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")
