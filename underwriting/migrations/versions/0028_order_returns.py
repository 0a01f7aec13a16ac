"""What shows that an order of BankID was opened on the device that began it."""

import sqlalchemy as sa
from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the columns; orders that wait meanwhile were made without an address to return to."""
    op.add_column("signing", sa.Column("return_nonce_hash", sa.LargeBinary(), nullable=True))
    op.add_column("signing", sa.Column("returned_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    """Remove them."""
    op.drop_column("signing", "returned_at")
    op.drop_column("signing", "return_nonce_hash")
