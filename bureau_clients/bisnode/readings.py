"""From what one place of an answer says to a fact: known, absent, or unknown where it cannot be read (rule D13)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, TypeVar

from bureau_clients.bisnode.codes import FUNCTIONS
from bureau_clients.bisnode.formats import Unreadable, amount, count, day, digits, has, items, member, text, week, whole
from bureau_clients.facts import Absent, Fact, Known, Unknown
from bureau_clients.reports import Assignment
from underwriting.kernel.money import Money

SOURCE = "bisnode"
RISK, FINANCE, MANAGEMENT, OWNERSHIP = "RISK", "FINANCE", "MANAGEMENT", "OWNERSHIP"
EVENTS, COMPANY_INFORMATION = "EVENTS", "COMPANY_INFORMATION"
"""The segments of a company's report, each the part that its facts name."""

T = TypeVar("T")


def fact(read: Callable[[], T | None], *, part: str, at: datetime) -> Fact[T]:
    """What *read* gives: None is absent, and what raises Unreadable is unknown."""
    try:
        value = read()
    except Unreadable:
        return Unknown(SOURCE, at, part)
    return Absent(SOURCE, at, part) if value is None else Known(value, SOURCE, at, part)


@dataclass(frozen=True, slots=True)
class Counted:
    """Payment remarks or petitions: how many, their sum, and the newest day.

    The number counts where the *listed* ones are fewer, since the list is capped; where they are more, something is
    wrong and nothing is read. None at all have the sum zero and no newest day.
    """

    block: Any
    listed: str

    def number(self) -> int:
        """How many there are."""
        number = count(member(self.block, "count"))
        if has(self.block, self.listed) and len(items(member(self.block, self.listed))) > number:
            raise Unreadable("more than counted")
        return number

    def sum(self) -> Money:
        """What they amount to together."""
        number = self.number()
        if not has(self.block, "amount") and number == 0:
            return Money.ZERO
        total = amount(member(self.block, "amount"))
        if total and not number:
            raise Unreadable("an amount of nothing")
        return total

    def latest(self) -> date | None:
        """The newest day, None where there are none."""
        if self.number() == 0:
            return None
        days = [day(member(entry, "date")) for entry in items(member(self.block, self.listed))]
        if not days:
            raise Unreadable("counted but not listed")
        return max(days)


def claims(balance: Any, kind: str) -> Money:
    """The *kind* of debt at Kronofogden, `public` or `private`, by the balance of one week; no claims are no debt."""
    if has(balance, "date"):
        week(member(balance, "date"))
    counted = next((name for name in (f"{kind}ClaimsCount", "claimsCount") if has(balance, name)), None)
    is_none = counted is not None and count(member(balance, counted)) == 0
    if is_none and not has(balance, f"{kind}ClaimsAmount"):
        return Money.ZERO
    debt = amount(member(balance, f"{kind}ClaimsAmount"))
    if is_none and debt:
        raise Unreadable("an amount of nothing")
    return debt


def assignments(value: Any) -> tuple[Assignment, ...]:
    """The places that a person has in companies."""
    return tuple(_assignment(place) for place in items(value))


def function(place: Any) -> str:
    """What a place in a company is: in the answer's words, or by its number."""
    if has(place, "description"):
        return text(member(place, "description"))
    number = whole(member(place, "function"))
    return FUNCTIONS.get(number, str(number))


def since(place: Any) -> date | None:
    """The day on which somebody entered, None where it is not told as a whole day."""
    try:
        return day(member(place, "enteredDate"))
    except Unreadable:
        return None


def _assignment(place: Any) -> Assignment:
    return Assignment(
        company_number=digits(member(place, "identifiers", "registrationNumber")),
        company_name=text(member(place, "companyName")),
        function=function(place),
        since=since(place),
    )
