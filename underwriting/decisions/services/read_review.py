"""Reviews as the person who asked and as staff read them, and who it is that asks (rule D9)."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.applications.models import Application, ApplicationGuarantor
from underwriting.applications.services.find_application import is_applicant
from underwriting.decisions.desk_models import HumanReview
from underwriting.decisions.reviews import NobodyDecidedOn
from underwriting.kernel.errors import NotFound
from underwriting.kernel.vocabulary import CompanyForm, GuarantorState, RequestChannel, ReviewOutcome
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime

VIEW = "human_review.view"
ANSWER = "human_review.answer"
ANSWER_ENGLISH = "human_review.answer_english"
GROUNDS = "human_review.grounds"
"""What each encrypted column is sealed for."""
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReview:
    """A review as the person who asked for it reads it."""

    id: uuid.UUID
    application_id: uuid.UUID
    view: str = field(repr=False)
    requested_at: datetime
    answer_by: datetime
    answered_at: datetime | None
    outcome: ReviewOutcome | None
    answer: str | None = field(repr=False)
    answer_english: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffReview(OwnReview):
    """A review as staff read it; *guarantor_id* is None where the owner of an enskild firma asks."""

    reference: str
    guarantor_id: uuid.UUID | None
    decision_id: uuid.UUID
    channel: RequestChannel
    recorded_by: str
    answered_by: str | None
    grounds: str | None = field(repr=False)


def own_review(session: Session, runtime: Runtime, application_id: uuid.UUID, person_index: bytes) -> OwnReview:
    """The person's newest request about the application; NotFound without one."""
    newest = (
        sa.select(HumanReview)
        .where(HumanReview.application_id == application_id, HumanReview.person_index == person_index)
        .order_by(HumanReview.id.desc())
        .limit(1)
    )
    row = session.scalar(newest)
    if row is None:
        raise NotFound
    return _own_view(runtime, row)


def staff_view(session: Session, runtime: Runtime, row: HumanReview) -> StaffReview:
    """The review as staff read it."""
    application = session.get_one(Application, row.application_id)
    return _staff_view(runtime, row, application.reference)


def list_open(session: Session, runtime: Runtime) -> tuple[StaffReview, ...]:
    """The requests that wait for an answer, the nearest deadline first."""
    return _list(session, runtime, HumanReview.answered_at.is_(None), newest_first=False)


def list_of(session: Session, runtime: Runtime, application_id: uuid.UUID) -> tuple[StaffReview, ...]:
    """Every request about the application, the newest first."""
    return _list(session, runtime, HumanReview.application_id == application_id, newest_first=True)


def person_asking(session: Session, application: Application, person_index: bytes) -> ApplicationGuarantor | None:
    """The guarantor that the person is, or None for the owner of an enskild firma; NotFound for anybody else."""
    if is_owner(application) and person_index == application.company_index:
        return None
    found = session.scalar(
        sa.select(ApplicationGuarantor).where(
            ApplicationGuarantor.application_id == application.id,
            ApplicationGuarantor.person_index == person_index,
            ApplicationGuarantor.state == str(GuarantorState.CONFIRMED),
        )
    )
    if found is None:
        raise NotFound
    return found


def person_reading(session: Session, application: Application, caller: Caller) -> ApplicationGuarantor | None:
    """The guarantor that the logged-in *caller* is, or None for the owner of an enskild firma.

    NobodyDecidedOn for whoever signed for a company and stands for nothing; NotFound for anybody else.
    """
    try:
        return person_asking(session, application, caller.require_person())
    except NotFound:
        if is_applicant(application, caller):
            raise NobodyDecidedOn from None
        raise


def is_owner(application: Application) -> bool:
    """Whether the applicant is a natural person: the owner of an enskild firma."""
    return application.company_form == CompanyForm.EF


def _list(
    session: Session, runtime: Runtime, chosen: sa.ColumnElement[bool], *, newest_first: bool
) -> tuple[StaffReview, ...]:
    order = (HumanReview.id.desc(),) if newest_first else (HumanReview.answer_by, HumanReview.id)
    found = session.execute(
        sa.select(HumanReview, Application.reference)
        .join(Application, Application.id == HumanReview.application_id)
        .where(chosen)
        .order_by(*order)
        .limit(MOST_SHOWN)
    )
    return tuple(_staff_view(runtime, row, reference) for row, reference in found)


def _own_view(runtime: Runtime, row: HumanReview) -> OwnReview:
    return OwnReview(
        id=row.id,
        application_id=row.application_id,
        view=runtime.cipher.decrypt(row.view_encrypted, context=VIEW).decode(),
        requested_at=row.requested_at,
        answer_by=row.answer_by,
        answered_at=row.answered_at,
        outcome=None if row.outcome is None else ReviewOutcome(row.outcome),
        answer=_opened(runtime, row.answer_encrypted, ANSWER),
        answer_english=_opened(runtime, row.answer_english_encrypted, ANSWER_ENGLISH),
    )


def _staff_view(runtime: Runtime, row: HumanReview, reference: str) -> StaffReview:
    own = _own_view(runtime, row)
    return StaffReview(
        id=own.id,
        application_id=own.application_id,
        view=own.view,
        requested_at=own.requested_at,
        answer_by=own.answer_by,
        answered_at=own.answered_at,
        outcome=own.outcome,
        answer=own.answer,
        answer_english=own.answer_english,
        reference=reference,
        guarantor_id=row.guarantor_id,
        decision_id=row.decision_id,
        channel=RequestChannel(row.channel),
        recorded_by=row.recorded_by,
        answered_by=row.answered_by,
        grounds=_opened(runtime, row.grounds_encrypted, GROUNDS),
    )


def _opened(runtime: Runtime, sealed: bytes | None, context: str) -> str | None:
    return None if sealed is None else runtime.cipher.decrypt(sealed, context=context).decode()
