"""Human reviews on the console: what waits with its deadline, the answer, and requests that came by other ways (D9)."""

import uuid
from datetime import datetime, timedelta

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from schemas.desk import ReviewAnswerSchema, ReviewRequestSchema
from schemas.loading import load
from underwriting.decisions.desk import Desk
from underwriting.decisions.desk_reviews import DeskReviews
from underwriting.decisions.queue import NothingToSearch, sought_in
from underwriting.decisions.services.list_reviews import Askable
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, NotFound, NotPermitted
from underwriting.kernel.periods import STOCKHOLM, stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import RequestChannel
from underwriting.platform.authentication import current_caller
from underwriting.platform.permissions import may
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import render

_BY_STAFF = (RequestChannel.PHONE, RequestChannel.EMAIL)
_OWNER = "owner"
_INSTANT = timedelta(microseconds=1)
_CHOOSE_CHANNEL = Text("Ange hur begäran kom", "State how the request came")
_CHOOSE_PERSON = Text("Ange vem som begär omprövning", "State who asks for review")
_STATE_TIME = Text("Ange dag och klockslag", "Give a day and a time")
_ENGLISH_NEEDED = Text("Skriv svaret på engelska också", "Write the answer in English, too")
_NO_CASE = Text("Det finns inget ärende med den referensen", "There is no case with that reference")


def blueprint(runtime: Runtime, desk: Desk, reviews: DeskReviews) -> Blueprint:
    """The views under `/console/reviews`; every page of the console says how many reviews wait."""
    pages = Blueprint("reviews", __name__, url_prefix="/reviews")

    @pages.app_context_processor
    def waiting() -> dict[str, object]:
        return {"reviews_waiting": lambda: reviews.count(current_caller())}

    @pages.get("")
    def show_all() -> Response:
        now = runtime.clock.now()
        rows = [(one, _days_left(one.review.answer_by, now)) for one in reviews.waiting(current_caller())]
        return render("console/reviews.html", rows=rows)

    _answering(pages, runtime, desk, reviews)
    _recording(pages, runtime, desk, reviews)
    return pages


def _answering(pages: Blueprint, runtime: Runtime, desk: Desk, reviews: DeskReviews) -> None:
    def page(
        review_id: uuid.UUID,
        *,
        errors: tuple[FieldError, ...] = (),
        refused: Text | None = None,
        status: int = 200,
    ) -> Response:
        caller = current_caller()
        found = reviews.show(review_id, caller)
        free = not found.is_own and not found.is_party and found.review.answered_at is None
        return render(
            "console/review.html",
            status=status,
            one=found,
            review=found.review,
            days_left=_days_left(found.review.answer_by, runtime.clock.now()),
            may_answer=free and may("console.reviews.answer", caller),
            values=request.form,
            errors=errors,
            refused=refused,
        )

    @pages.get("/<uuid:review_id>")
    def show(review_id: uuid.UUID) -> Response:
        return page(review_id)

    @pages.post("/<uuid:review_id>/answer")
    def answer(review_id: uuid.UUID) -> BaseResponse:
        names = ("outcome", "answer", "answer_english", "grounds")
        sent = {name: request.form.get(name, "").strip() for name in names}
        try:
            body = load(ReviewAnswerSchema(), _written(sent), on=stockholm_date(runtime.clock.now()))
            if body.answer_english is None:
                raise InvalidInput(errors=(FieldError("/answer_english", _ENGLISH_NEEDED, "D9"),))
            english = body.answer_english
            desk.answer_review(review_id, body.outcome, body.answer, body.grounds, current_caller(), english=english)
        except InvalidInput as refusal:
            return page(review_id, errors=refusal.errors, status=422)
        except NotPermitted as refusal:
            return page(review_id, refused=refusal.detail, status=403)
        except Conflict as refusal:
            return page(review_id, refused=refusal.detail, status=409)
        return redirect(f"/console/reviews/{review_id}", 303)


def _recording(pages: Blueprint, runtime: Runtime, desk: Desk, reviews: DeskReviews) -> None:
    def page(
        reference: str, *, errors: tuple[FieldError, ...] = (), refused: Text | None = None, status: int = 200
    ) -> Response:
        askable = None
        try:
            askable = _askable(reviews, reference, runtime) if reference else None
        except InvalidInput as refusal:
            errors, status = refusal.errors, 422
        return render(
            "console/review_record.html",
            status=status,
            askable=askable,
            reference=reference,
            owner=_OWNER,
            now_local=runtime.clock.now().astimezone(STOCKHOLM).strftime("%Y-%m-%dT%H:%M:%S"),
            values=request.form,
            errors=errors,
            refused=refused,
        )

    @pages.get("/record")
    def ask_for_case() -> Response:
        return page(request.args.get("reference", "").strip())

    @pages.post("/record")
    def record() -> BaseResponse:
        reference = request.form.get("reference", "").strip()
        try:
            askable = _askable(reviews, reference, runtime)
            guarantor_id, channel, at = _request_in_form(askable)
            sent = {"view": request.form.get("view", "").strip()}
            body = load(ReviewRequestSchema(), sent, on=stockholm_date(runtime.clock.now()))
            kept = desk.record_review(askable.application_id, guarantor_id, body.view, channel, at, current_caller())
        except InvalidInput as refusal:
            return page(reference, errors=refusal.errors, status=422)
        except Conflict as refusal:
            return page(reference, refused=refusal.detail, status=409)
        return redirect(f"/console/reviews/{kept.id}", 303)


def _askable(reviews: DeskReviews, reference: str, runtime: Runtime) -> Askable:
    """The case with that *reference*, however it is spaced; InvalidInput where there is none."""
    try:
        sought = sought_in(reference, on=stockholm_date(runtime.clock.now()))
        return reviews.askable(sought.reference or "", current_caller())
    except (NothingToSearch, NotFound):
        raise InvalidInput(errors=(FieldError("/reference", _NO_CASE),)) from None


def _request_in_form(askable: Askable) -> tuple[uuid.UUID | None, RequestChannel, datetime]:
    """Who asks, how and when it came, by Stockholm's clocks; raises InvalidInput."""
    person, channel = request.form.get("person", ""), request.form.get("channel", "")
    persons = {_OWNER if one is None else str(one): one for one, _ in askable.persons}
    errors, received_at = [], None
    if person not in persons:
        errors.append(FieldError("/person", _CHOOSE_PERSON))
    if channel not in list(_BY_STAFF):
        errors.append(FieldError("/channel", _CHOOSE_CHANNEL))
    try:
        received_at = datetime.fromisoformat(request.form.get("received_at", "")).replace(tzinfo=STOCKHOLM)
    except ValueError:
        errors.append(FieldError("/received_at", _STATE_TIME))
    if errors or received_at is None:
        raise InvalidInput(errors=tuple(errors))
    return persons[person], RequestChannel(channel), received_at


def _written(sent: dict[str, str]) -> dict[str, str]:
    """What of *sent* somebody has written."""
    return {name: value for name, value in sent.items() if value}


def _days_left(answer_by: datetime, now: datetime) -> int | None:
    """The days to the last one that is in time, 0 on it; None when it is over."""
    return None if answer_by <= now else (stockholm_date(answer_by - _INSTANT) - stockholm_date(now)).days
