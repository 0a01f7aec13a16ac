"""Months that were charged, looked at again for what was told of since (rules F1, F10).

1. What was booked since the last look is noted: a row for each month and agreement that it can change.
2. Any number of workers take such rows, a thousand at once, and charge and correct what they stand for.
3. The rows go with the transaction that does so: one that is broken off leaves them to the next worker.

Memory is that of a thousand agreements, however many facts there are.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib import resources

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.billing.models import FeeLook, FeeRun
from agreements.billing.services.charge_agreements import charge, days_of, statement, tell
from agreements.billing.services.correct_fees import correct
from agreements.credit.service import lock_agreement
from agreements.ledger.models import LedgerEntry
from agreements.ledger.rules import PostingKind
from underwriting.kernel.periods import Month, stockholm_date
from underwriting.kernel.vocabulary import FeeCorrectionReason
from underwriting.platform.chunks import BEFORE_ALL
from underwriting.platform.database import lock_subject
from underwriting.platform.runtime import Runtime

AGREEMENTS_AT_ONCE = 1_000
"""So many are looked at again in one transaction, and held locked meanwhile."""

_OVERLAP = timedelta(hours=1)  # what another transaction had under way at the last look, and what clocks differ by


def note_facts(runtime: Runtime, month: Month | None, at: datetime) -> None:
    """Note what was booked since the last look and reaches *month*, or any month whose run is finished.

    Notes and mark are written together, so that a fact is behind the mark only when it is noted.
    """
    values = {"month": month.first_day if month else None, "at": at, "overlap": _OVERLAP}
    with runtime.database.transaction() as session:
        lock_subject(session, "fee-facts")
        session.execute(_note_facts(), values)
        looked = sa.update(FeeRun).where(FeeRun.finished_at.is_not(None)).values(looked_at=at)
        session.execute(looked.where(FeeRun.month == month.first_day) if month else looked)


def distrust_marks_ahead(runtime: Runtime, at: datetime) -> None:
    """Take away the marks that lie ahead of *at*: a clock was ahead when they were made.

    Facts booked from now on until then would be taken for seen. With the mark gone, all are looked at once.
    """
    with runtime.database.transaction() as session:
        ahead = FeeRun.looked_at > at + _OVERLAP
        if session.scalar(sa.select(sa.exists().where(ahead))):
            session.execute(sa.update(FeeRun).where(ahead).values(looked_at=None))


def drawn_since_last_look(session: Session) -> tuple[Month, ...]:
    """The month of the earliest payout that was told of since the last look, which may lie before every run."""
    marks = sa.select(
        sa.case(
            (sa.func.bool_or(FeeRun.looked_at.is_(None)), sa.text("'-infinity'::timestamptz")),
            else_=sa.func.coalesce(sa.func.min(FeeRun.looked_at) - _OVERLAP, sa.text("'-infinity'::timestamptz")),
        )
    )
    first = session.scalar(
        sa.select(sa.func.min(LedgerEntry.occurred_on)).where(
            LedgerEntry.kind == str(PostingKind.PAYOUT), LedgerEntry.booked_at >= marks.scalar_subquery()
        )
    )
    return (Month.of(first),) if first else ()


def look_again(runtime: Runtime, month: Month, at: datetime) -> tuple[int, int]:
    """Charge and correct what is noted for *month*; how many agreements were charged, and öre."""
    count = ore = 0
    while (done := _look_at_next(runtime, month, at)) is not None:
        count, ore = count + done[0], ore + done[1]
    return count, ore


def _look_at_next(runtime: Runtime, month: Month, at: datetime) -> tuple[int, int] | None:
    """The same for some that nobody has in hand; None when there are none left."""
    with runtime.database.transaction() as session:
        among = _taken(session, month)
        if not among:
            return None
        charged = charge(session, month, after=BEFORE_ALL, through=among[-1], among=among, at=at)
        _correct(session, month, among, at)
        if charged[0]:
            run = session.get_one(FeeRun, month.first_day, populate_existing=True, with_for_update=True)
            run.finished_at = at
            tell(session, run, *charged, at)
        return charged


def _taken(session: Session, month: Month) -> list[uuid.UUID]:
    """Take the first notes that nobody has in hand: their agreements, by their ids."""
    first = (
        sa.select(FeeLook.agreement_id)
        .where(FeeLook.month == month.first_day)
        .order_by(FeeLook.agreement_id)
        .limit(AGREEMENTS_AT_ONCE)
        .with_for_update(skip_locked=True)
        .cte("first")
        .prefix_with("MATERIALIZED")
    )
    taken = sa.delete(FeeLook).where(
        FeeLook.month == month.first_day, FeeLook.agreement_id.in_(sa.select(first.c.agreement_id))
    )
    statement_ = taken.returning(FeeLook.agreement_id).execution_options(synchronize_session=False)
    return sorted(session.scalars(statement_))


def _correct(session: Session, month: Month, among: Sequence[uuid.UUID], at: datetime) -> None:
    """Correct the fees of those *among* the held agreements that were charged otherwise than is seen now."""
    values = {"after": BEFORE_ALL, "through": among[-1], "among": among, **days_of(month)}
    for agreement_id, reason in session.execute(statement("wrong_fees.sql"), values).all():
        agreement = lock_agreement(session, agreement_id)
        correct(session, agreement, FeeCorrectionReason(reason), occurred_on=stockholm_date(at), at=at)


@cache
def _note_facts() -> sa.TextClause:
    return sa.text(resources.files("agreements.billing").joinpath("note_facts.sql").read_text("utf-8"))
