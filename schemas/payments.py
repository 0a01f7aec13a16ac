"""Incoming payments (rule F7)."""

from schemas.answers import Answer
from schemas.fields import DateField, IdField, TextField, WholeNumberField
from schemas.kernel_fields import MoneyField


class PaymentFileSchema(Answer):
    """What became of one file of the bank."""

    file_id = IdField()
    matched = WholeNumberField()
    unmatched = WholeNumberField()


class UnmatchedPaymentSchema(Answer):
    """A payment that waits for a person; a deduction is negative."""

    id = IdField()
    booked_on = DateField()
    reference = TextField(longest=25)
    amount = MoneyField(described={"pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$"})
