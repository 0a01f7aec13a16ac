"""`/openapi.json` for machines and `/docs` for people."""

from collections.abc import Mapping
from http import HTTPStatus

from flask import Blueprint, Response, jsonify

from underwriting.api_description.document import document, name_of
from underwriting.api_description.members import bodies
from underwriting.api_description.operation import Area, Operation
from underwriting.api_description.operations import OPERATIONS
from underwriting.web.layout import render


def blueprint() -> Blueprint:
    """Both views."""
    views = Blueprint("api_description", __name__)

    @views.get("/openapi.json")
    def openapi() -> Response:
        return jsonify(document())

    @views.get("/docs")
    def docs() -> Response:
        return render("docs.html", areas=_by_area(), bodies=bodies(), name_of=name_of, phrase_of=_phrase_of)

    return views


def _by_area() -> Mapping[Area, list[Operation]]:
    return {area: [each for each in OPERATIONS if each.area is area] for area in Area}


def _phrase_of(status: int) -> str:
    return HTTPStatus(status).phrase
