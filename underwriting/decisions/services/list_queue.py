"""The underwriter's queue, a page at a time: found by key in indexes of each state, however deep and of however many.

1. Of every state that is asked for the next applications are taken, filtered in the index; then the first of them all.
2. Only of those the row is read, and what the desk has of them. The page does not count what it does not show.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from underwriting.applications.models import Application
from underwriting.decisions.desk_models import CaseAssignment
from underwriting.decisions.queue import Asked, Assigned, Place
from underwriting.decisions.services.read_queue_rows import QueueRow, rows_of
from underwriting.kernel.vocabulary import ApplicationState
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime

OPEN = (
    ApplicationState.REFERRED,
    ApplicationState.INFORMATION_REQUESTED,
    ApplicationState.ASSESSING,
    ApplicationState.SUBMITTED,
    ApplicationState.COUNTER_OFFER,
)
"""The states in which something is still waited for: they are counted."""
CLOSED = (ApplicationState.APPROVED, ApplicationState.DECLINED, ApplicationState.LAPSED)
"""The states of what is over: they grow for ever, and are not counted."""
MOST_COUNTED = 10_000
"""So far a state is counted; of more it is said that there are more."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A part of the queue; *next_place* is None on the last."""

    rows: tuple[QueueRow, ...]
    next_place: Place | None


def list_queue(
    session: Session, runtime: Runtime, caller: Caller, asked: Asked, *, after: Place | None, count: int
) -> QueuePage:
    """The next *count* cases that are *asked* for, behind *after*."""
    # what is asked for decides which index serves: a plan that was made for other values may read a whole state
    session.execute(sa.text("SET LOCAL plan_cache_mode = force_custom_plan"))
    found = session.execute(_keys(runtime, caller, asked, after, count + 1)).all()
    ids = [row.id for row in found[:count]]
    last = found[count - 1] if len(found) > count else None
    return QueuePage(rows_of(session, runtime, ids), None if last is None else Place(_number(last.key), last.id))


def count_open(session: Session) -> dict[ApplicationState, int]:
    """How many applications stand in each open state, to one more than MOST_COUNTED."""
    counts = [
        sa.select(
            sa.literal(str(state)),
            sa.select(sa.func.count())
            .select_from(sa.select(1).where(*_listed(state)).limit(MOST_COUNTED + 1).subquery())
            .scalar_subquery(),
        )
        for state in OPEN
    ]
    return {ApplicationState(state): count for state, count in session.execute(sa.union_all(*counts))}


def _keys(
    runtime: Runtime, caller: Caller, asked: Asked, after: Place | None, count: int
) -> sa.Select[tuple[uuid.UUID, Any]]:
    """Ids and keys, in order: of each state the first ones, and of these the first."""
    column: InstrumentedAttribute[Any] = (
        Application.requested_amount_ore if asked.order.by_amount else Application.submitted_at
    )
    states = OPEN + CLOSED if asked.state is None or asked.sought is not None else (asked.state,)
    if asked.assigned is Assigned.MINE and len(states) > 1:
        narrowed = [
            *_filters(runtime, caller, replace(asked, assigned=Assigned.ANYONE)),
            *_behind(column, asked, after),
        ]
        every = _of_mine(column, caller, states, narrowed)
    else:
        narrowed = [*_filters(runtime, caller, asked), *_behind(column, asked, after)]
        every = _of_each(column, asked, states, narrowed, count)
    return (
        sa.select(every.c.id, every.c.key)
        .order_by(*_order(every.c.key, every.c.id, descends=asked.order.descends))
        .limit(count)
    )


def _of_each(
    column: InstrumentedAttribute[Any],
    asked: Asked,
    states: Sequence[ApplicationState],
    narrowed: Sequence[sa.ColumnElement[bool]],
    count: int,
) -> sa.Subquery:
    """The first ones of each state, as its index has them in order."""
    firsts = (
        sa.select(Application.id, column.label("key"))
        .where(*_listed(state), *narrowed)
        .order_by(*_order(column, Application.id, descends=asked.order.descends))
        .limit(count)
        .subquery()
        for state in states
    )
    return sa.union_all(*(sa.select(first.c.id, first.c.key) for first in firsts)).subquery()


def _of_mine(
    column: InstrumentedAttribute[Any],
    caller: Caller,
    states: Sequence[ApplicationState],
    narrowed: Sequence[sa.ColumnElement[bool]],
) -> sa.Subquery:
    """All of one's own cases that are asked for. The fence has each looked up by its id: the server would rather read
    every state, of which one's own are a small part.
    """
    own = (
        sa.select(Application.id, column.label("key"))
        .where(Application.id == CaseAssignment.application_id, *_listed(*states), *narrowed)
        .correlate(CaseAssignment)
        .offset(0)
        .lateral()
    )
    joined = sa.select(own.c.id, own.c.key).select_from(CaseAssignment).join(own, sa.true())
    return joined.where(CaseAssignment.staff_user_id == caller.staff_id).subquery()


def _listed(*states: ApplicationState) -> tuple[sa.ColumnElement[bool], ...]:
    of_state = Application.state.in_([str(state) for state in states])
    return of_state, Application.submitted_at.is_not(None), Application.erased_at.is_(None)


def _order(key: Any, own_id: Any, *, descends: bool) -> tuple[Any, Any]:
    return (key.desc(), own_id.desc()) if descends else (key, own_id)


def _behind(column: InstrumentedAttribute[Any], asked: Asked, after: Place | None) -> list[sa.ColumnElement[bool]]:
    if after is None:
        return []
    key = after.key if asked.order.by_amount else _EPOCH + after.key * _MICROSECOND
    own, other = sa.tuple_(column, Application.id), sa.tuple_(sa.literal(key), sa.literal(after.application_id))
    return [own < other if asked.order.descends else own > other]


def _filters(runtime: Runtime, caller: Caller, asked: Asked) -> list[sa.ColumnElement[bool]]:
    assigned = sa.select(CaseAssignment.application_id).where(CaseAssignment.application_id == Application.id)
    equal = ((Application.referral_kind, asked.kind), (Application.company_form, asked.form))
    found: list[sa.ColumnElement[bool]] = [column == str(value) for column, value in equal if value is not None]
    if asked.least is not None:
        found.append(Application.requested_amount_ore >= asked.least.ore)
    if asked.most is not None:
        found.append(Application.requested_amount_ore <= asked.most.ore)
    if asked.submitted_before is not None:
        found.append(Application.submitted_at < asked.submitted_before)
    if asked.assigned is Assigned.NOBODY:
        found.append(~assigned.exists())
    elif asked.assigned is Assigned.MINE:
        mine = sa.select(CaseAssignment.application_id).where(CaseAssignment.staff_user_id == caller.staff_id)
        found.append(Application.id.in_(mine))
    if asked.sought is not None and asked.sought.reference is not None:
        found.append(Application.reference.startswith(asked.sought.reference, autoescape=True))
    elif asked.sought is not None:
        found.append(Application.company_index.in_([runtime.cipher.blind_index(one) for one in asked.sought.digits]))
    return found


def _number(key: datetime | int) -> int:
    return key if isinstance(key, int) else (key - _EPOCH) // _MICROSECOND
