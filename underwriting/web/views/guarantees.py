"""The guarantor's own pages: what is guaranteed and at risk; signing, declining, allowing a release (G2 to G4)."""

import uuid
from collections.abc import Mapping
from datetime import date

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from agreements.credit.services.decline_guarantee import GuaranteeInvitations
from agreements.credit.services.own_guarantee import OwnGuarantees
from agreements.credit.services.release_guarantor import Releases
from agreements.credit.services.show_agreement import Agreements
from agreements.plan_changes.service import PlanChanges
from agreements.signing.service import Signings
from schemas.agreement_values import RefusalBody
from schemas.loading import load
from schemas.parties import RefusalRequestSchema
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, NotFound
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import GuaranteeState, SigningPurpose
from underwriting.platform.authentication import Caller, current_caller
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import render
from underwriting.web.views.signing import start_signing

_NOTHING_WRITTEN = RefusalBody(reason="", tell_applicant=False)


def blueprint(runtime: Runtime, agreements: Agreements, signings: Signings, plan_changes: PlanChanges) -> Blueprint:
    """All pages of a guarantee, each for its guarantor alone."""
    owned, invitations, releases = OwnGuarantees(runtime), GuaranteeInvitations(runtime), Releases(runtime)
    pages = Blueprint("guarantee_pages", __name__)

    def page(guarantee_id: uuid.UUID, *, refused: Text | None = None) -> Response:
        caller = current_caller()
        return _guarantee_page(agreements, owned, plan_changes, guarantee_id, caller, refused=refused)

    @pages.get("/guarantees/<uuid:guarantee_id>")
    def show(guarantee_id: uuid.UUID) -> Response:
        return page(guarantee_id)

    @pages.post("/guarantees/<uuid:guarantee_id>/sign")
    def sign(guarantee_id: uuid.UUID) -> BaseResponse:
        to_sign = agreements.prepare_guarantee(guarantee_id, current_caller().require_person())
        return start_signing(
            signings, SigningPurpose.GUARANTEE, guarantee_id, to_sign, back=f"/guarantees/{guarantee_id}"
        )

    @pages.get("/guarantees/<uuid:guarantee_id>/decline")
    def ask_to_decline(guarantee_id: uuid.UUID) -> BaseResponse:
        own = owned.show(guarantee_id, current_caller())
        if own.guarantee.state is not GuaranteeState.INVITED:
            return redirect(f"/guarantees/{guarantee_id}", 303)
        return render("portal/decline.html", own=own, values={}, errors=())

    @pages.post("/guarantees/<uuid:guarantee_id>/decline")
    def decline(guarantee_id: uuid.UUID) -> BaseResponse:
        caller, form = current_caller(), request.form
        own = owned.show(guarantee_id, caller)
        try:
            asked = _refusal_in(form, on=stockholm_date(runtime.clock.now()))
            invitations.decline(guarantee_id, reason=asked.reason, tell=asked.tell_applicant, caller=caller)
        except InvalidInput as refusal:
            return _form_again(own, form, refusal.errors)
        except Conflict as refusal:
            return page(guarantee_id, refused=refusal.detail)
        return redirect(f"/guarantees/{guarantee_id}", 303)

    @pages.post("/guarantees/<uuid:guarantee_id>/releases/<uuid:release_id>/consent")
    def consent(guarantee_id: uuid.UUID, release_id: uuid.UUID) -> BaseResponse:
        caller = current_caller()
        if all(one.release_id != release_id for one in owned.show(guarantee_id, caller).consents):
            raise NotFound
        releases.consent(release_id, caller=caller)
        return redirect(f"/guarantees/{guarantee_id}#release", 303)

    return pages


def _guarantee_page(
    agreements: Agreements,
    owned: OwnGuarantees,
    plan_changes: PlanChanges,
    guarantee_id: uuid.UUID,
    caller: Caller,
    *,
    refused: Text | None,
) -> Response:
    own = owned.show(guarantee_id, caller)
    agreement_id = own.guarantee.agreement_id
    documents = agreements.documents(agreement_id, caller)
    deed = next((one for one in documents if one.kind == "guarantee"), None)
    if deed is None:
        raise NotFound
    return render(
        "portal/guarantee.html",
        status=409 if refused else 200,
        own=own,
        guarantee=own.guarantee,
        deed_document=deed,
        documents=documents,
        text=agreements.document_shown(agreement_id, deed.id, caller),
        reading_aid=agreements.document_shown(agreement_id, deed.id, caller, language="en"),
        may_sign=own.guarantee.state is GuaranteeState.INVITED,
        plan_change=plan_changes.waiting_for(agreement_id, caller.require_person()),
        refused=refused,
    )


def _refusal_in(form: Mapping[str, str], *, on: date) -> RefusalBody:
    """What the form says; nobody has to give a reason. Raises InvalidInput."""
    reason = form.get("reason", "").strip().replace("\r\n", "\n")
    if not reason:
        return _NOTHING_WRITTEN
    return load(RefusalRequestSchema(), {"reason": reason, "tell_applicant": "tell" in form}, on=on)


def _form_again(own: object, form: Mapping[str, str], errors: tuple[FieldError, ...]) -> Response:
    return render("portal/decline.html", status=422, own=own, values=form, errors=errors)
