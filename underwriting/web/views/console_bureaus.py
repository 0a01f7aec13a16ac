"""The bureaus' page: how each is now, how they have done over time, and which questions wait for a person."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial

from flask import Blueprint, Response, request

from bureau_clients import statistics
from bureau_clients.alarms import text_of
from bureau_clients.condition import Condition, conditions
from bureau_clients.gateway import Gateway
from underwriting.decisions.services import list_doubts
from underwriting.kernel.periods import stockholm_date
from underwriting.platform.problems import language_of_request
from underwriting.platform.runtime import Runtime
from underwriting.web.bureaus import (
    Period,
    failure_in_words,
    fallbacks_chart,
    latency_chart,
    outcomes_chart,
    spend_chart,
)
from underwriting.web.charts import meter
from underwriting.web.layout import render
from underwriting.web.texts import translate

_PERIODS = (7, 30, 90)
_FIRST = 30
"""How many days are shown when nothing is chosen."""


def blueprint(runtime: Runtime, gateway: Gateway) -> Blueprint:
    """The page, and what every page of the console warns of."""
    pages = Blueprint("bureaus", __name__, url_prefix="/bureaus")

    @pages.get("")
    def show() -> Response:
        at = runtime.clock.now()
        days = next((count for count in _PERIODS if str(count) == request.args.get("days")), _FIRST)
        last = stockholm_date(at)
        first = last - timedelta(days=days - 1)
        with runtime.database.transaction() as session:
            now = conditions(session, gateway.bureaus, gateway.day_budgets, at=at)
            latency = statistics.latency_by_day(session, first=first, last=last)
            spend = statistics.spend_by_day(session, first=first, last=last)
            outcomes = statistics.outcomes_by_day(session, first=first, last=last)
            fallbacks = statistics.fallbacks_by_day(session, first=first, last=last)
            doubts = list_doubts.waiting(session, at=runtime.wall.now())
        names = dict.fromkeys((*gateway.bureaus, *(one.bureau for one in spend), *(one.bureau for one in outcomes)))
        period = Period(first, last, tuple(names))
        return render(
            "console/bureaus.html",
            conditions=now,
            machine_at=runtime.wall.now(),
            alarms_of=_alarms_of,
            explain=partial(failure_in_words, gateway),
            meter=meter,
            periods=_PERIODS,
            days=days,
            charts=(
                latency_chart(period, latency),
                outcomes_chart(period, outcomes),
                spend_chart(period, spend),
                fallbacks_chart(period, fallbacks),
            ),
            any_questions=bool(outcomes),
            doubts=doubts,
        )

    @pages.app_context_processor
    def warnings() -> dict[str, object]:
        """For the frame of the console: asked only where it is shown."""

        def bureau_warnings() -> list[str]:
            with runtime.database.transaction() as session:
                now = conditions(session, gateway.bureaus, gateway.day_budgets, at=runtime.clock.now())
            return [text for one in now for text in _warnings_of(one, runtime.wall.now())]

        return {"bureau_warnings": bureau_warnings}

    return pages


def _warnings_of(condition: Condition, machine_at: datetime) -> Iterator[str]:
    bureau = condition.health.bureau.capitalize()
    if condition.is_to_be_tried(machine_at):
        yield translate("bureaus.to_be_tried", bureau=bureau)
    elif condition.is_left_alone:
        yield translate("bureaus.left_alone", bureau=bureau)
    yield from _alarms_of(condition)


def _alarms_of(condition: Condition) -> list[str]:
    language = language_of_request()
    return [text_of(kind, condition.health.bureau).in_language(language) for kind in condition.alarms]
