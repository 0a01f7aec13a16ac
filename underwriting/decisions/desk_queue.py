"""The use cases of the queue: what waits, the next case for whoever asks, what waits for a second person.

Each opens one transaction and reads the clock once.
"""

import uuid
from dataclasses import dataclass

from underwriting.decisions.queue import Asked, Place
from underwriting.decisions.service import Decisions
from underwriting.decisions.services import list_approvals, list_queue, take_next_case
from underwriting.decisions.services.list_approvals import ApprovalPage
from underwriting.decisions.services.list_queue import QueuePage
from underwriting.kernel.vocabulary import CASE_READERS, UNDERWRITERS, ApplicationState
from underwriting.platform.authentication import Caller

ON_A_PAGE = 50


@dataclass(frozen=True)
class DeskQueue:
    """What underwriters choose their work from; *decisions* knows the policy in force."""

    decisions: Decisions

    def page(self, asked: Asked, caller: Caller, *, after: Place | None = None) -> QueuePage:
        """What of the queue is *asked* for, behind *after*; for underwriters."""
        caller.require(*CASE_READERS)
        runtime = self.decisions.runtime
        with runtime.database.transaction() as session:
            return list_queue.list_queue(session, runtime, caller, asked, after=after, count=ON_A_PAGE)

    def counts(self, caller: Caller) -> dict[ApplicationState, int]:
        """How many cases stand in each open state; more than `list_queue.MOST_COUNTED` are not counted."""
        caller.require(*CASE_READERS)
        with self.decisions.runtime.database.transaction() as session:
            return list_queue.count_open(session)

    def take_next(self, ticket: uuid.UUID, caller: Caller) -> uuid.UUID | None:
        """Assign the oldest referred case that nobody has; its id, None where there is none (rule D8).

        The same *ticket* gives the same case as long as the caller has it.
        """
        caller.require(*UNDERWRITERS)
        runtime = self.decisions.runtime
        at = runtime.clock.now()
        with runtime.database.transaction() as session:
            return take_next_case.take_next(session, runtime, caller, ticket, at=at)

    def approvals(self, caller: Caller, *, after: uuid.UUID | None = None) -> ApprovalPage:
        """The proposals that wait for a second person, the oldest first (rule D8)."""
        caller.require(*CASE_READERS)
        runtime = self.decisions.runtime
        with runtime.database.transaction() as session:
            policy = self.decisions.policy_now(session, runtime.clock.now())
            return list_approvals.list_approvals(session, runtime, policy, caller, after=after)

    def count_approvals(self, caller: Caller) -> int:
        """How many wait for a second person."""
        caller.require(*CASE_READERS)
        with self.decisions.runtime.database.transaction() as session:
            return list_approvals.count_approvals(session)
