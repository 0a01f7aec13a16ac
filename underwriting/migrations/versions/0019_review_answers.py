"""The answer to a human review in English too, beside the one in Swedish (rule D9)."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add it. An answer of before was written in one language, and is shown as it is."""
    op.add_column("human_review", sa.Column("answer_english_encrypted", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    """Remove it."""
    op.drop_column("human_review", "answer_english_encrypted")
