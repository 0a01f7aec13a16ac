"""What the lender is told when a job is late or fails: once per job and period.

An alarm is a row, a message to the lender's address and a warning in the log, in the caller's transaction. It is open,
and shown to staff, until the run is done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

import sqlalchemy as sa
import structlog
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from underwriting.kernel.text import Text
from underwriting.platform import outbox
from underwriting.platform.job_models import AlarmReason, JobAlarm, JobRun
from underwriting.platform.runtime import Runtime

TEXTS: Mapping[AlarmReason, Text] = MappingProxyType(
    {
        AlarmReason.LATE: Text(
            "Jobbet {job} för {period} skulle ha varit klart. Senare perioder av det väntar.",
            "The job {job} for {period} should have been done. Later periods of it wait.",
        ),
        AlarmReason.FAILED: Text(
            "Jobbet {job} för {period} misslyckades. Det görs om med växande pauser; senare perioder väntar.",
            "The job {job} for {period} failed. It is tried again, with growing pauses; later periods of it wait.",
        ),
    }
)

_SUBJECT = Text("Jobbet {job}", "The job {job}")
_WHERE = Text("Se {link}", "See {link}")
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Alarm:
    """One period of one job that somebody was told of and that is not done yet."""

    job: str
    period: str
    reason: AlarmReason
    raised_at: datetime

    @property
    def text(self) -> Text:
        """The alarm as people read it."""
        return TEXTS[self.reason].filled(job=self.job, period=self.period)


def raise_alarm(
    session: Session, runtime: Runtime, job: str, period: str, reason: AlarmReason, *, at: datetime
) -> bool:
    """Tell the lender, unless that was done for this period; whether this call did."""
    row = insert(JobAlarm).values(job=job, period=period, reason=reason, raised_at=at).on_conflict_do_nothing()
    if session.execute(row.returning(JobAlarm.job)).one_or_none() is None:
        return False
    alarm = Alarm(job, period, reason, at)
    subject, where = _SUBJECT.filled(job=job), _WHERE.filled(link=f"{runtime.settings.base_url}/console/jobs")
    outbox.post(
        session,
        runtime,
        kind="job-alarm",
        business_key=f"job-alarm:{job}:{period}",
        recipient=runtime.settings.lender.email,
        content={
            "subject": f"{subject.sv} / {subject.en}",
            "body": f"{alarm.text.sv}\n{where.sv}\n\n{alarm.text.en}\n{where.en}",
        },
        at=at,
    )
    _log.warning("job_alarm", job=job, period=period, reason=str(reason))
    return True


def open_alarms(session: Session, jobs: Sequence[str]) -> list[Alarm]:
    """What somebody was told of and is not done yet, of those of *jobs*, the oldest first."""
    done = sa.select(JobRun.job).where(
        JobRun.job == JobAlarm.job, JobRun.period == JobAlarm.period, JobRun.finished_at.is_not(None)
    )
    query = sa.select(JobAlarm).where(JobAlarm.job.in_(jobs), ~done.exists()).order_by(JobAlarm.raised_at, JobAlarm.job)
    return [Alarm(row.job, row.period, AlarmReason(row.reason), row.raised_at) for row in session.scalars(query)]
