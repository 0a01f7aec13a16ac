"""Creditsafe's two services over SOAP by zeep: how a message is written and sent, and what its status says (rule B3).

zeep writes the message alone. It is sent as every question is (`bureau_clients.transport`), and the answer is read by
the formats: zeep would refuse a diffgram with a column that its schema does not declare.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import zeep
from zeep.exceptions import Error as ZeepError
from zeep.transports import Transport as ZeepTransport

from bureau_clients.creditsafe.envelopes import NotAnAnswer, SoapFault, fault_in
from bureau_clients.errors import BureauRefused, BureauUnavailable, OutcomeUnknown
from bureau_clients.transport import HttpAnswer, Transport, check_address
from underwriting.platform.bureau_settings import CreditsafeSettings

_WSDL = Path(__file__).parent / "wsdl"
_NOT_HANDLED = frozenset({408, 429, 503})  # the server says that it did not handle the question

T = TypeVar("T")


class Account:
    """As whom a message asks: user name and password stand in the message itself."""

    def __init__(self, settings: CreditsafeSettings) -> None:
        """The account that *settings* have."""
        self._settings = settings

    def named(self, reference: str) -> dict[str, str]:
        """The account's part of a message; *reference* is ours, for the bureau's invoice."""
        return {
            "UserName": self._settings.username,
            "Password": self._settings.password.reveal(),
            "TransactionId": reference,
            "Language": self._settings.language,
        }


class SoapService:
    """One of the services, at an address of ours: a WSDL's own address is never used, and CAS's is http."""

    def __init__(self, wsdl: str, *, binding: str, url: str, transport: Transport) -> None:
        """*wsdl* is the name of its file. ValueError for an address that is neither https nor on loopback."""
        check_address(url)
        settings = zeep.Settings(raw_response=True, forbid_external=True)
        soap = zeep.Client(str(_WSDL / wsdl), transport=_ZeepTransport(transport), settings=settings)  # type: ignore[no-untyped-call]
        self._service = soap.create_service(binding, url)  # type: ignore[no-untyped-call]

    def send(self, operation: str, message: Mapping[str, Any], *, part: str) -> bytes:
        """The answer to *message*, with status 200, as it arrived. Raises BureauFailure, which names *part*."""
        try:
            response: HttpAnswer = self._service[operation](**message)
        except (ZeepError, ValueError, TypeError) as error:
            # the texts hold what no XML can: nothing was sent
            raise BureauRefused("unwritable", part=part) from error
        return _delivered(response, part=part)


def understood(body: bytes, read: Callable[[bytes], T], *, part: str) -> T:
    """What *read* makes of *body*. Raises BureauRefused or OutcomeUnknown, which name *part*."""
    try:
        return read(body)
    except SoapFault as fault:
        failure = BureauRefused if fault.blames_caller else OutcomeUnknown
        raise failure("soap-fault", raw=body, part=part) from fault
    except NotAnAnswer as error:
        raise OutcomeUnknown("not-an-answer", raw=body, part=part) from error


class _ZeepTransport(ZeepTransport):
    """Sends zeep's messages as our questions are sent."""

    def __init__(self, transport: Transport) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._ours = transport

    def post(self, address: str, message: bytes, headers: dict[str, str]) -> HttpAnswer:
        """The answer to *message*. Raises BureauUnavailable or OutcomeUnknown."""
        return self._ours.send("POST", address, headers=headers, body=message)


def _delivered(response: HttpAnswer, *, part: str) -> bytes:
    status, body = response.status, response.body
    if status == 200:
        return body
    if status in _NOT_HANDLED:
        raise BureauUnavailable(f"http-{status}", raw=body, part=part)
    if 300 <= status < 500:
        raise BureauRefused(f"http-{status}", raw=body, part=part)
    fault = fault_in(body)
    if fault is None:
        raise OutcomeUnknown(f"http-{status}", raw=body, part=part)
    failure = BureauRefused if fault.blames_caller else OutcomeUnknown
    raise failure("soap-fault", raw=body, part=part)
