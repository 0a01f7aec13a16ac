"""Which applications hold on to the reports that they rest on (rule K2)."""

import uuid
from collections.abc import Collection
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from bureau_clients.retention import agreement_holds
from underwriting.applications.models import UNDECIDED, Application
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import AgreementState, ApplicationState

ALIVE = (*UNDECIDED, str(ApplicationState.COUNTER_OFFER))
"""The states of an application that is not settled yet."""
_CAME_TO_NOTHING = (str(AgreementState.LAPSED), str(AgreementState.ANNULLED))


def holding(session: Session, application_ids: Collection[uuid.UUID], *, on: date) -> frozenset[uuid.UUID]:
    """Those that are not settled yet, and those whose agreement still holds on to what it was granted on.

    An agreement that was never signed in time, or was annulled, began no relation and holds nothing.
    """
    alive = session.scalars(
        sa.select(Application.id).where(Application.id.in_(application_ids), Application.state.in_(ALIVE))
    )
    agreements = session.execute(
        sa.select(Agreement.application_id, Agreement.ended_at).where(
            Agreement.application_id.in_(application_ids), Agreement.state.not_in(_CAME_TO_NOTHING)
        )
    )
    granted = (
        application_id
        for application_id, ended_at in agreements
        if agreement_holds(None if ended_at is None else stockholm_date(ended_at), on=on)
    )
    return frozenset((*alive, *granted))
