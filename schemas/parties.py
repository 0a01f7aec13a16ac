"""Who signs for a company, who guarantees, who is partner: what staff and guarantors send, and what they read."""

from typing import Any

from schemas.agreement_values import (
    BrokenLimitationBody,
    DivisionBody,
    PartnerBody,
    PartnerExitBody,
    ReasonBody,
    RefusalBody,
    SigningRuleBody,
)
from schemas.agreements import DocumentSchema, GuaranteeSchema
from schemas.answers import Answer
from schemas.fields import (
    BooleanField,
    ChoiceField,
    DateField,
    EmailField,
    IdField,
    ListField,
    ObjectField,
    TextField,
    WholeNumberField,
)
from schemas.kernel_fields import MoneyField, PartyNumberField, PersonalNumberField, RateField
from schemas.loading import Body
from underwriting.kernel.signing_rule import (
    MOST_ALTERNATIVES,
    MOST_SIGNATORIES,
    Alternative,
    RoleSeats,
    RuleSource,
    Signatory,
    SignatoryRole,
    SigningRule,
)
from underwriting.kernel.vocabulary import ReleaseState, RepaymentPlan

_LONGEST_TEXT = 2_000
_MOST_GUARANTEES = 50


class RuleSignatorySchema(Body[Signatory]):
    """One who may sign for the company, and in which capacities."""

    personal_number = PersonalNumberField(required=True)
    name = TextField(longest=100, required=True)
    email = EmailField(load_default=None)
    roles = ListField(ChoiceField(SignatoryRole), most=len(SignatoryRole), load_default=())

    def make(self, **members: Any) -> Signatory:
        """The signatory."""
        return Signatory(members["personal_number"], members["name"], members["email"], frozenset(members["roles"]))


class RoleSeatsSchema(Body[RoleSeats]):
    """So many holders of a role; without a count more than half of them."""

    role = ChoiceField(SignatoryRole, required=True)
    count = WholeNumberField(load_default=None)

    def make(self, **members: Any) -> RoleSeats:
        """The seats."""
        return RoleSeats(**members)


class AlternativeSchema(Body[Alternative]):
    """One alternative: all of `persons`, and beside them those whom `seats` ask for."""

    persons = ListField(PersonalNumberField(), most=MOST_SIGNATORIES, load_default=())
    seats = ListField(ObjectField(RoleSeatsSchema), most=len(SignatoryRole), load_default=())
    day_to_day = BooleanField(load_default=False)

    def make(self, **members: Any) -> Alternative:
        """The alternative."""
        return Alternative(frozenset(members["persons"]), members["seats"], members["day_to_day"])


class SigningRuleRequestSchema(Body[SigningRuleBody]):
    """A company's signing rule (rule S2) as read from `evidence`, such as a registration certificate and its date."""

    signatories = ListField(ObjectField(RuleSignatorySchema), most=MOST_SIGNATORIES, required=True)
    alternatives = ListField(ObjectField(AlternativeSchema), most=MOST_ALTERNATIVES, required=True)
    wording = TextField(longest=_LONGEST_TEXT, lines=True, load_default=None)
    evidence = TextField(longest=_LONGEST_TEXT, lines=True, required=True)

    def make(self, **members: Any) -> SigningRuleBody:
        """The rule, which is valid, and where it was read."""
        rule = SigningRule(members["signatories"], members["alternatives"], RuleSource.STAFF, False, members["wording"])
        return SigningRuleBody(rule=rule, evidence=members["evidence"])


class RefusalRequestSchema(Body[RefusalBody]):
    """Why a guarantor declines, and whether the applicant may read it."""

    reason = TextField(longest=_LONGEST_TEXT, lines=True, required=True)
    tell_applicant = BooleanField(load_default=False)

    def make(self, **members: Any) -> RefusalBody:
        """The refusal."""
        return RefusalBody(**members)


class ReasonRequestSchema(Body[ReasonBody]):
    """Why staff do something; for the lender alone."""

    reason = TextField(longest=_LONGEST_TEXT, lines=True, required=True)

    def make(self, **members: Any) -> ReasonBody:
        """The reason."""
        return ReasonBody(**members)


class PartnerRequestSchema(Body[PartnerBody]):
    """A registered partner: the day of registration, and where it was read."""

    number = PartyNumberField(required=True)
    name = TextField(longest=200, required=True)
    entered_on = DateField(required=True)
    evidence = TextField(longest=_LONGEST_TEXT, lines=True, required=True)

    def make(self, **members: Any) -> PartnerBody:
        """The partner."""
        return PartnerBody(**members)


class PartnerExitRequestSchema(Body[PartnerExitBody]):
    """A partner's exit: the day of its registration, and where it was read."""

    exited_on = DateField(required=True)
    evidence = TextField(longest=_LONGEST_TEXT, lines=True, required=True)

    def make(self, **members: Any) -> PartnerExitBody:
        """The exit."""
        return PartnerExitBody(**members)


class BrokenLimitationRequestSchema(Body[BrokenLimitationBody]):
    """The day on which the limitation against a former partner was broken."""

    broken_on = DateField(required=True)

    def make(self, **members: Any) -> BrokenLimitationBody:
        """The day."""
        return BrokenLimitationBody(**members)


class DivisionRequestSchema(Body[DivisionBody]):
    """A debt to divide between guarantors; guarantees of the insolvent, and of those for whom the claim is barred."""

    amount = MoneyField(required=True)
    insolvent = ListField(IdField(), most=_MOST_GUARANTEES, load_default=())
    barred = ListField(IdField(), most=_MOST_GUARANTEES, load_default=())

    def make(self, **members: Any) -> DivisionBody:
        """The question."""
        return DivisionBody(**members)


class GuaranteeInvitationSchema(Answer):
    """What a guarantor sees before signing: the guarantee, the credit it is for, and the whole documents."""

    guarantee = ObjectField(GuaranteeSchema)
    limit = MoneyField()
    fee_rate = RateField()
    term_months = WholeNumberField()
    repayment_plan = ChoiceField(RepaymentPlan)
    documents = ListField(ObjectField(DocumentSchema), most=_MOST_GUARANTEES)


class ShownSignatorySchema(Answer):
    """One who may sign for the company."""

    person = PersonalNumberField(masked=True, data_key="personal_number")
    name = TextField(longest=100)
    roles = ListField(ChoiceField(SignatoryRole), most=len(SignatoryRole))


class ShownSeatsSchema(Answer):
    """So many holders of a role; without a count more than half of them."""

    role = ChoiceField(SignatoryRole)
    count = WholeNumberField()


class ShownAlternativeSchema(Answer):
    """One alternative."""

    persons = ListField(PersonalNumberField(masked=True), most=MOST_SIGNATORIES)
    seats = ListField(ObjectField(ShownSeatsSchema), most=len(SignatoryRole))
    day_to_day = BooleanField()


class ShownRuleSchema(Answer):
    """A signing rule, where it is from, and whether the lender has looked at it."""

    source = ChoiceField(RuleSource)
    checked = BooleanField()
    wording = TextField(longest=_LONGEST_TEXT)
    signatories = ListField(ObjectField(ShownSignatorySchema), most=MOST_SIGNATORIES)
    alternatives = ListField(ObjectField(ShownAlternativeSchema), most=MOST_ALTERNATIVES)


class SigningRuleSchema(Answer):
    """The rule in force of an agreement, and a reading that waits for its second person."""

    agreement_id = IdField()
    rule = ObjectField(ShownRuleSchema)
    change_id = IdField()
    proposed = ObjectField(ShownRuleSchema)
    evidence = TextField(longest=_LONGEST_TEXT)


class PartnerSchema(Answer):
    """A recorded partner; a former one answers to the end of `answers_until` for debts from before the exit."""

    id = IdField()
    agreement_id = IdField()
    name = TextField(longest=200)
    entered_on = DateField()
    exited_on = DateField()
    answers_until = DateField()


class ReleaseSchema(Answer):
    """A guarantor's release, and the guarantees of those whose consent is missing."""

    id = IdField()
    guarantee_id = IdField()
    agreement_id = IdField()
    state = ChoiceField(ReleaseState)
    approved = BooleanField()
    awaited = ListField(IdField(), most=_MOST_GUARANTEES)


class ShareSchema(Answer):
    """What one guarantor carries in the end."""

    guarantee_id = IdField()
    amount = MoneyField(zero=True)


class DivisionSchema(Answer):
    """How guarantors share a debt among themselves; `lost` is what the creditor bears."""

    shares = ListField(ObjectField(ShareSchema), most=_MOST_GUARANTEES)
    lost = MoneyField(zero=True)
