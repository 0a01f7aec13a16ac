"""Bisnode (Dun & Bradstreet Sweden) over REST: one question, and its answer or the reason why there is none (B3, B4).

A question in five steps, each of which has to hold:
1. There is an access token. Without one the question has not left.
2. The question goes out as `transport` sends every question. A 401 says that it was not carried out: the token is
   renewed once, and the question asked again once.
3. The answer has status 200, or it is the service's own error with status 404: nobody has that number.
4. It is one JSON object with something in it.
5. It is about the number that was asked for.
The right to sign is a question of its own, which comes second: when it fails, the report stands without it.
"""

import json
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from bureau_clients.bisnode import grants, signing
from bureau_clients.bisnode.answers import Answered, answered
from bureau_clients.bisnode.checks import paths_check, scopes_check
from bureau_clients.bisnode.codes import meaning_of
from bureau_clients.bisnode.formats import Unreadable
from bureau_clients.bisnode.mapping import company_number, company_report
from bureau_clients.bisnode.paths import PersonMapping
from bureau_clients.bisnode.persons import owner_number, person_number, person_report
from bureau_clients.bisnode.readings import COMPANY_INFORMATION, EVENTS, FINANCE, MANAGEMENT, OWNERSHIP, RISK, SOURCE
from bureau_clients.bisnode.token import Grant, SharedToken
from bureau_clients.bureau import Check
from bureau_clients.errors import BureauFailure, OutcomeUnknown
from bureau_clients.facts import Known
from bureau_clients.questions import QuestionKind
from bureau_clients.reports import Answer, CompanyReport, NoMatch, Received, Report, SigningRight
from bureau_clients.transport import HttpAnswer, Transport, check_address
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.bureau_settings import BisnodeSettings

COMPANY, PERSON, RIGHT_TO_SIGN, FAILED = "company", "person", "right-to-sign", "-failed"
"""The names of the answers that are kept, and what is added to one that gave nothing."""

_PATHS: Mapping[str, str] = {
    COMPANY: "/credit-data-companies/v2/companies/se",
    PERSON: "/credit-data-persons/v1/persons/se/credit-data",
    # by the company's number alone; the sibling `company-signatories` asks whether named persons may sign
    RIGHT_TO_SIGN: "/nordic-rts/v1/rts/company/detailed/SE",
}
_SEGMENTS = (RISK, FINANCE, MANAGEMENT, EVENTS, COMPANY_INFORMATION)
_OWNERS_SEGMENTS = (RISK, FINANCE, MANAGEMENT, OWNERSHIP, EVENTS, COMPANY_INFORMATION)
_STATUS_SEGMENTS = (EVENTS, COMPANY_INFORMATION)
_DIGITS = 10  # of every number, as in the service's own examples: YYMMDDNNNN or NNNNNNNNNN
_JSON = "application/json"
_TOKENS_A_QUESTION = 2

_Number = OrganisationNumber | PersonalNumber


class Bisnode:
    """Bisnode as a `Bureau`. One instance serves all threads of a process."""

    name = SOURCE

    def __init__(self, settings: BisnodeSettings, *, companies: bool = True, persons: bool = True) -> None:
        """Ask as *settings* say, about *companies*, *persons* or both: each has a scope of its own.

        ValueError for an address that is neither https nor on loopback, or for paths that cannot be read
        (MappingInvalid).
        """
        check_address(settings.url)
        check_address(settings.token_url)
        asked = {
            grants.COMPANIES: companies,
            grants.PERSONS: persons,
            grants.RIGHT_TO_SIGN: companies and settings.right_to_sign,
        }
        self._scopes = tuple(scope for scope, is_asked in asked.items() if is_asked)
        self._settings = settings
        self._mapping = PersonMapping.configured(settings.person_mapping)
        self._transport = Transport(settings.connect_timeout_seconds, settings.read_timeout_seconds, settings.ca)
        self._token = SharedToken(self._fetch_token)

    @property
    def longest_call(self) -> timedelta:
        """After this time a question has an outcome, or its process is dead: each question may need two tokens and be
        asked twice, and the right to sign is a second question.
        """
        questions = 2 if self._settings.right_to_sign else 1
        return self._transport.longest_call * (2 * _TOKENS_A_QUESTION * questions)

    def company(self, number: _Number, *, form: CompanyForm, reference: str, at: datetime) -> Answer:
        """The report on a company as of *at*; invoice and report name *reference*.

        Raises BureauUnavailable, BureauRefused or OutcomeUnknown.
        """
        segments = _OWNERS_SEGMENTS if form is CompanyForm.EF else _SEGMENTS
        given = self._ask(COMPANY, self._company_question(number, reference, segments))
        report = self._report(given, number, form, at)
        received = [Received(COMPANY, given.raw)]
        # an EF is signed for by its owner
        if self._settings.right_to_sign and isinstance(report, CompanyReport) and form is not CompanyForm.EF:
            supplement, right = self._right_to_sign(number)
            received += supplement
            report = _with_right_to_sign(report, right, at)
        return Answer(report, tuple(received))

    def company_status(self, number: _Number, *, form: CompanyForm, reference: str, at: datetime) -> Answer:
        """How the company stands as of *at*. Raises as `company` does.

        The register's own word is of taxes, which a bankrupt company still pays, so that events are asked for too. The
        risks are not: they make a credit report of an answer, of which everybody but an AB is sent a copy. Whether one
        is sent without them the description does not say, so that a lender with such borrowers has to ask Bisnode.
        """
        given = self._ask(COMPANY, self._company_question(number, reference, _STATUS_SEGMENTS))
        return Answer(self._report(given, number, form, at), (Received(COMPANY, given.raw),))

    def person(self, number: PersonalNumber, *, reference: str, at: datetime) -> Answer:  # noqa: ARG002 - has no place
        """The report on a person as of *at*; the interface takes no *reference*. Raises as `company` does."""
        question = {
            "nationalIdentificationNumber": number.digits[-_DIGITS:],
            "language": self._settings.language.lower(),
        }
        given = self._ask(PERSON, question)
        return Answer(self._report(given, number, None, at), (Received(PERSON, given.raw),))

    def read(
        self,
        received: Sequence[Received],
        *,
        kind: QuestionKind,  # noqa: ARG002 - a status is read as a report is: the rest of it is missing
        number: _Number,
        form: CompanyForm | None,
        at: datetime,
    ) -> Report:
        """The report that stored answers give with today's mapping. Raises OutcomeUnknown where they hold none."""
        bodies = {each.part: each.body for each in received}
        part = PERSON if form is None else COMPANY
        if part not in bodies:
            raise OutcomeUnknown("empty-answer", part=part)
        report = self._report(Answered.read(bodies[part], part), number, form, at)
        if not isinstance(report, CompanyReport) or RIGHT_TO_SIGN not in bodies:
            return report
        try:
            right = _right_to_sign(Answered.read(bodies[RIGHT_TO_SIGN], RIGHT_TO_SIGN), number)
        except OutcomeUnknown:  # the report stands without it, as when it was asked for
            right = None
        return _with_right_to_sign(report, right, at)

    def check(self) -> tuple[Check, ...]:
        """Whether a token is given, and for all that is asked. Nobody is asked about, and nothing costs."""
        started = time.monotonic()
        what = Text("Bisnode: åtkomstnyckel", "Bisnode: access token")
        try:
            grant = self._token.fetched()
        except BureauFailure as failure:
            return (Check(what, False, time.monotonic() - started, meaning_of(failure.code)),)
        found = [Check(what, True, time.monotonic() - started), scopes_check(self._scopes, grant)]
        if grants.PERSONS in self._scopes:
            found.append(paths_check(self._settings.person_mapping))
        return tuple(found)

    def explain(self, code: str) -> Text:
        """What the *code* of a failure means."""
        return meaning_of(code)

    def _company_question(self, number: _Number, reference: str, segments: Sequence[str]) -> Mapping[str, Any]:
        question = {
            "registrationNumber": number.digits[-_DIGITS:],
            "reference": reference,
            "language": self._settings.language,
            "segments": list(segments),
        }
        on_behalf_of = self._settings.on_behalf_of
        return question | ({"onBehalfOf": on_behalf_of} if on_behalf_of else {})

    def _right_to_sign(self, number: _Number) -> tuple[list[Received], SigningRight | None]:
        """What was received of the right to sign, and what it says; nothing of it fails the question."""
        try:
            given = self._ask(RIGHT_TO_SIGN, {"registrationNumber": number.digits[-_DIGITS:]})
        except BureauFailure as failure:
            return [] if failure.raw is None else [Received(RIGHT_TO_SIGN + FAILED, failure.raw)], None
        right = _right_to_sign(given, number)
        return [Received(RIGHT_TO_SIGN if right else RIGHT_TO_SIGN + FAILED, given.raw)], right

    def _report(self, given: Answered, number: _Number, form: CompanyForm | None, at: datetime) -> Report:
        document = given.document
        if given.is_no_match:
            return NoMatch(number.digits, SOURCE, at)
        try:
            if form is None:
                named = {person_number(document, mapping=self._mapping)}
            else:
                named = {company_number(document), owner_number(document) if form is CompanyForm.EF else None}
        except Unreadable as error:
            raise given.unknown("not-an-answer") from error
        if not _is_about(number, named):
            raise given.unknown("another-subject")
        if form is None:
            return person_report(document, number=number.digits, mapping=self._mapping, at=at)
        unit = self._mapping.income_unit
        return company_report(document, number=number.digits, form=form, at=at, income_unit=unit)

    def _ask(self, part: str, question: Mapping[str, Any]) -> Answered:
        """The answer to one question. Raises BureauUnavailable, BureauRefused or OutcomeUnknown."""
        try:
            response = self._send(part, json.dumps(question).encode())
        except BureauFailure as failure:
            failure.part = failure.part or part
            raise
        return answered(response.status, response.body, part)

    def _send(self, part: str, body: bytes) -> HttpAnswer:
        token = self._token.current()
        response = self._sent(part, body, token)
        return self._sent(part, body, self._token.renewed(token)) if response.status == 401 else response

    def _sent(self, part: str, body: bytes, token: str) -> HttpAnswer:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": _JSON, "Accept": _JSON}
        return self._transport.send("POST", self._settings.url.rstrip("/") + _PATHS[part], headers=headers, body=body)

    def _fetch_token(self) -> Grant:
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": _JSON}
        secret = self._settings.client_secret.reveal()
        try:
            response = self._transport.send(
                "POST",
                self._settings.token_url,
                headers=headers,
                body=grants.request_body(self._scopes),
                basic=(_as_sent(self._settings.client_id), _as_sent(secret)),
            )
        except BureauFailure as failure:
            raise grants.undelivered(failure) from failure
        return grants.granted(response.status, response.body)


def _is_about(number: _Number, named: Collection[str | None]) -> bool:
    """Whether each of the numbers that an answer names is the *number* that was asked for."""
    return all(digits is None or digits[-_DIGITS:] == number.digits[-_DIGITS:] for digits in named)


def _right_to_sign(given: Answered, number: _Number) -> SigningRight | None:
    """What the answer says, None where it says nothing or is about another company."""
    try:
        is_about = _is_about(number, {signing.company_number(given.document)})
        return signing.signing_right(given.document) if is_about and not given.is_no_match else None
    except Unreadable:
        return None


def _with_right_to_sign(report: CompanyReport, right: SigningRight | None, at: datetime) -> CompanyReport:
    return report if right is None else replace(report, signing_right=Known(right, SOURCE, at, RIGHT_TO_SIGN))


def _as_sent(text: str) -> str:
    """*text* so that it is sent in UTF-8 (RFC 7617, 2.1): the library underneath writes Latin-1."""
    return text.encode().decode("latin-1")
