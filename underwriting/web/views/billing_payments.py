"""Billing's desk of payments: the bank's files, what has found no agreement, and whose it is (rule F7)."""

import uuid

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from agreements.credit.services.find_agreements import Sought, find_agreements
from agreements.payments.service import ChosenPart, Payments
from schemas.loading import load
from schemas.payments import ReturnRequestSchema
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput, NotFound
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import PaymentState
from underwriting.platform.authentication import current_caller
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import render

_ON_A_PAGE = 50
_FILES_SHOWN = 20
_MOST_DIGITS = 25
_NO_FILE = Text("Välj en fil", "Choose a file")
_NO_AGREEMENT = Text("Det finns inget avtal med det numret", "There is no agreement with that number")
_NO_AMOUNT = Text("Skriv ett belopp, till exempel 1500,00", "Write an amount, for example 1500,00")


def blueprint(runtime: Runtime, payments: Payments) -> Blueprint:
    """The desk and the page of one payment."""
    pages = Blueprint("payments", __name__, url_prefix="/payments")

    def desk(*, errors: tuple[FieldError, ...] = (), refused: Text | None = None, status: int = 200) -> Response:
        waiting = payments.unmatched(after=_cursor(), limit=_ON_A_PAGE + 1)
        return render(
            "console/billing_payments.html",
            status=status,
            waiting=waiting[:_ON_A_PAGE],
            next_cursor=waiting[_ON_A_PAGE - 1].id if len(waiting) > _ON_A_PAGE else None,
            files=payments.files(limit=_FILES_SHOWN),
            errors=errors,
            refused=refused,
        )

    def one(
        payment_id: uuid.UUID,
        *,
        errors: tuple[FieldError, ...] = (),
        refused: Text | None = None,
        status: int = 200,
    ) -> Response:
        found = payments.look_into(payment_id)
        return render(
            "console/billing_payment.html",
            status=status,
            found=found,
            waits=found.payment.state is PaymentState.UNMATCHED,
            is_deduction=found.payment.amount < Money.ZERO,
            errors=errors,
            refused=refused,
        )

    @pages.get("")
    def show_all() -> Response:
        return desk()

    @pages.post("/files")
    def take_file() -> BaseResponse:
        sent = request.files.get("file")
        content = sent.read() if sent is not None else b""
        if not content:
            return desk(errors=(FieldError("/file", _NO_FILE),), status=422)
        try:
            payments.read_file(content, actor=current_caller().actor)
        except InvalidInput as refusal:
            return desk(refused=refusal.detail or refusal.title, status=422)
        except Conflict as refusal:
            return desk(refused=refusal.detail or refusal.title, status=409)
        return redirect("/console/billing/payments", 303)

    @pages.get("/<uuid:payment_id>")
    def show(payment_id: uuid.UUID) -> Response:
        return one(payment_id)

    @pages.post("/<uuid:payment_id>/match")
    def match(payment_id: uuid.UUID) -> BaseResponse:
        try:
            payments.match(payment_id, [_part(runtime)], actor=current_caller().actor)
        except InvalidInput as refusal:
            shown = None if refusal.errors else refusal.detail or refusal.title
            return one(payment_id, errors=refusal.errors, refused=shown, status=422)
        except Conflict as refusal:
            return one(payment_id, refused=refusal.detail or refusal.title, status=409)
        return redirect("/console/billing/payments", 303)

    @pages.post("/<uuid:payment_id>/take-back")
    def take_back(payment_id: uuid.UUID) -> BaseResponse:
        taken = _uuid(request.form.get("payment", ""))
        if taken is None:
            raise NotFound
        try:
            payments.take_back(payment_id, taken, actor=current_caller().actor)
        except Conflict as refusal:
            return one(payment_id, refused=refusal.detail or refusal.title, status=409)
        return redirect("/console/billing/payments", 303)

    @pages.post("/<uuid:payment_id>/return")
    def ask_return(payment_id: uuid.UUID) -> BaseResponse:
        try:
            body = load(ReturnRequestSchema(), typed_in("reason", "bankgiro"), on=stockholm_date(runtime.clock.now()))
            payments.ask_return(payment_id, account=body.bankgiro, reason=body.reason, caller=current_caller())
        except InvalidInput as refusal:
            return one(payment_id, errors=refusal.errors, status=422)
        except Conflict as refusal:
            return one(payment_id, refused=refusal.detail or refusal.title, status=409)
        return redirect("/console/billing/refunds", 303)

    return pages


def _part(runtime: Runtime) -> ChosenPart:
    """What the form says: a suggested agreement, or one by its number, and perhaps a part of the sum."""
    amount = _amount(request.form.get("amount", ""))
    suggested = _uuid(request.form.get("agreement", ""))
    if suggested is not None:
        return ChosenPart(suggested, amount, _uuid(request.form.get("invoice", "")))
    return ChosenPart(agreement_typed(runtime), amount)


def agreement_typed(runtime: Runtime) -> uuid.UUID:
    """The agreement whose number was typed; InvalidInput where there is none."""
    typed = "".join(request.form.get("number", "").split())
    if typed.isascii() and typed.isdecimal() and len(typed) <= _MOST_DIGITS:
        with runtime.database.transaction() as session:
            for agreement in find_agreements(session, runtime, Sought(reference=typed), before=None, count=1):
                return agreement.id
    raise InvalidInput(errors=(FieldError("/number", _NO_AGREEMENT),))


def typed_in(*names: str) -> dict[str, str]:
    """What was typed in these fields of the form; what was left empty is not there."""
    typed = {name: request.form.get(name, "").strip() for name in names}
    return {name: text for name, text in typed.items() if text}


def _amount(typed: str) -> Money | None:
    """The sum that was typed; None where nothing was, which is all of the payment."""
    compact = "".join(typed.split()).replace(",", ".")
    if not compact:
        return None
    try:
        return Money.kronor(compact)
    except ValueError:
        raise InvalidInput(errors=(FieldError("/amount", _NO_AMOUNT),)) from None


def _cursor() -> uuid.UUID | None:
    return _uuid(request.args.get("cursor", ""))


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
