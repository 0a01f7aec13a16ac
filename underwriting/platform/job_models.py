"""Rows of jobs: every run, and what somebody was told of."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.platform.database import Base, one_of


class AlarmReason(StrEnum):
    """Why somebody is told of a run."""

    LATE = "late"
    FAILED = "failed"


class JobRun(Base):
    """One run of one job for one local date or month; "already done" is success. Leases go by the machine's clock."""

    __tablename__ = "job_run"
    __table_args__ = (
        sa.CheckConstraint("attempts >= 0 AND milliseconds >= 0", "counts"),
        sa.CheckConstraint("progress_done >= 0 AND progress_total >= 0", "progress"),
    )
    job: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)  # "2026-03-02", or "2026-03" of a monthly job
    token: Mapped[uuid.UUID | None]  # of the attempt that was begun last
    leased_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(sa.Integer, server_default="0")
    started_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    retry_at: Mapped[datetime | None]
    last_error: Mapped[str | None]  # its kind
    milliseconds: Mapped[int | None]  # of the attempt that ended last
    progress_done: Mapped[int | None]
    progress_total: Mapped[int | None]
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSONB)


class JobAlarm(Base):
    """That somebody was told of one period of one job."""

    __tablename__ = "job_alarm"
    __table_args__ = (sa.CheckConstraint(one_of("reason", AlarmReason), "reason"),)
    job: Mapped[str] = mapped_column(primary_key=True)
    period: Mapped[str] = mapped_column(primary_key=True)
    reason: Mapped[str]
    raised_at: Mapped[datetime]
