"""Agreements over HTTP: what each party sees of one. What is not the caller's answers 404."""

import uuid

from flask import Blueprint, Response, jsonify, request

from agreements.credit.services.show_agreement import Agreements
from schemas.agreements import (
    AgreementSchema,
    DocumentSchema,
    GuaranteeSchema,
    LedgerEntrySchema,
    LiablePartySchema,
)
from underwriting.kernel.errors import FieldError, InvalidInput
from underwriting.kernel.text import Language, Text
from underwriting.platform.authentication import current_caller
from underwriting.platform.preconditions import tagged

_DEFAULT_LIMIT = "50"
_NOT_A_CURSOR = Text("Listan har ingen sådan fortsättning", "The list has no such continuation")
_NOT_A_LIMIT = Text("Här behövs ett heltal", "A whole number is needed here")


def blueprint(agreements: Agreements) -> Blueprint:
    """The views; all of them only read."""
    views = Blueprint("agreements", __name__, url_prefix="/v1/agreements/<uuid:agreement_id>")

    @views.get("")
    @tagged
    def show_agreement(agreement_id: uuid.UUID) -> Response:
        return jsonify(AgreementSchema().dump(agreements.show(agreement_id, current_caller())))

    @views.get("/guarantees")
    def show_guarantees(agreement_id: uuid.UUID) -> Response:
        found = agreements.guarantees(agreement_id, current_caller())
        return jsonify({"items": GuaranteeSchema(many=True).dump(found)})

    @views.get("/liable-parties")
    def show_liable_parties(agreement_id: uuid.UUID) -> Response:
        found = agreements.liable_parties(agreement_id, current_caller())
        return jsonify({"items": LiablePartySchema(many=True).dump(found)})

    @views.get("/ledger")
    def show_ledger(agreement_id: uuid.UUID) -> Response:
        page = agreements.ledger(agreement_id, current_caller(), after=_cursor(), limit=_limit())
        answer = {"items": LedgerEntrySchema(many=True).dump(page.items)}
        return jsonify(answer | ({"next_cursor": str(page.next_cursor)} if page.next_cursor else {}))

    @views.get("/documents")
    def show_documents(agreement_id: uuid.UUID) -> Response:
        found = agreements.documents(agreement_id, current_caller())
        return jsonify({"items": DocumentSchema(many=True).dump(found)})

    @views.get("/documents/<uuid:document_id>")
    def show_document(agreement_id: uuid.UUID, document_id: uuid.UUID) -> Response:
        language: Language = "en" if request.args.get("language") == "en" else "sv"
        file = agreements.document(agreement_id, document_id, current_caller(), language=language)
        # A browser shows no PDF in a sandbox, and a stranger's words are shown nowhere else: it is downloaded.
        shown = "inline" if file.suffix == "txt" else "attachment"
        headers = {
            "Content-Language": language,
            "Content-Disposition": f'{shown}; filename="{document_id}-{language}.{file.suffix}"',
            "Content-Security-Policy": "sandbox; default-src 'none'",
        }
        return Response(file.content, content_type=file.media_type, headers=headers)

    return views


def _cursor() -> uuid.UUID | None:
    text = request.args.get("cursor")
    try:
        return uuid.UUID(text) if text else None
    except ValueError:
        raise InvalidInput(errors=(FieldError("/cursor", _NOT_A_CURSOR),)) from None


def _limit() -> int:
    try:
        return int(request.args.get("limit", _DEFAULT_LIMIT))
    except ValueError:
        raise InvalidInput(errors=(FieldError("/limit", _NOT_A_LIMIT),)) from None
