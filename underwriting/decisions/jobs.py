"""What the scheduler runs for decisions."""

from underwriting.decisions.service import Decisions
from underwriting.platform.scheduler import ContinuousJob

ASSESSED_EVERY_SECONDS = 2.0
LAPSED_EVERY_SECONDS = 60.0


def continuous_jobs(decisions: Decisions) -> tuple[ContinuousJob, ...]:
    """Applications under assessment are decided (rule B8); counter-offers whose time is over lapse (rule D1)."""
    return (
        ContinuousJob("assess-applications", ASSESSED_EVERY_SECONDS, decisions.assess_due),
        ContinuousJob("lapse-counter-offers", LAPSED_EVERY_SECONDS, decisions.lapse_counter_offers),
    )
