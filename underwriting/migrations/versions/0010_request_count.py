"""How often each caller has asked, where processes are to share the counts."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, unlogged: a crash may forget a minute's counts."""
    op.create_table(
        "request_count",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_request_count")),
        prefixes=["UNLOGGED"],
    )
    op.create_index(op.f("ix_request_count_until"), "request_count", ["until"], unique=False)
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON request_count TO {SERVICE_ROLE}")


def downgrade() -> None:
    """Remove the table."""
    op.drop_table("request_count")
