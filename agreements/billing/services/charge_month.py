"""A month's fees charged for all agreements, by one statement for each ten thousand of them (rules F1, F2).

1. A run begins by dividing the agreements into chunks, which are rows; one that was begun before goes on.
2. Any number of workers take the chunks that nobody has in hand, each in a transaction of its own.
3. When no chunk is left the run is done. What is told of later is charged, and corrected, by `look_again`.
"""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agreements.billing import rules
from agreements.billing.models import FeeChunk, FeeLook, FeeRun
from agreements.billing.services.charge_agreements import charge, locked_run, tell
from agreements.billing.services.look_again import (
    distrust_marks_ahead,
    drawn_since_last_look,
    look_again,
    note_facts,
)
from agreements.credit.models import Agreement
from underwriting.kernel.errors import Conflict
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, months_between, stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.wording import day_in_words
from underwriting.platform.chunks import bounds, is_any_left, take_next
from underwriting.platform.progress import Progress, unheard
from underwriting.platform.runtime import Runtime

AGREEMENTS_AT_ONCE = 10_000
"""So many are charged in one transaction, and held locked meanwhile: a fraction of a second."""

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
    """How far a month's run is: chunks done of all, what all its runs charged, and when it was done."""

    month: Month
    started_at: datetime
    finished_at: datetime | None
    charged_count: int
    charged: Money
    chunks: int
    chunks_done: int


def charge_month(runtime: Runtime, month: Month, *, progress: Progress = unheard) -> RunResult:
    """Charge *month* for every agreement that used credit in it; MonthNotOver before that is allowed (rule F1).

    Any number of workers may do it at the same time; a run that died goes on where it was. Once a run has come to its
    end, the next one looks only at agreements for which something was booked since that can change a fee: one that was
    not charged is charged then, and one that was charged otherwise is corrected, with the reason.
    """
    at = runtime.clock.now()
    require_chargeable(month, at)
    _begin(runtime, month, at)
    count = ore = 0
    while (done := _charge_next_chunk(runtime, month, at)) is not None:
        count, ore = count + done[0], ore + done[1]
        progress(count, None)
    if _finish(runtime, month, at):
        note_facts(runtime, month, at)
        late = look_again(runtime, month, at)
        count, ore = count + late[0], ore + late[1]
    _log.info("fee_run", month=str(month), charged_count=count, charged_ore=ore)
    return RunResult(month, count, Money(ore))


def require_chargeable(month: Month, at: datetime) -> None:
    """MonthNotOver before *month* may be charged (rule F1)."""
    opens_on = rules.chargeable_from(month)
    if stockholm_date(at) < opens_on:
        raise MonthNotOver(
            Text("{month} kan debiteras från {day.sv}.", "{month} can be charged from {day.en}.").filled(
                month=month, day=day_in_words(opens_on)
            )
        )


def charge_begun(runtime: Runtime) -> int:
    """Go on with what was begun: chunks and agreements to look at again; how many agreements were charged.

    A month that a clock which was ahead has begun too early waits until it may be charged.
    """
    at = runtime.clock.now()
    distrust_marks_ahead(runtime, at)
    with runtime.database.transaction() as session:
        left = session.scalars(_begun().order_by(FeeRun.month)).all()
    months = [Month.of(month) for month in left]
    may = [month for month in months if stockholm_date(at) >= rules.chargeable_from(month)]
    return sum(charge_month(runtime, month).count for month in may)


def run_due(runtime: Runtime, on: date, *, progress: Progress = unheard) -> tuple[RunResult, ...]:
    """Charge every month that is late enough for it on *on* and may lack a fee, oldest first (rule F1).

    That is the last of them, those that no run has charged, and those that something told of since reaches: no month is
    skipped, however long nothing ran.
    """
    last = Month.of(on).previous()
    if on < rules.chargeable_from(last):
        last = last.previous()
    at = runtime.clock.now()
    distrust_marks_ahead(runtime, at)
    with runtime.database.transaction() as session:
        run = {Month.of(month) for month in session.scalars(sa.select(FeeRun.month))}
        first = min((*run, *drawn_since_last_look(session), last))
    results = [
        charge_month(runtime, month, progress=progress) for month in months_between(first, last) if month not in run
    ]
    note_facts(runtime, None, at)  # after that: what may lie before every run is found by the same marks
    with runtime.database.transaction() as session:
        begun = {last, *(Month.of(month) for month in session.scalars(_begun()))} & run
    results += [charge_month(runtime, month, progress=progress) for month in sorted(begun) if month <= last]
    return tuple(sorted(results, key=lambda result: result.month))


def runs(session: Session) -> tuple[FeeRunView, ...]:
    """The months that were charged, newest first."""
    rows = session.execute(
        sa.select(
            FeeRun,
            sa.func.count(FeeChunk.through_id),
            sa.func.count(FeeChunk.done_at),
            *_sums(),
        )
        .outerjoin(FeeChunk, FeeChunk.month == FeeRun.month)
        .group_by(FeeRun.month)
        .order_by(FeeRun.month.desc())
    )
    return tuple(_run_view(*row) for row in rows)


def _begin(runtime: Runtime, month: Month, at: datetime) -> None:
    """See that there is a run of the month with its chunks, for workers to take."""
    with runtime.database.transaction() as session:
        run = locked_run(session, month)
        if run is None:
            session.add(FeeRun(month=month.first_day, started_at=at, looked_at=at, charged_count=0, charged_ore=0))
            session.flush()
        elif run.finished_at is not None or session.scalar(sa.select(sa.exists().where(_chunks_of(month)))):
            return
        which = bounds(sa.select(Agreement.id).where(Agreement.ended_at.is_(None)), size=AGREEMENTS_AT_ONCE).subquery()
        sums: tuple[sa.ColumnElement[object], ...] = (sa.literal(0), sa.literal(0))
        session.execute(
            insert(FeeChunk).from_select(
                ["month", "after_id", "through_id", "charged_count", "charged_ore"],
                sa.select(sa.literal(month.first_day), which.c.after_id, which.c.through_id, *sums),
            )
        )


def _charge_next_chunk(runtime: Runtime, month: Month, at: datetime) -> tuple[int, int] | None:
    """Charge one chunk that nobody has in hand; how many agreements and öre, None when there is none left."""
    with runtime.database.transaction() as session:
        chunk = take_next(session, FeeChunk, _chunks_of(month))
        if chunk is None:
            return None
        charged = charge(session, month, after=chunk.after_id, through=chunk.through_id, at=at)
        chunk.done_at, (chunk.charged_count, chunk.charged_ore) = at, charged
        return charged


def _finish(runtime: Runtime, month: Month, at: datetime) -> bool:
    """Mark the run as done when no chunk is left, and tell of it once; whether it is done."""
    with runtime.database.transaction() as session:
        run = locked_run(session, month)
        if run is None or run.finished_at is not None:
            return run is not None
        if is_any_left(session, FeeChunk, _chunks_of(month)):
            return False
        count, ore = session.execute(sa.select(*_sums()).where(_chunks_of(month))).one()
        run.finished_at = at
        tell(session, run, int(count), int(ore), at)
        return True


def _begun() -> sa.Select[date]:
    """The months with something left to do."""
    noted = sa.exists().where(FeeLook.month == FeeRun.month)
    return sa.select(FeeRun.month).where(sa.or_(FeeRun.finished_at.is_(None), noted))


def _chunks_of(month: Month) -> sa.ColumnElement[bool]:
    return FeeChunk.month == month.first_day


def _sums() -> tuple[sa.ColumnElement[int], sa.ColumnElement[int]]:
    """What is charged in chunks."""
    return (
        sa.func.coalesce(sa.func.sum(FeeChunk.charged_count), 0),
        sa.func.coalesce(sa.func.sum(FeeChunk.charged_ore), 0),
    )


def _run_view(row: FeeRun, chunks: int, done: int, count: int, ore: int) -> FeeRunView:
    """While it is under way the chunks tell what is charged, and the run what it had been before."""
    is_done = row.finished_at is not None
    charged = (0, 0) if is_done else (int(count), int(ore))
    return FeeRunView(
        Month.of(row.month),
        row.started_at,
        row.finished_at,
        row.charged_count + charged[0],
        Money(row.charged_ore + charged[1]),
        chunks,
        done,
    )
