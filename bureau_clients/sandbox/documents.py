"""JSON as both bureaus write it."""

import json
from typing import Any

from flask import Response


def as_json(document: Any, status: int = 200) -> Response:
    """*document* in UTF-8, with its letters as they are."""
    body = json.dumps(document, ensure_ascii=False)
    return Response(body, status=status, content_type="application/json; charset=utf-8")
