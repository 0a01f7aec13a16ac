"""Work on all rows of a table, divided into chunks that are rows: any number of workers on any hosts take them.

Whoever takes a chunk holds its row until the commit that does the chunk's work and marks it as done. A worker that dies
lets go of it, as it was; others skip what somebody has in hand, and wait for nobody.
"""

import uuid
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

BEFORE_ALL = uuid.UUID(int=0)
"""Less than every id."""


class Chunk:
    """The rows whose ids lie above *after_id* and up to *through_id*; without *done_at* they are still to be done."""

    through_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    after_id: Mapped[uuid.UUID]
    done_at: Mapped[datetime | None]


_Chunk = TypeVar("_Chunk", bound=Chunk)


def bounds(ids: sa.Select[uuid.UUID], *, size: int) -> sa.Select[uuid.UUID, uuid.UUID]:
    """The `after_id` and `through_id` of chunks of at most *size* into which *ids*, one column, divide."""
    listed = ids.subquery()
    (which,) = listed.columns
    place, total = sa.func.row_number().over(order_by=which), sa.func.count().over()
    numbered = sa.select(which.label("last_id"), place.label("place"), total.label("total")).subquery()
    last_id = numbered.c.last_id
    after = sa.func.coalesce(sa.func.lag(last_id).over(order_by=last_id), sa.literal(BEFORE_ALL, sa.Uuid()))
    return sa.select(after.label("after_id"), last_id.label("through_id")).where(
        sa.or_(numbered.c.place % size == 0, numbered.c.place == numbered.c.total)
    )


def take_next(session: Session, model: type[_Chunk], mine: sa.ColumnElement[bool]) -> _Chunk | None:
    """The first chunk of *mine* that is neither done nor in somebody's hand, held; None when there is none left."""
    return session.scalar(
        sa.select(model)
        .where(mine, model.done_at.is_(None))
        .order_by(model.through_id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )


def is_any_left(session: Session, model: type[Chunk], mine: sa.ColumnElement[bool]) -> bool:
    """Whether a chunk of *mine* is still to be done, or in somebody's hand."""
    return bool(session.scalar(sa.select(sa.exists().where(mine, model.done_at.is_(None)))))
