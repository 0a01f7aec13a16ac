"""Invoices with their lines and runs, the price of paper, and how a borrower gets invoices (F4, F5)."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_TABLES = (
    *("price", "invoice_series", "print_batch", "invoice", "invoice_line", "claim_payment"),
    *("invoice_run", "invoice_chunk"),
)
_APPEND_ONLY = ("price", "invoice", "invoice_line", "claim_payment")
_OLD_ACCOUNTS = (
    "bank",
    "principal",
    "fee_receivable",
    "fee_income",
    "cancellation_fee_receivable",
    "cancellation_fee_income",
    "credit_balance",
)
_ACCOUNTS = (*_OLD_ACCOUNTS[:-1], "paper_fee_receivable", "paper_fee_income", "credit_balance")
_LINE_KINDS = "kind IN ('monthly_fee', 'cancellation_fee', 'paper_fee', 'instalment')"
_OF_INVOICE = sa.text("kind = 'invoice'")


def upgrade() -> None:
    """Add them; agreements that are there get invoices by e-mail."""
    _check_accounts(_ACCOUNTS)
    op.add_column("agreement", sa.Column("invoice_delivery", sa.Text(), server_default="email", nullable=False))
    op.create_check_constraint(
        op.f("ck_agreement_invoice_delivery"), "agreement", "invoice_delivery IN ('email', 'paper')"
    )
    _add_prices_and_numbers()
    _add_invoices()
    _add_lines()
    _add_runs()
    for table in _TABLES:
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {SERVICE_ROLE}")
    for table in _APPEND_ONLY:
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {SERVICE_ROLE}")
    op.execute(f"GRANT UPDATE (sent_at, batch_id) ON invoice TO {SERVICE_ROLE}")
    # the price that every agreement until now has told
    op.execute(
        "INSERT INTO price (name, since, amount_ore, recorded_by, recorded_at)"
        " VALUES ('paper_invoice', '2020-01-01', 5900, 'system', '2020-01-01 00:00Z')"
    )


def downgrade() -> None:
    """Remove them; refused by the database where fees of paper are in the books."""
    for table in reversed(_TABLES):
        op.drop_table(table)
    op.drop_column("agreement", "invoice_delivery")
    _check_accounts(_OLD_ACCOUNTS)


def _check_accounts(accounts: tuple[str, ...]) -> None:
    words = ", ".join(f"'{account}'" for account in accounts)
    for column in ("debit_account", "credit_account"):
        op.drop_constraint(op.f(f"ck_ledger_line_{column}"), "ledger_line", type_="check")
        op.create_check_constraint(op.f(f"ck_ledger_line_{column}"), "ledger_line", f"{column} IN ({words})")


def _add_prices_and_numbers() -> None:
    op.create_table(
        "price",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_ore >= 0", name=op.f("ck_price_amount")),
        sa.PrimaryKeyConstraint("name", "since", name=op.f("pk_price")),
    )
    op.create_table(
        "invoice_series",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_invoice_series")),
    )
    op.create_table(
        "print_batch",
        sa.Column("number", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_print_batch")),
        sa.UniqueConstraint("number", name=op.f("uq_print_batch_number")),
    )


def _add_invoices() -> None:
    op.create_table(
        "invoice",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("ocr", sa.Text(), nullable=True),
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("delivery", sa.Text(), nullable=False),
        sa.Column("total_ore", sa.BigInteger(), nullable=False),
        sa.Column("rounding_ore", sa.BigInteger(), nullable=False),
        sa.Column("payable_ore", sa.BigInteger(), nullable=False),
        sa.Column("balance_ore", sa.BigInteger(), nullable=False),
        sa.Column("credits_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint("kind IN ('invoice', 'credit_note')", name=op.f("ck_invoice_kind")),
        sa.CheckConstraint("delivery IN ('email', 'paper')", name=op.f("ck_invoice_delivery")),
        sa.CheckConstraint("extract(day FROM period) = 1", name=op.f("ck_invoice_period")),
        sa.CheckConstraint(
            "total_ore > 0 AND payable_ore = total_ore + rounding_ore AND payable_ore >= 0",
            name=op.f("ck_invoice_sums"),
        ),
        sa.CheckConstraint("balance_ore >= 0", name=op.f("ck_invoice_balance")),
        sa.CheckConstraint(
            "(kind = 'invoice') = (due_on IS NOT NULL AND ocr IS NOT NULL)", name=op.f("ck_invoice_to_pay")
        ),
        sa.CheckConstraint(
            "reason IN ('reversed', 'payout_returned', 'mistake', 'goodwill')", name=op.f("ck_invoice_reason")
        ),
        sa.CheckConstraint("kind <> 'invoice' OR payable_ore % 100 = 0", name=op.f("ck_invoice_whole_kronor")),
        sa.CheckConstraint(
            "(kind = 'credit_note') = (reason IS NOT NULL AND credits_id IS NOT NULL)",
            name=op.f("ck_invoice_credit"),
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_invoice_agreement_id")),
        sa.ForeignKeyConstraint(["credits_id"], ["invoice.id"], name=op.f("fk_invoice_credits_id")),
        sa.ForeignKeyConstraint(["batch_id"], ["print_batch.id"], name=op.f("fk_invoice_batch_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice")),
        sa.UniqueConstraint("number", name=op.f("uq_invoice_number")),
        sa.UniqueConstraint("ocr", name=op.f("uq_invoice_ocr")),
    )
    op.create_index(
        "uq_invoice_period", "invoice", ["agreement_id", "period"], unique=True, postgresql_where=_OF_INVOICE
    )
    op.create_index(op.f("ix_invoice_agreement_id"), "invoice", ["agreement_id"], unique=False)
    op.create_index(op.f("ix_invoice_credits_id"), "invoice", ["credits_id"], unique=False)
    op.create_index(op.f("ix_invoice_batch_id"), "invoice", ["batch_id"], unique=False)
    op.create_index("ix_invoice_unsent", "invoice", ["id"], unique=False, postgresql_where=sa.text("sent_at IS NULL"))
    op.create_index(
        "ix_invoice_unprinted",
        "invoice",
        ["id"],
        unique=False,
        postgresql_where=sa.text("delivery = 'paper' AND batch_id IS NULL AND sent_at IS NOT NULL"),
    )


def _add_lines() -> None:
    op.create_table(
        "invoice_line",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("arose_on", sa.Date(), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("drawdown_id", sa.Uuid(), nullable=True),
        sa.Column("instalment_number", sa.Integer(), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("credits_line_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(_LINE_KINDS, name=op.f("ck_invoice_line_kind")),
        sa.CheckConstraint(
            f"account IN ({', '.join(repr(account) for account in _ACCOUNTS)})", name=op.f("ck_invoice_line_account")
        ),
        sa.CheckConstraint("amount_ore > 0", name=op.f("ck_invoice_line_amount")),
        sa.CheckConstraint("(kind = 'instalment') = (entry_id IS NULL)", name=op.f("ck_invoice_line_charge")),
        sa.CheckConstraint(
            "(kind = 'instalment') = (drawdown_id IS NOT NULL AND instalment_number IS NOT NULL)",
            name=op.f("ck_invoice_line_instalment"),
        ),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_invoice_line_invoice_id")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_invoice_line_agreement_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_invoice_line_entry_id")),
        sa.ForeignKeyConstraint(["credits_line_id"], ["invoice_line.id"], name=op.f("fk_invoice_line_credits_line_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_line")),
        sa.UniqueConstraint("invoice_id", "number", name=op.f("uq_invoice_line_number")),
        sa.UniqueConstraint("credits_line_id", name=op.f("uq_invoice_line_credits")),
    )
    op.create_index(op.f("ix_invoice_line_agreement_id"), "invoice_line", ["agreement_id"], unique=False)
    op.create_index(
        "uq_invoice_line_entry",
        "invoice_line",
        ["entry_id"],
        unique=True,
        postgresql_where=sa.text("credits_line_id IS NULL"),
    )
    op.create_index(
        "uq_invoice_line_instalment",
        "invoice_line",
        ["agreement_id", "drawdown_id", "instalment_number", "attempt"],
        unique=True,
        postgresql_where=sa.text("credits_line_id IS NULL AND drawdown_id IS NOT NULL"),
    )
    op.create_table(
        "claim_payment",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_ore > 0", name=op.f("ck_claim_payment_amount")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_claim_payment_entry_id")),
        sa.ForeignKeyConstraint(["line_id"], ["invoice_line.id"], name=op.f("fk_claim_payment_line_id")),
        sa.PrimaryKeyConstraint("entry_id", "line_id", name=op.f("pk_claim_payment")),
    )
    op.create_index(op.f("ix_claim_payment_line_id"), "claim_payment", ["line_id"], unique=False)


def _add_runs() -> None:
    op.create_table(
        "invoice_run",
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("extract(day FROM period) = 1", name=op.f("ck_invoice_run_period")),
        sa.PrimaryKeyConstraint("period", name=op.f("pk_invoice_run")),
    )
    op.create_table(
        "invoice_chunk",
        sa.Column("period", sa.Date(), nullable=False),
        sa.Column("through_id", sa.Uuid(), nullable=False),
        sa.Column("after_id", sa.Uuid(), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("issued_count", sa.Integer(), nullable=False),
        sa.Column("issued_ore", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["period"], ["invoice_run.period"], name=op.f("fk_invoice_chunk_period")),
        sa.PrimaryKeyConstraint("period", "through_id", name=op.f("pk_invoice_chunk")),
    )
    op.create_index(
        "ix_invoice_chunk_open",
        "invoice_chunk",
        ["period", "through_id"],
        unique=False,
        postgresql_where=sa.text("done_at IS NULL"),
    )
