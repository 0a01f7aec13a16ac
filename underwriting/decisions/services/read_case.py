"""What an underwriter has to know of a case beside its application, decisions and reports: one read of the desk."""

from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.applications.models import Application
from underwriting.applications.services.store_application import supplement_of, supplements_of
from underwriting.decisions.authority import Authority
from underwriting.decisions.corrections import HARD_STOP_FACTS
from underwriting.decisions.desk_models import OverrideProposal
from underwriting.decisions.facts import Facts
from underwriting.decisions.override import DecidingOnOneself
from underwriting.decisions.policy import Policy
from underwriting.decisions.scoring import Decision
from underwriting.decisions.services.assign_case import AssignmentView, assignments_of, receivers_of
from underwriting.decisions.services.conflict_of_interest import forbid_oneself
from underwriting.decisions.services.keep_dispute import DisputeView, views_of
from underwriting.decisions.services.propose_override import ProposalView, own_authority, view_of
from underwriting.decisions.services.read_review import StaffReview, list_of
from underwriting.decisions.services.record_decision import basis_of, latest_row
from underwriting.decisions.services.replay_decision import policy_of
from underwriting.kernel.vocabulary import ProposalState
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What the newest decision rests on: the facts, what the policy said of them, and that very policy."""

    facts: Facts = field(repr=False)
    decision: Decision
    policy: Policy


@dataclass(frozen=True, slots=True)
class Told:
    """What the applicant has answered to an underwriter's question (rule A3)."""

    text: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskCase:
    """A case as the desk has it. *version* is the application's: whoever changes the case names the one they read.

    *is_party*: the reader is a party, and does nothing with it (rule D8). *proposal* waits for a second person.
    *hard_stop_disputed*: a fact that may stop the case was marked as wrong, so that credit takes two (rule D8).
    *receivers* are the usernames of those who may be given the case.
    """

    version: int
    grounds: Grounds | None
    assignment: AssignmentView | None
    authority: Authority
    is_party: bool
    proposal: ProposalView | None
    reviews: tuple[StaffReview, ...]
    disputes: tuple[DisputeView, ...]
    answers: tuple[Told, ...]
    receivers: tuple[str, ...]

    @property
    def hard_stop_disputed(self) -> bool:
        """Whether a fact that may stop the case was marked as wrong."""
        return any(dispute.fact in HARD_STOP_FACTS for dispute in self.disputes)


def read_case(session: Session, runtime: Runtime, policy: Policy, application: Application, caller: Caller) -> DeskCase:
    """The desk's part of the case; *policy* is the one in force, which gives the reader's authority."""
    return DeskCase(
        version=application.version,
        grounds=_grounds(session, runtime, application),
        assignment=assignments_of(session, [application.id]).get(application.id),
        authority=own_authority(session, policy, caller),
        is_party=_is_party(session, runtime, application, caller),
        proposal=_proposal(session, runtime, application),
        reviews=list_of(session, runtime, application.id),
        disputes=views_of(session, runtime, application.id),
        answers=_answers(session, runtime, application),
        receivers=receivers_of(session),
    )


def _grounds(session: Session, runtime: Runtime, application: Application) -> Grounds | None:
    row = latest_row(session, application)
    if row is None:
        return None
    basis = basis_of(runtime, row)
    return Grounds(facts=basis.facts, decision=basis.decision, policy=policy_of(session, row))


def _is_party(session: Session, runtime: Runtime, application: Application, caller: Caller) -> bool:
    try:
        forbid_oneself(session, runtime, application, caller)
    except DecidingOnOneself:
        return True
    return False


def _proposal(session: Session, runtime: Runtime, application: Application) -> ProposalView | None:
    """The proposal that stands: of one that has expired nobody has to settle anything."""
    row = session.scalar(
        sa.select(OverrideProposal).where(
            OverrideProposal.application_id == application.id,
            OverrideProposal.state == str(ProposalState.PENDING),
            OverrideProposal.application_version == application.version,
        )
    )
    return None if row is None else view_of(runtime, row, reference=application.reference, is_current=True)


def _answers(session: Session, runtime: Runtime, application: Application) -> tuple[Told, ...]:
    """The newest first."""
    rows = reversed(supplements_of(session, application))
    told = ((supplement_of(runtime.cipher, row).information, row.added_at) for row in rows)
    return tuple(Told(text, at) for text, at in told if text is not None)
