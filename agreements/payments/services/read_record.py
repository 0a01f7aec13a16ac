"""What the books say of a borrower as they stood at a moment: credits, what was paid in time or late, the exposure;
and of a guarantor: what is promised.

Nothing is read that was granted, booked or ended after that moment: to look back gives what was seen then.
"""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement, PlannedInstalment
from agreements.guarantees.models import Guarantee
from agreements.ledger.models import LedgerEntry, LedgerLine
from agreements.ledger.rules import OWED, PostingKind
from agreements.payments.rules import Payments, Settled, settled_claims
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import Account


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """The lender's history with a company at a moment; *credits* are those that were paid out.

    *exposure* is what it owes and may still draw, *group_exposure* that of it and the agreements named as its group's.
    """

    credits: int
    settled: Settled
    exposure: Money
    group_exposure: Money


def record_of(session: Session, company: bytes, *, group: Collection[bytes], at: datetime) -> Record:
    """The record at *at* of the company with this blind index; *group* are the indexes of persons who tie others to it.

    To the group belongs every agreement that one of them signed for, or has as a sole trader.
    """
    agreements = _agreements(session, company, group, at)
    lines = _lines(session, [row.id for row in agreements], at)
    exposures = {row.id: _exposure(row, lines[row.id], at) for row in agreements}
    own = [row for row in agreements if row.company_index == company]
    return Record(
        credits=sum(any(line.kind == PostingKind.PAYOUT for line in _standing(lines[row.id])) for row in own),
        settled=_settled(session, own, lines, at=at),
        exposure=Money.sum(exposures[row.id] for row in own),
        group_exposure=Money.sum(exposures.values()),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Promises:
    """A person's guarantees at a moment (rule G6), those of credits that are granted and not yet signed among them.

    *at_risk* is what is owed and may still be drawn of each credit, at most the cap; *caps* is the sum of the caps.
    """

    at_risk: Money
    caps: Money


def promises_of(session: Session, person: bytes, *, at: datetime) -> Promises:
    """What the person with this blind index has promised, or is to sign for, at *at*."""
    query = (
        sa.select(Guarantee.cap_ore, Agreement.id, Agreement.limit_ore, Agreement.ended_at)
        .join(Agreement, Agreement.id == Guarantee.agreement_id)
        .where(
            Guarantee.person_index == person,
            Agreement.granted_at <= at,
            sa.or_(Guarantee.ended_at.is_(None), Guarantee.ended_at > at),
        )
    )
    rows = session.execute(query).all()
    lines = _lines(session, [row.id for row in rows], at) if rows else {}
    at_risk = (min(Money(row.cap_ore), _exposure(row, lines.get(row.id, ()), at)) for row in rows)
    return Promises(at_risk=Money.sum(at_risk), caps=Money.sum(Money(row.cap_ore) for row in rows))


def _agreements(session: Session, company: bytes, group: Collection[bytes], at: datetime) -> Sequence[Any]:
    persons = list(group)
    query = sa.select(Agreement.id, Agreement.company_index, Agreement.limit_ore, Agreement.ended_at).where(
        sa.or_(
            Agreement.company_index == company,
            Agreement.company_index.in_(persons),
            Agreement.signatory_index.in_(persons),
        ),
        Agreement.granted_at <= at,
    )
    return session.execute(query).all()


def _lines(session: Session, agreement_ids: Collection[uuid.UUID], at: datetime) -> Mapping[uuid.UUID, list[Any]]:
    """The lines that had been booked by then, by agreement, in the order of their days."""
    entry, line = LedgerEntry, LedgerLine
    query = (
        sa.select(
            line.agreement_id,
            line.occurred_on,
            line.debit_account,
            line.credit_account,
            line.amount_ore,
            entry.id.label("entry_id"),
            entry.kind,
            entry.booked_at,
            entry.reverses_id,
        )
        .join(entry, entry.id == line.entry_id)
        .where(line.agreement_id.in_(list(agreement_ids)), entry.booked_at <= at)
        .order_by(line.occurred_on, line.id)
    )
    found: dict[uuid.UUID, list[Any]] = defaultdict(list)
    for row in session.execute(query):
        found[row.agreement_id].append(row)
    return found


def _standing(lines: Iterable[Any]) -> list[Any]:
    """Without what was taken back, and what took it back."""
    told = list(lines)
    taken_back = {line.reverses_id for line in told}
    return [line for line in told if line.reverses_id is None and line.entry_id not in taken_back]


def _exposure(agreement: Any, lines: Iterable[Any], at: datetime) -> Money:
    """What is owed, and of an agreement that has not ended what may still be drawn: the credit does not revolve."""
    told = list(lines)
    owed = sum(_moved(told, account) for account in OWED)
    drawn = sum(line.amount_ore for line in _standing(told) if line.kind == PostingKind.PAYOUT)
    open_limit = 0 if agreement.ended_at is not None and agreement.ended_at <= at else agreement.limit_ore - drawn
    return Money(max(0, owed) + max(0, open_limit))


def _moved(lines: Iterable[Any], account: Account) -> int:
    word = str(account)
    return sum(
        line.amount_ore if line.debit_account == word else -line.amount_ore
        for line in lines
        if word in (line.debit_account, line.credit_account)
    )


def _settled(
    session: Session, agreements: Collection[Any], lines: Mapping[uuid.UUID, list[Any]], *, at: datetime
) -> Settled:
    """How the fees and instalments of these agreements that have been to be paid were paid.

    What would have fallen due after an agreement had ended was never to be paid.
    """
    planned, total = _planned(session, [row.id for row in agreements], on=stockholm_date(at)), Settled()
    for row in agreements:
        told = _standing(lines[row.id])
        last = stockholm_date(at if row.ended_at is None or row.ended_at > at else row.ended_at)
        fees = [(_charged_on(line), Money(line.amount_ore)) for line in told if _charges_fee(line)]
        total += settled_claims(fees, paid=_payments(told, Account.FEE_RECEIVABLE), on=stockholm_date(at))
        due = [(due_on, amount) for due_on, amount in planned[row.id] if due_on <= last]
        repaid = [*told, *(line for line in lines[row.id] if line.kind == PostingKind.REVERSAL)]  # a returned payout
        total += settled_claims(due, paid=_payments(repaid, Account.PRINCIPAL), on=stockholm_date(at))
    return total


def _planned(session: Session, agreement_ids: Collection[uuid.UUID], *, on: date) -> Mapping[uuid.UUID, Payments]:
    """The instalments that have fallen due. What is drawn later falls due later, so that this is as it was on *on*."""
    part = PlannedInstalment
    query = sa.select(part.agreement_id, part.due_on, part.amount_ore).where(
        part.agreement_id.in_(list(agreement_ids)), part.due_on < on
    )
    planned: dict[uuid.UUID, list[tuple[date, Money]]] = defaultdict(list)
    for row in session.execute(query):
        planned[row.agreement_id].append((row.due_on, Money(row.amount_ore)))
    return planned


def _charged_on(line: Any) -> date:
    """Nobody is late with a fee that was charged late."""
    occurred_on: date = line.occurred_on
    return max(occurred_on, stockholm_date(line.booked_at))


def _charges_fee(line: Any) -> bool:
    return bool(line.kind == PostingKind.MONTHLY_FEE and line.debit_account == str(Account.FEE_RECEIVABLE))


def _payments(lines: Iterable[Any], account: Account) -> Payments:
    return [(line.occurred_on, Money(line.amount_ore)) for line in lines if line.credit_account == str(account)]
