"""The underwriter's queue: of what kind a referral's ground is, indexes to page by, the ticket by which one took a case."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_KINDS = "referral_kind IN ('company', 'person', 'due_diligence', 'unknown', 'exposure', 'grade')"
_LISTED = "submitted_at IS NOT NULL AND erased_at IS NULL"
_INDEXES = (
    ("age", ["submitted_at"], ["requested_amount_ore", "referral_kind", "company_form"], _LISTED),
    ("amount", ["requested_amount_ore"], ["submitted_at", "referral_kind", "company_form"], _LISTED),
    (
        "kind",
        ["referral_kind", "submitted_at"],
        ["requested_amount_ore", "company_form"],
        f"{_LISTED} AND referral_kind IS NOT NULL",
    ),
)


def upgrade() -> None:
    """Add them. Of an older case the kind is not known: it is told when the case is decided anew."""
    op.add_column("application", sa.Column("referral_kind", sa.Text(), nullable=True))
    op.create_check_constraint(op.f("ck_application_referral_kind"), "application", _KINDS)
    op.add_column("case_assignment", sa.Column("ticket", sa.Uuid(), nullable=True))
    op.create_unique_constraint(op.f("uq_case_assignment_ticket"), "case_assignment", ["ticket"])
    for name, keys, included, listed in _INDEXES:
        op.create_index(
            f"ix_application_queue_{name}",
            "application",
            ["state", *keys, "id"],
            postgresql_where=sa.text(listed),
            postgresql_include=included,
        )


def downgrade() -> None:
    """Remove them."""
    for name, *_ in _INDEXES:
        op.drop_index(f"ix_application_queue_{name}", table_name="application")
    op.drop_column("case_assignment", "ticket")
    op.drop_column("application", "referral_kind")
