"""The stand-in's orders, kept in memory and shared by both of its servers. Threads may use them at once."""

import hashlib
import hmac
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from agreements.signing.sandbox.evidence import Notary
from agreements.signing.sandbox.hostile import Hostile
from agreements.signing.sandbox.people import STRANGER, Person, person_of

SIGN_WITHIN = timedelta(minutes=3)
"""How long a person may take in the app before the order expires."""
COMPLETE_FOR = timedelta(minutes=3)
"""How long a complete order can be collected."""
FAILED_FOR = timedelta(minutes=5)
"""How long a failed order can be collected."""


class AlreadyInProgress(Exception):
    """The person has an order under way; it has now been ended and no new one was made."""


class NoSuchOrder(Exception):
    """There is no order of that name, or no more."""


class NotPending(Exception):
    """The order has been signed, cancelled or has expired."""


class WrongPerson(Exception):
    """The order is for somebody else."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order as it stands. *visible*, *non_visible* (base64) and *return_url* are as received, or empty.

    An order that has ended is *handed_over* once, unless it may be asked for *again*.
    """

    order_ref: str
    auto_start_token: str
    qr_start_token: str
    qr_start_secret: str
    signing: bool
    end_user_ip: str
    personal_number: str | None
    visible: str
    non_visible: str
    made_at: datetime
    return_url: str = ""
    started_at: datetime | None = None
    status: str = "pending"
    hint_code: str | None = "outstandingTransaction"
    ended_at: datetime | None = None
    completion: Mapping[str, Any] | None = None
    handed_over: bool = False
    again: bool = False


def _shows(code: str, order: Order) -> bool:
    """Whether *code* is what a QR code of the order says, in whichever second."""
    prefix, _, rest = code.partition(f".{order.qr_start_token}.")
    seconds, _, seal = rest.partition(".")
    own = hmac.new(order.qr_start_secret.encode(), seconds.encode(), hashlib.sha256).hexdigest()
    return prefix == "bankid" and hmac.compare_digest(own, seal)


class Orders:
    """Every order of one stand-in. *now* gives the instant by which orders expire, test time or the machine's.

    *start_within* is the time to open the app; BankID gives 30 seconds.
    """

    def __init__(
        self,
        notary: Notary,
        *,
        now: Callable[[], datetime],
        people: Sequence[Person],
        start_within: timedelta,
    ) -> None:
        self.people = tuple(people)
        self.now = now
        self._notary = notary
        self._start_within = start_within
        self._orders: dict[str, Order] = {}
        self._lock = threading.Lock()

    def place(
        self,
        *,
        signing: bool,
        end_user_ip: str,
        personal_number: str | None,
        visible: str,
        non_visible: str,
        return_url: str = "",
    ) -> Order:
        """A new order. Raises AlreadyInProgress when *personal_number* has one, which it ends."""
        at = self.now()
        with self._lock:
            self._expire(at)
            running = [order for order in self._orders.values() if order.status == "pending"]
            same = [order for order in running if personal_number and order.personal_number == personal_number]
            for order in same:
                self._end(order, "failed", at, hint_code="cancelled")
            if same:
                raise AlreadyInProgress
            ref, auto_start, qr_token, qr_secret = (str(uuid4()) for _ in range(4))
            order = Order(
                order_ref=ref,
                auto_start_token=auto_start,
                qr_start_token=qr_token,
                qr_start_secret=qr_secret,
                signing=signing,
                end_user_ip=end_user_ip,
                personal_number=personal_number,
                visible=visible,
                non_visible=non_visible,
                made_at=at,
                return_url=return_url,
            )
            self._orders[ref] = order
            return order

    def collect(self, order_ref: str) -> Order:
        """How the order stands; one that has ended is handed over once. Raises NoSuchOrder."""
        with self._lock:
            self._expire(self.now())
            order = self._by_ref(order_ref)
            if order.status != "pending" and not order.again:
                self._orders[order_ref] = replace(order, handed_over=True)
            return order

    def cancel(self, order_ref: str) -> None:
        """The relying party ends a pending order, which it then no longer has. Raises NoSuchOrder."""
        at = self.now()
        with self._lock:
            self._expire(at)
            order = self._by_ref(order_ref)
            if order.status != "pending":
                raise NoSuchOrder
            self._orders[order_ref] = replace(self._end(order, "failed", at, hint_code="cancelled"), handed_over=True)

    def pending(self) -> tuple[Order, ...]:
        """The orders that wait for a person, oldest first."""
        with self._lock:
            self._expire(self.now())
            return tuple(order for order in self._orders.values() if order.status == "pending")

    def open(self, auto_start_token: str) -> Order:
        """The order as the app shows it; from now on it waits for the person's code. Raises NoSuchOrder."""
        at = self.now()
        with self._lock:
            self._expire(at)
            order = self._by_token(auto_start_token)
            if order.status == "pending" and order.started_at is None:
                order = replace(order, started_at=at, hint_code="userSign")
                self._orders[order.order_ref] = order
            return order

    def sign(self, auto_start_token: str, personal_number: str | None, *, hostile: Hostile | None = None) -> Order:
        """*personal_number* signs or identifies; without one it is the person whom the order is for.

        Raises NoSuchOrder, NotPending and, unless a *hostile* answer is asked for, WrongPerson.
        """
        order = self.open(auto_start_token)
        signer = personal_number or order.personal_number
        if order.status != "pending":
            raise NotPending
        if signer is None or (order.personal_number not in (None, signer) and hostile is None):
            raise WrongPerson
        at = self.now()
        completion = self._completion(order, person_of(signer, self.people), hostile, at)
        with self._lock:
            current = self._orders.get(order.order_ref)
            if current is None or current.status != "pending":
                raise NotPending
            again = hostile is Hostile.COMPLETED_TWICE
            return self._end(replace(current, again=again), "complete", at, completion=completion)

    def refuse(self, auto_start_token: str) -> Order:
        """The person cancels in the app. Raises NoSuchOrder and NotPending."""
        at = self.now()
        with self._lock:
            self._expire(at)
            order = self._by_token(auto_start_token)
            if order.status != "pending":
                raise NotPending
            return self._end(order, "failed", at, hint_code="userCancel")

    def _completion(self, order: Order, person: Person, hostile: Hostile | None, at: datetime) -> dict[str, Any]:
        visible, non_visible = order.visible, order.non_visible
        if hostile is Hostile.OTHER_PERSON:
            person = STRANGER
        if hostile is Hostile.OTHER_TEXT:
            visible = "RW4gYW5uYW4gdGV4dA=="  # "En annan text"
        if hostile is Hostile.OTHER_DOCUMENT:
            non_visible = "RXR0IGFubmF0IGRva3VtZW50"  # "Ett annat dokument"
        signature, ocsp_response = self._notary.evidence(
            personal_number=person.personal_number,
            name=person.name,
            visible=visible,
            non_visible=non_visible,
            signing=order.signing and hostile is not Hostile.IDENTIFICATION,
            at=at,
            hostile=hostile,
        )
        return {
            "user": {
                "personalNumber": person.personal_number,
                "name": person.name,
                "givenName": person.given_name,
                "surname": person.surname,
            },
            "device": {"ipAddress": order.end_user_ip, "uhi": "stand-in"},
            "bankIdIssueDate": (at - timedelta(days=365)).date().isoformat(),
            "signature": signature,
            "ocspResponse": ocsp_response,
        }

    def _by_ref(self, order_ref: str) -> Order:
        order = self._orders.get(order_ref)
        # Handed over, it lives on for the person, whose app still shows it.
        if order is None or order.handed_over:
            raise NoSuchOrder
        return order

    def _by_token(self, auto_start_token: str) -> Order:
        for order in self._orders.values():
            if order.auto_start_token == auto_start_token or _shows(auto_start_token, order):
                return order
        raise NoSuchOrder

    def _end(
        self,
        order: Order,
        status: str,
        at: datetime,
        *,
        hint_code: str | None = None,
        completion: Mapping[str, Any] | None = None,
    ) -> Order:
        ended = replace(order, status=status, hint_code=hint_code, ended_at=at, completion=completion)
        self._orders[order.order_ref] = ended
        return ended

    def _expire(self, at: datetime) -> None:
        for order in list(self._orders.values()):
            if order.ended_at is not None:
                kept_for = COMPLETE_FOR if order.status == "complete" else FAILED_FOR
                if at >= order.ended_at + kept_for:
                    del self._orders[order.order_ref]
            elif order.started_at is None and at >= order.made_at + self._start_within:
                self._end(order, "failed", at, hint_code="startFailed")
            elif order.started_at is not None and at >= order.started_at + SIGN_WITHIN:
                self._end(order, "failed", at, hint_code="expiredTransaction")
