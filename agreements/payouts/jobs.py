"""What the worker does for payouts."""

from agreements.payouts.service import Payouts
from underwriting.platform.scheduler import ContinuousJob


def continuous(payouts: Payouts) -> tuple[ContinuousJob, ...]:
    """Send what is ordered, and ask the bank about what was sent."""
    return (
        ContinuousJob("send_payouts", 5, payouts.send_due),
        ContinuousJob("reconcile_payouts", 5, payouts.reconcile_due),
        ContinuousJob("read_bank_reports", 5, payouts.read_reports),
    )
