"""The bank of the long demo, in the process itself: pain.001 in, pain.002 back, a BgMax file a day; nothing by HTTP.

What is read and written is what the stand-in of `agreements.payouts.sandbox` reads and writes; only the way there is
shorter, since a wire would cost more than all the books.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from agreements.payouts.answers import PayoutAnswer, read_pain_002
from agreements.payouts.client import Bank
from agreements.payouts.sandbox.bgmax import Received, write
from agreements.payouts.sandbox.messages import Answer, OrderedPayment, read_pain_001, write_pain_002
from underwriting.demo.years.payers import PlannedPayment
from underwriting.kernel.clock import Clock
from underwriting.kernel.identifiers import Bankgiro
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date

_ACCOUNT = "58410000010098"


@dataclass
class BankAtHand(Bank):
    """Takes every file, books every payment at once, and has the files of what was paid to *bankgiro*."""

    clock: Clock
    bankgiro: Bankgiro
    taken: dict[str, Answer] = field(default_factory=dict)
    files: list[tuple[str, bytes]] = field(default_factory=list)
    received: Money = Money.ZERO
    _serial: int = 0

    def send(self, file: bytes, *, message_id: str) -> None:
        """Book what the file orders; a payment is never made twice."""
        for payment in read_pain_001(file).payments:
            self.taken.setdefault(payment.end_to_end_id, self._booked(payment, message_id))

    def answer(self, end_to_end_id: str) -> PayoutAnswer | None:
        """See `Bank`: what pain.002 says, read."""
        found = self.taken.get(end_to_end_id)
        if found is None:
            return None
        return read_pain_002(write_pain_002(found, at=self.clock.now())).get(end_to_end_id)

    def incoming_files(self, after: str | None) -> list[tuple[str, bytes]]:
        """See `Bank`."""
        newer = [(name, content) for name, content in self.files if after is None or name > after]
        self.files = newer
        return list(newer)

    def holder_of(self, account: Bankgiro) -> str | None:  # noqa: ARG002 - nobody is told of
        """Nothing is told."""
        return None

    def receive(self, payments: Sequence[tuple[PlannedPayment, str]]) -> None:
        """Book *payments*, each with its payer's name, and write the day's file."""
        at = self.clock.now()
        received = [
            Received(self._serial + place, payment.reference, payment.amount, name)
            for place, (payment, name) in enumerate(payments, 1)
        ]
        self._serial += len(received)
        self.received += Money.sum(payment.amount for payment in received)
        on = stockholm_date(at)
        content = write(
            received,
            bankgiro=self.bankgiro,
            account=_ACCOUNT,
            booked_on=on,
            deposit_serial=1,
            created_at=at,
        )
        self.files.append((f"BGMAX-{on:%Y%m%d}", content))

    def _booked(self, payment: OrderedPayment, message_id: str) -> Answer:
        at = self.clock.now()
        return Answer(
            end_to_end_id=payment.end_to_end_id,
            message_id=message_id,
            status="ACSC",
            amount=payment.amount,
            booked_on=stockholm_date(at),
            booked_at=at,
            reason_code=None,
            reason=None,
        )
