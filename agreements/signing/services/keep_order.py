"""A BankID order as it is kept: its secrets sealed, at most one alive per person and thing."""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agreements.documents import service as documents
from agreements.documents.models import Document
from agreements.signing import rules
from agreements.signing.client import Order
from agreements.signing.models import Signing
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.vocabulary import SigningPurpose, SigningState
from underwriting.platform.authentication import token_hash
from underwriting.platform.runtime import Runtime

PERSON = "signing.person"
VISIBLE_TEXT = "signing.visible_text"
ORDER_REF = "signing.order_ref"
AUTO_START_TOKEN = "signing.auto_start_token"  # noqa: S105 (the name of an encryption context, as the next one)
QR_START_SECRET = "signing.qr_start_secret"  # noqa: S105
RENEWED_FOR = timedelta(minutes=3)
"""How long after the first order a new one takes its place, in all (BankID's interface, QR code)."""
_CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class ToSign:
    """What one person is to sign: BankID's app shows *visible_text*; the hash of *document* is signed with it.

    Without a document the text itself takes its place.
    """

    person: PersonalNumber
    visible_text: str = field(repr=False)
    document: Document | None = field(default=None, repr=False)

    @property
    def non_visible(self) -> bytes:
        """The data that is signed without being shown."""
        if self.document is None:
            return rules.non_visible_data(self.visible_text.encode())
        return self.document.sha256.hex().encode()


@dataclass(frozen=True, slots=True)
class Started:
    """A started order. Who holds *secret* may watch it and is, once it is complete, logged in as its signer.

    *qr_content* is the code of its first second. What would open it on a device is not told: see `open_here`.
    """

    signing_id: uuid.UUID
    secret: str = field(repr=False)
    qr_content: str = field(repr=False)


def insert_order(
    session: Session,
    runtime: Runtime,
    purpose: SigningPurpose,
    subject_id: uuid.UUID,
    to_sign: ToSign | None,
    order: Order,
) -> Started | None:
    """Keep the *order*; None when the same person has the same thing pending or signed already."""
    secret, now = secrets.token_urlsafe(32), runtime.wall.now()
    person = to_sign.person.digits if to_sign else None
    document = to_sign.document if to_sign else None
    subject = documents.data_subject_of(runtime, document) if document else f"{purpose}:{subject_id}"
    row = {
        "purpose": str(purpose),
        "subject_id": subject_id,
        "document_id": document.id if document else None,
        "person_index": runtime.cipher.blind_index(person) if person else None,
        "person_encrypted": _seal(runtime, person, PERSON, subject) if person else None,
        "state": str(SigningState.PENDING),
        "secret_hash": token_hash(secret),
        **_order_columns(runtime, order, subject),
        "visible_text_encrypted": _seal(runtime, to_sign.visible_text if to_sign else "", VISIBLE_TEXT, subject),
        "started_at": now,
        "collect_after": now,
        "renew_until": now + RENEWED_FOR,
    }
    signing_id = session.scalar(insert(Signing).values(row).on_conflict_do_nothing().returning(Signing.id))
    code = rules.qr_content(order.qr_start_token, order.qr_start_secret, 0)
    return Started(signing_id, secret, code) if signing_id else None


def renew(
    session: Session, runtime: Runtime, signing: Signing, order: Order, *, nonce_hash: bytes | None = None
) -> None:
    """Put the new *order* in the place of the one that the locked *signing* waits for.

    An order for one device has the hash of what its address to return to holds; nothing was brought back for it yet.
    """
    subject = runtime.cipher.subject_of(signing.visible_text_encrypted)
    for name, value in _order_columns(runtime, order, subject).items():
        setattr(signing, name, value)
    signing.return_nonce_hash, signing.returned_at = nonce_hash, None
    signing.hint_code = None
    signing.started_at = signing.collect_after = runtime.wall.now()
    session.flush()


def to_sign_of(session: Session, runtime: Runtime, signing: Signing) -> ToSign | None:
    """What the order was made for; None for an identification."""
    if signing.person_encrypted is None:
        return None
    document = None if signing.document_id is None else documents.get(session, signing.document_id)
    person = PersonalNumber(opened(runtime, signing.person_encrypted, PERSON))
    return ToSign(person, opened(runtime, signing.visible_text_encrypted, VISIBLE_TEXT), document)


def fail_pending(session: Session, runtime: Runtime, which: sa.ColumnElement[bool]) -> Sequence[str]:
    """Fail the pending orders among *which*; their references, to be ended at BankID."""
    failed = session.scalars(
        sa.update(Signing)
        .where(which, Signing.state == str(SigningState.PENDING))
        .values(state=str(SigningState.FAILED), hint_code=_CANCELLED)
        .returning(Signing.order_ref_encrypted)
    ).all()
    return [opened(runtime, sealed, ORDER_REF) for sealed in failed]


def _order_columns(runtime: Runtime, order: Order, subject: str) -> dict[str, Any]:
    return {
        "order_ref_encrypted": _seal(runtime, order.order_ref, ORDER_REF, subject),
        "auto_start_token_encrypted": _seal(runtime, order.auto_start_token, AUTO_START_TOKEN, subject),
        "qr_start_token": order.qr_start_token,
        "qr_start_secret_encrypted": _seal(runtime, order.qr_start_secret, QR_START_SECRET, subject),
    }


def opened(runtime: Runtime, sealed: bytes, context: str) -> str:
    """The text that was sealed in *context*, the name of table and column."""
    return runtime.cipher.decrypt(sealed, context=context).decode()


def _seal(runtime: Runtime, text: str, context: str, subject: str) -> bytes:
    return runtime.cipher.encrypt(text.encode(), context=context, subject=subject)
