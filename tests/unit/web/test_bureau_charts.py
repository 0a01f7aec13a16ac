"""How the bureaus do over time: a value for every day, also where nothing was asked."""

from datetime import date, timedelta

import pytest

from bureau_clients.questions import Outcome
from bureau_clients.statistics import Fallbacks, Latency, Outcomes, Spend
from underwriting.kernel.money import Money
from underwriting.kernel.periods import stockholm_instant
from underwriting.web.bureaus import Period, fallbacks_chart, latency_chart, outcomes_chart, spend_chart

pytestmark = pytest.mark.usefixtures("swedish")

FIRST = date(2026, 3, 28)
SECOND = FIRST + timedelta(days=1)  # the night on which clocks go forward
PERIOD = Period(FIRST, SECOND, ("creditsafe", "bisnode"))


def spend(bureau: str, day: date, spent: str, reserved: str = "0") -> Spend:
    return Spend(bureau=bureau, day=day, spent=Money.kronor(spent), reserved=Money.kronor(reserved), questions=1)


def outcomes(bureau: str, outcome: Outcome, questions: int, *, asked: bool = True) -> Outcomes:
    return Outcomes(bureau=bureau, day=FIRST, outcome=outcome, asked=asked, questions=questions)


def test_a_period_holds_both_its_ends() -> None:
    assert PERIOD.labels == ("28/3", "29/3")


def test_time_to_answer_is_told_per_bureau_and_missing_where_nothing_was_asked() -> None:
    found = Latency(
        bureau="creditsafe", at=stockholm_instant(SECOND), questions=3, median_ms=840, p95_ms=2_310, slowest_ms=9_000
    )
    chart = latency_chart(PERIOD, [found])
    assert chart.head == (
        "Creditsafe, median",
        "Creditsafe, 95:e percentilen",
        "Bisnode, median",
        "Bisnode, 95:e percentilen",
    )
    assert chart.rows == (("28/3", ("–",) * 4), ("29/3", ("840\u00a0ms", "2,3\u00a0s", "–", "–")))


def test_what_is_reserved_counts_as_spent() -> None:
    chart = spend_chart(PERIOD, [spend("creditsafe", FIRST, "84", "28"), spend("bisnode", SECOND, "40.50")])
    # 84 + 28 = 112; 40.50 is 41 in whole kronor, half up
    assert chart.rows == (("28/3", ("112\u00a0kr", "0\u00a0kr")), ("29/3", ("0\u00a0kr", "41\u00a0kr")))


def test_outcomes_are_counted_over_all_bureaus_and_what_was_never_sent_by_itself() -> None:
    found = [
        outcomes("creditsafe", Outcome.REPORT, 5),
        outcomes("bisnode", Outcome.REPORT, 2),
        outcomes("creditsafe", Outcome.UNKNOWN, 1),
        outcomes("creditsafe", Outcome.UNAVAILABLE, 3, asked=False),
    ]
    chart = outcomes_chart(PERIOD, found)
    told = dict(zip(chart.head, chart.rows[0][1], strict=True))
    assert told == {
        "svar": "7",
        "ingen träff": "0",
        "otillgänglig": "0",
        "nekad": "0",
        "okänt utfall": "1",
        "inte ställd": "3",
    }


def test_fallbacks_stand_by_the_bureau_that_was_asked_instead() -> None:
    found = [Fallbacks(bureau="bisnode", day=SECOND, questions=9, fallbacks=4)]
    assert fallbacks_chart(PERIOD, found).rows == (("28/3", ("0", "0")), ("29/3", ("0", "4")))
