"""What the operator's probes are answered."""

from marshmallow import Schema

from schemas.fields import TextField

_LONGEST = 11
_STATES = {"enum": ["ok", "unavailable"]}


class AliveSchema(Schema):
    """The process answers."""

    status = TextField(longest=_LONGEST, described={"enum": ["ok"]}, required=True)


class ReadinessSchema(Schema):
    """Whether everything is there that the service cannot work without, and each part of it."""

    status = TextField(longest=_LONGEST, described=_STATES, required=True)
    database = TextField(longest=_LONGEST, described=_STATES, required=True)
    tables = TextField(longest=_LONGEST, described=_STATES, required=True)
    clock = TextField(longest=_LONGEST, described=_STATES, required=True)
