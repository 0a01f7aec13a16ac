"""What the worker does for agreements."""

from functools import partial

from agreements.credit.service import lapse_unsigned
from agreements.credit.services.end_needless_orders import end_needless_orders
from agreements.credit.services.seal_documents import seal_due
from agreements.signing.client import BankId
from underwriting.platform.runtime import Runtime
from underwriting.platform.scheduler import ContinuousJob


def continuous(runtime: Runtime, bankid: BankId) -> tuple[ContinuousJob, ...]:
    """Seal what was signed (S1, S3), let lapse what was not signed in time (G2), end orders that nobody needs (S2)."""
    return (
        ContinuousJob("seal_documents", 2, partial(seal_due, runtime)),
        ContinuousJob("end_needless_orders", 5, partial(end_needless_orders, runtime, bankid)),
        ContinuousJob("lapse_unsigned_agreements", 60, partial(lapse_unsigned, runtime)),
    )
