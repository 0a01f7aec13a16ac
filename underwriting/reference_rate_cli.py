"""`borgen reference-rate`: the rates that late interest follows. What a command needs is imported inside it."""

import uuid
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

import click

from underwriting.staff_log_in import logged_in, password_option, username_option
from underwriting.terminal import json_option, plain_errors, runtime_here, show_result

if TYPE_CHECKING:
    from agreements.late_payment.service import LatePayment, RateView


def _read_since(_context: click.Context, _argument: click.Parameter, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("a day like 2027-01-01") from None


def _read_percent(_context: click.Context, _argument: click.Parameter, text: str) -> Decimal:
    try:
        percent = Decimal(text.replace(",", "."))
    except InvalidOperation:
        percent = Decimal("NaN")
    if not percent.is_finite():
        raise click.BadParameter("per cent like 2.50")
    return percent / 100


@click.group("reference-rate")
def reference_rate() -> None:
    """The reference rate of each half-year, which late interest follows: one person proposes, another confirms."""


@reference_rate.command()
@json_option
@plain_errors
def show(as_json: bool) -> None:
    """Show every rate, those that wait for a second person too, and which half-year lacks one."""
    service = _service()
    rates, following = service.rates(), service.next_rate()
    value = {
        "rates": [_value(one) for one in rates],
        "missing_from": following.since.isoformat(),
        "days_left": following.days_left,
    }
    lines = [f"The next rate is needed from {following.since}, in {following.days_left} days."]
    show_result(as_json, value, "\n".join([*lines, *(_told(one) for one in rates)]))


@reference_rate.command()
@click.argument("since", callback=_read_since)
@click.argument("percent", callback=_read_percent)
@click.option("--source", required=True, help="Where it was read, such as a page of the central bank and its day.")
@click.option("--reason", help="Why the half-year's rate is corrected; needed where it has one.")
@username_option
@password_option
@json_option
@plain_errors
def propose(
    since: date,
    percent: Decimal,
    source: str,
    reason: str | None,
    username: str | None,
    password: str | None,
    as_json: bool,
) -> None:
    """Propose PERCENT for the half-year from SINCE, such as 2026-07-01 2.50; a negative one after `--`."""
    from underwriting.kernel.vocabulary import Role

    service = _service()
    with logged_in(service.runtime, username, password, Role.BILLING, Role.ADMINISTRATOR) as caller:
        found = service.propose_rate(since, percent, source=source, reason=reason, caller=caller)
    show_result(as_json, _value(found), f"{_told(found)}\nAnother person has to confirm {found.id}.")


@reference_rate.command()
@click.argument("rate_id", type=click.UUID)
@username_option
@password_option
@json_option
@plain_errors
def confirm(rate_id: uuid.UUID, username: str | None, password: str | None, as_json: bool) -> None:
    """Confirm the rate RATE_ID, which another person has proposed: it holds from then on."""
    from underwriting.kernel.vocabulary import Role

    service = _service()
    with logged_in(service.runtime, username, password, Role.BILLING, Role.ADMINISTRATOR) as caller:
        found = service.confirm_rate(rate_id, caller=caller)
    show_result(as_json, _value(found), _told(found))


def _service() -> "LatePayment":
    from agreements.late_payment.service import LatePayment

    return LatePayment(runtime_here())


def _value(one: "RateView") -> dict[str, Any]:
    return {
        "id": str(one.id) if one.id else None,
        "since": one.since.isoformat(),
        "rate": format(one.rate.normalize(), "f"),
        "source": one.source,
        "reason": one.reason,
        "state": str(one.state),
        "holds": one.holds,
    }


def _told(one: "RateView") -> str:
    state = "" if one.holds else "  replaced" if one.state == "approved" else f"  {one.state} {one.id}"
    return f"{one.since}  {one.rate * 100:6.2f} %  {one.source}{state}"
