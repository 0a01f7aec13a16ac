"""A month's fees charged for all agreements, by one statement for each ten thousand of them (rules F1, F2).

1. A run begins by dividing the agreements into chunks, which are rows; one that was begun before goes on.
2. Any number of workers take the chunks that nobody has in hand, each in a transaction of its own.
3. When no chunk is left the run is done. What is told of later is charged, and corrected, by the next run.

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
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from agreements.billing import rules
from agreements.billing.models import FeeChunk, FeeRun
from agreements.billing.services.correct_fees import correct
from agreements.credit.models import Agreement
from agreements.credit.service import lock_agreement
from agreements.ledger.models import LedgerEntry
from agreements.ledger.rules import PostingKind
from underwriting.kernel.errors import Conflict
from underwriting.kernel.event_catalogue import FEE_RUN_CHARGED
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, months_between, stockholm_date
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import FeeCorrectionReason
from underwriting.kernel.wording import day_in_words
from underwriting.platform import audit_log, events
from underwriting.platform.chunks import BEFORE_ALL, bounds, is_any_left, take_next
from underwriting.platform.database import lock_subject
from underwriting.platform.progress import Progress, unheard
from underwriting.platform.runtime import Runtime

AGREEMENTS_AT_ONCE = 10_000
"""So many are charged in one transaction, and held locked meanwhile: a fraction of a second."""

_SORTING_MEMORY = "32MB"  # so that a chunk is never sorted on disk
_LOCK = sa.text(
    "SELECT count(*) FROM (SELECT id FROM agreement WHERE ended_at IS NULL AND id > :after AND id <= :through"
    " AND (CAST(:among AS uuid[]) IS NULL OR id = ANY(CAST(:among AS uuid[]))) ORDER BY id FOR KEY SHARE) AS held"
)
_OVERLAP = timedelta(hours=1)  # what another transaction had under way when the last run began

_RAISING = (str(PostingKind.PAYOUT), str(PostingKind.REVERSAL))
_MOVING = (str(PostingKind.PAYOUT), str(PostingKind.PAYMENT))

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
        late = _charge_late(runtime, month, at)
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
    """Go on with the runs that were begun and not finished, if there are any; how many agreements were charged."""
    with runtime.database.transaction() as session:
        left = session.scalars(sa.select(FeeRun.month).where(FeeRun.finished_at.is_(None)).order_by(FeeRun.month)).all()
    return sum(charge_month(runtime, Month.of(month)).count for month in left)


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
        run = _locked_run(session, month)
        if run is None:
            session.add(FeeRun(month=month.first_day, started_at=at, charged_count=0, charged_ore=0))
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
        charged = _charge(session, month, after=chunk.after_id, through=chunk.through_id, among=None, at=at)
        chunk.done_at, (chunk.charged_count, chunk.charged_ore) = at, charged
        return charged


def _finish(runtime: Runtime, month: Month, at: datetime) -> bool:
    """Mark the run as done when no chunk is left, and tell of it once; whether it is done."""
    with runtime.database.transaction() as session:
        run = _locked_run(session, month)
        if run is None or run.finished_at is not None:
            return run is not None
        if is_any_left(session, FeeChunk, _chunks_of(month)):
            return False
        count, ore = session.execute(sa.select(*_sums()).where(_chunks_of(month))).one()
        run.finished_at = at
        _tell(session, run, int(count), int(ore), at)
        return True


def _charge_late(runtime: Runtime, month: Month, at: datetime) -> tuple[int, int]:
    """Charge and correct what was told of since the run began; how many agreements were charged, and öre."""
    with runtime.database.transaction() as session:
        run = session.get_one(FeeRun, month.first_day)
        if run.started_at >= at:
            return 0, 0
        among = _touched_since(session, month, run)
    count = ore = 0
    for start in range(0, len(among), AGREEMENTS_AT_ONCE):
        part = among[start : start + AGREEMENTS_AT_ONCE]
        with runtime.database.transaction() as session:
            charged = _charge(session, month, after=BEFORE_ALL, through=part[-1], among=part, at=at)
            if charged[0]:
                _tell(session, _held_run(session, month), *charged, at)
        _correct(runtime, month, part, at)
        count, ore = count + charged[0], ore + charged[1]
    with runtime.database.transaction() as session:
        run = _held_run(session, month)
        if run.started_at < at:
            run.started_at = run.finished_at = at
    return count, ore


def _charge(
    session: Session,
    month: Month,
    *,
    after: uuid.UUID,
    through: uuid.UUID,
    among: Sequence[uuid.UUID] | None,
    at: datetime,
) -> tuple[int, int]:
    """The statement; how many agreements and öre.

    They are locked first, in the order in which everybody locks agreements, and what is charged is read after that: a
    cancellation that was under way is done, and none begins meanwhile.
    """
    which = {"after": after, "through": through, "among": among}
    session.execute(_LOCK, which)
    session.execute(sa.text(f"SET LOCAL work_mem = '{_SORTING_MEMORY}'"))
    values = {**which, **_days_of(month), "month": str(month), "charged_at": at}
    count, ore = session.execute(_statement("fee_run.sql"), values).one()
    return int(count), int(ore)


def _correct(runtime: Runtime, month: Month, among: Sequence[uuid.UUID], at: datetime) -> None:
    """Correct the fees of those *among* the agreements that were charged otherwise than is seen now.

    One statement finds them. Each is looked at again once it is locked, in a transaction of its own.
    """
    values = {"after": BEFORE_ALL, "through": among[-1], "among": among, **_days_of(month)}
    with runtime.database.transaction() as session:
        wrong = session.execute(_statement("wrong_fees.sql"), values).all()
    for agreement_id, reason in wrong:
        with runtime.database.transaction() as session:
            agreement = lock_agreement(session, agreement_id)
            if agreement.ended_at is None:
                correct(session, agreement, FeeCorrectionReason(reason), occurred_on=stockholm_date(at), at=at)


def _tell(session: Session, run: FeeRun, count: int, ore: int, at: datetime) -> None:
    """Add to what the runs of the month have charged, and tell of the whole; a run that died told nothing."""
    run.charged_count, run.charged_ore = run.charged_count + count, run.charged_ore + ore
    month, charged = Month.of(run.month), Money(run.charged_ore)
    data = {"count": run.charged_count, "charged": str(charged)}
    audit_log.append(session, f"fee-run:{month}", "fee_run.charged", actor="system", at=at, data=data)
    events.record(session, FEE_RUN_CHARGED, at=at, month=month, count=run.charged_count, charged=charged)


def _locked_run(session: Session, month: Month) -> FeeRun | None:
    """The mark of the month's run, held to the end of the transaction: whoever begins or ends a run takes turns."""
    lock_subject(session, f"fee-run:{month}")
    return session.get(FeeRun, month.first_day, populate_existing=True)


def _held_run(session: Session, month: Month) -> FeeRun:
    """The mark of a run that is there, held; taken after agreements."""
    return session.get_one(FeeRun, month.first_day, populate_existing=True, with_for_update=True)


def _touched_since(session: Session, month: Month, run: FeeRun) -> list[uuid.UUID]:
    """The agreements for which something that can change the month's fee was booked since *run* began, by their ids."""
    touched = sa.select(LedgerEntry.agreement_id).where(
        sa.or_(LedgerEntry.kind.in_(_RAISING), _was_paid_before(month)),
        LedgerEntry.booked_at >= run.started_at - _OVERLAP,
    )
    return sorted(session.scalars(touched.distinct()))


def _was_paid_before(month: Month) -> sa.ColumnElement[bool]:
    """A payment lowers the basis of later months only: the month's highest moment is before it."""
    return sa.and_(LedgerEntry.kind == str(PostingKind.PAYMENT), LedgerEntry.occurred_on < month.first_day)


def _chunks_of(month: Month) -> sa.ColumnElement[bool]:
    return FeeChunk.month == month.first_day


def _sums() -> tuple[sa.ColumnElement[int], sa.ColumnElement[int]]:
    """What is charged in chunks."""
    return (
        sa.func.coalesce(sa.func.sum(FeeChunk.charged_count), 0),
        sa.func.coalesce(sa.func.sum(FeeChunk.charged_ore), 0),
    )


def _days_of(month: Month) -> dict[str, date]:
    return {"first_day": month.first_day, "first_day_of_next": month.end}


def _first_that_may_lack_a_fee(session: Session) -> Month | None:
    """The month after the last one charged, that of an unfinished run, or of the earliest fact booked since the last.

    A reversal is a fact of the month of what it takes back; a payment one of the month after it.
    """
    latest = session.scalar(sa.select(FeeRun).order_by(FeeRun.month.desc()).limit(1))
    unfinished = session.scalar(sa.select(sa.func.min(FeeRun.month)).where(FeeRun.finished_at.is_(None)))
    taken_back = aliased(LedgerEntry)
    facts = (
        sa.select(sa.func.min(sa.func.coalesce(taken_back.occurred_on, LedgerEntry.occurred_on)))
        .select_from(LedgerEntry)
        .outerjoin(taken_back, taken_back.id == LedgerEntry.reverses_id)
        .where(LedgerEntry.kind.in_(_RAISING), sa.or_(taken_back.id.is_(None), taken_back.kind.in_(_MOVING)))
    )
    if latest is not None:
        facts = facts.where(LedgerEntry.booked_at >= latest.started_at - _OVERLAP)
    earliest = session.scalar(facts)
    starts = [Month.of(latest.month).next()] if latest else []
    starts += [Month.of(day) for day in (unfinished, earliest) if day is not None]
    return min(starts, default=None)


@cache
def _statement(name: str) -> sa.TextClause:
    """The basis, and what *name* does with it."""
    folder = resources.files("agreements.billing")
    basis, rest = (folder.joinpath(part).read_text("utf-8") for part in ("basis.sql", name))
    return sa.text(basis + ("," if name == "fee_run.sql" else "") + "\n" + rest)


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
