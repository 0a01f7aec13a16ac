"""Where the story is played: the day and hour, the people, what is told, and whether it came out as it was meant."""

import textwrap
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from agreements.signing.sandbox.people import Person
from underwriting.demo.cast import ADMINISTRATOR, UNDERWRITER, StaffMember
from underwriting.demo.environment import Environment, Say
from underwriting.demo.people import Bank, Citizen, Employee
from underwriting.demo.wire import Wire
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.text import Language, Text
from underwriting.kernel.wording import day_in_words, time_in_words
from underwriting.platform.outbox import Message, latest

_WIDTH = 116
_MARGIN = 12
_LETTERS_LOOKED_AT = 50


@dataclass
class Stage:
    """*print_line* is given each line of the story, *say* what one waits for.

    For machines *facts* gathers what happened, per chapter, and *ledger* the sums of all accounts; *faults* is what did
    not come out as it was meant.
    """

    environment: Environment
    language: Language
    print_line: Callable[[str], None]
    say: Say
    now: datetime
    facts: dict[str, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))
    ledger: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    _told_day: date | None = None
    _citizens: dict[str, Citizen] = field(default_factory=dict)
    _staff: dict[str, Employee] = field(default_factory=dict)

    @property
    def web(self) -> Wire:
        """The service."""
        return Wire(self.environment.addresses.web, self.language)

    @property
    def bank(self) -> Bank:
        """The stand-in bank."""
        lender = self.environment.runtime.settings.lender
        return Bank(Wire(self.environment.runtime.settings.bank.url, self.language), lender.bankgiro.formatted)

    @property
    def underwriter(self) -> Employee:
        """Who determines what is referred."""
        return self._employee(UNDERWRITER)

    def letters(self) -> list[Message]:
        """What has been written to people, the newest first."""
        runtime = self.environment.runtime
        with runtime.database.transaction() as session:
            return latest(session, runtime, count=_LETTERS_LOOKED_AT)

    def citizen(self, person: Person) -> Citizen:
        """*person* with their BankID."""
        if person.personal_number not in self._citizens:
            app = Wire(self.environment.addresses.bankid_app, self.language)
            self._citizens[person.personal_number] = Citizen(person, self.web, app, lambda: self.now)
        return self._citizens[person.personal_number]

    def move_to(self, moment: str) -> None:
        """Let test time stand at *moment*, by Stockholm's clocks; what is due on the way is run, day by day."""
        at = datetime.fromisoformat(moment).replace(tzinfo=STOCKHOLM)
        days = (at.date() - self.now.date()).days
        if days > 1:
            self.say(
                Text("… {n} dagar går, och varje dags jobb körs …", "… {n} days pass with their jobs …").filled(n=days)
            )
        token = self._employee(ADMINISTRATOR).token
        self.web.send("PUT", "/v1/sandbox/clock", {"at": at.isoformat()}, token=token)
        self.now = at

    def run_jobs(self) -> None:
        """Let the jobs do what is due at this very moment."""
        token = self._employee(ADMINISTRATOR).token
        self.web.send("PUT", "/v1/sandbox/clock", {"at": self.now.isoformat()}, token=token)

    def tell(self, chapter: str, text: Text, **values: object) -> None:
        """One paragraph of the story, with the hour; *chapter* names what it is about."""
        local = self.now.astimezone(STOCKHOLM)
        if local.date() != self._told_day:
            self._told_day = local.date()
            day = day_in_words(local.date()).in_language(self.language)
            self.print_line(f"\n{day[0].upper()}{day[1:]}\n")
        hour = time_in_words(local.time()).in_language(self.language)
        paragraph = text.filled(**values).in_language(self.language)
        lines = textwrap.wrap(paragraph, _WIDTH - _MARGIN - 5, break_long_words=False, break_on_hyphens=False)
        for number, line in enumerate(lines):
            head = f"{hour:>8}  {chapter:<4}" if number == 0 else ""
            self.print_line(f"{head:<15}{line}")

    def note(self, chapter: str, **facts: Any) -> None:
        """Keep what happened, for machines and for those who check it."""
        self.facts[chapter] |= facts

    def check(self, what: str, found: object, meant: object) -> None:
        """Note a fault unless *found* is what was *meant*."""
        if found != meant:
            self.faults.append(f"{what}: {found!r} instead of {meant!r}")

    def _employee(self, member: StaffMember) -> Employee:
        if member.username not in self._staff:
            self._staff[member.username] = Employee(member, self.web, lambda: self.now)
        return self._staff[member.username]
