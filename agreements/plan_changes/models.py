"""Rows of changes of repayment plans."""

import uuid
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import PlanChangeState, RepaymentPlan
from underwriting.platform.database import Base, Identified, one_of


class PlanChange(Identified, Base):
    """Another repayment plan that the lender proposed, and that the company and each guarantor sign (rule G7).

    Once it is in effect the plans before and after are kept with it, so that any past figure can still be explained.
    """

    __tablename__ = "plan_change"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", PlanChangeState), "state"),
        sa.CheckConstraint(one_of("repayment_plan", RepaymentPlan), "repayment_plan"),
        sa.CheckConstraint(one_of("repayment_plan_before", RepaymentPlan), "repayment_plan_before"),
        sa.CheckConstraint("extract(day FROM first_month) = 1", "first_month"),
        sa.CheckConstraint("(state = 'pending') = (settled_at IS NULL)", "settled"),
        sa.CheckConstraint(
            "(state = 'in_effect') = (plan_before IS NOT NULL) AND (plan_before IS NULL) = (plan_after IS NULL)",
            "plans",
        ),
        sa.CheckConstraint("state <> 'in_effect' OR settled_at < sign_by", "in_time"),
        # one at a time
        sa.Index("uq_plan_change_pending", "agreement_id", unique=True, postgresql_where=sa.text("state = 'pending'")),
    )
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"), index=True)
    state: Mapped[str]
    repayment_plan: Mapped[str]
    term_months: Mapped[int] = mapped_column(sa.Integer)
    repayment_plan_before: Mapped[str]
    term_months_before: Mapped[int] = mapped_column(sa.Integer)
    first_month: Mapped[date]  # its first day: the instalments from then on are moved
    sign_by: Mapped[datetime]
    fees_before_ore: Mapped[int]  # of the first month and those after it, as everybody has read it
    fees_after_ore: Mapped[int]
    proposed_by: Mapped[str]
    proposed_at: Mapped[datetime]
    settled_by: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    plan_before: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    plan_after: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
