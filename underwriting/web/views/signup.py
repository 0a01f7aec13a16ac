"""The signup form: which company, what is asked, who guarantees; then the text, and the signature that binds."""

import uuid

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from schemas.applications import ApplicationSchema
from schemas.loading import load
from underwriting.applications.service import Applications
from underwriting.kernel.errors import FieldError, InvalidInput
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import CompanyForm, CreditPurpose
from underwriting.platform.authentication import DRAFT_COOKIE, current_caller, set_cookie
from underwriting.platform.runtime import Runtime
from underwriting.web import forms
from underwriting.web.layout import render, translate
from underwriting.web.views.signing import to_signing_page

_MOST_ROWS = 10


def blueprint(runtime: Runtime, applications: Applications) -> Blueprint:
    """The pages from the start to the signature."""
    pages = Blueprint("signup", __name__)

    @pages.get("/")
    def start() -> Response:
        return render("signup/start.html", terms=runtime.terms, forms=list(CompanyForm))

    @pages.get("/apply")
    def form() -> BaseResponse:
        chosen = request.args.get("form", "")
        if chosen not in list(CompanyForm):
            return redirect("/")
        return _form(runtime, {"company_form": chosen} | _first_rows(CompanyForm(chosen)), ())

    @pages.post("/apply")
    def apply() -> BaseResponse:
        fields = {name: value for name, value in request.form.items() if name not in ("csrf_token", "action")}
        if fields.get("company_form") not in list(CompanyForm):
            return redirect("/")
        action = request.form.get("action", "continue").split()
        if action[0] in ("add", "remove"):
            return _form(runtime, _with_rows_changed(fields, action), ())
        try:
            body = load(
                ApplicationSchema(),
                forms.body_of(fields),
                on=stockholm_date(runtime.clock.now()),
                terms=runtime.terms,
            )
        except InvalidInput as refusal:
            return _form(runtime, fields, refusal.errors, status=422)
        application, secret = applications.create_draft(body, current_caller())
        response = redirect(f"/applications/{application.id}/review", 303)
        set_cookie(response, DRAFT_COOKIE, secret)
        return response

    @pages.get("/applications/<uuid:application_id>/review")
    def review(application_id: uuid.UUID) -> Response:
        text = applications.review(application_id, current_caller())
        return render("signup/review.html", terms=runtime.terms, text=text.sv, reading_aid=text.en)

    @pages.post("/applications/<uuid:application_id>/review")
    def sign(application_id: uuid.UUID) -> BaseResponse:
        if request.form.get("action") == "drop":
            applications.delete_draft(application_id, current_caller())
            return redirect("/", 303)
        started = applications.submit(application_id, current_caller(), end_user_ip=request.remote_addr or "127.0.0.1")
        return to_signing_page(started, back=f"/applications/{application_id}")

    return pages


def _form(runtime: Runtime, fields: dict[str, str], errors: tuple[FieldError, ...], *, status: int = 200) -> Response:
    return render(
        "signup/form.html",
        status=status,
        form=fields["company_form"],
        values=fields,
        rows={kind: forms.people_in(fields, kind) for kind in forms.PEOPLE},
        purposes=[(str(purpose), translate(f"purpose.{purpose}")) for purpose in CreditPurpose],
        terms=runtime.terms,
        errors=errors,
    )


def _first_rows(form: CompanyForm) -> dict[str, str]:
    """A company names at least one guarantor (rule A4): the first row is there from the start."""
    return {} if form is CompanyForm.EF else {"guarantors-0-personal_number": ""}


def _with_rows_changed(fields: dict[str, str], action: list[str]) -> dict[str, str]:
    match action:
        case ["add", kind] if kind in forms.PEOPLE and len(forms.people_in(fields, kind)) < _MOST_ROWS:
            number = max(forms.people_in(fields, kind), default=-1) + 1
            return fields | {f"{kind}-{number}-personal_number": ""}
        case ["remove", kind, number] if kind in forms.PEOPLE and number.isdecimal():
            return forms.without_row(fields, kind, int(number))
    return fields
