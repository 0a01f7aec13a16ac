"""The page on which a natural person asks that a person looks at a decision again, and reads the answer (D7, D9)."""

import uuid

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from schemas.desk import ReviewRequestSchema
from schemas.loading import load
from underwriting.decisions.desk import Desk
from underwriting.decisions.desk_reviews import DeskReviews
from underwriting.decisions.reviews import NothingToReview, ReviewUnderWay
from underwriting.decisions.services.read_decision import GuarantorDecision
from underwriting.kernel.errors import FieldError, InvalidInput, NotFound
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.platform.authentication import current_caller
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import render


def blueprint(runtime: Runtime, desk: Desk, reviews: DeskReviews) -> Blueprint:
    """The views under `/applications/<id>/review-request`, for the owner of an enskild firma and for guarantors."""
    pages = Blueprint("review_pages", __name__)

    def page(
        application_id: uuid.UUID,
        *,
        errors: tuple[FieldError, ...] = (),
        refused: Text | None = None,
        status: int = 200,
    ) -> Response:
        caller = current_caller()
        return render(
            "portal/review.html",
            status=status,
            matter=reviews.matter(application_id, caller),
            decision=_told(desk, application_id),
            values=request.form,
            errors=errors,
            refused=refused,
        )

    @pages.get("/applications/<uuid:application_id>/review-request")
    def show(application_id: uuid.UUID) -> Response:
        return page(application_id)

    @pages.post("/applications/<uuid:application_id>/review-request")
    def ask(application_id: uuid.UUID) -> BaseResponse:
        sent = {"view": request.form.get("view", "").strip()}
        try:
            body = load(ReviewRequestSchema(), sent, on=stockholm_date(runtime.clock.now()))
            desk.request_review(application_id, body.view, current_caller())
        except InvalidInput as refusal:
            return page(application_id, errors=refusal.errors, status=422)
        except NothingToReview as refusal:
            return page(application_id, refused=refusal.detail, status=409)
        except ReviewUnderWay:  # asked twice: the page shows what is under way
            pass
        return redirect(f"/applications/{application_id}/review-request", 303)

    return pages


def _told(desk: Desk, application_id: uuid.UUID) -> GuarantorDecision | None:
    """The decision as the reader may know it (rule D7); None while there is none."""
    try:
        found = desk.decisions.decision(application_id, current_caller())
    except NotFound:
        return None
    return found if isinstance(found, GuarantorDecision) else None
