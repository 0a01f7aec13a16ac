"""What the worker does for BankID orders."""

from agreements.signing.service import Signings
from underwriting.platform.scheduler import ContinuousJob


def continuous(signings: Signings) -> tuple[ContinuousJob, ...]:
    """Ask about orders that nobody watches, so that no signature is missed."""
    return (ContinuousJob("collect_signings", 2, signings.collect_due),)
