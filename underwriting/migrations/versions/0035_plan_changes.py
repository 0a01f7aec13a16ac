"""Changes of a repayment plan by agreement (rule G7)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from underwriting.platform.database import SERVICE_ROLE

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_OLD_PURPOSES = ("identify", "application", "confirmation", "agreement", "guarantee", "counter_offer")
_PURPOSES = (*_OLD_PURPOSES, "plan_change", "plan_change_consent")


def upgrade() -> None:
    """Add them."""
    _check(_PURPOSES)
    op.create_table(
        "plan_change",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("repayment_plan", sa.Text(), nullable=False),
        sa.Column("term_months", sa.Integer(), nullable=False),
        sa.Column("repayment_plan_before", sa.Text(), nullable=False),
        sa.Column("term_months_before", sa.Integer(), nullable=False),
        sa.Column("first_month", sa.Date(), nullable=False),
        sa.Column("sign_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("fees_before_ore", sa.BigInteger(), nullable=False),
        sa.Column("fees_after_ore", sa.BigInteger(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("plan_before", postgresql.JSONB(), nullable=True),
        sa.Column("plan_after", postgresql.JSONB(), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'in_effect', 'lapsed', 'withdrawn')", name=op.f("ck_plan_change_state")
        ),
        sa.CheckConstraint("repayment_plan IN ('straight', 'at_term')", name=op.f("ck_plan_change_repayment_plan")),
        sa.CheckConstraint(
            "repayment_plan_before IN ('straight', 'at_term')", name=op.f("ck_plan_change_repayment_plan_before")
        ),
        sa.CheckConstraint("extract(day FROM first_month) = 1", name=op.f("ck_plan_change_first_month")),
        sa.CheckConstraint("(state = 'pending') = (settled_at IS NULL)", name=op.f("ck_plan_change_settled")),
        sa.CheckConstraint(
            "(state = 'in_effect') = (plan_before IS NOT NULL) AND (plan_before IS NULL) = (plan_after IS NULL)",
            name=op.f("ck_plan_change_plans"),
        ),
        sa.CheckConstraint("state <> 'in_effect' OR settled_at < sign_by", name=op.f("ck_plan_change_in_time")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_plan_change_agreement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_change")),
    )
    op.create_index(op.f("ix_plan_change_agreement_id"), "plan_change", ["agreement_id"], unique=False)
    op.create_index(
        "uq_plan_change_pending",
        "plan_change",
        ["agreement_id"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON plan_change TO {SERVICE_ROLE}")


def downgrade() -> None:
    """Remove them; refused by the database where somebody has signed one."""
    op.drop_table("plan_change")
    _check(_OLD_PURPOSES)


def _check(purposes: tuple[str, ...]) -> None:
    words = ", ".join(f"'{purpose}'" for purpose in purposes)
    op.drop_constraint(op.f("ck_signing_purpose"), "signing", type_="check")
    op.create_check_constraint(op.f("ck_signing_purpose"), "signing", f"purpose IN ({words})")
