"""Decisions: one answer per audience (rule D7), and the underwriter's own (rule D8)."""

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import validates_schema

from schemas.answers import Answer
from schemas.fields import (
    BilingualField,
    BooleanField,
    ChoiceField,
    IdField,
    InstantField,
    ListField,
    ObjectField,
    TextField,
    WholeNumberField,
)
from schemas.kernel_fields import MoneyField, RateField, UnroundedField
from schemas.loading import Body
from schemas.problems import fault, refusal_of
from schemas.values import OverrideBody
from underwriting.kernel.errors import FieldError
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import DecisionOutcome, RepaymentPlan

_MOST_LINES = 500

_NOT_A_DETERMINATION = Text(
    "Ett hänskjutet ärende avgörs med ett beslut",
    "A referred case is determined by a decision",
)
_TERMS_NEEDED = Text("Beslutet behöver {member}", "The decision needs {member}")
_NO_TERMS = Text("Ett avslag har ingen kredit att prissätta", "A decline has no credit to price")


class ReasonSchema(Answer):
    """Why, in both languages."""

    rule = TextField(longest=10)
    text = BilingualField()


class OfferSchema(Answer):
    """The price (rule D6); amounts at full use."""

    limit = MoneyField()
    fee_rate = RateField(described={"description": "The fee per calendar month, a fraction of utilised credit"})
    term_months = WholeNumberField()
    repayment_plan = ChoiceField(RepaymentPlan)
    monthly_fee = MoneyField(described={"description": "The fee per calendar month at full use, in whole kronor"})
    total = MoneyField(described={"description": "All fees of the term together, on the repayment plan"})
    effective_yearly_rate = UnroundedField()


class GuarantorDecisionSchema(Answer):
    """What a guarantor is told: the outcome, and the reasons that concern the guarantor."""

    application_id = IdField()
    outcome = ChoiceField(DecisionOutcome)
    decided_at = InstantField()
    reasons = ListField(ObjectField(ReasonSchema), most=_MOST_LINES)


class EnoughSchema(Answer):
    """What would have been enough for a full approval (rule D14), each change on its own."""

    amount = MoneyField(described={"description": "The highest amount that would have been approved"})
    term_months = WholeNumberField()
    guarantor_is_enough = BooleanField()


class StaffEnoughSchema(EnoughSchema):
    """The same for staff, with what the guarantor would have to earn."""

    guarantor_income = MoneyField(zero=True)
    amount_with_guarantor = MoneyField()


class DecisionSchema(GuarantorDecisionSchema):
    """What the applicant is told: no guarantor's facts, points or reasons, nothing of money laundering."""

    automatic = BooleanField()
    offer = ObjectField(OfferSchema)
    answer_by = InstantField(described={"description": "A counter-offer is accepted before then (rule D1)"})
    enough = ObjectField(EnoughSchema)
    conditions = TextField(longest=1000)


class TraceLineSchema(Answer):
    """One rule that fired; *points* is null where it gives none."""

    rule = TextField(longest=10)
    subject = TextField(longest=80)
    key = TextField(longest=80)
    points = WholeNumberField()
    text = BilingualField()


class StaffDecisionSchema(DecisionSchema):
    """What staff see: everything that the decision rests on."""

    enough = ObjectField(StaffEnoughSchema)
    sequence = WholeNumberField()
    grade = TextField(longest=10)
    points = WholeNumberField()
    capacity = MoneyField(zero=True)
    policy_version = TextField(longest=40)
    policy_hash = TextField(longest=64)
    facts_hash = TextField(longest=64)
    report_hashes = ListField(TextField(longest=64), most=_MOST_LINES)
    trace = ListField(ObjectField(TraceLineSchema), most=_MOST_LINES)
    decided_by = TextField(longest=100)
    approved_by = TextField(longest=100, described={"description": "The second person, where one had to be (rule D8)"})
    reason_code = TextField(longest=40)
    reason = TextField(longest=4000, lines=True)


class DecisionPendingSchema(Answer):
    """The answer while the application is under assessment (202)."""

    application_id = IdField()
    state = TextField(longest=40)


class OverrideSchema(Body[OverrideBody]):
    """An underwriter's determination (rule D8)."""

    outcome = ChoiceField(DecisionOutcome, refused={"referred": (_NOT_A_DETERMINATION, "D8")}, required=True)
    limit = MoneyField(load_default=None)
    fee_rate = RateField(load_default=None)
    reason_code = TextField(longest=40, required=True)
    reason = TextField(longest=4000, lines=True, required=True)
    conditions = TextField(
        longest=1000,
        load_default=None,
        described={"description": "What the credit is given on beside its terms, in words that the applicant accepts"},
    )

    def make(self, **members: Any) -> OverrideBody:
        """The determination."""
        return OverrideBody(**members)

    @validates_schema
    def check(self, data: Mapping[str, Any], **_: Any) -> None:
        """Limit and fee rate stand together, and only where there is a credit."""
        errors = tuple(_faults(data))
        if errors:
            raise refusal_of(errors)


class InformationRequestSchema(Body[str]):
    """What an underwriter needs to know before determining a referred case; loads as the question."""

    question = TextField(longest=4000, lines=True, required=True)

    def make(self, **members: Any) -> str:
        """The question."""
        question: str = members["question"]
        return question


def _faults(data: Mapping[str, Any]) -> Iterator[FieldError]:
    declined = data["outcome"] is DecisionOutcome.DECLINED
    for member in ("limit", "fee_rate"):
        if declined and data[member] is not None:
            yield fault(f"/{member}", _NO_TERMS, "D8")
        if not declined and data[member] is None:
            yield fault(f"/{member}", _TERMS_NEEDED.filled(member=member), "D8")
