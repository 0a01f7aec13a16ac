"""Creditsafe's GetData over SOAP: one question, and its answer or the reason why there is none (rules B3, B4).

A question in five steps, each of which has to hold:
1. The address is https, or on loopback; no redirect is followed, since the password stands in the message.
2. The question goes out on a connection of its own: on a kept one, a reset would not tell whether it was delivered.
3. The answer arrives whole, within the time and size allowed, with status 200 or with a SOAP fault.
4. It is an envelope of this service, with an error or with rows.
5. It is about the number that was asked for.
What fails before the question has left is certainly not carried out. What fails later may have been, and charged and
told to the subject, unless the bureau says otherwise.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import zeep
from zeep.transports import Transport as ZeepTransport

from bureau_clients.creditsafe.codes import NUMBER_CHANGED, RegisterCode, meaning_of, outcome_of, register_code
from bureau_clients.creditsafe.columns import ColumnMapping
from bureau_clients.creditsafe.formats import GetDataAnswer, NotAnAnswer, SoapFault, read_answer
from bureau_clients.creditsafe.mapping import SOURCE, company_report, person_report, values_of
from bureau_clients.errors import BureauRefused, BureauUnavailable, OutcomeUnknown
from bureau_clients.questions import Outcome
from bureau_clients.reports import Answer, NoMatch, Received
from bureau_clients.transport import HttpAnswer, Transport, check_address
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.settings import CreditsafeSettings

_WSDL = Path(__file__).parent / "wsdl" / "getdata.wsdl"
_BINDING = "{https://webservice.creditsafe.se/getdata/}GetDataSoap"
_SEARCH_DIGITS = 10  # YYMMDDNNNN: whether the interface takes a century is not known
_NUMBER_COLUMNS = ("ORGNR", "PNR")
_NOT_HANDLED = frozenset({408, 429, 503})  # the server says that it did not handle the question

_Number = OrganisationNumber | PersonalNumber


class Creditsafe:
    """Creditsafe as a `Bureau`. One instance serves all threads of a process."""

    name = SOURCE

    def __init__(
        self,
        settings: CreditsafeSettings,
        *,
        language: Literal["SWE", "EN"] = "SWE",
    ) -> None:
        """Ask as *settings* say. ValueError for an address that is neither https nor on loopback, or for a mapping of
        columns that cannot be read (MappingInvalid).
        """
        check_address(settings.url)
        self._settings = settings
        self._mapping = ColumnMapping.configured(settings.mapping)
        self._language = language
        self._transport = Transport(settings.connect_timeout_seconds, settings.read_timeout_seconds)
        self._service = _service(_ZeepTransport(self._transport), settings.url)

    @property
    def longest_call(self) -> timedelta:
        """After this time a question has an outcome, or its process is dead."""
        return self._transport.longest_call

    def company(self, number: _Number, *, form: CompanyForm, reference: str, at: datetime) -> Answer:
        """The report on a company as of *at*; the bureau's invoice names *reference* (at most 14 characters).

        Raises BureauUnavailable, BureauRefused or OutcomeUnknown.
        """
        block = self._settings.sole_trader_block if form is CompanyForm.EF else None
        return self._company(block or self._settings.company_block, number, form, reference, at)

    def company_status(self, number: _Number, *, form: CompanyForm, reference: str, at: datetime) -> Answer:
        """The company's register status as of *at*, of which no copy is sent; the other facts are unknown.

        Raises as `company` does; without a block for it, BureauRefused: asking again would not help.
        """
        if self._settings.status_block is None:
            raise BureauRefused("no-status-block")
        return self._company(self._settings.status_block, number, form, reference, at)

    def person(self, number: PersonalNumber, *, reference: str, at: datetime) -> Answer:
        """The report on a person as of *at*. Raises as `company` does."""
        received = self._ask(self._settings.person_block, number, reference)
        if received.is_no_match:
            return Answer(NoMatch(number.digits, SOURCE, at), (Received("getdata", received.raw),))
        report = person_report(
            received.answer.rows, number=number.digits, code=received.register_code, mapping=self._mapping, at=at
        )
        return Answer(report, (Received("getdata", received.raw),))

    def explain(self, code: str) -> Text:
        """What the *code* of a failure means."""
        return meaning_of(code)

    def _company(self, block: str, number: _Number, form: CompanyForm, reference: str, at: datetime) -> Answer:
        received = self._ask(block, number, reference)
        if received.is_no_match:
            return Answer(NoMatch(number.digits, SOURCE, at), (Received("getdata", received.raw),))
        rows, code = received.answer.rows, received.register_code
        report = company_report(rows, number=number.digits, form=form, code=code, mapping=self._mapping, at=at)
        return Answer(report, (Received("getdata", received.raw),))

    def _ask(self, block: str, number: _Number, reference: str) -> "_Received":
        account = {
            "UserName": self._settings.username,
            "Password": self._settings.password.reveal(),
            "TransactionId": reference,
            "Language": self._language,
        }
        searched = number.digits[-_SEARCH_DIGITS:]
        response: HttpAnswer = self._service.GetDataBySecure(
            GetData_Request={"account": account, "Block_Name": block, "SearchNumber": searched, "FormattedOutput": "1"}
        )
        answer = _read(response)
        _check_subject(answer, searched, response.body)
        _check_code(answer, response.body)
        return _Received(answer, response.body)


@dataclass(frozen=True, slots=True)
class _Received:
    """An answer that says something about the subject."""

    answer: GetDataAnswer
    raw: bytes = field(repr=False)

    @property
    def is_no_match(self) -> bool:
        code = self.answer.error_code
        return code is not None and outcome_of(code) is Outcome.NO_MATCH

    @property
    def register_code(self) -> RegisterCode | None:
        code = self.answer.error_code
        return None if code is None else register_code(code)


class _ZeepTransport(ZeepTransport):
    """Sends zeep's messages as our questions are sent."""

    def __init__(self, transport: Transport) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._ours = transport

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> HttpAnswer:
        """The answer to *message*. Raises BureauUnavailable or OutcomeUnknown."""
        return self._ours.send("POST", address, headers=headers, body=message)


def _service(transport: ZeepTransport, url: str) -> Any:
    settings = zeep.Settings(raw_response=True, forbid_external=True)
    soap = zeep.Client(str(_WSDL), transport=transport, settings=settings)  # type: ignore[no-untyped-call]
    return soap.create_service(_BINDING, url)  # type: ignore[no-untyped-call]


def _read(response: HttpAnswer) -> GetDataAnswer:
    status, body = response.status, response.body
    if status in _NOT_HANDLED:
        raise BureauUnavailable(f"http-{status}", raw=body)
    if 300 <= status < 500:
        raise BureauRefused(f"http-{status}", raw=body)
    try:
        answer = read_answer(body)
    except SoapFault as fault:
        failure = BureauRefused if fault.blames_caller else OutcomeUnknown
        raise failure("soap-fault", raw=body) from fault
    except NotAnAnswer as error:
        raise OutcomeUnknown("not-an-answer" if status == 200 else f"http-{status}", raw=body) from error
    if status != 200:
        raise OutcomeUnknown(f"http-{status}", raw=body)
    return answer


def _check_subject(answer: GetDataAnswer, searched: str, raw: bytes) -> None:
    named = {answer.search_number or ""}
    if answer.error_code != NUMBER_CHANGED:
        named |= {text for column in _NUMBER_COLUMNS for text in values_of(answer.rows, column)}
    digits = {re.sub("[^0-9]", "", text)[-_SEARCH_DIGITS:] for text in named}
    if digits - {searched, ""}:
        raise OutcomeUnknown("another-subject", raw=raw)


def _check_code(answer: GetDataAnswer, raw: bytes) -> None:
    if answer.error_code is None:
        if not answer.rows:
            raise OutcomeUnknown("empty-answer", raw=raw)
        return
    match outcome_of(answer.error_code):
        case Outcome.UNAVAILABLE:
            raise BureauUnavailable(answer.error_code, raw=raw)
        case Outcome.REFUSED:
            raise BureauRefused(answer.error_code, raw=raw)
