"""How often and when a guarantor was written to; whether the submitter may sign is looked into."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_KIND = "ck_due_diligence_item_kind"
_BEFORE = (
    "kind IN ('beneficial_owners', 'owner_difference', 'politically_exposed', 'exposure_approval', "
    "'origin_of_funds', 'purpose_of_credit', 'source_of_repayment', 'risk_class', 'enhanced_measures'"
)


def upgrade() -> None:
    """Add the counts: whoever was invited was invited once, when is not known; and the new kind of item."""
    for table in ("guarantee", "application_guarantor"):
        op.add_column(table, sa.Column("invitations", sa.Integer(), server_default=sa.text("1"), nullable=False))
    op.add_column("guarantee", sa.Column("invited_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_constraint(op.f(_KIND), "due_diligence_item", type_="check")
    op.create_check_constraint(op.f(_KIND), "due_diligence_item", f"{_BEFORE}, 'signing_right')")


def downgrade() -> None:
    """Remove them; what was looked into stays as a difference from the register, settled or lapsed."""
    op.execute("""
        UPDATE due_diligence_item
        SET kind = 'owner_difference', state = 'settled', result = coalesce(result, 'lapsed'),
            settled_by = coalesce(settled_by, 'system'), settled_at = coalesce(settled_at, opened_at)
        WHERE kind = 'signing_right'
    """)
    op.drop_constraint(op.f(_KIND), "due_diligence_item", type_="check")
    op.create_check_constraint(op.f(_KIND), "due_diligence_item", f"{_BEFORE})")
    op.drop_column("guarantee", "invited_at")
    for table in ("application_guarantor", "guarantee"):
        op.drop_column(table, "invitations")
