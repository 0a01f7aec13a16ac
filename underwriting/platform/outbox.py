"""Messages to people, written in the transaction that causes them.

The business key makes a second message for the same event impossible, whatever is retried. Where the settings name a
server for mail, a message waits in the queue of deliveries; without one it stays where the sandbox's mailbox shows it.
"""

import base64
import contextlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from underwriting.platform import deliveries
from underwriting.platform.encryption import HOUSE, DataErased
from underwriting.platform.models import OutboxMessage
from underwriting.platform.runtime import Runtime

_RECIPIENT = "outbox_message.recipient"
_CONTENT = "outbox_message.content"


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One message as its recipient reads it."""

    recipient: str
    subject: str
    body: str
    created_at: datetime
    attachments: tuple[Attachment, ...] = ()


def post(
    session: Session,
    runtime: Runtime,
    *,
    kind: str,
    business_key: str,
    recipient: str,
    content: Mapping[str, Any],
    at: datetime,
    subject: str | None = None,
    data_subject: str = HOUSE,
    attachments: Iterable[Attachment] = (),
) -> None:
    """Put a message to *recipient* in the outbox; nothing happens when *business_key* has one already.

    *content* has `subject` and `body`. Messages about one *subject* (for example `agreement:0199…`) are sent in the
    order in which they were put here, each after the one before; without it a message waits for no other.
    *data_subject* is whose data it tells: it is erased with them, *attachments* too.
    """
    enclosed = [
        {"name": one.name, "media_type": one.media_type, "content": base64.b64encode(one.content).decode()}
        for one in attachments
    ]
    written = dict(content) | ({"attachments": enclosed} if enclosed else {})
    message_id = session.scalar(
        insert(OutboxMessage)
        .values(
            kind=kind,
            business_key=business_key,
            recipient_encrypted=runtime.cipher.encrypt(recipient.encode(), context=_RECIPIENT, subject=data_subject),
            content_encrypted=runtime.cipher.encrypt_json(written, context=_CONTENT, subject=data_subject),
            created_at=at,
        )
        .on_conflict_do_nothing()
        .returning(OutboxMessage.id)
    )
    if message_id is not None and runtime.settings.mail is not None:
        deliveries.enqueue_mail(session, runtime, message_id, subject=subject or business_key)


def get(session: Session, runtime: Runtime, message_id: uuid.UUID) -> Message:
    """One message; LookupError when there is none."""
    row = session.get(OutboxMessage, message_id)
    if row is None:
        raise LookupError("no such message")
    return _message(runtime, row)


def latest(session: Session, runtime: Runtime, *, count: int) -> list[Message]:
    """The *count* newest messages that are not erased, newest first; for the sandbox's mailbox."""
    rows = session.scalars(sa.select(OutboxMessage).order_by(OutboxMessage.id.desc()).limit(count))
    messages = []
    for row in rows:
        with contextlib.suppress(DataErased):
            messages.append(_message(runtime, row))
    return messages


def _message(runtime: Runtime, row: OutboxMessage) -> Message:
    content = runtime.cipher.decrypt_json(row.content_encrypted, context=_CONTENT)
    recipient = runtime.cipher.decrypt(row.recipient_encrypted, context=_RECIPIENT).decode()
    attachments = tuple(
        Attachment(one["name"], one["media_type"], base64.b64decode(one["content"]))
        for one in content.get("attachments", ())
    )
    return Message(recipient, content["subject"], content["body"], row.created_at, attachments)
