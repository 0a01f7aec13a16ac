"""The monthly fees of one agreement: charged, explained, taken back (rules F1, F2, F10, C6)."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from agreements.billing import rules
from agreements.billing.models import MonthlyFee
from agreements.billing.rules import FeeExplanation, Movement, MovementKind
from agreements.billing.services.charge_month import FeeRunView, MonthNotOver, RunResult, charge_month, run_due, runs
from agreements.credit.models import Agreement, PlannedInstalment
from agreements.credit.rules import Instalment
from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from agreements.ledger.models import LedgerEntry, LedgerLine
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account

__all__ = [
    "ChargedFee",
    "ExplainedFee",
    "FeeRunView",
    "MonthNotOver",
    "RunResult",
    "charge_month",
    "charge_through",
    "explain",
    "fees_of",
    "instalments_of",
    "movements_of",
    "paid_fees",
    "reverse_all",
    "reverse_unutilised",
    "run_due",
    "runs",
    "uncharged",
]


@dataclass(frozen=True, slots=True)
class ChargedFee:
    """One month's fee of one agreement, as charged."""

    month: Month
    basis: Money
    rate: Decimal
    fee: Money
    charged_at: datetime
    reversed_at: datetime | None


@dataclass(frozen=True, slots=True)
class ExplainedFee(FeeExplanation):
    """How a fee comes about, and when it was charged and taken back, if it was."""

    charged_at: datetime | None
    reversed_at: datetime | None


def uncharged(session: Session, agreement: Agreement, last: Month) -> tuple[FeeExplanation, ...]:
    """What the *agreement* owes for the months up to *last* that have not been charged, each explained (rule F1)."""
    charged = {fee.month for fee in fees_of(session, agreement.id)}
    explained = rules.fees_through(
        last,
        movements=movements_of(session, agreement.id),
        instalments=instalments_of(session, agreement.id),
        rate=agreement.fee_rate,
    )
    return tuple(fee for fee in explained if fee.month not in charged)


def charge_through(session: Session, agreement: Agreement, last: Month, *, occurred_on: date, at: datetime) -> None:
    """Charge every month up to *last* that the locked *agreement* owes and was not charged for.

    At redemption the running month's fee is charged at once and in full (rules F1 and F3).
    """
    for explained in uncharged(session, agreement, last):
        _charge_one(session, agreement.id, explained, occurred_on=occurred_on, at=at)


def explain(session: Session, agreement: Agreement, month: Month) -> ExplainedFee:
    """How the fee of *month* comes about, day by day (rule F10): one that was charged, from what was known then."""
    charged = next((fee for fee in fees_of(session, agreement.id) if fee.month == month), None)
    explained = rules.explain_fee(
        month,
        movements=movements_of(session, agreement.id, booked_by=charged.charged_at if charged else None),
        instalments=instalments_of(session, agreement.id),
        rate=agreement.fee_rate,
    )
    return ExplainedFee(
        **{field.name: getattr(explained, field.name) for field in fields(explained)},
        charged_at=charged.charged_at if charged else None,
        reversed_at=charged.reversed_at if charged else None,
    )


def fees_of(session: Session, agreement_id: uuid.UUID) -> tuple[ChargedFee, ...]:
    """The fees that were charged on the agreement, oldest month first."""
    rows = session.scalars(
        sa.select(MonthlyFee).where(MonthlyFee.agreement_id == agreement_id).order_by(MonthlyFee.month)
    )
    return tuple(
        ChargedFee(
            Month.of(row.month), Money(row.basis_ore), row.rate, Money(row.fee_ore), row.charged_at, row.reversed_at
        )
        for row in rows
    )


def reverse_all(session: Session, agreement_id: uuid.UUID, *, occurred_on: date, at: datetime) -> None:
    """Take back every fee of the locked agreement, which was cancelled in time (rule C6).

    What had been paid of them becomes the borrower's credit balance.
    """
    _reverse(session, agreement_id, {}, occurred_on=occurred_on, at=at)


def reverse_unutilised(session: Session, agreement: Agreement, occurred_on: date, at: datetime) -> None:
    """Take back what the locked *agreement* was charged too much for, as is seen now (rules F1, F2, P3).

    So it is where a payout was returned: it was never utilised. A month in which nothing else was used costs nothing;
    one in which something else was, what that costs.
    """
    charged = [fee for fee in fees_of(session, agreement.id) if fee.reversed_at is None]
    if not charged:
        return
    owed = rules.fees_through(
        charged[-1].month,
        movements=movements_of(session, agreement.id),
        instalments=instalments_of(session, agreement.id),
        rate=agreement.fee_rate,
    )
    _reverse(session, agreement.id, {fee.month.first_day: fee for fee in owed}, occurred_on=occurred_on, at=at)


def _reverse(
    session: Session,
    agreement_id: uuid.UUID,
    kept: Mapping[date, FeeExplanation],
    *,
    occurred_on: date,
    at: datetime,
) -> None:
    """Take back every fee that is not *kept*, and charge anew, lower, what is kept at less (rule F6: never an edit)."""
    unpaid = ledger.balances(session, agreement_id)[Account.FEE_RECEIVABLE]
    rows = session.scalars(
        sa.select(MonthlyFee)
        .where(MonthlyFee.agreement_id == agreement_id, MonthlyFee.reversed_at.is_(None))
        .order_by(MonthlyFee.month.desc())  # payments go to the oldest first: what is unpaid belongs to the newest
    )
    for row in rows:
        of_row = min(unpaid, Money(row.fee_ore))
        unpaid -= of_row
        owed = kept.get(row.month)
        if owed is not None and owed.fee.ore >= row.fee_ore:
            continue
        entry = _entry_of(session, row)
        if entry is not None:
            ledger.reverse(session, entry, occurred_on=occurred_on, at=at, still_unpaid=of_row)
        if owed is None:
            row.reversed_at = at
        else:
            _charge_less(session, row, owed, after=entry, at=at)


def _charge_less(
    session: Session, row: MonthlyFee, owed: FeeExplanation, *, after: LedgerEntry | None, at: datetime
) -> None:
    """The fee of a month anew, its entry *after* having been taken back; what was paid of it is in the balance."""
    row.basis_ore, row.fee_ore = owed.basis.ore, owed.fee.ore
    if after is not None and owed.fee:
        posting = postings.monthly_fee(
            owed.fee, agreement_id=row.agreement_id, month=owed.month, occurred_on=after.occurred_on
        )
        anew = replace(posting, business_key=f"{posting.business_key}:after:{after.id}")
        ledger.post(session, row.agreement_id, anew, at=at)


def _entry_of(session: Session, row: MonthlyFee) -> LedgerEntry | None:
    """What the fee is owed by: its first entry, or the one after those that were taken back."""
    first = f"fee:{row.agreement_id}:{Month.of(row.month)}"
    taken_back = aliased(LedgerEntry)
    return session.scalar(
        sa.select(LedgerEntry).where(
            LedgerEntry.agreement_id == row.agreement_id,
            sa.or_(LedgerEntry.business_key == first, LedgerEntry.business_key.startswith(f"{first}:after:")),
            ~sa.exists().where(taken_back.reverses_id == LedgerEntry.id),
        )
    )


def paid_fees(session: Session, agreement_id: uuid.UUID, *, by: date) -> Money:
    """What has been paid of the agreement's monthly fees, booked on *by* at the latest."""
    paid = sa.select(sa.func.coalesce(sa.func.sum(LedgerLine.amount_ore), 0)).where(
        LedgerLine.agreement_id == agreement_id,
        LedgerLine.credit_account == str(Account.FEE_RECEIVABLE),
        LedgerLine.debit_account.in_([str(Account.BANK), str(Account.CREDIT_BALANCE)]),
        LedgerLine.occurred_on <= by,
    )
    return Money(int(session.execute(paid).scalar_one()))


def movements_of(
    session: Session, agreement_id: uuid.UUID, *, booked_by: datetime | None = None
) -> tuple[Movement, ...]:
    """The agreement's principal as the rules read it; with *booked_by* what was in the books by then."""
    return tuple(
        Movement(
            moved.occurred_on,
            moved.order,
            MovementKind.DRAWDOWN if moved.amount > Money.ZERO else MovementKind.REPAYMENT,
            moved.amount if moved.amount > Money.ZERO else -moved.amount,
        )
        for moved in ledger.principal_movements(session, agreement_id)
        if booked_by is None or moved.booked_at <= booked_by
    )


def instalments_of(session: Session, agreement_id: uuid.UUID) -> Sequence[Instalment]:
    """The agreement's repayment plan, earliest due day first."""
    rows = session.scalars(
        sa.select(PlannedInstalment)
        .where(PlannedInstalment.agreement_id == agreement_id)
        .order_by(PlannedInstalment.due_on, PlannedInstalment.number)
    )
    return tuple(Instalment(row.number, row.due_on, Money(row.amount_ore)) for row in rows)


def _charge_one(
    session: Session, agreement_id: uuid.UUID, explained: FeeExplanation, *, occurred_on: date, at: datetime
) -> None:
    new = session.scalar(
        insert(MonthlyFee)
        .values(
            agreement_id=agreement_id,
            month=explained.month.first_day,
            basis_ore=explained.basis.ore,
            rate=explained.rate,
            fee_ore=explained.fee.ore,
            charged_at=at,
        )
        .on_conflict_do_nothing()
        .returning(MonthlyFee.fee_ore)
    )
    if new is not None and explained.fee:
        fee_on = min(occurred_on, explained.month.end - timedelta(days=1))
        posting = postings.monthly_fee(
            explained.fee, agreement_id=agreement_id, month=explained.month, occurred_on=fee_on
        )
        ledger.post(session, agreement_id, posting, at=at)
