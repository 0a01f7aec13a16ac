"""The SIE file of a closed month, the same to the byte whenever it is asked for (rule F9)."""

import hashlib
from collections.abc import Callable, Collection, Iterator
from datetime import timedelta
from typing import BinaryIO

from sqlalchemy.orm import Session

from agreements.accounting import rules
from agreements.accounting.formats import sie_file
from agreements.accounting.models import AccountingPeriod
from agreements.accounting.rules import SieHead, Voucher
from agreements.accounting.services.keep_chart import chart_on
from agreements.accounting.services.read_months import first_numbers, movements_of, period_of, sums_of
from underwriting.kernel.errors import Conflict
from underwriting.kernel.periods import Month, stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Account, VoucherScope


class MonthNotClosed(Conflict):
    """Only a closed month has a file: an open one may change. Rule F9."""

    slug = "month-not-closed"
    title = Text("Månaden är inte stängd", "The month is not closed")
    rule = "F9"


class ClosedMonthChanged(Conflict):
    """The books no longer give the file that the month had when it was closed: no other is handed out. Rule F9."""

    slug = "closed-month-changed"
    title = Text(
        "Den stängda månaden är inte som när den stängdes; kör borgen ledger check",
        "The closed month is not as it was when it was closed; run borgen ledger check",
    )
    rule = "F9"


def file_name(month: Month) -> str:
    """What the file is called."""
    return f"borgen-{month}.si"


def write_file(session: Session, month: Month, output: BinaryIO, *, with_checksum: bool) -> None:
    """Write the file of *month* to *output*, with `#KSUMMA` or without. Raises MonthNotClosed.

    Raises ClosedMonthChanged where it is, `#KSUMMA` aside, not the file of the day of closing: nothing of what was
    written then is to be used.
    """
    period = period_of(session, month)
    if period is None:
        raise MonthNotClosed(Text("{month} är inte stängd.", "{month} is not closed.").filled(month=month))
    used = sums_of(session, month)
    digest = hashlib.sha256()
    for line in file_lines(session, period, used, with_checksum=with_checksum):
        if not line.startswith(b"#KSUMMA"):
            digest.update(line)
        output.write(line)
    if digest.digest() != period.file_sha256:
        raise ClosedMonthChanged


def file_lines(
    session: Session,
    period: AccountingPeriod,
    used: Collection[Account],
    *,
    with_checksum: bool,
    seen: Callable[[Iterator[Voucher]], Iterator[Voucher]] = iter,
) -> Iterator[bytes]:
    """The lines of the file of *period*, on the accounts *used* in it; *seen* passes its vouchers on.

    The chart is that of the month's last day. Raises UnmappedAccount.
    """
    month = Month.of(period.month)
    last_day = month.end - timedelta(days=1)
    chart = chart_on(session, last_day)
    rules.require_mapped(used, chart, on=last_day)
    head = SieHead(
        stockholm_date(period.closed_at),
        period.company_name,
        period.organisation_number,
        period.year_starts_on,
        period.year_ends_on,
    )
    made = rules.vouchers(
        month,
        movements_of(session, month, VoucherScope(period.vouchers)),
        chart,
        first_numbers=first_numbers(session, month, year_starts_on=period.year_starts_on),
    )
    names = {chart[account].number: chart[account].name for account in sorted(used, reverse=True)}
    return sie_file(head, names, seen(made), with_checksum=with_checksum)
