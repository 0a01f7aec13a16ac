"""Signs of life of workers."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "worker_heartbeat",
        sa.Column("worker", sa.Uuid(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("worker", name=op.f("pk_worker_heartbeat")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON worker_heartbeat TO {SERVICE_ROLE}")


def downgrade() -> None:
    """Remove the table."""
    op.drop_table("worker_heartbeat")
