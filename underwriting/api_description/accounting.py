"""The operations of accounting: months that are closed, their SIE files, balances, the chart of accounts."""

from schemas.accounting import (
    AccountingPeriodSchema,
    ChartEntryRequestSchema,
    ChartEntrySchema,
    CloseMonthRequestSchema,
    TrialBalanceSchema,
    WaitingMonthSchema,
)
from underwriting.api_description.operation import (
    BILLING_DESK,
    BILLING_READERS,
    Answer,
    Area,
    Audience,
    Operation,
    Parameter,
)
from underwriting.kernel.text import Text

_KSUMMA = Parameter(
    name="ksumma",
    place="query",
    text=Text("Med kontrollsumma, #KSUMMA", "With a checksum, #KSUMMA"),
    schema={"type": "string", "enum": ["true", "false"], "default": "false"},
)
_PERIOD = Answer(text=Text("Månaden", "The month"), schemas=(AccountingPeriodSchema,))
_WAITING = Answer(text=Text("En arbetare stänger månaden", "A worker closes the month"), schemas=(WaitingMonthSchema,))

ACCOUNTING = (
    Operation(
        area=Area.ACCOUNTING,
        method="GET",
        path="/v1/accounting-periods",
        summary=Text("Lista de stängda månaderna", "List the closed months"),
        who=BILLING_READERS,
        answers={200: Answer(text=Text("Månaderna", "The months"), schemas=(AccountingPeriodSchema,), listed=True)},
    ),
    Operation(
        area=Area.ACCOUNTING,
        method="POST",
        path="/v1/accounting-periods",
        summary=Text(
            "Stäng en månad, för gott; det som kommer till senare hör till nästa öppna",
            "Close a month, for good; what comes later belongs to the next open one",
        ),
        who=BILLING_DESK,
        body=CloseMonthRequestSchema,
        answers={
            201: _PERIOD,
            202: Answer(
                text=Text("En arbetare stänger månaden", "A worker closes the month"), schemas=(WaitingMonthSchema,)
            ),
        },
        rules=("A7", "F9"),
        takes_key=True,
    ),
    Operation(
        area=Area.ACCOUNTING,
        method="GET",
        path="/v1/accounting-periods/{month}",
        summary=Text("Läs en stängd månad", "Read a closed month"),
        who=BILLING_READERS,
        answers={200: _PERIOD},
    ),
    Operation(
        area=Area.ACCOUNTING,
        method="GET",
        path="/v1/accounting-periods/{month}/sie",
        summary=Text("Månadens SIE-fil, alltid densamma", "The month's SIE file, always the same"),
        who=BILLING_READERS,
        parameters=(_KSUMMA,),
        answers={200: Answer(text=Text("SIE 4I i cp437", "SIE 4I in cp437"), media_type="application/octet-stream")},
        rules=("F9",),
    ),
    Operation(
        area=Area.ACCOUNTING,
        method="GET",
        path="/v1/accounting-periods/{month}/trial-balance",
        summary=Text("Månadens saldobalans, stängd eller öppen", "The month's trial balance, closed or open"),
        who=BILLING_READERS,
        answers={200: Answer(text=Text("Saldobalansen", "The trial balance"), schemas=(TrialBalanceSchema,))},
    ),
    Operation(
        area=Area.ACCOUNTING,
        method="GET",
        path="/v1/chart-of-accounts",
        summary=Text("Kontoplanen, dag för dag", "The chart of accounts, day by day"),
        who=BILLING_READERS,
        answers={200: Answer(text=Text("Kontona", "The accounts"), schemas=(ChartEntrySchema,), listed=True)},
    ),
    Operation(
        area=Area.ACCOUNTING,
        method="POST",
        path="/v1/chart-of-accounts",
        summary=Text("Ett annat konto från en kommande dag", "Another account from a day that lies ahead"),
        who=(Audience.ADMINISTRATOR,),
        body=ChartEntryRequestSchema,
        answers={201: Answer(text=Text("Kontot", "The account"), schemas=(ChartEntrySchema,))},
        rules=("A7", "F9"),
        takes_key=True,
    ),
)
