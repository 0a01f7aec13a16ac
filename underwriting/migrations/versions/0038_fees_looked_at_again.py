"""What a fee run has to look at again is a list of rows, which workers take (rules F1, F10)."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the list and until when facts are on it, and index what tells of facts."""
    op.add_column("fee_run", sa.Column("looked_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE fee_run SET looked_at = started_at")
    op.create_table(
        "fee_look",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["month"], ["fee_run.month"], name=op.f("fk_fee_look_month")),
        sa.PrimaryKeyConstraint("month", "agreement_id", name=op.f("pk_fee_look")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON fee_look TO {SERVICE_ROLE}")
    op.drop_index("ix_ledger_entry_event", table_name="ledger_entry")
    op.create_index(
        "ix_ledger_entry_fact",
        "ledger_entry",
        ["booked_at"],
        unique=False,
        postgresql_where=sa.text("kind IN ('payout', 'payment', 'allocation', 'reversal')"),
    )
    op.create_index(
        "ix_ledger_entry_taken_back",
        "ledger_entry",
        ["agreement_id"],
        unique=False,
        postgresql_include=["id", "reverses_id"],
        postgresql_where=sa.text("reverses_id IS NOT NULL"),
    )


def downgrade() -> None:
    """Remove them; what is on the list is found again, by when a run was last made."""
    op.drop_index("ix_ledger_entry_taken_back", table_name="ledger_entry")
    op.drop_index("ix_ledger_entry_fact", table_name="ledger_entry")
    op.create_index(
        "ix_ledger_entry_event",
        "ledger_entry",
        ["booked_at"],
        unique=False,
        postgresql_where=sa.text("kind IN ('payout', 'reversal')"),
    )
    op.drop_table("fee_look")
    op.execute("UPDATE fee_run SET started_at = least(started_at, looked_at)")
    op.drop_column("fee_run", "looked_at")
