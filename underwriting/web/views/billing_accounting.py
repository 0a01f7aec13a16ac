"""Billing's accounting: months that are closed, what they hold, their SIE files, the next to close (rule F9)."""

from flask import Blueprint, Response, redirect, request
from werkzeug.wrappers import Response as BaseResponse

from agreements.accounting.service import Accounting
from agreements.billing.routes import month_in
from underwriting.kernel.errors import Conflict
from underwriting.kernel.text import Text
from underwriting.platform.authentication import current_caller
from underwriting.web.layout import render


def blueprint(accounting: Accounting) -> Blueprint:
    """The list of months, the balance of one, and the button that closes the next."""
    pages = Blueprint("books", __name__, url_prefix="/accounting")

    def page(*, refused: Text | None = None, status: int = 200) -> Response:
        return render(
            "console/billing_accounting.html",
            status=status,
            months=accounting.months(),
            waiting=accounting.waiting(),
            next_month=accounting.next_month(),
            refused=refused,
        )

    @pages.get("")
    def show_all() -> Response:
        return page()

    @pages.post("")
    def close() -> BaseResponse:
        try:
            accounting.ask_to_close(month_in(request.form.get("month", "")), actor=current_caller().actor)
        except Conflict as refusal:
            return page(refused=refusal.detail or refusal.title, status=409)
        return redirect("/console/billing/accounting", 303)

    @pages.get("/<month>")
    def show(month: str) -> Response:
        return render("console/billing_balance.html", balance=accounting.balance(month_in(month)))

    return pages
