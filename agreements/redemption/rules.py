"""Early redemption: what it costs on a given day, and by when it avoids another month's fee (rule F3)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from agreements.billing.rules import FeeExplanation, Movement, MovementKind, fees_through
from agreements.credit.rules import AgreementEvent, AgreementFacts, Instalment, advance
from underwriting.kernel.bank_days import last_bank_day_of, next_bank_day
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import AgreementState

_LONGEST_OUTLOOK = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class RedemptionQuote:
    """What redeeming (*förtidslösen*) costs if the money is sent on the day *on* (rule F3).

    *booked_on* is the day on which the bank books it, and counts: *on* or the next bank day. *unpaid_fees* were charged
    before; *new_fees* are the months up to the booking day's that were not charged yet, each in full. *credit_balance*
    is the borrower's own money. A booking after *last_day*, a bank day, costs the next month's fee too.
    """

    on: date
    booked_on: date
    principal: Money
    unpaid_fees: Money
    new_fees: tuple[FeeExplanation, ...]
    credit_balance: Money
    last_day: date

    @property
    def total(self) -> Money:
        """The sum to pay, zero when the credit balance covers it."""
        fees = self.unpaid_fees + Money.sum(explained.fee for explained in self.new_fees)
        return max(self.principal + fees - self.credit_balance, Money.ZERO)


class RedemptionNotYetOpen(Conflict):
    """Redemption begins with the first payout (rule C8): before it nothing is owed."""

    slug = "redemption-not-yet-open"
    title = Text("Krediten kan inte lösas innan den är utbetald", "The credit cannot be redeemed before it is paid out")
    rule = "C8"


class RedemptionDayRefused(InvalidInput):
    """The day asked for has passed, or is more than a year ahead (rule F3)."""

    slug = "redemption-day-refused"
    title = Text("Dagen för lösen godtas inte", "The day of redemption is not accepted")
    rule = "F3"


def quote(
    on: date,
    *,
    today: date,
    state: AgreementState,
    payout_on_its_way: bool,
    movements: Iterable[Movement],
    instalments: Iterable[Instalment],
    rate: Decimal,
    charged: Collection[Month],
    unpaid_fees: Money,
    credit_balance: Money = Money.ZERO,
) -> RedemptionQuote:
    """What redeeming with money sent on *on* costs, as far as *today*'s books tell (rule F3).

    *charged* are the months whose fee has been charged, *unpaid_fees* what is left to pay of them. Raises
    RedemptionNotYetOpen before the first payout, AgreementStateRefuses in another state or while a payout is sent or
    unknown, RedemptionDayRefused for a day before *today* or more than a year after it.
    """
    if state in (AgreementState.SIGNING, AgreementState.SIGNED):
        raise RedemptionNotYetOpen(_WHAT_PAYOUT_OPENS)
    advance(state, AgreementEvent.REDEMPTION_ASKED, AgreementFacts(payout_on_its_way=payout_on_its_way))
    if not today <= on <= today + _LONGEST_OUTLOOK:
        detail = Text("Välj en dag från i dag och högst ett år framåt", "Choose a day from today, at most a year ahead")
        raise RedemptionDayRefused(detail, errors=(FieldError("/on", detail, "F3"),))
    moved, booked_on = tuple(movements), next_bank_day(on)
    fees = fees_through(Month.of(booked_on), movements=moved, instalments=instalments, rate=rate)
    return RedemptionQuote(
        on=on,
        booked_on=booked_on,
        principal=_outstanding(moved),
        unpaid_fees=unpaid_fees,
        new_fees=tuple(explained for explained in fees if explained.month not in charged),
        credit_balance=credit_balance,
        last_day=last_bank_day_of(Month.of(booked_on)),
    )


_WHAT_PAYOUT_OPENS = Text(
    "Inget är utbetalt, så det finns inget att lösa. Den första utbetalningen öppnar både rätten att lösa krediten i "
    "förtid och ett tidsfönster för att häva den.",
    "Nothing has been paid out, so there is nothing to redeem. The first payout opens both the right to redeem early "
    "and a window in which the credit can be cancelled.",
)


def _outstanding(movements: Iterable[Movement]) -> Money:
    return Money.sum(
        movement.amount if movement.kind is MovementKind.DRAWDOWN else -movement.amount for movement in movements
    )
