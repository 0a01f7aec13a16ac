"""What every credit bureau is to the gateway."""

from datetime import datetime, timedelta
from typing import Protocol

from bureau_clients.reports import Answer
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm


class Bureau(Protocol):
    """One credit bureau, used by several threads at a time.

    Each question gives an Answer, or raises BureauUnavailable, BureauRefused or OutcomeUnknown. *reference* is ours, at
    most 14 characters, for the bureau's invoice; *at* is the instant that the facts carry.
    """

    @property
    def name(self) -> str:
        """What the bureau is called in rows and as the source of facts."""
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

    def explain(self, code: str) -> Text:
        """What the code of a failure means, for staff."""
        ...
