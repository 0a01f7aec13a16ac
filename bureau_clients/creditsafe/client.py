"""Creditsafe, a `Bureau`: one question, and its answer or the reason why there is none (rules B3, B4).

A question has to hold in five steps:
1. Each address is https, or on loopback; no redirect is followed, since a password or a token goes with it.
2. It goes out on a connection of its own: on a kept one, a reset would not tell whether it was delivered.
3. The answer arrives whole, within the time and size allowed, with a status that goes with an answer.
4. It is an answer of this service, with an error or with rows.
5. It is about the number that was asked for.
What fails before the question has left is certainly not carried out. What fails later may have been, and charged and
told to the subject, unless the bureau says otherwise. GetData gives the report. CAS and the right to sign are asked for
only when there is a report to add to; where they fail, their fact stays unknown.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from bureau_clients.bureau import Check
from bureau_clients.creditsafe.cas import CAS, Cas, read_opinion
from bureau_clients.creditsafe.codes import NUMBER_CHANGED, meaning_of, outcome_of, register_code
from bureau_clients.creditsafe.formats import GetDataAnswer
from bureau_clients.creditsafe.getdata import (
    GETDATA,
    SIGNATORIES,
    GetData,
    RestGetData,
    SoapGetData,
    read_right_to_sign,
)
from bureau_clients.creditsafe.mapping import SOURCE, AnyReport, company_report, person_report, values_of
from bureau_clients.creditsafe.supplements import with_opinion, with_signing_right
from bureau_clients.errors import BureauFailure, BureauRefused, BureauUnavailable, OutcomeUnknown
from bureau_clients.questions import Outcome, QuestionKind
from bureau_clients.reports import Answer, CompanyReport, NoMatch, Received, Report
from bureau_clients.transport import Transport
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.bureau_settings import CreditsafeSettings

_DIGITS = 10  # which numbers have in common with and without a century

_ACCOUNT_NOT_CHECKED = Check(
    Text("Användarnamn och lösenord", "User name and password"),
    False,
    None,
    Text(
        "Kan inte prövas utan en fråga om någon: ange CREDITSAFE_CAS_URL, så frågas efter kontots mallar",
        "Cannot be checked without a question about somebody: set CREDITSAFE_CAS_URL to ask for its templates",
    ),
)

_Number = OrganisationNumber | PersonalNumber
T = TypeVar("T")


class Creditsafe:
    """Creditsafe as a `Bureau`. One instance serves all threads of a process."""

    name = SOURCE

    def __init__(self, settings: CreditsafeSettings) -> None:
        """Ask as *settings* say. ValueError for an address that is neither https nor on loopback, or for a mapping of
        columns that cannot be read (MappingInvalid).
        """
        self._settings = settings
        self._transport = Transport(settings.connect_timeout_seconds, settings.read_timeout_seconds, settings.ca)
        self._rest = RestGetData(settings, self._transport) if settings.transport == "rest" else None
        self._getdata: GetData = self._rest or SoapGetData(settings, self._transport)
        self._cas = Cas(settings, settings.cas_url, self._transport) if settings.cas_url else None

    @property
    def longest_call(self) -> timedelta:
        """After this time a question, with all that is asked beside it, has an outcome, or its process is dead."""
        sends = self._getdata.longest_sends + (self._cas is not None)
        if self._rest is not None and self._settings.signatories:
            sends += self._rest.longest_sends
        return self._transport.longest_call * sends

    def company(self, number: _Number, *, form: CompanyForm, reference: str, at: datetime) -> Answer:
        """The report on a company as of *at*; the bureau's invoice names *reference* (at most 14 characters).

        Raises BureauUnavailable, BureauRefused or OutcomeUnknown.
        """
        return self._answer(QuestionKind.REPORT, number, form, reference, at)

    def company_status(self, number: _Number, *, form: CompanyForm, reference: str, at: datetime) -> Answer:
        """The company's register status as of *at*, of which no copy is sent; the other facts are unknown.

        Raises as `company` does; without a block for it, BureauRefused: asking again would not help.
        """
        return self._answer(QuestionKind.STATUS, number, form, reference, at)

    def person(self, number: PersonalNumber, *, reference: str, at: datetime) -> Answer:
        """The report on a person as of *at*. Raises as `company` does."""
        return self._answer(QuestionKind.REPORT, number, None, reference, at)

    def read(
        self,
        received: Sequence[Received],
        *,
        kind: QuestionKind,
        number: _Number,
        form: CompanyForm | None,
        at: datetime,
    ) -> Report:
        """The report that stored answers give with today's settings; raises a BureauFailure where there is none."""
        if not received:
            raise OutcomeUnknown("empty-answer", part=GETDATA)
        answer = self._understood(received[0].body, number)
        code = answer.error_code
        if code is not None and outcome_of(code) is Outcome.NO_MATCH:
            return NoMatch(number.digits, SOURCE, at)
        register = None if code is None else register_code(code)
        block, mapping, rows = self._block(kind, form) or "", self._getdata.mapping, answer.rows
        if form is None:
            person = person_report(rows, number=number.digits, code=register, mapping=mapping, part=block, at=at)
            return self._with_opinion(person, received, number.digits, at)
        company = company_report(
            rows, number=number.digits, form=form, code=register, mapping=mapping, part=block, at=at
        )
        company = _with_signing_right(company, received, number.digits, at)
        return self._with_opinion(company, received, number.digits, at) if kind is QuestionKind.REPORT else company

    def check(self) -> tuple[Check, ...]:
        """Credentials, templates and latency, without a question about anybody. Raises nothing."""
        checks = self._getdata.check()
        if self._cas is not None:
            return checks + self._cas.check()
        return checks if self._rest is not None else (*checks, _ACCOUNT_NOT_CHECKED)

    def explain(self, code: str) -> Text:
        """What the *code* of a failure means."""
        return meaning_of(code)

    def _answer(
        self, kind: QuestionKind, number: _Number, form: CompanyForm | None, reference: str, at: datetime
    ) -> Answer:
        block = self._block(kind, form)
        if block is None:
            raise BureauRefused("no-status-block", part=GETDATA)
        received = [Received(GETDATA, self._getdata.ask(block, number.digits, reference))]
        answer = self._understood(received[0].body, number)
        if answer.rows and kind is QuestionKind.REPORT:
            received += self._supplements(number.digits, form, reference)
        report = self.read(received, kind=kind, number=number, form=form, at=at)
        return Answer(report, tuple(received), answer.copy_sent)

    def _block(self, kind: QuestionKind, form: CompanyForm | None) -> str | None:
        if form is None:
            return self._settings.person_block
        if kind is QuestionKind.STATUS:
            return self._settings.status_block
        special = self._settings.sole_trader_block if form is CompanyForm.EF else None
        return special or self._settings.company_block

    def _template(self, *, is_company: bool) -> str | None:
        return self._settings.company_template if is_company else self._settings.person_template

    def _understood(self, body: bytes, number: _Number) -> GetDataAnswer:
        """What an answer says about *number*. Raises a BureauFailure where it says nothing."""
        answer = self._getdata.read(body)
        _check_subject(answer, number.digits, self._getdata.mapping.numbers, body)
        _check_code(answer, body)
        return answer

    def _supplements(self, number: str, form: CompanyForm | None, reference: str) -> list[Received]:
        is_company, cas, rest = form is not None, self._cas, self._rest
        asked: list[Received] = []
        if cas is not None and (template := self._template(is_company=is_company)):
            asked += _supplement(
                CAS,
                lambda: cas.ask(template, number, reference, is_company=is_company),
                lambda body: read_opinion(body, number, is_company=is_company),
            )
        if rest is not None and self._settings.signatories and form not in (None, CompanyForm.EF):
            asked += _supplement(
                SIGNATORIES, lambda: rest.ask_signatories(number), lambda body: read_right_to_sign(body, number)
            )
        return asked

    def _with_opinion(self, report: AnyReport, received: Sequence[Received], number: str, at: datetime) -> AnyReport:
        is_company = isinstance(report, CompanyReport)
        template = self._template(is_company=is_company)
        body = _body_of(CAS, received)
        if template is None and body is None:
            return report
        opinion = body and _quietly(lambda: read_opinion(body, number, is_company=is_company))
        return with_opinion(report, opinion or None, template=template or CAS, at=at)


def _with_signing_right(
    report: CompanyReport, received: Sequence[Received], number: str, at: datetime
) -> CompanyReport:
    body = _body_of(SIGNATORIES, received)
    told = body and _quietly(lambda: read_right_to_sign(body, number))
    return with_signing_right(report, told, part=SIGNATORIES, at=at) if told else report


def _supplement(part: str, ask: Callable[[], bytes], read: Callable[[bytes], object]) -> list[Received]:
    """What was received, which is kept also where it is no answer; a supplement never fails the question."""
    try:
        body = ask()
    except BureauFailure as failure:
        return [] if failure.raw is None else [Received(f"{part}-failed", failure.raw)]
    return [Received(part if _quietly(lambda: read(body)) is not None else f"{part}-failed", body)]


def _quietly(read: Callable[[], T]) -> T | None:
    try:
        return read()
    except BureauFailure:
        return None


def _body_of(part: str, received: Sequence[Received]) -> bytes | None:
    return next((each.body for each in received[1:] if each.part == part), None)


def _check_subject(answer: GetDataAnswer, number: str, columns: Sequence[str], raw: bytes) -> None:
    named = {answer.search_number or ""}
    if answer.error_code not in NUMBER_CHANGED:
        named |= {text for column in columns for text in values_of(answer.rows, column)}
    digits = {re.sub("[^0-9]", "", text)[-_DIGITS:] for text in named}
    if digits - {number[-_DIGITS:], ""}:
        raise OutcomeUnknown("another-subject", raw=raw, part=GETDATA)


def _check_code(answer: GetDataAnswer, raw: bytes) -> None:
    if answer.error_code is None:
        if not answer.rows:
            raise OutcomeUnknown("empty-answer", raw=raw, part=GETDATA)
        return
    match outcome_of(answer.error_code):
        case Outcome.UNAVAILABLE:
            raise BureauUnavailable(answer.error_code, raw=raw, part=GETDATA)
        case Outcome.REFUSED:
            raise BureauRefused(answer.error_code, raw=raw, part=GETDATA)
