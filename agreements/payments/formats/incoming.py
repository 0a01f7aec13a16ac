"""What a file of payments tells, whichever format it has: deposits of payments, each as the bank wrote it (rule F7)."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import IntEnum, StrEnum

from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text


class FileFormat(StrEnum):
    """In what a bank tells of payments."""

    BGMAX = "bgmax"
    CAMT_054 = "camt.054"


class ReferenceCode(IntEnum):
    """What was found in the reference field of a payment, in the numbers of BgMax."""

    NONE = 0
    NOT_POSSIBLE = 1  # left blank, since the payer's channel has no field for it
    OCR = 2
    SEVERAL = 3
    FREE = 4
    OCR_WRONG = 5


class DeductionCode(IntEnum):
    """What is left of an amount that a deduction was taken from."""

    WHOLE = 0
    PART = 1
    LAST_PART = 2


class PaymentFileRefused(InvalidInput):
    """A payment file is not one, or does not add up; *line* is where. Nothing of it is read (rule F7)."""

    slug = "payment-file-refused"
    title = Text("Betalningsfilen kunde inte läsas", "The payment file could not be read")
    rule = "F7"

    def __init__(self, line: int, why: Text) -> None:
        super().__init__(Text(f"Rad {line}: {why.sv}", f"Line {line}: {why.en}"))
        self.line = line


@dataclass(frozen=True, slots=True)
class ExtraReference:
    """One more reference of a payment; *amount* is positive, taken from the payment where *is_deduction*.

    An amount of zero says that the payer has not divided the payment.
    """

    reference: str
    amount: Money
    reference_code: ReferenceCode
    is_deduction: bool


@dataclass(frozen=True, slots=True)
class Payer:
    """What the file says of who paid; empty where it says nothing. *organisation_number* is digits as written."""

    name: str = field(default="", repr=False)
    extra_name: str = field(default="", repr=False)
    address: str = field(default="", repr=False)
    postcode: str = field(default="", repr=False)
    city: str = field(default="", repr=False)
    country: str = field(default="", repr=False)
    country_code: str = field(default="", repr=False)
    organisation_number: str = field(default="", repr=False)


NOBODY = Payer()
"""A file says nothing of who paid."""


@dataclass(frozen=True, slots=True)
class IncomingPayment:
    """One payment, or where *deduction* is set one deduction; *amount* is never negative.

    *serial* is the bank's name of it, unique within its deposit. *sender* is a bankgiro or an account, or empty.
    *is_reversal* when the bank takes back what it told before, or returns what the lender had sent; *end_to_end_id* is
    what names that. *channel* is BgMax's.
    """

    sender: str
    reference: str
    amount: Money
    reference_code: ReferenceCode
    channel: int
    serial: str
    deduction: DeductionCode | None = None
    extra_references: tuple[ExtraReference, ...] = ()
    texts: tuple[str, ...] = field(default=(), repr=False)
    payer: Payer = NOBODY
    is_reversal: bool = False
    end_to_end_id: str = ""

    @property
    def signed_amount(self) -> Money:
        """What it adds to the deposit: negative for a deduction."""
        return self.amount if self.deduction is None else -self.amount


@dataclass(frozen=True, slots=True)
class Deposit:
    """The payments that reached the lender's account on one day in one booking, *amount* in all.

    *receiver* is a bankgiro, or the account where the bank tells of that alone. With it, *booked_on* and *serial* a
    payment's own serial names it for ever.
    """

    receiver: str
    account: str
    booked_on: date
    serial: str
    amount: Money
    payments: tuple[IncomingPayment, ...]


@dataclass(frozen=True, slots=True)
class IncomingFile:
    """A whole file; *is_test* when it is marked as made for a test. *identity* is what its maker knows it by."""

    format: FileFormat
    identity: str
    created_at: datetime
    is_test: bool
    deposits: tuple[Deposit, ...]

    @property
    def count(self) -> int:
        """How many payments and deductions."""
        return sum(len(deposit.payments) for deposit in self.deposits)
