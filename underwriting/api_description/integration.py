"""The operations of integrators: events, and the endpoints that are told of them."""

from schemas.clients import MeSchema, TokenRequestSchema, TokenSchema
from schemas.events import (
    CreatedWebhookEndpointSchema,
    DeliveryAttemptSchema,
    EventSchema,
    ReplayRequestSchema,
    ReplaySchema,
    WebhookEndpointRequestSchema,
    WebhookEndpointSchema,
)
from underwriting.api_description.intake import CURSOR, DONE, LIMIT
from underwriting.api_description.operation import STAFF, Answer, Area, Audience, Operation, Parameter
from underwriting.kernel.event_catalogue import CATALOGUE
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Scope

ACCESS = (
    Operation(
        area=Area.ACCESS,
        method="POST",
        path="/v1/token",
        summary=Text(
            "Byt en nyckel mot en kortlivad token (OAuth 2.0)", "Exchange a key for a short-lived token (OAuth 2.0)"
        ),
        who=(Audience.ANYONE,),
        body=TokenRequestSchema,
        body_media_type="application/x-www-form-urlencoded",
        answers={200: Answer(text=Text("En token för tio minuter", "A token for ten minutes"), schemas=(TokenSchema,))},
        logs_in=True,
    ),
    Operation(
        area=Area.ACCESS,
        method="GET",
        path="/v1/me",
        summary=Text("Läs vem du är", "Read who you are"),
        who=(Audience.CLIENT, Audience.PERSON, *STAFF),
        answers={200: Answer(text=Text("Den som frågar", "The caller"), schemas=(MeSchema,))},
    ),
)
"""What machine clients log in by."""

_READERS = (Audience.ADMINISTRATOR, Audience.AUDITOR)
_MANAGERS = (Audience.ADMINISTRATOR,)
_ENDPOINTS = "/v1/webhook-endpoints"
_ENDPOINT = f"{_ENDPOINTS}/{{endpoint_id}}"
_AFTER = Parameter(
    name="cursor",
    place="query",
    text=Text(
        "Bara händelser efter den här positionen: den sist lästa", "Only events after this position: the last one read"
    ),
    schema={"type": "string", "pattern": "^[0-9]{1,18}$"},
)
_KIND = Parameter(
    name="type",
    place="query",
    text=Text("Bara händelser av detta slag", "Only events of this kind"),
    schema={"type": "string", "enum": [kind.name for kind in CATALOGUE]},
)
_SUBJECT = Parameter(
    name="subject",
    place="query",
    text=Text("Bara händelser om detta, till exempel agreement:ID", "Only events about this, such as agreement:ID"),
)
_SHOWN = Answer(text=Text("Mottagaren", "The endpoint"), schemas=(WebhookEndpointSchema,))
_NEW_SECRET = Answer(
    text=Text("Mottagaren, med hemligheten som bara visas nu", "The endpoint, with the secret that is shown only now"),
    schemas=(CreatedWebhookEndpointSchema,),
)

INTEGRATION = (
    Operation(
        area=Area.EVENTS,
        method="GET",
        path="/v1/events",
        summary=Text("Läs händelser i ordning", "Read events in order"),
        who=_READERS,
        scope=Scope.EVENTS_READ,
        parameters=(_AFTER, LIMIT, _KIND, _SUBJECT),
        answers={
            200: Answer(text=Text("Händelserna", "The events"), schemas=(EventSchema,), listed=True, paged=True),
        },
    ),
    Operation(
        area=Area.EVENTS,
        method="GET",
        path="/v1/events/{event_id}",
        summary=Text("Läs en händelse", "Read an event"),
        who=_READERS,
        scope=Scope.EVENTS_READ,
        answers={200: Answer(text=Text("Händelsen", "The event"), schemas=(EventSchema,))},
    ),
    Operation(
        area=Area.EVENTS,
        method="POST",
        path=_ENDPOINTS,
        summary=Text("Lägg till en mottagare av händelser", "Add an endpoint that is told of events"),
        who=_MANAGERS,
        scope=Scope.WEBHOOK_ENDPOINTS_MANAGE,
        body=WebhookEndpointRequestSchema,
        answers={201: _NEW_SECRET},
        rules=("A7",),
        takes_key=True,
    ),
    Operation(
        area=Area.EVENTS,
        method="GET",
        path=_ENDPOINTS,
        summary=Text("Lista mottagarna", "List the endpoints"),
        who=_READERS,
        scope=Scope.WEBHOOK_ENDPOINTS_MANAGE,
        answers={
            200: Answer(text=Text("Mottagarna", "The endpoints"), schemas=(WebhookEndpointSchema,), listed=True),
        },
    ),
    Operation(
        area=Area.EVENTS,
        method="GET",
        path=_ENDPOINT,
        summary=Text("Läs en mottagare", "Read an endpoint"),
        who=_READERS,
        scope=Scope.WEBHOOK_ENDPOINTS_MANAGE,
        answers={200: _SHOWN},
        is_tagged=True,
    ),
    Operation(
        area=Area.EVENTS,
        method="DELETE",
        path=_ENDPOINT,
        summary=Text("Ta bort en mottagare", "Remove an endpoint"),
        who=_MANAGERS,
        scope=Scope.WEBHOOK_ENDPOINTS_MANAGE,
        answers={204: DONE},
        rules=("A7",),
        takes_key=True,
        takes_tag_of=_ENDPOINT,
    ),
    Operation(
        area=Area.EVENTS,
        method="POST",
        path=f"{_ENDPOINT}/secret-rotation",
        summary=Text(
            "Byt hemlighet; i ett dygn signerar också den förra", "Change the secret; for a day the last one signs too"
        ),
        who=_MANAGERS,
        scope=Scope.WEBHOOK_ENDPOINTS_MANAGE,
        answers={200: _NEW_SECRET},
        rules=("A7",),
        takes_key=True,
        takes_tag_of=_ENDPOINT,
    ),
    Operation(
        area=Area.EVENTS,
        method="POST",
        path=f"{_ENDPOINT}/activation",
        summary=Text("Öppna en avstängd mottagare", "Enable an endpoint that was disabled"),
        who=_MANAGERS,
        scope=Scope.WEBHOOK_ENDPOINTS_MANAGE,
        answers={200: _SHOWN},
        rules=("A7",),
        takes_key=True,
        is_tagged=True,
        takes_tag_of=_ENDPOINT,
    ),
    Operation(
        area=Area.EVENTS,
        method="POST",
        path=f"{_ENDPOINT}/replays",
        summary=Text("Skicka händelser igen", "Tell of events again"),
        who=_MANAGERS,
        scope=Scope.WEBHOOK_ENDPOINTS_MANAGE,
        body=ReplayRequestSchema,
        answers={201: Answer(text=Text("Hur många", "How many"), schemas=(ReplaySchema,))},
        rules=("A7",),
        takes_key=True,
    ),
    Operation(
        area=Area.EVENTS,
        method="GET",
        path=f"{_ENDPOINT}/attempts",
        summary=Text("Läs leveransloggen, det senaste först", "Read the delivery log, the latest first"),
        who=_READERS,
        scope=Scope.WEBHOOK_ENDPOINTS_MANAGE,
        parameters=(CURSOR, LIMIT),
        answers={
            200: Answer(
                text=Text("Försöken", "The attempts"), schemas=(DeliveryAttemptSchema,), listed=True, paged=True
            ),
        },
    ),
)
