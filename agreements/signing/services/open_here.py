"""An order that waits for its QR code made into one that is opened on the device where it was begun."""

import uuid
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.signing.client import BankId, Order
from agreements.signing.models import Signing
from agreements.signing.services.ask_bankid import ASKING_LASTS, end_at_bankid, place
from agreements.signing.services.keep_order import ORDER_REF, ToSign, fail_pending, opened, renew, to_sign_of
from agreements.signing.services.return_nonce import ReturnTo, return_to
from underwriting.kernel.errors import NotFound, Refusal
from underwriting.kernel.vocabulary import SigningState
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class _Replaced:
    """The order at BankID that was waited for, and what the new one is placed with."""

    order_ref: str
    to_sign: ToSign | None
    back: ReturnTo


def open_here(runtime: Runtime, bankid: BankId, signing_id: uuid.UUID, secret_hash: bytes, *, end_user_ip: str) -> None:
    """Replace the pending order by one for the starter's device; there is no way back to the QR code.

    An order that is over, or was replaced before, stays as it is. The first transaction marks it: whatever becomes of
    the replaced order, nobody is logged in by it. NotFound unless the secret is the order's; BankIdUnavailable and
    SigningInProgress leave a failed order.
    """
    with runtime.database.transaction() as session:
        replaced = _marked(session, runtime, signing_id, secret_hash)
    if replaced is None:
        return
    end_at_bankid(bankid, replaced.order_ref)  # first: BankID lets a person have one order at a time
    try:
        order = place(bankid, replaced.to_sign, end_user_ip, return_url=replaced.back.url)
    except Refusal:
        with runtime.database.transaction() as session:
            fail_pending(session, runtime, Signing.id == signing_id)
        raise
    if not _kept(runtime, signing_id, order, replaced.back):
        end_at_bankid(bankid, order.order_ref)


def _marked(session: Session, runtime: Runtime, signing_id: uuid.UUID, secret_hash: bytes) -> _Replaced | None:
    of_secret = sa.select(Signing).where(Signing.id == signing_id, Signing.secret_hash == secret_hash)
    signing = session.scalar(of_secret.with_for_update())
    if signing is None:
        raise NotFound
    if signing.state != SigningState.PENDING or signing.return_nonce_hash is not None:
        return None
    to_sign, back = to_sign_of(session, runtime, signing), return_to(runtime, signing_id)
    signing.return_nonce_hash = back.nonce_hash
    signing.collect_after = runtime.wall.now() + ASKING_LASTS  # nobody asks about the order that is being ended
    return _Replaced(opened(runtime, signing.order_ref_encrypted, ORDER_REF), to_sign, back)


def _kept(runtime: Runtime, signing_id: uuid.UUID, order: Order, back: ReturnTo) -> bool:
    """Whether the *order* took its place; not where the signing was ended or marked anew meanwhile."""
    with runtime.database.transaction() as session:
        signing = session.get_one(Signing, signing_id, with_for_update=True, populate_existing=True)
        if signing.state != SigningState.PENDING or signing.return_nonce_hash != back.nonce_hash:
            return False
        renew(session, runtime, signing, order, nonce_hash=back.nonce_hash)
        return True
