"""Creditsafe's CAS over SOAP: what a template of the customer's makes of a company or a person, and the templates.

The name of a template decides whom it is for: `…_CAS_C…` companies, `…_CAS_P…` persons.
"""

from collections.abc import Mapping
from importlib.resources import files

from flask import Blueprint, Response, request
from lxml import etree

from bureau_clients.sandbox import creditsafe_soap as soap
from bureau_clients.sandbox.creditsafe_getdata import register_code
from bureau_clients.sandbox.creditsafe_words import SERVICE_CODES, text_of
from bureau_clients.sandbox.facts import Opinion, Verdict
from bureau_clients.sandbox.faults import ServiceError
from bureau_clients.sandbox.invented import Address, is_person
from bureau_clients.sandbox.numbers import company, person
from bureau_clients.sandbox.questions import CREDITSAFE, Kind, Question
from bureau_clients.sandbox.stand_in import Declined, StandIn

PATH = "/CAS/cas_service.asmx"
COMPANY_TEMPLATE = "BORGEN_CAS_C1"
PERSON_TEMPLATE = "BORGEN_CAS_P1"

_REAL_ADDRESS = b"http://webservice.creditsafe.se/CAS/cas_service.asmx"
_PERSON, _COMPANY, _TEMPLATES = "CasPersonService", "CasCompanyService", "GetTemplateList"
_REQUESTS: Mapping[str, str] = {_PERSON: "cas_person", _COMPANY: "cas_company", _TEMPLATES: "cas_service"}
_REPORT_TYPES = ("NotSet", "Company", "Consumer")
_NUMBER_LENGTHS = (10, 12)
_STATUSES: Mapping[Verdict, tuple[str, str]] = {
    Verdict.APPROVED: ("1", "Godkänd"),
    Verdict.REJECTED: ("2", "Ej godkänd"),
    Verdict.MANUAL: ("4", "Manuell hantering"),
    Verdict.UNLISTED: ("3", "Övrigt"),
}


def blueprint(stand_in: StandIn) -> Blueprint:
    """The three operations by POST, and their WSDL by GET, at `PATH`."""
    calls = Blueprint("creditsafe_cas", __name__)

    @calls.get(PATH)
    def wsdl() -> Response:
        document = files("bureau_clients.creditsafe").joinpath("wsdl/cas_service.wsdl").read_bytes()
        return Response(
            document.replace(_REAL_ADDRESS, request.base_url.encode()), content_type="text/xml; charset=utf-8"
        )

    @calls.post(PATH)
    def ask() -> Response:
        try:
            message = soap.read(request.get_data(), soap.CAS, _REQUESTS)
        except soap.Unreadable as error:
            return soap.unreadable(str(error))
        if message.operation == _TEMPLATES and message.text("ReportType") not in _REPORT_TYPES:
            return soap.unreadable(f"the report type is none of {', '.join(_REPORT_TYPES)}")
        return _templates(message, stand_in) if message.operation == _TEMPLATES else _verdict(message, stand_in)

    return calls


def _verdict(message: soap.Message, stand_in: StandIn) -> Response:
    number = message.text("SearchNumber")
    question = Question(
        bureau=CREDITSAFE,
        operation=message.operation,
        kind=Kind.OPINION,
        what=message.text("Templates"),
        number=number,
        reference=message.text("account/TransactionId"),
    )

    def healthy() -> Response:
        if not stand_in.knows(message.text("account/UserName"), message.text("account/Password")):
            raise Declined(ServiceError.WRONG_PASSWORD)
        if len(number) not in _NUMBER_LENGTHS:
            raise Declined(ServiceError.NO_MATCH)
        if f"_CAS_{'P' if message.operation == _PERSON else 'C'}" not in question.what:
            raise Declined(ServiceError.WRONG_TEMPLATE)
        if message.operation == _PERSON and not is_person(number):
            raise Declined(ServiceError.NO_MATCH)
        return _answer(message, _opinion(message.operation, number))

    return stand_in.answer(question, healthy=healthy, declined=lambda error: _declined(message, error))


def _opinion(operation: str, number: str) -> Opinion:
    facts = person(number) if operation == _PERSON else company(number)
    code = register_code(number, Kind.PERSON if operation == _PERSON else Kind.COMPANY)
    if code is None:
        return facts.opinion
    return Opinion(Verdict.REJECTED, ((code, text_of(code)), *facts.opinion.reasons))


def _answer(message: soap.Message, opinion: Opinion) -> Response:
    status, text = _STATUSES[opinion.verdict]
    answer, result = _begun(message, status, text)
    if opinion.reasons:
        reasons = soap.add(result, "ErrorList")
        for code, reason in opinion.reasons:
            soap.add_error(reasons, "ERROR", code, reason)
    number = message.text("SearchNumber")
    if message.operation == _PERSON:
        someone = person(number)
        soap.add(result, "FirstName", someone.first_name)
        soap.add(result, "LastName", someone.last_name)
        soap.add(result, "GivenName", someone.first_name)
        _add_address(result, someone.address)
    else:
        soap.add(result, "Name", company(number).name)
        _add_address(result, company(number).address)
    return soap.response(message, answer)


def _declined(message: soap.Message, error: ServiceError) -> Response:
    answer, result = _begun(message, *_STATUSES[Verdict.REJECTED])
    soap.add_error(soap.add(result, "ErrorList"), "ERROR", SERVICE_CODES[error])
    return soap.response(message, answer)


def _begun(message: soap.Message, status: str, text: str) -> tuple[etree._Element, etree._Element]:
    answer, result = soap.result(message, "cas")
    soap.add(result, "Personnr" if message.operation == _PERSON else "Org_nr", message.text("SearchNumber"))
    soap.add(result, "TemplateNames", message.text("Templates"))
    soap.add(result, "TransactionId", message.text("account/TransactionId"))
    soap.add(result, "Status", status)
    soap.add(result, "Status_Text", text)
    return answer, result


def _add_address(result: etree._Element, address: Address) -> None:
    soap.add(result, "Address", address.street)
    soap.add(result, "ZIP", address.zipcode)
    soap.add(result, "Town", address.town)


def _templates(message: soap.Message, stand_in: StandIn) -> Response:
    wanted = message.text("ReportType")
    question = Question(
        bureau=CREDITSAFE,
        operation=message.operation,
        kind=Kind.TEMPLATES,
        what=wanted,
        reference=message.text("Account/TransactionId"),
    )

    def healthy() -> Response:
        if not stand_in.knows(message.text("Account/UserName"), message.text("Account/Password")):
            raise Declined(ServiceError.WRONG_PASSWORD)
        answer, result = soap.result(message, "cas")
        templates = soap.add(result, "templates")
        for name, report_type in ((COMPANY_TEMPLATE, "Company"), (PERSON_TEMPLATE, "Consumer")):
            if wanted in ("NotSet", report_type):
                template = soap.add(templates, "Template")
                soap.add(template, "TemplateName", name)
                soap.add(template, "ReportType", report_type)
                soap.add(template, "ValidateAddress", "false")
        soap.add(result, "TransactionId", question.reference)
        return soap.response(message, answer)

    def declined(error: ServiceError) -> Response:
        answer, result = soap.result(message, "cas")
        soap.add_error(result, "error", SERVICE_CODES[error])
        soap.add(result, "TransactionId", question.reference)
        return soap.response(message, answer)

    return stand_in.answer(question, healthy=healthy, declined=declined)
