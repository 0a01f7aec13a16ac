"""The stand-in's BgMax files, written from the layout alone: one deposit of payments to one bankgiro."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from underwriting.kernel.identifiers import Bankgiro, is_ocr_number
from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM

REFERENCE_LENGTH = 25
"""The most characters of a reference."""

_INTERNET_BANK = "1"


@dataclass(frozen=True, slots=True)
class Received:
    """One payment that reached the lender; *serial* is Bankgirot's number of it."""

    serial: int
    reference: str
    amount: Money
    payer_name: str


def write(
    payments: Sequence[Received],
    *,
    bankgiro: Bankgiro,
    account: str,
    booked_on: date,
    deposit_serial: int,
    created_at: datetime,
) -> bytes:
    """The file of one deposit: *payments* booked on *booked_on* to the digits of *account*."""
    stamp = created_at.astimezone(STOCKHOLM).strftime("%Y%m%d%H%M%S%f")
    total = Money.sum(payment.amount for payment in payments)
    records = [f"01{'BGMAX':<20}01{stamp}T", f"05{bankgiro.digits:0>10}{'':10}SEK"]
    for payment in payments:
        records.append(_payment(payment))
        if payment.payer_name:
            records.append(f"26{payment.payer_name[:35]:<35}")
    records.append(
        f"15{account:0>35}{booked_on:%Y%m%d}{deposit_serial % 100_000:05d}{total.ore:018d}SEK{len(payments):08d}"
    )
    records.append(f"70{len(payments):08d}{0:08d}{0:08d}{1:08d}")
    return "".join(f"{record:<80}\r\n" for record in records).encode("iso-8859-1", "replace")


def _payment(payment: Received) -> str:
    code = _reference_code(payment.reference)
    reference = f"{payment.reference:>25}" if code == 2 else f"{payment.reference:<25}"
    return f"20{'':0>10}{reference}{payment.amount.ore:018d}{code}{_INTERNET_BANK}{payment.serial:012d}0"


def _reference_code(reference: str) -> int:
    # The lender's agreement with its bank is soft control: a wrong reference is let through and marked.
    if not reference:
        return 0
    if is_ocr_number(reference):
        return 2
    return 5 if reference.isdigit() else 4
