"""A month's fees charged for all agreements, by one statement for each ten thousand of them (rules F1, F2).

`fee_run.sql` executes what `rules.explain_fee` explains; a property test compares the two on random histories.
"""

import uuid
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
from underwriting.kernel.event_catalogue import FEE_RUN_CHARGED
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, months_between, stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.wording import day_in_words
from underwriting.platform import audit_log, events
from underwriting.platform.database import lock_subject
from underwriting.platform.progress import Progress, unheard
from underwriting.platform.runtime import Runtime

AGREEMENTS_AT_ONCE = 10_000
"""So many are charged in one transaction, and held locked meanwhile: a fraction of a second."""

_SORTING_MEMORY = "32MB"  # so that a chunk is never sorted on disk
_BEFORE_ALL = uuid.UUID(int=0)
_LOCK = sa.text(
    "SELECT id FROM ("
    "SELECT id FROM agreement WHERE ended_at IS NULL AND id > :after"
    " AND (CAST(:among AS uuid[]) IS NULL OR id = ANY(CAST(:among AS uuid[])))"
    " ORDER BY id LIMIT :most FOR KEY SHARE"
    ") AS chunk ORDER BY id DESC LIMIT 1"
)
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


def charge_month(runtime: Runtime, month: Month, *, progress: Progress = unheard) -> RunResult:
    """Charge *month* for every agreement that used credit in it; MonthNotOver before that is allowed (rule F1).

    Agreements are charged in chunks, each in a transaction; a run that died is begun again and finds what it had
    charged. What was charged stays as it is. Once a run has come to its end, the next one looks only at agreements for
    which a payout was booked since, or something taken back: a payout that the bank told of late is charged then.
    """
    at = runtime.clock.now()
    opens_on = rules.chargeable_from(month)
    if stockholm_date(at) < opens_on:
        raise MonthNotOver(
            Text("{month} kan debiteras från {day.sv}.", "{month} can be charged from {day.en}.").filled(
                month=month, day=day_in_words(opens_on)
            )
        )
    among = _begin(runtime, month, at)
    results, after = [], _BEFORE_ALL
    while (chunk := _charge_chunk(runtime, month, among=among, after=after, at=at)) is not None:
        result, after = chunk
        results.append(result)
        progress(sum(one.count for one in results), None)
    charged = RunResult(month, sum(one.count for one in results), Money.sum(one.charged for one in results))
    _finish(runtime, charged, at, is_news=bool(charged.count) or among is None)
    _log.info("fee_run", month=str(month), charged_count=charged.count, charged_ore=charged.charged.ore)
    return charged


def run_due(runtime: Runtime, on: date, *, progress: Progress = unheard) -> tuple[RunResult, ...]:
    """Charge every month that is late enough for it on *on* and may lack a fee, oldest first (rule F1).

    That is the last of them, those that no run has charged, and those for which a payout was told of since: no month
    is skipped, however long nothing ran.
    """
    last = Month.of(on).previous()
    if on < rules.chargeable_from(last):
        last = last.previous()
    with runtime.database.transaction() as session:
        first = _first_that_may_lack_a_fee(session)
    months = months_between(min(first or last, last), last)
    return tuple(charge_month(runtime, month, progress=progress) for month in months)


def runs(session: Session) -> tuple[FeeRunView, ...]:
    """The months that were charged, newest first."""
    rows = session.scalars(sa.select(FeeRun).order_by(FeeRun.month.desc()))
    return tuple(_run_view(row) for row in rows)


def _begin(runtime: Runtime, month: Month, at: datetime) -> list[uuid.UUID] | None:
    """Mark the run as begun; the agreements to look at, None for all: no run of the month has come to its end."""
    with runtime.database.transaction() as session:
        run = _locked_run(session, month)
        if run is None:
            session.add(FeeRun(month=month.first_day, started_at=at, charged_count=0, charged_ore=0))
            return None
        among = None if run.finished_at is None else _touched_since(session, run)
        run.started_at, run.finished_at = at, None
        return among


def _charge_chunk(
    runtime: Runtime, month: Month, *, among: list[uuid.UUID] | None, after: uuid.UUID, at: datetime
) -> tuple[RunResult, uuid.UUID] | None:
    """Charge the next agreements *after* that one, and the last one's id; None when there are no more.

    They are locked first, in the order in which everybody locks agreements, and what is charged is read after that: a
    cancellation that was under way is done, and none begins meanwhile.
    """
    with runtime.database.transaction() as session:
        run = _locked_run(session, month)
        through = session.scalar(_LOCK, {"after": after, "among": among, "most": AGREEMENTS_AT_ONCE})
        if through is None or run is None:
            return None
        session.execute(sa.text(f"SET LOCAL work_mem = '{_SORTING_MEMORY}'"))
        count, ore = session.execute(
            _statement(),
            {
                "first_day": month.first_day,
                "first_day_of_next": month.end,
                "month": str(month),
                "after": after,
                "through": through,
                "among": among,
                "charged_at": at,
            },
        ).one()
        run.charged_count += count
        run.charged_ore += ore
        return RunResult(month, count, Money(ore)), through


def _finish(runtime: Runtime, charged: RunResult, at: datetime, *, is_news: bool) -> None:
    """Mark the run as done, and note what all runs of the month have charged; one that died noted nothing."""
    with runtime.database.transaction() as session:
        run = _locked_run(session, charged.month)
        if run is None:
            return
        run.finished_at = at
        if is_news:
            data = {"count": run.charged_count, "charged": str(Money(run.charged_ore))}
            audit_log.append(session, f"fee-run:{charged.month}", "fee_run.charged", actor="system", at=at, data=data)
            sums = {"count": run.charged_count, "charged": Money(run.charged_ore)}
            events.record(session, FEE_RUN_CHARGED, at=at, month=charged.month, **sums)


def _locked_run(session: Session, month: Month) -> FeeRun | None:
    """The mark of the month's run, held to the end of the transaction: two runs of a month take turns."""
    lock_subject(session, f"fee-run:{month}")
    return session.get(FeeRun, month.first_day, populate_existing=True)


def _touched_since(session: Session, run: FeeRun) -> list[uuid.UUID]:
    """The agreements for which something that can raise a fee was booked since *run* began."""
    touched = sa.select(LedgerEntry.agreement_id).where(
        LedgerEntry.kind.in_([str(PostingKind.PAYOUT), str(PostingKind.REVERSAL)]),
        LedgerEntry.booked_at >= run.started_at - _OVERLAP,
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


@cache
def _statement() -> sa.TextClause:
    return sa.text(resources.files("agreements.billing").joinpath("fee_run.sql").read_text("utf-8"))


def _run_view(row: FeeRun) -> FeeRunView:
    return FeeRunView(Month.of(row.month), row.started_at, row.finished_at, row.charged_count, Money(row.charged_ore))
