"""What ends an agreement, as staff record it: cancellation, early redemption, annulment (rules C5, F3, D8)."""

import uuid

from flask import Blueprint, request
from werkzeug.wrappers import Response as BaseResponse

from schemas.agreements import RedemptionRequestSchema
from schemas.annulments import AnnulmentRequestSchema
from schemas.loading import load
from underwriting.kernel.errors import NotFound
from underwriting.platform.authentication import current_caller
from underwriting.web.agreement_forms import cancellation_in, members_in
from underwriting.web.views.console_agreement_page import AgreementPage


def blueprint(page: AgreementPage) -> Blueprint:
    """The forms of the page under `/console/agreements/<id>`."""
    pages = Blueprint("agreement_endings", __name__, url_prefix="/agreements/<uuid:agreement_id>")
    _cancellation(pages, page)
    _annulment(pages, page)

    @pages.post("/redemption")
    def redeem(agreement_id: uuid.UUID) -> BaseResponse:
        caller = current_caller()

        def act() -> None:
            asked = load(RedemptionRequestSchema(), {"on": request.form.get("on", "")}, on=page.today)
            page.redemptions.request(agreement_id, asked.on, actor=caller.actor)

        return page.attempt(agreement_id, act, to="#redemption")

    return pages


def _cancellation(pages: Blueprint, page: AgreementPage) -> None:
    @pages.post("/cancellation")
    def record(agreement_id: uuid.UUID) -> BaseResponse:
        caller = current_caller()

        def act() -> None:
            asked = cancellation_in(request.form, on=page.today)
            page.cancellations.request(
                agreement_id,
                asked.channel,
                received_at=asked.received_at,
                note=asked.note,
                actor=caller.actor,
                own_index=caller.own_index,
            )

        return page.attempt(agreement_id, act, to="#cancellation")

    @pages.post("/cancellation/<any(confirm, reject):verdict>")
    def second_person(agreement_id: uuid.UUID, verdict: str) -> BaseResponse:
        caller, waiting = current_caller(), page.cancellations.of_agreement(agreement_id)
        if waiting is None:
            raise NotFound
        judge = page.cancellations.confirm if verdict == "confirm" else page.cancellations.reject
        return page.attempt(
            agreement_id,
            lambda: judge(waiting.id, actor=caller.actor, own_index=caller.own_index),
            to="#cancellation",
        )


def _annulment(pages: Blueprint, page: AgreementPage) -> None:
    @pages.post("/annulment")
    def annul(agreement_id: uuid.UUID) -> BaseResponse:
        def act() -> None:
            body = members_in(
                request.form, AnnulmentRequestSchema(), "ground", "reason", prefix="annulment_", on=page.today
            )
            page.annulments.ask(agreement_id, body.ground, reason=body.reason, caller=current_caller())

        return page.attempt(agreement_id, act, to="#annulment")

    @pages.post("/annulment/<any(approve, reject):verdict>")
    def settle_annulment(agreement_id: uuid.UUID, verdict: str) -> BaseResponse:
        waiting = page.annulments.of_agreement(agreement_id)
        if waiting is None:
            raise NotFound
        settle = page.annulments.approve if verdict == "approve" else page.annulments.reject
        return page.attempt(agreement_id, lambda: settle(waiting.id, caller=current_caller()), to="#annulment")
