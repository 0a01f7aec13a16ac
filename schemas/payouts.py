"""Payouts as staff see and release them: orders, files, accounts, the bank's reports."""

from typing import Any

from schemas.agreement_values import AccountChangeBody, ReleaseBody
from schemas.agreements import DrawdownSchema
from schemas.answers import Answer
from schemas.fields import ChoiceField, DateField, IdField, InstantField, TextField, WholeNumberField
from schemas.kernel_fields import BankgiroField, MoneyField
from schemas.loading import Body
from underwriting.kernel.vocabulary import HeldFor, PayoutFileState


class PayoutOrderSchema(DrawdownSchema):
    """A drawdown with its latest order to the bank, and why that is held."""

    payout_id = IdField()
    held_for = ChoiceField(HeldFor)


class ReleaseRequestSchema(Body[ReleaseBody]):
    """What shows how the company stands, where no bureau knows it (rule P4)."""

    evidence = TextField(longest=1000, load_default=None)

    def make(self, **members: Any) -> ReleaseBody:
        """The request."""
        return ReleaseBody(**members)


class AccountChangeSchema(Body[AccountChangeBody]):
    """Another account of the company's; name and evidence where the bank tells no name (rule P1)."""

    bankgiro = BankgiroField(required=True)
    holder = TextField(longest=200, load_default=None)
    evidence = TextField(longest=1000, load_default=None)

    def make(self, **members: Any) -> AccountChangeBody:
        """The request."""
        return AccountChangeBody(**members)


class PayoutFileSchema(Answer):
    """A file of payment orders; `sha256` is of the bytes that are sent."""

    id = IdField()
    number = WholeNumberField()
    execute_on = DateField()
    state = ChoiceField(PayoutFileState)
    payments = WholeNumberField()
    total = MoneyField()
    sha256 = TextField(longest=64)
    made_at = InstantField()


class BankReportSchema(Answer):
    """What a report has led to: payouts that moved, ids that are not ours, what contradicts what was said before."""

    moved = WholeNumberField()
    not_ours = WholeNumberField()
    contradicted = WholeNumberField()
