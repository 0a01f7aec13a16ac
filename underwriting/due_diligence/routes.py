"""Sanctions lists and matches over HTTP, for staff alone (rules K1, D10, D16)."""

import io
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from typing import IO, Any

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from schemas.due_diligence import LoadedListSchema, MatchNoteSchema, SanctionsListSchema, SanctionsMatchSchema
from schemas.loading import load
from underwriting.due_diligence.likeness import paired
from underwriting.due_diligence.service import SanctionsDesk
from underwriting.due_diligence.services.settle_match import MatchView
from underwriting.kernel.errors import InvalidInput
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.platform.authentication import current_caller
from underwriting.platform.idempotency import idempotent
from underwriting.platform.preconditions import if_unchanged, tagged
from underwriting.platform.runtime import Runtime

_MATCH = "/sanctions-matches/<uuid:match_id>"


class MatchQueryRefused(InvalidInput):
    """The query asks for matches in a state that a list of them is not kept for."""

    slug = "match-query-refused"
    title = Text("Ange state=waiting eller state=settled", "Ask for state=waiting or state=settled")


def blueprint(runtime: Runtime, desk: SanctionsDesk) -> Blueprint:
    """The views under `/v1/due-diligence`."""
    views = Blueprint("due_diligence", __name__, url_prefix="/v1/due-diligence")
    unchanged = if_unchanged("match_id", "due_diligence.show_match")

    def note() -> str:
        return load(MatchNoteSchema(), request.get_json(), on=stockholm_date(runtime.clock.now()))

    @views.get("/sanctions-lists")
    def show_lists() -> Response:
        return jsonify({"items": SanctionsListSchema(many=True).dump(desk.lists(current_caller()))})

    @views.post("/sanctions-lists")
    @idempotent(runtime)
    def load_list() -> ResponseReturnValue:
        upload = request.files.get("file")
        file: IO[bytes] = upload.stream if upload else io.BytesIO(request.get_data())
        return jsonify(LoadedListSchema().dump(desk.load(file, current_caller()))), 201

    @views.get("/sanctions-matches")
    def show_matches() -> Response:
        ask = {"waiting": desk.waiting, "settled": desk.settled}.get(request.args.get("state", "waiting"))
        if ask is None:
            raise MatchQueryRefused
        return jsonify({"items": [_told(one) for one in ask(current_caller())]})

    @views.get(_MATCH)
    @tagged
    def show_match(match_id: uuid.UUID) -> Response:
        return jsonify(_told(desk.match(match_id, current_caller())))

    @views.post(f"{_MATCH}/clearance")
    @idempotent(runtime)
    @unchanged
    def clear_match(match_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(_told(desk.clear(match_id, note(), current_caller()))), 201

    @views.post(f"{_MATCH}/confirmation")
    @idempotent(runtime)
    @unchanged
    def confirm_match(match_id: uuid.UUID) -> ResponseReturnValue:
        return jsonify(_told(desk.confirm(match_id, note(), current_caller()))), 201

    return views


def _told(match: MatchView) -> Mapping[str, Any]:
    entry = match.entry
    values = {
        "name": match.party_name,
        "number": match.party_number,
        "born": match.party_born,
        "words": [asdict(one) for one in paired(match.party_name or "", match.listed_name)],
        "listed": {
            "reference": entry.reference,
            "kind": entry.kind,
            "name": match.listed_name,
            "names": entry.names,
            "born": list(map(str, entry.born)),
            "citizenships": entry.citizenships,
            "remark": entry.remark or None,
        },
    }
    told: Mapping[str, Any] = SanctionsMatchSchema().dump(_members(match) | values)
    return told


def _members(match: MatchView) -> dict[str, Any]:
    names = SanctionsMatchSchema().fields.keys()
    return {name: getattr(match, name) for name in names if hasattr(match, name)}
