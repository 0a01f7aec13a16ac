"""Over HTTP: a guarantor's own link, who may sign for a company, partners, releases, division (rules A9, S2, G2-G5)."""

import uuid
from collections.abc import Mapping
from typing import Any, TypeVar

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from agreements.credit.services.change_signing_rule import SigningRules
from agreements.credit.services.decline_guarantee import GuaranteeInvitations
from agreements.credit.services.keep_agreement import get_agreement
from agreements.credit.services.keep_partners import Partners
from agreements.credit.services.release_guarantor import Releases
from agreements.credit.services.resume_drawdowns import Resumptions
from agreements.guarantees import service as guarantees
from schemas.agreements import GuaranteeSchema
from schemas.loading import Body, load
from schemas.parties import (
    BrokenLimitationRequestSchema,
    DivisionRequestSchema,
    DivisionSchema,
    GuaranteeInvitationSchema,
    PartnerExitRequestSchema,
    PartnerRequestSchema,
    PartnerSchema,
    ReasonRequestSchema,
    RefusalRequestSchema,
    ReleaseSchema,
    SigningRuleRequestSchema,
    SigningRuleSchema,
)
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.authentication import current_caller
from underwriting.platform.idempotency import idempotent
from underwriting.platform.runtime import Runtime

T = TypeVar("T")


def blueprint(runtime: Runtime, rules: SigningRules) -> Blueprint:
    """The views; the table of permissions says who may, and the services whose things they are."""
    views = Blueprint("parties", __name__, url_prefix="/v1")
    _guarantors(views, runtime)
    _signing_rules(views, runtime, rules)
    _partners(views, runtime)
    _releases(views, runtime)
    return views


def _sent(runtime: Runtime, schema: Body[T]) -> T:
    return load(schema, request.get_json(), on=stockholm_date(runtime.clock.now()))


def _guarantors(views: Blueprint, runtime: Runtime) -> None:
    invitations = GuaranteeInvitations(runtime)

    @views.get("/guarantee-invitations/<token>")
    def show_invitation(token: str) -> Response:
        shown = jsonify(GuaranteeInvitationSchema().dump(invitations.show(token, current_caller())))
        shown.headers["Cache-Control"] = "no-store"
        return shown

    @views.post("/guarantees/<uuid:guarantee_id>/refusal")
    @idempotent(runtime)
    def decline(guarantee_id: uuid.UUID) -> ResponseReturnValue:
        body, caller = _sent(runtime, RefusalRequestSchema()), current_caller()
        view = invitations.decline(guarantee_id, reason=body.reason, tell=body.tell_applicant, caller=caller)
        return jsonify(GuaranteeSchema().dump(view))

    @views.post("/guarantees/<uuid:guarantee_id>/stop")
    @idempotent(runtime)
    def stop(guarantee_id: uuid.UUID) -> ResponseReturnValue:
        body = _sent(runtime, ReasonRequestSchema())
        view = invitations.stop(guarantee_id, reason=body.reason, caller=current_caller())
        return jsonify(GuaranteeSchema().dump(view))

    @views.get("/agreements/<uuid:agreement_id>/division")
    def divide(agreement_id: uuid.UUID) -> Response:
        asked: dict[str, Any] = {name: request.args.getlist(name) for name in ("insolvent", "barred")}
        if "amount" in request.args:
            asked |= {"amount": request.args["amount"]}
        body = load(DivisionRequestSchema(), asked, on=stockholm_date(runtime.clock.now()))
        with runtime.database.transaction() as session:
            get_agreement(session, agreement_id)
            found = guarantees.divided(session, agreement_id, body.amount, insolvent=body.insolvent, barred=body.barred)
        shares = [{"guarantee_id": reference, "amount": amount} for reference, amount in found.shares.items()]
        answer: Mapping[str, Any] = {"shares": shares, "lost": found.lost}
        return jsonify(DivisionSchema().dump(answer))


def _signing_rules(views: Blueprint, runtime: Runtime, rules: SigningRules) -> None:
    @views.get("/agreements/<uuid:agreement_id>/signing-rule")
    def show_signing_rule(agreement_id: uuid.UUID) -> Response:
        return jsonify(SigningRuleSchema().dump(rules.show(agreement_id)))

    @views.post("/agreements/<uuid:agreement_id>/signing-rule")
    @idempotent(runtime)
    def enter_signing_rule(agreement_id: uuid.UUID) -> ResponseReturnValue:
        body = _sent(runtime, SigningRuleRequestSchema())
        view = rules.propose(agreement_id, body.rule, evidence=body.evidence, caller=current_caller())
        return jsonify(SigningRuleSchema().dump(view)), 201

    @views.post("/signing-rules/<uuid:change_id>/approval")
    @idempotent(runtime)
    def approve_signing_rule(change_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(SigningRuleSchema().dump(rules.approve(change_id, caller=current_caller())))

    @views.post("/signing-rules/<uuid:change_id>/rejection")
    @idempotent(runtime)
    def reject_signing_rule(change_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(SigningRuleSchema().dump(rules.reject(change_id, caller=current_caller())))


def _partners(views: Blueprint, runtime: Runtime) -> None:
    partners = Partners(runtime)

    @views.post("/agreements/<uuid:agreement_id>/partners")
    @idempotent(runtime)
    def record_partner(agreement_id: uuid.UUID) -> ResponseReturnValue:
        body = _sent(runtime, PartnerRequestSchema())
        view = partners.record(
            agreement_id,
            number=body.number,
            name=body.name,
            entered_on=body.entered_on,
            evidence=body.evidence,
            caller=current_caller(),
        )
        return jsonify(PartnerSchema().dump(view)), 201

    @views.post("/partners/<uuid:partner_id>/exit")
    @idempotent(runtime)
    def record_exit(partner_id: uuid.UUID) -> ResponseReturnValue:
        body = _sent(runtime, PartnerExitRequestSchema())
        view = partners.record_exit(
            partner_id, exited_on=body.exited_on, evidence=body.evidence, caller=current_caller()
        )
        return jsonify(PartnerSchema().dump(view))

    @views.put("/partners/<uuid:partner_id>/exit")
    @idempotent(runtime)
    def correct_exit(partner_id: uuid.UUID) -> ResponseReturnValue:
        body = _sent(runtime, PartnerExitRequestSchema())
        view = partners.correct_exit(
            partner_id, exited_on=body.exited_on, evidence=body.evidence, caller=current_caller()
        )
        return jsonify(PartnerSchema().dump(view))

    @views.post("/agreements/<uuid:agreement_id>/drawdowns/resumption")
    @idempotent(runtime)
    def resume_drawdowns(agreement_id: uuid.UUID) -> ResponseReturnValue:
        body = _sent(runtime, ReasonRequestSchema())
        Resumptions(runtime).resume(agreement_id, reason=body.reason, caller=current_caller())
        return "", 204

    @views.post("/partners/<uuid:partner_id>/broken-limitation")
    @idempotent(runtime)
    def record_broken_limitation(partner_id: uuid.UUID) -> ResponseReturnValue:
        body = _sent(runtime, BrokenLimitationRequestSchema())
        view = partners.record_broken_limitation(partner_id, broken_on=body.broken_on, caller=current_caller())
        return jsonify(PartnerSchema().dump(view))


def _releases(views: Blueprint, runtime: Runtime) -> None:
    releases = Releases(runtime)

    @views.post("/guarantees/<uuid:guarantee_id>/release")
    @idempotent(runtime)
    def ask_release(guarantee_id: uuid.UUID) -> ResponseReturnValue:
        body = _sent(runtime, ReasonRequestSchema())
        view = releases.ask(guarantee_id, reason=body.reason, caller=current_caller())
        return jsonify(ReleaseSchema().dump(view)), 201

    @views.post("/guarantee-releases/<uuid:release_id>/approval")
    @idempotent(runtime)
    def approve_release(release_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(ReleaseSchema().dump(releases.approve(release_id, caller=current_caller())))

    @views.post("/guarantee-releases/<uuid:release_id>/consent")
    @idempotent(runtime)
    def consent_release(release_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(ReleaseSchema().dump(releases.consent(release_id, caller=current_caller())))

    @views.post("/guarantee-releases/<uuid:release_id>/withdrawal")
    @idempotent(runtime)
    def withdraw_release(release_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(ReleaseSchema().dump(releases.withdraw(release_id, caller=current_caller())))
