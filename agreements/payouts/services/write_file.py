"""The payment files of a day: fixed when they are made, the same bytes however often they are sent (rules P2, P3).

Whoever changes a file has locked the agreements of its payouts, then the payouts, then the file.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.credit.service import details_of, lock_agreement
from agreements.payouts.formats import Debtor, PainVersion, PayoutOrder, pain_001
from agreements.payouts.models import Payout, PayoutFile
from agreements.payouts.rules import needs_second_person
from agreements.payouts.services.order_payout import account_of
from underwriting.kernel.errors import NotFound
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date, stockholm_instant
from underwriting.kernel.vocabulary import PayoutFileState, PayoutState
from underwriting.platform import audit_log
from underwriting.platform.runtime import Runtime

SYSTEM = "system"
_CONTENT = "payout_file.content"


@dataclass(frozen=True, slots=True)
class FileTerms:
    """What the bank has agreed to, and the sum of a day *above* which a second person releases files (rule P2)."""

    debtor: Debtor
    version: PainVersion = PainVersion.V03
    above: Money | None = None


@dataclass(frozen=True, slots=True)
class PaymentFile:
    """A file that its holder may send until *leased_until*; *is_first* when nobody can have sent it before."""

    file_id: uuid.UUID
    message_id: str
    content: bytes = field(repr=False)
    leased_until: datetime
    is_first: bool


@dataclass(frozen=True, slots=True)
class LockedFile:
    """A file and what is in it, each payout with its agreement, held to the end of the transaction."""

    row: PayoutFile
    payouts: tuple[tuple[Agreement, Payout], ...]


def lock_payouts(session: Session, payout_ids: Sequence[uuid.UUID]) -> tuple[tuple[Agreement, Payout], ...]:
    """The payouts with their agreements as they stand now, held; by the ids of agreements, then of payouts."""
    query = sa.select(Payout.id, Payout.agreement_id).where(Payout.id.in_(payout_ids))
    pairs = sorted((agreement_id, payout_id) for payout_id, agreement_id in session.execute(query))
    agreements = {one: lock_agreement(session, one) for one in dict.fromkeys(agreement_id for agreement_id, _ in pairs)}
    return tuple(
        (agreements[one], session.get_one(Payout, payout_id, with_for_update=True, populate_existing=True))
        for one, payout_id in pairs
    )


def lock_file(session: Session, file_id: uuid.UUID) -> LockedFile:
    """The file and what is in it, held; NotFound without."""
    payout_ids = session.scalars(sa.select(Payout.id).where(Payout.file_id == file_id)).all()
    payouts = lock_payouts(session, payout_ids)
    row = session.get(PayoutFile, file_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    return LockedFile(row, tuple((agreement, payout) for agreement, payout in payouts if payout.file_id == file_id))


def make_file(
    session: Session,
    runtime: Runtime,
    terms: FileTerms,
    payouts: Sequence[tuple[Agreement, Payout]],
    *,
    at: datetime,
) -> PayoutFile:
    """The file of today that pays the locked *payouts*: released, or waiting for a second person (rules P1, P2).

    Nobody else makes one meanwhile: the caller has the turn.
    """
    total = Money.sum(Money(payout.amount_ore) for _, payout in payouts)
    second_person = needs_second_person(
        total,
        released_without=_released_without_person(session, at),
        above=terms.above,
        account_changed=any(payout.second_person for _, payout in payouts),
    )
    row = _write(session, runtime, terms, payouts, message_id=_new_message_id(at), second_person=second_person, at=at)
    if second_person:
        note(session, row, "payout_file.prepared", actor=SYSTEM, at=at)
    else:
        release(session, row, actor=SYSTEM, at=at)
    return row


def replace_file(
    session: Session, runtime: Runtime, terms: FileTerms, agreement: Agreement, payout: Payout, *, at: datetime
) -> PayoutFile:
    """A file of the locked *payout* alone, where the one that it was in can't be sent again; the bank has seen neither.

    The bank knows the payment by the same id as before. A person's release holds: the payment is the one released.
    """
    message_id = payout.end_to_end_id if payout.file_id is None else _new_message_id(at)
    row = _write(session, runtime, terms, [(agreement, payout)], message_id=message_id, second_person=False, at=at)
    release(session, row, actor=SYSTEM, at=at)
    row.state, row.sent_at = str(PayoutFileState.SENT), at
    session.flush()
    return row


def release(session: Session, row: PayoutFile, *, actor: str, at: datetime) -> None:
    """The locked file may be sent from now on."""
    row.state, row.released_by, row.released_at = str(PayoutFileState.RELEASED), actor, at
    session.flush()
    note(session, row, "payout_file.released", actor=actor, at=at)


def dissolve(session: Session, file: LockedFile, *, reason: str, at: datetime, actor: str = SYSTEM) -> None:
    """The file was never sent and never is; what is still ordered goes into another one."""
    file.row.state = str(PayoutFileState.DISSOLVED)
    for _, payout in file.payouts:
        if payout.state == PayoutState.ORDERED:
            payout.file_id = None  # what is held has left it already
    note(session, file.row, "payout_file.dissolved", actor=actor, at=at, reason=reason)


def content_of(runtime: Runtime, row: PayoutFile) -> bytes:
    """What is sent."""
    return runtime.cipher.decrypt(row.content_encrypted, context=_CONTENT)


def note(
    session: Session, row: PayoutFile, action: str, *, actor: str, at: datetime, reason: str | None = None
) -> None:
    """Tell the audit log of the file as it stands."""
    data = {"sha256": row.sha256.hex(), "payments": str(row.payments), "total": str(Money(row.total_ore))}
    if reason is not None:
        data["reason"] = reason
    audit_log.append(session, f"payout-file:{row.id}", action, actor=actor, at=at, data=data)


def _new_message_id(at: datetime) -> str:
    # Random, since a bank remembers ids for longer than a sandbox remembers its files.
    return f"P{stockholm_date(at):%Y%m%d}-{uuid.uuid4().hex[:20]}"


def _write(
    session: Session,
    runtime: Runtime,
    terms: FileTerms,
    payouts: Sequence[tuple[Agreement, Payout]],
    *,
    message_id: str,
    second_person: bool,
    at: datetime,
) -> PayoutFile:
    on = stockholm_date(at)
    lines = [_line(runtime, agreement, payout, on) for agreement, payout in payouts]
    content = pain_001(lines, message_id=message_id, debtor=terms.debtor, created_at=at, version=terms.version)
    row = PayoutFile(
        message_id=message_id,
        execute_on=on,
        state=str(PayoutFileState.PREPARED),
        content_encrypted=runtime.cipher.encrypt(content, context=_CONTENT, subject=f"payout_file:{message_id}"),
        sha256=hashlib.sha256(content).digest(),
        payments=len(lines),
        total_ore=Money.sum(line.amount for line in lines).ore,
        second_person=second_person,
        made_at=at,
    )
    session.add(row)
    session.flush()
    for _, payout in payouts:
        payout.file_id = row.id
    return row


def _line(runtime: Runtime, agreement: Agreement, payout: Payout, on: date) -> PayoutOrder:
    return PayoutOrder(
        end_to_end_id=payout.end_to_end_id,
        bankgiro=account_of(runtime, payout),
        creditor_name=details_of(runtime, agreement).name,
        amount=Money(payout.amount_ore),
        execute_on=on,
        message=f"Kreditavtal {agreement.number}",
    )


def _released_without_person(session: Session, at: datetime) -> Money:
    """What may have left, or leave, the account today without anybody having looked at it."""
    query = sa.select(sa.func.coalesce(sa.func.sum(PayoutFile.total_ore), 0)).where(
        PayoutFile.made_at >= stockholm_instant(stockholm_date(at)),
        PayoutFile.released_by == SYSTEM,
        PayoutFile.state.in_([str(PayoutFileState.RELEASED), str(PayoutFileState.SENT)]),
    )
    return Money(int(session.execute(query).scalar_one()))
