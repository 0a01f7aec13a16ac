"""Frozen values that bodies become. Names, addresses and accounts stay out of `repr`, and so out of logs."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from underwriting.kernel.identifiers import Bankgiro, OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.signing_rule import SigningRule
from underwriting.kernel.vocabulary import (
    Account,
    AnnulmentGround,
    CompanyForm,
    CreditPurpose,
    CreditReason,
    DecisionOutcome,
    FactTreatment,
    InvoiceDelivery,
    LateCharge,
    OwnerControl,
    RequestChannel,
    ReviewOutcome,
    SigningPurpose,
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
class SigningBody:
    """What a person wants to sign; an identification has no subject."""

    purpose: SigningPurpose
    subject_id: UUID | None


@dataclass(frozen=True, kw_only=True, slots=True)
class DrawdownBody:
    """How much of the limit is to be paid out (rule P1)."""

    amount: Money


@dataclass(frozen=True, kw_only=True, slots=True)
class CancellationBody:
    """How a request to cancel reached the lender (rule C5); `agreements.cancellation.rules` judges it."""

    channel: RequestChannel
    received_at: datetime | None
    note: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class RedemptionBody:
    """The day for which a borrower wants to redeem (rule F3)."""

    on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class ClockBody:
    """Where test time is to stand (rule X1)."""

    at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class FeeRunBody:
    """The month whose fees are to be charged (rule F1)."""

    month: Month


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoiceRunBody:
    """The month whose invoices are to be issued (rule F5)."""

    period: Month


@dataclass(frozen=True, kw_only=True, slots=True)
class InvoiceDeliveryBody:
    """How a borrower wants invoices; on paper with the address that they go to (rule F4)."""

    delivery: InvoiceDelivery
    address: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceBody:
    """What an invoice on paper costs from a day on (rule F4)."""

    since: date
    amount: Money


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditBody:
    """Why a fee of paper is taken back (rule F6)."""

    reason: CreditReason


@dataclass(frozen=True, kw_only=True, slots=True)
class ReferenceRateBody:
    """A half-year's reference rate, where it was read, and why it is corrected (rule R5)."""

    since: date
    rate: Decimal
    source: str
    reason: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LateChargeBody:
    """The step to charge for a late invoice (rule R4)."""

    kind: LateCharge


@dataclass(frozen=True, kw_only=True, slots=True)
class CloseMonthBody:
    """The month to close (rule F9)."""

    month: Month


@dataclass(frozen=True, kw_only=True, slots=True)
class ChartEntryBody:
    """What an account of the ledger is in the chart of accounts from a day on (rule F9)."""

    account: Account
    since: date
    number: str
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseBody:
    """What a held payout is released on, where no bureau knows the company (rule P4)."""

    evidence: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountChangeBody:
    """Another account of the company's (rule P1)."""

    bankgiro: Bankgiro = field(repr=False)
    holder: str | None = field(default=None, repr=False)
    evidence: str | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class SigningRuleBody:
    """A signing rule (rule S2), and where it was read."""

    rule: SigningRule = field(repr=False)
    evidence: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class RefusalBody:
    """Why a guarantor declines (rule G2), and whether the applicant may read it."""

    reason: str = field(repr=False)
    tell_applicant: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class AnnulmentBody:
    """Why an agreement is annulled."""

    ground: AnnulmentGround
    reason: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReasonBody:
    """Why staff do something."""

    reason: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class PartnerBody:
    """A registered partner (rule G5); *number* is the digits of a person's or a legal person's."""

    number: str = field(repr=False)
    name: str = field(repr=False)
    entered_on: date
    evidence: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class PartnerExitBody:
    """The registration of a partner's exit (rule G5)."""

    exited_on: date
    evidence: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class BrokenLimitationBody:
    """When the limitation against a former partner was broken (rule G5)."""

    broken_on: date


@dataclass(frozen=True, kw_only=True, slots=True)
class DivisionBody:
    """A debt to divide between guarantors, and whose guarantees bring nothing (rule G3)."""

    amount: Money
    insolvent: tuple[UUID, ...]
    barred: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class MatchPartBody:
    """So much of a payment for an agreement, or for one invoice of it (rule F7)."""

    agreement_id: UUID
    amount: Money | None = None
    invoice_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MatchBody:
    """How a person divides a payment, or of a deduction which payment it takes back (rule F7)."""

    parts: tuple[MatchPartBody, ...] = ()
    takes_back_id: UUID | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RefundBody:
    """How much of a credit balance goes back, and why (rule F8)."""

    amount: Money
    reason: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReturnBody:
    """Why a payment goes back to its sender, and to which bankgiro where the bank tells none (rule F8)."""

    reason: str = field(repr=False)
    bankgiro: Bankgiro | None = field(default=None, repr=False)
