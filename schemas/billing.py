"""Monthly fees: how each comes about, and the run that charges them."""

from typing import Any

from schemas.answers import Answer
from schemas.fields import DateField, InstantField, ListField, ObjectField, WholeNumberField
from schemas.kernel_fields import MoneyField, MonthField, RateField, UnroundedField
from schemas.loading import Body
from schemas.values import FeeRunBody

_DAYS_OF_A_MONTH = 31


class DayUtilisationSchema(Answer):
    """What one day of a month counts for: its highest level of utilised principal, and its closing one."""

    on = DateField()
    highest = MoneyField(zero=True)
    closing = MoneyField(zero=True)


class FeeExplanationSchema(Answer):
    """How the fee of a month comes about (rule F10): `fee` is `product`, basis times rate, in whole kronor."""

    month = MonthField()
    rate = RateField()
    due_before = MoneyField(zero=True)
    days = ListField(ObjectField(DayUtilisationSchema), most=_DAYS_OF_A_MONTH)
    basis = MoneyField(zero=True)
    product = UnroundedField()
    fee = MoneyField(zero=True)
    charged_at = InstantField()
    reversed_at = InstantField()


class FeeRunSchema(Answer):
    """A month whose fees were charged (rule F1)."""

    month = MonthField()
    started_at = InstantField()
    finished_at = InstantField()
    charged_count = WholeNumberField()
    charged = MoneyField(zero=True)


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
