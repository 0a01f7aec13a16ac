"""A month's fees charged for all agreements by one statement (rules F1, F2).

`fee_run.sql` executes what `rules.explain_fee` explains; a property test compares the two on random histories.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib import resources

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from agreements.billing import rules
from agreements.billing.models import FeeRun
from agreements.ledger.models import LedgerEntry
from agreements.ledger.rules import PostingKind
from underwriting.kernel.errors import Conflict
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, months_between, stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.wording import day_in_words
from underwriting.platform import audit_log
from underwriting.platform.database import lock_subject
from underwriting.platform.runtime import Runtime

_SORTING_MEMORY = "128MB"  # so that a run of a hundred thousand agreements does not sort on disk
_OVERLAP = timedelta(hours=1)  # what another transaction had under way when the last run began

_log = structlog.get_logger(__name__)


class MonthNotOver(Conflict):
    """The month's fees are charged after the bank's answers of the next month's first bank day are read. Rule F1."""

    slug = "month-not-over"
    title = Text("Månaden kan inte debiteras än", "The month cannot be charged yet")
    rule = "F1"


@dataclass(frozen=True, slots=True)
class RunResult:
    """What one run of one month charged; a second run charges nothing."""

    month: Month
    count: int
    charged: Money


@dataclass(frozen=True, slots=True)
class FeeRunView:
    """What all runs of one month charged, and when the last of them was."""

    month: Month
    started_at: datetime
    finished_at: datetime | None
    charged_count: int
    charged: Money


def charge_month(runtime: Runtime, month: Month) -> RunResult:
    """Charge *month* for every agreement that used credit in it; MonthNotOver before that is allowed (rule F1).

    What was charged stays as it is. A later run looks only at agreements in whose books something else than fees was
    booked since the last one began: a payout that the bank told of late is charged then.
    """
    at = runtime.clock.now()
    opens_on = rules.chargeable_from(month)
    if stockholm_date(at) < opens_on:
        raise MonthNotOver(
            Text("{month} kan debiteras från {day.sv}.", "{month} can be charged from {day.en}.").filled(
                month=month, day=day_in_words(opens_on)
            )
        )
    with runtime.database.transaction() as session:
        lock_subject(session, f"fee-run:{month}")
        run = session.get(FeeRun, month.first_day)
        result = _charge(session, month, among=_touched_since(session, run) if run else None, at=at)
        _note(session, run, result, at)
    _log.info("fee_run", month=str(month), charged_count=result.count, charged_ore=result.charged.ore)
    return result


def run_due(runtime: Runtime, on: date) -> tuple[RunResult, ...]:
    """Charge every month that is late enough for it on *on* and may lack a fee, oldest first (rule F1).

    That is the last of them, those that no run has charged, and those for which a payout was told of since: no month
    is skipped, however long nothing ran.
    """
    last = Month.of(on).previous()
    if on < rules.chargeable_from(last):
        last = last.previous()
    with runtime.database.transaction() as session:
        first = _first_that_may_lack_a_fee(session)
    return tuple(charge_month(runtime, month) for month in months_between(min(first or last, last), last))


def runs(session: Session) -> tuple[FeeRunView, ...]:
    """The months that were charged, newest first."""
    rows = session.scalars(sa.select(FeeRun).order_by(FeeRun.month.desc()))
    return tuple(_run_view(row) for row in rows)


@cache
def _statement() -> sa.TextClause:
    return sa.text(resources.files("agreements.billing").joinpath("fee_run.sql").read_text("utf-8"))


def _touched_since(session: Session, run: FeeRun) -> list[uuid.UUID]:
    """The agreements in whose books something else than fees was booked since *run* began."""
    touched = sa.select(LedgerEntry.agreement_id).where(
        LedgerEntry.kind != str(PostingKind.MONTHLY_FEE), LedgerEntry.booked_at >= run.started_at - _OVERLAP
    )
    return list(session.scalars(touched.distinct()))


def _first_that_may_lack_a_fee(session: Session) -> Month | None:
    """The month after the last one charged, or of the earliest payout that was booked since that one's last run."""
    latest = session.scalar(sa.select(FeeRun).order_by(FeeRun.month.desc()).limit(1))
    payouts = sa.select(sa.func.min(LedgerEntry.occurred_on)).where(LedgerEntry.kind == str(PostingKind.PAYOUT))
    if latest is not None:
        payouts = payouts.where(LedgerEntry.booked_at >= latest.started_at - _OVERLAP)
    earliest = session.scalar(payouts)
    starts = [Month.of(latest.month).next()] if latest else []
    return min([*starts, Month.of(earliest)] if earliest else starts, default=None)


def _charge(session: Session, month: Month, *, among: Sequence[uuid.UUID] | None, at: datetime) -> RunResult:
    """Run the statement, over all agreements or *among* some."""
    session.execute(sa.text(f"SET LOCAL work_mem = '{_SORTING_MEMORY}'"))
    count, ore = session.execute(
        _statement(),
        {
            "first_day": month.first_day,
            "first_day_of_next": month.end,
            "month": str(month),
            "among": among,
            "charged_at": at,
        },
    ).one()
    return RunResult(month, count, Money(ore))


def _note(session: Session, run: FeeRun | None, result: RunResult, at: datetime) -> None:
    if run is None:
        session.add(
            FeeRun(
                month=result.month.first_day,
                started_at=at,
                finished_at=at,
                charged_count=result.count,
                charged_ore=result.charged.ore,
            )
        )
    else:
        run.started_at = run.finished_at = at
        run.charged_count += result.count
        run.charged_ore += result.charged.ore
    if result.count:
        data = {"count": result.count, "charged": str(result.charged)}
        audit_log.append(session, f"fee-run:{result.month}", "fee_run.charged", actor="system", at=at, data=data)


def _run_view(row: FeeRun) -> FeeRunView:
    return FeeRunView(Month.of(row.month), row.started_at, row.finished_at, row.charged_count, Money(row.charged_ore))
