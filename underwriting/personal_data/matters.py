"""An application with all that followed from it, as far as its keeping goes: one data key, one time."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.guarantees.models import Guarantee
from bureau_clients import retention as bureau_retention
from underwriting.applications.models import Application, ApplicationGuarantor
from underwriting.due_diligence.models import DueDiligenceItem, SanctionsMatch
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import AgreementState, ApplicationState
from underwriting.personal_data.rules import Ground, Kind, agreement_grounds, application_ground, is_due
from underwriting.platform import audit_log, data_keys
from underwriting.platform.blind_index import BLANK
from underwriting.platform.encryption import of_application

_CAME_TO_NOTHING = (str(AgreementState.LAPSED), str(AgreementState.ANNULLED))
_ITS_AGREEMENT = sa.and_(Agreement.application_id == Application.id, Agreement.superseded_at.is_(None))
_SETTLED = (str(ApplicationState.DECLINED), str(ApplicationState.LAPSED), str(ApplicationState.APPROVED))

# A blind index finds a person again, for whoever has its key and the number: it is erased too. Documents are not
# changed by the service; the index of whom one was made for stays until the index key is rotated.
_BLANKED = (
    f"UPDATE application SET company_index = {BLANK}, signatory_index = {BLANK} WHERE id = :id",
    f"UPDATE application_guarantor SET person_index = {BLANK} WHERE application_id = :id",
    f"UPDATE human_review SET person_index = {BLANK} WHERE application_id = :id",
    "UPDATE override_proposal SET proposer_index = NULL WHERE application_id = :id",
    """UPDATE cancellation SET recorder_index = NULL
        WHERE agreement_id IN (SELECT id FROM agreement WHERE application_id = :id)""",
    """UPDATE payout SET prepared_index = NULL
        WHERE agreement_id IN (SELECT id FROM agreement WHERE application_id = :id)""",
    """UPDATE refund SET asker_index = NULL
        WHERE agreement_id IN (SELECT id FROM agreement WHERE application_id = :id)""",
    f"UPDATE sanctions_match SET party_index = {BLANK} WHERE application_id = :id",
    f"UPDATE enquiry_ground SET subject_index = {BLANK} WHERE application_id = :id",
    f"UPDATE agreement SET company_index = {BLANK}, signatory_index = {BLANK} WHERE application_id = :id",
    f"""UPDATE guarantee SET person_index = {BLANK}
        WHERE agreement_id IN (SELECT id FROM agreement WHERE application_id = :id)""",
    """UPDATE signing SET person_index = NULL WHERE subject_id = :id
        OR subject_id IN (SELECT id FROM application_guarantor WHERE application_id = :id)
        OR subject_id IN (SELECT id FROM decision WHERE application_id = :id)
        OR subject_id IN (SELECT id FROM agreement WHERE application_id = :id)
        OR subject_id IN (SELECT guarantee.id FROM guarantee JOIN agreement ON agreement.id = agreement_id
                          WHERE application_id = :id)""",
)


_ITEM_SETTLED = sa.select(sa.func.max(DueDiligenceItem.settled_at)).where(
    DueDiligenceItem.application_id == Application.id, DueDiligenceItem.settled_by != "system"
)
_MATCH_SETTLED = sa.select(sa.func.max(SanctionsMatch.settled_at)).where(
    SanctionsMatch.application_id == Application.id
)
_MEASURED_AT = sa.func.greatest(
    _ITEM_SETTLED.correlate(Application).scalar_subquery(), _MATCH_SETTLED.correlate(Application).scalar_subquery()
)
"""When staff settled the last of what they looked into, or the last match with a list; null where nobody did."""


@dataclass(frozen=True, slots=True)
class Matter:
    """One application and how its data are kept; *ground* is None while it is alive."""

    application_id: uuid.UUID
    reference: str
    kind: Kind
    ground: Ground | None

    def is_due(self, on: date) -> bool:
        """Whether its data are to be erased on a day."""
        return self.ground is not None and is_due(self.ground, on=on)


def matter_of(application: Application, agreement: Agreement | None, measured_at: datetime | None = None) -> Matter:
    """How long the data of *application* are kept, by what became of it; staff looked into it last at *measured_at*."""
    kind, ground = Kind.APPLICATION, None
    if application.state == ApplicationState.DRAFT:
        kind = Kind.DRAFT
    elif agreement is not None and agreement.state not in _CAME_TO_NOTHING:
        kind = Kind.AGREEMENT
        ground = agreement_grounds(stockholm_date(agreement.ended_at))[0] if agreement.ended_at else None
    elif application.state in _SETTLED:
        ended_at = agreement.ended_at if agreement is not None else _ended_at(application)
        measured_on = stockholm_date(measured_at) if measured_at else None
        ground = application_ground(stockholm_date(ended_at), measured_on=measured_on) if ended_at else None
    return Matter(application.id, application.reference, kind, ground)


def settled_before(session: Session, day: datetime, *, after: uuid.UUID, limit: int) -> Sequence[Matter]:
    """The matters, by their ids, whose applications were made before *day*, are settled and not erased; locked."""
    query = (
        sa.select(Application, Agreement, _MEASURED_AT)
        .outerjoin(Agreement, _ITS_AGREEMENT)
        .where(
            Application.id > after,
            Application.erased_at.is_(None),
            Application.state.in_(_SETTLED),
            Application.created_at < day,
        )
        .order_by(Application.id)
        .limit(limit)
        .with_for_update(of=Application)
    )
    return [matter_of(*row) for row in session.execute(query)]


def of_person(session: Session, index: bytes) -> Sequence[Matter]:
    """Every matter that the person with this blind index signs, guarantees or is the sole trader of, locked."""
    named = sa.select(ApplicationGuarantor.application_id).where(ApplicationGuarantor.person_index == index)
    guaranteed = (
        sa.select(Agreement.application_id)
        .join(Guarantee, Guarantee.agreement_id == Agreement.id)
        .where(Guarantee.person_index == index)
    )
    query = (
        sa.select(Application, Agreement, _MEASURED_AT)
        .outerjoin(Agreement, _ITS_AGREEMENT)
        .where(
            sa.or_(
                Application.signatory_index == index,
                Application.company_index == index,
                Application.id.in_(named),
                Application.id.in_(guaranteed),
            ),
            Application.erased_at.is_(None),
        )
        .order_by(Application.id)
        .with_for_update(of=Application)
    )
    return [matter_of(*row) for row in session.execute(query)]


def erase(session: Session, matters: Collection[Matter], *, actor: str, at: datetime) -> None:
    """Destroy the keys of the locked *matters*, and what would find their people again."""
    ids = sorted(matter.application_id for matter in matters)
    kinds = {matter.application_id: matter.kind for matter in matters}
    for application_id in ids:
        kind = str(kinds[application_id])
        data_keys.destroy(session, [of_application(application_id)], because=kind, at=at)
        bureau_retention.erase_of(session, application_id, at=at)
        for statement in _BLANKED:
            session.execute(sa.text(statement), {"id": application_id})
        for model, column in ((Application, Application.id), (Agreement, Agreement.application_id)):
            session.execute(sa.update(model).where(column == application_id).values(erased_at=at))
        subject = f"application:{application_id}"
        audit_log.append(session, subject, "application.erased", actor=actor, at=at, data={"kind": kind})


def _ended_at(application: Application) -> datetime | None:
    """When it was settled; of a lapsed one the end of its time."""
    return application.decided_at or application.binding_until or application.confirm_by or application.submitted_at
