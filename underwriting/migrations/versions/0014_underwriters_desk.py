"""The underwriter's desk: authority, second approvals, human reviews, assignments, facts that were found wrong."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_TABLES = ("override_proposal", "human_review", "case_assignment", "fact_dispute")


def upgrade() -> None:
    """Add the tables; a limit per member of staff; conditions and second person of a decision."""
    op.add_column("staff_user", sa.Column("authority_ore", sa.BigInteger(), nullable=True))
    op.create_check_constraint(op.f("ck_staff_user_authority"), "staff_user", "authority_ore >= 0")
    op.add_column("decision", sa.Column("conditions_encrypted", sa.LargeBinary(), nullable=True))
    op.add_column("decision", sa.Column("approved_by", sa.Text(), nullable=True))
    _override_proposals()
    _human_reviews()
    op.create_table(
        "case_assignment",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("staff_user_id", sa.Uuid(), nullable=False),
        sa.Column("assigned_by", sa.Text(), nullable=False),
        sa.Column("assigned_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["application.id"],
            name=op.f("fk_case_assignment_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["staff_user_id"], ["staff_user.id"], name=op.f("fk_case_assignment_staff_user_id")),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_case_assignment")),
    )
    op.create_index("ix_case_assignment_staff_user_id", "case_assignment", ["staff_user_id"])
    _fact_disputes()
    for table in _TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {SERVICE_ROLE}")


def downgrade() -> None:
    """Remove what was added; what stands in the tables is lost."""
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_column("decision", "approved_by")
    op.drop_column("decision", "conditions_encrypted")
    op.drop_constraint(op.f("ck_staff_user_authority"), "staff_user")
    op.drop_column("staff_user", "authority_ore")


def _override_proposals() -> None:
    op.create_table(
        "override_proposal",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("application_version", sa.Integer(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("limit_ore", sa.BigInteger(), nullable=True),
        sa.Column("fee_rate", sa.Numeric(7, 6), nullable=True),
        sa.Column("conditions_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("reason_code", sa.Text(), nullable=False),
        sa.Column("reason_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposer_index", sa.LargeBinary(), nullable=True),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_reason_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'approved', 'rejected', 'expired')", name=op.f("ck_override_proposal_state")
        ),
        sa.CheckConstraint("(state = 'pending') = (settled_at IS NULL)", name=op.f("ck_override_proposal_settled")),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'rejected') OR settled_by <> proposed_by",
            name=op.f("ck_override_proposal_four_eyes"),
        ),
        sa.CheckConstraint(
            "(limit_ore IS NULL) = (fee_rate IS NULL)", name=op.f("ck_override_proposal_limit_with_rate")
        ),
        sa.ForeignKeyConstraint(
            ["application_id"],
            ["application.id"],
            name=op.f("fk_override_proposal_application_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_override_proposal_decision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_override_proposal")),
    )
    op.create_index(
        "uq_override_proposal_pending",
        "override_proposal",
        ["application_id"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )


def _human_reviews() -> None:
    op.create_table(
        "human_review",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("guarantor_id", sa.Uuid(), nullable=True),
        sa.Column("person_index", sa.LargeBinary(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("view_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=False),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("answer_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("grounds_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("channel IN ('portal', 'phone', 'email')", name=op.f("ck_human_review_channel")),
        sa.CheckConstraint("outcome IN ('upheld', 'changed')", name=op.f("ck_human_review_outcome")),
        sa.CheckConstraint(
            "num_nulls(answered_at, answered_by, outcome, answer_encrypted, grounds_encrypted) IN (0, 5)",
            name=op.f("ck_human_review_answered"),
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_human_review_application_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_human_review_decision_id")),
        sa.ForeignKeyConstraint(
            ["guarantor_id"], ["application_guarantor.id"], name=op.f("fk_human_review_guarantor_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_human_review")),
    )
    op.create_index(
        "uq_human_review_open",
        "human_review",
        ["application_id", "person_index"],
        unique=True,
        postgresql_where=sa.text("answered_at IS NULL"),
    )
    op.create_index(
        "ix_human_review_answer_by", "human_review", ["answer_by"], postgresql_where=sa.text("answered_at IS NULL")
    )


def _fact_disputes() -> None:
    op.create_table(
        "fact_dispute",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("fact", sa.Text(), nullable=False),
        sa.Column("treatment", sa.Text(), nullable=False),
        sa.Column("told_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("corrected_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("note_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("document_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("document_type", sa.Text(), nullable=True),
        sa.Column("document_sha256", sa.LargeBinary(), nullable=True),
        sa.Column("disputed_by", sa.Text(), nullable=False),
        sa.Column("disputed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("treatment IN ('unknown', 'corrected')", name=op.f("ck_fact_dispute_treatment")),
        sa.CheckConstraint(
            "(treatment = 'corrected') = (corrected_encrypted IS NOT NULL)", name=op.f("ck_fact_dispute_corrected")
        ),
        sa.CheckConstraint(
            "num_nulls(document_encrypted, document_type, document_sha256) IN (0, 3)",
            name=op.f("ck_fact_dispute_document"),
        ),
        sa.ForeignKeyConstraint(
            ["application_id"], ["application.id"], name=op.f("fk_fact_dispute_application_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["decision_id"], ["decision.id"], name=op.f("fk_fact_dispute_decision_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_dispute")),
        sa.UniqueConstraint("decision_id", "subject", "fact", name="uq_fact_dispute_decision_id_subject_fact"),
    )
    op.create_index("ix_fact_dispute_application_id", "fact_dispute", ["application_id"])
