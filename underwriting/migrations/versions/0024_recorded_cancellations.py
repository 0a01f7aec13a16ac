"""What shows when a request to cancel came, and who recorded it: nobody confirms their own by another account (C5)."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; of the requests that are there nothing more is known."""
    op.add_column("cancellation", sa.Column("note_encrypted", sa.LargeBinary(), nullable=True))
    op.add_column("cancellation", sa.Column("recorder_index", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Remove them."""
    op.drop_column("cancellation", "recorder_index")
    op.drop_column("cancellation", "note_encrypted")
