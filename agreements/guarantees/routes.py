"""The register of guarantees over HTTP, for staff (rule G6)."""

import uuid

from flask import Blueprint, Response, jsonify

from agreements.guarantees import service
from schemas.guarantees import ExposureSchema
from underwriting.platform.runtime import Runtime


def blueprint(runtime: Runtime) -> Blueprint:
    """The views; a guarantor is named by the id of any guarantee of theirs, never by a personal number."""
    views = Blueprint("guarantees", __name__, url_prefix="/v1")

    @views.get("/guarantors/<uuid:guarantee_id>/exposure")
    def show_exposure(guarantee_id: uuid.UUID) -> Response:
        with runtime.database.transaction() as session:
            person_index = service.get(session, guarantee_id).person_index
            exposure = service.of_person(session, person_index)
        return jsonify(ExposureSchema().dump(exposure))

    return views
