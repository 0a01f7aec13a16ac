"""What every credit bureau is to the gateway."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from bureau_clients.questions import QuestionKind
from bureau_clients.reports import Answer, Received, Report
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at without asking about anybody: whether it holds, and how long its answer took.

    *detail* says what is wrong and what to do, or what was found; it holds no secret.
    """

    what: Text
    holds: bool
    seconds: float | None
    detail: Text | None = None


class Bureau(Protocol):
    """One credit bureau, used by several threads at a time.

    Each question gives an Answer, or raises BureauUnavailable, BureauRefused or OutcomeUnknown. *reference* is ours, at
    most 14 characters, for the bureau's invoice; *at* is the instant that the facts carry.
    """

    @property
    def name(self) -> str:
        """What the bureau is called in rows, in settings and as the source of facts."""
        ...

    @property
    def longest_call(self) -> timedelta:
        """After this time a question has an outcome, or whoever asked it is dead."""
        ...

    def company(
        self, number: OrganisationNumber | PersonalNumber, *, form: CompanyForm, reference: str, at: datetime
    ) -> Answer:
        """A whole report on a company; for a sole trader with its owner's facts."""
        ...

    def company_status(
        self, number: OrganisationNumber | PersonalNumber, *, form: CompanyForm, reference: str, at: datetime
    ) -> Answer:
        """How the company stands in the register, the other facts unknown; no copy is sent to anybody."""
        ...

    def person(self, number: PersonalNumber, *, reference: str, at: datetime) -> Answer:
        """A whole report on a person."""
        ...

    def read(
        self,
        received: Sequence[Received],
        *,
        kind: QuestionKind,
        number: OrganisationNumber | PersonalNumber,
        form: CompanyForm | None,
        at: datetime,
    ) -> Report:
        """The report that stored answers give with today's mapping; *form* is None for a person.

        Asks nobody. Raises a BureauFailure where the answers hold no report.
        """
        ...

    def check(self) -> tuple[Check, ...]:
        """Credentials, templates and latency, without a question about anybody and without cost. Raises nothing."""
        ...

    def explain(self, code: str) -> Text:
        """What the code of a failure means, for staff."""
        ...
