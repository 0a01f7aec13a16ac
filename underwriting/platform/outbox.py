"""Messages to people, written in the transaction that causes them.

The business key makes a second message for the same event impossible, whatever is retried.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from underwriting.platform.models import OutboxMessage
from underwriting.platform.runtime import Runtime

_RECIPIENT = "outbox_message.recipient"
_CONTENT = "outbox_message.content"


@dataclass(frozen=True, slots=True)
class Message:
    """One message as its recipient reads it."""

    recipient: str
    subject: str
    body: str
    created_at: datetime


def post(
    session: Session,
    runtime: Runtime,
    *,
    kind: str,
    business_key: str,
    recipient: str,
    content: Mapping[str, Any],
    at: datetime,
) -> None:
    """Put a message to *recipient* in the outbox; nothing happens when *business_key* has one already.

    *content* has `subject` and `body`.
    """
    session.execute(
        insert(OutboxMessage)
        .values(
            kind=kind,
            business_key=business_key,
            recipient_encrypted=runtime.cipher.encrypt(recipient.encode(), context=_RECIPIENT),
            content_encrypted=runtime.cipher.encrypt_json(dict(content), context=_CONTENT),
            created_at=at,
        )
        .on_conflict_do_nothing()
    )


def latest(session: Session, runtime: Runtime, *, count: int) -> list[Message]:
    """The *count* newest messages, newest first; for the sandbox's mailbox."""
    rows = session.scalars(sa.select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(count))
    return [_message(runtime, row) for row in rows]


def _message(runtime: Runtime, row: OutboxMessage) -> Message:
    content = runtime.cipher.decrypt_json(row.content_encrypted, context=_CONTENT)
    recipient = runtime.cipher.decrypt(row.recipient_encrypted, context=_RECIPIENT).decode()
    return Message(recipient, content["subject"], content["body"], row.created_at)
