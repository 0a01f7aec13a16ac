"""The late interest of each claim of an agreement as of a day, and what of it stands in the books (rule R5).

A claim is a line of an invoice: what no invoice has asked for bears none. It bears from the day after the invoice's due
day, or after the day of the plan where that is later. Late interest and costs bear no interest themselves.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session, aliased

from agreements.invoices.models import ClaimPayment, InvoiceLine
from agreements.invoices.service import InvoiceClaim, claims_of, not_invoiced
from agreements.late_payment import rules
from agreements.late_payment.models import LateInterestRow
from agreements.late_payment.rules import DatedClaim, LateInterest
from agreements.late_payment.services.keep_rates import rates_of
from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from agreements.ledger.models import LedgerEntry, LedgerLine
from agreements.ledger.rules import PostingKind
from underwriting.kernel.money import Money
from underwriting.kernel.statutes import StatutoryValueMissing
from underwriting.kernel.vocabulary import Account, InvoiceLineKind
from underwriting.platform import audit_log

_BEARING = (
    *(InvoiceLineKind.MONTHLY_FEE, InvoiceLineKind.CANCELLATION_FEE),
    *(InvoiceLineKind.PAPER_FEE, InvoiceLineKind.INSTALMENT),
)
_PAYING = (PostingKind.PAYMENT, PostingKind.ALLOCATION)

_log = structlog.get_logger(__name__)

Paid = Sequence[tuple[date, Money]]


@dataclass(frozen=True, slots=True)
class ClaimInterest:
    """The late interest of one line through a day; *booked* of it stands in the books."""

    line_id: uuid.UUID
    invoice_id: uuid.UUID
    kind: InvoiceLineKind
    due_on: date
    open: Money
    interest: LateInterest
    booked: Money


def interest_of(session: Session, agreement_id: uuid.UUID, *, through: date) -> tuple[ClaimInterest, ...]:
    """The late interest of each claim that bears any through the day *through*, the oldest first.

    Raises StatutoryValueMissing, which names the half-year whose reference rate is missing.
    """
    claims = [one for one in claims_of(session, agreement_id) if one.kind in _BEARING]
    if not any(one.due_on < through for one in claims):
        return ()
    rates, booked = rates_of(session), _booked(session, agreement_id)
    paid = _paid(session, agreement_id, claims)
    due = _due_days(session, agreement_id, claims)
    found = []
    for one in claims:
        interest = rules.late_interest(
            one.amount, due_on=due[one.line_id], through=through, rates=rates, paid=paid[str(one.line_id)]
        )
        if interest.amount or booked[one.line_id]:
            found.append(
                ClaimInterest(
                    one.line_id,
                    one.invoice_id,
                    one.kind,
                    due[one.line_id],
                    one.open,
                    interest,
                    Money.sum(Money(row.amount_ore) for row in booked[one.line_id]),
                )
            )
    return tuple(found)


def book_interest(session: Session, agreement_id: uuid.UUID, *, through: date, actor: str, at: datetime) -> Money:
    """Book what the claims of the locked agreement bear through *through* beyond what is booked; how much that is.

    Done twice it books nothing more. Where more is booked than a claim bears, since a payment was told of late or a
    rate was corrected, the newest entries are taken back and what is right is booked; the result may be negative.
    Raises StatutoryValueMissing.
    """
    total, earlier = Money.ZERO, _booked(session, agreement_id)
    # a payment that is told of late does not shorten the time for which there is interest in the books
    through = max([through, *(row.through_on for rows in earlier.values() for row in rows)])
    for one in interest_of(session, agreement_id, through=through):
        standing = one.booked
        for row in sorted(earlier[one.line_id], key=lambda row: row.through_on, reverse=True):
            if standing <= one.interest.amount:
                break
            _take_back(session, row, on=through, at=at)
            standing -= Money(row.amount_ore)
        total += one.interest.amount - one.booked
        if one.interest.amount > standing:
            _book(session, agreement_id, one, one.interest.amount - standing, through=through, at=at)
    if total:
        data = {"amount": str(total), "through": through.isoformat()}
        audit_log.append(session, f"agreement:{agreement_id}", "late_interest.booked", actor=actor, at=at, data=data)
    return total


def book_known_interest(session: Session, agreement_id: uuid.UUID, *, through: date, actor: str, at: datetime) -> Money:
    """`book_interest`, but nothing where a half-year's rate is missing: money that comes in is booked all the same.

    What is left out then `book_interest` books in full through the payment's day, once the rate is there.
    """
    try:
        return book_interest(session, agreement_id, through=through, actor=actor, at=at)
    except StatutoryValueMissing as missing:  # raised before anything is written
        _log.warning("late_interest_not_booked", agreement_id=str(agreement_id), missing=str(missing.detail))
        return Money.ZERO


def unbooked_interest(session: Session, agreement_id: uuid.UUID, *, through: date) -> Money:
    """What `book_known_interest` will book through the day *through*, if nothing is paid until then."""
    try:
        found = interest_of(session, agreement_id, through=through)
    except StatutoryValueMissing:
        return Money.ZERO
    return Money.sum(one.interest.amount - one.booked for one in found)


def _book(
    session: Session, agreement_id: uuid.UUID, one: ClaimInterest, amount: Money, *, through: date, at: datetime
) -> None:
    query = sa.select(sa.func.count()).where(LateInterestRow.line_id == one.line_id)
    key = f"{one.line_id}:{1 + session.scalars(query).one()}"
    entry = ledger.post(
        session, agreement_id, postings.late_interest(amount, charge_id=key, occurred_on=through), at=at
    )
    if entry is None:
        return
    session.add(
        LateInterestRow(
            entry_id=entry.id,
            agreement_id=agreement_id,
            line_id=one.line_id,
            through_on=through,
            amount_ore=amount.ore,
            stretches=[
                {
                    "first": stretch.first.isoformat(),
                    "last": stretch.last.isoformat(),
                    "days": stretch.days,
                    "principal": str(stretch.principal),
                    "rate": format(stretch.rate.normalize(), "f"),
                    "interest": str(stretch.shown),
                }
                for stretch in one.interest.stretches
            ],
        )
    )
    session.flush()


def _take_back(session: Session, row: LateInterestRow, *, on: date, at: datetime) -> None:
    """Of what is left on the account the newest charge is unpaid first; what was paid becomes credit balance."""
    entry = session.get(LedgerEntry, row.entry_id)
    if entry is not None:
        left = ledger.balances(session, row.agreement_id)[Account.LATE_INTEREST_RECEIVABLE]
        ledger.reverse(session, entry, occurred_on=on, at=at, still_unpaid=min(left, Money(row.amount_ore)))


def _booked(session: Session, agreement_id: uuid.UUID) -> Mapping[uuid.UUID, list[LateInterestRow]]:
    """What stands in the books, by line; what was taken back does not stand."""
    opposite = aliased(LedgerEntry)
    rows = session.scalars(
        sa.select(LateInterestRow).where(
            LateInterestRow.agreement_id == agreement_id,
            ~sa.exists().where(opposite.reverses_id == LateInterestRow.entry_id),
        )
    )
    found: dict[uuid.UUID, list[LateInterestRow]] = defaultdict(list)
    for row in rows:
        found[row.line_id].append(row)
    return found


def _due_days(session: Session, agreement_id: uuid.UUID, claims: Iterable[InvoiceClaim]) -> Mapping[uuid.UUID, date]:
    """An instalment is due on the day of the plan, or of its invoice where that is later; a fee on its invoice's."""
    planned = {
        row.id: row.arose_on
        for row in session.execute(
            sa.select(InvoiceLine.id, InvoiceLine.arose_on).where(
                InvoiceLine.agreement_id == agreement_id, InvoiceLine.kind == str(InvoiceLineKind.INSTALMENT)
            )
        )
    }
    return {one.line_id: max(one.due_on, planned.get(one.line_id, one.due_on)) for one in claims}


def _paid(session: Session, agreement_id: uuid.UUID, claims: Sequence[InvoiceClaim]) -> Mapping[str, Paid]:
    """When each claim was paid, by its line. What no invoice asks for takes its part of the payments too (rule F8)."""
    named, payments = _named(session, agreement_id), _payments(session, agreement_id)
    standing, others = ledger.balances(session, agreement_id), not_invoiced(session, agreement_id)
    found: dict[str, Paid] = {}
    for account in {one.account for one in claims}:
        own = [one for one in claims if one.account is account]
        dated = [DatedClaim(str(one.line_id), one.due_on, one.amount, named[one.line_id]) for one in own]
        dated += [
            DatedClaim(f"other {number}", due_on, amount)
            for number, (where, due_on, amount) in enumerate(others)
            if where is account
        ]
        found |= rules.payments_of_claims(dated, payments=payments[account], owed=standing[account])
    return found


def _payments(session: Session, agreement_id: uuid.UUID) -> Mapping[Account, list[tuple[date, Money]]]:
    opposite = aliased(LedgerEntry)
    rows = session.execute(
        sa.select(LedgerLine.credit_account, LedgerEntry.occurred_on, LedgerLine.amount_ore)
        .join(LedgerEntry, LedgerEntry.id == LedgerLine.entry_id)
        .where(
            LedgerEntry.agreement_id == agreement_id,
            LedgerEntry.kind.in_([str(kind) for kind in _PAYING]),
            ~sa.exists().where(opposite.reverses_id == LedgerEntry.id),
        )
        .order_by(LedgerEntry.occurred_on, LedgerEntry.id)
    )
    found: dict[Account, list[tuple[date, Money]]] = defaultdict(list)
    for account, on, ore in rows:
        found[Account(account)].append((on, Money(ore)))
    return found


def _named(session: Session, agreement_id: uuid.UUID) -> Mapping[uuid.UUID, list[tuple[date, Money]]]:
    opposite = aliased(LedgerEntry)
    rows = session.execute(
        sa.select(ClaimPayment.line_id, LedgerEntry.occurred_on, ClaimPayment.amount_ore)
        .join(LedgerEntry, LedgerEntry.id == ClaimPayment.entry_id)
        .where(
            LedgerEntry.agreement_id == agreement_id,
            ~sa.exists().where(opposite.reverses_id == LedgerEntry.id),
        )
        .order_by(LedgerEntry.occurred_on, LedgerEntry.id)
    )
    found: dict[uuid.UUID, list[tuple[date, Money]]] = defaultdict(list)
    for line_id, on, ore in rows:
        found[line_id].append((on, Money(ore)))
    return found
