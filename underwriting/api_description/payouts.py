"""The operations of payouts as staff order, hold and release them."""

from schemas.parties import ReasonRequestSchema
from schemas.payouts import (
    AccountChangeSchema,
    BankReportSchema,
    PayoutFileSchema,
    PayoutOrderSchema,
    ReleaseRequestSchema,
)
from underwriting.api_description.operation import BILLING_DESK, BILLING_READERS, Answer, Area, Operation
from underwriting.kernel.text import Text

_ORDER = Answer(text=Text("Utbetalningen", "The payout"), schemas=(PayoutOrderSchema,))
_ORDERS = Answer(text=Text("Utbetalningarna", "The payouts"), schemas=(PayoutOrderSchema,), listed=True)

PAYOUTS = (
    Operation(
        area=Area.PAYOUTS,
        method="PUT",
        path="/v1/agreements/{agreement_id}/payout-account",
        summary=Text(
            "Byt konto; vems det är kontrolleras, och en annan person släpper utbetalningen",
            "Change the account; whose it is, is checked, and someone else releases the payout",
        ),
        who=BILLING_DESK,
        body=AccountChangeSchema,
        answers={200: _ORDERS},
        rules=("A7", "P1"),
        takes_key=True,
        takes_tag_of="/v1/agreements/{agreement_id}",
    ),
    Operation(
        area=Area.PAYOUTS,
        method="GET",
        path="/v1/payouts",
        summary=Text("Lista de stoppade utbetalningarna", "List the held payouts"),
        who=BILLING_READERS,
        answers={200: _ORDERS},
    ),
    Operation(
        area=Area.PAYOUTS,
        method="POST",
        path="/v1/payouts/{payout_id}/release",
        summary=Text("Släpp en stoppad utbetalning", "Release a held payout"),
        who=BILLING_DESK,
        body=ReleaseRequestSchema,
        answers={200: _ORDER},
        rules=("A7", "P1", "P4"),
        takes_key=True,
    ),
    Operation(
        area=Area.PAYOUTS,
        method="POST",
        path="/v1/payouts/{payout_id}/withdraw",
        summary=Text("Återta en utbetalning som inte är skickad", "Withdraw a payout that was not sent"),
        who=BILLING_DESK,
        answers={200: _ORDER},
        rules=("A7", "P3"),
        takes_key=True,
    ),
    Operation(
        area=Area.PAYOUTS,
        method="POST",
        path="/v1/drawdowns/{drawdown_id}/payouts",
        summary=Text(
            "Beordra på nytt det som misslyckades, kom tillbaka eller återtogs",
            "Order again what failed, came back or was withdrawn",
        ),
        who=BILLING_DESK,
        answers={201: _ORDER},
        rules=("A7", "P1", "P3"),
        takes_key=True,
    ),
    Operation(
        area=Area.PAYOUTS,
        method="GET",
        path="/v1/payout-files",
        summary=Text("Lista betalfiler som väntar på att släppas", "List the payment files that wait to be released"),
        who=BILLING_READERS,
        answers={200: Answer(text=Text("Filerna", "The files"), schemas=(PayoutFileSchema,), listed=True)},
    ),
    Operation(
        area=Area.PAYOUTS,
        method="POST",
        path="/v1/payout-files/{file_id}/release",
        summary=Text("Släpp en betalfil", "Release a payment file"),
        who=BILLING_DESK,
        answers={200: Answer(text=Text("Filen", "The file"), schemas=(PayoutFileSchema,))},
        rules=("A7", "P1", "P2"),
        takes_key=True,
    ),
    Operation(
        area=Area.PAYOUTS,
        method="POST",
        path="/v1/payout-files/{file_id}/refusal",
        summary=Text(
            "Släpp inte en betalfil; utbetalningarna i den stoppas", "Refuse a payment file; its payouts are held"
        ),
        who=BILLING_DESK,
        body=ReasonRequestSchema,
        answers={200: Answer(text=Text("Filen", "The file"), schemas=(PayoutFileSchema,))},
        rules=("A7", "P2"),
        takes_key=True,
    ),
    Operation(
        area=Area.PAYOUTS,
        method="POST",
        path="/v1/bank-answers",
        summary=Text("Lämna in bankens svar (pain.002)", "Hand in an answer of the bank (pain.002)"),
        who=BILLING_DESK,
        body_media_type="application/octet-stream",
        answers={201: Answer(text=Text("Vad svaret ledde till", "What it led to"), schemas=(BankReportSchema,))},
        rules=("A7", "P2"),
        takes_key=True,
    ),
)
