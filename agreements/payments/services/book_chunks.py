"""The payments of a file, booked in chunks of agreements that any number of workers share.

A worker takes the next chunk that nobody has in hand (`SKIP LOCKED`), books its payments and marks it as done in one
transaction: who is killed leaves the chunk as it was.
"""

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.payments.models import IncomingPayment, PaymentChunk
from agreements.payments.services.allocate_payment import Arrived, SettlementSource
from agreements.payments.services.book_payments import book_each
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import PaymentState
from underwriting.platform.runtime import Runtime

AGREEMENTS_AT_ONCE = 500
"""So many agreements are held, and their payments booked, in one transaction."""
MANY_CHUNKS = 10
"""From so many chunks on one worker books two at a time."""
_BEFORE_ALL = uuid.UUID(int=0)
_DIVIDE = sa.text("""
    INSERT INTO payment_chunk (file_id, after_id, through_id)
    SELECT :file, coalesce(lag(last_id) OVER (ORDER BY last_id), :before_all), last_id
    FROM (
        SELECT agreement_id AS last_id, row_number() OVER (ORDER BY agreement_id) AS place, count(*) OVER () AS total
        FROM (
            SELECT DISTINCT agreement_id FROM incoming_payment
            WHERE file_id = :file AND state = 'waiting' AND agreement_id IS NOT NULL
        ) AS named
    ) AS numbered
    WHERE place % :most = 0 OR place = total
""")


def divide(session: Session, file_id: uuid.UUID) -> None:
    """Make chunks of the agreements that the file's payments wait to be booked on."""
    session.execute(_DIVIDE, {"file": file_id, "before_all": _BEFORE_ALL, "most": AGREEMENTS_AT_ONCE})


def book_chunks(runtime: Runtime, sources: Sequence[SettlementSource], file_id: uuid.UUID) -> None:
    """Book the chunks that nobody has in hand; many of them by two threads.

    One of them computes while the server is busy with the other's.
    """

    def book() -> None:
        while True:
            with runtime.database.transaction() as session:
                if not book_next_chunk(session, sources, file_id, at=runtime.clock.now()):
                    return

    is_open = sa.select(sa.func.count()).where(PaymentChunk.file_id == file_id, PaymentChunk.done_at.is_(None))
    with runtime.database.transaction() as session:
        count = session.execute(is_open).scalar_one()
    if count < MANY_CHUNKS:
        book()
        return
    with ThreadPoolExecutor(2, "payments") as pool:
        for done in [pool.submit(book) for _ in range(2)]:
            done.result()


def book_next_chunk(session: Session, sources: Sequence[SettlementSource], file_id: uuid.UUID, *, at: datetime) -> bool:
    """Book one chunk that nobody has in hand; whether there was one."""
    chunk = session.scalar(
        sa.select(PaymentChunk)
        .where(PaymentChunk.file_id == file_id, PaymentChunk.done_at.is_(None))
        .order_by(PaymentChunk.through_id)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if chunk is None:
        return False
    one = IncomingPayment
    rows = session.execute(
        sa.select(one.id, one.agreement_id, one.amount_ore, one.booked_on, one.named_invoices)
        .where(one.file_id == file_id, one.state == str(PaymentState.WAITING))
        .where(one.agreement_id > chunk.after_id, one.agreement_id <= chunk.through_id)
        .order_by(one.agreement_id, one.booked_on, one.id)
    )
    arrived = [
        Arrived(row.id, row.agreement_id, Money(row.amount_ore), row.booked_on, tuple(row.named_invoices or ()))
        for row in rows
        if row.agreement_id is not None
    ]
    book_each(session, sources, arrived, at=at)
    chunk.done_at = at
    session.flush()
    return True
