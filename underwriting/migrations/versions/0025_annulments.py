"""Annulments by two persons; payment files that somebody refused; agreements of a state in the order of their list."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, the columns, and the index that a page of the list is read from."""
    op.create_table(
        "annulment",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("ground", sa.Text(), nullable=False),
        sa.Column("reason_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'approved', 'rejected', 'expired')", name=op.f("ck_annulment_state")),
        sa.CheckConstraint("ground IN ('hard_stop', 'fraud')", name=op.f("ck_annulment_ground")),
        sa.CheckConstraint("(state = 'pending') = (settled_at IS NULL)", name=op.f("ck_annulment_settled")),
        sa.CheckConstraint("state <> 'approved' OR settled_by <> asked_by", name=op.f("ck_annulment_four_eyes")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_annulment_agreement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annulment")),
    )
    op.create_index(op.f("ix_annulment_agreement_id"), "annulment", ["agreement_id"], unique=False)
    op.create_index(
        "uq_annulment_pending",
        "annulment",
        ["agreement_id"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON annulment TO {SERVICE_ROLE}")
    op.add_column("agreement", sa.Column("annulment_asked_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("payout_file", sa.Column("refusal_encrypted", sa.LargeBinary(), nullable=True))
    op.add_column("payout_file", sa.Column("refused_by", sa.Text(), nullable=True))
    op.create_index("ix_agreement_listed", "agreement", ["state", "id"], unique=False)
    op.drop_index("ix_agreement_state", table_name="agreement")


def downgrade() -> None:
    """Remove them; what was annulled stays annulled."""
    op.create_index("ix_agreement_state", "agreement", ["state"], unique=False)
    op.drop_index("ix_agreement_listed", table_name="agreement")
    op.drop_column("payout_file", "refused_by")
    op.drop_column("payout_file", "refusal_encrypted")
    op.drop_column("agreement", "annulment_asked_at")
    op.drop_table("annulment")
