"""The two windows in which a credit agreement can be cancelled, what that costs and when it falls (rules C1 to C8)."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from underwriting.kernel.bank_days import add_bank_days, next_bank_day
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput
from underwriting.kernel.money import Money
from underwriting.kernel.periods import end_of_day, stockholm_date, stockholm_instant
from underwriting.kernel.product import ProductTerms
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CancellationState, CancellationWindow, RequestChannel, WindowPolicy
from underwriting.kernel.wording import day_in_words, instant_in_words, time_in_words


@dataclass(frozen=True, slots=True)
class Window:
    """A time in which an agreement can be cancelled: from *opens_at* up to, and not including, *closes_at*."""

    kind: CancellationWindow
    opens_at: datetime
    closes_at: datetime

    def holds(self, moment: datetime) -> bool:
        """Whether *moment* lies in the window."""
        return self.opens_at <= moment < self.closes_at

    @property
    def last_second(self) -> datetime:
        """The last whole second in which a request is in time, for a countdown (rule C7)."""
        return self.closes_at - timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class CancellationQuote:
    """What cancelling (*hävning*) costs for a request that reaches the lender at the moment *at* (rule C7)."""

    at: datetime
    window: Window
    fee: Money
    principal_to_repay: Money
    pay_by: date | None
    """The last day on which the money can be booked with the lender (rule C6); None when nothing was paid out."""

    @property
    def closes_at(self) -> datetime:
        """The first instant at which the window is no longer open."""
        return self.window.closes_at

    @property
    def seconds_left(self) -> int:
        """Whole seconds until the window closes, begun ones included: one throughout its last second."""
        return -((self.at - self.closes_at) // timedelta(seconds=1))

    @property
    def total(self) -> Money:
        """Fee and principal together."""
        return self.fee + self.principal_to_repay

    @property
    def conditional(self) -> bool:
        """Whether the agreement is cancelled only once the money is there (rule C6), and not at once."""
        return self.pay_by is not None


@dataclass(frozen=True, slots=True)
class Reception:
    """When a request reached the lender, and whether a second person has to confirm that (rule C5)."""

    received_at: datetime
    needs_confirmation: bool


class CancellationWindowClosed(Conflict):
    """The window after payout is over (rule C4): what is left is early redemption."""

    slug = "cancellation-window-closed"
    title = Text("Tiden för att häva krediten har gått ut", "The time to cancel the credit is over")
    rule = "C4"


class CancellationNotYetOpen(Conflict):
    """Between the windows (rule C8): the same day is over and nothing has been paid out."""

    slug = "cancellation-not-yet-open"
    title = Text("Krediten kan inte hävas just nu", "The credit cannot be cancelled right now")
    rule = "C8"


class ReceivedAtRefused(InvalidInput):
    """The time at which a request is said to have arrived cannot be right, or is not the caller's to say (rule C5)."""

    slug = "received-at-refused"
    title = Text("Tidpunkten för begäran godtas inte", "The time of the request is not accepted")
    rule = "C5"


class NoteRefused(InvalidInput):
    """A request that is recorded late lacks what shows when it came, or the portal is told that (rule C5)."""

    slug = "cancellation-note-refused"
    title = Text("Anteckningen om begäran godtas inte", "The note about the request is not accepted")
    rule = "C5"


def window_at(
    moment: datetime, *, granted_at: datetime, first_paid_out_at: datetime | None, terms: ProductTerms
) -> Window | None:
    """The window that *moment* falls in (rules C1, C2), or None.

    *first_paid_out_at* is the bank's booking of the first payout, its Stockholm day is day 0. Once it is known the
    same-day window has ended there at the latest, so that a request from before it still finds that window.
    """
    windows = [_same_day_window(granted_at, first_paid_out_at, terms)]
    if first_paid_out_at is not None:
        windows.append(payout_window(first_paid_out_at, terms=terms))
    return next((window for window in windows if window is not None and window.holds(moment)), None)


def payout_window(first_paid_out_at: datetime, *, terms: ProductTerms) -> Window:
    """The window that the first payout, booked at *first_paid_out_at*, has opened (rule C2)."""
    booked_on = stockholm_date(first_paid_out_at)
    match terms.window_policy:
        case WindowPolicy.CALENDAR:
            last_day = booked_on + timedelta(days=terms.cancellation_days)
        case WindowPolicy.CALENDAR_ROLLED:
            last_day = next_bank_day(booked_on + timedelta(days=terms.cancellation_days))
        case WindowPolicy.BANKING_DAYS:
            last_day = add_bank_days(booked_on, terms.cancellation_days)
    return Window(CancellationWindow.PAYOUT, first_paid_out_at, end_of_day(last_day))


def quote(
    moment: datetime,
    *,
    granted_at: datetime,
    first_paid_out_at: datetime | None,
    principal: Money,
    terms: ProductTerms,
) -> CancellationQuote:
    """What a request received at *moment* costs and until when it can be made (rules C3, C6, C7).

    *principal* is what has been paid out and not repaid, with a payout that is sent or whose outcome is unknown: money
    that cannot be called back. Raises CancellationNotYetOpen between the windows, CancellationWindowClosed after them.
    """
    window = window_at(moment, granted_at=granted_at, first_paid_out_at=first_paid_out_at, terms=terms)
    if window is None:
        raise _refusal(moment, granted_at, first_paid_out_at, terms)
    same_day = window.kind is CancellationWindow.SAME_DAY
    money_is_out = first_paid_out_at is not None or principal > Money.ZERO
    return CancellationQuote(
        at=moment,
        window=window,
        fee=terms.same_day_cancellation_fee if same_day else terms.cancellation_fee,
        principal_to_repay=principal,
        pay_by=pay_by(moment, terms=terms) if money_is_out else None,
    )


def pay_by(received_at: datetime, *, terms: ProductTerms) -> date:
    """The last day on which principal and fee can be booked for the cancellation to stand (rule C6)."""
    return add_bank_days(stockholm_date(received_at), terms.cancellation_repayment_bank_days)


def outcome(*, total: Money, received: Money, pay_by: date, answers_read_through: date) -> CancellationState:
    """What has become of a conditional cancellation (rule C6).

    *received* is what the bank has booked at latest on *pay_by*. It falls only when that day's bank answers have been
    read, *answers_read_through* being the last day of which they have: money booked in time may be told a day late.
    """
    if received >= total:
        return CancellationState.COMPLETED
    return CancellationState.FALLEN if answers_read_through >= pay_by else CancellationState.CONDITIONAL


def check_note(channel: RequestChannel, note: str | None, *, needs_confirmation: bool) -> None:
    """A late record says what a second person can judge it by, the portal nothing; raises NoteRefused (rule C5)."""
    if note is not None and channel is RequestChannel.PORTAL:
        raise _note_refused("Bara handläggare antecknar hur begäran kom", "Only staff note how the request came")
    if note is None and needs_confirmation:
        raise _note_refused(
            "Fönstret har stängt: skriv vad som visar att begäran kom i tid, till exempel vem som ringde eller "
            "mejlets rubrik",
            "The window has closed: write what shows that the request came in time, such as who called or the "
            "subject of the e-mail",
        )


def check_received_at(
    channel: RequestChannel,
    *,
    received_at: datetime | None,
    recorded_at: datetime,
    granted_at: datetime,
    first_paid_out_at: datetime | None,
    terms: ProductTerms,
) -> Reception:
    """When a request that is recorded at *recorded_at*, by the server's clock, reached the lender (rule C5).

    The portal states no *received_at*; staff always do. Raises ReceivedAtRefused, also for a time in the future or
    before the agreement.
    """
    if channel is RequestChannel.PORTAL:
        if received_at is not None:
            raise _time_refused("I portalen gäller serverns klocka", "In the portal the server's clock decides")
        return Reception(recorded_at, needs_confirmation=False)
    if received_at is None:
        raise _time_refused("Ange när begäran kom in", "State when the request arrived")
    if received_at > recorded_at:
        raise _time_refused("Tidpunkten ligger i framtiden", "The time lies in the future")
    if received_at < granted_at:
        raise _time_refused("Tidpunkten ligger före avtalet", "The time lies before the agreement")
    window = window_at(received_at, granted_at=granted_at, first_paid_out_at=first_paid_out_at, terms=terms)
    return Reception(received_at, needs_confirmation=window is not None and not window.holds(recorded_at))


def _same_day_window(granted_at: datetime, first_paid_out_at: datetime | None, terms: ProductTerms) -> Window | None:
    closes_at = stockholm_instant(stockholm_date(granted_at), terms.same_day_cut_off)
    if first_paid_out_at is not None:
        closes_at = min(closes_at, first_paid_out_at)
    return Window(CancellationWindow.SAME_DAY, granted_at, closes_at) if granted_at < closes_at else None


def _refusal(
    moment: datetime, granted_at: datetime, first_paid_out_at: datetime | None, terms: ProductTerms
) -> Conflict:
    if first_paid_out_at is None:
        return CancellationNotYetOpen(_joined(_missed_same_day(granted_at, terms), _what_payout_opens(terms)))
    window = payout_window(first_paid_out_at, terms=terms)
    end = day_in_words(stockholm_date(window.last_second))
    if moment < first_paid_out_at:
        opened = Text(
            "Fönstret efter utbetalning öppnade först {opened.sv} och gäller till utgången av {end.sv}.",
            "The window after payout opened only on {opened.en} and lasts to the end of {end.en}.",
        ).filled(opened=instant_in_words(window.opens_at), end=end)
        return CancellationNotYetOpen(_joined(_missed_same_day(granted_at, terms), opened))
    return CancellationWindowClosed(
        Text(
            "Fönstret för hävning efter utbetalning stängde vid utgången av {end.sv}. Det som återstår är att lösa "
            "krediten i förtid, vilket går när som helst: då betalas kvarvarande kapital, obetalda avgifter och hela "
            "den löpande månadens avgift.",
            "The window for cancelling after payout closed at the end of {end.en}. What is left is early redemption, "
            "which is possible at any time: remaining principal, fees due and the running month's full fee are paid.",
        ).filled(end=end)
    )


def _missed_same_day(granted_at: datetime, terms: ProductTerms) -> Text:
    cut_off = stockholm_instant(stockholm_date(granted_at), terms.same_day_cut_off)
    if granted_at < cut_off:
        return Text(
            "Fönstret för hävning samma dag stängde {closed.sv}.",
            "The same-day window for cancelling closed on {closed.en}.",
        ).filled(closed=instant_in_words(cut_off))
    return Text(
        "Krediten beviljades {granted.sv}. Då var klockan redan {cut_off.sv}, så något fönster för hävning samma dag "
        "öppnades aldrig.",
        "The credit was granted on {granted.en}. That was not before {cut_off.en}, so no same-day window for "
        "cancelling ever opened.",
    ).filled(granted=instant_in_words(granted_at), cut_off=time_in_words(terms.same_day_cut_off))


def _what_payout_opens(terms: ProductTerms) -> Text:
    return Text(
        "Till dess att den första utbetalningen har bokförts kan krediten varken hävas eller lösas. Utbetalningen "
        "öppnar ett nytt fönster, till och med {reach.sv}; hävning kostar då {fee}.",
        "Until the first payout is booked the credit can be neither cancelled nor redeemed. The payout opens a new "
        "window, up to and including {reach.en}; cancelling then costs {fee}.",
    ).filled(reach=_reach(terms), fee=terms.cancellation_fee.formatted())


def _reach(terms: ProductTerms) -> Text:
    match terms.window_policy:
        case WindowPolicy.CALENDAR:
            days = Text("dag {n} efter bokföringsdagen", "day {n} after the day of booking")
        case WindowPolicy.CALENDAR_ROLLED:
            days = Text(
                "dag {n} efter bokföringsdagen eller, om den inte är en bankdag, nästa bankdag",
                "day {n} after the day of booking or, where that is no bank day, the next bank day",
            )
        case WindowPolicy.BANKING_DAYS:
            days = Text("bankdag {n} efter bokföringsdagen", "bank day {n} after the day of booking")
    return days.filled(n=terms.cancellation_days)


def _joined(first: Text, second: Text) -> Text:
    return Text(f"{first.sv} {second.sv}", f"{first.en} {second.en}")


def _time_refused(sv: str, en: str) -> ReceivedAtRefused:
    detail = Text(sv, en)
    return ReceivedAtRefused(detail, errors=(FieldError("/received_at", detail, "C5"),))


def _note_refused(sv: str, en: str) -> NoteRefused:
    detail = Text(sv, en)
    return NoteRefused(detail, errors=(FieldError("/note", detail, "C5"),))
