"""Indexes for the desk of payouts: what waits for a person, what was not paid, and reports that nobody could read."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them; few rows stand in any of them, however many payouts there are."""
    op.create_index(
        "ix_payout_attention",
        "payout",
        ["state", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('held', 'failed', 'returned')"),
    )
    op.create_index(
        "ix_bank_report_refused", "bank_report", ["id"], unique=False, postgresql_where=sa.text("refused IS NOT NULL")
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_bank_report_refused", table_name="bank_report")
    op.drop_index("ix_payout_attention", table_name="payout")
