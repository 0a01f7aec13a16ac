"""The lender's chart of accounts as dated rows: what each account of the ledger is called there (rule F9)."""

import re
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agreements.accounting import rules
from agreements.accounting.models import ChartAccount
from agreements.accounting.rules import ChartEntry
from underwriting.kernel.errors import Conflict, FieldError, InvalidInput
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Account
from underwriting.platform import audit_log

LONGEST_NAME = 60
_NUMBER = re.compile(r"[1-9][0-9]{3,5}")
_NOT_A_NUMBER = Text("Ett kontonummer har fyra till sex siffror", "The number of an account has four to six digits")
_NOT_A_NAME = Text("Ett namn har ett till 60 tecken", "A name has one to 60 characters")


class ChartFixed(Conflict):
    """An account is mapped from a day after today, and has one mapping for a day: what was exported stays so. F9."""

    slug = "chart-fixed"
    title = Text("Kontoplanen kan inte ändras för den dagen", "The chart of accounts cannot be changed for that day")
    rule = "F9"


class ChartEntryRefused(InvalidInput):
    """No account of a chart has such a number or name. Rule F9."""

    slug = "chart-entry-refused"
    title = Text("Kontot kunde inte läsas", "The account could not be read")
    rule = "F9"


def chart_entries(session: Session) -> tuple[ChartEntry, ...]:
    """Every mapping there has been or will be, by account and day."""
    rows = session.scalars(sa.select(ChartAccount).order_by(ChartAccount.account, ChartAccount.since))
    return tuple(ChartEntry(Account(row.account), row.since, row.number, row.name) for row in rows)


def chart_on(session: Session, day: date) -> dict[Account, ChartEntry]:
    """What each account of the ledger is on *day*; one that is mapped to none is not there."""
    return rules.chart_on(day, chart_entries(session))


def map_account(session: Session, entry: ChartEntry, *, actor: str, on: date, at: datetime) -> None:
    """Let an account be what *entry* says from its day on, a day after *on*, which is today. Raises ChartFixed.

    An account that has never been mapped, so that no closed month holds it, is mapped from any day. The same mapping
    again changes nothing. Raises ChartEntryRefused.
    """
    _require_readable(entry)
    known = [one for one in chart_entries(session) if one.account is entry.account]
    if entry in known:
        return
    if known and entry.since <= on:
        raise ChartFixed
    new = session.scalar(
        insert(ChartAccount)
        .values(
            account=str(entry.account),
            since=entry.since,
            number=entry.number,
            name=entry.name,
            recorded_by=actor,
            recorded_at=at,
        )
        .on_conflict_do_nothing()
        .returning(ChartAccount.since)
    )
    if new is None:
        raise ChartFixed
    data = {"since": entry.since.isoformat(), "number": entry.number, "name": entry.name}
    audit_log.append(session, f"chart:{entry.account}", "chart.account_mapped", actor=actor, at=at, data=data)


def _require_readable(entry: ChartEntry) -> None:
    errors = []
    if not _NUMBER.fullmatch(entry.number):
        errors.append(FieldError("/number", _NOT_A_NUMBER, "F9"))
    if not 0 < len(entry.name.strip()) <= LONGEST_NAME:
        errors.append(FieldError("/name", _NOT_A_NAME, "F9"))
    if errors:
        raise ChartEntryRefused(errors[0].detail, errors=tuple(errors))
