"""GetData, Creditsafe's reports by block: over SOAP, or over REST with the right to sign beside it.

Each way asks one question and gives the answer as it arrived; what stands in it is read by the same mapping.
`url` is GetData's own address; for REST, `/getsignatory` stands beside `/getdata`, which may be left out of it.
"""

from typing import Protocol

from bureau_clients.bureau import Check
from bureau_clients.creditsafe import formats, rest_formats
from bureau_clients.creditsafe.checks import timed
from bureau_clients.creditsafe.codes import TOKEN_CODES
from bureau_clients.creditsafe.configuration import ColumnMapping, LeftOut
from bureau_clients.creditsafe.formats import GetDataAnswer
from bureau_clients.creditsafe.rest_formats import Combinations
from bureau_clients.creditsafe.soap import Account, SoapService, understood
from bureau_clients.creditsafe.supplements import combinations_of
from bureau_clients.creditsafe.tokens import Token
from bureau_clients.errors import BureauRefused, BureauUnavailable, OutcomeUnknown
from bureau_clients.transport import HttpAnswer, Transport, check_address
from underwriting.kernel.text import Text
from underwriting.platform.bureau_settings import CreditsafeSettings

GETDATA = "getdata"
SIGNATORIES = "signatories"
SOAP_DIGITS = 10  # YYMMDDNNNN: whether SOAP takes a century is not known

_BINDING = "{https://webservice.creditsafe.se/getdata/}GetDataSoap"
_NOT_HANDLED = frozenset({408, 429, 503})  # the server says that it did not handle the question
_WITH_A_CODE = frozenset({200, 400, 401, 403, 404})
_LANGUAGES = {"SWE": "sv", "EN": "en"}


class GetData(Protocol):
    """One way to ask for a block. *longest_sends* is how many exchanges one question takes at most."""

    longest_sends: int
    mapping: ColumnMapping

    def ask(self, block: str, number: str, reference: str) -> bytes:
        """The answer about *number*, as it arrived. Raises a BureauFailure."""
        ...

    def read(self, body: bytes) -> GetDataAnswer:
        """What an answer says. Raises BureauRefused or OutcomeUnknown."""
        ...

    def check(self) -> tuple[Check, ...]:
        """What can be looked at without a question about anybody."""
        ...


class SoapGetData:
    """GetData over SOAP."""

    longest_sends = 1

    def __init__(self, settings: CreditsafeSettings, transport: Transport) -> None:
        """ValueError for an address in clear, MappingInvalid for a mapping that cannot be read."""
        self.mapping = ColumnMapping.configured(settings.mapping, transport="soap")
        self._settings = settings
        self._account = Account(settings)
        self._transport = transport
        self._service = SoapService("getdata.wsdl", binding=_BINDING, url=settings.url, transport=transport)

    def ask(self, block: str, number: str, reference: str) -> bytes:
        """The answer about *number*, as it arrived. Raises a BureauFailure."""
        question = {
            "account": self._account.named(reference),
            "Block_Name": block,
            "SearchNumber": number[-SOAP_DIGITS:],
            "FormattedOutput": "1",
            "LODCustFreeText": self._settings.letter_text,
        }
        return self._service.send("GetDataBySecure", {"GetData_Request": question}, part=GETDATA)

    def read(self, body: bytes) -> GetDataAnswer:
        """What an answer says. Raises BureauRefused or OutcomeUnknown."""
        answer = understood(body, formats.read_answer, part=GETDATA)
        return answer.with_declared_empty() if self.mapping.left_out is LeftOut.EMPTY else answer

    def check(self) -> tuple[Check, ...]:
        """Whether the service is there: its own description is asked for."""
        return (timed(Text("GetData svarar", "GetData answers"), self._describe),)

    def _describe(self) -> None:
        answer = self._transport.send("GET", f"{self._settings.url}?wsdl", headers={})
        if answer.status != 200:
            raise BureauUnavailable(f"http-{answer.status}")


class RestGetData:
    """GetData over REST."""

    longest_sends = 4  # a token, the question, another token and the question again

    def __init__(self, settings: CreditsafeSettings, transport: Transport) -> None:
        """ValueError for an address in clear or missing, MappingInvalid for a mapping that cannot be read."""
        check_address(settings.url)
        self.mapping = ColumnMapping.configured(settings.mapping, transport="rest")
        self._settings = settings
        self._base = settings.url.rstrip("/").removesuffix("/getdata")
        self._transport = transport
        self._token = Token(
            settings.token_url or "", username=settings.username, password=settings.password, transport=transport
        )

    def ask(self, block: str, number: str, reference: str) -> bytes:
        """The answer about *number*, as it arrived. Raises a BureauFailure."""
        query = {
            "searchnumber": number,
            "blockname": block,
            "transactionid": reference,
            "language": _LANGUAGES[self._settings.language],
        }
        if self._settings.letter_text:
            query["lodfreetext"] = self._settings.letter_text
        return self._get("/getdata", query, part=GETDATA)

    def ask_signatories(self, number: str) -> bytes:
        """The answer about who may sign for *number*, as it arrived. Raises a BureauFailure."""
        return self._get("/getsignatory", {"searchnumber": number}, part=SIGNATORIES)

    def read(self, body: bytes) -> GetDataAnswer:
        """What an answer says. Raises OutcomeUnknown."""
        return understood(body, rest_formats.read_report, part=GETDATA)

    def check(self) -> tuple[Check, ...]:
        """Whether a token is given, and whether the service says that it is well."""
        token = timed(Text("Användarnamn och lösenord", "User name and password"), self._token.renewed)
        return token, timed(Text("GetData svarar", "GetData answers"), self._ask_health)

    def _ask_health(self) -> None:
        answer = self._transport.send("GET", f"{self._base}/getdata/health", headers={})
        if answer.status != 200:
            raise BureauUnavailable(f"http-{answer.status}")

    def _get(self, path: str, query: dict[str, str], *, part: str) -> bytes:
        token = self._token.value()
        answer = self._send(path, query, token)
        if _is_refused_token(answer):
            answer = self._send(path, query, self._token.value(refused=token))
        return _delivered(answer, part=part)

    def _send(self, path: str, query: dict[str, str], token: str) -> HttpAnswer:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        return self._transport.send("GET", self._base + path, headers=headers, query=query)


def read_right_to_sign(body: bytes, number: str) -> Combinations:
    """Who may sign for the company with this *number*. Raises BureauRefused or OutcomeUnknown."""
    told = understood(body, rest_formats.read_signatories, part=SIGNATORIES)
    own = combinations_of(number, told)
    if own is None:
        raise OutcomeUnknown("another-subject" if told else "empty-answer", raw=body, part=SIGNATORIES)
    if own.error_code is not None:
        raise BureauRefused(own.error_code, raw=body, part=SIGNATORIES)
    return own


def _is_refused_token(answer: HttpAnswer) -> bool:
    """Whether the token was not taken, which is looked at before the question is: it was not carried out."""
    if answer.status == 401:
        return True
    return answer.status == 403 and rest_formats.error_code_of(answer.body) in TOKEN_CODES


def _delivered(answer: HttpAnswer, *, part: str) -> bytes:
    status, body = answer.status, answer.body
    if status in _NOT_HANDLED:
        raise BureauUnavailable(f"http-{status}", raw=body, part=part)
    if status == 200 or (status in _WITH_A_CODE and rest_formats.error_code_of(body) is not None):
        return body
    failure = BureauRefused if 300 <= status < 500 else OutcomeUnknown
    raise failure(f"http-{status}", raw=body, part=part)
