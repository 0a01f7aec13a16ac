"""The operations from the agreement to its end, and those of who runs the service."""

from schemas.agreements import (
    AgreementSchema,
    DocumentSchema,
    DrawdownRequestSchema,
    DrawdownSchema,
    GuaranteeSchema,
    LedgerEntrySchema,
    LiablePartySchema,
)
from schemas.billing import ChargedFeeSchema, FeeExplanationSchema, FeeRunRequestSchema, FeeRunSchema
from schemas.guarantees import ExposureSchema
from schemas.health import AliveSchema, ReadinessSchema
from schemas.sandbox import ClockSchema
from underwriting.api_description.intake import CURSOR, LIMIT
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
from underwriting.api_description.payments import PAYMENTS
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Scope

_PARTIES = (Audience.BORROWER, Audience.GUARANTOR, *STAFF)
_LANGUAGE = Parameter(
    name="language",
    place="query",
    text=Text("Handlingens språk; den svenska gäller", "The document's language; the Swedish text prevails"),
    schema={"type": "string", "enum": ["sv", "en"], "default": "sv"},
)
_AGREEMENT_PATH = "/v1/agreements/{agreement_id}"
_DRAWDOWN = Answer(text=Text("Uttaget", "The drawdown"), schemas=(DrawdownSchema,))

LENDING = (
    Operation(
        area=Area.AGREEMENTS,
        method="GET",
        path="/v1/agreements/{agreement_id}",
        summary=Text("Läs ett avtal", "Read an agreement"),
        who=_PARTIES,
        scope=Scope.AGREEMENTS_READ,
        answers={200: Answer(text=Text("Avtalet", "The agreement"), schemas=(AgreementSchema,))},
        is_tagged=True,
    ),
    Operation(
        area=Area.AGREEMENTS,
        method="GET",
        path="/v1/agreements/{agreement_id}/guarantees",
        summary=Text("Lista borgensåtagandena", "List the guarantees"),
        who=_PARTIES,
        scope=Scope.AGREEMENTS_READ,
        answers={200: Answer(text=Text("Åtagandena", "The guarantees"), schemas=(GuaranteeSchema,), listed=True)},
    ),
    Operation(
        area=Area.AGREEMENTS,
        method="GET",
        path="/v1/agreements/{agreement_id}/liable-parties",
        summary=Text("Lista alla som svarar för skulden", "List everybody who answers for the debt"),
        who=_PARTIES,
        scope=Scope.AGREEMENTS_READ,
        answers={200: Answer(text=Text("Parterna", "The parties"), schemas=(LiablePartySchema,), listed=True)},
    ),
    Operation(
        area=Area.AGREEMENTS,
        method="GET",
        path="/v1/agreements/{agreement_id}/ledger",
        summary=Text("Läs avtalets bokföring", "Read the agreement's books"),
        who=(Audience.BORROWER, *STAFF),
        scope=Scope.AGREEMENTS_READ,
        parameters=(CURSOR, LIMIT),
        answers={
            200: Answer(
                text=Text("Verifikationerna", "The entries"), schemas=(LedgerEntrySchema,), listed=True, paged=True
            )
        },
    ),
    Operation(
        area=Area.AGREEMENTS,
        method="GET",
        path="/v1/agreements/{agreement_id}/documents",
        summary=Text("Lista handlingarna", "List the documents"),
        who=_PARTIES,
        scope=Scope.AGREEMENTS_READ,
        answers={200: Answer(text=Text("Handlingarna", "The documents"), schemas=(DocumentSchema,), listed=True)},
    ),
    Operation(
        area=Area.AGREEMENTS,
        method="GET",
        path="/v1/agreements/{agreement_id}/documents/{document_id}",
        summary=Text("Läs en handling", "Read a document"),
        who=_PARTIES,
        scope=Scope.AGREEMENTS_READ,
        parameters=(_LANGUAGE,),
        answers={
            200: Answer(
                text=Text(
                    "Handlingen som PDF, förseglad när den är undertecknad (de första avtalens är ren text)",
                    "The document as PDF, sealed once it is signed (those of the first agreements are plain text)",
                ),
                media_type="application/pdf",
            )
        },
    ),
    Operation(
        area=Area.AGREEMENTS,
        method="GET",
        path="/v1/guarantors/{guarantee_id}/exposure",
        summary=Text("Allt som en person har borgat för", "Everything that one person has guaranteed"),
        who=STAFF,
        answers={200: Answer(text=Text("Åtagandena", "The guarantees"), schemas=(ExposureSchema,))},
    ),
    Operation(
        area=Area.PAYOUTS,
        method="POST",
        path="/v1/agreements/{agreement_id}/drawdowns",
        summary=Text("Begär ett uttag", "Ask for a drawdown"),
        who=(Audience.BORROWER,),
        body=DrawdownRequestSchema,
        answers={201: _DRAWDOWN},
        rules=("A7", "C1", "P1", "P4"),
        takes_key=True,
        takes_tag_of=_AGREEMENT_PATH,
    ),
    Operation(
        area=Area.PAYOUTS,
        method="GET",
        path="/v1/agreements/{agreement_id}/drawdowns",
        summary=Text("Lista uttagen", "List the drawdowns"),
        who=(Audience.BORROWER, *STAFF),
        scope=Scope.AGREEMENTS_READ,
        answers={200: Answer(text=Text("Uttagen", "The drawdowns"), schemas=(DrawdownSchema,), listed=True)},
    ),
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/agreements/{agreement_id}/fees",
        summary=Text("Lista månadsavgifterna", "List the monthly fees"),
        who=(Audience.BORROWER, *STAFF),
        scope=Scope.AGREEMENTS_READ,
        answers={200: Answer(text=Text("Avgifterna", "The fees"), schemas=(ChargedFeeSchema,), listed=True)},
    ),
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/agreements/{agreement_id}/fees/{month}",
        summary=Text("Förklara en månadsavgift dag för dag", "Explain a monthly fee day by day"),
        who=(Audience.BORROWER, *STAFF),
        scope=Scope.AGREEMENTS_READ,
        answers={200: Answer(text=Text("Avgiften", "The fee"), schemas=(FeeExplanationSchema,))},
    ),
    *PAYMENTS,
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/fee-runs",
        summary=Text("Lista månaderna som debiterats", "List the months that were charged"),
        who=BILLING_READERS,
        answers={200: Answer(text=Text("Månaderna", "The months"), schemas=(FeeRunSchema,), listed=True)},
    ),
    Operation(
        area=Area.FEES,
        method="POST",
        path="/v1/fee-runs",
        summary=Text("Debitera en månads avgifter; en gång var", "Charge a month's fees; each once"),
        who=BILLING_DESK,
        body=FeeRunRequestSchema,
        answers={201: Answer(text=Text("Månaden", "The month"), schemas=(FeeRunSchema,))},
        rules=("A7", "F1"),
        takes_key=True,
        asks_outside_party=True,
    ),
    Operation(
        area=Area.OPERATION,
        method="PUT",
        path="/v1/sandbox/clock",
        summary=Text("Ställ testtiden; bara i sandlådan", "Put test time; in the sandbox only"),
        who=(Audience.ADMINISTRATOR,),
        body=ClockSchema,
        answers={200: Answer(text=Text("Testtiden", "Test time"), schemas=(ClockSchema,))},
        rules=("X1",),
    ),
    Operation(
        area=Area.OPERATION,
        method="GET",
        path="/healthz",
        summary=Text("Processen svarar", "The process answers"),
        who=(Audience.ANYONE,),
        answers={200: Answer(text=Text("Den svarar", "It does"), schemas=(AliveSchema,))},
    ),
    Operation(
        area=Area.OPERATION,
        method="GET",
        path="/readyz",
        summary=Text(
            "Det som tjänsten inte kan vara utan finns: databas, tabeller, rätt gående klocka",
            "What the service cannot work without is there: database, tables, a clock that is right",
        ),
        who=(Audience.ANYONE,),
        answers={
            200: Answer(text=Text("Allt finns", "All of it is"), schemas=(ReadinessSchema,)),
            503: Answer(text=Text("Något fattas", "Something is missing"), schemas=(ReadinessSchema,)),
        },
    ),
)
