"""Which questions to bureaus wait for a person, over all applications that are not settled yet (rule B4)."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bureau_clients import statistics
from bureau_clients.statistics import Doubt
from underwriting.applications.models import Application
from underwriting.decisions.services.hold_evidence import ALIVE


def waiting(session: Session, *, at: datetime) -> tuple[Doubt, ...]:
    """The oldest first; *at* by the machine's clock. Of an application that is settled nothing is asked any more."""
    doubts = statistics.doubts(session, at=at)
    ids = {doubt.application_id for doubt in doubts}
    alive = set(session.scalars(sa.select(Application.id).where(Application.id.in_(ids), Application.state.in_(ALIVE))))
    return tuple(doubt for doubt in doubts if doubt.application_id in alive)
