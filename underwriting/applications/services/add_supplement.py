"""What is added after submission: contact, payout account, information that was asked for (rule A3)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from schemas.values import SupplementBody
from underwriting.applications.models import Application, ApplicationSupplement
from underwriting.applications.rules import ApplicationEvent
from underwriting.applications.services.find_application import move
from underwriting.applications.services.store_application import supplement_to_bytes
from underwriting.kernel.vocabulary import ApplicationState
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class SupplementView:
    """A supplement as it was added; *kind* names its members."""

    id: uuid.UUID
    kind: str
    added_at: datetime


def add_supplement(
    session: Session, runtime: Runtime, application: Application, added: SupplementBody, *, actor: str, at: datetime
) -> SupplementView:
    """Add *added*, dated, to the locked application; what was signed stays as it was signed.

    Information that an underwriter asked for sends the case back. Raises ApplicationStateRefuses for a draft, which is
    changed instead, and for a decided application.
    """
    asked_for = application.state == ApplicationState.INFORMATION_REQUESTED and added.information is not None
    event = ApplicationEvent.INFORMATION_GIVEN if asked_for else ApplicationEvent.SUPPLEMENTED
    members = {"contact": added.contact, "payout_account": added.payout_account, "information": added.information}
    kind = "+".join(name for name, value in members.items() if value is not None)
    move(session, application, event, actor=actor, at=at, data={"kind": kind})
    row = ApplicationSupplement(
        application_id=application.id,
        kind=kind,
        content_encrypted=supplement_to_bytes(runtime.cipher, application, added),
        added_by=actor,
        added_at=at,
    )
    session.add(row)
    session.flush()
    return SupplementView(row.id, row.kind, row.added_at)
