"""What the scheduler runs for decisions."""

from dataclasses import asdict
from datetime import date, time
from typing import Any

from underwriting.decisions.desk import Desk
from underwriting.decisions.service import Decisions
from underwriting.decisions.services.screen_again import screen_since_list
from underwriting.platform.job_periods import DailyJob
from underwriting.platform.progress import Progress
from underwriting.platform.scheduler import ContinuousJob

ASSESSED_EVERY_SECONDS = 2.0
ASSESSED_AT_ONCE = 8
"""Applications that one worker assesses at a time: a bureau that keeps silent about one holds no other. Each needs a
connection to the database only between its questions."""
LAPSED_EVERY_SECONDS = 60.0
SCREENED_EVERY_SECONDS = 10.0
REPORTS_ERASED_AT = time(3, 30)
REPLAYED_AT = time(2)
REVIEWS_WARNED_OF_AT = time(7)


def continuous_jobs(decisions: Decisions) -> tuple[ContinuousJob, ...]:
    """Applications under assessment are decided (rule B8); counter-offers whose time is over lapse (rule D1);
    whoever is concerned is held against a sanctions list that is new (rule K1).
    """
    return (
        ContinuousJob("assess-applications", ASSESSED_EVERY_SECONDS, decisions.assess_due, at_once=ASSESSED_AT_ONCE),
        ContinuousJob("lapse-counter-offers", LAPSED_EVERY_SECONDS, decisions.lapse_counter_offers),
        ContinuousJob("screen-again", SCREENED_EVERY_SECONDS, lambda: screen_since_list(decisions.runtime)),
    )


def daily_jobs(decisions: Decisions) -> tuple[DailyJob, ...]:
    """What bureaus answered is erased when nothing holds on to it any more (rule K2); a sample of the decisions is
    made again (rule D15); underwriters are warned of human reviews whose deadline is near (rule D9).
    """

    def erase_reports(on: date, _progress: Progress) -> dict[str, Any]:
        return asdict(decisions.erase_reports(on))

    def replay_decisions(on: date, progress: Progress) -> dict[str, Any]:
        return asdict(decisions.replay_sample(on, progress))

    def warn_of_reviews(_on: date, _progress: Progress) -> dict[str, Any]:
        return {"warned": Desk(decisions).warn_of_reviews()}

    return (
        DailyJob("erase-reports", REPORTS_ERASED_AT, erase_reports),
        DailyJob("replay-decisions", REPLAYED_AT, replay_decisions),
        DailyJob("warn-of-reviews", REVIEWS_WARNED_OF_AT, warn_of_reviews),
    )
