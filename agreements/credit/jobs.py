"""What the worker does for agreements."""

from functools import partial

from agreements.credit.service import lapse_unsigned
from agreements.credit.services.seal_documents import seal_due
from underwriting.platform.runtime import Runtime
from underwriting.platform.scheduler import ContinuousJob


def continuous(runtime: Runtime) -> tuple[ContinuousJob, ...]:
    """Seal what was signed (rules S1, S3), and let agreements lapse that were not signed in time (rule G2)."""
    return (
        ContinuousJob("seal_documents", 2, partial(seal_due, runtime)),
        ContinuousJob("lapse_unsigned_agreements", 60, partial(lapse_unsigned, runtime)),
    )
