"""What staff have worked on to know a customer, its evidence, and every risk class with its reasons (rules K1, D16)."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_ADDED_TO = ("risk_assessment", "due_diligence_evidence")
_TABLES = ("risk_assessment", "due_diligence_item", "due_diligence_evidence")


def upgrade() -> None:
    """Add the tables; to assessments and evidence the service can only add."""
    op.create_table(
        "risk_assessment",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("risk_class", sa.Text(), nullable=False),
        sa.Column("table_on", sa.Date(), nullable=False),
        sa.Column("content_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("assessed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("risk_class IN ('low', 'normal', 'high')", name=op.f("ck_risk_assessment_risk_class")),
        sa.CheckConstraint("ordinal > 0", name=op.f("ck_risk_assessment_ordinal")),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_risk_assessment_application_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_risk_assessment")),
        sa.UniqueConstraint("application_id", "ordinal", name="uq_risk_assessment_ordinal"),
    )
    op.create_table(
        "due_diligence_item",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("basis_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("result", sa.Text(), nullable=True),
        sa.Column("note_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("finding_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('beneficial_owners', 'owner_difference', 'politically_exposed', 'exposure_approval', "
            "'origin_of_funds', 'purpose_of_credit', 'source_of_repayment', 'risk_class', 'enhanced_measures')",
            name=op.f("ck_due_diligence_item_kind"),
        ),
        sa.CheckConstraint("state IN ('open', 'proposed', 'settled')", name=op.f("ck_due_diligence_item_state")),
        sa.CheckConstraint(
            "result IN ('satisfied', 'corrected', 'refused', 'lapsed')", name=op.f("ck_due_diligence_item_result")
        ),
        sa.CheckConstraint("(state = 'open') = (result IS NULL)", name=op.f("ck_due_diligence_item_settled")),
        sa.CheckConstraint(
            "num_nulls(result, settled_by, settled_at) IN (0, 3)", name=op.f("ck_due_diligence_item_by_whom_when")
        ),
        sa.CheckConstraint(
            "NOT (state = 'settled' AND kind IN ('exposure_approval', 'enhanced_measures') AND result <> 'lapsed') "
            "OR (approved_by IS NOT NULL AND approved_by <> settled_by)",
            name=op.f("ck_due_diligence_item_second_person"),
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_due_diligence_item_application_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due_diligence_item")),
    )
    op.create_index("ix_due_diligence_item_application_id", "due_diligence_item", ["application_id"])
    op.create_index(
        "uq_due_diligence_item_open",
        "due_diligence_item",
        ["application_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state <> 'settled'"),
    )
    op.create_table(
        "due_diligence_evidence",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("item_id", sa.Uuid(), nullable=False),
        sa.Column("name_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("content_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("added_by", sa.Text(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_due_diligence_evidence_size")),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_due_diligence_evidence_application_id")
        ),
        sa.ForeignKeyConstraint(["item_id"], ["due_diligence_item.id"], name=op.f("fk_due_diligence_evidence_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_due_diligence_evidence")),
        sa.UniqueConstraint("item_id", "sha256", name="uq_due_diligence_evidence_once"),
    )
    for table in _TABLES:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {SERVICE_ROLE}")
    op.execute(f"GRANT UPDATE, DELETE ON due_diligence_item TO {SERVICE_ROLE}")
    for table in _ADDED_TO:
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {SERVICE_ROLE}")


def downgrade() -> None:
    """Remove the tables."""
    for table in reversed(_TABLES):
        op.drop_table(table)
