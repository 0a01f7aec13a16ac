"""A determination beyond its underwriter's authority waits for a second person (rule D8)."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.applications.models import Application
from underwriting.applications.services.find_application import subject_of
from underwriting.decisions.authority import Authority, Beyond, ProposalPending, authority_of, beyond
from underwriting.decisions.desk_models import OverrideProposal
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.override import Determination
from underwriting.decisions.policy import Policy
from underwriting.decisions.services.gather_case import Case
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import DecisionOutcome, ProposalState
from underwriting.platform import audit_log
from underwriting.platform.authentication import Caller
from underwriting.platform.encryption import of_application
from underwriting.platform.models import StaffUser
from underwriting.platform.runtime import Runtime

_REASON = "override_proposal.reason"
_CONDITIONS = "override_proposal.conditions"
_SETTLED_REASON = "override_proposal.settled_reason"
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalView:
    """A proposed determination as staff read it; *state* is expired as soon as the application has changed."""

    id: uuid.UUID
    application_id: uuid.UUID
    reference: str
    state: ProposalState
    outcome: DecisionOutcome
    limit: Money | None
    fee_rate: Decimal | None
    reason_code: str
    reason: str = field(repr=False)
    conditions: str | None = field(repr=False)
    proposed_by: str
    proposed_at: datetime
    settled_by: str | None
    settled_at: datetime | None
    settled_reason: str | None = field(repr=False)


def own_authority(session: Session, policy: Policy, caller: Caller) -> Authority:
    """What *caller* may determine alone by *policy*."""
    own = session.scalar(sa.select(StaffUser.authority_ore).where(StaffUser.id == caller.staff_id))
    return authority_of(policy, caller.role, own_limit=None if own is None else Money(own))


def needs_second_person(
    session: Session,
    policy: Policy,
    case: Case,
    caller: Caller,
    asked: Determination,
    policy_fee_rate: Decimal | None,
    *,
    is_second: bool = False,
) -> tuple[Beyond, ...]:
    """All for which *caller* cannot give what is *asked* alone; *policy_fee_rate* is what the policy asks for it.

    Where *caller* is the second person, a disputed hard stop has the two that it takes.
    """
    return beyond(
        own_authority(session, policy, caller),
        limit=asked.limit,
        fee_rate=asked.fee_rate,
        policy_fee_rate=policy_fee_rate,
        hard_stop_disputed=case.hard_stop_disputed and not is_second,
    )


def propose(
    session: Session,
    runtime: Runtime,
    application: Application,
    after: DecisionRow,
    caller: Caller,
    asked: Determination,
    reason: str,
    *,
    at: datetime,
) -> OverrideProposal:
    """Write what is *asked* of the locked application for a second person; ProposalPending beside one that stands."""
    earlier = pending_of(session, application.id)
    if earlier is not None:
        if earlier.application_version == application.version:
            raise ProposalPending
        expire(session, earlier, at=at)
    row = _row(runtime, application, after, caller, asked, reason, at)
    session.add(row)
    session.flush()
    note(session, row, "override.proposed", actor=caller.actor, at=at)
    return row


def pending_of(session: Session, application_id: uuid.UUID) -> OverrideProposal | None:
    """The proposal of the locked application that nobody has settled, held; it may have expired."""
    return session.scalar(
        sa.select(OverrideProposal)
        .where(
            OverrideProposal.application_id == application_id,
            OverrideProposal.state == str(ProposalState.PENDING),
        )
        .with_for_update()
    )


def expire(session: Session, row: OverrideProposal, *, at: datetime) -> None:
    """Note that the application has changed since *row* was proposed."""
    row.state, row.settled_at = str(ProposalState.EXPIRED), at
    session.flush()
    note(session, row, "override.expired", actor="system", at=at)


def note(session: Session, row: OverrideProposal, action: str, *, actor: str, at: datetime) -> None:
    """Note what became of the proposal in its application's chain of the audit log."""
    data = {"proposal": str(row.id), "outcome": row.outcome, "reason_code": row.reason_code}
    audit_log.append(session, subject_of(row.application_id), action, actor=actor, at=at, data=data)


def determination_in(runtime: Runtime, row: OverrideProposal) -> tuple[Determination, str]:
    """What was proposed, and the underwriter's text."""
    view = view_of(runtime, row, reference="", is_current=True)
    asked = Determination(
        outcome=view.outcome,
        limit=view.limit,
        fee_rate=view.fee_rate,
        reason_code=view.reason_code,
        conditions=view.conditions,
    )
    return asked, view.reason


def list_pending(session: Session, runtime: Runtime) -> tuple[ProposalView, ...]:
    """The proposals that stand and wait for a second person, the oldest first."""
    found = session.execute(
        sa.select(OverrideProposal, Application.reference)
        .join(Application, Application.id == OverrideProposal.application_id)
        .where(
            OverrideProposal.state == str(ProposalState.PENDING),
            OverrideProposal.application_version == Application.version,
        )
        .order_by(OverrideProposal.id)
        .limit(MOST_SHOWN)
    )
    return tuple(view_of(runtime, row, reference=reference, is_current=True) for row, reference in found)


def view_of(runtime: Runtime, row: OverrideProposal, *, reference: str, is_current: bool) -> ProposalView:
    """The proposal as staff read it; *is_current*: its application has not changed since."""
    state = ProposalState(row.state)
    return ProposalView(
        id=row.id,
        application_id=row.application_id,
        reference=reference,
        state=ProposalState.EXPIRED if state is ProposalState.PENDING and not is_current else state,
        outcome=DecisionOutcome(row.outcome),
        limit=None if row.limit_ore is None else Money(row.limit_ore),
        fee_rate=row.fee_rate,
        reason_code=row.reason_code,
        reason=runtime.cipher.decrypt(row.reason_encrypted, context=_REASON).decode(),
        conditions=_opened(runtime, row.conditions_encrypted, _CONDITIONS),
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        settled_by=row.settled_by,
        settled_at=row.settled_at,
        settled_reason=_opened(runtime, row.settled_reason_encrypted, _SETTLED_REASON),
    )


def settle(
    session: Session,
    runtime: Runtime,
    row: OverrideProposal,
    state: ProposalState,
    caller: Caller,
    reason: str | None,
    *,
    at: datetime,
) -> None:
    """Write that *caller* has approved or rejected the held proposal."""
    row.state, row.settled_by, row.settled_at = str(state), caller.actor, at
    row.settled_reason_encrypted = _sealed(runtime, row.application_id, reason, _SETTLED_REASON)
    session.flush()
    note(session, row, f"override.{state}", actor=caller.actor, at=at)


def _row(
    runtime: Runtime,
    application: Application,
    after: DecisionRow,
    caller: Caller,
    asked: Determination,
    reason: str,
    at: datetime,
) -> OverrideProposal:
    return OverrideProposal(
        application_id=application.id,
        application_version=application.version,
        decision_id=after.id,
        state=str(ProposalState.PENDING),
        outcome=str(asked.outcome),
        limit_ore=None if asked.limit is None else asked.limit.ore,
        fee_rate=asked.fee_rate,
        conditions_encrypted=_sealed(runtime, application.id, asked.conditions, _CONDITIONS),
        reason_code=asked.reason_code,
        reason_encrypted=_sealed(runtime, application.id, reason, _REASON),
        proposed_by=caller.actor,
        proposer_index=caller.own_index,
        proposed_at=at,
    )


def _sealed(runtime: Runtime, application_id: uuid.UUID, text: str | None, context: str) -> bytes | None:
    subject = of_application(application_id)
    return None if text is None else runtime.cipher.encrypt(text.encode(), context=context, subject=subject)


def _opened(runtime: Runtime, sealed: bytes | None, context: str) -> str | None:
    return None if sealed is None else runtime.cipher.decrypt(sealed, context=context).decode()
