"""Who signs and who is liable, as staff record it on an agreement's page (rules A9, S2, G4, G5)."""

import uuid

from flask import Blueprint, request
from werkzeug.wrappers import Response as BaseResponse

from agreements.credit.services.keep_partners import Partners
from agreements.credit.services.release_guarantor import Releases
from agreements.credit.services.resume_drawdowns import Resumptions
from schemas.parties import (
    BrokenLimitationRequestSchema,
    PartnerExitRequestSchema,
    PartnerRequestSchema,
    ReasonRequestSchema,
)
from underwriting.kernel.errors import NotFound
from underwriting.platform.authentication import current_caller
from underwriting.web.agreement_forms import members_in, signing_rule_in
from underwriting.web.views.console_agreement_page import AgreementPage


def blueprint(page: AgreementPage) -> Blueprint:
    """The forms of the page under `/console/agreements/<id>`. What they name has to be the agreement's own."""
    pages = Blueprint("agreement_parties", __name__, url_prefix="/agreements/<uuid:agreement_id>")
    _signing_rule(pages, page)
    _partners(pages, page)
    _releases(pages, page)
    return pages


def _signing_rule(pages: Blueprint, page: AgreementPage) -> None:
    @pages.post("/signing-rule")
    def enter_rule(agreement_id: uuid.UUID) -> BaseResponse:
        caller = current_caller()

        def act() -> None:
            body = signing_rule_in(request.form, page.rules.show(agreement_id).rule, on=page.today)
            page.rules.propose(agreement_id, body.rule, evidence=body.evidence, caller=caller)

        return page.attempt(agreement_id, act, to="#rule")

    @pages.post("/signing-rule/<any(approve, reject):verdict>")
    def settle_rule(agreement_id: uuid.UUID, verdict: str) -> BaseResponse:
        change_id = page.rules.show(agreement_id).change_id
        if change_id is None:
            raise NotFound
        settle = page.rules.approve if verdict == "approve" else page.rules.reject
        return page.attempt(agreement_id, lambda: settle(change_id, caller=current_caller()), to="#rule")


def _partners(pages: Blueprint, page: AgreementPage) -> None:
    partners = Partners(page.runtime)

    def require(agreement_id: uuid.UUID, partner_id: uuid.UUID) -> bool:
        """Whether an exit is recorded of the agreement's partner; NotFound where it is no partner of its."""
        for one in partners.of_agreement(agreement_id):
            if one.id == partner_id:
                return one.exited_on is not None
        raise NotFound

    @pages.post("/partners")
    def record_partner(agreement_id: uuid.UUID) -> BaseResponse:
        def act() -> None:
            names = ("number", "name", "entered_on", "evidence")
            body = members_in(request.form, PartnerRequestSchema(), *names, prefix="partner_", on=page.today)
            partners.record(
                agreement_id,
                number=body.number,
                name=body.name,
                entered_on=body.entered_on,
                evidence=body.evidence,
                caller=current_caller(),
            )

        return page.attempt(agreement_id, act, to="#liable")

    @pages.post("/partners/<uuid:partner_id>/exit")
    def record_exit(agreement_id: uuid.UUID, partner_id: uuid.UUID) -> BaseResponse:
        keep = partners.correct_exit if require(agreement_id, partner_id) else partners.record_exit

        def act() -> None:
            body = members_in(
                request.form, PartnerExitRequestSchema(), "exited_on", "evidence", prefix="exit_", on=page.today
            )
            keep(partner_id, exited_on=body.exited_on, evidence=body.evidence, caller=current_caller())

        return page.attempt(agreement_id, act, to="#liable")

    @pages.post("/partners/<uuid:partner_id>/limitation")
    def break_limitation(agreement_id: uuid.UUID, partner_id: uuid.UUID) -> BaseResponse:
        require(agreement_id, partner_id)

        def act() -> None:
            body = members_in(request.form, BrokenLimitationRequestSchema(), "broken_on", on=page.today)
            partners.record_broken_limitation(partner_id, broken_on=body.broken_on, caller=current_caller())

        return page.attempt(agreement_id, act, to="#liable")

    @pages.post("/drawdowns/resumption")
    def resume_drawdowns(agreement_id: uuid.UUID) -> BaseResponse:
        def act() -> None:
            body = members_in(request.form, ReasonRequestSchema(), "reason", prefix="resume_", on=page.today)
            Resumptions(page.runtime).resume(agreement_id, reason=body.reason, caller=current_caller())

        return page.attempt(agreement_id, act, to="#liable")


def _releases(pages: Blueprint, page: AgreementPage) -> None:
    releases = Releases(page.runtime)

    @pages.post("/guarantees/<uuid:guarantee_id>/release")
    def ask_release(agreement_id: uuid.UUID, guarantee_id: uuid.UUID) -> BaseResponse:
        if guarantee_id not in {one.id for one in page.agreements.guarantees(agreement_id, current_caller())}:
            raise NotFound

        def act() -> None:
            body = members_in(request.form, ReasonRequestSchema(), "reason", prefix="release_", on=page.today)
            releases.ask(guarantee_id, reason=body.reason, caller=current_caller())

        return page.attempt(agreement_id, act, to="#liable")

    @pages.post("/releases/<uuid:release_id>/<any(approve, withdraw):verdict>")
    def settle_release(agreement_id: uuid.UUID, release_id: uuid.UUID, verdict: str) -> BaseResponse:
        if release_id not in {one.release.id for one in releases.pending_of(agreement_id)}:
            raise NotFound
        settle = releases.approve if verdict == "approve" else releases.withdraw
        return page.attempt(agreement_id, lambda: settle(release_id, caller=current_caller()), to="#liable")
