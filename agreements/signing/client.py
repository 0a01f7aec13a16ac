"""BankID as a relying party reaches it: API version 6 over mutual TLS. Every failure becomes one of ours."""

from base64 import b64encode
from collections.abc import Callable
from copy import copy
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Literal, Protocol
from urllib.parse import urljoin
from weakref import finalize

import httpx
from bankid import BankIDClient
from bankid.exceptions import AlreadyInProgressError, BankIDError, InvalidParametersError

from agreements.signing.connection import connect
from agreements.signing.rules import NON_VISIBLE_LIMIT, Completion, require_visible_text
from underwriting.kernel.errors import Conflict, NotFound, Refusal, Unavailable
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.text import Text

_STATUSES = ("pending", "failed", "complete")


class BankIdUnavailable(Unavailable):
    """BankID does not answer, is closed, or does not understand us (RFA5). *reason* is a word for logs.

    It is BankID's own error code or one of `no_answer` (connection or time), `not_understood` (what came back is not
    the interface's answer).
    """

    slug = "bankid-unavailable"
    title = Text(
        "BankID svarar inte just nu. Försök igen om en stund.",
        "BankID does not answer at the moment. Please try again shortly.",
    )

    def __init__(self, reason: str) -> None:
        super().__init__()
        self.reason = reason


class SigningInProgress(Conflict):
    """The person already has an order under way, which BankID has now ended: the next attempt can succeed (RFA4)."""

    slug = "signing-in-progress"
    title = Text(
        "En legitimering eller underskrift pågick redan för personen och har avbrutits. Försök igen.",
        "An identification or signature was already under way for this person and has been ended. Please try again.",
    )


class SigningOrderUnknown(NotFound):
    """BankID knows no such order: it is too old, or its result has been handed over."""

    slug = "signing-order-unknown"
    title = Text(
        "Underskriften finns inte längre hos BankID. Börja om.", "BankID no longer has this order. Start again."
    )


@dataclass(frozen=True, slots=True)
class Order:
    """A new order. *qr_start_secret* never leaves the server; *auto_start_token* opens the app on the same device."""

    order_ref: str
    auto_start_token: str
    qr_start_token: str
    qr_start_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Collected:
    """How an order stands; *completion* is there when, and only when, *status* is `complete`, and is given once."""

    status: Literal["pending", "failed", "complete"]
    hint_code: str | None
    completion: Completion | None


class BankId(Protocol):
    """What the product asks of BankID. Each call raises BankIdUnavailable when there is no usable answer."""

    def authenticate(self, end_user_ip: str, *, return_url: str | None = None) -> Order:
        """An order by which a person identifies; who it is, the completion tells.

        An app that was opened on the same device leads to *return_url* when the person is done there.
        """
        ...

    def sign(
        self,
        end_user_ip: str,
        *,
        personal_number: PersonalNumber | None,
        visible_text: str,
        non_visible: bytes,
        return_url: str | None = None,
    ) -> Order:
        """An order to sign *visible_text* and *non_visible*; with *personal_number* only that person can.

        *return_url* is as in `authenticate`. Raises SigningInProgress, and VisibleTextRefused before anything is sent.
        """
        ...

    def collect(self, order_ref: str) -> Collected:
        """How the order stands; at most once a second. Raises SigningOrderUnknown."""
        ...

    def cancel(self, order_ref: str) -> None:
        """End an order that is pending. Raises SigningOrderUnknown."""
        ...


class BankIdClient:
    """`BankId` at *base_url*, which ends in the version (`…/rp/v6.0/`), as the relying party of *certificate*.

    *ca* is the only authority that the server is trusted by; an address without TLS raises ValueError. Threads may
    share one client.
    """

    def __init__(self, base_url: str, *, certificate: Path, key: Path, ca: Path, timeout_seconds: float = 5) -> None:
        if not base_url.startswith("https://"):
            raise ValueError("BankID is asked over https")
        http = connect(certificate=certificate, key=key, ca=ca, timeout_seconds=timeout_seconds)
        self._wire = _Wire(base_url, http)
        self._let_go = finalize(self, http.close)  # whoever forgets a client leaves no connection open

    def close(self) -> None:
        """Let go of the connections."""
        self._let_go()

    def authenticate(self, end_user_ip: str, *, return_url: str | None = None) -> Order:
        """See `BankId`."""
        wire = self._wire.returning_to(return_url)
        return _order(_answer(lambda: wire.authenticate(end_user_ip)))

    def sign(
        self,
        end_user_ip: str,
        *,
        personal_number: PersonalNumber | None,
        visible_text: str,
        non_visible: bytes,
        return_url: str | None = None,
    ) -> Order:
        """See `BankId`."""
        require_visible_text(visible_text)
        if len(b64encode(non_visible)) > NON_VISIBLE_LIMIT:
            raise ValueError("the non-visible data is too long for one order")
        requirement = {"personalNumber": personal_number.digits} if personal_number else None
        wire = self._wire.returning_to(return_url)
        return _order(
            _answer(
                lambda: wire.sign(end_user_ip, visible_text, requirement=requirement, user_non_visible_data=non_visible)
            )
        )

    def collect(self, order_ref: str) -> Collected:
        """See `BankId`."""
        answer = _answer(lambda: self._wire.collect(order_ref), unknown=SigningOrderUnknown)
        return _collected(answer, order_ref)

    def cancel(self, order_ref: str) -> None:
        """See `BankId`."""
        _answer(lambda: self._wire.cancel(order_ref), unknown=SigningOrderUnknown)


class _Wire(BankIDClient):  # type: ignore[misc]  # pybankid has no types
    """pybankid at an address of ours: its own constructor knows two addresses and calls httpx in a deprecated way."""

    def __init__(self, base_url: str, http: httpx.Client) -> None:
        base = base_url.rstrip("/") + "/"
        self.client = http
        self._auth_endpoint = urljoin(base, "auth")
        self._sign_endpoint = urljoin(base, "sign")
        self._collect_endpoint = urljoin(base, "collect")
        self._cancel_endpoint = urljoin(base, "cancel")
        self._return_url: str | None = None

    def returning_to(self, return_url: str | None) -> "_Wire":
        """One on the same connections whose orders have that address; pybankid knows no such member."""
        wire = copy(self)
        wire._return_url = return_url
        return wire

    def _create_payload(self, *args: Any, **members: Any) -> dict[str, Any]:
        payload: dict[str, Any] = super()._create_payload(*args, **members)
        return payload | {"returnUrl": self._return_url} if self._return_url else payload

    @staticmethod
    def _encode_user_data(user_data: str | bytes) -> str:
        return b64encode(user_data.encode() if isinstance(user_data, str) else user_data).decode()


def _answer(ask: Callable[[], Any], *, unknown: type[Refusal] | None = None) -> Any:
    """What *ask* brings back. *unknown* is raised for refused parameters, where only the order can be what is wrong."""
    try:
        return ask()
    except AlreadyInProgressError as error:
        raise SigningInProgress from error
    except InvalidParametersError as error:
        raise unknown() if unknown else BankIdUnavailable("invalidParameters") from error
    except BankIDError as error:
        raise BankIdUnavailable(str(error.json.get("errorCode") or "not_understood")) from error
    except httpx.HTTPError as error:
        raise BankIdUnavailable("no_answer") from error
    # pybankid reads any body as a JSON object: a gateway's HTML is a ValueError, a JSON list an AttributeError.
    except (ValueError, AttributeError) as error:
        raise BankIdUnavailable("not_understood") from error


def _order(answer: Any) -> Order:
    try:
        order = Order(answer["orderRef"], answer["autoStartToken"], answer["qrStartToken"], answer["qrStartSecret"])
    except (KeyError, TypeError) as error:
        raise BankIdUnavailable("not_understood") from error
    if not all(isinstance(value, str) and value for value in (order.order_ref, order.auto_start_token)):
        raise BankIdUnavailable("not_understood")
    return order


def _collected(answer: Any, order_ref: str) -> Collected:
    try:
        if answer["orderRef"] != order_ref or answer["status"] not in _STATUSES:
            raise BankIdUnavailable("not_understood")
        completion = _completion(answer["completionData"]) if answer["status"] == "complete" else None
        return Collected(answer["status"], answer.get("hintCode"), completion)
    except (KeyError, TypeError, ValueError, AttributeError, Refusal) as error:
        raise BankIdUnavailable("not_understood") from error


def _completion(data: Any) -> Completion:
    # The evidence is given once: only what the product cannot do without is required of it.
    user, device = data["user"], data.get("device") or {}
    issued = data.get("bankIdIssueDate")
    return Completion(
        personal_number=PersonalNumber(user["personalNumber"]),
        name=user.get("name", ""),
        given_name=user.get("givenName", ""),
        surname=user.get("surname", ""),
        device_ip=device.get("ipAddress", ""),
        device_uhi=device.get("uhi"),
        bank_id_issued_on=date.fromisoformat(issued[:10]) if issued else None,
        risk=data.get("risk"),
        signature=data["signature"],
        ocsp_response=data["ocspResponse"],
    )
