"""Data keys: one for each subject of personal data, kept wrapped; who destroys one erases what is under it."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ERASABLE = ("application", "agreement", "signing", "payment_file")
_TABLES = ("data_key", "key_milestone")

# What was received may be encrypted anew by whoever owns the table: the same bytes under another key.
_ONLY_ERASED = """
    CREATE OR REPLACE FUNCTION received_answer_only_erased() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        {unless_by_owner}
        RAISE EXCEPTION 'what was received is never changed, only erased';
    END $$
"""
_UNLESS_BY_OWNER = """
        IF pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
            RETURN NEW;
        END IF;
"""


def upgrade() -> None:
    """Add the tables. What is encrypted already is read as before, until `borgen keys rotate` encrypts it anew."""
    op.create_table(
        "data_key",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("destroyed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("destroyed_because", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(
            "(wrapped IS NULL) = (destroyed_at IS NOT NULL) AND (wrapped IS NULL) = (version IS NULL)",
            name=op.f("ck_data_key_destroyed"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_data_key")),
    )
    op.create_index(
        "uq_data_key_subject", "data_key", ["subject"], unique=True, postgresql_where=sa.text("retired_at IS NULL")
    )
    op.create_index(
        "ix_data_key_version", "data_key", ["version", "id"], postgresql_where=sa.text("wrapped IS NOT NULL")
    )
    op.create_table(
        "key_milestone",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reached_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_key_milestone")),
    )
    for table in _ERASABLE:
        op.add_column(table, sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True))
    for table in _TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {SERVICE_ROLE}")
    op.execute(_ONLY_ERASED.format(unless_by_owner=_UNLESS_BY_OWNER))


def downgrade() -> None:
    """Remove the tables. What was encrypted under data keys can then be read by nobody."""
    op.execute(_ONLY_ERASED.format(unless_by_owner=""))
    for table in _ERASABLE:
        op.drop_column(table, "erased_at")
    for table in reversed(_TABLES):
        op.drop_table(table)
