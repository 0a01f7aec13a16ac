"""Agreements as staff find and read them, and their documents verified on the spot (rules S1, S3)."""

import uuid

from flask import Blueprint, Response, request

from agreements.signing.certificate_path import Roots
from agreements.signing.services.examine_document import examine
from underwriting.kernel.errors import NotFound
from underwriting.kernel.vocabulary import AgreementState
from underwriting.platform.authentication import current_caller
from underwriting.web.agreement_filter import read
from underwriting.web.layout import render
from underwriting.web.views.console_agreement_page import AgreementPage


def blueprint(page: AgreementPage, roots: Roots) -> Blueprint:
    """The views under `/console/agreements` that only show."""
    pages = Blueprint("console_agreements", __name__, url_prefix="/agreements")

    @pages.get("")
    def index() -> Response:
        wanted = read(request.args, on=page.today)
        before = _cursor(request.args.get("cursor"))
        listed = (
            page.agreements.list_all(current_caller(), sought=wanted.sought, before=before)
            if not wanted.errors
            else None
        )
        return render(
            "console/agreements.html",
            wanted=wanted,
            states=list(AgreementState),
            rows=listed.items if listed else (),
            next_cursor=listed.next_cursor if listed else None,
            errors=wanted.errors,
        )

    @pages.get("/<uuid:agreement_id>")
    def show(agreement_id: uuid.UUID) -> Response:
        return page.show(agreement_id)

    @pages.get("/<uuid:agreement_id>/documents/<uuid:document_id>")
    def document(agreement_id: uuid.UUID, document_id: uuid.UUID) -> Response:
        """The document's facts, and every step of its verification as it comes out now."""
        caller = current_caller()
        found = next((one for one in page.agreements.documents(agreement_id, caller) if one.id == document_id), None)
        if found is None:
            raise NotFound
        with page.runtime.database.transaction() as session:
            examined = examine(session, page.runtime, document_id, roots=roots)
        return render(
            "console/agreement_document.html",
            agreement=page.agreements.show(agreement_id, caller),
            document=found,
            examined=examined,
            examined_at=page.runtime.clock.now(),
        )

    return pages


def _cursor(text: str | None) -> uuid.UUID | None:
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        return None
