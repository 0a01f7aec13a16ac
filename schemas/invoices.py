"""Invoices and credit notes, how they are sent, runs that issue them, print batches, statements of account."""

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
from schemas.kernel_fields import MoneyField, MonthField
from schemas.loading import Body
from schemas.money_values import CreditBody, InvoiceDeliveryBody, InvoiceRunBody, PriceBody
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CreditReason, InvoiceDelivery, InvoiceKind, InvoiceLineKind, InvoiceState

_BY_ITSELF = (Text("Det krediteras av sig självt", "That is credited by itself"), "F6")
_MOST_LINES = 1_000
_MOST_EVENTS = 10_000
_SIGNED = {"pattern": r"^-?[0-9]{1,12}(\.[0-9]{1,2})?$"}


class InvoiceLineSchema(Answer):
    """One line: what it asks for, and what is left to pay of it (rule F8)."""

    number = WholeNumberField()
    kind = ChoiceField(InvoiceLineKind)
    amount = MoneyField()
    open = MoneyField(zero=True)
    arose_on = DateField()
    is_credited = BooleanField()


class InvoiceSchema(Answer):
    """An invoice (rule F5), or with `credits` the credit note that takes lines of that invoice back."""

    id = IdField()
    agreement_id = IdField()
    kind = ChoiceField(InvoiceKind)
    number = WholeNumberField()
    ocr = TextField(longest=25)
    period = MonthField()
    issued_on = DateField()
    due_on = DateField()
    delivery = ChoiceField(InvoiceDelivery)
    lines = ListField(ObjectField(InvoiceLineSchema), most=_MOST_LINES)
    rounding = MoneyField(described=_SIGNED)
    payable = MoneyField(zero=True)
    open = MoneyField(zero=True)
    state = ChoiceField(InvoiceState)
    credits = IdField()
    reason = ChoiceField(CreditReason)
    sent_at = InstantField()


class InvoiceDeliverySchema(Answer):
    """How an agreement's invoices are sent, and what one on paper costs today (rule F4)."""

    delivery = ChoiceField(InvoiceDelivery)
    paper_fee = MoneyField(zero=True)


class InvoiceDeliveryRequestSchema(Body[InvoiceDeliveryBody]):
    """How invoices are to be sent from the next one on (rule F4)."""

    delivery = ChoiceField(InvoiceDelivery, required=True)
    address = TextField(longest=200)

    def make(self, **members: Any) -> InvoiceDeliveryBody:
        """The request."""
        return InvoiceDeliveryBody(**members)


class PriceSchema(Answer):
    """What an invoice on paper costs from a day until the next price (rule F4)."""

    since = DateField()
    amount = MoneyField(zero=True)


class PriceRequestSchema(Body[PriceBody]):
    """A new price of an invoice on paper (rule F4)."""

    since = DateField(required=True)
    amount = MoneyField(zero=True, required=True)

    def make(self, **members: Any) -> PriceBody:
        """The request."""
        return PriceBody(**members)


class CreditRequestSchema(Body[CreditBody]):
    """Why the fee of paper is taken back (rule F6)."""

    reason = ChoiceField(
        CreditReason,
        refused={CreditReason.REVERSED: _BY_ITSELF, CreditReason.PAYOUT_RETURNED: _BY_ITSELF},
        required=True,
    )

    def make(self, **members: Any) -> CreditBody:
        """The request."""
        return CreditBody(**members)


class InvoiceRunSchema(Answer):
    """How far a month's invoices are (rule F5)."""

    period = MonthField()
    begun_at = InstantField()
    finished_at = InstantField()
    chunks = WholeNumberField()
    chunks_done = WholeNumberField()
    issued_count = WholeNumberField()
    issued = MoneyField(zero=True)


class InvoiceRunRequestSchema(Body[InvoiceRunBody]):
    """The month to issue invoices for (rule F5)."""

    period = MonthField(required=True)

    def make(self, **members: Any) -> InvoiceRunBody:
        """The request."""
        return InvoiceRunBody(**members)


class PrintBatchSchema(Answer):
    """Papers that go to the printer together (rule F4)."""

    id = IdField()
    number = WholeNumberField()
    made_at = InstantField()
    count = WholeNumberField()


class StandingSchema(Answer):
    """What is owed at the end of a day; `debt` is net of the credit balance and may be negative."""

    principal = MoneyField(zero=True)
    fees = MoneyField(zero=True)
    credit_balance = MoneyField(zero=True)
    debt = MoneyField(described=_SIGNED)


class StatementLineSchema(Answer):
    """One event: what it did to the debt, and the debt after it."""

    on = DateField()
    kind = TextField(longest=40)
    change = MoneyField(described=_SIGNED)
    debt = MoneyField(described=_SIGNED)


class StatementSchema(Answer):
    """A statement of account, from the beginning of one day to the end of another."""

    first = DateField()
    last = DateField()
    opening = ObjectField(StandingSchema)
    lines = ListField(ObjectField(StatementLineSchema), most=_MOST_EVENTS)
    closing = ObjectField(StandingSchema)
