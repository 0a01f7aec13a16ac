"""Human reviews as pages show them (rule D9): the queue of staff, one review, and what a person may ask about."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.applications.models import UNDECIDED, Application, ApplicationGuarantor
from underwriting.applications.services.store_application import (
    body_of,
    company_name_of,
    guarantors_of,
    named_guarantor,
)
from underwriting.decisions.desk_models import HumanReview
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.override import DecidingOnOneself
from underwriting.decisions.reviews import NothingToReview
from underwriting.decisions.services.assign_case import assignments_of
from underwriting.decisions.services.conflict_of_interest import forbid_oneself
from underwriting.decisions.services.read_review import (
    MOST_SHOWN,
    OwnReview,
    StaffReview,
    is_owner,
    own_review,
    person_reading,
    staff_view,
)
from underwriting.decisions.services.review_decision import decided_by_reader, reviewable
from underwriting.kernel.errors import NotFound
from underwriting.kernel.vocabulary import ApplicationState, CompanyForm, DecisionOutcome, GuarantorState
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime

_WAITS = (HumanReview.answered_at.is_(None), Application.erased_at.is_(None))
_NEVER_DECIDED = (*map(str, UNDECIDED), str(ApplicationState.DRAFT), str(ApplicationState.LAPSED))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewOfCase:
    """A review with its case, for staff: who asked, who has the case, which decision it is about.

    The reader answers it unless they took part in that decision (*is_own*) or are a party (*is_party*).
    """

    review: StaffReview
    asked_by: str = field(repr=False)
    company_form: CompanyForm
    company_name: str | None = field(repr=False)
    assigned_to: str | None
    outcome: DecisionOutcome
    decided_at: datetime
    automatic: bool
    is_own: bool
    is_party: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Askable:
    """A case, and the natural persons in it who may ask: by the guarantor's id, None for an enskild firma's owner."""

    application_id: uuid.UUID
    reference: str
    company_name: str | None = field(repr=False)
    persons: tuple[tuple[uuid.UUID | None, str], ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnMatter:
    """A decision that the reader, a natural person, may ask about; *review* is what they have asked last."""

    application_id: uuid.UUID
    reference: str
    company_form: CompanyForm
    company_name: str | None = field(repr=False)
    is_guarantor: bool
    may_ask: bool
    review: OwnReview | None


def list_waiting(session: Session, runtime: Runtime, caller: Caller) -> tuple[ReviewOfCase, ...]:
    """The reviews that nobody has answered, the nearest deadline first; at most MOST_SHOWN."""
    query = sa.select(HumanReview).join(Application, Application.id == HumanReview.application_id).where(*_WAITS)
    rows = list(session.scalars(query.order_by(HumanReview.answer_by, HumanReview.id).limit(MOST_SHOWN)))
    return tuple(_of_case(session, runtime, row, caller) for row in rows)


def count_waiting(session: Session) -> int:
    """How many reviews nobody has answered."""
    return session.scalar(sa.select(sa.func.count()).select_from(HumanReview).join(Application).where(*_WAITS)) or 0


def show_review(session: Session, runtime: Runtime, review_id: uuid.UUID, caller: Caller) -> ReviewOfCase:
    """One review, answered or not; NotFound without one, or when its case has been erased."""
    row = session.get(HumanReview, review_id)
    if row is None or session.get_one(Application, row.application_id).erased_at is not None:
        raise NotFound
    return _of_case(session, runtime, row, caller)


def find_askable(session: Session, runtime: Runtime, reference: str) -> Askable:
    """The signed application with that *reference*, and who in it may ask; NotFound without one."""
    found = session.scalar(
        sa.select(Application).where(
            Application.reference == reference,
            Application.state != str(ApplicationState.DRAFT),
            Application.erased_at.is_(None),
        )
    )
    if found is None:
        raise NotFound
    named = [one for one in guarantors_of(session, found) if one.state == GuarantorState.CONFIRMED]
    persons: list[tuple[uuid.UUID | None, str]] = [(one.id, named_guarantor(runtime.cipher, one).name) for one in named]
    if is_owner(found):
        persons.insert(0, (None, body_of(session, runtime.cipher, found).contact.name))
    return Askable(
        application_id=found.id,
        reference=found.reference,
        company_name=company_name_of(runtime.cipher, found),
        persons=tuple(persons),
    )


def own_matter(session: Session, runtime: Runtime, application_id: uuid.UUID, caller: Caller) -> OwnMatter:
    """What the logged-in person may ask about the application.

    NobodyDecidedOn for whoever applied for a company and is no guarantor, NotFound for anybody else.
    """
    application = session.get(Application, application_id)
    if application is None:
        raise NotFound
    return _matter(session, runtime, application, person_reading(session, application, caller), caller)


def list_guaranteed(session: Session, runtime: Runtime, caller: Caller) -> tuple[OwnMatter, ...]:
    """The decided applications in which the logged-in person is a guarantor, the newest first; at most MOST_SHOWN."""
    query = (
        sa.select(Application, ApplicationGuarantor)
        .join(ApplicationGuarantor, ApplicationGuarantor.application_id == Application.id)
        .where(
            ApplicationGuarantor.person_index == caller.require_person(),
            ApplicationGuarantor.state == str(GuarantorState.CONFIRMED),
            Application.state.not_in(_NEVER_DECIDED),
            Application.erased_at.is_(None),
        )
        .order_by(Application.id.desc())
        .limit(MOST_SHOWN)
    )
    return tuple(_matter(session, runtime, row, guarantor, caller) for row, guarantor in session.execute(query))


def _of_case(session: Session, runtime: Runtime, row: HumanReview, caller: Caller) -> ReviewOfCase:
    application = session.get_one(Application, row.application_id)
    decision = session.get_one(DecisionRow, row.decision_id)
    assigned = assignments_of(session, [application.id]).get(application.id)
    return ReviewOfCase(
        review=staff_view(session, runtime, row),
        asked_by=_name_of(session, runtime, application, row),
        company_form=CompanyForm(application.company_form),
        company_name=company_name_of(runtime.cipher, application),
        assigned_to=None if assigned is None else assigned.username,
        outcome=DecisionOutcome(decision.outcome),
        decided_at=decision.decided_at,
        automatic=decision.automatic,
        is_own=decided_by_reader(session, decision, caller),
        is_party=_is_party(session, runtime, application, caller),
    )


def _name_of(session: Session, runtime: Runtime, application: Application, row: HumanReview) -> str:
    if row.guarantor_id is None:
        return body_of(session, runtime.cipher, application).contact.name
    return named_guarantor(runtime.cipher, session.get_one(ApplicationGuarantor, row.guarantor_id)).name


def _matter(
    session: Session,
    runtime: Runtime,
    application: Application,
    guarantor: ApplicationGuarantor | None,
    caller: Caller,
) -> OwnMatter:
    review = _review_of(session, runtime, application.id, caller)
    return OwnMatter(
        application_id=application.id,
        reference=application.reference,
        company_form=CompanyForm(application.company_form),
        company_name=company_name_of(runtime.cipher, application),
        is_guarantor=guarantor is not None,
        may_ask=_may_ask(session, application) and (review is None or review.answered_at is not None),
        review=review,
    )


def _may_ask(session: Session, application: Application) -> bool:
    try:
        reviewable(session, application)
    except NothingToReview:
        return False
    return True


def _review_of(session: Session, runtime: Runtime, application_id: uuid.UUID, caller: Caller) -> OwnReview | None:
    try:
        return own_review(session, runtime, application_id, caller.require_person())
    except NotFound:
        return None


def _is_party(session: Session, runtime: Runtime, application: Application, caller: Caller) -> bool:
    try:
        forbid_oneself(session, runtime, application, caller)
    except DecidingOnOneself:
        return True
    return False
