"""Accounting: closed months, trial balances, the chart of accounts."""

from typing import Any

from schemas.answers import Answer
from schemas.fields import (
    BooleanField,
    ChoiceField,
    DateField,
    InstantField,
    ListField,
    ObjectField,
    TextField,
    WholeNumberField,
)
from schemas.kernel_fields import MoneyField, MonthField
from schemas.loading import Body
from schemas.money_values import ChartEntryBody, CloseMonthBody
from underwriting.kernel.vocabulary import Account, VoucherScope

_MOST_ACCOUNTS = 100
_SIGNED = {"pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$"}


class MovementSchema(Answer):
    """What a closed month moved on one account of the ledger."""

    account = ChoiceField(Account)
    debit = MoneyField(zero=True)
    credit = MoneyField(zero=True)


class AccountingPeriodSchema(Answer):
    """A closed month (rule F9): what it holds, and the SHA-256 of that and of its file without a checksum."""

    month = MonthField()
    closed_at = InstantField()
    closed_by = TextField(longest=200)
    entry_count = WholeNumberField()
    line_count = WholeNumberField()
    sha256 = TextField(longest=64)
    file_sha256 = TextField(longest=64)
    vouchers = ChoiceField(VoucherScope)
    movements = ListField(ObjectField(MovementSchema), most=_MOST_ACCOUNTS)


class WaitingMonthSchema(Answer):
    """A big month that a worker closes: asked for again it answers this, or the month once it is closed (rule F9)."""

    month = MonthField()
    asked_by = TextField(longest=200)
    asked_at = InstantField()


class CloseMonthRequestSchema(Body[CloseMonthBody]):
    """The month to close (rule F9)."""

    month = MonthField(required=True)

    def make(self, **members: Any) -> CloseMonthBody:
        """The request."""
        return CloseMonthBody(**members)


class BalanceLineSchema(Answer):
    """One account: what stood on it, moved and stands; debits are positive. Its place in the chart, if it has one."""

    account = ChoiceField(Account)
    number = TextField(longest=6)
    name = TextField(longest=60)
    opening = MoneyField(described=_SIGNED)
    debit = MoneyField(zero=True)
    credit = MoneyField(zero=True)
    closing = MoneyField(described=_SIGNED)


class TrialBalanceSchema(Answer):
    """The trial balance of a month; openings sum to zero, closings too, and debits are what credits are."""

    month = MonthField()
    is_closed = BooleanField()
    lines = ListField(ObjectField(BalanceLineSchema), most=_MOST_ACCOUNTS)
    debit = MoneyField(zero=True)


class ChartEntrySchema(Answer):
    """What an account of the ledger is in the lender's chart of accounts since a day, until the next (rule F9)."""

    account = ChoiceField(Account)
    since = DateField()
    number = TextField(longest=6)
    name = TextField(longest=60)


class ChartEntryRequestSchema(Body[ChartEntryBody]):
    """What an account of the ledger is to be from a day that lies ahead (rule F9)."""

    account = ChoiceField(Account, required=True)
    since = DateField(required=True)
    number = TextField(longest=6, required=True)
    name = TextField(longest=60, required=True)

    def make(self, **members: Any) -> ChartEntryBody:
        """The request."""
        return ChartEntryBody(**members)
