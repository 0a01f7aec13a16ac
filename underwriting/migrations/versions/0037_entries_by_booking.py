"""Entries are found by when they were booked, so that a month is closed without reading the whole ledger (rule F9)."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the index: a few pages, since rows lie in the order in which they were booked."""
    op.create_index(
        "ix_ledger_entry_booked", "ledger_entry", ["occurred_on", "booked_at"], unique=False, postgresql_using="brin"
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_index("ix_ledger_entry_booked", table_name="ledger_entry")
