"""Rows of messages: events, who is told of them, what waits to be delivered, and every attempt."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.platform.database import Base, Identified, one_of


class DeliveryState(StrEnum):
    """The life of one message on its way to one receiver."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    DEAD = "dead"  # given up; waits for a person
    DROPPED = "dropped"  # a person has decided that it is not needed


class AttemptOutcome(StrEnum):
    """What came of one attempt."""

    DELIVERED = "delivered"
    TEMPORARY = "temporary"  # tried again after a pause
    PERMANENT = "permanent"  # trying again would bring the same


class Event(Identified, Base):
    """Something that has happened to one subject, written in the transaction that caused it.

    *number* follows the order in which things happened to one subject. *position* is given later, by one publisher at a
    time: whoever reads up to a position misses nothing that is committed after it.
    """

    __tablename__ = "event"
    __table_args__ = (
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("position"),
        sa.Index("ix_event_unpublished", "number", postgresql_where=sa.text("position IS NULL")),
        sa.Index("ix_event_subject", "subject", "position"),
        sa.Index("ix_event_occurred", "occurred_at"),
    )
    number: Mapped[int] = mapped_column(sa.Identity(always=True))
    kind: Mapped[str]
    subject: Mapped[str]
    occurred_at: Mapped[datetime]
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    position: Mapped[int | None]


class WebhookEndpoint(Identified, Base):
    """Where one integrator is told of events. *owner* says whose it is: `lender`, or later `client:ID`.

    Instants besides *created_at* are the machine's clock's.
    """

    __tablename__ = "webhook_endpoint"
    __table_args__ = (
        sa.CheckConstraint("(previous_secret_encrypted IS NULL) = (previous_until IS NULL)", "previous"),
        sa.CheckConstraint("failures >= 0", "failures"),
        sa.Index("ix_webhook_endpoint_owner", "owner", postgresql_where=sa.text("deleted_at IS NULL")),
    )
    owner: Mapped[str]
    url: Mapped[str]
    kinds: Mapped[list[str] | None] = mapped_column(ARRAY(sa.Text))  # None: all of them
    secret_encrypted: Mapped[bytes]
    previous_secret_encrypted: Mapped[bytes | None]
    previous_until: Mapped[datetime | None]  # until then both secrets sign
    created_at: Mapped[datetime]
    failures: Mapped[int] = mapped_column(sa.Integer, server_default="0")  # in a row
    failing_since: Mapped[datetime | None]
    resume_at: Mapped[datetime | None]  # nothing is sent before
    disabled_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]


class Delivery(Identified, Base):
    """One message on its way to one receiver: a webhook where *endpoint_id* is given, else an e-mail.

    Those of one *lane* are delivered in the order of *number*. Instants are the machine's clock's.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", DeliveryState), "state"),
        sa.CheckConstraint("(settled_at IS NULL) = (state = 'waiting')", "settled"),
        sa.CheckConstraint("attempts >= 0", "attempts"),
        sa.Index("ix_delivery_due", "endpoint_id", "due_at", "number", postgresql_where=sa.text("state = 'waiting'")),
        sa.Index("ix_delivery_lane", "lane", "number", postgresql_where=sa.text("state = 'waiting'")),
        sa.Index("ix_delivery_dead", "number", postgresql_where=sa.text("state = 'dead'")),
    )
    number: Mapped[int] = mapped_column(sa.Identity(always=True), unique=True)
    endpoint_id: Mapped[uuid.UUID | None] = mapped_column(sa.ForeignKey("webhook_endpoint.id"))
    message_id: Mapped[uuid.UUID] = mapped_column(index=True)  # of the event, or of the outbox's message
    lane: Mapped[str]
    state: Mapped[str] = mapped_column(server_default="waiting")
    attempts: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    leased_until: Mapped[datetime | None]
    settled_at: Mapped[datetime | None]


class DeliveryAttempt(Identified, Base):
    """One attempt at a delivery and what came of it; never a word of what the receiver answered."""

    __tablename__ = "delivery_attempt"
    __table_args__ = (sa.CheckConstraint(one_of("outcome", AttemptOutcome), "outcome"),)
    delivery_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("delivery.id"), index=True)
    attempt: Mapped[int] = mapped_column(sa.Integer)
    at: Mapped[datetime]
    milliseconds: Mapped[int]
    outcome: Mapped[str]
    status: Mapped[int | None] = mapped_column(sa.Integer)  # of HTTP or SMTP
    fault: Mapped[str | None]
