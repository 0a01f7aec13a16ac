"""A big month is closed by a worker: what was asked for waits as a row (rule F9)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from underwriting.platform.database import SERVICE_ROLE

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the rows."""
    op.create_table(
        "accounting_request",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("refused", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint("extract(day FROM month) = 1", name=op.f("ck_accounting_request_month")),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_accounting_request")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON accounting_request TO {SERVICE_ROLE}")


def downgrade() -> None:
    """Remove them; whoever asked asks again."""
    op.drop_table("accounting_request")
