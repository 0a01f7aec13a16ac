"""The monthly fees of one agreement: charged, explained, taken back (rules F1, F2, F10, C6)."""

import uuid
from datetime import date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agreements.billing import rules
from agreements.billing.models import MonthlyFee
from agreements.billing.rules import FeeExplanation
from agreements.billing.services.charge_month import (
    FeeRunView,
    MonthNotOver,
    RunResult,
    charge_begun,
    charge_month,
    require_chargeable,
    run_due,
    runs,
)
from agreements.billing.services.correct_fees import correct, reverse_all, reverse_unutilised
from agreements.billing.services.read_fees import (
    ChargedFee,
    Correction,
    ExplainedFee,
    explain,
    fees_of,
    instalments_of,
    movements_of,
)
from agreements.credit.models import Agreement
from agreements.ledger import rules as postings
from agreements.ledger import service as ledger
from agreements.ledger.models import LedgerLine
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account

__all__ = [
    "ChargedFee",
    "Correction",
    "ExplainedFee",
    "FeeRunView",
    "MonthNotOver",
    "RunResult",
    "charge_begun",
    "charge_month",
    "charge_through",
    "correct",
    "explain",
    "fees_of",
    "instalments_of",
    "movements_of",
    "paid_fees",
    "require_chargeable",
    "reverse_all",
    "reverse_unutilised",
    "run_due",
    "runs",
    "uncharged",
]


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


def paid_fees(session: Session, agreement_id: uuid.UUID, *, by: date) -> Money:
    """What has been paid of the agreement's monthly fees, booked on *by* at the latest."""
    paid = sa.select(sa.func.coalesce(sa.func.sum(LedgerLine.amount_ore), 0)).where(
        LedgerLine.agreement_id == agreement_id,
        LedgerLine.credit_account == str(Account.FEE_RECEIVABLE),
        LedgerLine.debit_account.in_([str(Account.BANK), str(Account.CREDIT_BALANCE)]),
        LedgerLine.occurred_on <= by,
    )
    return Money(int(session.execute(paid).scalar_one()))


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
