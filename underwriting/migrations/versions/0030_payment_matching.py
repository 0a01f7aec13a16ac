"""How payments find their claims: states, parts, who paid, chunks of big files, and money that is paid back (F7, F8)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from underwriting.platform.database import SERVICE_ROLE

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_BANKS_NAME = ("bankgiro", "booked_on", "deposit_serial", "payment_serial")
_STATES = "state IN ('waiting', 'unmatched', 'booked', 'reversed', 'returned')"
_REFUND_STATES = "state IN ('asked', 'withdrawn', 'released', 'sent', 'unknown', 'paid', 'failed', 'returned')"


def upgrade() -> None:
    """Add them; what has an agreement is booked, and what was read is finished."""
    _extend_files()
    _extend_payments()
    _add_chunks()
    _add_refunds()
    op.create_index(
        "ix_invoice_payable",
        "invoice",
        ["payable_ore", "id"],
        unique=False,
        postgresql_where=sa.text("kind = 'invoice'"),
    )
    for table in ("payment_chunk", "refund"):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {SERVICE_ROLE}")


def downgrade() -> None:
    """Remove them; refused by the database where a payment has parts, or a deduction has an agreement."""
    op.drop_index("ix_invoice_payable", table_name="invoice")
    op.drop_table("refund")
    op.drop_table("payment_chunk")
    op.drop_constraint("uq_incoming_payment_bank", "incoming_payment", type_="unique")
    op.create_unique_constraint("uq_incoming_payment_bank", "incoming_payment", [*_BANKS_NAME])
    op.create_check_constraint(
        op.f("ck_incoming_payment_deduction_is_for_a_person"),
        "incoming_payment",
        "agreement_id IS NULL OR amount_ore > 0",
    )
    for column in reversed(_payment_columns()):
        op.drop_column("incoming_payment", column.name)
    for name in ("finished_at", "imported_at", "identity"):
        op.drop_column("payment_file", name)


def _extend_files() -> None:
    op.add_column("payment_file", sa.Column("identity", sa.Text(), nullable=True))
    for name in ("imported_at", "finished_at"):
        op.add_column("payment_file", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE payment_file SET imported_at = received_at, finished_at = received_at WHERE refused IS NULL")
    op.create_index(
        "uq_payment_file_identity",
        "payment_file",
        ["identity"],
        unique=True,
        postgresql_where=sa.text("refused IS NULL"),
    )
    op.create_index(
        "ix_payment_file_open",
        "payment_file",
        ["id"],
        unique=False,
        postgresql_where=sa.text("refused IS NULL AND finished_at IS NULL"),
    )


def _extend_payments() -> None:
    for column in _payment_columns():
        op.add_column("incoming_payment", column)
    op.execute("UPDATE incoming_payment SET state = 'booked', booked_at = recorded_at WHERE agreement_id IS NOT NULL")
    op.drop_constraint(op.f("ck_incoming_payment_deduction_is_for_a_person"), "incoming_payment", type_="check")
    op.create_check_constraint(op.f("ck_incoming_payment_state"), "incoming_payment", _STATES)
    op.create_check_constraint(
        op.f("ck_incoming_payment_booked_on_agreement"),
        "incoming_payment",
        "state <> 'booked' OR agreement_id IS NOT NULL",
    )
    op.drop_constraint("uq_incoming_payment_bank", "incoming_payment", type_="unique")
    op.create_unique_constraint("uq_incoming_payment_bank", "incoming_payment", [*_BANKS_NAME, "part"])
    op.create_index(op.f("ix_incoming_payment_takes_back_id"), "incoming_payment", ["takes_back_id"], unique=False)
    op.create_foreign_key(
        op.f("fk_incoming_payment_takes_back_id"), "incoming_payment", "incoming_payment", ["takes_back_id"], ["id"]
    )
    for name, columns, where in (
        ("ix_incoming_payment_waiting", ["file_id", "agreement_id"], "state = 'waiting'"),
        ("ix_incoming_payment_unmatched", ["id"], "state = 'unmatched'"),
        ("ix_incoming_payment_sender", ["sender_index"], "sender_index IS NOT NULL"),
    ):
        op.create_index(name, "incoming_payment", columns, unique=False, postgresql_where=sa.text(where))


def _payment_columns() -> tuple[sa.Column[object], ...]:
    return (
        sa.Column("state", sa.Text(), server_default="unmatched", nullable=False),
        sa.Column("part", sa.Integer(), server_default="0", nullable=False),
        sa.Column("told_ore", sa.BigInteger(), nullable=True),
        sa.Column("is_reversal", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("end_to_end_id", sa.Text(), nullable=True),
        sa.Column("named_invoices", postgresql.ARRAY(sa.Uuid()), nullable=True),
        sa.Column("payer_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("sender_index", sa.LargeBinary(), nullable=True),
        sa.Column("payer_index", sa.LargeBinary(), nullable=True),
        sa.Column("matched_by", sa.Text(), nullable=True),
        sa.Column("matched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("booked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("takes_back_id", sa.Uuid(), nullable=True),
    )


def _add_chunks() -> None:
    op.create_table(
        "payment_chunk",
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.Column("through_id", sa.Uuid(), nullable=False),
        sa.Column("after_id", sa.Uuid(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["file_id"], ["payment_file.id"], name=op.f("fk_payment_chunk_file_id")),
        sa.PrimaryKeyConstraint("file_id", "through_id", name=op.f("pk_payment_chunk")),
    )
    op.create_index(
        "ix_payment_chunk_open",
        "payment_chunk",
        ["file_id", "through_id"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
    )


def _add_refunds() -> None:
    op.create_table(
        "refund",
        sa.Column("agreement_id", sa.Uuid(), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=True),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("end_to_end_id", sa.Text(), nullable=False),
        sa.Column("payee_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("reason_encrypted", sa.LargeBinary(), nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asker_index", sa.LargeBinary(), nullable=True),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_by", sa.Text(), nullable=True),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        sa.Column("content_encrypted", sa.LargeBinary(), nullable=True),
        sa.Column("ask_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("booked_on", sa.Date(), nullable=True),
        sa.Column("failure", sa.Text(), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("amount_ore > 0", name=op.f("ck_refund_amount")),
        sa.CheckConstraint(_REFUND_STATES, name=op.f("ck_refund_state")),
        sa.CheckConstraint("num_nonnulls(agreement_id, payment_id) = 1", name=op.f("ck_refund_of_what")),
        sa.CheckConstraint("released_by IS NULL OR released_by <> asked_by", name=op.f("ck_refund_four_eyes")),
        sa.CheckConstraint(
            "state IN ('asked', 'withdrawn') OR released_by IS NOT NULL", name=op.f("ck_refund_released")
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_refund_agreement_id")),
        sa.ForeignKeyConstraint(["payment_id"], ["incoming_payment.id"], name=op.f("fk_refund_payment_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("end_to_end_id", name=op.f("uq_refund_end_to_end_id")),
    )
    op.create_index(op.f("ix_refund_agreement_id"), "refund", ["agreement_id"], unique=False)
    op.create_index(
        "uq_refund_of_payment",
        "refund",
        ["payment_id"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('withdrawn', 'failed', 'returned')"),
    )
    op.create_index(
        "ix_refund_open",
        "refund",
        ["state", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('asked', 'released', 'sent', 'unknown')"),
    )
