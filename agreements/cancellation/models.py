"""Rows of requests to cancel."""

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.kernel.vocabulary import CancellationState, CancellationWindow, RequestChannel
from underwriting.platform.database import Base, Identified, one_of


class Cancellation(Identified, Base):
    """A request to cancel (*häva*) an agreement inside one of the two windows (rules C1 to C6)."""

    __tablename__ = "cancellation"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", CancellationState), "state"),
        sa.CheckConstraint(one_of("closing_window", CancellationWindow), "window"),
        sa.CheckConstraint(one_of("channel", RequestChannel), "channel"),
        sa.CheckConstraint("(channel = 'portal') = (recorded_by IS NULL)", "recorded_by_staff"),
        sa.CheckConstraint("confirmed_by IS NULL OR confirmed_by <> recorded_by", "second_person"),
        sa.Index("uq_cancellation_alive", "agreement_id", unique=True, postgresql_where=sa.text("state <> 'fallen'")),
    )
    agreement_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("agreement.id"), index=True)
    state: Mapped[str]
    closing_window: Mapped[str]
    channel: Mapped[str]
    received_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str | None]
    recorder_index: Mapped[bytes | None]  # who that is: nobody confirms their own by another account
    note_encrypted: Mapped[bytes | None]  # C5: what shows that it came then, by whoever recorded it
    needs_confirmation: Mapped[bool]  # C5: recorded after the window closed
    confirmed_by: Mapped[str | None]
    fee_ore: Mapped[int]
    principal_ore: Mapped[int]
    pay_by: Mapped[date | None]  # C6: money received on that day counts
    settled_at: Mapped[datetime | None]
