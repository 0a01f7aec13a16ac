"""Runs of jobs with their attempts, progress and duration; alarms about those that are late or failed."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_COLUMNS = (
    ("token", sa.Uuid()),
    ("failed_at", sa.DateTime(timezone=True)),
    ("retry_at", sa.DateTime(timezone=True)),
    ("last_error", sa.Text()),
    ("milliseconds", sa.BigInteger()),
    ("progress_done", sa.BigInteger()),
    ("progress_total", sa.BigInteger()),
)


def upgrade() -> None:
    """Add the columns and the table."""
    op.add_column("job_run", sa.Column("attempts", sa.Integer(), server_default="0", nullable=False))
    for name, kind in _COLUMNS:
        op.add_column("job_run", sa.Column(name, kind, nullable=True))
    op.create_check_constraint(op.f("ck_job_run_counts"), "job_run", "attempts >= 0 AND milliseconds >= 0")
    op.create_check_constraint(op.f("ck_job_run_progress"), "job_run", "progress_done >= 0 AND progress_total >= 0")
    op.create_table(
        "job_alarm",
        sa.Column("job", sa.Text(), nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("reason IN ('late', 'failed')", name=op.f("ck_job_alarm_reason")),
        sa.PrimaryKeyConstraint("job", "period", name=op.f("pk_job_alarm")),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON job_alarm TO {SERVICE_ROLE}")


def downgrade() -> None:
    """Remove them."""
    op.drop_table("job_alarm")
    op.drop_constraint(op.f("ck_job_run_progress"), "job_run", type_="check")
    op.drop_constraint(op.f("ck_job_run_counts"), "job_run", type_="check")
    for name, _ in reversed(_COLUMNS):
        op.drop_column("job_run", name)
    op.drop_column("job_run", "attempts")
