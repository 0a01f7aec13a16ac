"""`borgen accounting`: months are closed, their SIE files written. What a command needs is imported inside it."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account
from underwriting.staff_log_in import logged_in, password_option, username_option
from underwriting.terminal import json_option, plain_errors, runtime_here, show_result

if TYPE_CHECKING:
    from agreements.accounting.service import Accounting, ChartEntry, PeriodView, TrialBalance


def _read_month(_context: click.Context, _argument: click.Parameter, text: str | None) -> Month | None:
    if text is None:
        return None
    try:
        month = Month.parse(text)
        month.next()  # the calendar's last month has no end
    except ValueError:
        raise click.BadParameter("a month like 2026-10") from None
    return month


_month = click.argument("month", callback=_read_month)


@click.group()
def accounting() -> None:
    """What goes to the lender's accounting: closed months, their SIE files, balances, the chart of accounts."""


@accounting.command()
@_month
@username_option
@password_option
@json_option
@plain_errors
def close(month: Month, username: str | None, password: str | None, as_json: bool) -> None:
    """Close MONTH for good, once it is over, its fees are charged and the months before it are closed.

    What comes to the books later for that month counts for the next open one. A month that is closed stays as it is.
    """
    from agreements.accounting.service import ACCOUNTANTS

    service = _service()
    with logged_in(service.runtime, username, password, *ACCOUNTANTS) as caller:
        period = service.close(month, actor=caller.actor)
    show_result(as_json, _period_value(period), _period_told(period))


@accounting.command()
@_month
@click.option("--ksumma", is_flag=True, help="With a checksum.")
@click.option(
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; by default borgen-MONTH.si, here.",
)
@json_option
@plain_errors
def export(month: Month, ksumma: bool, output: Path | None, as_json: bool) -> None:
    """Write the SIE file (4I, cp437) of the closed MONTH: the same to the byte each time.

    The file is there as a whole or not at all; what stood in its place stays until then.
    """
    from agreements.accounting.service import file_name
    from underwriting.platform.whole_files import whole_file

    path = output or Path(file_name(month))
    with whole_file(path) as file:
        _service().write(month, file, with_checksum=ksumma)
    value = {"month": str(month), "file": str(path), "bytes": path.stat().st_size}
    show_result(as_json, value, f"{path}: {value['bytes']} bytes.")


@accounting.command()
@click.argument("month", callback=_read_month, required=False)
@json_option
@plain_errors
def show(month: Month | None, as_json: bool) -> None:
    """Show the closed MONTH, or without one all of them, and which is to be closed next."""
    service = _service()
    if month is not None:
        period = service.closed(month)
        show_result(as_json, _period_value(period), _period_told(period))
        return
    periods, due = service.months(), service.next_month()
    value = {"months": [_period_value(one) for one in periods], "next": str(due) if due else None}
    lines = [f"Next to close: {due}" if due else "There is nothing in the books."]
    lines += [
        f"{one.month}  {one.entry_count} entries, {one.line_count} lines  closed {one.closed_at:%Y-%m-%d}"
        for one in periods
    ]
    show_result(as_json, value, "\n".join(lines))


@accounting.command()
@_month
@json_option
@plain_errors
def balance(month: Month, as_json: bool) -> None:
    """Show the trial balance of MONTH: what stood on each account, moved and stands. An open month may change."""
    found = _service().balance(month)
    lines = [
        {
            "account": str(line.account),
            "number": line.number,
            "name": line.name,
            "opening": str(line.opening),
            "debit": str(line.debit),
            "credit": str(line.credit),
            "closing": str(line.closing),
        }
        for line in found.lines
    ]
    value = {"month": str(month), "is_closed": found.is_closed, "lines": lines, "debit": str(found.debit)}
    show_result(as_json, value, _balance_told(found))


@accounting.command()
@json_option
@plain_errors
def chart(as_json: bool) -> None:
    """Show which account of the lender's chart each account of the books is, and since when."""
    found = _service().chart()
    lines = [f"{one.account:<32}{one.since}  {one.number:<6}  {one.name}" for one in found]
    show_result(as_json, {"accounts": [_entry_value(one) for one in found]}, "\n".join(lines))


@accounting.command("map-account")
@click.argument("account", type=click.Choice([str(one) for one in Account]))
@click.argument("number")
@click.argument("name")
@click.option("--from", "since", metavar="DATE", required=True, help="A day that lies ahead, as 2027-01-01.")
@username_option
@password_option
@json_option
@plain_errors
def map_account(
    account: str, number: str, name: str, since: str, username: str | None, password: str | None, as_json: bool
) -> None:
    """Let ACCOUNT be NUMBER, NAME in the lender's chart from a day that lies ahead; for administrators.

    An account that has no place yet may get one from any day.
    """
    from agreements.accounting.service import ChartEntry
    from underwriting.kernel.vocabulary import Role

    try:
        entry = ChartEntry(Account(account), date.fromisoformat(since), number, name)
    except ValueError:
        raise click.BadParameter("a day like 2027-01-01", param_hint="--from") from None
    service = _service()
    with logged_in(service.runtime, username, password, Role.ADMINISTRATOR) as caller:
        service.map_account(entry, actor=caller.actor)
    show_result(as_json, _entry_value(entry), f"{account} is {number} {name} from {since}.")


def _service() -> "Accounting":
    from agreements.accounting.service import Accounting

    return Accounting(runtime_here())


def _period_value(period: "PeriodView") -> dict[str, Any]:
    return {
        "month": str(period.month),
        "closed_at": period.closed_at.isoformat(),
        "closed_by": period.closed_by,
        "entries": period.entry_count,
        "lines": period.line_count,
        "sha256": period.sha256,
        "file_sha256": period.file_sha256,
        "vouchers": str(period.vouchers),
        "movements": [
            {"account": str(one.account), "debit": str(one.debit), "credit": str(one.credit)}
            for one in period.movements
        ],
    }


def _period_told(period: "PeriodView") -> str:
    head = f"{period.month} was closed at {period.closed_at:%Y-%m-%d %H:%M} UTC by {period.closed_by}: "
    lines = [f"{head}{period.entry_count} entries, {period.line_count} lines. SHA-256 {period.sha256}"]
    lines += [f"{one.account:<32}{one.debit!s:>18}{one.credit!s:>18}" for one in period.movements]
    return "\n".join(lines)


def _balance_told(found: "TrialBalance") -> str:
    lines = [f"{found.month}, {'closed' if found.is_closed else 'open'}"]
    lines += [
        f"{line.number or '----':<7}{line.account:<32}"
        f"{line.opening!s:>18}{line.debit!s:>18}{line.credit!s:>18}{line.closing!s:>18}"
        for line in found.lines
    ]
    return "\n".join(lines)


def _entry_value(entry: "ChartEntry") -> dict[str, str]:
    return {
        "account": str(entry.account),
        "since": entry.since.isoformat(),
        "number": entry.number,
        "name": entry.name,
    }
