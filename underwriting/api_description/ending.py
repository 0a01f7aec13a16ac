"""The operations that end an agreement: cancellation, early redemption, annulment."""

from schemas.agreements import (
    CancellationQuoteSchema,
    CancellationRequestSchema,
    CancellationSchema,
    RedemptionQuoteSchema,
    RedemptionRequestSchema,
    RedemptionSchema,
)
from schemas.annulments import AnnulmentRequestSchema, AnnulmentSchema
from underwriting.api_description.operation import (
    RECORDERS,
    STAFF,
    UNDERWRITERS,
    Answer,
    Area,
    Audience,
    Operation,
    Parameter,
)
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Scope

_DAY = Parameter(
    name="on",
    place="query",
    text=Text("Dagen för lösen; utan den räknas i dag", "The day of redemption; today without it"),
    schema={"type": "string", "format": "date"},
)
_AGREEMENT_PATH = "/v1/agreements/{agreement_id}"
_ANNULMENT = Answer(text=Text("Annulleringen", "The annulment"), schemas=(AnnulmentSchema,))
_CANCELLATION = Answer(text=Text("Hävningen", "The cancellation"), schemas=(CancellationSchema,))

ENDING = (
    Operation(
        area=Area.ENDING,
        method="GET",
        path="/v1/agreements/{agreement_id}/cancellation-quote",
        summary=Text("Vad en hävning kostar nu", "What cancelling costs now"),
        who=(Audience.BORROWER, *STAFF),
        scope=Scope.AGREEMENTS_READ,
        answers={200: Answer(text=Text("Villkoren", "The terms"), schemas=(CancellationQuoteSchema,))},
        rules=("C4", "C8"),
    ),
    Operation(
        area=Area.ENDING,
        method="POST",
        path="/v1/agreements/{agreement_id}/cancellation",
        summary=Text("Häv avtalet", "Cancel the agreement"),
        who=(Audience.BORROWER, *RECORDERS),
        body=CancellationRequestSchema,
        body_is_optional=True,
        answers={201: _CANCELLATION},
        rules=("A7", "C1", "C2", "C4", "C5", "C6", "C8"),
        takes_key=True,
        takes_tag_of=_AGREEMENT_PATH,
    ),
    Operation(
        area=Area.ENDING,
        method="POST",
        path="/v1/cancellations/{cancellation_id}/confirmation",
        summary=Text("Bekräfta en hävning som antecknades sent", "Confirm a cancellation that was recorded late"),
        who=RECORDERS,
        answers={200: _CANCELLATION},
        rules=("A7", "C5"),
        takes_key=True,
    ),
    Operation(
        area=Area.ENDING,
        method="POST",
        path="/v1/cancellations/{cancellation_id}/rejection",
        summary=Text("Avvisa en hävning som antecknades sent", "Reject a cancellation that was recorded late"),
        who=RECORDERS,
        answers={200: _CANCELLATION},
        rules=("A7", "C5"),
        takes_key=True,
    ),
    Operation(
        area=Area.ENDING,
        method="GET",
        path="/v1/agreements/{agreement_id}/redemption-quote",
        summary=Text("Vad lösen kostar en viss dag", "What redeeming costs on a day"),
        who=(Audience.BORROWER, *STAFF),
        scope=Scope.AGREEMENTS_READ,
        parameters=(_DAY,),
        answers={200: Answer(text=Text("Summan", "The sum"), schemas=(RedemptionQuoteSchema,))},
        rules=("C8", "F3"),
    ),
    Operation(
        area=Area.ENDING,
        method="POST",
        path="/v1/agreements/{agreement_id}/redemption",
        summary=Text("Begär förtida lösen", "Ask for early redemption"),
        who=(Audience.BORROWER, *RECORDERS),
        body=RedemptionRequestSchema,
        answers={201: Answer(text=Text("Begäran", "The request"), schemas=(RedemptionSchema,))},
        rules=("A7", "C8", "F3", "P3"),
        takes_key=True,
        takes_tag_of=_AGREEMENT_PATH,
    ),
    Operation(
        area=Area.ENDING,
        method="POST",
        path="/v1/agreements/{agreement_id}/annulment",
        summary=Text(
            "Begär annullering före utbetalning; ingenting betalas medan den väntar på en andra person",
            "Ask for annulment before payout; nothing is paid while it waits for a second person",
        ),
        who=UNDERWRITERS,
        body=AnnulmentRequestSchema,
        answers={201: _ANNULMENT},
        rules=("A7", "D8", "P3"),
        takes_key=True,
        takes_tag_of=_AGREEMENT_PATH,
    ),
    Operation(
        area=Area.ENDING,
        method="POST",
        path="/v1/annulments/{annulment_id}/approval",
        summary=Text("Godkänn en annullering som andra person", "Approve an annulment as second person"),
        who=UNDERWRITERS,
        answers={200: _ANNULMENT},
        rules=("A7", "D8", "P3"),
        takes_key=True,
    ),
    Operation(
        area=Area.ENDING,
        method="POST",
        path="/v1/annulments/{annulment_id}/rejection",
        summary=Text("Lägg ned en annullering", "Drop an annulment"),
        who=UNDERWRITERS,
        answers={200: _ANNULMENT},
        rules=("A7",),
        takes_key=True,
    ),
)
"""In the order in which one asks for them."""
