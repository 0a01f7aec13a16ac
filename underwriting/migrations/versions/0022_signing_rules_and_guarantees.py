"""Signing rules that staff enter, guarantees that are declined, replaced and released, partners liable by law."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_TABLES = ("signing_rule_change", "liable_partner", "guarantee_release", "release_consent")
_BEFORE = "state IN ('invited', 'signed', 'in_force', 'ended', 'refused', 'lapsed')"
_AFTER = "state IN ('invited', 'signed', 'in_force', 'ended', 'refused', 'replaced', 'released', 'lapsed')"


def upgrade() -> None:
    """Add the tables and columns; an application may get another agreement once the first one was given up."""
    op.add_column("agreement", sa.Column("superseded_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("agreement", sa.Column("drawdowns_stopped_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f("uq_agreement_application_id"), "agreement")
    op.create_index(op.f("ix_agreement_application_id"), "agreement", ["application_id"])
    op.create_index(
        "uq_agreement_of_application",
        "agreement",
        ["application_id"],
        unique=True,
        postgresql_where=sa.text("superseded_at IS NULL"),
    )
    op.add_column("guarantee", sa.Column("invitation_hash", sa.LargeBinary(), nullable=True))
    op.add_column("guarantee", sa.Column("invitation_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("guarantee", sa.Column("refusal_encrypted", sa.LargeBinary(), nullable=True))
    op.create_unique_constraint(op.f("uq_guarantee_invitation_hash"), "guarantee", ["invitation_hash"])
    op.drop_constraint(op.f("ck_guarantee_state"), "guarantee")
    op.create_check_constraint(op.f("ck_guarantee_state"), "guarantee", _AFTER)
    _signing_rule_changes()
    _partners()
    _releases()
    for table in _TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {SERVICE_ROLE}")


def downgrade() -> None:
    """Remove what was added; it fails where an application has two agreements or a guarantee was released."""
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_constraint(op.f("ck_guarantee_state"), "guarantee")
    op.create_check_constraint(op.f("ck_guarantee_state"), "guarantee", _BEFORE)
    for column in ("refusal_encrypted", "invitation_until", "invitation_hash"):
        op.drop_column("guarantee", column)
    op.drop_index("uq_agreement_of_application", table_name="agreement")
    op.drop_index(op.f("ix_agreement_application_id"), table_name="agreement")
    op.create_unique_constraint(op.f("uq_agreement_application_id"), "agreement", ["application_id"])
    op.drop_column("agreement", "drawdowns_stopped_at")
    op.drop_column("agreement", "superseded_at")


def _signing_rule_changes() -> None:
    op.create_table(
        "signing_rule_change",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("content_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'approved', 'rejected', 'expired')", name=op.f("ck_signing_rule_change_state")
        ),
        sa.CheckConstraint("(state = 'pending') = (settled_at IS NULL)", name=op.f("ck_signing_rule_change_settled")),
        sa.CheckConstraint(
            "state <> 'approved' OR settled_by <> proposed_by", name=op.f("ck_signing_rule_change_four_eyes")
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_signing_rule_change_agreement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signing_rule_change")),
    )
    op.create_index(op.f("ix_signing_rule_change_agreement_id"), "signing_rule_change", ["agreement_id"])
    op.create_index(
        "uq_signing_rule_change_pending",
        "signing_rule_change",
        ["agreement_id"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )


def _partners() -> None:
    op.create_table(
        "liable_partner",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("details_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("entered_on", sa.Date(), nullable=False),
        sa.Column("exited_on", sa.Date(), nullable=True),
        sa.Column("limitation_broken_on", sa.Date(), nullable=True),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("exit_recorded_by", sa.Text(), nullable=True),
        sa.Column("exit_recorded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("exited_on >= entered_on", name=op.f("ck_liable_partner_dates")),
        sa.CheckConstraint(
            "num_nulls(exited_on, exit_recorded_by, exit_recorded_at) IN (0, 3)", name=op.f("ck_liable_partner_exit")
        ),
        sa.CheckConstraint(
            "limitation_broken_on IS NULL OR limitation_broken_on >= exited_on",
            name=op.f("ck_liable_partner_limitation"),
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_liable_partner_agreement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_liable_partner")),
    )
    op.create_index(op.f("ix_liable_partner_agreement_id"), "liable_partner", ["agreement_id"])


def _releases() -> None:
    op.create_table(
        "guarantee_release",
        sa.Column("guarantee_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("state IN ('pending', 'released', 'withdrawn')", name=op.f("ck_guarantee_release_state")),
        sa.CheckConstraint("(state = 'pending') = (settled_at IS NULL)", name=op.f("ck_guarantee_release_settled")),
        sa.CheckConstraint("approved_by <> asked_by", name=op.f("ck_guarantee_release_four_eyes")),
        sa.CheckConstraint(
            "state <> 'released' OR approved_at IS NOT NULL", name=op.f("ck_guarantee_release_approved")
        ),
        sa.ForeignKeyConstraint(["guarantee_id"], ["guarantee.id"], name=op.f("fk_guarantee_release_guarantee_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_guarantee_release")),
    )
    op.create_index(op.f("ix_guarantee_release_agreement_id"), "guarantee_release", ["agreement_id"])
    op.create_index(
        "uq_guarantee_release_pending",
        "guarantee_release",
        ["guarantee_id"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_table(
        "release_consent",
        sa.Column("release_id", sa.Uuid(), nullable=False),
        sa.Column("guarantee_id", sa.Uuid(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["release_id"], ["guarantee_release.id"], name=op.f("fk_release_consent_release_id")),
        sa.ForeignKeyConstraint(["guarantee_id"], ["guarantee.id"], name=op.f("fk_release_consent_guarantee_id")),
        sa.PrimaryKeyConstraint("release_id", "guarantee_id", name=op.f("pk_release_consent")),
    )
