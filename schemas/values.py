"""Frozen values that bodies of applications and decisions become: names, addresses and accounts stay out of `repr`."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from underwriting.kernel.identifiers import Bankgiro, OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import (
    CompanyForm,
    CreditPurpose,
    DecisionOutcome,
    FactTreatment,
    InvoiceDelivery,
    OwnerControl,
    RepaymentPlan,
    RequestChannel,
    ReviewOutcome,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Contact:
    """Whom the lender writes to."""

    name: str = field(repr=False)
    email: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutAccount:
    """The company's own account (rule P1)."""

    bankgiro: Bankgiro = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class NamedGuarantor:
    """A person named as guarantor, and how to reach them (rule A4)."""

    personal_number: PersonalNumber
    name: str = field(repr=False)
    email: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class InvitationBody:
    """A guarantor is written to once more, at another address where one is given."""

    email: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Signatory:
    """One of those who sign for the company together (*firmatecknare*)."""

    personal_number: PersonalNumber
    name: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class BeneficialOwner:
    """Somebody who owns or controls the company (*verklig huvudman*); *share* of the votes is a fraction.

    *related_to* is another owner who is a close relative: their shares are added together.
    """

    personal_number: PersonalNumber
    share: Decimal
    politically_exposed: bool | None
    name: str | None = field(default=None, repr=False)
    control: OwnerControl = OwnerControl.VOTES
    related_to: PersonalNumber | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class DueDiligenceAnswers:
    """What the applicant has told of the relation (rule K1); None is a question left open."""

    purpose_of_credit: str | None = None
    source_of_repayment: str | None = None
    politically_exposed: bool | None = None
    owners_complete: bool | None = None
    trades_with_high_risk_countries: bool | None = None
    takes_cash: bool | None = None
    industry: str | None = None  # a code of SNI, two to five digits


@dataclass(frozen=True, kw_only=True, slots=True)
class ApplicationBody:
    """A valid application, whole: what a draft holds and what is submitted."""

    company_form: CompanyForm
    organisation_number: OrganisationNumber | PersonalNumber  # of a sole trader the owner's
    requested_amount: Money
    term_months: int
    purpose: CreditPurpose
    expected_monthly_revenue: Money
    expected_monthly_costs: Money
    monthly_debt_payments: Money
    contact: Contact
    payout_account: PayoutAccount
    invoice_delivery: InvoiceDelivery
    signatory_personal_number: PersonalNumber
    signing_rule: tuple[Signatory, ...]  # one alternative: all of them sign; the submitter is one of them (A9)
    guarantors: tuple[NamedGuarantor, ...]
    beneficial_owners: tuple[BeneficialOwner, ...]
    due_diligence: DueDiligenceAnswers
    repayment_plan: RepaymentPlan = RepaymentPlan.STRAIGHT
    invoice_address: str | None = field(default=None, repr=False)  # where invoices on paper go (F4)


@dataclass(frozen=True, kw_only=True, slots=True)
class SupplementBody:
    """What is added after submission (rule A3); at least one of them."""

    contact: Contact | None = None
    payout_account: PayoutAccount | None = None
    information: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class OverrideBody:
    """How an underwriter determines a case (rule D8): limit and fee rate together, or neither for a decline."""

    outcome: DecisionOutcome
    limit: Money | None
    fee_rate: Decimal | None
    reason_code: str
    reason: str = field(repr=False)
    conditions: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewBody:
    """A natural person's request for human review (rule D9): of a guarantor, or of the owner where there is none."""

    view: str = field(repr=False)
    guarantor_id: UUID | None = None
    channel: RequestChannel = RequestChannel.PORTAL
    received_at: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReviewAnswerBody:
    """What a review came to: the *answer* to the person, in English too if it was written; *grounds* for staff."""

    outcome: ReviewOutcome
    answer: str = field(repr=False)
    answer_english: str | None = field(default=None, repr=False)
    grounds: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class AssignmentBody:
    """To whom a case is given; None: to whoever asks."""

    username: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DisputeBody:
    """A fact that a bureau has wrong (rule D13): without *value* a corrected one is absent."""

    subject: str
    fact: str
    treatment: FactTreatment
    value: str | None = field(repr=False)
    note: str = field(repr=False)
    document: bytes | None = field(repr=False)
    document_type: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockBody:
    """Where test time is to stand (rule X1)."""

    at: datetime
