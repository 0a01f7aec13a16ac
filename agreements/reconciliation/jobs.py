"""What the worker does about books that may have come to disagree: it looks each night, and tells of it as a fault."""

from datetime import date, time

import structlog

from agreements.reconciliation.service import INVARIANTS, broken
from underwriting.platform.job_periods import DailyJob
from underwriting.platform.progress import Progress
from underwriting.platform.runtime import Runtime

CHECK = "check-ledger"

_log = structlog.get_logger(__name__)


class BooksBroken(Exception):
    """Something does not hold that always holds. The run fails, so that somebody is told; it is tried until it does."""


def daily(runtime: Runtime) -> tuple[DailyJob, ...]:
    """Prove every invariant in the night, when what the evening wrote is there."""

    def check(_on: date, _progress: Progress) -> dict[str, int]:
        findings = broken(runtime.database)
        for finding in findings:
            _log.error("ledger_broken", invariant=finding.invariant.name, count=finding.count)
        if findings:
            raise BooksBroken(", ".join(finding.invariant.name for finding in findings))
        return {"proven": len(INVARIANTS)}

    return (DailyJob(CHECK, time(2), check),)
