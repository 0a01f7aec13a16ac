"""A number by which a stand-in answers in a particular way, and what is told of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from bureau_clients.sandbox.faults import Trouble
from bureau_clients.sandbox.questions import BUREAUS, REPORTS, Kind
from underwriting.kernel.text import Text


class Group(Enum):
    """Numbers that belong together, with a heading."""

    COMPANIES = Text("Företag", "Companies")
    RATINGS = Text("Betyg", "Ratings")
    REGISTER = Text("Registerstatus, mål och skulder", "Register status, petitions and debts")
    ACCOUNTS = Text("Bokslut och styrelse", "Accounts and board")
    SIGNING = Text("Firmateckning", "The right to sign")
    OPINIONS = Text("Byråns egna omdömen (CAS)", "The bureau's own verdicts (CAS)")
    SOLE_TRADERS = Text("Enskilda firmor", "Sole traders")
    PERSONS = Text("Personer", "Persons")
    FAULTS_AT_CREDITSAFE = Text("Fel hos Creditsafe", "Faults at Creditsafe")
    FAULTS_AT_BISNODE = Text("Fel hos Bisnode", "Faults at Bisnode")
    FAULTS_AT_BOTH = Text("Fel hos båda", "Faults at both")
    SUPPLEMENTS = Text("Fel i det som kompletterar en upplysning", "Faults of what supplements a report")


@dataclass(frozen=True, slots=True, kw_only=True)
class MagicNumber:
    """One number and its story.

    *facts* take the place of invented ones, by their names in `facts`; those that are *untold* are left out of answers.
    *with_data*: facts come beside a register status that else comes alone. *trouble* is what goes wrong, with questions
    of the kinds *troubled*, at *bureaus*; of the other bureau the number is told all the rest.
    """

    number: str
    what: Text
    group: Group
    facts: Mapping[str, Any] = field(default_factory=dict)
    untold: frozenset[str] = frozenset()
    with_data: bool = False
    trouble: Trouble | None = None
    troubled: frozenset[Kind] = REPORTS
    bureaus: tuple[str, ...] = BUREAUS

    def is_at(self, bureau: str) -> bool:
        """Whether what goes wrong goes wrong at *bureau*."""
        return bureau in self.bureaus


def story(
    group: Group,
    number: str,
    what: Text,
    *,
    untold: frozenset[str] = frozenset(),
    with_data: bool = False,
    trouble: Trouble | None = None,
    troubled: frozenset[Kind] = REPORTS,
    **facts: Any,
) -> MagicNumber:
    """A number of *group* whose *facts* are given by their names."""
    return MagicNumber(
        number=number,
        what=what,
        group=group,
        facts=facts,
        untold=untold,
        with_data=with_data,
        trouble=trouble,
        troubled=troubled,
    )
