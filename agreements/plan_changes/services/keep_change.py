"""A change's row and the plan that it is about: found, locked, read, moved from state to state, told."""

import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.cancellation.models import Cancellation
from agreements.credit.models import Agreement, PlannedInstalment
from agreements.credit.service import lock_agreement
from agreements.plan_changes import rules
from agreements.plan_changes.models import PlanChange
from agreements.plan_changes.rules import AskedPlan, ChangeFacts, PlanChangeEvent, PlannedPart
from agreements.redemption.models import Redemption
from underwriting.kernel.errors import NotFound
from underwriting.kernel.event_catalogue import (
    PLAN_CHANGE_IN_EFFECT,
    PLAN_CHANGE_LAPSED,
    PLAN_CHANGE_PROPOSED,
    PLAN_CHANGE_WITHDRAWN,
)
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import AgreementState, CancellationState, PlanChangeState, RepaymentPlan
from underwriting.platform import audit_log, events

_TOLD = {
    PlanChangeState.PENDING: PLAN_CHANGE_PROPOSED,
    PlanChangeState.IN_EFFECT: PLAN_CHANGE_IN_EFFECT,
    PlanChangeState.LAPSED: PLAN_CHANGE_LAPSED,
    PlanChangeState.WITHDRAWN: PLAN_CHANGE_WITHDRAWN,
}
_NOTED = {PlanChangeState.PENDING: "proposed"}


@dataclass(frozen=True, slots=True)
class LockedChange:
    """A change and its agreement, held to the end of the transaction."""

    agreement: Agreement
    change: PlanChange


def get_change(session: Session, change_id: uuid.UUID) -> PlanChange:
    """The change, for reading; NotFound when there is none."""
    found = session.get(PlanChange, change_id)
    if found is None:
        raise NotFound
    return found


def lock_change(session: Session, change_id: uuid.UUID) -> LockedChange:
    """The agreement, and then the change as it stands under the agreement's lock. NotFound."""
    agreement = lock_agreement(session, get_change(session, change_id).agreement_id)
    return LockedChange(agreement, session.get_one(PlanChange, change_id, populate_existing=True))


def changes_of(session: Session, agreement_id: uuid.UUID) -> list[PlanChange]:
    """All changes of the agreement, the newest first."""
    query = sa.select(PlanChange).where(PlanChange.agreement_id == agreement_id)
    return list(session.scalars(query.order_by(PlanChange.id.desc())))


def pending_of(session: Session, agreement_id: uuid.UUID) -> PlanChange | None:
    """The change that waits for signatures, or None."""
    query = sa.select(PlanChange).where(
        PlanChange.agreement_id == agreement_id, PlanChange.state == str(PlanChangeState.PENDING)
    )
    return session.scalar(query)


def asked_in(change: PlanChange) -> AskedPlan:
    """The plan that the change asks for."""
    return AskedPlan(RepaymentPlan(change.repayment_plan), change.term_months, Month.of(change.first_month))


def plan_of(session: Session, agreement_id: uuid.UUID) -> tuple[PlannedPart, ...]:
    """Each instalment of each drawdown, the first to be paid first."""
    part = PlannedInstalment
    query = sa.select(part).where(part.agreement_id == agreement_id)
    rows = session.scalars(query.order_by(part.due_on, part.drawdown_id, part.number))
    return tuple(PlannedPart(row.drawdown_id, row.number, row.due_on, Money(row.amount_ore)) for row in rows)


def check_changeable(session: Session, agreement: Agreement) -> None:
    """Raise PlanChangeRefused unless the agreement runs, and neither redemption nor cancellation waits (rule G7)."""
    redemption = sa.select(Redemption.id).where(Redemption.agreement_id == agreement.id, Redemption.state == "open")
    waiting = (str(CancellationState.UNCONFIRMED), str(CancellationState.CONDITIONAL))
    cancellation = sa.select(Cancellation.id).where(
        Cancellation.agreement_id == agreement.id, Cancellation.state.in_(waiting)
    )
    rules.check_changeable(
        state=AgreementState(agreement.state),
        redemption_waits=session.scalar(redemption) is not None,
        cancellation_waits=session.scalar(cancellation) is not None,
    )


def settle(
    session: Session, locked: LockedChange, event: PlanChangeEvent, facts: ChangeFacts, *, actor: str, at: datetime
) -> None:
    """Put the locked change where *event* leads, and tell of it. Raises PlanChangeNotPending."""
    change = locked.change
    change.state = str(rules.advance(PlanChangeState(change.state), event, facts))
    change.settled_by, change.settled_at = actor, at
    locked.agreement.version += 1
    session.flush()
    tell(session, locked, actor=actor, at=at)


def tell(session: Session, locked: LockedChange, *, actor: str, at: datetime) -> None:
    """Note in the audit log, and tell integrators, the state that the change has come into."""
    agreement, change = locked.agreement, locked.change
    state = PlanChangeState(change.state)
    data = {
        "change": str(change.id),
        "repayment_plan": change.repayment_plan,
        "term_months": change.term_months,
        "first_month": str(Month.of(change.first_month)),
    }
    action = f"plan_change.{_NOTED.get(state, state)}"
    audit_log.append(session, f"agreement:{agreement.id}", action, actor=actor, at=at, data=data)
    events.record(
        session,
        _TOLD[state],
        at=at,
        agreement_id=agreement.id,
        application_id=agreement.application_id,
        plan_change_id=change.id,
        state=state,
        repayment_plan=RepaymentPlan(change.repayment_plan),
        term_months=change.term_months,
        first_month=Month.of(change.first_month),
    )
