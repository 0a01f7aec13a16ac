"""Versions of the decision policy: drafted, approved by a second person, in force from an instant (rule D11).

What is shipped with this revision comes in as versions 1 and 2. A database without decisions by version 1 has had
version 2 in force from the beginning; else it has been in force since the first decision by it.
"""

from importlib.resources import files

import sqlalchemy as sa
from alembic import op

from underwriting.decisions.policies.reading import read_policy
from underwriting.platform.database import SERVICE_ROLE

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_TABLES = ("policy_version", "policy_approval", "policy_publication")
_BEGINNING = "1970-01-01T00:00:00Z"
_FIRST, _SECOND = "1", "2"

_SEED = sa.text("""
    WITH kept AS (
        INSERT INTO policy_version (version, sha256, document, drafted_by, drafted_at)
        VALUES (:version, :sha256, :document, :drafted_by, :since) RETURNING id, drafted_by
    )
    INSERT INTO policy_approval (policy_id, drafted_by, approved_by, approved_at)
    SELECT id, drafted_by, :approved_by, :since FROM kept
""")
_PUBLISH_FIRST = sa.text("""
    INSERT INTO policy_publication (policy_id, in_force_from, published_by, published_at)
    SELECT id, CAST(:since AS timestamptz), :by, CAST(:since AS timestamptz) FROM policy_version
    WHERE version = :first AND EXISTS (SELECT FROM decision WHERE policy_version = :first)
""")
# Without a decision by the second version it follows upon the last one by the first.
_PUBLISH_SECOND = sa.text("""
    INSERT INTO policy_publication (policy_id, in_force_from, published_by, published_at)
    SELECT policy_version.id, since.at, :by, since.at
    FROM policy_version, (
        SELECT CASE WHEN NOT EXISTS (SELECT FROM decision WHERE policy_version = :first) THEN CAST(:since AS timestamptz) ELSE coalesce(
            min(decided_at) FILTER (WHERE policy_version = :second),
            max(decided_at) + interval '1 microsecond'
        ) END AS at
        FROM decision
    ) AS since
    WHERE version = :second
""")


def upgrade() -> None:
    """Add the tables, to which the service can only add, and what is shipped."""
    op.create_table(
        "policy_version",
        sa.Column("version", sa.Text(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.Column("drafted_by", sa.Text(), nullable=False),
        sa.Column("drafted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_version")),
        sa.UniqueConstraint("version", name=op.f("uq_policy_version_version")),
        sa.UniqueConstraint("sha256", name=op.f("uq_policy_version_sha256")),
        sa.UniqueConstraint("id", "drafted_by", name="uq_policy_version_drafter"),
    )
    op.create_table(
        "policy_approval",
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("drafted_by", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("approved_by <> drafted_by", name=op.f("ck_policy_approval_second_person")),
        sa.ForeignKeyConstraint(
            ["policy_id", "drafted_by"],
            ["policy_version.id", "policy_version.drafted_by"],
            name="fk_policy_approval_policy_version",
        ),
        sa.PrimaryKeyConstraint("policy_id", name=op.f("pk_policy_approval")),
    )
    op.create_table(
        "policy_publication",
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("in_force_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("published_by", sa.Text(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("in_force_from >= published_at", name=op.f("ck_policy_publication_not_backwards")),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["policy_approval.policy_id"], name=op.f("fk_policy_publication_policy_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policy_publication")),
        sa.UniqueConstraint("in_force_from", name=op.f("uq_policy_publication_in_force_from")),
    )
    op.create_index(op.f("ix_policy_publication_policy_id"), "policy_publication", ["policy_id"], unique=False)
    for table in _TABLES:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {SERVICE_ROLE}")
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {SERVICE_ROLE}")
    _seed(op.get_bind())


def downgrade() -> None:
    """Remove the tables."""
    for table in reversed(_TABLES):
        op.drop_table(table)


def _seed(connection: sa.Connection) -> None:
    folder = files("underwriting.decisions.policies")
    for version in (_FIRST, _SECOND):
        document = folder.joinpath(f"policy-{version}.json").read_text(encoding="utf-8")
        values = {"version": version, "sha256": read_policy(document).sha256, "document": document}
        connection.execute(_SEED, {**values, "drafted_by": "borgen", "approved_by": "operator", "since": _BEGINNING})
    publications = {"first": _FIRST, "second": _SECOND, "since": _BEGINNING, "by": "operator"}
    connection.execute(_PUBLISH_FIRST, publications)
    connection.execute(_PUBLISH_SECOND, publications)
