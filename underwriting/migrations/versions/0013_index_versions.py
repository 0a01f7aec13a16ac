"""Versions of the index key: what a rotation of it has changed so far, and which version counts."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_SOUGHT = (
    ("bureau_question", "subject_index"),
    ("enquiry_ground", "subject_index"),
    ("login_session", "person_index"),
    ("signing", "person_index"),
)
_TABLES = ("index_rotation", "index_alias")

# Of what is given under an older version: the index of the newer one, once the person's rows have it. Both locks are
# shared, and held to the transaction's end: nobody is changed over while a transaction has asked for them.
_VERSION_OF = """
    CREATE FUNCTION index_version_of(given bytea) RETURNS integer LANGUAGE sql IMMUTABLE AS $$
        SELECT CASE WHEN octet_length(given) <= 32 THEN 1
                    ELSE ('x' || encode(substring(given FROM 33 FOR 4), 'hex'))::bit(32)::integer END
    $$
"""
_CURRENT_INDEX = """
    CREATE FUNCTION current_index(given bytea) RETURNS bytea LANGUAGE plpgsql VOLATILE AS $$
    DECLARE
        anew bytea;
    BEGIN
        PERFORM pg_advisory_xact_lock_shared(2, 0);
        PERFORM pg_advisory_xact_lock_shared(hashtextextended(encode(given, 'hex'), 2));
        SELECT index_alias.anew INTO anew FROM index_alias WHERE index_alias.old = given;
        IF anew IS NULL AND index_version_of(given) > 0 AND index_version_of(given)
            < (SELECT max(version) FROM index_rotation WHERE finished_at IS NOT NULL) THEN
            RAISE EXCEPTION 'the version of the index key has changed' USING ERRCODE = 'serialization_failure';
        END IF;
        RETURN coalesce(anew, given);
    END $$
"""


def upgrade() -> None:
    """Add tables, functions, the number of a member of staff under encryption, and indexes by which a person is found."""
    op.create_table(
        "index_rotation",
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("version > 1", name=op.f("ck_index_rotation_version")),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_index_rotation")),
    )
    op.create_table(
        "index_alias",
        sa.Column("old", sa.LargeBinary(), nullable=False),
        sa.Column("anew", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("old", name=op.f("pk_index_alias")),
    )
    for table in _TABLES:
        op.execute(f"GRANT SELECT ON {table} TO {SERVICE_ROLE}")
    op.execute(_VERSION_OF)
    op.execute(_CURRENT_INDEX)
    op.add_column("staff_user", sa.Column("personal_encrypted", sa.LargeBinary(), nullable=True))
    # as 0008 has it since; where it was run before, they are given here
    op.alter_column("login_session", "method", server_default="password")
    op.alter_column("login_session", "last_seen_at", server_default=sa.text("now()"))
    for table, column in _SOUGHT:
        op.create_index(op.f(f"ix_{table}_{column}"), table, [column])


def downgrade() -> None:
    """Remove them. Where the index key was rotated the code before finds nobody."""
    for table, column in reversed(_SOUGHT):
        op.drop_index(op.f(f"ix_{table}_{column}"), table_name=table)
    op.drop_column("staff_user", "personal_encrypted")
    op.execute("DROP FUNCTION current_index(bytea)")
    op.execute("DROP FUNCTION index_version_of(bytea)")
    for table in reversed(_TABLES):
        op.drop_table(table)
