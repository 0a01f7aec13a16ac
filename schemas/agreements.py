"""Agreements: what is signed, drawn, cancelled and redeemed, and the ledger of it."""

from typing import Any

from schemas.agreement_values import CancellationBody, DrawdownBody, RedemptionBody
from schemas.answers import Answer
from schemas.billing import FeeExplanationSchema
from schemas.fields import (
    BooleanField,
    ChoiceField,
    DateField,
    IdField,
    InstantField,
    ListField,
    ObjectField,
    TextField,
    WholeNumberField,
)
from schemas.kernel_fields import CompanyNumberField, MoneyField, PersonalNumberField, RateField
from schemas.loading import Body
from underwriting.kernel.vocabulary import (
    Account,
    AgreementState,
    CancellationState,
    CancellationWindow,
    CompanyForm,
    GuaranteeState,
    PayoutState,
    RepaymentPlan,
    RequestChannel,
    WindowPolicy,
)

_MOST_ITEMS = 10_000


class InstalmentSchema(Answer):
    """One instalment of principal."""

    number = WholeNumberField()
    due_on = DateField()
    amount = MoneyField()


class AgreementSchema(Answer):
    """A credit agreement (rule G1)."""

    id = IdField()
    application_id = IdField()
    number = WholeNumberField()
    ocr = TextField(longest=25)
    state = ChoiceField(AgreementState)
    company_form = ChoiceField(CompanyForm)
    organisation_number = CompanyNumberField(masked=True)
    borrower_name = TextField(longest=200)
    limit = MoneyField()
    utilised = MoneyField(zero=True)
    fee_rate = RateField()
    term_months = WholeNumberField()
    repayment_plan = ChoiceField(RepaymentPlan)
    terms_version = TextField(longest=40)
    window_policy = ChoiceField(WindowPolicy)
    cancellation_days = WholeNumberField()
    cancellation_fee = MoneyField(zero=True)
    same_day_cancellation_fee = MoneyField(zero=True)
    granted_at = InstantField()
    sign_by = InstantField()
    signed_at = InstantField()
    first_paid_out_at = InstantField()
    first_paid_out_on = DateField()
    drawdowns_stopped_at = InstantField(described={"description": "When a partner's exit stopped them (rule G5)"})
    ended_at = InstantField()
    plan = ListField(ObjectField(InstalmentSchema), most=_MOST_ITEMS)


class GuaranteeSchema(Answer):
    """A personal guarantee (rule G2)."""

    id = IdField()
    agreement_id = IdField()
    state = ChoiceField(GuaranteeState)
    name = TextField(longest=100)
    personal_number = PersonalNumberField(masked=True)
    cap = MoneyField()
    signed_at = InstantField()
    ended_at = InstantField()


class LiablePartySchema(Answer):
    """Somebody who answers for the debt (rule G5): borrower, guarantor, or partner by law."""

    liability = TextField(longest=40)
    reference = IdField(described={"description": "The guarantee's id"})
    name = TextField(longest=200)
    cap = MoneyField(described={"description": "Without one the party answers for the whole debt"})
    statute = TextField(longest=200)
    debts_before = DateField()
    until = DateField()
    owed = MoneyField(zero=True, described={"description": "What the party answers for of the debt as it stands"})


class DocumentSchema(Answer):
    """A document, by the hash of the exact bytes that are signed."""

    id = IdField()
    kind = TextField(longest=40)
    sha256 = TextField(
        longest=64, described={"description": "Of what is signed, with which a sealed file begins unchanged"}
    )
    media_type = TextField(longest=40)
    created_at = InstantField()
    sealed_at = InstantField(described={"description": "When the lender sealed it with its signatures inside"})
    replaced_at = InstantField(
        described={"description": "When its agreement was given up for a new decision; it binds nobody"}
    )


class DrawdownRequestSchema(Body[DrawdownBody]):
    """A part of the limit to be paid out (rule P1)."""

    amount = MoneyField(required=True)

    def make(self, **members: Any) -> DrawdownBody:
        """The request."""
        return DrawdownBody(**members)


class DrawdownSchema(Answer):
    """A drawdown and how its payout stands."""

    id = IdField()
    agreement_id = IdField()
    sequence = WholeNumberField()
    amount = MoneyField()
    requested_at = InstantField()
    payout_state = ChoiceField(PayoutState)
    booked_on = DateField()


class CancellationRequestSchema(Body[CancellationBody]):
    """A request to cancel; staff record the channel by which it came and when. The feature's rules judge it (C5)."""

    channel = ChoiceField(RequestChannel, load_default=RequestChannel.PORTAL)
    received_at = InstantField(load_default=None)
    note = TextField(longest=1000, lines=True, load_default=None)

    def make(self, **members: Any) -> CancellationBody:
        """The request."""
        return CancellationBody(**members)


class WindowSchema(Answer):
    """A cancellation window: a request is in time up to and including `last_second`."""

    kind = ChoiceField(CancellationWindow)
    opens_at = InstantField()
    closes_at = InstantField()
    last_second = InstantField()


class CancellationQuoteSchema(Answer):
    """What cancelling at this moment, `at`, costs and until when it can be asked for (rule C7)."""

    at = InstantField()
    seconds_left = WholeNumberField()
    window = ObjectField(WindowSchema)
    fee = MoneyField(zero=True)
    principal_to_repay = MoneyField(zero=True)
    total = MoneyField(zero=True)
    conditional = BooleanField()
    pay_by = DateField()


class CancellationSchema(Answer):
    """A recorded request to cancel and what has become of it (rule C6)."""

    id = IdField()
    agreement_id = IdField()
    state = ChoiceField(CancellationState)
    window = ChoiceField(CancellationWindow)
    channel = ChoiceField(RequestChannel)
    received_at = InstantField()
    recorded_at = InstantField()
    needs_confirmation = BooleanField()
    fee = MoneyField(zero=True)
    principal_to_repay = MoneyField(zero=True)
    pay_by = DateField()
    settled_at = InstantField()


class RedemptionRequestSchema(Body[RedemptionBody]):
    """The day of redemption: the body of a request and the query of a quote (rule F3)."""

    on = DateField(required=True)

    def make(self, **members: Any) -> RedemptionBody:
        """The request."""
        return RedemptionBody(**members)


class RedemptionQuoteSchema(Answer):
    """The sum that redeems the credit on a day, and the last day that avoids the next month's fee (rule F3)."""

    on = DateField()
    booked_on = DateField()
    principal = MoneyField(zero=True)
    unpaid_fees = MoneyField(zero=True)
    new_fees = ListField(ObjectField(FeeExplanationSchema), most=_MOST_ITEMS)
    credit_balance = MoneyField(zero=True)
    total = MoneyField(zero=True)
    last_day = DateField()


class RedemptionSchema(Answer):
    """A request to redeem; it changes nothing until the sum is received."""

    id = IdField()
    agreement_id = IdField()
    state = TextField(longest=20)
    on = DateField()
    total = MoneyField(zero=True)
    requested_at = InstantField()
    completed_at = InstantField()


class LedgerLineSchema(Answer):
    """An amount that goes to the debit account from the credit account."""

    debit = ChoiceField(Account)
    credit = ChoiceField(Account)
    amount = MoneyField()


class LedgerEntrySchema(Answer):
    """One business event in the books (rule F6)."""

    id = IdField()
    kind = TextField(longest=40)
    business_key = TextField(longest=200)
    occurred_on = DateField()
    booked_at = InstantField()
    reverses_id = IdField()
    lines = ListField(ObjectField(LedgerLineSchema), most=_MOST_ITEMS)
