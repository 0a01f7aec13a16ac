"""What a caller asks for about fees, invoices, payments and accounts, as validated and typed."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from uuid import UUID

from underwriting.kernel.identifiers import Bankgiro
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import (
    Account,
    CreditReason,
    InvoiceDelivery,
    LateCharge,
)


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
