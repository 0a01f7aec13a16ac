"""The payment file of one payout: the same id and the same bytes however often it is sent (rules P2, P3)."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from agreements.credit.models import Agreement
from agreements.credit.service import details_of
from agreements.payouts.formats import Debtor, PayoutOrder, pain_001
from agreements.payouts.models import Payout
from agreements.payouts.services.order_payout import account_of
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class PaymentFile:
    """A file that its holder may send until *leased_until*; *is_first* when nobody can have sent it before."""

    payout_id: uuid.UUID
    end_to_end_id: str
    content: bytes = field(repr=False)
    leased_until: datetime
    is_first: bool


def file_of(
    runtime: Runtime,
    debtor: Debtor,
    agreement: Agreement,
    payout: Payout,
    *,
    leased_until: datetime,
    is_first: bool = False,
) -> PaymentFile:
    """The file of *payout*, which has been marked as sent; it asks for the day of that mark."""
    sent_at = payout.sent_at or payout.ordered_at
    line = PayoutOrder(
        end_to_end_id=payout.end_to_end_id,
        bankgiro=account_of(runtime, payout),
        creditor_name=details_of(runtime, agreement).name,
        amount=Money(payout.amount_ore),
        execute_on=stockholm_date(sent_at),
        message=f"Kreditavtal {agreement.number}",
    )
    content = pain_001([line], message_id=payout.end_to_end_id, debtor=debtor, created_at=sent_at)
    return PaymentFile(payout.id, payout.end_to_end_id, content, leased_until, is_first)
