"""Whether a question may go to its next bureau now, in the caller's transaction (rules B1, B8).

Locks are taken in one order, so that nobody waits in a circle: the questions, the breakers, the application's budget,
the bureaus' budgets. Per question and bureau:
1. The budgets cover its price.
2. The breaker lets it through.
3. The price is reserved.
What keeps it back is kept as a row, and its next bureau is tried.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from bureau_clients import budgets, evidence, leases
from bureau_clients.breakers import Breakers
from bureau_clients.budgets import Purse
from bureau_clients.call import Call
from bureau_clients.limits import BREAKER_OPEN, OVER_APPLICATION_BUDGET
from bureau_clients.questions import Outcome, QuestionKind
from bureau_clients.rules import state_after
from underwriting.platform.runtime import Runtime


def admit(session: Session, runtime: Runtime, calls: Sequence[Call], breakers: Breakers, *, at: datetime) -> None:
    """Let each of *calls*, all of one application, go to the first of its bureaus that may be asked.

    Afterwards that one is the first of `Call.bureaus`; where there is none the question is settled.
    """
    if not calls:
        return
    bureaus = {bureau.name for call in calls for bureau in call.bureaus}
    purse = budgets.open_purse(session, runtime, calls[0].terms.prices, calls[0].application_id, bureaus=bureaus, at=at)
    door = _Door(session, runtime, breakers, purse, at)
    # One question goes through a half-open breaker: should its answer be lost, better one of which nobody gets a copy.
    for call in sorted(calls, key=lambda call: call.sends_copy):
        door.find_way(call)


@dataclass(frozen=True, slots=True)
class _Door:
    session: Session
    runtime: Runtime
    breakers: Breakers
    purse: Purse
    at: datetime

    def find_way(self, call: Call) -> None:
        call.asked_at = self.at
        while call.bureaus and (code := self._objection(call)):
            self._hold_back(call, code)
        if not call.is_leased:
            return
        if not call.bureaus:
            leases.settle(self.session, call.token, state_after(call.outcome))
        elif call.evidence:  # the lease names another bureau
            leases.hand_on(self.session, call.token, bureau=call.bureaus[0].name, asked_at=self.at)

    def _objection(self, call: Call) -> str | None:
        """Why the question may not go to its next bureau; where it may, what it costs is reserved."""
        bureau = call.bureaus[0]
        price = call.price_at(bureau.name)
        binds = call.kind is QuestionKind.REPORT and not call.budget_lifted
        if code := self.purse.objection(bureau.name, price, binds_application=binds):
            return code
        generation = self.breakers.let_through(bureau.name, call.token, lasting=bureau.longest_call)
        if generation is None:
            return BREAKER_OPEN
        self.purse.reserve(call.token, bureau.name, price)
        call.generation = generation
        return None

    def _hold_back(self, call: Call, code: str) -> None:
        """Keep that the question did not go: certainly undelivered, or not before a person has allowed it."""
        outcome = Outcome.REFUSED if code == OVER_APPLICATION_BUDGET else Outcome.UNAVAILABLE
        kept = call.kept(call.bureaus.pop(0).name, outcome, code, answered_at=self.at)
        call.evidence.append(evidence.keep(self.session, self.runtime.cipher, kept))
