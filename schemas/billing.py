"""Monthly fees: how each comes about, and the run that charges them."""

from typing import Any

from schemas.answers import Answer
from schemas.fields import ChoiceField, DateField, InstantField, ListField, ObjectField, WholeNumberField
from schemas.kernel_fields import MoneyField, MonthField, RateField, UnroundedField
from schemas.loading import Body
from schemas.money_values import FeeRunBody
from underwriting.kernel.vocabulary import FeeCorrectionReason

_DAYS_OF_A_MONTH = 31
_MOST_CORRECTIONS = 1_000


class DayUtilisationSchema(Answer):
    """What one day of a month counts for: its highest level of utilised principal, and its closing one."""

    on = DateField()
    highest = MoneyField(zero=True)
    closing = MoneyField(zero=True)


class FeeCorrectionSchema(Answer):
    """What a fact that was told of later has changed in a month's fee, and why (rule F10)."""

    corrected_at = InstantField()
    reason = ChoiceField(FeeCorrectionReason)
    basis_before = MoneyField(zero=True)
    fee_before = MoneyField(zero=True)
    basis = MoneyField(zero=True)
    fee = MoneyField(zero=True)


class FeeExplanationSchema(Answer):
    """How the fee of a month comes about (rule F10): `fee` is `product`, basis times rate, in whole kronor.

    `corrections` are those that facts told of later have led to, the oldest first.
    """

    month = MonthField()
    rate = RateField()
    due_before = MoneyField(zero=True)
    days = ListField(ObjectField(DayUtilisationSchema), most=_DAYS_OF_A_MONTH)
    basis = MoneyField(zero=True)
    product = UnroundedField()
    fee = MoneyField(zero=True)
    charged_at = InstantField()
    reversed_at = InstantField()
    corrections = ListField(ObjectField(FeeCorrectionSchema), most=_MOST_CORRECTIONS)


class FeeRunSchema(Answer):
    """A month whose fees were charged (rule F1)."""

    month = MonthField()
    started_at = InstantField()
    finished_at = InstantField()
    charged_count = WholeNumberField()
    charged = MoneyField(zero=True)
    chunks = WholeNumberField()
    chunks_done = WholeNumberField()


class FeeRunRequestSchema(Body[FeeRunBody]):
    """The month to charge (rule F1)."""

    month = MonthField(required=True)

    def make(self, **members: Any) -> FeeRunBody:
        """The request."""
        return FeeRunBody(**members)


class ChargedFeeSchema(Answer):
    """The fee of one month, as charged."""

    month = MonthField()
    basis = MoneyField(zero=True)
    rate = RateField()
    fee = MoneyField(zero=True)
    charged_at = InstantField()
    reversed_at = InstantField()
