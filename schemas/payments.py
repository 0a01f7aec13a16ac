"""Incoming payments, their files, whose they are, and what is paid back (rules F7, F8)."""

from typing import Any

from schemas.answers import Answer
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
from schemas.kernel_fields import BankgiroField, MoneyField
from schemas.loading import Body
from schemas.money_values import MatchBody, MatchPartBody, RefundBody, ReturnBody
from underwriting.kernel.vocabulary import MatchGround, PaymentFileState, PaymentState, RefundState

_SIGNED = {"pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$"}
_MOST_PARTS = 50
_LONGEST_REFERENCE = 35
_MAY_BE_EMPTY = {"minLength": 0}


class PaymentFileSchema(Answer):
    """What became of one file of the bank; `waiting` is still to be booked by a worker."""

    file_id = IdField()
    state = ChoiceField(PaymentFileState)
    matched = WholeNumberField()
    unmatched = WholeNumberField()
    waiting = WholeNumberField()


class ListedPaymentFileSchema(Answer):
    """A file of the bank and how far it is; `refused` says why nothing of it is booked."""

    id = IdField()
    state = ChoiceField(PaymentFileState)
    received_at = InstantField()
    finished_at = InstantField()
    refused = TextField(longest=100)
    payments = WholeNumberField()
    booked = WholeNumberField()
    unmatched = WholeNumberField()


class PaymentSchema(Answer):
    """A payment, or a part of one; a deduction is negative. `takes_back_id` is the payment that it takes back.

    In lists `reference` is there where it is one of the lender's own, else empty: payers type what they like.
    """

    id = IdField()
    state = ChoiceField(PaymentState)
    booked_on = DateField()
    reference = TextField(longest=_LONGEST_REFERENCE, described=_MAY_BE_EMPTY)
    amount = MoneyField(described=_SIGNED)
    agreement_id = IdField()
    matched_by = TextField(longest=100)
    matched_at = InstantField()
    takes_back_id = IdField()
    is_reversal = BooleanField()


class PayerSchema(Answer):
    """What the bank told of who paid; empty where it told nothing."""

    name = TextField(longest=200, described=_MAY_BE_EMPTY)
    account = TextField(longest=50, described=_MAY_BE_EMPTY)
    organisation_number = TextField(longest=50, described=_MAY_BE_EMPTY)
    texts = ListField(TextField(longest=200), most=1_000)


class SuggestionSchema(Answer):
    """An agreement that a payment may be for, and on what grounds."""

    agreement_id = IdField()
    agreement_number = WholeNumberField()
    invoice_id = IdField()
    grounds = ListField(ChoiceField(MatchGround), most=len(MatchGround))


class PaymentInDoubtSchema(Answer):
    """A payment with its payer and whose it may be; of a deduction, which payments it may take back."""

    payment = ObjectField(PaymentSchema)
    payer = ObjectField(PayerSchema)
    suggestions = ListField(ObjectField(SuggestionSchema), most=100)
    may_take_back = ListField(ObjectField(PaymentSchema), most=100)


class MatchPartSchema(Body[MatchPartBody]):
    """So much of a payment, all of it without `amount`, for an agreement, or for one invoice of it."""

    agreement_id = IdField(required=True)
    amount = MoneyField(load_default=None)
    invoice_id = IdField(load_default=None)

    def make(self, **members: Any) -> MatchPartBody:
        """The part."""
        return MatchPartBody(**members)


class MatchRequestSchema(Body[MatchBody]):
    """How a payment is divided, or of a deduction the payment that it takes back: one of the two."""

    parts = ListField(ObjectField(MatchPartSchema), most=_MOST_PARTS, load_default=())
    takes_back_id = IdField(load_default=None)

    def make(self, **members: Any) -> MatchBody:
        """The request."""
        return MatchBody(**members)


class RefundRequestSchema(Body[RefundBody]):
    """How much of a credit balance is to go back, and why."""

    amount = MoneyField(required=True)
    reason = TextField(longest=1000, required=True)

    def make(self, **members: Any) -> RefundBody:
        """The request."""
        return RefundBody(**members)


class ReturnRequestSchema(Body[ReturnBody]):
    """Why a payment is to go back to its sender; the sender's bankgiro where the bank tells none."""

    reason = TextField(longest=1000, required=True)
    bankgiro = BankgiroField(load_default=None)

    def make(self, **members: Any) -> ReturnBody:
        """The request."""
        return ReturnBody(**members)


class RefundSchema(Answer):
    """Money that is paid back: of an agreement's credit balance, or a payment that was nobody's."""

    id = IdField()
    state = ChoiceField(RefundState)
    amount = MoneyField()
    agreement_id = IdField()
    payment_id = IdField()
    asked_by = TextField(longest=100)
    asked_at = InstantField()
    released_by = TextField(longest=100)
    booked_on = DateField()
    failure = TextField(longest=100)
