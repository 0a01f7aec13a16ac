"""The operations of invoices, their delivery and their print batches, and statements of account."""

from schemas.invoices import (
    CreditRequestSchema,
    InvoiceDeliveryRequestSchema,
    InvoiceDeliverySchema,
    InvoiceRunRequestSchema,
    InvoiceRunSchema,
    InvoiceSchema,
    PriceRequestSchema,
    PriceSchema,
    PrintBatchSchema,
    StatementSchema,
)
from underwriting.api_description.intake import CURSOR
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
_FIRST = Parameter(
    name="from",
    place="query",
    text=Text("Första dagen; utan den årets första", "The first day; without it the year's first"),
    schema={"type": "string", "format": "date"},
)
_LAST = Parameter(
    name="to",
    place="query",
    text=Text("Sista dagen; utan den i dag", "The last day; without it today"),
    schema={"type": "string", "format": "date"},
)
_LANGUAGE = Parameter(
    name="language",
    place="query",
    text=Text("Utdragets språk; det svenska gäller", "The statement's language; the Swedish one prevails"),
    schema={"type": "string", "enum": ["sv", "en"], "default": "sv"},
)
_INVOICE = Answer(text=Text("Fakturan", "The invoice"), schemas=(InvoiceSchema,))
_DELIVERY = Answer(text=Text("Hur fakturorna skickas", "How the invoices are sent"), schemas=(InvoiceDeliverySchema,))

INVOICES = (
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/agreements/{agreement_id}/invoices",
        summary=Text("Lista avtalets fakturor", "List the agreement's invoices"),
        who=_READERS,
        scope=Scope.AGREEMENTS_READ,
        answers={200: Answer(text=Text("Fakturorna", "The invoices"), schemas=(InvoiceSchema,), listed=True)},
    ),
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/agreements/{agreement_id}/invoice-delivery",
        summary=Text("Hur avtalets fakturor skickas", "How the agreement's invoices are sent"),
        who=_READERS,
        scope=Scope.AGREEMENTS_READ,
        answers={200: _DELIVERY},
    ),
    Operation(
        area=Area.FEES,
        method="PUT",
        path="/v1/agreements/{agreement_id}/invoice-delivery",
        summary=Text(
            "Välj e-post eller papper från nästa faktura; papper kostar",
            "Choose e-mail or paper from the next invoice on; paper costs",
        ),
        who=(Audience.BORROWER, *BILLING_DESK),
        body=InvoiceDeliveryRequestSchema,
        answers={200: _DELIVERY},
        rules=("A7", "F4"),
        takes_key=True,
        takes_tag_of="/v1/agreements/{agreement_id}",
    ),
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/agreements/{agreement_id}/statement",
        summary=Text("Kontoutdrag", "Statement of account"),
        who=_READERS,
        scope=Scope.AGREEMENTS_READ,
        parameters=(_FIRST, _LAST),
        answers={200: Answer(text=Text("Utdraget", "The statement"), schemas=(StatementSchema,))},
    ),
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/agreements/{agreement_id}/statement.pdf",
        summary=Text("Kontoutdrag som PDF", "Statement of account as PDF"),
        who=_READERS,
        scope=Scope.AGREEMENTS_READ,
        parameters=(_FIRST, _LAST, _LANGUAGE),
        answers={200: Answer(text=Text("Utdraget", "The statement"), media_type="application/pdf")},
    ),
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/invoices/{invoice_id}",
        summary=Text("Läs en faktura eller kreditfaktura", "Read an invoice or credit note"),
        who=_READERS,
        scope=Scope.AGREEMENTS_READ,
        answers={200: _INVOICE},
    ),
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/invoices/{invoice_id}/pdf",
        summary=Text("Fakturan som PDF", "The invoice as PDF"),
        who=_READERS,
        scope=Scope.AGREEMENTS_READ,
        answers={200: Answer(text=Text("Fakturan", "The invoice"), media_type="application/pdf")},
    ),
    Operation(
        area=Area.FEES,
        method="POST",
        path="/v1/invoices/{invoice_id}/paper-fee-credit",
        summary=Text("Kreditera avgiften för papper", "Credit the fee of paper"),
        who=BILLING_DESK,
        body=CreditRequestSchema,
        answers={201: Answer(text=Text("Kreditfakturan", "The credit note"), schemas=(InvoiceSchema,))},
        rules=("A7", "F6"),
        takes_key=True,
    ),
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/invoice-runs",
        summary=Text("Lista månaderna som fakturerats", "List the months that were invoiced"),
        who=BILLING_READERS,
        answers={200: Answer(text=Text("Månaderna", "The months"), schemas=(InvoiceRunSchema,), listed=True)},
    ),
    Operation(
        area=Area.FEES,
        method="POST",
        path="/v1/invoice-runs",
        summary=Text("Låt arbetarna ställa ut månadens fakturor", "Have the workers issue the month's invoices"),
        who=BILLING_DESK,
        body=InvoiceRunRequestSchema,
        answers={201: Answer(text=Text("Månaden", "The month"), schemas=(InvoiceRunSchema,))},
        rules=("A7", "F4", "F5"),
        takes_key=True,
    ),
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/paper-invoice-prices",
        summary=Text("Vad en faktura på papper kostar", "What an invoice on paper costs"),
        who=BILLING_READERS,
        answers={200: Answer(text=Text("Priserna", "The prices"), schemas=(PriceSchema,), listed=True)},
    ),
    Operation(
        area=Area.FEES,
        method="POST",
        path="/v1/paper-invoice-prices",
        summary=Text("Ett nytt pris från en kommande dag", "A new price from a day that lies ahead"),
        who=(Audience.ADMINISTRATOR,),
        body=PriceRequestSchema,
        answers={201: Answer(text=Text("Priset", "The price"), schemas=(PriceSchema,))},
        rules=("A7", "F4"),
        takes_key=True,
    ),
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/print-batches",
        summary=Text("Lista utskrifterna", "List the print batches"),
        who=BILLING_READERS,
        parameters=(CURSOR,),
        answers={
            200: Answer(text=Text("Utskrifterna", "The batches"), schemas=(PrintBatchSchema,), listed=True, paged=True)
        },
    ),
    Operation(
        area=Area.FEES,
        method="POST",
        path="/v1/print-batches",
        summary=Text("Samla det som väntar på utskrift", "Put together what waits for the printer"),
        who=BILLING_DESK,
        answers={
            201: Answer(
                text=Text("Utskriften, eller ingen", "The batch, or none"), schemas=(PrintBatchSchema,), listed=True
            )
        },
        rules=("A7", "F4"),
        takes_key=True,
    ),
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/print-batches/{batch_id}/file",
        summary=Text("Hämta underlaget till tryckaren", "Fetch what the printer needs"),
        who=BILLING_READERS,
        answers={
            200: Answer(
                text=Text("PDF-filer och en lista, i ett ZIP-arkiv", "PDF files and a list, in a ZIP archive"),
                media_type="application/zip",
            )
        },
    ),
)
