"""Reference rates, late interest and what late claims cost, with their accounts (rules R4, R5)."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from underwriting.platform.database import SERVICE_ROLE

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_OLD_ACCOUNTS = (
    "bank",
    "principal",
    "fee_receivable",
    "fee_income",
    "cancellation_fee_receivable",
    "cancellation_fee_income",
    "paper_fee_receivable",
    "paper_fee_income",
    "credit_balance",
)
_BAS = {
    "collection_cost_receivable": ("1510", "Kundfordringar"),
    "collection_cost_income": ("3590", "Övriga sidointäkter"),
    "late_interest_receivable": ("1510", "Kundfordringar"),
    "late_interest_income": ("8313", "Ränteintäkter från kortfristiga fordringar"),
}
_ACCOUNTS = (*_OLD_ACCOUNTS[:-1], *_BAS, "credit_balance")
_OLD_KINDS = ("monthly_fee", "cancellation_fee", "paper_fee", "instalment")
_NEW_KINDS = ("reminder_fee", "demand_fee", "plan_fee", "late_compensation", "late_interest")
_KINDS = (*_OLD_KINDS[:2], *_NEW_KINDS, *_OLD_KINDS[2:])


def upgrade() -> None:
    """Add them; the new accounts get their usual numbers of the BAS chart."""
    _check(_ACCOUNTS, _KINDS)
    for account, (number, name) in _BAS.items():
        op.execute(
            "INSERT INTO chart_account (account, since, number, name, recorded_by, recorded_at)"
            f" VALUES ('{account}', '2020-01-01', '{number}', '{name}', 'system', '2020-01-01 00:00Z')"
        )
    _add_rates()
    _add_charges()
    _add_interest()
    op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON reference_rate TO {SERVICE_ROLE}")
    for table in ("late_charge", "late_interest"):
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {SERVICE_ROLE}")
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {SERVICE_ROLE}")


def downgrade() -> None:
    """Remove them; refused by the database where late interest or costs are in the books."""
    for table in ("late_interest", "late_charge", "reference_rate"):
        op.drop_table(table)
    words = ", ".join(f"'{account}'" for account in _BAS)
    op.execute(f"DELETE FROM chart_account WHERE account IN ({words})")
    _check(_OLD_ACCOUNTS, _OLD_KINDS)


def _check(accounts: tuple[str, ...], kinds: tuple[str, ...]) -> None:
    for table, column, words in (
        ("ledger_line", "debit_account", accounts),
        ("ledger_line", "credit_account", accounts),
        ("invoice_line", "account", accounts),
        ("invoice_line", "kind", kinds),
    ):
        listed = ", ".join(f"'{word}'" for word in words)
        op.drop_constraint(op.f(f"ck_{table}_{column}"), table, type_="check")
        op.create_check_constraint(op.f(f"ck_{table}_{column}"), table, f"{column} IN ({listed})")


def _add_rates() -> None:
    op.create_table(
        "reference_rate",
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("rate", sa.Numeric(6, 4), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.Text(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(
            "state IN ('pending', 'approved', 'rejected', 'expired')", name=op.f("ck_reference_rate_state")
        ),
        sa.CheckConstraint(
            "extract(day FROM since) = 1 AND extract(month FROM since) IN (1, 7)",
            name=op.f("ck_reference_rate_half_year"),
        ),
        sa.CheckConstraint("mod(rate, 0.005) = 0", name=op.f("ck_reference_rate_half_points")),
        sa.CheckConstraint("(state = 'pending') = (settled_at IS NULL)", name=op.f("ck_reference_rate_settled")),
        sa.CheckConstraint(
            "state <> 'approved' OR settled_by <> proposed_by", name=op.f("ck_reference_rate_four_eyes")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reference_rate")),
    )
    op.create_index(
        "uq_reference_rate_pending",
        "reference_rate",
        ["since"],
        unique=True,
        postgresql_where=sa.text("state = 'pending'"),
    )


def _add_charges() -> None:
    op.create_table(
        "late_charge",
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("charged_on", sa.Date(), nullable=False),
        sa.Column("charged_by", sa.Text(), nullable=False),
        sa.Column("charged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entry_id", sa.Uuid(), nullable=True),
        sa.Column("id", sa.Uuid(), server_default=sa.text("uuidv7()"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('reminder', 'demand', 'instalment_plan', 'compensation')", name=op.f("ck_late_charge_kind")
        ),
        sa.CheckConstraint(
            "amount_ore >= 0 AND (amount_ore > 0) = (entry_id IS NOT NULL)", name=op.f("ck_late_charge_amount")
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_late_charge_agreement_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoice.id"], name=op.f("fk_late_charge_invoice_id")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_late_charge_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_charge")),
        sa.UniqueConstraint("invoice_id", "kind", name="uq_late_charge_once"),
        sa.UniqueConstraint("entry_id", name=op.f("uq_late_charge_entry_id")),
    )
    op.create_index(op.f("ix_late_charge_agreement_id"), "late_charge", ["agreement_id"], unique=False)


def _add_interest() -> None:
    op.create_table(
        "late_interest",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("line_id", sa.Uuid(), nullable=False),
        sa.Column("through_on", sa.Date(), nullable=False),
        sa.Column("amount_ore", sa.BigInteger(), nullable=False),
        sa.Column("stretches", postgresql.JSONB(), nullable=False),
        sa.CheckConstraint("amount_ore > 0", name=op.f("ck_late_interest_amount")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_late_interest_entry_id")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"], name=op.f("fk_late_interest_agreement_id")),
        sa.ForeignKeyConstraint(["line_id"], ["invoice_line.id"], name=op.f("fk_late_interest_line_id")),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_late_interest")),
    )
    op.create_index(op.f("ix_late_interest_agreement_id"), "late_interest", ["agreement_id"], unique=False)
    op.create_index(op.f("ix_late_interest_line_id"), "late_interest", ["line_id"], unique=False)
