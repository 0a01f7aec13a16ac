"""Messages whose time is over are deleted every day: what was sent, what happened, and how delivering it went.

1. Settled deliveries and their attempts. One that was given up waits for a person, as long as its message is kept.
2. Letters about a matter that is erased, which nobody can read any more; letters to the lender itself.
3. Events, besides the newest: the next one's position is counted from it.

Of the second and third nothing goes that is still to be delivered.
"""

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.kernel.periods import stockholm_date, stockholm_instant
from underwriting.personal_data.rules import Kind, latest_end
from underwriting.platform.batches import until_none_is_left
from underwriting.platform.job_periods import DailyJob
from underwriting.platform.progress import Progress
from underwriting.platform.runtime import Runtime

DELETED_AT = time(3, 15)
_AT_ONCE = 500

_LETTERS = "FROM outbox_message AS message LEFT JOIN data_key AS key ON key.id = {key_id} WHERE {over}"
_KEY_ID = "CAST(encode(substring(message.content_encrypted FROM 2 FOR 16), 'hex') AS uuid)"
_IS_OVER = """
    (key.wrapped IS NULL AND key.destroyed_at IS NOT NULL AND key.destroyed_because <> 'rotation')
    OR (key.subject = 'house' AND message.created_at < :before)
"""
_NOT_WAITING = "NOT EXISTS (SELECT FROM delivery WHERE message_id = message.id AND state = 'waiting')"
_DELIVERIES = f"""
    SELECT id FROM delivery WHERE state IN ('delivered', 'dropped') AND settled_at < :before
    ORDER BY id LIMIT {_AT_ONCE} FOR UPDATE SKIP LOCKED
"""
_OLD_LETTERS = f"""
    SELECT message.id {_LETTERS.format(key_id=_KEY_ID, over=f"({_IS_OVER}) AND {_NOT_WAITING}")}
    ORDER BY message.id LIMIT {_AT_ONCE}
"""
_OLD_EVENTS = f"""
    SELECT message.id FROM event AS message
    WHERE message.occurred_at < :before AND message.position < (SELECT max(position) FROM event) AND {_NOT_WAITING}
    ORDER BY message.id LIMIT {_AT_ONCE}
"""


def daily_jobs(runtime: Runtime) -> tuple[DailyJob, ...]:
    """Messages whose time is over are deleted (rule K2)."""

    def delete(on: date, _progress: Progress) -> Mapping[str, Any]:
        return delete_due(runtime, on=on)

    return (DailyJob("delete-old-messages", DELETED_AT, delete),)


def delete_due(runtime: Runtime, *, on: date) -> dict[str, int]:
    """Delete what is due on a day, in transactions of some hundred rows; how much of each.

    Deliveries go by the machine's clock, as all that is written of them.
    """
    today = stockholm_date(runtime.wall.now())
    return {
        "deliveries": until_none_is_left(
            runtime.database, lambda session: _delete_deliveries(session, _before(Kind.DELIVERY, today))
        ),
        "letters": until_none_is_left(
            runtime.database, lambda session: _delete(session, "outbox_message", _OLD_LETTERS, _before(Kind.LETTER, on))
        ),
        "events": until_none_is_left(
            runtime.database, lambda session: _delete(session, "event", _OLD_EVENTS, _before(Kind.EVENT, on))
        ),
    }


def _before(kind: Kind, on: date) -> datetime:
    """What came about before this instant is due."""
    return stockholm_instant(latest_end(kind, on=on))


def _delete_deliveries(session: Session, before: datetime) -> int:
    ids = session.execute(sa.text(_DELIVERIES), {"before": before}).scalars().all()
    _forget_deliveries(session, "id", ids)
    return len(ids)


def _delete(session: Session, table: str, due: str, before: datetime) -> int:
    ids = session.execute(sa.text(due), {"before": before}).scalars().all()
    _forget_deliveries(session, "message_id", ids)
    session.execute(sa.text(f"DELETE FROM {table} WHERE id = ANY(:ids)"), {"ids": list(ids)})
    return len(ids)


def _forget_deliveries(session: Session, column: str, ids: Any) -> None:
    values = {"ids": list(ids)}
    of_them = f"SELECT id FROM delivery WHERE {column} = ANY(:ids)"
    session.execute(sa.text(f"DELETE FROM delivery_attempt WHERE delivery_id IN ({of_them})"), values)
    session.execute(sa.text(f"DELETE FROM delivery WHERE {column} = ANY(:ids)"), values)
