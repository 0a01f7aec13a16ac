"""Late payment: reference rates, late interest, what it costs that an invoice is late (rules R4, R5)."""

import re
from decimal import Decimal
from typing import Any

from schemas.answers import Answer
from schemas.fields import (
    BooleanField,
    ChoiceField,
    DateField,
    IdField,
    ListField,
    ObjectField,
    TextField,
    WholeNumberField,
)
from schemas.kernel_fields import MoneyField, RateField, UnroundedField
from schemas.loading import Body
from schemas.money_values import LateChargeBody, ReferenceRateBody
from schemas.problems import refusal
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import InvoiceLineKind, LateCharge, ProposalState

_MOST_STRETCHES = 1_000
_SIGNED_RATE = re.compile(r"-?[01](\.[0-9]{1,6})?")
_NOT_A_RATE = Text(
    "Skriv räntan som en decimal mellan -1 och 1, som 0.025 eller -0.005",
    "Write the rate as a decimal between -1 and 1, as 0.025 or -0.005",
)


class SignedRateField(RateField):
    """A yearly fraction as a string, which may be below zero."""

    def __init__(self, **options: Any) -> None:
        super().__init__(described={"pattern": r"^-?[01](\.[0-9]{1,6})?$", "examples": ["0.025"]}, **options)

    def read(self, text: str) -> Decimal:
        """The fraction that *text* states."""
        if not _SIGNED_RATE.fullmatch(text) or abs(Decimal(text)) > 1:
            raise refusal(_NOT_A_RATE)
        return Decimal(text)


class ReferenceRateSchema(Answer):
    """The reference rate of a half-year; one of the law's table has no `id`. Of several the one that `holds` counts."""

    id = IdField()
    since = DateField()
    rate = SignedRateField()
    source = TextField(longest=500)
    reason = TextField(longest=1_000)
    state = ChoiceField(ProposalState)
    holds = BooleanField()
    proposed_by = TextField(longest=200)
    settled_by = TextField(longest=200)


class ReferenceRateRequestSchema(Body[ReferenceRateBody]):
    """A reference rate and where it was read; for a half-year that has one, why it is corrected (rule R5)."""

    since = DateField(required=True)
    rate = SignedRateField(required=True)
    source = TextField(longest=500, required=True)
    reason = TextField(longest=1_000)

    def make(self, **members: Any) -> ReferenceRateBody:
        """The request."""
        return ReferenceRateBody(**members)


class StretchSchema(Answer):
    """Days on which one sum was owed at one yearly rate; `interest` has four decimals, sums are rounded only once."""

    first = DateField()
    last = DateField()
    days = WholeNumberField()
    principal = MoneyField()
    rate = SignedRateField()
    interest = UnroundedField(attribute="shown")


class ClaimInterestSchema(Answer):
    """The late interest of one line of an invoice (rule R5), and what of it is in the books."""

    line_id = IdField()
    invoice_id = IdField()
    kind = ChoiceField(InvoiceLineKind)
    due_on = DateField()
    open = MoneyField(zero=True)
    amount = MoneyField(zero=True, attribute="interest.amount")
    booked = MoneyField(zero=True)
    stretches = ListField(ObjectField(StretchSchema), most=_MOST_STRETCHES, attribute="interest.stretches")


class LateChargeSchema(Answer):
    """A step that was charged for a late invoice; `amount` is what it added to the debt (rule R4)."""

    invoice_id = IdField()
    kind = ChoiceField(LateCharge)
    amount = MoneyField(zero=True)
    charged_on = DateField()
    charged_by = TextField(longest=200)


class LateChargeRequestSchema(Body[LateChargeBody]):
    """The step to charge for a late invoice (rule R4)."""

    kind = ChoiceField(LateCharge, required=True)

    def make(self, **members: Any) -> LateChargeBody:
        """The request."""
        return LateChargeBody(**members)
