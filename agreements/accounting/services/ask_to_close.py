"""A month with many entries is closed by a worker, not where it is asked for: what was asked waits as a row (F9).

1. What cannot be closed is refused at once. A month with few entries is closed at once.
2. A bigger one waits. A worker closes it as whoever asked, and the row goes; one that dies leaves it for the next.
3. What refuses the close only then, an account without a place in the chart, is kept with the row until somebody asks
   again.
"""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agreements.accounting.models import AccountingRequest
from agreements.accounting.services.close_month import close_month, require_closable
from agreements.accounting.services.read_months import MAY_BE_OPEN, period_of
from underwriting.kernel.errors import Refusal
from underwriting.kernel.periods import Month
from underwriting.kernel.text import Text
from underwriting.platform import audit_log
from underwriting.platform.runtime import Runtime

AT_ONCE = 20_000
"""A month of so many entries is closed while its asker waits; that takes about a second."""

_IS_BIG = sa.text(f"""
    SELECT count(*) > :most FROM (
        SELECT 1 FROM ledger_entry AS entry WHERE {MAY_BE_OPEN} LIMIT :most + 1
    ) AS counted
""")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WaitingMonth:
    """A month that waits for a worker to close it; with *refused* for somebody to mend that and ask again."""

    month: Month
    asked_by: str
    asked_at: datetime
    refused: Text | None


def ask_to_close(runtime: Runtime, month: Month, *, actor: str) -> WaitingMonth | None:
    """Close *month* or, where it is big, leave it to a worker; None when it is closed.

    Nobody waits here for a close that is under way. Raises what `close_month` raises; nothing is changed then.
    """
    at = runtime.clock.now()
    with runtime.database.transaction() as session:
        if period_of(session, month) is not None:
            return None
        require_closable(session, month, at)
        is_big = session.execute(_IS_BIG, {"end": month.end, "most": AT_ONCE}).scalar_one()
        if is_big:
            _put_down(session, month, actor=actor, at=at)
            return next(one for one in waiting_months(session) if one.month == month)
    close_month(runtime, month, actor=actor)
    return None


def waiting_months(session: Session) -> tuple[WaitingMonth, ...]:
    """Those that wait, the oldest month first."""
    return tuple(
        WaitingMonth(
            Month.of(row.month), row.asked_by, row.asked_at, Text(*row.refused) if row.refused is not None else None
        )
        for row in session.scalars(sa.select(AccountingRequest).order_by(AccountingRequest.month))
    )


def close_asked(runtime: Runtime) -> int:
    """Close the months that wait; how many. A month that cannot be closed keeps the reason."""
    with runtime.database.transaction() as session:
        waiting = [one for one in waiting_months(session) if one.refused is None]
    return sum(_close(runtime, one) for one in waiting)


def _close(runtime: Runtime, waiting: WaitingMonth) -> bool:
    try:
        close_month(runtime, waiting.month, actor=waiting.asked_by)
    except Refusal as refusal:
        reason = refusal.detail or refusal.title
        _log.warning("accounting_month_refused", month=str(waiting.month), problem=refusal.slug)
        with runtime.database.transaction() as session:
            session.execute(
                sa.update(AccountingRequest)
                .where(AccountingRequest.month == waiting.month.first_day)
                .values(refused=[reason.sv, reason.en])
            )
        return False
    with runtime.database.transaction() as session:
        session.execute(sa.delete(AccountingRequest).where(AccountingRequest.month == waiting.month.first_day))
    return True


def _put_down(session: Session, month: Month, *, actor: str, at: datetime) -> None:
    """Note that *actor* asks; one who asked before stays, unless it was refused meanwhile."""
    values = {"asked_by": actor, "asked_at": at, "refused": None}
    noted = session.execute(
        insert(AccountingRequest)
        .values(month=month.first_day, **values)
        .on_conflict_do_update(index_elements=["month"], set_=values, where=AccountingRequest.refused.is_not(None))
        .returning(AccountingRequest.month)
    ).all()
    if noted:
        audit_log.append(session, f"accounting:{month}", "accounting.close_asked", actor=actor, at=at)
