"""The breakers of the bureaus as rows: read with every question, locked only where one is, or may become, not closed.

A lock is held to the end of the caller's transaction and never while a bureau is asked. Several are taken in the order
of the bureaus' names, so that two transactions never wait for each other.
"""

import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from bureau_clients.limits import Breaker, BreakerPolicy, BreakerState, Sign
from bureau_clients.models import BureauBreaker

_MILLISECOND = timedelta(milliseconds=1)
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Breakers:
    """The breakers as a transaction finds them at an instant of the machine's clock, and what it makes of them."""

    session: Session
    policy: BreakerPolicy
    at: datetime
    found: dict[str, Breaker]

    def let_through(self, bureau: str, question: uuid.UUID, *, lasting: timedelta) -> int | None:
        """The generation in which *question* may go to *bureau*, or None when it may not.

        *lasting*: after this time it has an outcome, or whoever asks it is dead.
        """
        breaker = self.found.get(bureau, Breaker())
        if not breaker.lets_through(self.at):
            return None
        if breaker.state is not BreakerState.CLOSED:
            self._write(bureau, breaker.probed(question, until=self.at + lasting))
        return breaker.generation

    def show(self, bureau: str, sign: Sign, *, question: uuid.UUID, generation: int) -> None:
        """Count what became of *question*; `load` was told of the sign."""
        before = self.found.get(bureau, Breaker())
        after = before.after(sign, question=question, generation=generation, policy=self.policy, at=self.at)
        if after != before:
            self._write(bureau, after)
        if after.state is not before.state:
            _log.warning("bureau_breaker", bureau=bureau, state=str(after.state), failures=after.failures)

    def _write(self, bureau: str, breaker: Breaker) -> None:
        columns = {**_columns(breaker), "changed_at": self.at}
        self.session.execute(sa.update(BureauBreaker).where(BureauBreaker.bureau == bureau).values(**columns))
        self.found[bureau] = breaker


def load(
    session: Session,
    bureaus: Collection[str],
    *,
    policy: BreakerPolicy,
    at: datetime,
    signs: Mapping[str, Sign] = MappingProxyType({}),
) -> Breakers:
    """The breakers of *bureaus*, of which *signs* will be shown; locked where this transaction may change them."""
    found = _read(session, bureaus)
    lock = {bureau for bureau, breaker in found.items() if breaker.state is not BreakerState.CLOSED}
    for bureau, sign in signs.items():
        failures = found.get(bureau, Breaker()).failures
        if sign in (Sign.FAILS, Sign.SILENT) or (sign is Sign.ANSWERS and failures):
            lock.add(bureau)
    for bureau in sorted(lock - found.keys()):
        row = insert(BureauBreaker).values(bureau=bureau, **_columns(Breaker()), changed_at=at)
        session.execute(row.on_conflict_do_nothing())
    if lock:
        found |= _read(session, lock, locked=True)
    return Breakers(session, policy, at, found)


def _read(session: Session, bureaus: Collection[str], *, locked: bool = False) -> dict[str, Breaker]:
    columns = sa.select(*BureauBreaker.__table__.columns)
    query = columns.where(BureauBreaker.bureau.in_(bureaus)).order_by(BureauBreaker.bureau)
    rows = session.execute(query.with_for_update() if locked else query)
    return {row.bureau: _breaker(row) for row in rows}


def _breaker(row: sa.Row[Any]) -> Breaker:
    return Breaker(
        state=BreakerState(row.state),
        failures=row.failures,
        generation=row.generation,
        pause=None if row.pause_milliseconds is None else row.pause_milliseconds * _MILLISECOND,
        open_until=row.open_until,
        probe=row.probe,
        probe_until=row.probe_until,
    )


def _columns(breaker: Breaker) -> dict[str, Any]:
    return {
        "state": breaker.state,
        "failures": breaker.failures,
        "generation": breaker.generation,
        "pause_milliseconds": None if breaker.pause is None else breaker.pause // _MILLISECOND,
        "open_until": breaker.open_until,
        "probe": breaker.probe,
        "probe_until": breaker.probe_until,
    }
