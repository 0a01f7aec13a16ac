"""What stands open in a case and has to be seen before anything else: notes at the head of its page."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from underwriting.applications.services.read_application import ApplicationView
from underwriting.decisions.services.read_case import DeskCase
from underwriting.decisions.services.read_decision import StaffDecision
from underwriting.kernel.periods import stockholm_date
from underwriting.web.case_forms import fact_in_words
from underwriting.web.texts import translate

_SOON_DAYS = 7
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Flag:
    """One note: *tone* is `bad`, `warn` or empty; *leads_to* is the place of the page where it is dealt with."""

    text: str = field(repr=False)
    tone: str
    leads_to: str


def flags_of(
    application: ApplicationView, decisions: Sequence[StaffDecision], case: DeskCase, *, at: datetime
) -> tuple[Flag, ...]:
    """All that stands open, the gravest first."""
    return (*_forbidding(decisions, case), *_waiting(decisions, case, at), *_running_out(application, at))


def _forbidding(decisions: Sequence[StaffDecision], case: DeskCase) -> Iterator[Flag]:
    if case.is_party:
        yield Flag(translate("case.flag.party"), "bad", "")
    if decisions and any(line.rule == "D10" and line.key.startswith("hard_stop.") for line in decisions[0].trace):
        yield Flag(translate("case.flag.hard_stop"), "bad", "why")
    if case.grounds is not None and case.grounds.facts.due_diligence.gaps:
        yield Flag(translate("case.flag.gaps"), "warn", "know")
    if case.hard_stop_disputed:
        yield Flag(translate("case.flag.stop_disputed"), "warn", "disputes")


def _waiting(decisions: Sequence[StaffDecision], case: DeskCase, at: datetime) -> Iterator[Flag]:
    if case.proposal is not None:
        yield Flag(translate("case.flag.proposal"), "warn", "proposal")
    for review in case.reviews:
        if review.answered_at is None:
            days = _days_left(review.answer_by, at)
            yield Flag(translate("case.flag.review", days=days), "bad" if days <= _SOON_DAYS else "warn", "reviews")
    newest = decisions[0].decided_at if decisions else None
    if case.answers and (newest is None or case.answers[0].at >= newest):
        yield Flag(translate("case.flag.answered"), "warn", "answers")
    if case.disputes:
        facts = ", ".join(dict.fromkeys(fact_in_words(dispute.fact).lower() for dispute in case.disputes))
        yield Flag(translate("case.flag.disputed", facts=facts), "", "disputes")


def _running_out(application: ApplicationView, at: datetime) -> Iterator[Flag]:
    until = application.binding_until
    if until is None or application.decided_at is not None:
        return
    days = _days_left(until, at)
    if until <= at:
        yield Flag(translate("case.flag.binds_no_more"), "bad", "")
    elif days <= _SOON_DAYS:
        yield Flag(translate("case.flag.binds", days=days), "warn", "")


def _days_left(before: datetime, at: datetime) -> int:
    """The days until the last one that is in time, where *before* is the midnight after it."""
    return (stockholm_date(before - _INSTANT) - stockholm_date(at)).days
