"""The applicant's pages after the signature, and the page of an invited guarantor."""

import uuid
from datetime import date, datetime

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from agreements.credit.services.show_agreement import Agreements
from agreements.credit.services.show_declined import Declined
from schemas.applications import SupplementSchema
from schemas.loading import load
from underwriting.applications.service import Applications
from underwriting.applications.services.read_application import ApplicationView
from underwriting.decisions.desk_reviews import DeskReviews
from underwriting.decisions.reviews import NobodyDecidedOn
from underwriting.decisions.service import Decisions
from underwriting.decisions.services.read_decision import ApplicantDecision
from underwriting.kernel.errors import FieldError, InvalidInput, NotFound
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import ApplicationState
from underwriting.platform.authentication import Caller, current_caller
from underwriting.platform.end_users import end_user_ip
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import render
from underwriting.web.views.named_guarantors import declined_of, ordinal_of, own_application, unanswered_of
from underwriting.web.views.signing import to_signing_page

_REFRESH_SECONDS = 3
_WAITING = (ApplicationState.SUBMITTED, ApplicationState.ASSESSING)


def blueprint(runtime: Runtime, applications: Applications, decisions: Decisions, agreements: Agreements) -> Blueprint:
    """What applicants and those whom they name as guarantors see and answer."""
    reviews = DeskReviews(decisions)
    pages = Blueprint("applicant", __name__)

    def status_page(
        application: ApplicationView, caller: Caller, *, errors: tuple[FieldError, ...] = (), text: str = ""
    ) -> Response:
        declined = declined_of(runtime, agreements, application, caller)
        return _status_page(application, decisions, agreements, caller, declined, errors=errors, text=text)

    @pages.get("/my")
    def my() -> Response:
        caller = current_caller()
        return render(
            "portal/my.html",
            agreements=[one for one in agreements.of_person(caller) if one.part == "borrower"],
            guarantees=agreements.guarantees_of_person(caller),
            applications=applications.list_applications(caller, limit=200).items[::-1],
            guaranteed=reviews.guaranteed(caller),
        )

    @pages.get("/applications/<uuid:application_id>")
    def show(application_id: uuid.UUID) -> BaseResponse:
        caller = current_caller()
        application = own_application(applications, application_id, caller)
        if application.state is ApplicationState.DRAFT:
            return redirect(f"/applications/{application_id}/review")
        if caller.is_staff:
            return redirect(f"/console/applications/{application_id}")
        return status_page(application, caller)

    @pages.post("/applications/<uuid:application_id>/information")
    def give_information(application_id: uuid.UUID) -> BaseResponse:
        caller = current_caller()
        application = own_application(applications, application_id, caller)
        if application.state is ApplicationState.DRAFT:
            return redirect(f"/applications/{application_id}/review", 303)
        text = request.form.get("information", "").strip()
        try:
            added = load(SupplementSchema(), {"information": text}, on=_today(runtime))
        except InvalidInput as refusal:
            return status_page(application, caller, errors=refusal.errors, text=text)
        applications.add_supplement(application_id, added, caller)
        return redirect(f"/applications/{application_id}", 303)

    @pages.post("/applications/<uuid:application_id>/counter-offer")
    def accept(application_id: uuid.UUID) -> BaseResponse:
        started = decisions.accept_counter_offer(application_id, current_caller(), end_user_ip=end_user_ip())
        return to_signing_page(started, back=f"/applications/{application_id}")

    @pages.post("/applications/<uuid:application_id>/counter-offer/decline")
    def decline(application_id: uuid.UUID) -> BaseResponse:
        decisions.decline_counter_offer(application_id, current_caller())
        return redirect(f"/applications/{application_id}", 303)

    @pages.get("/invitations/<token>")
    def invitation(token: str) -> Response:
        return render("portal/invitation.html", token=token, invitation=applications.invitation(token))

    @pages.post("/invitations/<token>")
    def answer(token: str) -> BaseResponse:
        if request.form.get("action") == "refuse":
            applications.refuse(token)
            return redirect(f"/invitations/{token}", 303)
        started = applications.start_confirmation(token, end_user_ip=end_user_ip())
        return to_signing_page(started, back=f"/invitations/{token}")

    return pages


def _status_page(
    application: ApplicationView,
    decisions: Decisions,
    agreements: Agreements,
    caller: Caller,
    declined: Declined | None,
    *,
    errors: tuple[FieldError, ...] = (),
    text: str = "",
) -> Response:
    return render(
        "portal/application.html",
        status=422 if errors else 200,
        refresh_seconds=_REFRESH_SECONDS if application.state in _WAITING else None,
        version=_version(application),
        application=application,
        declined=declined,
        ordinal_of=lambda one: ordinal_of(application, one),
        unanswered=unanswered_of(agreements, application, caller),
        decision=_told(decisions, application, caller),
        may_review=_may_review(decisions, application, caller),
        agreement_id=agreements.id_of_application(application.id, caller),
        errors=errors,
        values={"information": text},
    )


def _told(decisions: Decisions, application: ApplicationView, caller: Caller) -> ApplicantDecision | None:
    """The decision that the applicant has been told of, if there is one."""
    try:
        found = decisions.decision(application.id, caller)
    except NotFound:
        return None
    return found if isinstance(found, ApplicantDecision) else None


def _may_review(decisions: Decisions, application: ApplicationView, caller: Caller) -> bool:
    """Whether the reader is a person whom the decision is about: they may ask for human review, or have (rule D9)."""
    if caller.person_index is None:
        return False
    try:
        matter = DeskReviews(decisions).matter(application.id, caller)
    except (NobodyDecidedOn, NotFound):
        return False
    return matter.may_ask or matter.review is not None


def _version(application: ApplicationView) -> str:
    """Another word whenever the page has something else to say."""
    answered: list[datetime | None] = [one.answered_at for one in application.guarantors]
    return f"{application.state}-{sum(at is not None for at in answered)}"


def _today(runtime: Runtime) -> date:
    return stockholm_date(runtime.clock.now())
