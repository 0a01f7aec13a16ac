"""Changes of repayment plans: what staff ask for, and what everybody reads (rule G7)."""

from typing import Any

from schemas.agreement_values import PlanChangeBody
from schemas.agreements import InstalmentSchema
from schemas.answers import Answer
from schemas.fields import BooleanField, ChoiceField, IdField, InstantField, ListField, ObjectField, WholeNumberField
from schemas.kernel_fields import MoneyField, MonthField
from schemas.loading import Body
from underwriting.kernel.vocabulary import PlanChangeState, RepaymentPlan

_MOST_INSTALMENTS = 1_000
_MOST_SIGNATURES = 100


class PlanChangeRequestSchema(Body[PlanChangeBody]):
    """Another repayment plan. Without `first_month` it begins in the first that leaves all days for signatures."""

    repayment_plan = ChoiceField(RepaymentPlan, required=True)
    term_months = WholeNumberField(required=True)
    first_month = MonthField(load_default=None)

    def make(self, **members: Any) -> PlanChangeBody:
        """The request."""
        return PlanChangeBody(**members)


class _ComparedSchema(Answer):
    """The plan that is asked for beside the one before; fees are those of `first_month` and all later months."""

    repayment_plan = ChoiceField(RepaymentPlan)
    term_months = WholeNumberField()
    repayment_plan_before = ChoiceField(RepaymentPlan)
    term_months_before = WholeNumberField()
    first_month = MonthField()
    sign_by = InstantField()
    plan_before = ListField(ObjectField(InstalmentSchema), most=_MOST_INSTALMENTS)
    plan = ListField(ObjectField(InstalmentSchema), most=_MOST_INSTALMENTS)
    fees_before = MoneyField(zero=True)
    fees = MoneyField(zero=True)


class PlanChangeQuoteSchema(_ComparedSchema):
    """What another repayment plan would be; nothing is changed or sent."""


class PlanChangeSignatureSchema(Answer):
    """One whose signature counts, for the company or as guarantor."""

    for_company = BooleanField()
    signed_at = InstantField()


class PlanChangeSchema(_ComparedSchema):
    """A change of the repayment plan. It applies once the company and every guarantor have signed (rule G7)."""

    id = IdField()
    agreement_id = IdField()
    state = ChoiceField(PlanChangeState)
    proposed_at = InstantField()
    settled_at = InstantField()
    signatures = ListField(ObjectField(PlanChangeSignatureSchema), most=_MOST_SIGNATURES)
