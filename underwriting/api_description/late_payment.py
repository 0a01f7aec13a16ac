"""The operations of late payment: late interest, what it costs that an invoice is late, reference rates."""

from schemas.late_payment import (
    ClaimInterestSchema,
    LateChargeRequestSchema,
    LateChargeSchema,
    ReferenceRateRequestSchema,
    ReferenceRateSchema,
)
from underwriting.api_description.operation import (
    BILLING_DESK,
    BILLING_READERS,
    STAFF,
    Answer,
    Area,
    Audience,
    Operation,
    Parameter,
)
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Scope

_READERS = (Audience.BORROWER, *STAFF)
_THROUGH = Parameter(
    name="through",
    place="query",
    text=Text("Till och med den dagen; utan den i dag", "Through that day; without it today"),
    schema={"type": "string", "format": "date"},
)
_RATE = Answer(text=Text("Referensräntan", "The reference rate"), schemas=(ReferenceRateSchema,))
_CHARGE = Answer(text=Text("Det som togs ut", "What was charged"), schemas=(LateChargeSchema,))

LATE_PAYMENT = (
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/agreements/{agreement_id}/late-interest",
        summary=Text("Dröjsmålsräntan, period för period", "The late interest, stretch by stretch"),
        who=_READERS,
        scope=Scope.AGREEMENTS_READ,
        parameters=(_THROUGH,),
        answers={200: Answer(text=Text("Varje krav", "Each claim"), schemas=(ClaimInterestSchema,), listed=True)},
        rules=("R5",),
    ),
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/invoices/{invoice_id}/late-charges",
        summary=Text("Vad det kostat att fakturan är försenad", "What it has cost that the invoice is late"),
        who=_READERS,
        scope=Scope.AGREEMENTS_READ,
        answers={200: Answer(text=Text("Avgifterna", "The charges"), schemas=(LateChargeSchema,), listed=True)},
        rules=("R4",),
    ),
    Operation(
        area=Area.FEES,
        method="POST",
        path="/v1/invoices/{invoice_id}/late-charges",
        summary=Text("Ta ut en avgift för en försenad faktura, en gång", "Charge a step for a late invoice, once"),
        who=BILLING_DESK,
        body=LateChargeRequestSchema,
        answers={201: _CHARGE},
        rules=("A7", "R4"),
        takes_key=True,
    ),
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/reference-rates",
        summary=Text("Lista referensräntorna", "List the reference rates"),
        who=BILLING_READERS,
        answers={200: Answer(text=Text("Räntorna", "The rates"), schemas=(ReferenceRateSchema,), listed=True)},
    ),
    Operation(
        area=Area.FEES,
        method="POST",
        path="/v1/reference-rates",
        summary=Text(
            "Föreslå ett halvårs referensränta; en annan bekräftar", "Propose a half-year's rate; another confirms it"
        ),
        who=BILLING_DESK,
        body=ReferenceRateRequestSchema,
        answers={201: _RATE},
        rules=("A7", "R5"),
        takes_key=True,
    ),
    Operation(
        area=Area.FEES,
        method="POST",
        path="/v1/reference-rates/{rate_id}/confirmation",
        summary=Text("Bekräfta en annans förslag", "Confirm what another proposed"),
        who=BILLING_DESK,
        answers={200: _RATE},
        rules=("A7", "R5"),
        takes_key=True,
    ),
    Operation(
        area=Area.FEES,
        method="POST",
        path="/v1/reference-rates/{rate_id}/rejection",
        summary=Text("Avslå ett förslag", "Reject a proposal"),
        who=BILLING_DESK,
        answers={200: _RATE},
        rules=("A7", "R5"),
        takes_key=True,
    ),
)
