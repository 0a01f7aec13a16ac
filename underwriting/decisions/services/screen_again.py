"""Everybody concerned by an open application or a living agreement, held against a list that is new (rule K1).

Each case is screened in a transaction of its own, which writes that it was: whoever is stopped goes on where it was.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from underwriting.applications.models import Application
from underwriting.applications.services.find_application import lock_application
from underwriting.applications.services.store_application import body_of
from underwriting.decisions.services.know_customer import weigh
from underwriting.due_diligence.rules import Occasion
from underwriting.due_diligence.services.assess_relation import gaps_of
from underwriting.due_diligence.services.load_list import list_in_force
from underwriting.due_diligence.services.screen_case import not_screened_since, screen_again
from underwriting.kernel.vocabulary import AgreementState, ApplicationState
from underwriting.platform.runtime import Runtime

MOST_PER_TICK = 200
_OPEN = (
    ApplicationState.ASSESSING,
    ApplicationState.REFERRED,
    ApplicationState.INFORMATION_REQUESTED,
    ApplicationState.COUNTER_OFFER,
)
_LIVING = (
    AgreementState.SIGNING,
    AgreementState.SIGNED,
    AgreementState.RUNNING,
    AgreementState.CANCELLING,
)


def screen_since_list(runtime: Runtime) -> int:
    """Screen those that the list in force has not been held against; how many were. For the worker."""
    with runtime.database.transaction() as session:
        current = list_in_force(session)
        if current is None:
            return 0
        living = sa.select(Agreement.application_id).where(Agreement.state.in_([str(one) for one in _LIVING]))
        concerned = sa.select(Application.id).where(
            sa.or_(Application.state.in_([str(one) for one in _OPEN]), Application.id.in_(living))
        )
        waiting = not_screened_since(current.id).subquery()
        query = concerned.where(Application.id.in_(sa.select(waiting.c.application_id))).order_by(Application.id)
        found = session.scalars(query.limit(MOST_PER_TICK)).all()
    for application_id in found:
        with runtime.database.transaction() as session:
            _screen(session, runtime, lock_application(session, application_id), at=runtime.clock.now())
    return len(found)


def _screen(session: Session, runtime: Runtime, application: Application, *, at: datetime) -> None:
    """Hold the locked application against the list, and give the class anew of a customer who has one."""
    finding = screen_again(session, runtime, application.id, Occasion.LIST_CHANGED, at=at)
    if gaps_of(session, application.id) is not None:
        body = body_of(session, runtime.cipher, application)
        weigh(session, runtime, application.id, body, finding, kept=True, at=at)
