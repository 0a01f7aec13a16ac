"""Billing's lists: invoices with a search, and the batches for the printer."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from agreements.invoices.service import Invoices
from agreements.receivables.service import FoundPage, InvoiceFilter, find_invoices
from underwriting.kernel.errors import FieldError
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Text
from underwriting.platform.authentication import current_caller
from underwriting.platform.runtime import Runtime
from underwriting.web.layout import render

_LONGEST = 25
_NOT_SOUGHT = Text(
    "Sök på fakturans, avtalets eller OCR-numrets siffror",
    "Search for the digits of an invoice, an agreement or an OCR number",
)


def blueprint(runtime: Runtime, invoices: Invoices) -> Blueprint:
    """The lists, and the button that makes a batch."""
    pages = Blueprint("lists", __name__)

    @pages.get("/invoices")
    def show_invoices() -> Response:
        typed = "".join(request.args.get("q", "").split())[:_LONGEST]
        chosen = request.args.get("state", "")
        only = InvoiceFilter(chosen) if chosen in list(InvoiceFilter) else None
        errors: tuple[FieldError, ...] = ()
        found = FoundPage((), None)
        if typed and not (typed.isascii() and typed.isdecimal()):
            errors = (FieldError("/q", _NOT_SOUGHT),)
        else:
            on = stockholm_date(runtime.clock.now())
            with runtime.database.transaction() as session:
                found = find_invoices(session, on=on, reference=typed or None, only=only, before=_number("before"))
        return render(
            "console/billing_invoices.html",
            found=found,
            typed=typed,
            only=only,
            filters=list(InvoiceFilter),
            errors=errors,
        )

    @pages.get("/printing")
    def show_batches() -> Response:
        return render("console/billing_printing.html", batches=invoices.batches(before=_number("before")))

    @pages.post("/printing")
    def make_batch() -> BaseResponse:
        invoices.make_batch(actor=current_caller().actor)
        return redirect("/console/billing/printing", 303)

    return pages


def _number(name: str) -> int | None:
    """A number of the address, from which the list goes on; what is none is passed over."""
    typed = request.args.get(name, "")
    return int(typed) if typed.isascii() and typed.isdecimal() and len(typed) <= _MOST_DIGITS else None


_MOST_DIGITS = 18
