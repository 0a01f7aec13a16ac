"""The operations of incoming payments: files, whose a payment is, and what is paid back."""

from schemas.payments import (
    ListedPaymentFileSchema,
    MatchRequestSchema,
    PaymentFileSchema,
    PaymentInDoubtSchema,
    PaymentSchema,
    RefundRequestSchema,
    RefundSchema,
    ReturnRequestSchema,
)
from underwriting.api_description.intake import CURSOR
from underwriting.api_description.operation import (
    BILLING_DESK,
    BILLING_READERS,
    Answer,
    Area,
    Operation,
    Parameter,
)
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import PaymentState, Scope

_STATUS = Parameter(
    name="status",
    place="query",
    text=Text("Bara de i det läget; unmatched väntar på en handläggare", "In that state; unmatched waits for a person"),
    required=True,
    schema={"type": "string", "enum": [str(state) for state in PaymentState]},
)
_PAYMENTS = Answer(text=Text("Betalningarna", "The payments"), schemas=(PaymentSchema,), listed=True, paged=True)
_REFUND = Answer(text=Text("Återbetalningen", "The refund"), schemas=(RefundSchema,))

PAYMENTS = (
    Operation(
        area=Area.FEES,
        method="POST",
        path="/v1/payment-files",
        summary=Text("Lämna in en betalningsfil (BgMax eller camt.054)", "Hand in a payment file (BgMax or camt.054)"),
        who=BILLING_DESK,
        scope=Scope.PAYMENT_FILES_CREATE,
        body_media_type="application/octet-stream",
        answers={201: Answer(text=Text("Vad filen gav", "What the file brought"), schemas=(PaymentFileSchema,))},
        rules=("A7", "F7"),
        takes_key=True,
    ),
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/payment-files",
        summary=Text("Lista betalningsfilerna, de nyaste först", "List the payment files, the newest first"),
        who=BILLING_READERS,
        parameters=(CURSOR,),
        answers={
            200: Answer(text=Text("Filerna", "The files"), schemas=(ListedPaymentFileSchema,), listed=True, paged=True)
        },
    ),
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/payments",
        summary=Text("Lista betalningarna i ett läge", "List the payments in a state"),
        who=BILLING_READERS,
        scope=Scope.PAYMENTS_READ,
        parameters=(_STATUS, CURSOR),
        answers={200: _PAYMENTS},
    ),
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/payments/{payment_id}",
        summary=Text("Läs en betalning med avsändare och förslag", "Read a payment, its payer and suggestions"),
        who=BILLING_READERS,
        answers={200: Answer(text=Text("Betalningen", "The payment"), schemas=(PaymentInDoubtSchema,))},
    ),
    Operation(
        area=Area.FEES,
        method="POST",
        path="/v1/payments/{payment_id}/allocation",
        summary=Text("Säg vems en betalning är", "Say whose a payment is"),
        who=BILLING_DESK,
        body=MatchRequestSchema,
        answers={
            200: Answer(text=Text("Betalningens delar", "The payment's parts"), schemas=(PaymentSchema,), listed=True)
        },
        rules=("A7", "F6", "F7"),
        takes_key=True,
    ),
    Operation(
        area=Area.FEES,
        method="POST",
        path="/v1/agreements/{agreement_id}/refunds",
        summary=Text("Begär att ett tillgodohavande betalas tillbaka", "Ask that a credit balance is paid back"),
        who=BILLING_DESK,
        body=RefundRequestSchema,
        answers={201: _REFUND},
        rules=("A7", "F8"),
        takes_key=True,
    ),
    Operation(
        area=Area.FEES,
        method="POST",
        path="/v1/payments/{payment_id}/return",
        summary=Text(
            "Begär att en betalning går tillbaka till avsändaren", "Ask that a payment goes back to its sender"
        ),
        who=BILLING_DESK,
        body=ReturnRequestSchema,
        answers={201: _REFUND},
        rules=("A7", "F8"),
        takes_key=True,
    ),
    Operation(
        area=Area.FEES,
        method="GET",
        path="/v1/refunds",
        summary=Text("Lista återbetalningarna som inte är klara", "List the refunds that are not over"),
        who=BILLING_READERS,
        parameters=(CURSOR,),
        answers={
            200: Answer(text=Text("Återbetalningarna", "The refunds"), schemas=(RefundSchema,), listed=True, paged=True)
        },
    ),
    Operation(
        area=Area.FEES,
        method="POST",
        path="/v1/refunds/{refund_id}/release",
        summary=Text("Släpp en återbetalning som en annan begärt", "Release a refund that someone else asked for"),
        who=BILLING_DESK,
        answers={200: _REFUND},
        rules=("A7", "F8", "P1"),
        takes_key=True,
    ),
    Operation(
        area=Area.FEES,
        method="POST",
        path="/v1/refunds/{refund_id}/withdrawal",
        summary=Text("Återta en återbetalning som inte är släppt", "Withdraw a refund that is not released"),
        who=BILLING_DESK,
        answers={200: _REFUND},
        rules=("A7", "F8"),
        takes_key=True,
    ),
)
