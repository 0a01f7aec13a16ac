"""Late payment: reference rates, late interest as of a day, and what it costs that an invoice is late (R4, R5)."""

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import structlog
from sqlalchemy.orm import Session

from agreements.credit.service import get_agreement, lock_agreement
from agreements.invoices.services.show_invoices import get_invoice
from agreements.late_payment import rules
from agreements.late_payment.rules import LateInterest, Stretch
from agreements.late_payment.services import keep_rates
from agreements.late_payment.services.charge_costs import LateChargeView, charge, charges_of
from agreements.late_payment.services.give_interest import (
    ClaimInterest,
    book_interest,
    book_known_interest,
    interest_of,
    unbooked_interest,
)
from agreements.late_payment.services.keep_rates import (
    RateView,
    ReferenceRateFixed,
    ReferenceRatePending,
    all_rates,
    rates_of,
)
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import LateCharge
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime

__all__ = [
    "ClaimInterest",
    "LateChargeView",
    "LateInterest",
    "LatePayment",
    "NextRate",
    "RateView",
    "ReferenceRateFixed",
    "ReferenceRatePending",
    "Stretch",
    "book_known_interest",
    "charge",
    "charges_of",
    "interest_of",
    "next_rate",
    "rates_of",
    "unbooked_interest",
]

DAYS_OF_WARNING = 28
"""How long before a half-year begins its missing reference rate is warned of."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class NextRate:
    """The first half-year without a reference rate; *days_left* until it begins, negative once it has."""

    since: date
    days_left: int


@dataclass(frozen=True)
class LatePayment:
    """What is done about late payment; who may is said by whoever calls."""

    runtime: Runtime

    def rates(self) -> tuple[RateView, ...]:
        """Every reference rate, the newest half-year first; those that wait for a second person too."""
        with self.runtime.database.transaction() as session:
            return all_rates(session)

    def next_rate(self) -> NextRate:
        """Which reference rate is to be entered next, and how soon."""
        with self.runtime.database.transaction() as session:
            return next_rate(session, on=self._today())

    def propose_rate(self, since: date, rate: Decimal, *, source: str, reason: str | None, caller: Caller) -> RateView:
        """Enter the rate of a half-year, for a second person to confirm.

        Raises ReferenceRateRefused, ReferenceRatePending, ReferenceRateFixed.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            return keep_rates.propose(
                session, since, rate, source=source, reason=reason, actor=caller.actor, on=stockholm_date(at), at=at
            )

    def confirm_rate(self, rate_id: uuid.UUID, *, caller: Caller) -> RateView:
        """Let it hold; NotFound, NotPermitted for whoever entered it."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            return keep_rates.confirm(session, rate_id, caller=caller, at=at)

    def reject_rate(self, rate_id: uuid.UUID, *, caller: Caller) -> RateView:
        """Drop it; NotFound."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            return keep_rates.reject(session, rate_id, caller=caller, at=at)

    def warn_of_rates(self, on: date) -> NextRate:
        """Tell the log of a half-year that lacks its rate, from `DAYS_OF_WARNING` before it begins; which is next."""
        with self.runtime.database.transaction() as session:
            found = next_rate(session, on=on)
        if found.days_left <= DAYS_OF_WARNING:
            _log.warning("reference_rate_missing", since=found.since.isoformat(), days_left=found.days_left)
        return found

    def interest(self, agreement_id: uuid.UUID, *, through: date | None = None) -> tuple[ClaimInterest, ...]:
        """The late interest of each claim through a day, today without one; NotFound, StatutoryValueMissing."""
        with self.runtime.database.transaction() as session:
            get_agreement(session, agreement_id)
            return interest_of(session, agreement_id, through=through or self._today())

    def book_interest(self, agreement_id: uuid.UUID, *, through: date, actor: str) -> Money:
        """Book what is borne through a day and not booked yet; how much. NotFound, StatutoryValueMissing."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            lock_agreement(session, agreement_id)
            return book_interest(session, agreement_id, through=through, actor=actor, at=at)

    def charges(self, invoice_id: uuid.UUID) -> tuple[LateChargeView, ...]:
        """What an invoice has cost since it is late; NotFound."""
        with self.runtime.database.transaction() as session:
            return charges_of(session, get_invoice(session, invoice_id).id)

    def charge(self, invoice_id: uuid.UUID, kind: LateCharge, *, actor: str) -> LateChargeView:
        """Charge a step for a late invoice, once; NotFound, NotLate, NotAgreed."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            policy = self.runtime.settings.late_compensation
            return charge(session, invoice_id, kind, policy=policy, actor=actor, on=stockholm_date(at), at=at)

    def _today(self) -> date:
        return stockholm_date(self.runtime.clock.now())


def next_rate(session: Session, *, on: date) -> NextRate:
    """The first half-year, that of the day *on* or a later one, whose reference rate is missing."""
    since = rules.first_missing(rates_of(session), on=on)
    return NextRate(since, (since - on).days)
