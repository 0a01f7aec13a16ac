"""The fees of one agreement as charged, and explained day by day (rules F1, F2, F10)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.billing import rules
from agreements.billing.models import FeeCorrection, MonthlyFee
from agreements.billing.rules import FeeExplanation, Movement, MovementKind
from agreements.credit.models import Agreement, PlannedInstalment
from agreements.credit.rules import Instalment
from agreements.ledger import service as ledger
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import FeeCorrectionReason


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
class Correction:
    """What a fact that was told of later has changed in a month's fee, and why (rule F10)."""

    corrected_at: datetime
    reason: FeeCorrectionReason
    basis_before: Money
    fee_before: Money
    basis: Money
    fee: Money


@dataclass(frozen=True, slots=True)
class ExplainedFee(FeeExplanation):
    """How a fee comes about, when it was charged and taken back, if it was, and what corrected it, oldest first."""

    charged_at: datetime | None
    reversed_at: datetime | None
    corrections: tuple[Correction, ...]


def explain(session: Session, agreement: Agreement, month: Month) -> ExplainedFee:
    """How the fee of *month* comes about, day by day (rule F10): one that was charged, from what was known then.

    What was known is what the books had when it was charged, or corrected last.
    """
    charged = next((fee for fee in fees_of(session, agreement.id) if fee.month == month), None)
    corrections = _corrections_of(session, agreement.id, month)
    known_at = max((one.corrected_at for one in corrections), default=charged.charged_at if charged else None)
    explained = rules.explain_fee(
        month,
        movements=movements_of(session, agreement.id, booked_by=known_at),
        instalments=instalments_of(session, agreement.id),
        rate=agreement.fee_rate,
    )
    return ExplainedFee(
        **{field.name: getattr(explained, field.name) for field in fields(explained)},
        charged_at=charged.charged_at if charged else None,
        reversed_at=charged.reversed_at if charged else None,
        corrections=corrections,
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


def _corrections_of(session: Session, agreement_id: uuid.UUID, month: Month) -> tuple[Correction, ...]:
    rows = session.scalars(
        sa.select(FeeCorrection)
        .where(FeeCorrection.agreement_id == agreement_id, FeeCorrection.month == month.first_day)
        .order_by(FeeCorrection.corrected_at, FeeCorrection.id)
    )
    return tuple(
        Correction(
            row.corrected_at,
            FeeCorrectionReason(row.reason),
            Money(row.basis_before_ore),
            Money(row.fee_before_ore),
            Money(row.basis_ore),
            Money(row.fee_ore),
        )
        for row in rows
    )
