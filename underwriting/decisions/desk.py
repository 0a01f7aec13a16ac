"""The use cases of the underwriter's desk: second approvals, human reviews, assignments, facts that are wrong.

Each opens one transaction and reads the clock once; while a bureau is asked, no transaction is open.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from underwriting.applications.models import Application, ApplicationGuarantor
from underwriting.applications.services.find_application import find_for, lock_application
from underwriting.decisions.authority import Authority
from underwriting.decisions.service import Decisions
from underwriting.decisions.services import (
    assign_case,
    dispute_fact,
    find_policy,
    keep_dispute,
    propose_override,
    read_decision,
    read_review,
    review_decision,
    settle_override,
)
from underwriting.decisions.services.assign_case import AssignmentView
from underwriting.decisions.services.dispute_fact import Disputed
from underwriting.decisions.services.gather_case import gather
from underwriting.decisions.services.hold_exposure import hold_exposure
from underwriting.decisions.services.keep_dispute import DisputeView, EvidenceDocument
from underwriting.decisions.services.propose_override import ProposalView
from underwriting.decisions.services.read_case import DeskCase, read_case
from underwriting.decisions.services.read_decision import StaffDecision
from underwriting.decisions.services.read_review import OwnReview, StaffReview
from underwriting.kernel.errors import InvalidInput, NotFound
from underwriting.kernel.vocabulary import CASE_READERS, UNDERWRITERS, DecisionOutcome, RequestChannel, ReviewOutcome
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True)
class Desk:
    """What underwriters do beside determining cases; *decisions* determines."""

    decisions: Decisions

    @property
    def runtime(self) -> Runtime:
        """What everything stands on."""
        return self.decisions.runtime

    def authority(self, caller: Caller) -> Authority:
        """What *caller* may determine alone (rule D8)."""
        with self.runtime.database.transaction() as session:
            policy = self.decisions.policy_now(session, self.runtime.clock.now())
            return propose_override.own_authority(session, policy, caller)

    def case(self, application_id: uuid.UUID, caller: Caller) -> DeskCase:
        """What the desk has of a case: who has it, what waits, what its newest decision rests on; for underwriters."""
        caller.require(*CASE_READERS)
        with self.runtime.database.transaction() as session:
            policy = self.decisions.policy_now(session, self.runtime.clock.now())
            return read_case(session, self.runtime, policy, find_for(session, application_id, caller), caller)

    def proposals(self, caller: Caller) -> tuple[ProposalView, ...]:
        """The determinations that wait for a second person, the oldest first (rule D8)."""
        caller.require(*CASE_READERS)
        with self.runtime.database.transaction() as session:
            return propose_override.list_pending(session, self.runtime)

    def approve(self, proposal_id: uuid.UUID, caller: Caller) -> StaffDecision:
        """The second person approves what was proposed (rule D8): at that instant it is granted (rule G1).

        Raises ProposalSettled, ProposalExpired, ApprovingOnesOwn, AuthorityExceeded, and what a determination raises.
        """
        caller.require(*UNDERWRITERS)
        with self.runtime.database.transaction() as session:
            now = self.runtime.clock.now()
            policy = self.decisions.policy_now(session, now)
            application, row = settle_override.open_proposal(session, self.runtime, proposal_id, caller)
            asked, after = settle_override.check_approval(
                session, self.runtime, policy, application, row, caller, at=now
            )
            case = gather(session, self.runtime, application, at=now)
        retrieval = None if asked.outcome is DecisionOutcome.DECLINED else self.decisions.look_again(case)
        with self.runtime.database.transaction() as session:
            find_policy.share_turn(session)
            application, row = settle_override.open_proposal(session, self.runtime, proposal_id, caller)
            at = hold_exposure(session, self.runtime, application)
            policy = self.decisions.policy_now(session, at)
            settle_override.approve(
                session, self.runtime, policy, application, row, caller, after=after, retrieval=retrieval, at=at
            )
            return read_decision.for_staff(session, self.runtime, application)[0]

    def reject(self, proposal_id: uuid.UUID, reason: str, caller: Caller) -> ProposalView:
        """The second person rejects what was proposed; the case stays where it is (rule D8)."""
        caller.require(*UNDERWRITERS)
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            application, row = settle_override.reject(session, self.runtime, proposal_id, caller, reason, at=at)
            return propose_override.view_of(self.runtime, row, reference=application.reference, is_current=True)

    def request_review(self, application_id: uuid.UUID, view: str, caller: Caller) -> OwnReview:
        """A guarantor or the owner of an enskild firma, identified by BankID, asks for human review (rule D9).

        Raises NothingToReview, ReviewUnderWay; NobodyDecidedOn for whoever applied for a company and is neither, else
        NotFound.
        """
        person = caller.require_person()
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            application = lock_application(session, application_id)
            guarantor = read_review.person_reading(session, application, caller)
            review_decision.request(
                session,
                self.runtime,
                application,
                guarantor,
                view,
                channel=RequestChannel.PORTAL,
                told_at=None,
                actor=caller.actor,
                at=at,
            )
            return read_review.own_review(session, self.runtime, application_id, person)

    def record_review(
        self,
        application_id: uuid.UUID,
        guarantor_id: uuid.UUID | None,
        view: str,
        channel: RequestChannel,
        received_at: datetime | None,
        caller: Caller,
    ) -> StaffReview:
        """Staff record a request that came by phone or e-mail, and when it did (rule D9)."""
        caller.require(*UNDERWRITERS)
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            application = lock_application(session, find_for(session, application_id, caller).id)
            guarantor = _guarantor(session, application, guarantor_id)
            if channel is RequestChannel.PORTAL:
                raise InvalidInput(errors=(review_decision.NOT_BY_STAFF,), rule="D9")
            row = review_decision.request(
                session,
                self.runtime,
                application,
                guarantor,
                view,
                channel=channel,
                told_at=received_at,
                actor=caller.actor,
                at=at,
            )
            return read_review.staff_view(session, self.runtime, row)

    def own_review(self, application_id: uuid.UUID, caller: Caller) -> OwnReview:
        """The person's newest request about the application, with its answer (rules D7, D9)."""
        person = caller.require_person()
        with self.runtime.database.transaction() as session:
            return read_review.own_review(session, self.runtime, application_id, person)

    def reviews(self, caller: Caller) -> tuple[StaffReview, ...]:
        """The requests that wait for an answer, the nearest deadline first (rule D9)."""
        caller.require(*CASE_READERS)
        with self.runtime.database.transaction() as session:
            return read_review.list_open(session, self.runtime)

    def reviews_of(self, application_id: uuid.UUID, caller: Caller) -> tuple[StaffReview, ...]:
        """Every request about the application, the newest first; for underwriters."""
        caller.require(*CASE_READERS)
        with self.runtime.database.transaction() as session:
            find_for(session, application_id, caller)
            return read_review.list_of(session, self.runtime, application_id)

    def answer_review(
        self,
        review_id: uuid.UUID,
        outcome: ReviewOutcome,
        answer: str,
        grounds: str,
        caller: Caller,
        *,
        english: str | None = None,
    ) -> StaffReview:
        """Answer a request, with grounds (rule D9); *english* is the answer in English.

        Raises ReviewAnswered, NoNewDecision, DecidingOnOneself, ReviewingOnesOwn.
        """
        caller.require(*UNDERWRITERS)
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            return review_decision.answer(
                session, self.runtime, review_id, caller, outcome, answer, grounds, english=english, at=at
            )

    def warn_of_reviews(self) -> int:
        """Warn of the requests whose deadline is near and that nobody has answered (rule D9); how many."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            return review_decision.warn(session, self.runtime, at=at)

    def assign(self, application_id: uuid.UUID, username: str | None, caller: Caller) -> AssignmentView:
        """Take the case, or give it to the underwriter *username*; CaseTaken, DecidingOnOneself, InvalidInput."""
        caller.require(*UNDERWRITERS)
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            application = lock_application(session, find_for(session, application_id, caller).id)
            return assign_case.assign(session, self.runtime, application, caller, username, at=at)

    def give_back(self, application_id: uuid.UUID, caller: Caller) -> None:
        """Have nobody have the case. Raises CaseTaken."""
        caller.require(*UNDERWRITERS)
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            application = lock_application(session, find_for(session, application_id, caller).id)
            assign_case.give_back(session, application, caller, at=at)

    def own_cases(self, caller: Caller) -> tuple[AssignmentView, ...]:
        """The cases that the caller has, the oldest first."""
        caller.require(*CASE_READERS)
        with self.runtime.database.transaction() as session:
            return assign_case.cases_of(session, caller.staff_id)

    def assignments(self, application_ids: Collection[uuid.UUID], caller: Caller) -> Mapping[uuid.UUID, AssignmentView]:
        """Who has each of the cases that somebody has."""
        caller.require(*CASE_READERS)
        with self.runtime.database.transaction() as session:
            return assign_case.assignments_of(session, application_ids)

    def dispute(self, application_id: uuid.UUID, wrong: Disputed, caller: Caller) -> tuple[StaffDecision, DisputeView]:
        """Mark a bureau's fact as wrong, with evidence: the decision made anew, and what was kept (rule D13)."""
        caller.require(*UNDERWRITERS)
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            policy = self.decisions.policy_now(session, at)
            application = lock_application(session, find_for(session, application_id, caller).id)
            dispute_fact.dispute(session, self.runtime, policy, application, caller, wrong, at=at)
            decision = read_decision.for_staff(session, self.runtime, application)[0]
            return decision, keep_dispute.views_of(session, self.runtime, application_id)[0]

    def disputes(self, application_id: uuid.UUID, caller: Caller) -> tuple[DisputeView, ...]:
        """Every fact of the application that was marked as wrong, the newest first."""
        caller.require(*CASE_READERS)
        with self.runtime.database.transaction() as session:
            find_for(session, application_id, caller)
            return keep_dispute.views_of(session, self.runtime, application_id)

    def evidence_document(self, application_id: uuid.UUID, dispute_id: uuid.UUID, caller: Caller) -> EvidenceDocument:
        """The document that shows a fact to be wrong; NotFound where there is none."""
        caller.require(*CASE_READERS)
        with self.runtime.database.transaction() as session:
            find_for(session, application_id, caller)
            return keep_dispute.document_of(session, self.runtime, application_id, dispute_id)


def _guarantor(
    session: Session, application: Application, guarantor_id: uuid.UUID | None
) -> ApplicationGuarantor | None:
    """The guarantor by id; without one the owner, where the applicant is a natural person."""
    if guarantor_id is None:
        if not read_review.is_owner(application):
            raise NotFound
        return None
    found = session.get(ApplicationGuarantor, guarantor_id)
    if found is None or found.application_id != application.id:
        raise NotFound
    return found
