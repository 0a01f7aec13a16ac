"""Creditsafe's GetData over SOAP.

The name of the block decides what is asked for, as it does at the real service by agreement: `…_P_…` a person, `…_C_…`
a company, `…_BASIC` register data only, anything else a credit report.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files

from flask import Blueprint, Response, request

from bureau_clients.sandbox import creditsafe_soap as soap
from bureau_clients.sandbox.creditsafe_columns import Columns, basic, company_columns, person_columns
from bureau_clients.sandbox.creditsafe_words import REGISTER_CODES, SERVICE_CODES
from bureau_clients.sandbox.faults import ServiceError
from bureau_clients.sandbox.invented import is_person
from bureau_clients.sandbox.numbers import company, magic_number, person
from bureau_clients.sandbox.questions import CREDITSAFE, Kind, Question
from bureau_clients.sandbox.stand_in import Declined, StandIn

PATH = "/getdata/getdata.asmx"

_REAL_ADDRESS = b"https://webservice.creditsafe.se/getdata/getdata.asmx"
_REQUESTS: Mapping[str, str] = {"GetDataBySecure": "GetData_Request"}
_NUMBER_LENGTHS = (10, 12)


@dataclass(frozen=True, slots=True)
class Block:
    """A block by its *name*, and what it is for by agreement; None where there is no such block."""

    name: str

    @property
    def kind(self) -> Kind | None:
        """What is asked for with it."""
        is_company = "_C_" in self.name
        if is_company == ("_P_" in self.name):
            return None
        if not is_company:
            return Kind.PERSON
        return Kind.STATUS if self.is_basic else Kind.COMPANY

    @property
    def is_basic(self) -> bool:
        """Whether it has register data alone, of which nobody is sent a copy."""
        return self.name.endswith("_BASIC")

    def columns(self, number: str) -> Columns:
        """What it says of *number*."""
        columns = person_columns(number) if self.kind is Kind.PERSON else company_columns(number)
        return basic(columns) if self.is_basic else columns

    def check(self, number: str) -> None:
        """Raises Declined where it is not for *number*."""
        if len(number) not in _NUMBER_LENGTHS:
            raise Declined(ServiceError.NO_MATCH)
        if self.kind is None or (self.kind is Kind.PERSON and not is_person(number)):
            raise Declined(ServiceError.WRONG_BLOCK)


def register_code(number: str, kind: Kind) -> str | None:
    """The code by which the register tells of *number*, None where there is none; a sole trader has its owner's."""
    if kind is Kind.PERSON:
        return REGISTER_CODES.get(person(number).person_register)
    facts = company(number)
    code = REGISTER_CODES.get(facts.register)
    return REGISTER_CODES.get(facts.owner.person_register) if code is None and facts.owner is not None else code


def comes_with_data(number: str, code: str | None) -> bool:
    """Whether there are facts beside *code*."""
    magic = magic_number(number)
    return code is None or (magic is not None and magic.with_data)


def blueprint(stand_in: StandIn) -> Blueprint:
    """GetDataBySecure by POST, and its WSDL by GET, at `PATH`."""
    calls = Blueprint("creditsafe_getdata", __name__)

    @calls.get(PATH)
    def wsdl() -> Response:
        document = files("bureau_clients.creditsafe").joinpath("wsdl/getdata.wsdl").read_bytes()
        return Response(
            document.replace(_REAL_ADDRESS, request.base_url.encode()), content_type="text/xml; charset=utf-8"
        )

    @calls.post(PATH)
    def get_data() -> Response:
        try:
            message = soap.read(request.get_data(), soap.GETDATA, _REQUESTS)
        except soap.Unreadable as error:
            return soap.unreadable(str(error))
        block, number = Block(message.text("Block_Name")), message.text("SearchNumber")
        question = Question(
            bureau=CREDITSAFE,
            operation=message.operation,
            kind=block.kind or Kind.COMPANY,
            what=block.name,
            number=number,
            reference=message.text("account/TransactionId"),
        )

        def healthy() -> Response:
            if not stand_in.knows(message.text("account/UserName"), message.text("account/Password")):
                raise Declined(ServiceError.WRONG_PASSWORD)
            block.check(number)
            code = register_code(number, question.kind)
            return _answer(message, code, block.columns(number) if comes_with_data(number, code) else None)

        return stand_in.answer(
            question, healthy=healthy, declined=lambda error: _answer(message, SERVICE_CODES[error], None)
        )

    return calls


def _answer(message: soap.Message, code: str | None, columns: Columns | None) -> Response:
    answer, result = soap.result(message, "gd")
    soap.add(result, "SearchNumber", message.text("SearchNumber"))
    soap.add(result, "TransactionId", message.text("account/TransactionId"))
    if code is not None:
        soap.add_error(result, "Error", code)
    soap.add(result, "Block_Name", message.text("Block_Name"))
    if columns is not None:
        parameters = soap.add(result, "Parameters")
        parameters.extend(soap.data_set([columns]))
    return soap.response(message, answer)
