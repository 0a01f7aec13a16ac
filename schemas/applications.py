"""Credit applications: what is sent, and the frozen value that it becomes."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from marshmallow import validates_schema

from schemas import checks
from schemas.fields import (
    BooleanField,
    ChoiceField,
    EmailField,
    IndustryField,
    ListField,
    ObjectField,
    PhoneField,
    TextField,
    WholeNumberField,
)
from schemas.kernel_fields import BankgiroField, CompanyNumberField, MoneyField, PersonalNumberField, RateField
from schemas.loading import Body, load, loading
from schemas.problems import fault, refusal_of
from schemas.values import (
    ApplicationBody,
    BeneficialOwner,
    Contact,
    DueDiligenceAnswers,
    InvitationBody,
    NamedGuarantor,
    PayoutAccount,
    Signatory,
    SupplementBody,
)
from underwriting.kernel.errors import FieldError
from underwriting.kernel.identifiers import (
    IdentifierInvalid,
    OrganisationNumber,
    PersonalNumber,
    parse_company_number,
)
from underwriting.kernel.product import DEFAULT_TERMS, ProductTerms
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm, CreditPurpose, InvoiceDelivery, OwnerControl, RepaymentPlan

MOST_PERSONS = 20
"""So many guarantors, joint signatories or beneficial owners can be named."""

_PRIVATE = Text(
    "Krediten är bara till för företag; ett privat ändamål godtas inte",
    "The credit is for businesses only; a private purpose is not accepted",
)
_SECURITY = Text("Företaget lämnar ingen säkerhet", "The company gives no security")
_FIXED = Text(
    "Belopp, löptid, återbetalning och företag kan inte ändras när ansökan är inlämnad",
    "Amount, term, repayment and company cannot be changed once the application is submitted",
)
_NOTHING_ADDED = Text("Ange något att lägga till", "State something to add")


class ContactSchema(Body[Contact]):
    """`contact`."""

    name = TextField(longest=100, required=True)
    email = EmailField(required=True)
    phone = PhoneField(required=True)

    def make(self, **members: Any) -> Contact:
        """The contact."""
        return Contact(**members)


class PayoutAccountSchema(Body[PayoutAccount]):
    """`payout_account`."""

    bankgiro = BankgiroField(required=True)

    def make(self, **members: Any) -> PayoutAccount:
        """The account."""
        return PayoutAccount(**members)


class GuarantorSchema(Body[NamedGuarantor]):
    """One of `guarantors`; also the body that replaces one."""

    personal_number = PersonalNumberField(required=True, adult=True, rule="A4")
    name = TextField(longest=100, required=True)
    email = EmailField(required=True)
    phone = PhoneField(required=True)

    def make(self, **members: Any) -> NamedGuarantor:
        """The guarantor."""
        return NamedGuarantor(**members)


class InvitationRequestSchema(Body[InvitationBody]):
    """A guarantor is written to once more; `email` is another address, which is kept."""

    email = EmailField(load_default=None)

    def make(self, **members: Any) -> InvitationBody:
        """The request."""
        return InvitationBody(**members)


class SignatorySchema(Body[Signatory]):
    """One of `signing_rule`."""

    personal_number = PersonalNumberField(required=True)
    name = TextField(longest=100, required=True)

    def make(self, **members: Any) -> Signatory:
        """The signatory."""
        return Signatory(**members)


class BeneficialOwnerSchema(Body[BeneficialOwner]):
    """One of `beneficial_owners`."""

    personal_number = PersonalNumberField(required=True)
    name = TextField(longest=100, load_default=None)
    share = RateField(zero=True, required=True)
    politically_exposed = BooleanField(load_default=None)
    control = ChoiceField(OwnerControl, load_default=OwnerControl.VOTES)
    related_to = PersonalNumberField(load_default=None)

    def make(self, **members: Any) -> BeneficialOwner:
        """The owner."""
        return BeneficialOwner(**members)


class DueDiligenceSchema(Body[DueDiligenceAnswers]):
    """`due_diligence`: every answer may be missing, and a gap refers the application (rule K1)."""

    purpose_of_credit = TextField(longest=1000, lines=True, load_default=None)
    source_of_repayment = TextField(longest=1000, lines=True, load_default=None)
    politically_exposed = BooleanField(load_default=None)
    owners_complete = BooleanField(load_default=None)
    trades_with_high_risk_countries = BooleanField(load_default=None)
    takes_cash = BooleanField(load_default=None)
    industry = IndustryField(load_default=None)

    def make(self, **members: Any) -> DueDiligenceAnswers:
        """The answers."""
        return DueDiligenceAnswers(**members)


class ApplicationSchema(Body[ApplicationBody]):
    """An application. What it dumps, it loads again."""

    refused_members = {  # noqa: RUF012 (the base class declares it)
        name: fault("", _SECURITY, "A5") for name in ("security", "securities", "collateral", "pledge", "mortgage")
    }

    company_form = ChoiceField(CompanyForm, required=True)
    organisation_number = CompanyNumberField(required=True)
    requested_amount = MoneyField(required=True)
    term_months = WholeNumberField(required=True)
    repayment_plan = ChoiceField(RepaymentPlan, load_default=RepaymentPlan.STRAIGHT)
    purpose = ChoiceField(CreditPurpose, refused={"private": (_PRIVATE, "A1")}, required=True)
    expected_monthly_revenue = MoneyField(zero=True, required=True)
    expected_monthly_costs = MoneyField(zero=True, required=True)
    monthly_debt_payments = MoneyField(zero=True, required=True)
    contact = ObjectField(ContactSchema, required=True)
    payout_account = ObjectField(PayoutAccountSchema, required=True)
    invoice_delivery = ChoiceField(InvoiceDelivery, load_default=InvoiceDelivery.EMAIL)
    invoice_address = TextField(longest=200, load_default=None)
    signatory_personal_number = PersonalNumberField(required=True)
    signing_rule = ListField(ObjectField(SignatorySchema), most=MOST_PERSONS, load_default=())
    guarantors = ListField(ObjectField(GuarantorSchema), most=MOST_PERSONS, load_default=())
    beneficial_owners = ListField(ObjectField(BeneficialOwnerSchema), most=MOST_PERSONS, load_default=())
    due_diligence = ObjectField(DueDiligenceSchema, load_default=DueDiligenceAnswers)

    def make(self, **members: Any) -> ApplicationBody:
        """The application. Without a signing rule the submitter, who is then the contact, signs alone."""
        number, form = members.pop("organisation_number"), members["company_form"]
        alone = Signatory(personal_number=members["signatory_personal_number"], name=members["contact"].name)
        members["signing_rule"] = members["signing_rule"] or (alone,)
        return ApplicationBody(organisation_number=parse_company_number(number, form=form, on=loading().on), **members)

    @validates_schema(skip_on_field_errors=False)
    def check(self, data: Mapping[str, Any], **_: Any) -> None:
        """Everything that members say together or against the terms; what could not be read is left out."""
        errors = tuple(_faults(data, on=loading().on, terms=loading().terms))
        if errors:
            raise refusal_of(errors)


class ApplicationPatchSchema(ApplicationSchema):
    """A change of a draft: the members to replace, each whole. `patched` carries it out."""

    def __init__(self, **options: Any) -> None:
        super().__init__(partial=True, **options)


class SupplementSchema(Body[SupplementBody]):
    """What is added after submission (rule A3)."""

    refused_members = {  # noqa: RUF012 (the base class declares it)
        name: fault("", _FIXED, "A3")
        for name in ("company_form", "organisation_number", "requested_amount", "term_months", "repayment_plan")
    }

    contact = ObjectField(ContactSchema)
    payout_account = ObjectField(PayoutAccountSchema)
    information = TextField(longest=10_000, lines=True)

    def make(self, **members: Any) -> SupplementBody:
        """The supplement."""
        return SupplementBody(**members)

    @validates_schema
    def check(self, data: Mapping[str, Any], **_: Any) -> None:
        """At least one member."""
        if not data:
            raise refusal_of((fault("", _NOTHING_ADDED),))


def patched(
    draft: ApplicationBody, changes: object, *, on: date, terms: ProductTerms = DEFAULT_TERMS
) -> ApplicationBody:
    """*draft* with *changes*, a JSON object of members to replace; checked as a whole. Raises InvalidInput."""
    schema = ApplicationSchema()
    if not isinstance(changes, Mapping):
        return load(schema, changes, on=on, terms=terms)
    whole = schema.dump(draft)
    if len(draft.signing_rule) == 1 and "signatory_personal_number" in changes:
        # Who signs alone is the submitter, whoever that becomes.
        del whole["signing_rule"]
    return load(schema, whole | dict(changes), on=on, terms=terms)


def _faults(data: Mapping[str, Any], *, on: date, terms: ProductTerms) -> Iterator[FieldError]:
    form = data.get("company_form")
    company = _company(data, on=on)
    submitter = data.get("signatory_personal_number")
    if form and "organisation_number" in data:
        yield from _found(checks.company_number(data["organisation_number"], form=form, on=on))
    if "requested_amount" in data:
        yield from _found(checks.requested_amount(data["requested_amount"], terms=terms))
    if "term_months" in data:
        yield from _found(checks.term(data["term_months"], terms=terms))
    if form and "guarantors" in data:
        named, count = _persons(data["guarantors"]), len(data["guarantors"])
        yield from checks.guarantors(named, count=count, form=form, company=company)
    if submitter and "signing_rule" in data:
        yield from checks.signatories(_persons(data["signing_rule"]), submitter=submitter, company=company)
    yield from checks.owners(_persons(data.get("beneficial_owners", ())))


def _found(error: FieldError | None) -> Iterable[FieldError]:
    return () if error is None else (error,)


def _company(data: Mapping[str, Any], *, on: date) -> OrganisationNumber | PersonalNumber | None:
    try:
        return parse_company_number(data["organisation_number"], form=data["company_form"], on=on)
    except (KeyError, IdentifierInvalid):
        return None


def _persons(items: Iterable[Any]) -> dict[int, PersonalNumber]:
    """The personal numbers that could be read, by their place; an item with a fault elsewhere is a mapping still."""
    numbers = (
        item.get("personal_number") if isinstance(item, Mapping) else getattr(item, "personal_number", None)
        for item in items
    )
    return {place: number for place, number in enumerate(numbers) if number is not None}
