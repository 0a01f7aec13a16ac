"""From the service's values to an answer."""

from typing import Any

from marshmallow import Schema, post_dump


class Answer(Schema):
    """What the service answers. A member without a value is left out."""

    @post_dump
    def _without_gaps(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if value is not None}
