"""Files in which a bank tells what was paid to the lender: BgMax and camt.054, read into one shape (rule F7)."""

from agreements.payments.formats import bgmax, camt_054
from agreements.payments.formats.incoming import (
    DeductionCode,
    Deposit,
    ExtraReference,
    FileFormat,
    IncomingFile,
    IncomingPayment,
    Payer,
    PaymentFileRefused,
    ReferenceCode,
)

__all__ = [
    "DeductionCode",
    "Deposit",
    "ExtraReference",
    "FileFormat",
    "IncomingFile",
    "IncomingPayment",
    "Payer",
    "PaymentFileRefused",
    "ReferenceCode",
    "parse",
]


def parse(content: bytes) -> IncomingFile:
    """The payment file in *content*: camt.054 where it begins as XML does, else BgMax.

    Raises PaymentFileRefused, naming the line, for anything out of place; nothing of such a file is read.
    """
    if content.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        return camt_054.parse(content)
    return bgmax.parse(content)
