"""Payments as they are shown: in lists without a word of who paid, or of what a payer has typed; one by one with both,
for who has to know."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.payments.models import IncomingPayment, PaymentFile
from agreements.payments.services.open_payers import told_of_payer
from agreements.payments.services.read_file import state_of
from agreements.payments.services.suggest_matches import Suggestion, suggest
from underwriting.kernel.errors import NotFound
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import PaymentFileState, PaymentState
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment, or a part of one; a negative amount is a deduction.

    In lists *reference* is there only where it is one of ours.
    """

    id: uuid.UUID
    state: PaymentState
    booked_on: date
    reference: str
    amount: Money
    agreement_id: uuid.UUID | None
    matched_by: str | None
    matched_at: datetime | None
    takes_back_id: uuid.UUID | None
    is_reversal: bool


@dataclass(frozen=True, slots=True)
class PayerView:
    """What the bank told of who paid; empty where it told nothing, or where it has been erased."""

    name: str
    account: str
    organisation_number: str
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PaymentInDoubt:
    """One payment with who paid it and whose it may be; of a deduction, which payments it may take back."""

    payment: PaymentView
    payer: PayerView
    suggestions: tuple[Suggestion, ...]
    may_take_back: tuple[PaymentView, ...]


@dataclass(frozen=True, slots=True)
class PaymentFileView:
    """A file of payments and how far it is; *refused* is the slug of why nothing of it is booked."""

    id: uuid.UUID
    state: PaymentFileState
    received_at: datetime
    finished_at: datetime | None
    refused: str | None
    payments: int
    booked: int
    unmatched: int


def payments_in(
    session: Session, state: PaymentState, *, after: uuid.UUID | None = None, limit: int | None = None
) -> tuple[PaymentView, ...]:
    """The payments in *state*, in the order of arrival; at most *limit*, from the one *after* on."""
    query = sa.select(IncomingPayment).where(IncomingPayment.state == str(state)).order_by(IncomingPayment.id)
    if after is not None:
        query = query.where(IncomingPayment.id > after)
    return tuple(view_of(row) for row in session.scalars(query.limit(limit)))


def payment_in_doubt(session: Session, runtime: Runtime, payment_id: uuid.UUID) -> PaymentInDoubt:
    """The payment, who paid it, and while it waits for a person whose it may be; NotFound."""
    row = session.get(IncomingPayment, payment_id)
    if row is None:
        raise NotFound
    told = told_of_payer(session, runtime, row)
    payer = PayerView(
        told.get("name", ""),
        told.get("sender", ""),
        told.get("organisation_number", ""),
        tuple(told.get("texts", ())),
    )
    waits = row.state == PaymentState.UNMATCHED
    return PaymentInDoubt(
        replace(view_of(row), reference=row.reference or told.get("reference", "")),
        payer,
        suggest(session, runtime, row, told) if waits and row.amount_ore > 0 else (),
        tuple(view_of(one) for one in _may_take_back(session, row)) if waits and row.amount_ore < 0 else (),
    )


def payment_files(session: Session, *, before: uuid.UUID | None = None, limit: int) -> tuple[PaymentFileView, ...]:
    """The files of payments, the newest first; at most *limit*, from the one *before* on."""
    query = sa.select(PaymentFile).order_by(PaymentFile.id.desc()).limit(limit)
    rows = session.scalars(query if before is None else query.where(PaymentFile.id < before)).all()
    counted = (
        sa.select(
            IncomingPayment.file_id,
            sa.func.count().label("payments"),
            sa.func.count().filter(IncomingPayment.state.in_(["booked", "reversed"])).label("booked"),
            sa.func.count().filter(IncomingPayment.state == "unmatched").label("unmatched"),
        )
        .where(IncomingPayment.file_id.in_([row.id for row in rows]))
        .group_by(IncomingPayment.file_id)
    )
    counts = {one.file_id: (one.payments, one.booked, one.unmatched) for one in session.execute(counted)}
    return tuple(
        PaymentFileView(
            row.id, state_of(row), row.received_at, row.finished_at, row.refused, *counts.get(row.id, (0, 0, 0))
        )
        for row in rows
    )


def view_of(row: IncomingPayment) -> PaymentView:
    """The row as it is shown in lists."""
    return PaymentView(
        row.id,
        PaymentState(row.state),
        row.booked_on,
        row.reference,
        Money(row.amount_ore),
        row.agreement_id,
        row.matched_by,
        row.matched_at,
        row.takes_back_id,
        row.is_reversal,
    )


def _may_take_back(session: Session, row: IncomingPayment) -> Sequence[IncomingPayment]:
    one = IncomingPayment
    like = [one.reference == row.reference] if row.reference else []
    like += [one.sender_index == row.sender_index] if row.sender_index else []
    like += [one.reference_index == row.reference_index] if row.reference_index else []
    like += [one.end_to_end_index == row.end_to_end_index] if row.end_to_end_index else []
    if not like:
        return ()
    query = sa.select(one).where(
        one.state == str(PaymentState.BOOKED),
        one.bankgiro == row.bankgiro,
        one.amount_ore >= -row.amount_ore,
        sa.or_(*like),
    )
    return session.scalars(query.order_by(one.booked_on.desc(), one.id.desc()).limit(5)).all()
