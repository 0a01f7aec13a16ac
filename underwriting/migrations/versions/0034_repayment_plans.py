"""How an application, a decision and an agreement are repaid: in straight instalments or at term (G1)."""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

_TABLES = ("application", "decision", "agreement")


def upgrade() -> None:
    """Add it; what is there is repaid in straight instalments."""
    for table in _TABLES:
        op.add_column(table, sa.Column("repayment_plan", sa.Text(), server_default="straight", nullable=False))
        op.create_check_constraint(
            op.f(f"ck_{table}_repayment_plan"), table, "repayment_plan IN ('straight', 'at_term')"
        )


def downgrade() -> None:
    """Remove it."""
    for table in reversed(_TABLES):
        op.drop_column(table, "repayment_plan")
