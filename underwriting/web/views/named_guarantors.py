"""What the applicant does about those who were named as guarantors: names another, has the link sent again (A3, G2)."""

import uuid
from collections.abc import Iterable, Mapping

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from agreements.credit.services.show_agreement import Agreements
from agreements.credit.services.show_declined import Declined, DeclinedGuarantor, DeclinedGuarantors
from schemas.applications import GuarantorSchema, InvitationRequestSchema
from schemas.loading import load
from underwriting.applications.service import Applications
from underwriting.applications.services.read_application import ApplicationView, GuarantorView
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, LoginRequired, NotFound
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import ApplicationState, GuaranteeState, GuarantorState
from underwriting.platform.authentication import Caller, current_caller
from underwriting.platform.runtime import Runtime
from underwriting.web import forms
from underwriting.web.layout import render

_FIELDS = ("personal_number", "name", "email", "phone")


def blueprint(runtime: Runtime, applications: Applications, agreements: Agreements) -> Blueprint:
    """The forms, each for the applicant of the application alone."""
    pages = Blueprint("named_guarantors", __name__)

    @pages.get("/applications/<uuid:application_id>/guarantors/<int:ordinal>")
    def ask_for_another(application_id: uuid.UUID, ordinal: int) -> Response:
        caller = current_caller()
        application = own_application(applications, application_id, caller)
        return _another(application, ordinal, declined_of(runtime, agreements, application, caller), {}, ())

    @pages.post("/applications/<uuid:application_id>/guarantors/<int:ordinal>")
    def name_another(application_id: uuid.UUID, ordinal: int) -> BaseResponse:
        caller = current_caller()
        application = own_application(applications, application_id, caller)
        declined = declined_of(runtime, agreements, application, caller)
        values = {name: request.form.get(name, "").strip() for name in _FIELDS}
        body = {name: value for name, value in (values | {"phone": forms.phone_in(values["phone"])}).items() if value}
        try:
            named = load(GuarantorSchema(), body, on=stockholm_date(runtime.clock.now()))
            applications.replace_guarantor(application_id, ordinal, named, caller)
        except InvalidInput as refusal:
            return _another(application, ordinal, declined, values, refusal.errors)
        return redirect(f"/applications/{application_id}", 303)

    @pages.get("/applications/<uuid:application_id>/guarantors/<int:ordinal>/invitation")
    def ask_to_send_again(application_id: uuid.UUID, ordinal: int) -> Response:
        caller = current_caller()
        application = own_application(applications, application_id, caller)
        asked = _asked(_unanswered(agreements, application, caller), ordinal)
        return _again(application, asked, {"email": asked.email})

    @pages.post("/applications/<uuid:application_id>/guarantors/<int:ordinal>/invitation")
    def send_again(application_id: uuid.UUID, ordinal: int) -> BaseResponse:
        caller = current_caller()
        application = own_application(applications, application_id, caller)
        asked = _asked(_unanswered(agreements, application, caller), ordinal)
        values = {"email": request.form.get("email", "").strip()}
        try:
            body = load(InvitationRequestSchema(), dict(values), on=stockholm_date(runtime.clock.now()))
            email = body.email if body.email != asked.email else None
            applications.invite_again(application_id, ordinal, email=email, caller=caller)
        except InvalidInput as refusal:
            return _again(application, asked, values, errors=refusal.errors)
        except Conflict as refusal:
            return _again(application, asked, values, refused=refusal.detail)
        return redirect(f"/applications/{application_id}", 303)

    return pages


def own_application(applications: Applications, application_id: uuid.UUID, caller: Caller) -> ApplicationView:
    """The caller's application. Whoever is nobody yet is asked to log in, and not told that there is no such thing."""
    try:
        return applications.view(application_id, caller)
    except NotFound:
        if caller.is_staff or caller.person_index is not None:
            raise
        raise LoginRequired from None


def declined_of(
    runtime: Runtime, agreements: Agreements, application: ApplicationView, caller: Caller
) -> Declined | None:
    """Who of an approved application's guarantors does not sign, while another can be named (rule G2)."""
    if application.state is not ApplicationState.APPROVED:
        return None
    agreement_id = agreements.id_of_application(application.id, caller)
    return DeclinedGuarantors(runtime).of_agreement(agreement_id, caller) if agreement_id else None


def ordinal_of(application: ApplicationView, declined: DeclinedGuarantor) -> int:
    """The place of a guarantor who declined in the application's list."""
    return next(one.ordinal for one in application.guarantors if one.personal_number == declined.personal_number)


def unanswered_of(agreements: Agreements, application: ApplicationView, caller: Caller) -> frozenset[int]:
    """The places of those, but for the applicant, who were sent a link that they have not answered yet."""
    own = application.signatory_personal_number
    waiting = _unanswered(agreements, application, caller)
    return frozenset(one.ordinal for one in waiting if one.personal_number != own)


def _unanswered(agreements: Agreements, application: ApplicationView, caller: Caller) -> list[GuarantorView]:
    """Before the decision those who have not confirmed, after it those who have not signed."""
    if application.state is ApplicationState.SUBMITTED:
        return [one for one in application.guarantors if one.state is GuarantorState.INVITED]
    agreement_id = agreements.id_of_application(application.id, caller)
    if application.state is not ApplicationState.APPROVED or agreement_id is None:
        return []
    given = agreements.guarantees(agreement_id, caller)
    waiting = {one.personal_number for one in given if one.state is GuaranteeState.INVITED}
    return [one for one in application.guarantors if one.personal_number in waiting]


def _asked(among: Iterable[GuarantorView], ordinal: int) -> GuarantorView:
    found = next((one for one in among if one.ordinal == ordinal), None)
    if found is None:
        raise NotFound
    return found


def _replaceable(application: ApplicationView, declined: Declined | None) -> list[GuarantorView]:
    """Whom another can be named in the place of: before the decision until they confirm, then where they declined."""
    if application.state is ApplicationState.SUBMITTED:
        open_ones = (GuarantorState.REFUSED, GuarantorState.INVITED)
        return [one for one in application.guarantors if one.state in open_ones]
    numbers = {one.personal_number for one in declined.guarantors} if declined else set()
    return [one for one in application.guarantors if one.personal_number in numbers]


def _another(
    application: ApplicationView,
    ordinal: int,
    declined: Declined | None,
    values: Mapping[str, str],
    errors: tuple[FieldError, ...],
) -> Response:
    return render(
        "portal/replace.html",
        status=422 if errors else 200,
        application=application,
        guarantor=_asked(_replaceable(application, declined), ordinal),
        name_by=declined.name_by if declined else application.confirm_by,
        is_granted=declined is not None,
        values=values,
        errors=errors,
    )


def _again(
    application: ApplicationView,
    asked: GuarantorView,
    values: Mapping[str, str],
    *,
    errors: tuple[FieldError, ...] = (),
    refused: Text | None = None,
) -> Response:
    return render(
        "portal/send_again.html",
        status=422 if errors else (409 if refused else 200),
        application=application,
        guarantor=asked,
        values=values,
        errors=errors,
        refused=refused,
    )
