"""What payers wrote as a reference or an id is kept encrypted and found by blind index; money that came back (F7, F8)."""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_INDEXED = ("reference", "end_to_end")
_STATES = ("waiting", "unmatched", "booked", "reversed", "returned")
_CHECK = "ck_incoming_payment_state"
# Only who has the keys can encrypt what stands in older rows. It is emptied, and read in the file, which is encrypted.
_ONLY_OURS = """
    UPDATE incoming_payment SET reference = ''
    WHERE reference <> ''
      AND NOT EXISTS (SELECT FROM invoice WHERE ocr = ltrim(replace(reference, ' ', ''), '0'))
      AND NOT EXISTS (SELECT FROM agreement WHERE ocr = ltrim(replace(reference, ' ', ''), '0'));
    UPDATE incoming_payment SET end_to_end_id = NULL
    WHERE end_to_end_id NOT IN (SELECT end_to_end_id FROM refund);
"""


def upgrade() -> None:
    """Add what finds them, and leave no reference but ours to be read."""
    for name in _INDEXED:
        op.add_column("incoming_payment", sa.Column(f"{name}_index", sa.LargeBinary(), nullable=True))
    for name in (*_INDEXED, "payer"):
        op.create_index(
            f"ix_incoming_payment_{name}",
            "incoming_payment",
            [f"{name}_index"],
            unique=False,
            postgresql_where=sa.text(f"{name}_index IS NOT NULL"),
        )
    op.execute(_ONLY_OURS)
    _allow(*_STATES, "came_back")


def downgrade() -> None:
    """Take it away; refused by the database where money of a refund has come back. References stay in the files."""
    _allow(*_STATES)
    for name in (*_INDEXED, "payer"):
        op.drop_index(f"ix_incoming_payment_{name}", table_name="incoming_payment")
    for name in _INDEXED:
        op.drop_column("incoming_payment", f"{name}_index")


def _allow(*states: str) -> None:
    op.drop_constraint(op.f(_CHECK), "incoming_payment", type_="check")
    listed = ", ".join(f"'{state}'" for state in states)
    op.create_check_constraint(op.f(_CHECK), "incoming_payment", f"state IN ({listed})")
