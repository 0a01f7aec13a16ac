"""The operations on what is known of a customer, and on what staff look into."""

from schemas.customers import (
    BeginItemSchema,
    CustomerSchema,
    EvidenceFileSchema,
    EvidenceSchema,
    ItemNoteSchema,
    ItemSchema,
    ItemSummarySchema,
    SettlementSchema,
)
from underwriting.api_description.intake import DONE
from underwriting.api_description.operation import (
    CASE_READERS,
    UNDERWRITERS,
    Answer,
    Area,
    Audience,
    Operation,
)
from underwriting.kernel.text import Text

_CUSTOMER = "/v1/applications/{application_id}/due-diligence"
_ITEM_PATH = f"{_CUSTOMER}/items/{{item_id}}"
_SENIORS = (Audience.SENIOR_UNDERWRITER, Audience.ADMINISTRATOR)
_ITEM = Answer(text=Text("Det som utreds", "What is looked into"), schemas=(ItemSchema,))
_RULES = ("A7", "D8", "K1")

CUSTOMERS = (
    Operation(
        area=Area.DUE_DILIGENCE,
        method="GET",
        path="/v1/due-diligence/items",
        summary=Text("Lista det som väntar på en människa", "List what waits for a person"),
        who=CASE_READERS,
        answers={200: Answer(text=Text("Äldst först", "The oldest first"), schemas=(ItemSummarySchema,), listed=True)},
    ),
    Operation(
        area=Area.DUE_DILIGENCE,
        method="GET",
        path=_CUSTOMER,
        summary=Text("Läs vad som är känt om kunden", "Read what is known of the customer"),
        who=CASE_READERS,
        answers={
            200: Answer(
                text=Text("Riskklass, huvudmän och det som utreds", "Risk class, owners and what is looked into"),
                schemas=(CustomerSchema,),
            )
        },
        is_tagged=True,
    ),
    Operation(
        area=Area.DUE_DILIGENCE,
        method="POST",
        path=f"{_CUSTOMER}/items",
        summary=Text("Börja utreda något på eget initiativ", "Begin to look into something by oneself"),
        who=UNDERWRITERS,
        body=BeginItemSchema,
        answers={201: _ITEM},
        rules=_RULES,
        takes_key=True,
        takes_tag_of=_CUSTOMER,
    ),
    Operation(
        area=Area.DUE_DILIGENCE,
        method="PUT",
        path=f"{_ITEM_PATH}/assignment",
        summary=Text("Ta hand om en utredning", "Take charge of it"),
        who=UNDERWRITERS,
        answers={200: _ITEM},
        rules=_RULES,
        takes_key=True,
        takes_tag_of=_CUSTOMER,
    ),
    Operation(
        area=Area.DUE_DILIGENCE,
        method="DELETE",
        path=f"{_ITEM_PATH}/assignment",
        summary=Text("Lämna tillbaka en utredning", "Give it back"),
        who=UNDERWRITERS,
        answers={204: DONE},
        rules=_RULES,
        takes_key=True,
        takes_tag_of=_CUSTOMER,
    ),
    Operation(
        area=Area.DUE_DILIGENCE,
        method="POST",
        path=f"{_ITEM_PATH}/settlement",
        summary=Text("Avgör en utredning, eller föreslå det", "Settle it, or propose to"),
        who=UNDERWRITERS,
        body=SettlementSchema,
        answers={201: _ITEM},
        rules=_RULES,
        takes_key=True,
        takes_tag_of=_CUSTOMER,
    ),
    Operation(
        area=Area.DUE_DILIGENCE,
        method="POST",
        path=f"{_ITEM_PATH}/approval",
        summary=Text("Godkänn som behörig beslutsfattare", "Approve it as somebody with authority"),
        who=_SENIORS,
        body=ItemNoteSchema,
        answers={201: _ITEM},
        rules=_RULES,
        takes_key=True,
        takes_tag_of=_CUSTOMER,
    ),
    Operation(
        area=Area.DUE_DILIGENCE,
        method="POST",
        path=f"{_ITEM_PATH}/rejection",
        summary=Text("Lämna tillbaka ett förslag", "Send a proposal back"),
        who=_SENIORS,
        body=ItemNoteSchema,
        answers={201: _ITEM},
        rules=_RULES,
        takes_key=True,
        takes_tag_of=_CUSTOMER,
    ),
    Operation(
        area=Area.DUE_DILIGENCE,
        method="POST",
        path=f"{_ITEM_PATH}/evidence",
        summary=Text("Lägg till underlag", "Add evidence"),
        who=UNDERWRITERS,
        body=EvidenceFileSchema,
        answers={201: Answer(text=Text("Filen", "The file"), schemas=(EvidenceSchema,))},
        rules=_RULES,
        takes_key=True,
        takes_tag_of=_CUSTOMER,
    ),
    Operation(
        area=Area.DUE_DILIGENCE,
        method="GET",
        path=f"{_ITEM_PATH}/evidence/{{evidence_id}}",
        summary=Text("Hämta underlag", "Fetch evidence"),
        who=CASE_READERS,
        answers={200: Answer(text=Text("Filen", "The file"), media_type="application/octet-stream")},
    ),
)
"""Every operation on them."""
