"""BankID asked how an order stands: once per order and two seconds, whoever watches, and one answer taken (rule S1)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from agreements.signing.certificate_path import Roots
from agreements.signing.client import (
    BankId,
    BankIdUnavailable,
    Collected,
    Order,
    SigningInProgress,
    SigningOrderUnknown,
)
from agreements.signing.models import Signing
from agreements.signing.services.keep_order import ORDER_REF, ToSign, opened, renew, to_sign_of
from agreements.signing.services.return_nonce import return_to
from agreements.signing.services.show_order import ORDERS, SHOWN, Standing
from agreements.signing.services.take_completion import Handler, Received, take
from underwriting.kernel.vocabulary import SigningPurpose, SigningState
from underwriting.platform.runtime import Runtime

ASKED_EVERY = timedelta(seconds=2)
ASKING_LASTS = timedelta(seconds=20)
"""Longer than a question to BankID takes: a result is handed over once, so two questions must not overlap."""
_EXPIRED = "expiredTransaction"
_NOT_BEGUN = "startFailed"

_STILL_PENDING = sa.update(ORDERS).where(
    ORDERS.c.id == sa.bindparam("signing_id"), ORDERS.c.state == str(SigningState.PENDING)
)
_CLAIM = (
    _STILL_PENDING.where(ORDERS.c.collect_after <= sa.bindparam("now"))
    .values(collect_after=sa.bindparam("until"))
    .returning(ORDERS.c.order_ref_encrypted)
)
_CLAIM_OF_SECRET = _CLAIM.where(ORDERS.c.secret_hash == sa.bindparam("secret"))
_NOTE = _STILL_PENDING.values(hint_code=sa.bindparam("hint"), collect_after=sa.bindparam("due")).returning(*SHOWN)

_log = structlog.get_logger(__name__)


class Asked(NamedTuple):
    """What came of asking: whether the order came to its end by that, and how it stands where that was learnt."""

    is_over: bool = False
    standing: Standing | None = None


def place(bankid: BankId, to_sign: ToSign | None, end_user_ip: str, *, return_url: str | None = None) -> Order:
    """An order at BankID to sign that, or without it to identify. BankIdUnavailable, SigningInProgress."""
    if to_sign is None:
        return bankid.authenticate(end_user_ip, return_url=return_url)
    return bankid.sign(
        end_user_ip,
        personal_number=to_sign.person,
        visible_text=to_sign.visible_text,
        non_visible=to_sign.non_visible,
        return_url=return_url,
    )


def end_at_bankid(bankid: BankId, order_ref: str) -> None:
    """End an order that nothing will come of; where BankID is away it ends by itself."""
    try:
        bankid.cancel(order_ref)
    except (BankIdUnavailable, SigningOrderUnknown) as error:
        _log.info("bankid_order_not_ended", reason=error.slug)


@dataclass(frozen=True)
class Asking:
    """Asks about orders; *handlers* and *roots* are as in `Signings`."""

    runtime: Runtime
    bankid: BankId
    handlers: Mapping[SigningPurpose, Handler]
    roots: Roots

    def ask(self, signing_id: uuid.UUID, *, secret_hash: bytes | None = None, renewed_from: str | None = None) -> Asked:
        """Ask BankID if it is time.

        With *secret_hash* only about an order of that secret. With *renewed_from*, an address, an order that nobody has
        begun is renewed where there is time left.
        """
        order_ref = self._claim(signing_id, secret_hash)
        if order_ref is None:
            return Asked()
        collected: Collected | None
        try:
            collected = self.bankid.collect(order_ref)
        except BankIdUnavailable as error:
            _log.warning("bankid_unavailable", reason=error.reason)
            collected = None
        except SigningOrderUnknown:
            collected = Collected("failed", _EXPIRED, None)
        if collected is not None and collected.status == "pending":
            return Asked(standing=self._note(signing_id, collected.hint_code))
        not_begun = collected is not None and collected.hint_code == _NOT_BEGUN
        if not_begun and renewed_from is not None and self._renew(signing_id, renewed_from):
            return Asked()
        with self.runtime.database.transaction() as session:
            return Asked(is_over=self._take(session, signing_id, collected))

    def _claim(self, signing_id: uuid.UUID, secret_hash: bytes | None) -> str | None:
        """The order's reference, if the order is pending and this caller is the one to ask now."""
        now = self.runtime.wall.now()
        given = {"signing_id": signing_id, "now": now, "until": now + ASKING_LASTS}
        with self.runtime.database.transaction() as session:
            if secret_hash is None:
                sealed = session.execute(_CLAIM, given).scalar_one_or_none()
            else:
                sealed = session.execute(_CLAIM_OF_SECRET, given | {"secret": secret_hash}).scalar_one_or_none()
            return opened(self.runtime, sealed, ORDER_REF) if sealed is not None else None

    def _note(self, signing_id: uuid.UUID, hint_code: str | None) -> Standing | None:
        """How the order stands while BankID still waits for the person; None where it has been ended meanwhile."""
        due = self.runtime.wall.now() + ASKED_EVERY
        with self.runtime.database.transaction() as session:
            row = session.execute(_NOTE, {"signing_id": signing_id, "hint": hint_code, "due": due}).one_or_none()
        return None if row is None else Standing.of(row)

    def _renew(self, signing_id: uuid.UUID, end_user_ip: str) -> bool:
        """Whether a new order took the place of one that nobody has begun; the caller has claimed the question."""
        with self.runtime.database.transaction() as session:
            signing = session.get_one(Signing, signing_id)
            if signing.renew_until is None or self.runtime.wall.now() >= signing.renew_until:
                return False
            to_sign = to_sign_of(session, self.runtime, signing)
            before = signing.return_nonce_hash
            back = return_to(self.runtime, signing_id) if before else None
        try:
            order = place(self.bankid, to_sign, end_user_ip, return_url=back.url if back else None)
        except (BankIdUnavailable, SigningInProgress) as error:
            _log.info("bankid_order_not_renewed", reason=error.slug)
            return False
        with self.runtime.database.transaction() as session:
            signing = session.get_one(Signing, signing_id, with_for_update=True, populate_existing=True)
            if signing.state == SigningState.PENDING and signing.return_nonce_hash == before:
                renew(session, self.runtime, signing, order, nonce_hash=back.nonce_hash if back else None)
                return True
        end_at_bankid(self.bankid, order.order_ref)  # the watcher gave up, or chose this device, while it was placed
        return True

    def _take(self, session: Session, signing_id: uuid.UUID, collected: Collected | None) -> bool:
        signing = session.get_one(Signing, signing_id, with_for_update=True, populate_existing=True)
        if signing.state != SigningState.PENDING:
            return False
        signing.collect_after = self.runtime.wall.now() + ASKED_EVERY
        if collected is None:
            return False
        if collected.completion is not None:
            handler = self.handlers.get(SigningPurpose(signing.purpose))
            received = Received(collected.completion, self.roots, handler)
            take(session, self.runtime, signing, received, at=self.runtime.clock.now())
            return True
        signing.hint_code = collected.hint_code
        if collected.status == "failed":
            signing.state = str(SigningState.FAILED)
        return collected.status == "failed"
