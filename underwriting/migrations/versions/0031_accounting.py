"""The chart of accounts, months that are closed, and what each of them holds (F9)."""

import sqlalchemy as sa
from alembic import op

from underwriting.platform.database import SERVICE_ROLE

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_TABLES = ("chart_account", "accounting_period", "accounting_entry", "accounting_sum", "accounting_series")
_FIRST_OF_A_MONTH = "extract(day FROM month) = 1"
_BAS = {
    "bank": ("1930", "Företagskonto"),
    "principal": ("1682", "Kortfristiga lånefordringar"),
    "fee_receivable": ("1510", "Kundfordringar"),
    "fee_income": ("3004", "Momsfria intäkter"),
    "cancellation_fee_receivable": ("1510", "Kundfordringar"),
    "cancellation_fee_income": ("3990", "Övriga rörelseintäkter"),
    "paper_fee_receivable": ("1510", "Kundfordringar"),
    "paper_fee_income": ("3540", "Faktureringsavgifter"),
    "credit_balance": ("2420", "Förskott från kunder"),
}


def upgrade() -> None:
    """Add them; every account of the ledger gets its usual number of the BAS chart."""
    _add_chart()
    _add_periods()
    for table in _TABLES:
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {SERVICE_ROLE}")
        op.execute(f"REVOKE UPDATE, DELETE, TRUNCATE ON {table} FROM {SERVICE_ROLE}")


def downgrade() -> None:
    """Remove them."""
    for table in reversed(_TABLES):
        op.drop_table(table)


def _add_chart() -> None:
    chart = op.create_table(
        "chart_account",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("recorded_by", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("number ~ '^[1-9][0-9]{3,5}$'", name=op.f("ck_chart_account_number")),
        sa.PrimaryKeyConstraint("account", "since", name=op.f("pk_chart_account")),
    )
    since, recorded_at = sa.text("date '2020-01-01'"), sa.text("timestamptz '2020-01-01 00:00Z'")
    for account, (number, name) in _BAS.items():
        op.execute(
            sa.insert(chart).values(
                account=account, since=since, number=number, name=name, recorded_by="system", recorded_at=recorded_at
            )
        )


def _add_periods() -> None:
    op.create_table(
        "accounting_period",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.Column("entry_count", sa.BigInteger(), nullable=False),
        sa.Column("line_count", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.LargeBinary(), nullable=False),
        sa.Column("file_sha256", sa.LargeBinary(), nullable=False),
        sa.Column("vouchers", sa.Text(), nullable=False),
        sa.Column("company_name", sa.Text(), nullable=False),
        sa.Column("organisation_number", sa.Text(), nullable=False),
        sa.Column("year_starts_on", sa.Date(), nullable=False),
        sa.Column("year_ends_on", sa.Date(), nullable=False),
        sa.CheckConstraint(_FIRST_OF_A_MONTH, name=op.f("ck_accounting_period_month")),
        sa.CheckConstraint("vouchers IN ('day', 'entry')", name=op.f("ck_accounting_period_vouchers")),
        sa.CheckConstraint(
            "octet_length(sha256) = 32 AND octet_length(file_sha256) = 32", name=op.f("ck_accounting_period_hashes")
        ),
        sa.CheckConstraint("entry_count >= 0 AND line_count >= entry_count", name=op.f("ck_accounting_period_counts")),
        sa.CheckConstraint("month BETWEEN year_starts_on AND year_ends_on", name=op.f("ck_accounting_period_year")),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_accounting_period")),
    )
    op.create_table(
        "accounting_entry",
        sa.Column("entry_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.CheckConstraint(_FIRST_OF_A_MONTH, name=op.f("ck_accounting_entry_month")),
        sa.ForeignKeyConstraint(["entry_id"], ["ledger_entry.id"], name=op.f("fk_accounting_entry_entry_id")),
        sa.ForeignKeyConstraint(
            ["month"],
            ["accounting_period.month"],
            name=op.f("fk_accounting_entry_month"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("entry_id", name=op.f("pk_accounting_entry")),
    )
    op.create_index(op.f("ix_accounting_entry_month"), "accounting_entry", ["month"], unique=False)
    op.create_table(
        "accounting_sum",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("debit_ore", sa.BigInteger(), nullable=False),
        sa.Column("credit_ore", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("debit_ore >= 0 AND credit_ore >= 0", name=op.f("ck_accounting_sum_sums")),
        sa.ForeignKeyConstraint(["month"], ["accounting_period.month"], name=op.f("fk_accounting_sum_month")),
        sa.PrimaryKeyConstraint("month", "account", name=op.f("pk_accounting_sum")),
    )
    op.create_table(
        "accounting_series",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("series", sa.Text(), nullable=False),
        sa.Column("voucher_count", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("voucher_count > 0", name=op.f("ck_accounting_series_count")),
        sa.ForeignKeyConstraint(["month"], ["accounting_period.month"], name=op.f("fk_accounting_series_month")),
        sa.PrimaryKeyConstraint("month", "series", name=op.f("pk_accounting_series")),
    )
