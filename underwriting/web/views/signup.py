"""The signup form: which company, what is asked, who guarantees; then the text, and the signature that binds."""

import uuid
from typing import Any, get_args

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from schemas.applications import ApplicationSchema
from schemas.loading import load
from schemas.values import ApplicationBody
from underwriting.applications.service import Applications
from underwriting.decisions.pricing import fees_of_plan
from underwriting.kernel.errors import FieldError, InvalidInput
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.product import ProductTerms
from underwriting.kernel.text import Language
from underwriting.kernel.vocabulary import CompanyForm, CreditPurpose, OwnerControl, RepaymentPlan
from underwriting.platform.authentication import DRAFT_COOKIE, current_caller, set_cookie
from underwriting.platform.end_users import end_user_ip
from underwriting.platform.problems import language_of_request
from underwriting.platform.runtime import Runtime
from underwriting.web import forms
from underwriting.web.layout import choose_language, render
from underwriting.web.texts import translate
from underwriting.web.views.signing import to_signing_page

_MOST_ROWS = 10
_EXAMPLE = Money.kronor(100_000)
_EXAMPLE_MONTHS = 12


def blueprint(runtime: Runtime, applications: Applications) -> Blueprint:
    """The pages from the start to the signature."""
    pages = Blueprint("signup", __name__)

    @pages.get("/")
    def start() -> Response:
        return render(
            "signup/start.html",
            terms=runtime.terms,
            forms=list(CompanyForm),
            example_amount=_EXAMPLE,
            example_fee=_EXAMPLE.at_rate_in_kronor(runtime.terms.highest_fee_rate),
        )

    @pages.get("/apply")
    def form() -> BaseResponse:
        chosen = request.args.get("form", "")
        if chosen not in list(CompanyForm):
            return redirect("/")
        return _form(runtime, "/apply", {"company_form": chosen} | _first_rows(CompanyForm(chosen)))

    @pages.post("/apply")
    def apply() -> BaseResponse:
        answer = _answer_of_form(runtime, "/apply")
        if not isinstance(answer, ApplicationBody):
            return answer
        application, secret = applications.create_draft(answer, current_caller())
        response = redirect(f"/applications/{application.id}/review", 303)
        set_cookie(response, DRAFT_COOKIE, secret)
        return response

    @pages.get("/applications/<uuid:application_id>/edit")
    def edit(application_id: uuid.UUID) -> Response:
        fields = forms.fields_of(applications.draft(application_id, current_caller()))
        return _form(runtime, f"/applications/{application_id}/edit", fields)

    @pages.post("/applications/<uuid:application_id>/edit")
    def change(application_id: uuid.UUID) -> BaseResponse:
        answer = _answer_of_form(runtime, f"/applications/{application_id}/edit")
        if not isinstance(answer, ApplicationBody):
            return answer
        applications.change_draft(application_id, lambda _: answer, current_caller())
        return redirect(f"/applications/{application_id}/review", 303)

    @pages.get("/applications/<uuid:application_id>/review")
    def review(application_id: uuid.UUID) -> Response:
        text = applications.review(application_id, current_caller())
        return render(
            "signup/review.html",
            terms=runtime.terms,
            application_id=application_id,
            text=text.sv,
            reading_aid=text.en,
        )

    @pages.post("/applications/<uuid:application_id>/review")
    def sign(application_id: uuid.UUID) -> BaseResponse:
        if request.form.get("action") == "drop":
            applications.delete_draft(application_id, current_caller())
            return redirect("/", 303)
        started = applications.submit(application_id, current_caller(), end_user_ip=end_user_ip())
        return to_signing_page(started, back=f"/applications/{application_id}")

    return pages


def _answer_of_form(runtime: Runtime, target: str) -> ApplicationBody | BaseResponse:
    """What the sent form says; or the next page, when that is not valid or another button than *continue* was pressed.

    A form in another language is sent once more by the browser, so that nothing is lost that was typed.
    """
    fields = {name: value for name, value in request.form.items() if name not in ("csrf_token", "action")}
    if fields.get("company_form") not in list(CompanyForm):
        return redirect("/")
    match request.form.get("action", "continue").split():
        case ["language", language]:
            if language == language_of_request() or language not in get_args(Language):
                return _form(runtime, target, fields)
            return choose_language(redirect(target, 307), language)
        case ["add" | "remove" as change, *row]:
            return _form(runtime, target, _with_rows_changed(fields, [change, *row]))
    try:
        on = stockholm_date(runtime.clock.now())
        return load(ApplicationSchema(), forms.body_of(fields), on=on, terms=runtime.terms)
    except InvalidInput as refusal:
        return _form(runtime, target, fields, forms.errors_in_form(refusal.errors, fields))


def _form(runtime: Runtime, target: str, fields: dict[str, str], errors: tuple[FieldError, ...] = ()) -> Response:
    return render(
        "signup/form.html",
        status=422 if errors else 200,
        target=target,
        is_draft=target != "/apply",
        form=fields["company_form"],
        values=fields,
        rows={kind: forms.people_in(fields, kind) for kind in forms.PEOPLE},
        purposes=[(str(purpose), translate(f"purpose.{purpose}")) for purpose in CreditPurpose],
        plans=[(str(plan), translate(f"apply.repayment.{plan}")) for plan in RepaymentPlan],
        example=_example(runtime.terms),
        controls=[(str(control), translate(f"control.{control}")) for control in OwnerControl],
        terms=runtime.terms,
        errors=errors,
    )


def _example(terms: ProductTerms) -> dict[str, Any]:
    """What the dearest credit of the example costs in all on each plan (rule D6)."""
    costs = {
        str(plan): fees_of_plan(_EXAMPLE, fee_rate=terms.highest_fee_rate, term_months=_EXAMPLE_MONTHS, plan=plan)
        for plan in RepaymentPlan
    }
    return {"amount": _EXAMPLE, "months": _EXAMPLE_MONTHS, **costs}


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
