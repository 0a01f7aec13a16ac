"""The use cases of decisions: the worker's, the underwriter's, and what each may read.

Each opens one transaction and reads the clock once; while a bureau or BankID is asked, no transaction is open.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from agreements.signing.models import Signing
from agreements.signing.service import Signings
from agreements.signing.services.keep_order import Started
from bureau_clients import evidence, retention
from bureau_clients.answers import Retrieval
from bureau_clients.errors import QuestionNotBlocked
from bureau_clients.evidence import Told
from bureau_clients.gateway import Gateway
from bureau_clients.retention import Erased
from underwriting.applications import rules
from underwriting.applications.models import Application
from underwriting.applications.rules import ApplicationEvent
from underwriting.applications.services.find_application import find_for, is_applicant, lock_application, lock_own
from underwriting.decisions.desk_models import OverrideProposal
from underwriting.decisions.grounds import hard_stops
from underwriting.decisions.override import Determination, HardStopStands
from underwriting.decisions.policy import Policy
from underwriting.decisions.services import (
    accept_offer,
    assess_application,
    determine_case,
    find_policy,
    hold_evidence,
    read_decision,
    replay_decision,
    replay_sample,
)
from underwriting.decisions.services.conflict_of_interest import forbid_oneself
from underwriting.decisions.services.gather_case import Case, gather
from underwriting.decisions.services.hold_exposure import hold_exposure
from underwriting.decisions.services.propose_override import ProposalView, view_of
from underwriting.decisions.services.read_decision import (
    ApplicantDecision,
    GuarantorDecision,
    Pending,
    StaffDecision,
)
from underwriting.decisions.services.replay_decision import Replay
from underwriting.decisions.services.replay_sample import Sampled
from underwriting.kernel.errors import NotFound
from underwriting.kernel.vocabulary import CASE_READERS, UNDERWRITERS, ApplicationState, DecisionOutcome, SigningPurpose
from underwriting.platform import audit_log
from underwriting.platform.authentication import Caller
from underwriting.platform.models import AuditEntry
from underwriting.platform.progress import Progress
from underwriting.platform.runtime import Runtime

MOST_PER_TICK = 20


@dataclass(frozen=True)
class Decisions:
    """Decides applications by the policy in force at that moment, on what *gateway* brings of the bureaus."""

    runtime: Runtime
    gateway: Gateway
    signings: Signings

    def assess_due(self) -> int:
        """Attempt to decide what is due, one after the other; how many attempts.

        Any number of workers, each with several threads, may do so at a time.
        """
        attempts = 0
        while attempts < MOST_PER_TICK and self.assess_next():
            attempts += 1
        return attempts

    def assess_next(self) -> bool:
        """Attempt to decide the application that has been due the longest; whether there was one."""
        with self.runtime.database.transaction() as session:
            claim = assess_application.claim_due(session, self.runtime)
        if claim is None:
            return False
        with self.runtime.database.transaction() as session:
            application = lock_application(session, claim.application_id)
            case = gather(session, self.runtime, application, at=self.runtime.clock.now())
        retrieval = assess_application.retrieve(self.gateway, case, at=self.runtime.clock.now())
        with self.runtime.database.transaction() as session:
            find_policy.share_turn(session)
            application = lock_application(session, claim.application_id)
            at = hold_exposure(session, self.runtime, application)
            policy = self.policy_now(session, at)
            assess_application.conclude(session, self.runtime, policy, application, claim, retrieval, at=at)
        return True

    def ask_again(self, application_id: uuid.UUID, caller: Caller) -> None:
        """An underwriter's decision that what is unknown or was refused is asked for once more (rule B4).

        An answer that came after its question was given up for dead lets the application go on without a new one.
        Raises QuestionNotBlocked when nothing stands in the way, ApplicationStateRefuses after the assessment.
        """
        caller.require(*UNDERWRITERS)
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            application = lock_application(session, find_for(session, application_id, caller).id)
            forbid_oneself(session, self.runtime, application, caller)
            rules.advance(ApplicationState(application.state), ApplicationEvent.ATTEMPT_FAILED)
            case = gather(session, self.runtime, application, at=at)
            allowed = [self._allow(case, position, caller, at) for position in range(len(case.subjects))]
            if not any(allowed) and not application.outcome_unknown:
                raise QuestionNotBlocked
            application.outcome_unknown = False
            application.next_attempt_at = self.runtime.wall.now()

    def determine(
        self, application_id: uuid.UUID, asked: Determination, reason: str, caller: Caller, *, proposes: bool = True
    ) -> StaffDecision | ProposalView:
        """An underwriter's determination of a referred case, of an open offer, or an offer after a decline (rule D8).

        What is beyond the underwriter's authority becomes a proposal to a second person; AuthorityExceeded is raised
        instead, and no bureau asked, where the caller does not propose. Where credit is given, the
        company's status is fresh (B5) and the stops are looked at again (D10). Raises what `override.outcome_of`
        raises, ApplicationStateRefuses, DecidingOnOneself, BureausUnavailable, CaseMovedOn, ProposalPending.
        """
        caller.require(*UNDERWRITERS)
        with self.runtime.database.transaction() as session:
            policy = self.policy_now(session, self.runtime.clock.now())
            application = lock_application(session, find_for(session, application_id, caller).id)
            now = self.runtime.clock.now()
            after = determine_case.check(session, self.runtime, policy, application, caller, asked, at=now)
            version, case = application.version, gather(session, self.runtime, application, at=now)
            if not proposes:
                determine_case.require_authority(session, self.runtime, policy, case, caller, asked, after)
        retrieval = None if asked.outcome is DecisionOutcome.DECLINED else self.look_again(case)
        with self.runtime.database.transaction() as session:
            find_policy.share_turn(session)
            application = lock_application(session, application_id)
            at = hold_exposure(session, self.runtime, application)
            policy = self.policy_now(session, at)
            determine_case.require_version(application, version)
            determined = determine_case.determine(
                session,
                self.runtime,
                policy,
                application,
                caller,
                asked,
                reason,
                after=after,
                retrieval=retrieval,
                at=at,
                proposes=proposes,
            )
            if isinstance(determined, OverrideProposal):
                return view_of(self.runtime, determined, reference=application.reference, is_current=True)
            return read_decision.for_staff(session, self.runtime, application)[0]

    def ask_for_information(self, application_id: uuid.UUID, question: str, caller: Caller) -> None:
        """Ask the applicant of a referred case for information; it comes as a supplement (rule A3)."""
        caller.require(*UNDERWRITERS)
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            application = lock_application(session, find_for(session, application_id, caller).id)
            determine_case.ask_for_information(session, self.runtime, application, caller, question, at=at)

    def accept_counter_offer(self, application_id: uuid.UUID, caller: Caller, *, end_user_ip: str) -> Started:
        """Start the signatory's BankID signature that accepts the offer (rule D1); the stops are looked at again.

        Raises ApplicationStateRefuses, OfferExpired, ExposureExceeded, HardStopStands, BureausUnavailable, and what
        `Signings.start` raises.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            application = lock_own(session, application_id, caller)
            row = accept_offer.open_offer(session, application, at=at)
            document, shown, case = accept_offer.prepare_acceptance(session, self.runtime, application, row, at=at)
        reports = assess_application.reports_in(self.look_again(case))
        if any(hard_stops(case.facts(reports, at=at))):
            raise HardStopStands
        return self.signings.start(
            SigningPurpose.COUNTER_OFFER,
            row.id,
            visible_text=shown,
            document=document,
            person=case.body.signatory_personal_number,
            end_user_ip=end_user_ip,
        )

    def decline_counter_offer(self, application_id: uuid.UUID, caller: Caller) -> None:
        """The applicant does not want the offer (rule D1). NotFound, ApplicationStateRefuses, OfferExpired."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            application = lock_own(session, application_id, caller)
            accept_offer.decline_offer(session, application, actor=caller.actor, at=at)

    def counter_offer_signed(self, session: Session, signing: Signing, at: datetime) -> None:
        """Handler of SigningPurpose.COUNTER_OFFER."""
        accept_offer.record_acceptance(session, self.runtime, signing, at=at)

    def lapse_counter_offers(self) -> int:
        """Let the offers lapse that nobody accepted by the end of the seventh day (rule D1); how many."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            return accept_offer.lapse_offers(session, self.runtime, at=at)

    def erase_reports(self, on: date) -> Erased:
        """Erase what bureaus answered and nothing holds on to on this day any more (rule K2); how much."""

        def held(session: Session, application_ids: Collection[uuid.UUID]) -> Collection[uuid.UUID]:
            return hold_evidence.holding(session, application_ids, on=on)

        return retention.erase_due(self.runtime, on=on, at=self.runtime.clock.now(), held=held)

    def policy_in_force(self) -> Policy:
        """The policy that a decision at this moment would be taken by (rule D11)."""
        with self.runtime.database.transaction() as session:
            return find_policy.in_force(session, at=self.runtime.clock.now())

    def replay(self, decision_id: uuid.UUID) -> Replay:
        """Decide again on what was kept (rule D7), and say what differs."""
        with self.runtime.database.transaction() as session:
            return replay_decision.replay(session, self.runtime, decision_id)

    def replay_sample(self, on: date, progress: Progress) -> Sampled:
        """Decide a sample again (rule D15); ReplayDiffers, after an event for each, when one comes out otherwise."""
        return replay_sample.replay_sample(self.runtime, on=on, at=self.runtime.clock.now(), progress=progress)

    def decision(
        self, application_id: uuid.UUID, caller: Caller
    ) -> Pending | ApplicantDecision | GuarantorDecision | StaffDecision:
        """What *caller* may know of the newest decision (rule D7); NotFound for whoever has no part in it."""
        with self.runtime.database.transaction() as session:
            application = session.get(Application, application_id, populate_existing=True)
            if application is None:
                raise NotFound
            if is_applicant(application, caller):
                return read_decision.for_applicant(session, self.runtime, application)
            if not caller.is_staff:
                guarantor = read_decision.guarantor_row(session, application_id, caller.person_index)
                return read_decision.for_guarantor(session, self.runtime, application, guarantor)
            decisions = self._for_staff(session, application_id, caller)
            return decisions[0] if decisions else read_decision.pending_for_staff(application)

    def decisions(self, application_id: uuid.UUID, caller: Caller) -> tuple[StaffDecision, ...]:
        """Every decision on the application, the newest first; for underwriters."""
        with self.runtime.database.transaction() as session:
            return self._for_staff(session, application_id, caller)

    def history(self, application_id: uuid.UUID, caller: Caller) -> tuple[AuditEntry, ...]:
        """What has happened to the application, as it was noted; for underwriters."""
        caller.require(*CASE_READERS)
        with self.runtime.database.transaction() as session:
            find_for(session, application_id, caller)
            return tuple(audit_log.entries_of(session, f"application:{application_id}", with_reads=False))

    def reports(self, application_id: uuid.UUID, caller: Caller) -> tuple[Told, ...]:
        """What was asked of bureaus for the application, and what they said (B6, B7, D13); for underwriters."""
        caller.require(*CASE_READERS)
        with self.runtime.database.transaction() as session:
            find_for(session, application_id, caller)
            return evidence.of_application(session, self.runtime.cipher, application_id)

    def _for_staff(self, session: Session, application_id: uuid.UUID, caller: Caller) -> tuple[StaffDecision, ...]:
        caller.require(*CASE_READERS)
        return read_decision.for_staff(session, self.runtime, find_for(session, application_id, caller))

    def policy_now(self, session: Session, at: datetime) -> Policy:
        """The policy in force at *at*; to the end of the transaction nobody publishes another one."""
        find_policy.share_turn(session)
        return find_policy.in_force(session, at=at)

    def look_again(self, case: Case) -> Retrieval:
        """What is kept of the reports with the company's status as it is now; persons are not asked about again."""
        retrieval = assess_application.retrieve(self.gateway, case, at=self.runtime.clock.now())
        determine_case.require_answers(retrieval)
        return retrieval

    def _allow(self, case: Case, position: int, caller: Caller, at: datetime) -> bool:
        try:
            self.gateway.allow_another_question(case.application_id, case.subjects[position], by=caller.actor, at=at)
        except QuestionNotBlocked:
            return False
        return True
