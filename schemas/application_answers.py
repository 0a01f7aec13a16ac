"""What is answered about applications. The numbers of persons are written masked: those who need them know them."""

from schemas.answers import Answer
from schemas.applications import ContactSchema, DueDiligenceSchema, PayoutAccountSchema
from schemas.fields import (
    BooleanField,
    ChoiceField,
    EmailField,
    IdField,
    InstantField,
    ListField,
    ObjectField,
    TextField,
    WholeNumberField,
)
from schemas.kernel_fields import CompanyNumberField, MoneyField, PersonalNumberField, RateField
from underwriting.kernel.vocabulary import (
    ApplicationState,
    CompanyForm,
    CreditPurpose,
    GuarantorState,
    InvoiceDelivery,
    OwnerControl,
    RepaymentPlan,
)

MOST_ITEMS = 200
"""So many items stand on one page of a list."""


class GuarantorAnswerSchema(Answer):
    """A named guarantor and how far the confirmation has come (rule A6)."""

    ordinal = WholeNumberField()
    state = ChoiceField(GuarantorState)
    personal_number = PersonalNumberField(masked=True)
    name = TextField(longest=100)
    email = EmailField()
    invited_at = InstantField()
    answered_at = InstantField()


class SignatoryAnswerSchema(Answer):
    """One of those who sign for the company."""

    personal_number = PersonalNumberField(masked=True)
    name = TextField(longest=100)


class BeneficialOwnerAnswerSchema(Answer):
    """A beneficial owner."""

    personal_number = PersonalNumberField(masked=True)
    name = TextField(longest=100)
    share = RateField(zero=True)
    politically_exposed = BooleanField()
    control = ChoiceField(OwnerControl)


class ApplicationSummarySchema(Answer):
    """An application in a list."""

    id = IdField()
    reference = TextField(longest=20)
    state = ChoiceField(ApplicationState)
    company_form = ChoiceField(CompanyForm)
    requested_amount = MoneyField()
    term_months = WholeNumberField()
    created_at = InstantField()
    submitted_at = InstantField()


class ApplicationAnswerSchema(ApplicationSummarySchema):
    """An application, for its applicant and for staff; what the caller may not see is left out."""

    organisation_number = CompanyNumberField(masked=True)
    repayment_plan = ChoiceField(RepaymentPlan)
    purpose = ChoiceField(CreditPurpose)
    expected_monthly_revenue = MoneyField(zero=True)
    expected_monthly_costs = MoneyField(zero=True)
    monthly_debt_payments = MoneyField(zero=True)
    contact = ObjectField(ContactSchema)
    payout_account = ObjectField(PayoutAccountSchema)
    invoice_delivery = ChoiceField(InvoiceDelivery)
    signatory_personal_number = PersonalNumberField(masked=True)
    signing_rule = ListField(ObjectField(SignatoryAnswerSchema), most=MOST_ITEMS)
    guarantors = ListField(ObjectField(GuarantorAnswerSchema), most=MOST_ITEMS)
    beneficial_owners = ListField(ObjectField(BeneficialOwnerAnswerSchema), most=MOST_ITEMS)
    due_diligence = ObjectField(DueDiligenceSchema)
    confirm_by = InstantField()
    binding_until = InstantField()
    decided_at = InstantField()


class CreatedApplicationSchema(ApplicationAnswerSchema):
    """A new draft, with the secret that alone opens it until the person has signed (rule A3)."""

    access_secret = TextField(longest=100)


class ApplicationPageSchema(Answer):
    """One page of a list; without `next_cursor` it is the last."""

    items = ListField(ObjectField(ApplicationSummarySchema), most=MOST_ITEMS)
    next_cursor = TextField(longest=200)


class SupplementAnswerSchema(Answer):
    """A supplement as it was added."""

    id = IdField()
    kind = TextField(longest=40)
    added_at = InstantField()
