"""Human review of a decision: asked for by a natural person, answered by a person, warned of in between (rule D9)."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from psycopg.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from underwriting.applications.models import UNDECIDED, Application, ApplicationGuarantor
from underwriting.applications.services.find_application import lock_application, subject_of
from underwriting.decisions.desk_models import ONE_OPEN_REVIEW, HumanReview
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.reviews import (
    WARNED_BEFORE,
    NoNewDecision,
    NothingToReview,
    ReviewAnswered,
    ReviewingOnesOwn,
    ReviewUnderWay,
    answer_by,
    received_at,
)
from underwriting.decisions.services.conflict_of_interest import forbid_oneself
from underwriting.decisions.services.read_review import ANSWER, ANSWER_ENGLISH, GROUNDS, VIEW, StaffReview, staff_view
from underwriting.decisions.services.record_decision import latest_row
from underwriting.decisions.services.tell_reviewer import tell_answer, tell_receipt, warn_underwriters
from underwriting.kernel.errors import FieldError, NotFound
from underwriting.kernel.event_catalogue import APPLICATION_REVIEW_ANSWERED, APPLICATION_REVIEW_REQUESTED
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import (
    ApplicationState,
    DecisionOutcome,
    RequestChannel,
    ReviewOutcome,
)
from underwriting.platform import audit_log, events
from underwriting.platform.authentication import Caller
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime
from underwriting.platform.staff_accounts import is_same_person

NOT_BY_STAFF = FieldError(
    "/channel",
    Text("Ange om begäran kom per telefon eller e-post", "Say whether the request came by phone or e-mail"),
    "D9",
)
"""What is wrong with a request that staff record as if the person had come by the portal."""


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
        view_encrypted=_sealed(runtime, application.id, view, VIEW),
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
    row.answer_encrypted = _sealed(runtime, application.id, text, ANSWER)
    if english is not None:
        row.answer_english_encrypted = _sealed(runtime, application.id, english, ANSWER_ENGLISH)
    row.grounds_encrypted = _sealed(runtime, application.id, grounds, GROUNDS)
    session.flush()
    _note(session, row, "review.answered", caller.actor, at, outcome=str(outcome))
    _tell_integrators(session, application, row, at)
    tell_answer(session, runtime, application, _guarantor_of(session, row), row, at=at)
    return staff_view(session, runtime, row)


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
    return is_same_person(session, caller, *(one for one in (decision.decided_by, decision.approved_by) if one))


def _guarantor_of(session: Session, row: HumanReview) -> ApplicationGuarantor | None:
    return None if row.guarantor_id is None else session.get_one(ApplicationGuarantor, row.guarantor_id)


def _note(session: Session, row: HumanReview, action: str, actor: str, at: datetime, **data: str) -> None:
    subject = subject_of(row.application_id)
    audit_log.append(session, subject, action, actor=actor, at=at, data={"review": str(row.id), **data})


def _tell_integrators(session: Session, application: Application, row: HumanReview, at: datetime) -> None:
    kind = APPLICATION_REVIEW_REQUESTED if row.answered_at is None else APPLICATION_REVIEW_ANSWERED
    state = ApplicationState(application.state)
    events.record(session, kind, at=at, application_id=application.id, state=state, answer_by=row.answer_by)


def _sealed(runtime: Runtime, application_id: uuid.UUID, text: str, context: str) -> bytes:
    return runtime.cipher.encrypt(text.encode(), context=context, subject=of_application(application_id))
