"""Payout files that a second person releases, what the bank reports of them, and whose account it is (rules P1 to P3)."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_TABLES = ("payout_file", "bank_report", "account_check")
_COLUMNS = ("file_id", "held_for", "second_person", "prepared_by", "prepared_index", "evidence_encrypted")


def upgrade() -> None:
    """Add them; a payout that is on its way already has no file, and gets one if it is ever sent again."""
    _add_files()
    _add_reports()
    _add_checks()
    op.add_column("payout", sa.Column("file_id", sa.Uuid(), nullable=True))
    op.add_column("payout", sa.Column("held_for", sa.Text(), nullable=True))
    op.add_column("payout", sa.Column("second_person", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("payout", sa.Column("prepared_by", sa.Text(), nullable=True))
    op.add_column("payout", sa.Column("prepared_index", sa.LargeBinary(), nullable=True))
    op.add_column("payout", sa.Column("evidence_encrypted", sa.LargeBinary(), nullable=True))
    op.create_foreign_key(op.f("fk_payout_file_id"), "payout", "payout_file", ["file_id"], ["id"])
    op.create_index(op.f("ix_payout_file_id"), "payout", ["file_id"], unique=False)
    for table in _TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {SERVICE_ROLE}")


def downgrade() -> None:
    """Remove them; the orders of the payouts remain, in the state in which they stand."""
    op.drop_index(op.f("ix_payout_file_id"), table_name="payout")
    op.drop_constraint(op.f("fk_payout_file_id"), "payout", type_="foreignkey")
    for column in reversed(_COLUMNS):
        op.drop_column("payout", column)
    for table in reversed(_TABLES):
        op.drop_table(table)


def _add_files() -> None:
    op.create_table(
        "payout_file",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("execute_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("content_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("payments", sa.Integer(), nullable=False),
        sa.Column("total_ore", sa.BigInteger(), nullable=False),
        sa.Column("second_person", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("state IN ('prepared', 'released', 'sent', 'dissolved')", name=op.f("ck_payout_file_state")),
        sa.CheckConstraint("total_ore > 0", name=op.f("ck_payout_file_total")),
        sa.CheckConstraint("(released_by IS NULL) = (released_at IS NULL)", name=op.f("ck_payout_file_by_whom_when")),
        sa.CheckConstraint(
            "state NOT IN ('released', 'sent') OR NOT second_person OR released_by IS NOT NULL",
            name=op.f("ck_payout_file_second_person"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout_file")),
        sa.UniqueConstraint("number", name=op.f("uq_payout_file_number")),
        sa.UniqueConstraint("message_id", name=op.f("uq_payout_file_message_id")),
    )
    op.create_index(
        "ix_payout_file_open",
        "payout_file",
        ["state"],
        unique=False,
        postgresql_where=sa.text("state IN ('prepared', 'released')"),
    )


def _add_reports() -> None:
    op.create_table(
        "bank_report",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.Text(), nullable=False),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("unknown", sa.Integer(), nullable=False),
        sa.Column("contradicted", sa.Integer(), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bank_report")),
        sa.UniqueConstraint("sha256", name=op.f("uq_bank_report_sha256")),
    )


def _add_checks() -> None:
    op.create_table(
        "account_check",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("account_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("holder_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("evidence_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("told_by", sa.Text(), nullable=False),
        sa.Column("checked_by", sa.Text(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("told_by IN ('bank', 'staff')", name=op.f("ck_account_check_told_by")),
        sa.CheckConstraint(
            "told_by = 'bank' OR evidence_encrypted IS NOT NULL", name=op.f("ck_account_check_evidence")
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_account_check_agreement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_check")),
    )
    op.create_index(op.f("ix_account_check_agreement_id"), "account_check", ["agreement_id"], unique=False)
