"""Sanctions lists, whom they are held against, what was found and what staff made of it (rules K1, D10, D16)."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_ADDED_TO = ("sanctions_list", "sanctions_entry", "screening")
_TABLES = ("sanctions_list", "sanctions_entry", "screened_case", "screening", "sanctions_match")


def upgrade() -> None:
    """Add the tables; to lists, entries and screenings the service can only add."""
    op.create_table(
        "sanctions_list",
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("generated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loaded_by", sa.Text(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("changed", sa.Integer(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanctions_list")),
        sa.UniqueConstraint("sha256", name=op.f("uq_sanctions_list_sha256")),
    )
    op.create_table(
        "sanctions_entry",
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["list_id"], ["sanctions_list.id"], name=op.f("fk_sanctions_entry_list_id")),
        sa.PrimaryKeyConstraint("list_id", "reference", name=op.f("pk_sanctions_entry")),
    )
    op.create_table(
        "screened_case",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("parties_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_screened_case_application_id")),
        sa.PrimaryKeyConstraint("application_id", name=op.f("pk_screened_case")),
    )
    op.create_table(
        "screening",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("parties_hash", sa.LargeBinary(), nullable=False),
        sa.Column("occasion", sa.Text(), nullable=False),
        sa.Column("matches", sa.Integer(), nullable=False),
        sa.Column("screened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(
            "occasion IN ('decision', 'signing', 'payout', 'list_changed')", name=op.f("ck_screening_occasion")
        ),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_screening_application_id")),
        sa.ForeignKeyConstraint(["list_id"], ["sanctions_list.id"], name=op.f("fk_screening_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_screening")),
        sa.UniqueConstraint("application_id", "list_id", "parties_hash", "occasion", name="uq_screening_once"),
    )
    op.create_table(
        "sanctions_match",
        sa.Column("application_id", sa.Uuid(), nullable=False),
        sa.Column("party_index", sa.LargeBinary(), nullable=False),
        sa.Column("list_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("content_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("found_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("strong", sa.Boolean(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("note_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('open', 'clearing', 'cleared', 'confirmed')", name=op.f("ck_sanctions_match_state")
        ),
        sa.CheckConstraint("(state = 'open') = (settled_by IS NULL)", name=op.f("ck_sanctions_match_settled")),
        sa.CheckConstraint("(settled_by IS NULL) = (settled_at IS NULL)", name=op.f("ck_sanctions_match_by_whom_when")),
        sa.CheckConstraint(
            "NOT (strong AND state = 'cleared') OR (approved_by IS NOT NULL AND approved_by <> settled_by)",
            name=op.f("ck_sanctions_match_second_person"),
        ),
        sa.ForeignKeyConstraint(["application_id"], ["application.id"], name=op.f("fk_sanctions_match_application_id")),
        sa.ForeignKeyConstraint(["list_id"], ["sanctions_list.id"], name=op.f("fk_sanctions_match_list_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanctions_match")),
        sa.UniqueConstraint(
            "application_id", "party_index", "reference", "content_sha256", name="uq_sanctions_match_once"
        ),
    )
    for table in _TABLES:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {SERVICE_ROLE}")
    for table in ("screened_case", "sanctions_match"):
        op.execute(f"GRANT UPDATE, DELETE ON {table} TO {SERVICE_ROLE}")
    for table in _ADDED_TO:
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {SERVICE_ROLE}")


def downgrade() -> None:
    """Remove the tables."""
    for table in reversed(_TABLES):
        op.drop_table(table)
