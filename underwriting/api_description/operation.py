"""What there is to say about one operation of the HTTP interface, in the words of the product."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from marshmallow import Schema

from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Scope
from underwriting.platform import deprecations
from underwriting.platform.deprecations import Deprecation

JSON = "application/json"


class Audience(Enum):
    """Who may call an operation. Whose thing it is not gets 404."""

    ANYONE = Text("alla", "anyone")
    APPLICANT = Text("den sökande", "the applicant")
    INVITED = Text("den inbjudna borgensmannen", "the invited guarantor")
    GUARANTOR = Text("borgensmannen", "the guarantor")
    BORROWER = Text("kredittagaren", "the borrower")
    SIGNER = Text("den som håller underskriftens hemlighet", "whoever holds the signing's secret")
    UNDERWRITER = Text("kreditprövare", "underwriters")
    SENIOR_UNDERWRITER = Text("seniora kreditprövare", "senior underwriters")
    BILLING = Text("ekonomi", "billing")
    RECOVERY = Text("krav", "recovery")
    AUDITOR = Text("revisorer", "auditors")
    ADMINISTRATOR = Text("administratörer", "administrators")
    PERSON = Text("den som har identifierat sig med BankID", "whoever is identified by BankID")
    CLIENT = Text("maskinklienter", "machine clients")


UNDERWRITERS = (Audience.UNDERWRITER, Audience.SENIOR_UNDERWRITER, Audience.ADMINISTRATOR)
CASE_READERS = (*UNDERWRITERS, Audience.AUDITOR)
RECORDERS = (*UNDERWRITERS, Audience.BILLING)
BILLING_DESK = (Audience.BILLING, Audience.ADMINISTRATOR)
BILLING_READERS = (*BILLING_DESK, Audience.AUDITOR)
STAFF = (*RECORDERS, Audience.RECOVERY, Audience.AUDITOR)
_SANDBOX = "/v1/sandbox/"  # found nowhere else
_WITHOUT_LOGIN = {Audience.ANYONE, Audience.INVITED, Audience.SIGNER}


class Area(Enum):
    """What an operation is about."""

    APPLICATIONS = Text("Ansökan", "Applications")
    DECISIONS = Text("Beslut", "Decisions")
    DUE_DILIGENCE = Text("Kundkännedom", "Know your customer")
    SIGNING = Text("Underskrift", "Signing")
    AGREEMENTS = Text("Avtal", "Agreements")
    PAYOUTS = Text("Utbetalning", "Payouts")
    FEES = Text("Avgifter och betalningar", "Fees and payments")
    ACCOUNTING = Text("Bokföring", "Accounting")
    ENDING = Text("Hävning och lösen", "Cancellation and redemption")
    EVENTS = Text("Händelser", "Events")
    ACCESS = Text("Åtkomst", "Access")
    OPERATION = Text("Drift", "Operation")


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A parameter in query or header; those of the path follow from the path."""

    name: str
    place: str
    text: Text
    required: bool = False
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is answered when all is well: one of *schemas*, each for its audience, a list of them, or nothing."""

    text: Text
    schemas: tuple[type[Schema], ...] = ()
    listed: bool = False
    paged: bool = False
    media_type: str = JSON


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method on one path. *rules* are the ids of those that may refuse it.

    *is_tagged*: the answer has an `ETag`. *takes_tag_of* is the path whose tag is honoured in `If-Match`, if any.
    *scope* is what a machine client needs for it; without one it is not for them, or else for anyone.
    *body_names_a_thing*: what is not the caller's answers 404 though the path names nothing.
    """

    area: Area
    method: str
    path: str
    summary: Text
    who: tuple[Audience, ...]
    answers: Mapping[int, Answer]
    body: type[Schema] | None = None
    body_media_type: str = JSON
    body_is_optional: bool = False
    body_names_a_thing: bool = False
    parameters: tuple[Parameter, ...] = ()
    rules: tuple[str, ...] = ()
    scope: Scope | None = None
    logs_in: bool = False
    takes_key: bool = False
    is_tagged: bool = False
    takes_tag_of: str = ""
    asks_outside_party: bool = False

    @property
    def name(self) -> str:
        """A name of its own, for generated clients: `post_applications_submit`."""
        words = re.sub(r"\{[a-z_]+\}|^/v1", "", self.path).replace("-", "_")
        return "_".join([self.method.lower(), *filter(None, words.split("/")), *self._by_which()])

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """The names in braces, in order."""
        return tuple(re.findall(r"\{([a-z_]+)\}", self.path))

    @property
    def has_body(self) -> bool:
        """Whether a body is sent."""
        return self.body is not None or self.body_media_type != JSON

    @property
    def needs_login(self) -> bool:
        """Whether somebody has to have logged in, or to hold a draft's secret."""
        return not _WITHOUT_LOGIN & set(self.who)

    @property
    def deprecation(self) -> Deprecation | None:
        """Since when it is deprecated and on which day it goes, if it does."""
        return deprecations.of(self.method, self.path)

    @property
    def problem_statuses(self) -> tuple[int, ...]:
        """The statuses of the problems that a caller has to be prepared for."""
        found = {
            400: self.has_body,
            401: self.needs_login or self.logs_in,
            403: self.needs_login or self.scope is not None,
            404: bool(self.path_parameters) or self.path.startswith(_SANDBOX) or self.body_names_a_thing,
            409: bool(self.rules),
            412: bool(self.takes_tag_of),
            413: self.has_body,
            415: self.has_body and self.body_media_type == JSON,
            429: self.path.startswith("/v1/"),
            422: self.has_body or self.takes_key or any(each.place == "query" for each in self.parameters),
            503: self.asks_outside_party,
        }
        return tuple(status for status, holds in found.items() if holds)

    def _by_which(self) -> tuple[str, ...]:
        """Tells one thing from the list of them: `get_applications` and `get_applications_by_application_id`."""
        last = self.path.rsplit("/", 1)[1]
        return (f"by_{last[1:-1]}",) if last.startswith("{") else ()
