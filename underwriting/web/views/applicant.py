"""The applicant's pages after the signature, and the page of an invited guarantor."""

import uuid
from datetime import date, datetime

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from agreements.credit.services.show_agreement import Agreements
from agreements.credit.services.show_declined import Declined, DeclinedGuarantor, DeclinedGuarantors
from schemas.applications import GuarantorSchema, SupplementSchema
from schemas.loading import load
from underwriting.applications.service import Applications
from underwriting.applications.services.read_application import ApplicationView, GuarantorView
from underwriting.decisions.desk_reviews import DeskReviews
from underwriting.decisions.reviews import NobodyDecidedOn
from underwriting.decisions.service import Decisions
from underwriting.decisions.services.read_decision import ApplicantDecision
from underwriting.kernel.errors import FieldError, InvalidInput, LoginRequired, NotFound
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import ApplicationState, GuarantorState
from underwriting.platform.authentication import Caller, current_caller
from underwriting.platform.runtime import Runtime
from underwriting.web import forms
from underwriting.web.layout import render
from underwriting.web.views.signing import end_user_ip, to_signing_page

_REFRESH_SECONDS = 3
_WAITING = (ApplicationState.SUBMITTED, ApplicationState.ASSESSING)


def blueprint(runtime: Runtime, applications: Applications, decisions: Decisions, agreements: Agreements) -> Blueprint:
    """What applicants and those whom they name as guarantors see and answer."""
    reviews = DeskReviews(decisions)
    pages = Blueprint("applicant", __name__)

    def status_page(
        application: ApplicationView, caller: Caller, *, errors: tuple[FieldError, ...] = (), text: str = ""
    ) -> Response:
        declined = _declined(runtime, agreements, application, caller)
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
        application = _own(applications, application_id, caller)
        if application.state is ApplicationState.DRAFT:
            return redirect(f"/applications/{application_id}/review")
        if caller.is_staff:
            return redirect(f"/console/applications/{application_id}")
        return status_page(application, caller)

    @pages.post("/applications/<uuid:application_id>/information")
    def give_information(application_id: uuid.UUID) -> BaseResponse:
        caller = current_caller()
        application = _own(applications, application_id, caller)
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

    @pages.get("/applications/<uuid:application_id>/guarantors/<int:ordinal>")
    def ask_for_guarantor(application_id: uuid.UUID, ordinal: int) -> Response:
        caller = current_caller()
        application = _own(applications, application_id, caller)
        return _guarantor_form(application, ordinal, _declined(runtime, agreements, application, caller), {}, ())

    @pages.post("/applications/<uuid:application_id>/guarantors/<int:ordinal>")
    def replace_guarantor(application_id: uuid.UUID, ordinal: int) -> BaseResponse:
        caller = current_caller()
        application = _own(applications, application_id, caller)
        declined = _declined(runtime, agreements, application, caller)
        values = {name: request.form.get(name, "").strip() for name in ("personal_number", "name", "email", "phone")}
        body = {name: value for name, value in (values | {"phone": forms.phone_in(values["phone"])}).items() if value}
        try:
            named = load(GuarantorSchema(), body, on=_today(runtime))
            applications.replace_guarantor(application_id, ordinal, named, caller)
        except InvalidInput as refusal:
            return _guarantor_form(application, ordinal, declined, values, refusal.errors)
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


def _own(applications: Applications, application_id: uuid.UUID, caller: Caller) -> ApplicationView:
    """The caller's application. Whoever is nobody yet is asked to log in, and not told that there is no such thing."""
    try:
        return applications.view(application_id, caller)
    except NotFound:
        if caller.is_staff or caller.person_index is not None:
            raise
        raise LoginRequired from None


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
        ordinal_of=lambda one: _ordinal_of(application, one),
        decision=_told(decisions, application, caller),
        may_review=_may_review(decisions, application, caller),
        agreement_id=agreements.id_of_application(application.id, caller),
        errors=errors,
        values={"information": text},
    )


def _declined(
    runtime: Runtime, agreements: Agreements, application: ApplicationView, caller: Caller
) -> Declined | None:
    """Who of an approved application's guarantors does not sign, while another can be named (rule G2)."""
    if application.state is not ApplicationState.APPROVED:
        return None
    agreement_id = agreements.id_of_application(application.id, caller)
    return DeclinedGuarantors(runtime).of_agreement(agreement_id, caller) if agreement_id else None


def _ordinal_of(application: ApplicationView, declined: DeclinedGuarantor) -> int:
    return next(one.ordinal for one in application.guarantors if one.personal_number == declined.personal_number)


def _replaceable(application: ApplicationView, declined: Declined | None) -> list[GuarantorView]:
    """Whom another can be named in the place of: before the decision until they confirm, then where they declined."""
    if application.state is ApplicationState.SUBMITTED:
        open_ones = (GuarantorState.REFUSED, GuarantorState.INVITED)
        return [one for one in application.guarantors if one.state in open_ones]
    numbers = {one.personal_number for one in declined.guarantors} if declined else set()
    return [one for one in application.guarantors if one.personal_number in numbers]


def _guarantor_form(
    application: ApplicationView,
    ordinal: int,
    declined: Declined | None,
    values: dict[str, str],
    errors: tuple[FieldError, ...],
) -> Response:
    named = [one for one in _replaceable(application, declined) if one.ordinal == ordinal]
    if not named:
        raise NotFound
    return render(
        "portal/replace.html",
        status=422 if errors else 200,
        application=application,
        guarantor=named[0],
        name_by=declined.name_by if declined else application.confirm_by,
        is_granted=declined is not None,
        values=values,
        errors=errors,
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
