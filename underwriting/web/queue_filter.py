"""What somebody asks of the queue, read from the address of its page, and written into its links."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TypeVar
from urllib.parse import urlencode

from underwriting.decisions.queue import Asked, Assigned, QueueOrder, Sought, sought_in
from underwriting.kernel.errors import FieldError, Refusal
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date, stockholm_instant
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import ApplicationState, CompanyForm, ReferralKind
from underwriting.web.forms import amount_in

ALL = "all"
"""The tab of every state."""
_FURTHER = ("kind", "form", "least", "most", "older")
_NARROWING = ("q", "assigned", *_FURTHER)
_MEMBERS = ("state", *_NARROWING, "order")
_LONGEST = 40
_MOST_DAYS = 10_000
_MOST = Money.kronor(10**12)
_NO_CHOICE = Text("Välj ett av alternativen", "Choose one of the options")
_NO_AMOUNT = Text("Skriv ett belopp, till exempel 250 000", "Write an amount, for example 250 000")
_NO_DAYS = Text("Skriv ett antal dagar, till exempel 7", "Write a number of days, for example 7")
_UPSIDE_DOWN = Text("Det högsta beloppet är lägre än det lägsta", "The highest amount is below the lowest")

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Filter:
    """What was *typed*, what it asks for, and what is wrong with it; with errors nothing is listed."""

    typed: Mapping[str, str]
    asked: Asked
    errors: tuple[FieldError, ...]

    @property
    def tab(self) -> str:
        """The state that is shown, or ALL; a search goes through all of them."""
        return ALL if self.asked.state is None or self.typed.get("q") else str(self.asked.state)

    @property
    def narrows(self) -> bool:
        """Whether anything but the tab narrows the list."""
        typed = {name: self.typed.get(name) for name in _NARROWING}
        return any(value for value in typed.values() if value != Assigned.ANYONE)

    @property
    def narrows_more(self) -> bool:
        """Whether any of the further filters does."""
        return any(self.typed.get(name) for name in _FURTHER)

    def link(self, **changes: str) -> str:
        """The query of the same page with *changes*; what is empty falls out, and so does a place in the list."""
        changed = {**self.typed, **changes}
        return "?" + urlencode({name: value for name, value in changed.items() if value})


def read(arguments: Mapping[str, str], *, at: datetime) -> Filter:
    """What the address asks for at the instant *at*; of a state that there is none all are meant."""
    typed = {name: arguments.get(name, "").strip()[:_LONGEST].replace("\x00", "") for name in _MEMBERS}
    reader = _Reader(typed, stockholm_date(at))
    least, most = reader.amount("least"), reader.amount("most")
    if least is not None and most is not None and most < least:
        reader.errors.append(FieldError("/most", _UPSIDE_DOWN))
    asked = Asked(
        state=reader.state(),
        kind=reader.word("kind", ReferralKind),
        form=reader.word("form", CompanyForm),
        least=least,
        most=most,
        assigned=reader.word("assigned", Assigned) or Assigned.ANYONE,
        submitted_before=reader.older(),
        sought=reader.sought(),
        order=reader.word("order", QueueOrder) or QueueOrder.OLDEST,
    )
    return Filter(typed, asked, tuple(reader.errors))


class _Reader:
    """Reads one member after the other and collects what is wrong."""

    def __init__(self, typed: Mapping[str, str], on: date) -> None:
        self._typed, self._on = typed, on
        self.errors: list[FieldError] = []

    def state(self) -> ApplicationState | None:
        """The tab's state; nothing chosen is what waits for a person."""
        chosen = self._typed["state"] or str(ApplicationState.REFERRED)
        known = chosen in list(ApplicationState) and chosen != ApplicationState.DRAFT
        return ApplicationState(chosen) if known else None

    def word(self, name: str, words: type[Word]) -> Word | None:
        """One of *words*."""
        typed = self._typed[name]
        if typed and typed not in list(words):
            self.errors.append(FieldError(f"/{name}", _NO_CHOICE))
            return None
        return words(typed) if typed else None

    def amount(self, name: str) -> Money | None:
        """An amount as people write one."""
        typed = self._typed[name]
        try:
            amount = Money.kronor(amount_in(typed)) if typed else None
        except (Refusal, ValueError):
            amount = _MOST + Money(1)
        if amount is not None and not Money.ZERO <= amount <= _MOST:
            self.errors.append(FieldError(f"/{name}", _NO_AMOUNT))
            return None
        return amount

    def older(self) -> datetime | None:
        """Before the day that lies so many days back: what has waited longer than that."""
        typed = self._typed["older"]
        if not typed:
            return None
        if not (typed.isascii() and typed.isdecimal() and int(typed) <= _MOST_DAYS):
            self.errors.append(FieldError("/older", _NO_DAYS))
            return None
        return stockholm_instant(self._on - timedelta(days=int(typed)))

    def sought(self) -> Sought | None:
        """What is searched for."""
        try:
            return sought_in(self._typed["q"], on=self._on) if self._typed["q"] else None
        except Refusal as refusal:
            self.errors.append(FieldError("/q", refusal.detail))
            return None
