"""A month's invoices issued for all agreements, by one statement for each some thousand of them (rules F4, F5).

1. A run begins by dividing the agreements into chunks, which are rows; one that was begun before goes on.
2. A worker takes the next chunk that nobody has in hand (`SKIP LOCKED`), issues its invoices and marks it as done, all
   in one transaction: a worker that dies leaves the chunk as it was.
3. The numbers are taken from the year's series, whose row is held from then to the commit: there are no gaps.
4. When no chunk is left the run is done. Whoever becomes due later in the month is looked for every day.

`issue.sql` executes what `rules.compose` explains; a property test compares the two on random histories.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from importlib import resources
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agreements.billing.models import FeeRun
from agreements.credit.models import Agreement
from agreements.invoices import rules
from agreements.invoices.models import InvoiceChunk, InvoiceRun, InvoiceSeries
from agreements.invoices.services.keep_prices import paper_fee_on
from underwriting.kernel.errors import Conflict
from underwriting.kernel.event_catalogue import INVOICE_RUN_ISSUED
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month, stockholm_date, stockholm_instant
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import AgreementState
from underwriting.platform import audit_log, events
from underwriting.platform.chunks import BEFORE_ALL, bounds, is_any_left, take_next
from underwriting.platform.database import lock_subject
from underwriting.platform.progress import Progress, unheard
from underwriting.platform.runtime import Runtime

AGREEMENTS_AT_ONCE = 5_000
"""So many agreements are looked at in one transaction, and held locked meanwhile."""

_SORTING_MEMORY = "32MB"
_LOCK = sa.text(
    "SELECT count(*) FROM (SELECT id FROM agreement WHERE id > :after AND id <= :through"
    " AND (CAST(:among AS uuid[]) IS NULL OR id = ANY(CAST(:among AS uuid[])))"
    " AND state IN ('running', 'cancelled') ORDER BY id FOR KEY SHARE) AS held"
)
_log = structlog.get_logger(__name__)


class PeriodNotOpen(Conflict):
    """A month's invoices are issued once it has begun and the fees of the month before are charged. Rule F5."""

    slug = "invoice-period-not-open"
    title = Text("Månadens fakturor kan inte ställas ut än", "The month's invoices cannot be issued yet")
    rule = "F5"


@dataclass(frozen=True, slots=True)
class Issued:
    """What one worker issued for one month: so many invoices, over so much to pay in all."""

    period: Month
    count: int
    payable: Money


@dataclass(frozen=True, slots=True)
class InvoiceRunView:
    """How far a month's invoices are: chunks done of all, what was issued, and when the run was done."""

    period: Month
    begun_at: datetime
    finished_at: datetime | None
    chunks: int
    chunks_done: int
    issued_count: int
    issued: Money


def issue_period(runtime: Runtime, period: Month, *, progress: Progress = unheard) -> Issued:
    """Issue what is left of the invoices for *period*; PeriodNotOpen before that is allowed, or once it is over.

    Any number of workers may do it at the same time. Done again it issues nothing, but for agreements that have
    something to pay since.
    """
    begin(runtime, period)
    at = runtime.clock.now()
    on = stockholm_date(at)
    count = ore = 0
    while (done := _issue_next_chunk(runtime, period, on=on, at=at)) is not None:
        count, ore = count + done[0], ore + done[1]
        progress(count, None)
    late = _issue_late(runtime, period, on=on, at=at) if _finish(runtime, period, at) else (0, 0)
    issued = Issued(period, count + late[0], Money(ore + late[1]))
    _log.info("invoices_issued", period=str(period), count=issued.count)
    return issued


def begin(runtime: Runtime, period: Month) -> None:
    """See that there is a run for *period* with its chunks, for workers to take; PeriodNotOpen, as `issue_period`."""
    at = runtime.clock.now()
    on = stockholm_date(at)
    with runtime.database.transaction() as session:
        lock_subject(session, f"invoice-run:{period}")
        if session.get(InvoiceRun, period.first_day) is not None and Month.of(on) == period:
            return
        if Month.of(on) != period or not _is_charged(session, period.previous()):
            raise PeriodNotOpen(
                Text(
                    "Fakturor för {period} ställs ut i den månaden, när avgifterna för månaden före är debiterade.",
                    "Invoices for {period} are issued in that month, once the fees of the month before are charged.",
                ).filled(period=period)
            )
        _divide(session, period, at)


def issue_begun(runtime: Runtime, *, progress: Progress = unheard) -> int:
    """Issue what is left of the run that was begun and not finished, if there is one; how many invoices."""
    period = Month.of(stockholm_date(runtime.clock.now()))
    with runtime.database.transaction() as session:
        run = session.get(InvoiceRun, period.first_day)
        is_left = run is not None and run.finished_at is None
    return issue_period(runtime, period, progress=progress).count if is_left else 0


def issue_due(runtime: Runtime, on: date, *, progress: Progress = unheard) -> Issued | None:
    """Issue the invoices for the month of *on*; None while the fees of the month before are not charged."""
    try:
        return issue_period(runtime, Month.of(on), progress=progress)
    except PeriodNotOpen:
        return None


def invoice_runs(session: Session, *, limit: int = 36) -> tuple[InvoiceRunView, ...]:
    """The months for which invoices are, or were, issued, the newest first; at most *limit*."""
    rows = session.execute(
        sa.select(
            InvoiceRun,
            sa.func.count(InvoiceChunk.through_id),
            sa.func.count(InvoiceChunk.done_at),
            sa.func.coalesce(sa.func.sum(InvoiceChunk.issued_count), 0),
            sa.func.coalesce(sa.func.sum(InvoiceChunk.issued_ore), 0),
        )
        .outerjoin(InvoiceChunk, InvoiceChunk.period == InvoiceRun.period)
        .group_by(InvoiceRun.period)
        .order_by(InvoiceRun.period.desc())
        .limit(limit)
    )
    return tuple(
        InvoiceRunView(Month.of(run.period), run.begun_at, run.finished_at, chunks, done, int(count), Money(int(ore)))
        for run, chunks, done, count, ore in rows
    )


def take_number(session: Session, year: int) -> int:
    """The next number of the year's series, held until the caller's transaction is committed."""
    last = _locked_series(session, year)
    _advance(session, year, last + 1)
    return rules.number_of(year, last + 1)


def _is_charged(session: Session, month: Month) -> bool:
    run = session.get(FeeRun, month.first_day)
    return run is not None and run.finished_at is not None


def _divide(session: Session, period: Month, at: datetime) -> None:
    """Make the run and its chunks."""
    session.add(InvoiceRun(period=period.first_day, begun_at=at))
    session.flush()
    ended_since = stockholm_instant(_since(session, period)["charged_since"])
    ids = sa.select(Agreement.id).where(
        Agreement.state.in_([str(AgreementState.RUNNING), str(AgreementState.CANCELLED)]),
        sa.or_(Agreement.ended_at.is_(None), Agreement.ended_at >= ended_since),
    )
    which = bounds(ids, size=AGREEMENTS_AT_ONCE).subquery()
    nothing: tuple[sa.ColumnElement[object], ...] = (sa.literal(0), sa.literal(0))
    session.execute(
        insert(InvoiceChunk).from_select(
            ["period", "after_id", "through_id", "issued_count", "issued_ore"],
            sa.select(sa.literal(period.first_day), which.c.after_id, which.c.through_id, *nothing),
        )
    )


def _issue_next_chunk(runtime: Runtime, period: Month, *, on: date, at: datetime) -> tuple[int, int] | None:
    """Issue one chunk that nobody has in hand; how many invoices and öre, None when there is none left."""
    with runtime.database.transaction() as session:
        chunk = take_next(session, InvoiceChunk, InvoiceChunk.period == period.first_day)
        if chunk is None:
            return None
        issued = _issue(session, period, after=chunk.after_id, through=chunk.through_id, among=None, on=on, at=at)
        chunk.done_at, (chunk.issued_count, chunk.issued_ore) = at, issued
        return issued


def _finish(runtime: Runtime, period: Month, at: datetime) -> bool:
    """Mark the run as done when no chunk is left, and tell of it once; whether it is done."""
    with runtime.database.transaction() as session:
        lock_subject(session, f"invoice-run:{period}")
        run = session.get_one(InvoiceRun, period.first_day, populate_existing=True)
        if run.finished_at is not None:
            return True
        if is_any_left(session, InvoiceChunk, InvoiceChunk.period == run.period):
            return False
        run.finished_at = at
        view = next(one for one in invoice_runs(session) if one.period == period)
        data = {"count": view.issued_count, "payable": str(view.issued)}
        audit_log.append(session, f"invoice-run:{period}", "invoice_run.issued", actor="system", at=at, data=data)
        sums = {"count": view.issued_count, "payable": view.issued}
        events.record(session, INVOICE_RUN_ISSUED, at=at, month=period, **sums)
        return True


def _issue_late(runtime: Runtime, period: Month, *, on: date, at: datetime) -> tuple[int, int]:
    """Issue for those that were first paid out, or cancelled, in the month: its run may have passed them by."""
    with runtime.database.transaction() as session:
        first_instant = stockholm_instant(period.first_day)
        since = sa.or_(
            sa.and_(Agreement.state == str(AgreementState.RUNNING), Agreement.first_paid_out_on >= period.first_day),
            sa.and_(Agreement.state == str(AgreementState.CANCELLED), Agreement.ended_at >= first_instant),
        )
        among = list(session.scalars(sa.select(Agreement.id).where(since).order_by(Agreement.id)))
    count = ore = 0
    for start in range(0, len(among), AGREEMENTS_AT_ONCE):
        part = among[start : start + AGREEMENTS_AT_ONCE]
        with runtime.database.transaction() as session:
            issued = _issue(session, period, after=BEFORE_ALL, through=part[-1], among=part, on=on, at=at)
        count, ore = count + issued[0], ore + issued[1]
    return count, ore


def _issue(
    session: Session,
    period: Month,
    *,
    after: uuid.UUID,
    through: uuid.UUID,
    among: Sequence[uuid.UUID] | None,
    on: date,
    at: datetime,
) -> tuple[int, int]:
    """The statement; agreements are locked in the order in which everybody locks them, and then the series."""
    which = {"after": after, "through": through, "among": among}
    session.execute(_LOCK, which)
    session.execute(sa.text(f"SET LOCAL work_mem = '{_SORTING_MEMORY}'"))
    last = _locked_series(session, on.year)
    values: dict[str, object] = {
        "first_day": period.first_day,
        "end": period.end,
        "month": str(period),
        "issued_on": on,
        "issued_at": at,
        "due_on": rules.due_on(period, issued_on=on),
        "paper_fee_ore": paper_fee_on(session, on).ore,
        "last": rules.number_of(on.year, last + 1) - 1,
        "entry_kinds": [str(kind) for kind in rules.CHARGES],
        "line_kinds": [str(kind) for kind, _ in rules.CHARGES.values()],
        "accounts": [str(account) for _, account in rules.CHARGES.values()],
    }
    count, ore = session.execute(_statement(), {**values, **which, **_since(session, period)}).one()
    if count:
        _advance(session, on.year, last + count)
    return int(count), int(ore)


def _since(session: Session, period: Month) -> Mapping[str, Any]:
    """From which days on charges and instalments are asked for: at the earliest with the lender's first run."""
    first = session.scalar(sa.select(sa.func.min(InvoiceRun.period))) or period.first_day
    back = period.plus(-rules.LOOK_BACK_MONTHS).first_day
    return {"charged_since": max(Month.of(first).previous().first_day, back), "due_since": max(first, back)}


def _locked_series(session: Session, year: int) -> int:
    session.execute(insert(InvoiceSeries).values(year=year, last=0).on_conflict_do_nothing())
    return session.scalars(sa.select(InvoiceSeries.last).where(InvoiceSeries.year == year).with_for_update()).one()


def _advance(session: Session, year: int, last: int) -> None:
    rules.number_of(year, last)  # within the series
    session.execute(sa.update(InvoiceSeries).where(InvoiceSeries.year == year).values(last=last))


@cache
def _statement() -> sa.TextClause:
    return sa.text(resources.files("agreements.invoices").joinpath("issue.sql").read_text("utf-8"))
