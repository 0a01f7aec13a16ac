"""Events for integrators, their webhook endpoints, and what was delivered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.answers import Answer
from schemas.fields import IdField, InstantField, ListField, TextField, WholeNumberField, Worded
from schemas.loading import Body
from schemas.problems import invalid_body
from underwriting.kernel.errors import FieldError
from underwriting.kernel.event_catalogue import CATALOGUE
from underwriting.kernel.text import Text

MOST_KINDS = len(CATALOGUE)
_LONGEST_URL = 2000
_KINDS = {"enum": [kind.name for kind in CATALOGUE]}
_ONE_OF_TWO = Text("Ange antingen since eller event_id", "Give either since or event_id")


@dataclass(frozen=True, kw_only=True, slots=True)
class EndpointBody:
    """Where events are to be sent, and which kinds; None is all of them."""

    url: str
    event_types: tuple[str, ...] | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayBody:
    """What is to be told again: everything since an instant, or one event."""

    since: datetime | None
    event_id: UUID | None


class DataField(Worded[dict[str, Any]]):
    """The data of an event; the catalogue says which members each kind has."""

    def __init__(self, **options: Any) -> None:
        described = {"type": "object", "description": "By `type`, see docs/events.md"}
        super().__init__(described=described, dump_only=True, **options)

    def accept(self, value: Any) -> dict[str, Any]:
        """Nothing: TypeError, since events are told and never received."""
        raise TypeError(f"the data of an event are not read, of whatever type: {type(value).__name__}")


class WebhookEndpointRequestSchema(Body[EndpointBody]):
    """An endpoint to be added: https and publicly reachable; in the sandbox on this machine."""

    url = TextField(longest=_LONGEST_URL, required=True, described={"format": "uri"})
    event_types = ListField(TextField(longest=100, described=_KINDS), most=MOST_KINDS, load_default=None)

    def make(self, **members: Any) -> EndpointBody:
        """The endpoint."""
        return EndpointBody(**members)


class ReplayRequestSchema(Body[ReplayBody]):
    """What is to be told again: `since` an instant, or one `event_id`."""

    since = InstantField(load_default=None)
    event_id = IdField(load_default=None)

    def make(self, **members: Any) -> ReplayBody:
        """The choice; InvalidInput for none or both."""
        if (members["since"] is None) == (members["event_id"] is None):
            raise invalid_body((FieldError("/since", _ONE_OF_TWO),))
        return ReplayBody(**members)


class WebhookEndpointSchema(Answer):
    """An endpoint. Without `event_types` it is told of all; `failing` is tried again, `disabled` is not."""

    id = IdField()
    url = TextField(longest=_LONGEST_URL)
    event_types = ListField(TextField(longest=100, described=_KINDS), most=MOST_KINDS)
    state = TextField(longest=20, described={"enum": ["active", "failing", "disabled"]})
    created_at = InstantField()
    failing_since = InstantField()
    disabled_at = InstantField()
    both_secrets_until = InstantField()


class CreatedWebhookEndpointSchema(WebhookEndpointSchema):
    """An endpoint with its new secret, which is not shown again."""

    secret = TextField(longest=100)


class ReplaySchema(Answer):
    """How many events are told again."""

    count = WholeNumberField()


class DeliveryAttemptSchema(Answer):
    """One attempt to tell an endpoint of an event: the receiver's `status`, or what went wrong on the way."""

    id = IdField()
    event_id = IdField(attribute="message_id")
    attempt = WholeNumberField()
    at = InstantField()
    milliseconds = WholeNumberField()
    outcome = TextField(longest=20, described={"enum": ["delivered", "temporary", "permanent"]})
    status = WholeNumberField()
    fault = TextField(longest=40)


class EventSchema(Answer):
    """An event, as it is also sent to endpoints. Those of one `subject` come in order of `position`."""

    id = IdField()
    type = TextField(longest=100, described=_KINDS)
    timestamp = InstantField()
    position = WholeNumberField()
    subject = TextField(longest=100)
    data = DataField()
