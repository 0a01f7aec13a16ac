"""The nightly seals of the audit log: rows that the service may add, never change or remove."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_APPEND_ONLY = ("audit_seal", "audit_seal_head")


def upgrade() -> None:
    """Add the tables."""
    op.create_table(
        "audit_seal",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed_on", sa.Date(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chains", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("previous", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("number >= 1 AND chains >= 0", name=op.f("ck_audit_seal_counts")),
        sa.CheckConstraint(
            "octet_length(root) = 32 AND octet_length(previous) = 32", name=op.f("ck_audit_seal_hashes")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_seal")),
        sa.UniqueConstraint("sealed_on", name=op.f("uq_audit_seal_sealed_on")),
    )
    op.create_table(
        "audit_seal_head",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("number", "subject", name=op.f("pk_audit_seal_head")),
    )
    op.create_index("ix_audit_seal_head_subject", "audit_seal_head", ["subject", "sequence"])
    for table in _APPEND_ONLY:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {SERVICE_ROLE}")


def downgrade() -> None:
    """Remove the tables."""
    for table in reversed(_APPEND_ONLY):
        op.drop_table(table)
