"""Documents as PDF: what their bytes are, the words they were made from, and the sealed bytes (rules S1, S3)."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns; documents that are there are text and stay as they were signed.

    The service can still not change a document: it can add the seal.
    """
    op.add_column("document", sa.Column("media_type", sa.Text(), server_default="text/plain", nullable=False))
    op.add_column("document", sa.Column("agreement_id", sa.Uuid(), nullable=True))
    op.create_index(op.f("ix_document_agreement_id"), "document", ["agreement_id"])
    op.add_column("document", sa.Column("words_encrypted", sa.LargeBinary(), nullable=True))
    op.add_column("document", sa.Column("sealed_encrypted", sa.LargeBinary(), nullable=True))
    op.add_column("document", sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("ck_document_sealed"), "document", "(sealed_at IS NULL) = (sealed_encrypted IS NULL)"
    )
    op.create_index(
        "ix_document_unsealed",
        "document",
        ["created_at"],
        postgresql_where=sa.text("sealed_at IS NULL AND media_type <> 'text/plain'"),
    )
    op.execute(f"GRANT UPDATE (sealed_encrypted, sealed_at) ON document TO {SERVICE_ROLE}")


def downgrade() -> None:
    """Remove them; documents that are no text cannot be read by older code."""
    op.execute(f"REVOKE UPDATE (sealed_encrypted, sealed_at) ON document FROM {SERVICE_ROLE}")
    op.drop_index("ix_document_unsealed", table_name="document")
    op.drop_index(op.f("ix_document_agreement_id"), table_name="document")
    op.drop_constraint(op.f("ck_document_sealed"), "document", type_="check")
    for name in ("sealed_at", "sealed_encrypted", "words_encrypted", "agreement_id", "media_type"):
        op.drop_column("document", name)
