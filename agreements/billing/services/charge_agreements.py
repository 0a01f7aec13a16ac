"""The statement that charges a month's fees, for some agreements at once, and what is told of a run (rules F1, F2).

`fee_run.sql` executes what `rules.explain_fee` explains; a property test compares the two on random histories.
"""

import uuid
from collections.abc import Sequence
from datetime import date, datetime
from functools import cache
from importlib import resources

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.billing.models import FeeRun
from underwriting.kernel.event_catalogue import FEE_RUN_CHARGED
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.platform import audit_log, events
from underwriting.platform.database import lock_subject

_SORTING_MEMORY = "32MB"  # so that a chunk is never sorted on disk
_LOCK = (
    "SELECT count(*) FROM (SELECT id FROM agreement WHERE ended_at IS NULL AND id > :after AND id <= :through"
    " AND (CAST(:among AS uuid[]) IS NULL OR id = ANY(CAST(:among AS uuid[]))) ORDER BY id FOR {strength}) AS held"
)
_TO_CHARGE, _TO_CORRECT = sa.text(_LOCK.format(strength="KEY SHARE")), sa.text(_LOCK.format(strength="UPDATE"))


def charge(
    session: Session,
    month: Month,
    *,
    after: uuid.UUID,
    through: uuid.UUID,
    among: Sequence[uuid.UUID] | None = None,
    at: datetime,
) -> tuple[int, int]:
    """Charge the agreements whose ids lie above *after* and up to *through*; how many were charged, and öre.

    With *among*, only those of them, and they are held so that their fees can be corrected too. They are locked first,
    in the order in which everybody locks agreements, and what is charged is read after that: a cancellation that was
    under way is done, and none begins meanwhile.
    """
    which = {"after": after, "through": through, "among": among}
    session.execute(_TO_CHARGE if among is None else _TO_CORRECT, which)
    session.execute(sa.text(f"SET LOCAL work_mem = '{_SORTING_MEMORY}'"))
    values = {**which, **days_of(month), "month": str(month), "charged_at": at}
    count, ore = session.execute(statement("fee_run.sql"), values).one()
    return int(count), int(ore)


def tell(session: Session, run: FeeRun, count: int, ore: int, at: datetime) -> None:
    """Add to what the runs of the month have charged, and tell of the whole; a run that died told nothing."""
    run.charged_count, run.charged_ore = run.charged_count + count, run.charged_ore + ore
    month, charged = Month.of(run.month), Money(run.charged_ore)
    data = {"count": run.charged_count, "charged": str(charged)}
    audit_log.append(session, f"fee-run:{month}", "fee_run.charged", actor="system", at=at, data=data)
    events.record(session, FEE_RUN_CHARGED, at=at, month=month, count=run.charged_count, charged=charged)


def locked_run(session: Session, month: Month) -> FeeRun | None:
    """The mark of the month's run, held to the end of the transaction: whoever begins or ends a run takes turns."""
    lock_subject(session, f"fee-run:{month}")
    return session.get(FeeRun, month.first_day, populate_existing=True)


def days_of(month: Month) -> dict[str, date]:
    """What the statements call the month's first day and the next one's."""
    return {"first_day": month.first_day, "first_day_of_next": month.end}


@cache
def statement(name: str) -> sa.TextClause:
    """The basis, and what *name* does with it."""
    folder = resources.files("agreements.billing")
    basis, rest = (folder.joinpath(part).read_text("utf-8") for part in ("basis.sql", name))
    return sa.text(basis + ("," if name == "fee_run.sql" else "") + "\n" + rest)
