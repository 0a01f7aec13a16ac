"""Fee runs divided into chunks that workers take, and what corrected a fee (rules F1, F10)."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_REASONS = "reason IN ('cancelled', 'payout_returned', 'payout_late', 'payment_late', 'payment_reversed')"


def upgrade() -> None:
    """Add them; a run that is under way is divided when it goes on."""
    op.create_table(
        "fee_chunk",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("charged_count", sa.Integer(), nullable=False),
        sa.Column("charged_ore", sa.BigInteger(), nullable=False),
        sa.Column("through_id", sa.Uuid(), nullable=False),
        sa.Column("after_id", sa.Uuid(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["month"], ["fee_run.month"], name=op.f("fk_fee_chunk_month")),
        sa.PrimaryKeyConstraint("month", "through_id", name=op.f("pk_fee_chunk")),
    )
    op.create_index(
        "ix_fee_chunk_open",
        "fee_chunk",
        ["month", "through_id"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
    )
    op.create_table(
        "fee_correction",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("basis_before_ore", sa.BigInteger(), nullable=False),
        sa.Column("fee_before_ore", sa.BigInteger(), nullable=False),
        sa.Column("basis_ore", sa.BigInteger(), nullable=False),
        sa.Column("fee_ore", sa.BigInteger(), nullable=False),
        sa.Column("taken_back_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(_REASONS, name=op.f("ck_fee_correction_reason")),
        sa.CheckConstraint("basis_ore >= 0 AND fee_ore >= 0", name=op.f("ck_fee_correction_amounts")),
        sa.ForeignKeyConstraint(
            ["agreement_id", "month"],
            ["monthly_fee.agreement_id", "monthly_fee.month"],
            name=op.f("fk_fee_correction_agreement_id_month"),
        ),
        sa.ForeignKeyConstraint(["taken_back_id"], ["ledger_entry.id"], name=op.f("fk_fee_correction_taken_back_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fee_correction")),
        sa.UniqueConstraint("taken_back_id", name=op.f("uq_fee_correction_taken_back_id")),
    )
    op.create_index("ix_fee_correction_agreement_id", "fee_correction", ["agreement_id", "month"], unique=False)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON fee_chunk TO {SERVICE_ROLE}")
    op.execute(f"GRANT SELECT, INSERT ON fee_correction TO {SERVICE_ROLE}")
    op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON fee_correction FROM {SERVICE_ROLE}")


def downgrade() -> None:
    """Remove them; what the books tell of corrections stays."""
    op.drop_table("fee_correction")
    op.drop_table("fee_chunk")
