"""The page of a case: everything that is known of it, and what can be done with it."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from agreements.credit.services.show_agreement import Agreements
from bureau_clients.gateway import Gateway
from schemas.decisions import InformationRequestSchema, OverrideSchema
from schemas.loading import load
from underwriting.applications.service import Applications
from underwriting.applications.services.read_application import ApplicationView
from underwriting.decisions.override import REASON_TEXTS, Determination
from underwriting.decisions.rules import COMPANY, DUE_DILIGENCE, GROUP, OWNER, TERMS
from underwriting.decisions.service import Decisions
from underwriting.decisions.services.read_decision import StaffDecision, TraceLine
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, Unavailable
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import ApplicationState, DecisionOutcome
from underwriting.kernel.wording import percent_in_words
from underwriting.platform.authentication import current_caller
from underwriting.platform.encryption import Cipher
from underwriting.platform.permissions import may
from underwriting.platform.problems import language_of_request
from underwriting.platform.runtime import Runtime
from underwriting.web import forms
from underwriting.web.bureaus import failure_in_words
from underwriting.web.charts import meter
from underwriting.web.history import history_of
from underwriting.web.layout import render
from underwriting.web.reports import subjects_of
from underwriting.web.texts import translate

_DETERMINABLE = (ApplicationState.REFERRED, ApplicationState.INFORMATION_REQUESTED, ApplicationState.DECLINED)
_MEMBERS = ("outcome", "limit", "fee_rate", "reason_code", "reason")


def blueprint(
    runtime: Runtime, applications: Applications, decisions: Decisions, agreements: Agreements, gateway: Gateway
) -> Blueprint:
    """The views under `/console/applications`."""
    pages = Blueprint("cases", __name__, url_prefix="/applications")

    def page(
        application_id: uuid.UUID,
        *,
        errors: tuple[FieldError, ...] = (),
        refused: Text | None = None,
        status: int = 200,
    ) -> Response:
        caller = current_caller()
        application = applications.view(application_id, caller)
        found = decisions.decisions(application_id, caller)
        return render(
            "console/case.html",
            status=status,
            application=application,
            decisions=found,
            groups_of=lambda decision: _groups(decision, application),
            meter=meter,
            subjects=subjects_of(decisions.reports(application_id, caller), named=_named(runtime.cipher, application)),
            explain=partial(failure_in_words, gateway),
            history=history_of(decisions.history(application_id, caller), reader=caller.actor),
            agreement_id=agreements.id_of_application(application_id, caller),
            may_determine=may("console.cases.determine", caller) and application.state in _DETERMINABLE,
            may_ask=may("console.cases.ask_applicant", caller) and application.state is ApplicationState.REFERRED,
            rates=_rates(decisions),
            reason_codes=[(str(code), text.in_language(language_of_request())) for code, text in REASON_TEXTS.items()],
            reason_texts=REASON_TEXTS,
            values=request.form or _proposed(found),
            errors=errors,
            refused=refused,
        )

    def attempt(application_id: uuid.UUID, act: Callable[[], object]) -> BaseResponse:
        """Do it, and show the case; what is refused is told on the page, with everything that was typed."""
        try:
            act()
        except InvalidInput as refusal:
            return page(application_id, errors=refusal.errors, status=422)
        except (Conflict, Unavailable) as refusal:
            return page(application_id, refused=refusal.detail, status=409)
        return redirect(f"/console/applications/{application_id}", 303)

    @pages.get("/<uuid:application_id>")
    def case(application_id: uuid.UUID) -> Response:
        return page(application_id)

    @pages.post("/<uuid:application_id>/determine")
    def determine(application_id: uuid.UUID) -> BaseResponse:
        def act() -> None:
            body = load(OverrideSchema(), _body(request.form), on=stockholm_date(runtime.clock.now()))
            asked = Determination(
                outcome=body.outcome, limit=body.limit, fee_rate=body.fee_rate, reason_code=body.reason_code
            )
            decisions.determine(application_id, asked, body.reason, current_caller())

        return attempt(application_id, act)

    @pages.post("/<uuid:application_id>/question")
    def ask_applicant(application_id: uuid.UUID) -> BaseResponse:
        def act() -> None:
            sent = {"question": request.form.get("question", "").strip()}
            question = load(InformationRequestSchema(), sent, on=stockholm_date(runtime.clock.now()))
            decisions.ask_for_information(application_id, question, current_caller())

        return attempt(application_id, act)

    @pages.post("/<uuid:application_id>/ask-again")
    def ask_again(application_id: uuid.UUID) -> BaseResponse:
        return attempt(application_id, lambda: decisions.ask_again(application_id, current_caller()))

    return pages


def _body(fields: Mapping[str, str]) -> dict[str, Any]:
    """What the form says, as the interface takes it; a decline has no terms, whatever stands in their fields."""
    body: dict[str, Any] = {name: fields[name].strip() for name in _MEMBERS if fields.get(name, "").strip()}
    if body.get("outcome") == DecisionOutcome.DECLINED:
        body.pop("limit", None)
        body.pop("fee_rate", None)
    if "limit" in body:
        body["limit"] = forms.amount_in(body["limit"])
    return body


def _proposed(found: Sequence[StaffDecision]) -> dict[str, str]:
    """What the policy would have given, to start from."""
    offer = found[0].offer if found else None
    return {} if offer is None else {"limit": forms.written_amount(offer.limit), "fee_rate": _rate(offer.fee_rate)}


def _rates(decisions: Decisions) -> list[tuple[str, str]]:
    """The price table: what is sent, and what is read."""
    rates = sorted({grade.fee_rate for grade in decisions.policy_in_force().grades})
    return [(_rate(rate), percent_in_words(rate).in_language(language_of_request())) for rate in rates]


def _rate(rate: Decimal) -> str:
    return f"{rate.normalize():f}"


def _groups(
    decision: StaffDecision, application: ApplicationView
) -> list[tuple[str, list[TraceLine], list[TraceLine]]]:
    """By whom it concerns: a heading, the grounds without points, and the scored ones."""
    groups: dict[str, list[TraceLine]] = {}
    for line in decision.trace:
        groups.setdefault(line.subject, []).append(line)
    return [
        (
            _heading(subject, application),
            [line for line in lines if line.points is None],
            [line for line in lines if line.points is not None],
        )
        for subject, lines in groups.items()
    ]


def _named(cipher: Cipher, application: ApplicationView) -> dict[bytes, str]:
    """The guarantors by what their answers are kept under."""
    return {cipher.blind_index(one.personal_number.digits): one.name for one in application.guarantors}


def _heading(subject: str, application: ApplicationView) -> str:
    if subject in (COMPANY, OWNER, GROUP, TERMS, DUE_DILIGENCE):
        return translate(f"subject.{subject}")
    names = {str(guarantor.id): guarantor.name for guarantor in application.guarantors}
    return translate("subject.guarantor", name=names.get(subject, ""))
