"""What keeps a question from being asked, as pure rules: a bureau that does not answer, and money that is spent.

A breaker is *closed* as long as its bureau answers. It opens when an answer has not come in time, or after some
failures in a row. After a pause it is *half open*: one question goes through, under a lease, since whoever asks it may
die. Its answer closes the breaker, its failure opens it for twice as long. Questions that went out before the breaker
last changed say nothing about how the bureau is now: each carries the *generation* in which it was let through.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from bureau_clients.questions import Outcome
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text

BREAKER_OPEN = "breaker-open"
OVER_BUDGET = "over-budget"
OVER_APPLICATION_BUDGET = "over-application-budget"
NOT_ASKED = frozenset((BREAKER_OPEN, OVER_BUDGET, OVER_APPLICATION_BUDGET))
"""The codes of questions that never left the house."""
FAILED_HERE = "failed-here"
"""The code of a question whose answer our own code could not deal with: it may have been carried out."""

LONGEST_PAUSE = timedelta(minutes=10)
ASKER_DIED = "asker-died"
"""The code of a question whose asker was gone before its answer."""
NO_STATUS_BLOCK = "no-status-block"
"""The code of a status that was not asked for, since none is agreed with the bureau."""
MEANINGS: Mapping[str, Text] = MappingProxyType(
    {
        ASKER_DIED: Text(
            "Den som frågade avbröts innan svaret kom", "Whoever asked was cut off before the answer came"
        ),
        FAILED_HERE: Text("Svaret kunde inte tas om hand", "The answer could not be dealt with"),
        BREAKER_OPEN: Text("Byrån svarar inte och får vila en stund", "The bureau does not answer and is left alone"),
        OVER_BUDGET: Text("Dagens budget hos byrån räcker inte", "Today's budget at the bureau does not suffice"),
        OVER_APPLICATION_BUDGET: Text(
            "Frågorna om ansökan har kostat så mycket som de får", "The application's questions have cost what they may"
        ),
    }
)
"""What our own codes mean, for staff; a bureau explains its own."""
_NOTHING_SHOWN = NOT_ASKED | {FAILED_HERE, NO_STATUS_BLOCK}
_SILENCE = frozenset(("read-timeout", "broken-connection"))
_NEARLY_SPENT_PERCENT = 80
_FEW_REPORTS_PERCENT = 10


class BreakerState(StrEnum):
    """Whether a bureau is asked."""

    CLOSED = "closed"  # it is
    OPEN = "open"  # it is left alone for a while
    HALF_OPEN = "half_open"  # one question is on its way, to see


class Sign(StrEnum):
    """What became of a question, as a sign of how its bureau is."""

    ANSWERS = "answers"  # also with a refusal
    FAILS = "fails"
    SILENT = "silent"  # nothing came in time: everybody who asks waits as long
    NOTHING = "nothing"


class AlarmKind(StrEnum):
    """What the lender is told of before, or when, a bureau can no longer be asked."""

    BUDGET_NEARLY_SPENT = "budget_nearly_spent"
    BUDGET_SPENT = "budget_spent"
    FEW_REPORTS_LEFT = "few_reports_left"
    NO_REPORTS_LEFT = "no_reports_left"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerPolicy:
    """A breaker opens after so many *failures* in a row, for *pause* the first time."""

    failures: int = 3
    pause: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """The breaker of one bureau. Instants are the machine's: test time may stand still.

    *pause* is the one that is running, or that ran last; *open_until* is its end. *probe* is the question that was let
    through half open, and *probe_until* when it has an outcome or nobody asks it any more.
    """

    state: BreakerState = BreakerState.CLOSED
    failures: int = 0
    generation: int = 0
    pause: timedelta | None = None
    open_until: datetime | None = None
    probe: uuid.UUID | None = None
    probe_until: datetime | None = None

    def lets_through(self, at: datetime) -> bool:
        """Whether a question may go to the bureau at this instant; unless closed, as the only one."""
        match self.state:
            case BreakerState.CLOSED:
                return True
            case BreakerState.OPEN:
                return self.open_until is not None and self.open_until <= at
            case BreakerState.HALF_OPEN:
                return self.probe_until is not None and self.probe_until <= at

    def probed(self, question: uuid.UUID, *, until: datetime) -> "Breaker":
        """Half open for *question*, which has an outcome or is dead at *until*."""
        return replace(self, state=BreakerState.HALF_OPEN, open_until=None, probe=question, probe_until=until)

    def after(
        self, sign: Sign, *, question: uuid.UUID, generation: int, policy: BreakerPolicy, at: datetime
    ) -> "Breaker":
        """The breaker when *question*, let through in *generation*, has shown *sign*."""
        if generation != self.generation:
            return self
        if self.state is BreakerState.CLOSED:
            return self._after_one_of_many(sign, policy, at)
        if self.state is not BreakerState.HALF_OPEN or question != self.probe:
            return self
        if sign is Sign.ANSWERS:
            return Breaker(generation=self.generation + 1)
        if sign is Sign.NOTHING:
            return replace(self, probe_until=at)
        return self._opened(min(2 * (self.pause or policy.pause), LONGEST_PAUSE), at)

    def _after_one_of_many(self, sign: Sign, policy: BreakerPolicy, at: datetime) -> "Breaker":
        if sign is Sign.NOTHING:
            return self
        if sign is Sign.ANSWERS:
            return replace(self, failures=0) if self.failures else self
        counted = replace(self, failures=self.failures + 1)
        opens = sign is Sign.SILENT or counted.failures >= policy.failures
        return counted._opened(policy.pause, at) if opens else counted

    def _opened(self, pause: timedelta, at: datetime) -> "Breaker":
        return Breaker(
            state=BreakerState.OPEN,
            failures=self.failures,
            generation=self.generation + 1,
            pause=pause,
            open_until=at + pause,
        )


def sign_of(outcome: Outcome, code: str | None) -> Sign:
    """What an outcome, with the code of its failure, says of the bureau."""
    if code in _NOTHING_SHOWN:
        return Sign.NOTHING
    if code in _SILENCE:
        return Sign.SILENT
    return Sign.FAILS if outcome in (Outcome.UNAVAILABLE, Outcome.UNKNOWN) else Sign.ANSWERS


def fits(price: Money, *, spent: Money, budget: Money | None) -> bool:
    """Whether a question at *price* may be asked when *spent* is spent or reserved; without a budget it may."""
    return budget is None or spent + price <= budget


def crossed(*, before: Money, after: Money, budget: Money) -> AlarmKind | None:
    """The alarm for spending that went from *before* to *after* of the day's *budget*; at the budget the higher one."""
    if before < budget <= after:
        return AlarmKind.BUDGET_SPENT
    nearly = budget.ore * _NEARLY_SPENT_PERCENT
    return AlarmKind.BUDGET_NEARLY_SPENT if before.ore * 100 < nearly <= after.ore * 100 else None


def are_few(left: int, *, of: int) -> bool:
    """Whether fewer than a tenth of the reports bought are left."""
    return left * 100 < of * _FEW_REPORTS_PERCENT
