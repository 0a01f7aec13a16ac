"""A change that comes to nothing: withdrawn by staff, or lapsed where a signature is missing (rule G7)."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.plan_changes.models import PlanChange
from agreements.plan_changes.rules import ChangeFacts, PlanChangeEvent
from agreements.plan_changes.services.keep_change import lock_change, settle
from agreements.plan_changes.services.tell_parties import tell_everybody
from underwriting.kernel.vocabulary import PlanChangeState
from underwriting.platform.batches import each_alone
from underwriting.platform.progress import Progress, unheard
from underwriting.platform.runtime import Runtime


def withdraw(session: Session, runtime: Runtime, change_id: uuid.UUID, *, actor: str, at: datetime) -> PlanChange:
    """The lender lets it be. NotFound, PlanChangeNotPending."""
    locked = lock_change(session, change_id)
    settle(session, locked, PlanChangeEvent.WITHDRAWN, ChangeFacts(), actor=actor, at=at)
    tell_everybody(session, runtime, locked.agreement, locked.change, at=at)
    return locked.change


def lapse_unsigned(runtime: Runtime, *, progress: Progress = unheard) -> int:
    """Let those lapse whose time for signatures is over; how many. For the scheduler."""
    at = runtime.clock.now()
    overdue = sa.select(PlanChange.id).where(PlanChange.state == str(PlanChangeState.PENDING), PlanChange.sign_by <= at)
    with runtime.database.transaction() as session:
        change_ids = session.scalars(overdue.order_by(PlanChange.sign_by, PlanChange.id)).all()
    lapsed = each_alone(change_ids, lambda change_id: _lapse(runtime, change_id, at), named=str)
    progress(len(change_ids), len(change_ids))
    return lapsed


def _lapse(runtime: Runtime, change_id: uuid.UUID, at: datetime) -> bool:
    with runtime.database.transaction() as session:
        locked = lock_change(session, change_id)
        if locked.change.state != PlanChangeState.PENDING:
            return False
        facts = ChangeFacts(past_sign_by=at >= locked.change.sign_by)
        settle(session, locked, PlanChangeEvent.TIME_OVER, facts, actor="system", at=at)
        if locked.agreement.ended_at is None:  # whoever has no agreement any more was told why
            tell_everybody(session, runtime, locked.agreement, locked.change, at=at)
        return True
