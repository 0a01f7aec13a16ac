"""Rows of accounting: the chart of accounts, and what was closed, both only ever added to; and what waits for it."""

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import VoucherScope
from underwriting.platform.database import Base, one_of

_FIRST_OF_A_MONTH = "extract(day FROM month) = 1"


class ChartAccount(Base):
    """From a day on an account of the ledger is this one of the lender's chart (*kontoplan*)."""

    __tablename__ = "chart_account"
    __table_args__ = (sa.CheckConstraint("number ~ '^[1-9][0-9]{3,5}$'", "number"),)
    account: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[date] = mapped_column(primary_key=True)
    number: Mapped[str]
    name: Mapped[str]
    recorded_by: Mapped[str]
    recorded_at: Mapped[datetime]


class AccountingPeriod(Base):
    """A month that is closed: what it holds is fixed, and so is every byte of its file (rule F9).

    *sha256* is over all of its entries with their lines, *file_sha256* over the SIE file without a checksum. What the
    file says beyond the entries is here as it was on the day of closing.
    """

    __tablename__ = "accounting_period"
    __table_args__ = (
        sa.CheckConstraint(_FIRST_OF_A_MONTH, "month"),
        sa.CheckConstraint(one_of("vouchers", VoucherScope), "vouchers"),
        sa.CheckConstraint("octet_length(sha256) = 32 AND octet_length(file_sha256) = 32", "hashes"),
        sa.CheckConstraint("entry_count >= 0 AND line_count >= entry_count", "counts"),
        sa.CheckConstraint("month BETWEEN year_starts_on AND year_ends_on", "year"),
    )
    month: Mapped[date] = mapped_column(primary_key=True)
    closed_at: Mapped[datetime]
    closed_by: Mapped[str]
    entry_count: Mapped[int]
    line_count: Mapped[int]
    sha256: Mapped[bytes]
    file_sha256: Mapped[bytes]
    vouchers: Mapped[str]
    company_name: Mapped[str]
    organisation_number: Mapped[str]
    year_starts_on: Mapped[date]
    year_ends_on: Mapped[date]  # the last day of it


class AccountingRequest(Base):
    """A big month that waits for a worker to close it; *refused* says in both languages why that could not be done."""

    __tablename__ = "accounting_request"
    __table_args__ = (sa.CheckConstraint(_FIRST_OF_A_MONTH, "month"),)
    month: Mapped[date] = mapped_column(primary_key=True)
    asked_by: Mapped[str]
    asked_at: Mapped[datetime]
    refused: Mapped[list[str] | None] = mapped_column(JSONB(none_as_null=True))


class AccountingEntry(Base):
    """The closed month that an entry of the ledger belongs to; one without a row belongs to a month that is open."""

    __tablename__ = "accounting_entry"
    __table_args__ = (sa.CheckConstraint(_FIRST_OF_A_MONTH, "month"),)
    entry_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("ledger_entry.id"), primary_key=True)
    # checked at the commit: the month's own row tells the hash of its entries, and so comes after them
    month: Mapped[date] = mapped_column(
        sa.ForeignKey("accounting_period.month", deferrable=True, initially="DEFERRED"), index=True
    )


class AccountingSum(Base):
    """What a closed month moved on one account of the ledger."""

    __tablename__ = "accounting_sum"
    __table_args__ = (sa.CheckConstraint("debit_ore >= 0 AND credit_ore >= 0", "sums"),)
    month: Mapped[date] = mapped_column(sa.ForeignKey("accounting_period.month"), primary_key=True)
    account: Mapped[str] = mapped_column(primary_key=True)
    debit_ore: Mapped[int]
    credit_ore: Mapped[int]


class AccountingSeries(Base):
    """How many vouchers a closed month has in one series, whose numbers have no gaps within a financial year."""

    __tablename__ = "accounting_series"
    __table_args__ = (sa.CheckConstraint("voucher_count > 0", "count"),)
    month: Mapped[date] = mapped_column(sa.ForeignKey("accounting_period.month"), primary_key=True)
    series: Mapped[str] = mapped_column(primary_key=True)
    voucher_count: Mapped[int]
