"""The auditor's pages: indexes by day and by who, the form of a seal's root, and what verifications found."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the indexes, the column and the table."""
    op.create_index("ix_audit_entry_at", "audit_entry", ["at", "subject", "sequence"])
    op.create_index("ix_audit_entry_actor", "audit_entry", ["actor", "at", "subject", "sequence"])
    op.add_column("audit_seal", sa.Column("form", sa.SmallInteger(), server_default="1", nullable=False))
    op.create_check_constraint(op.f("ck_audit_seal_form"), "audit_seal", "form IN (1, 2)")
    op.create_table(
        "audit_verification",
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("chains", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.BigInteger(), nullable=False),
        sa.Column("seals", sa.BigInteger(), nullable=False),
        sa.Column("findings", sa.BigInteger(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "chains >= 0 AND entries >= 0 AND seals >= 0 AND findings >= 0", name=op.f("ck_audit_verification_counts")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_verification")),
    )
    op.execute(f"GRANT SELECT, INSERT ON audit_verification TO {SERVICE_ROLE}")


def downgrade() -> None:
    """Remove them. Seals of the second form stay, and are taken for broken by the code before."""
    op.drop_table("audit_verification")
    op.drop_constraint(op.f("ck_audit_seal_form"), "audit_seal", type_="check")
    op.drop_column("audit_seal", "form")
    op.drop_index("ix_audit_entry_actor", "audit_entry")
    op.drop_index("ix_audit_entry_at", "audit_entry")
