"""The use cases of the pages of human review (rule D9); asking and answering themselves stand in `desk`.

Each opens one transaction.
"""

import uuid
from dataclasses import dataclass

from underwriting.decisions.service import Decisions
from underwriting.decisions.services import list_reviews
from underwriting.decisions.services.list_reviews import Askable, OwnMatter, ReviewOfCase
from underwriting.kernel.vocabulary import CASE_READERS
from underwriting.platform.authentication import Caller


@dataclass(frozen=True)
class DeskReviews:
    """What is shown of human reviews, to staff and to the persons themselves."""

    decisions: Decisions

    def waiting(self, caller: Caller) -> tuple[ReviewOfCase, ...]:
        """The reviews that nobody has answered, the nearest deadline first."""
        caller.require(*CASE_READERS)
        runtime = self.decisions.runtime
        with runtime.database.transaction() as session:
            return list_reviews.list_waiting(session, runtime, caller)

    def count(self, caller: Caller) -> int:
        """How many nobody has answered."""
        caller.require(*CASE_READERS)
        with self.decisions.runtime.database.transaction() as session:
            return list_reviews.count_waiting(session)

    def show(self, review_id: uuid.UUID, caller: Caller) -> ReviewOfCase:
        """One review with its case; NotFound without one."""
        caller.require(*CASE_READERS)
        runtime = self.decisions.runtime
        with runtime.database.transaction() as session:
            return list_reviews.show_review(session, runtime, review_id, caller)

    def askable(self, reference: str, caller: Caller) -> Askable:
        """Who in the case with that *reference* may ask, for staff who record a request; NotFound without one."""
        caller.require(*CASE_READERS)
        runtime = self.decisions.runtime
        with runtime.database.transaction() as session:
            return list_reviews.find_askable(session, runtime, reference)

    def matter(self, application_id: uuid.UUID, caller: Caller) -> OwnMatter:
        """What the logged-in person may ask about the application; NobodyDecidedOn, NotFound."""
        runtime = self.decisions.runtime
        with runtime.database.transaction() as session:
            return list_reviews.own_matter(session, runtime, application_id, caller)

    def guaranteed(self, caller: Caller) -> tuple[OwnMatter, ...]:
        """The decided applications in which the logged-in person is a guarantor, the newest first."""
        runtime = self.decisions.runtime
        with runtime.database.transaction() as session:
            return list_reviews.list_guaranteed(session, runtime, caller)
