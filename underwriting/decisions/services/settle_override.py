"""The second person: a proposed determination is approved, and only then counts, or rejected (rule D8).

1. The application is locked, then its proposal; a settled one is refused, and so is one whose application has changed.
2. Whoever proposed it does not settle it, nor the same person by another account, nor a party to the case.
3. An approval is made as if the second person had determined the case: with their authority, on the reports as they are
   now, by the policy in force now.
"""

import uuid
from datetime import datetime

from sqlalchemy.orm import Session

from bureau_clients.answers import Retrieval
from underwriting.applications.models import Application
from underwriting.applications.services.find_application import lock_application
from underwriting.decisions.authority import ApprovingOnesOwn, ProposalExpired, ProposalSettled
from underwriting.decisions.desk_models import OverrideProposal
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.override import Determination
from underwriting.decisions.policy import Policy
from underwriting.decisions.services import determine_case
from underwriting.decisions.services.conflict_of_interest import forbid_oneself
from underwriting.decisions.services.propose_override import determination_in, settle
from underwriting.kernel.errors import NotFound
from underwriting.kernel.vocabulary import ProposalState
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime


def open_proposal(
    session: Session, runtime: Runtime, proposal_id: uuid.UUID, caller: Caller
) -> tuple[Application, OverrideProposal]:
    """The locked application and its held proposal, where *caller* may settle it; raises what forbids."""
    found = session.get(OverrideProposal, proposal_id)
    if found is None:
        raise NotFound
    application = lock_application(session, found.application_id)
    row = session.get(OverrideProposal, proposal_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise NotFound
    if row.state in (ProposalState.APPROVED, ProposalState.REJECTED):
        raise ProposalSettled
    if row.state == ProposalState.EXPIRED or row.application_version != application.version:
        raise ProposalExpired
    same_person = caller.own_index is not None and caller.own_index == row.proposer_index
    if caller.actor == row.proposed_by or same_person:
        raise ApprovingOnesOwn
    forbid_oneself(session, runtime, application, caller)
    return application, row


def check_approval(
    session: Session,
    runtime: Runtime,
    policy: Policy,
    application: Application,
    row: OverrideProposal,
    caller: Caller,
    *,
    at: datetime,
) -> tuple[Determination, DecisionRow]:
    """What was proposed and the decision that it would follow, before the bureaus are asked; raises what forbids."""
    asked, _ = determination_in(runtime, row)
    return asked, determine_case.check(session, runtime, policy, application, caller, asked, at=at)


def approve(
    session: Session,
    runtime: Runtime,
    policy: Policy,
    application: Application,
    row: OverrideProposal,
    caller: Caller,
    *,
    after: DecisionRow,
    retrieval: Retrieval | None,
    at: datetime,
) -> None:
    """Determine what `open_proposal` gave as was proposed, with *caller* as the second person: at this instant it is
    granted.
    """
    asked, reason = determination_in(runtime, row)
    settle(session, runtime, row, ProposalState.APPROVED, caller, None, at=at)
    determine_case.determine(
        session,
        runtime,
        policy,
        application,
        caller,
        asked,
        reason,
        after=after,
        retrieval=retrieval,
        at=at,
        proposal=row,
    )


def reject(
    session: Session, runtime: Runtime, proposal_id: uuid.UUID, caller: Caller, reason: str, *, at: datetime
) -> tuple[Application, OverrideProposal]:
    """Settle the proposal without effect; the case stays where it is."""
    application, row = open_proposal(session, runtime, proposal_id, caller)
    settle(session, runtime, row, ProposalState.REJECTED, caller, reason, at=at)
    return application, row
