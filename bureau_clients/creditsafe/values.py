"""What one text of Creditsafe's says: a value, or ValueError or KeyError where it says nothing that can be read."""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from bureau_clients.creditsafe.configuration import ColumnMapping
from bureau_clients.ratings import creditsafe_rating
from bureau_clients.reports import CompanyStatus, Coverage, Rating, SigningRight
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm

_MAY_BE_NEGATIVE = frozenset(
    {"income", "annual_turnover", "turnover", "operating_result", "net_result", "equity"},
)
_IDENTIFIERS = frozenset({"number", "company_number"})
_LONGEST_TEXT = 1000
_LONGEST_WORDING = 20_000
_HIGHEST_SCORE = 100
_MOST_MONTHS = 24  # a financial year may last 18 (bokföringslag 1999:1078, 3 kap. 3 §), or longer by leave


def value_of(text: str, *, name: str, type_: type, kronor: int, mapping: ColumnMapping) -> Any:
    """The value of the fact or member *name* that *text*, which is not empty, states; None: it states that none is."""
    if type_ is Money:
        return _amount(text, kronor, may_be_negative=name in _MAY_BE_NEGATIVE)
    if type_ is CompanyForm:
        return mapping.forms[text.casefold()]
    if type_ is CompanyStatus:
        return mapping.statuses[text.casefold()]
    if type_ is int:
        return _count(text, most={"scoring": _HIGHEST_SCORE, "months": _MOST_MONTHS}.get(name, 10**9))
    if name in _IDENTIFIERS:
        return digits_of(text)
    return _READERS[type_](text)


def digits_of(text: str) -> str:
    """The digits of a number as people write it; ValueError where there are none."""
    digits = re.sub("[^0-9]", "", text)
    if not digits or len(digits) > 12:
        raise ValueError("no number")
    return digits


def day_of(text: str) -> date:
    """A day, which a time may follow; ValueError."""
    found = re.fullmatch(r"([0-9]{4})(-?)([0-9]{2})\2([0-9]{2})([T ][0-9:.+Z-]*)?", text)
    if found is None:
        raise ValueError("not a day")
    return date(int(found[1]), int(found[3]), int(found[4]))


def _yes_or_no(text: str) -> bool:
    return {"ja": True, "yes": True, "true": True, "nej": False, "no": False, "false": False}[text.casefold()]


def _count(text: str, *, most: int) -> int:
    if not re.fullmatch("[0-9]{1,9}", text):
        raise ValueError("not a count")
    if (count := int(text)) > most:
        raise ValueError("too many")
    return count


def _amount(text: str, unit_kronor: int, *, may_be_negative: bool) -> Money:
    plain = re.sub("[ \u00a0\u202f]", "", text).replace(",", ".").replace("\u2212", "-")
    if not re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,2})?", plain):
        raise ValueError("not an amount")
    amount = Money.kronor(plain) * unit_kronor
    if amount < Money.ZERO and not may_be_negative:
        raise ValueError("below zero")
    return amount


def _words(text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise ValueError("too long for a name")
    return text


def _signing_right(text: str) -> SigningRight:
    if len(text) > _LONGEST_WORDING:
        raise ValueError("too long for a right to sign")
    return SigningRight(text=text, alternatives=(), coverage=Coverage.NONE)


_READERS: Mapping[type, Callable[[str], Any]] = {
    str: _words,
    bool: _yes_or_no,
    date: day_of,
    Rating: creditsafe_rating,
    SigningRight: _signing_right,
}
