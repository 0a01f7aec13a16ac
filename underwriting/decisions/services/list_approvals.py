"""The proposals that wait for a second person, as that person weighs them (rule D8)."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.applications.models import Application
from underwriting.applications.services.store_application import company_name_of
from underwriting.decisions.authority import Authority, Beyond, beyond
from underwriting.decisions.desk_models import OverrideProposal
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.override import DecidingOnOneself
from underwriting.decisions.policy import Policy
from underwriting.decisions.queue import strongest_referral
from underwriting.decisions.scoring import Decision
from underwriting.decisions.services.conflict_of_interest import forbid_oneself
from underwriting.decisions.services.propose_override import ProposalView, own_authority, view_of
from underwriting.decisions.services.replay_decision import kept_decision, policy_of
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm, ProposalState
from underwriting.platform.authentication import Caller
from underwriting.platform.models import StaffUser
from underwriting.platform.runtime import Runtime

ON_A_PAGE = 20
_STAFF = "staff:"
_STANDS = (
    OverrideProposal.state == str(ProposalState.PENDING),
    OverrideProposal.application_version == Application.version,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A proposal with what it would follow: *decision* is what the policy said, *ground* its strongest for a person.

    The reader cannot settle it where it *is_own* or the reader *is_party*; where anything is *beyond* their authority
    they can only reject it.
    """

    proposal: ProposalView
    company_form: CompanyForm
    company_name: str | None = field(repr=False)
    requested_amount: Money
    term_months: int
    proposer: str
    decision: Decision
    ground: Text | None
    is_own: bool
    is_party: bool
    beyond: tuple[Beyond, ...]

    @property
    def may_reject(self) -> bool:
        """Whether the reader may settle it at all."""
        return not self.is_own and not self.is_party

    @property
    def may_approve(self) -> bool:
        """Whether the reader may approve it."""
        return self.may_reject and not self.beyond


@dataclass(frozen=True, slots=True)
class ApprovalPage:
    """A part of the inbox; *next_after* is the id behind which the next one begins, None on the last."""

    items: tuple[Approval, ...]
    next_after: uuid.UUID | None


def list_approvals(
    session: Session, runtime: Runtime, policy: Policy, caller: Caller, *, after: uuid.UUID | None
) -> ApprovalPage:
    """The proposals that stand, the oldest first; *policy* is the one in force, which gives the reader's authority."""
    query = (
        sa.select(OverrideProposal, Application, DecisionRow)
        .join(Application, Application.id == OverrideProposal.application_id)
        .join(DecisionRow, DecisionRow.id == OverrideProposal.decision_id)
        .where(*_STANDS)
        .order_by(OverrideProposal.id)
        .limit(ON_A_PAGE + 1)
    )
    if after is not None:
        query = query.where(OverrideProposal.id > after)
    found = session.execute(query).all()
    shown = found[:ON_A_PAGE]
    authority, names = own_authority(session, policy, caller), _names(session, [row for row, _, _ in shown])
    items = tuple(_approval(session, runtime, authority, names, caller, *each) for each in shown)
    return ApprovalPage(items, shown[-1][0].id if len(found) > ON_A_PAGE else None)


def count_approvals(session: Session) -> int:
    """How many proposals stand, whoever made them."""
    joined = sa.select(sa.func.count()).select_from(OverrideProposal).join(Application)
    return session.scalar(joined.where(*_STANDS)) or 0


def _approval(
    session: Session,
    runtime: Runtime,
    authority: Authority,
    names: Mapping[str, str],
    caller: Caller,
    row: OverrideProposal,
    application: Application,
    followed: DecisionRow,
) -> Approval:
    decision, ground = kept_decision(runtime, followed), None
    if (fired := strongest_referral(decision)) is not None:
        ground = policy_of(session, followed).reasons()[fired.key]
    proposal = view_of(runtime, row, reference=application.reference, is_current=True)
    same_person = caller.own_index is not None and caller.own_index == row.proposer_index
    return Approval(
        proposal=proposal,
        company_form=CompanyForm(application.company_form),
        company_name=company_name_of(runtime.cipher, application),
        requested_amount=Money(application.requested_amount_ore),
        term_months=application.term_months,
        proposer=names.get(row.proposed_by, row.proposed_by),
        decision=decision,
        ground=ground,
        is_own=caller.actor == row.proposed_by or same_person,
        is_party=_is_party(session, runtime, application, caller),
        beyond=beyond(
            authority,
            limit=proposal.limit,
            fee_rate=proposal.fee_rate,
            policy_fee_rate=decision.fee_rate,
            hard_stop_disputed=False,  # with the reader there are the two that it takes
        ),
    )


def _is_party(session: Session, runtime: Runtime, application: Application, caller: Caller) -> bool:
    try:
        forbid_oneself(session, runtime, application, caller)
    except DecidingOnOneself:
        return True
    return False


def _names(session: Session, rows: Sequence[OverrideProposal]) -> Mapping[str, str]:
    """The usernames of those who proposed, by what they are called in the log."""
    ids = {row.proposed_by.removeprefix(_STAFF) for row in rows if row.proposed_by.startswith(_STAFF)}
    wanted = sa.cast(StaffUser.id, sa.Text).in_(ids)
    found = session.execute(sa.select(StaffUser.id, StaffUser.username).where(wanted))
    return {f"{_STAFF}{staff_id}": username for staff_id, username in found}
