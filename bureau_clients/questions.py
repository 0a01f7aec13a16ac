"""Who is asked about, and the words for what became of a question to a bureau."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.vocabulary import CompanyForm


class SubjectKind(StrEnum):
    """Whether a company or a person is asked about. A sole trader is asked about as a company."""

    COMPANY = "company"
    PERSON = "person"


class SubjectGroup(StrEnum):
    """Whom the order of the bureaus and their prices tell apart."""

    COMPANY = "company"  # AB, HB and KB
    SOLE_TRADER = "sole_trader"
    PERSON = "person"


class SubjectRole(StrEnum):
    """Why the subject matters to the application."""

    BORROWER = "borrower"
    GUARANTOR = "guarantor"


class QuestionKind(StrEnum):
    """What is asked for: a whole report, or only how the company stands in the register (of which no copy is sent)."""

    REPORT = "report"
    STATUS = "status"


class Outcome(StrEnum):
    """What became of a question (rule B3). UNKNOWN is a question that may have been answered without our knowing."""

    REPORT = "report"
    NO_MATCH = "no_match"
    UNAVAILABLE = "unavailable"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class CopyNotice(StrEnum):
    """Whether the subject is told of a question by a copy (*omfrågandekopia*, lag 1973:1173, 11 §)."""

    NONE = "none"  # nobody is told: an AB, a register status, or nothing that was carried out
    EXPECTED = "expected"  # the bureau has to send one, and does not say whether it did
    SENT = "sent"
    NOT_SENT = "not_sent"
    POSSIBLE = "possible"  # the outcome is unknown (rule B4)


class QuestionState(StrEnum):
    """The life of the one question per application and subject (rules B4, B5)."""

    OPEN = "open"  # may be asked: not asked yet, certainly undelivered, or allowed again by a person
    LEASED = "leased"  # somebody is asking
    ANSWERED = "answered"
    REFUSED = "refused"
    UNKNOWN = "unknown"  # a person decides whether it is asked again


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """One company or person to be reported on, with what has to be on record before a bureau is asked (rule A6).

    *purpose* is the legitimate need (lag 1973:1173, 9 §); *notice_version* names the text that the subject was shown;
    *confirmed_at* is when the natural person concerned confirmed with BankID. ValueError when a person, or a sole
    trader's owner, has not confirmed, or when number, form and kind do not fit.
    """

    number: OrganisationNumber | PersonalNumber = field(repr=False)
    form: CompanyForm | None  # None for a person
    role: SubjectRole
    purpose: str
    notice_version: str
    confirmed_at: datetime | None = None

    def __post_init__(self) -> None:
        is_natural = isinstance(self.number, PersonalNumber)
        if is_natural != (self.form in (None, CompanyForm.EF)):
            raise ValueError(
                "a person and a sole trader have a personal number, other companies an organisation number"
            )
        if is_natural and self.confirmed_at is None:
            raise ValueError("no report on a person before that person has confirmed (rule A6)")
        if not self.purpose or not self.notice_version:
            raise ValueError("purpose and notice version are on record before a bureau is asked (rule A6)")

    @property
    def kind(self) -> SubjectKind:
        """Whether this is asked about as a company or as a person."""
        return SubjectKind.PERSON if self.form is None else SubjectKind.COMPANY

    @property
    def group(self) -> SubjectGroup:
        """Which order of bureaus and which prices are this subject's."""
        if self.form is None:
            return SubjectGroup.PERSON
        return SubjectGroup.SOLE_TRADER if self.form is CompanyForm.EF else SubjectGroup.COMPANY

    @property
    def gets_copy(self) -> bool:
        """Whether the bureau sends the subject a copy of each report (lag 1973:1173, 11 §): everybody but an AB."""
        return self.form is not CompanyForm.AB
