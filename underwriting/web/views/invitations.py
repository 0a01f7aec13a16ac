"""The page behind the personal link in a letter to somebody who is to sign (rule G2).

Before BankID it tells who asks, for which company and what; whoever is identified as the person who was invited is led
to what is to be signed. A link that is wrong, over or somebody else's says so, and opens nothing.
"""

import uuid
from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, redirect
from werkzeug.wrappers import Response as BaseResponse

from agreements.credit.services.open_invitation import InvitationState, OpenedInvitation, SigningInvitations
from agreements.signing.service import Signings
from underwriting.kernel.errors import NotFound
from underwriting.platform.authentication import current_caller
from underwriting.platform.end_users import end_user_ip
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import render
from underwriting.web.views.signing import to_signing_page

_Open = Callable[[uuid.UUID, str], OpenedInvitation]


def blueprint(runtime: Runtime, signings: Signings) -> Blueprint:
    """The invitations of guarantors and of signatories."""
    invitations = SigningInvitations(runtime)
    pages = Blueprint("signing_invitations", __name__)

    @pages.get("/guarantees/<uuid:guarantee_id>/invitation/<token>")
    def guarantor(guarantee_id: uuid.UUID, token: str) -> BaseResponse:
        return _shown("guarantees", guarantee_id, token, invitations.of_guarantor)

    @pages.post("/guarantees/<uuid:guarantee_id>/invitation/<token>")
    def identify_guarantor(guarantee_id: uuid.UUID, token: str) -> BaseResponse:
        return _identified(signings, "guarantees", guarantee_id, token, invitations.of_guarantor)

    @pages.get("/agreements/<uuid:agreement_id>/invitation/<token>")
    def signatory(agreement_id: uuid.UUID, token: str) -> BaseResponse:
        return _shown("agreements", agreement_id, token, invitations.of_signatory)

    @pages.post("/agreements/<uuid:agreement_id>/invitation/<token>")
    def identify_signatory(agreement_id: uuid.UUID, token: str) -> BaseResponse:
        return _identified(signings, "agreements", agreement_id, token, invitations.of_signatory)

    return pages


def _shown(kind: str, thing_id: uuid.UUID, token: str, find: _Open) -> BaseResponse:
    found, caller = _found(find, thing_id, token), current_caller()
    if found is None or found.state is InvitationState.OVER:
        return _page(kind, found)
    if found.is_for(caller):
        return redirect(f"/{kind}/{thing_id}", 303)
    return _page(kind, found, is_anothers=caller.person_index is not None)


def _identified(signings: Signings, kind: str, thing_id: uuid.UUID, token: str, find: _Open) -> BaseResponse:
    found = _found(find, thing_id, token)
    if found is None or found.state is InvitationState.OVER:
        return _page(kind, found)
    started = signings.identify(end_user_ip=end_user_ip())
    return to_signing_page(started, back=f"/{kind}/{thing_id}/invitation/{token}")


def _found(find: _Open, thing_id: uuid.UUID, token: str) -> OpenedInvitation | None:
    try:
        return find(thing_id, token)
    except NotFound:
        return None


def _page(kind: str, found: OpenedInvitation | None, *, is_anothers: bool = False) -> BaseResponse:
    """Whose the link is, is told by nothing but that it lets nobody else in: another's is not there (404)."""
    status = HTTPStatus.OK
    if found is None or is_anothers:
        status = HTTPStatus.NOT_FOUND
    elif found.state is InvitationState.OVER:
        status = HTTPStatus.GONE
    return render("portal/invited.html", status=status, kind=kind, invitation=found, is_anothers=is_anothers)
