"""BankID orders that nobody has begun are renewed for a while, as long as somebody watches (rule S1)."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the instant until which an order is renewed; those that are there are not."""
    op.add_column("signing", sa.Column("renew_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Remove it."""
    op.drop_column("signing", "renew_until")
