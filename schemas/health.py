"""What the operator's probes are answered."""

from marshmallow import Schema, fields, validate

_STATES = validate.OneOf(("ok", "unavailable"))


class AliveSchema(Schema):
    """The process answers."""

    status = fields.String(required=True, validate=validate.OneOf(("ok",)))


class ReadinessSchema(Schema):
    """Whether everything is there that the service cannot work without, and each part of it."""

    status = fields.String(required=True, validate=_STATES)
    database = fields.String(required=True, validate=_STATES)
    tables = fields.String(required=True, validate=_STATES)
    clock = fields.String(required=True, validate=_STATES)
