"""What the worker does for agreements."""

from functools import partial

from agreements.credit.service import lapse_unsigned
from underwriting.platform.runtime import Runtime
from underwriting.platform.scheduler import ContinuousJob


def continuous(runtime: Runtime) -> tuple[ContinuousJob, ...]:
    """Let agreements lapse that were not signed in time (rule G2)."""
    return (ContinuousJob("lapse_unsigned_agreements", 60, partial(lapse_unsigned, runtime)),)
