"""Human review of a decision: asked for by a natural person, answered by a person, warned of in between (rule D9)."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from underwriting.applications.models import UNDECIDED, Application, ApplicationGuarantor
from underwriting.applications.services.find_application import is_applicant, lock_application, subject_of
from underwriting.decisions.desk_models import ONE_OPEN_REVIEW, HumanReview
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.reviews import (
    WARNED_BEFORE,
    NobodyDecidedOn,
    NoNewDecision,
    NothingToReview,
    ReviewAnswered,
    ReviewingOnesOwn,
    ReviewUnderWay,
    answer_by,
    received_at,
)
from underwriting.decisions.services.conflict_of_interest import forbid_oneself
from underwriting.decisions.services.record_decision import latest_row
from underwriting.decisions.services.tell_reviewer import tell_answer, tell_receipt, warn_underwriters
from underwriting.kernel.errors import FieldError, NotFound
from underwriting.kernel.event_catalogue import APPLICATION_REVIEW_ANSWERED, APPLICATION_REVIEW_REQUESTED
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import (
    ApplicationState,
    CompanyForm,
    DecisionOutcome,
    GuarantorState,
    RequestChannel,
    ReviewOutcome,
)
from underwriting.platform import audit_log, events
from underwriting.platform.authentication import Caller
from underwriting.platform.encryption import of_application
from underwriting.platform.models import StaffUser
from underwriting.platform.runtime import Runtime

_VIEW = "human_review.view"
_ANSWER = "human_review.answer"
_ANSWER_ENGLISH = "human_review.answer_english"
_GROUNDS = "human_review.grounds"
_STAFF = "staff:"
MOST_SHOWN = 200
NOT_BY_STAFF = FieldError(
    "/channel",
    Text("Ange om begäran kom per telefon eller e-post", "Say whether the request came by phone or e-mail"),
    "D9",
)
"""What is wrong with a request that staff record as if the person had come by the portal."""


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


def request(
    session: Session,
    runtime: Runtime,
    application: Application,
    guarantor: ApplicationGuarantor | None,
    view: str,
    *,
    channel: RequestChannel,
    told_at: datetime | None,
    actor: str,
    at: datetime,
) -> HumanReview:
    """Take a request for review of the locked application's decision, from *guarantor*, or its owner without one.

    Raises NothingToReview, ReviewUnderWay, InvalidInput for a time that cannot be.
    """
    decision = reviewable(session, application)
    requested_at = received_at(channel, told_at, decided_at=decision.decided_at, now=at)
    row = HumanReview(
        application_id=application.id,
        decision_id=decision.id,
        guarantor_id=None if guarantor is None else guarantor.id,
        person_index=application.company_index if guarantor is None else guarantor.person_index,
        channel=str(channel),
        recorded_by=actor,
        view_encrypted=_sealed(runtime, application.id, view, _VIEW),
        requested_at=requested_at,
        answer_by=answer_by(requested_at),
    )
    _add_once(session, row)
    _note(session, row, "review.requested", actor, at, channel=str(channel))
    _tell_integrators(session, application, row, at)
    tell_receipt(session, runtime, application, guarantor, row, at=at)
    return row


def answer(
    session: Session,
    runtime: Runtime,
    review_id: uuid.UUID,
    caller: Caller,
    outcome: ReviewOutcome,
    text: str,
    grounds: str,
    *,
    english: str | None = None,
    at: datetime,
) -> StaffReview:
    """Answer a request, with *text* to the person and *grounds* for staff; raises what forbids.

    A review that has changed the decision is answered after the case was determined anew (NoNewDecision).
    """
    found = session.get(HumanReview, review_id)
    if found is None:
        raise NotFound
    application = lock_application(session, found.application_id)
    row = session.get(HumanReview, review_id, with_for_update=True, populate_existing=True)
    if row is None or row.answered_at is not None:
        raise ReviewAnswered
    forbid_oneself(session, runtime, application, caller)
    _forbid_own_decision(session, row, caller)
    latest = latest_row(session, application)
    unchanged = latest is None or latest.id == row.decision_id or latest.outcome == DecisionOutcome.REFERRED
    if outcome is ReviewOutcome.CHANGED and unchanged:
        raise NoNewDecision
    row.outcome, row.answered_by, row.answered_at = str(outcome), caller.actor, at
    row.answer_encrypted = _sealed(runtime, application.id, text, _ANSWER)
    if english is not None:
        row.answer_english_encrypted = _sealed(runtime, application.id, english, _ANSWER_ENGLISH)
    row.grounds_encrypted = _sealed(runtime, application.id, grounds, _GROUNDS)
    session.flush()
    _note(session, row, "review.answered", caller.actor, at, outcome=str(outcome))
    _tell_integrators(session, application, row, at)
    tell_answer(session, runtime, application, _guarantor_of(session, row), row, at=at)
    return _staff_view(runtime, row, application.reference)


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


def warn(session: Session, runtime: Runtime, *, at: datetime) -> int:
    """Warn of every unanswered request whose deadline is near, once; how many."""
    near = (
        sa.select(HumanReview)
        .where(
            HumanReview.answered_at.is_(None),
            HumanReview.warned_at.is_(None),
            HumanReview.answer_by <= at + WARNED_BEFORE,
        )
        .order_by(HumanReview.id)
        .with_for_update(skip_locked=True)
    )
    rows = list(session.scalars(near))
    for row in rows:
        row.warned_at = at
        application = session.get_one(Application, row.application_id)
        _note(session, row, "review.deadline_near", "system", at)
        warn_underwriters(session, runtime, application, row, at=at)
    return len(rows)


def reviewable(session: Session, application: Application) -> DecisionRow:
    """The decision that a person could look at again; NothingToReview where there is none yet."""
    row = latest_row(session, application)
    undecided = application.state in (*UNDECIDED, str(ApplicationState.DRAFT))
    if row is None or undecided or row.outcome == DecisionOutcome.REFERRED:
        raise NothingToReview
    return row


def _add_once(session: Session, row: HumanReview) -> None:
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError as error:
        if not isinstance(error.orig, UniqueViolation) or error.orig.diag.constraint_name != ONE_OPEN_REVIEW:
            raise
        raise ReviewUnderWay from error


def _forbid_own_decision(session: Session, row: HumanReview, caller: Caller) -> None:
    """Raise ReviewingOnesOwn when *caller*, by whatever account, took part in the decision that is reviewed."""
    if decided_by_reader(session, session.get_one(DecisionRow, row.decision_id), caller):
        raise ReviewingOnesOwn


def decided_by_reader(session: Session, decision: DecisionRow, caller: Caller) -> bool:
    """Whether *caller* determined or approved the decision, by this account or another one of the same person."""
    actors = {actor for actor in (decision.decided_by, decision.approved_by) if actor}
    if caller.actor in actors:
        return True
    if caller.own_index is None or not actors:
        return False
    ids = [actor.removeprefix(_STAFF) for actor in actors if actor.startswith(_STAFF)]
    same = sa.select(StaffUser.id).where(
        sa.cast(StaffUser.id, sa.Text).in_(ids), StaffUser.personal_index == caller.own_index
    )
    return session.scalar(same.limit(1)) is not None


def _guarantor_of(session: Session, row: HumanReview) -> ApplicationGuarantor | None:
    return None if row.guarantor_id is None else session.get_one(ApplicationGuarantor, row.guarantor_id)


def _note(session: Session, row: HumanReview, action: str, actor: str, at: datetime, **data: str) -> None:
    subject = subject_of(row.application_id)
    audit_log.append(session, subject, action, actor=actor, at=at, data={"review": str(row.id), **data})


def _tell_integrators(session: Session, application: Application, row: HumanReview, at: datetime) -> None:
    kind = APPLICATION_REVIEW_REQUESTED if row.answered_at is None else APPLICATION_REVIEW_ANSWERED
    state = ApplicationState(application.state)
    events.record(session, kind, at=at, application_id=application.id, state=state, answer_by=row.answer_by)


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
        view=runtime.cipher.decrypt(row.view_encrypted, context=_VIEW).decode(),
        requested_at=row.requested_at,
        answer_by=row.answer_by,
        answered_at=row.answered_at,
        outcome=None if row.outcome is None else ReviewOutcome(row.outcome),
        answer=_opened(runtime, row.answer_encrypted, _ANSWER),
        answer_english=_opened(runtime, row.answer_english_encrypted, _ANSWER_ENGLISH),
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
        grounds=_opened(runtime, row.grounds_encrypted, _GROUNDS),
    )


def _sealed(runtime: Runtime, application_id: uuid.UUID, text: str, context: str) -> bytes:
    return runtime.cipher.encrypt(text.encode(), context=context, subject=of_application(application_id))


def _opened(runtime: Runtime, sealed: bytes | None, context: str) -> str | None:
    return None if sealed is None else runtime.cipher.decrypt(sealed, context=context).decode()
