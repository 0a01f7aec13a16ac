"""Fees that later facts change: taken back and charged anew by entries of their own, with the reason (rule F6)."""

import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from agreements.billing import rules
from agreements.billing.models import FeeCorrection, MonthlyFee
from agreements.billing.rules import FeeExplanation
from agreements.billing.services.read_fees import instalments_of, movements_of
from agreements.credit.models import Agreement
from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from agreements.ledger.models import LedgerEntry
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account, FeeCorrectionReason


def reverse_all(session: Session, agreement_id: uuid.UUID, *, occurred_on: date, at: datetime) -> None:
    """Take back every fee of the locked agreement, which was cancelled in time (rule C6).

    What had been paid of them becomes the borrower's credit balance.
    """
    _correct(session, agreement_id, {}, FeeCorrectionReason.CANCELLED, occurred_on=occurred_on, at=at)


def reverse_unutilised(session: Session, agreement: Agreement, occurred_on: date, at: datetime) -> None:
    """Take back what the locked *agreement* was charged too much for, as is seen now (rules F1, F2, P3).

    So it is where a payout was returned: it was never utilised. A month in which nothing else was used costs nothing;
    one in which something else was, what that costs.
    """
    correct(session, agreement, FeeCorrectionReason.PAYOUT_RETURNED, occurred_on=occurred_on, at=at)


def correct(
    session: Session, agreement: Agreement, reason: FeeCorrectionReason, *, occurred_on: date, at: datetime
) -> int:
    """Let each month that the locked *agreement* was charged for cost what it does as is seen now (rules F1, F2).

    How many months that changes; done again, it changes none. What was paid of a fee that is taken back becomes the
    borrower's credit balance.
    """
    last = session.scalar(sa.select(sa.func.max(MonthlyFee.month)).where(MonthlyFee.agreement_id == agreement.id))
    if last is None:
        return 0
    owed = rules.fees_through(
        Month.of(last),
        movements=movements_of(session, agreement.id),
        instalments=instalments_of(session, agreement.id),
        rate=agreement.fee_rate,
    )
    by_month = {fee.month.first_day: fee for fee in owed}
    return _correct(session, agreement.id, by_month, reason, occurred_on=occurred_on, at=at)


def _correct(
    session: Session,
    agreement_id: uuid.UUID,
    owed: Mapping[date, FeeExplanation],
    reason: FeeCorrectionReason,
    *,
    occurred_on: date,
    at: datetime,
) -> int:
    """See that each charged month costs what is *owed* for it; a month that is not in it costs nothing."""
    unpaid = ledger.balances(session, agreement_id)[Account.FEE_RECEIVABLE]
    rows = session.scalars(
        sa.select(MonthlyFee)
        .where(MonthlyFee.agreement_id == agreement_id)
        .order_by(MonthlyFee.month.desc())  # payments go to the oldest first: what is unpaid belongs to the newest
    )
    count = 0
    for row in rows:
        stands = Money.ZERO if row.reversed_at else Money(row.fee_ore)
        of_row = min(unpaid, stands)
        unpaid -= of_row
        basis = owed[row.month].basis if row.month in owed else Money.ZERO
        if basis == (Money.ZERO if row.reversed_at else Money(row.basis_ore)):
            continue
        _correct_one(session, row, owed.get(row.month), reason, unpaid=of_row, occurred_on=occurred_on, at=at)
        count += 1
    return count


def _correct_one(
    session: Session,
    row: MonthlyFee,
    owed: FeeExplanation | None,
    reason: FeeCorrectionReason,
    *,
    unpaid: Money,
    occurred_on: date,
    at: datetime,
) -> None:
    """Note what changes; take the fee back and charge it anew, where its sum changes."""
    before = Money.ZERO if row.reversed_at else Money(row.fee_ore)
    after = owed.fee if owed else Money.ZERO
    standing = _entry_of(session, row) if before and before != after else None
    if standing is not None:
        ledger.reverse(session, standing, occurred_on=occurred_on, at=at, still_unpaid=unpaid)
    if owed is not None and after and before != after:
        _charge_anew(session, row, owed, at=at)
    session.add(
        FeeCorrection(
            agreement_id=row.agreement_id,
            month=row.month,
            corrected_at=at,
            reason=str(reason),
            basis_before_ore=0 if row.reversed_at else row.basis_ore,
            fee_before_ore=before.ore,
            basis_ore=owed.basis.ore if owed else 0,
            fee_ore=after.ore,
            taken_back_id=standing.id if standing else None,
        )
    )
    if owed is None:
        row.reversed_at = at
    else:
        row.basis_ore, row.fee_ore, row.reversed_at = owed.basis.ore, after.ore, None


def _charge_anew(session: Session, row: MonthlyFee, owed: FeeExplanation, *, at: datetime) -> None:
    """The fee of a month once more, as at its end; what was paid of the one taken back is in the balance."""
    first = ledger.entry_of(session, f"fee:{row.agreement_id}:{owed.month}")
    occurred_on = first.occurred_on if first else owed.month.end - timedelta(days=1)
    posting = postings.monthly_fee(owed.fee, agreement_id=row.agreement_id, month=owed.month, occurred_on=occurred_on)
    if first is not None:
        latest = session.scalars(_entries_of(row).order_by(LedgerEntry.id.desc()).limit(1)).one()
        posting = replace(posting, business_key=f"{posting.business_key}:after:{latest.id}")
    ledger.post(session, row.agreement_id, posting, at=at)


def _entry_of(session: Session, row: MonthlyFee) -> LedgerEntry | None:
    """What the fee is owed by: its first entry, or the one after those that were taken back."""
    taken_back = aliased(LedgerEntry)
    return session.scalar(_entries_of(row).where(~sa.exists().where(taken_back.reverses_id == LedgerEntry.id)))


def _entries_of(row: MonthlyFee) -> sa.Select[LedgerEntry]:
    first = f"fee:{row.agreement_id}:{Month.of(row.month)}"
    return sa.select(LedgerEntry).where(
        LedgerEntry.agreement_id == row.agreement_id,
        sa.or_(LedgerEntry.business_key == first, LedgerEntry.business_key.startswith(f"{first}:after:")),
    )
