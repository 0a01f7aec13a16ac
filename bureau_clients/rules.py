"""Which question to a bureau may be asked now (rules B1, B4, B5), and what becomes of one that was asked."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from bureau_clients.questions import CopyNotice, Outcome, QuestionKind, QuestionState, Subject
from bureau_clients.reports import CopySent


@dataclass(frozen=True, slots=True, kw_only=True)
class ReusePolicy:
    """How long answers serve again: an AB's report for *limited_company*, a company's register status for *status*."""

    limited_company: timedelta = timedelta(days=30)
    status: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An answer, or the lack of one, that is kept about the subject in its role, for this application or another."""

    report_id: uuid.UUID
    question: QuestionKind
    bureau: str
    outcome: Outcome
    asked_at: datetime
    same_application: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where the application's question about the subject stands; *lease_over* tells whether its lease has run out."""

    state: QuestionState
    lease_over: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask these bureaus, each only when the one before gave nothing."""

    bureaus: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reuse:
    """Use the kept answer, with the register status of the newer one *status_id* if there is one.

    *refresh_status* tells that the status is too old to decide on.
    """

    report_id: uuid.UUID
    status_id: uuid.UUID | None = None
    refresh_status: bool = False


@dataclass(frozen=True, slots=True)
class Wait:
    """Somebody else is asking: their answer is shared."""


@dataclass(frozen=True, slots=True)
class Blocked:
    """Nobody may be asked until a person has decided, or until what was refused is mended."""

    outcome: Outcome


Step: TypeAlias = Ask | Reuse | Wait | Blocked


def next_step(
    subject: Subject,
    *,
    earlier: Sequence[Earlier],
    standing: Standing,
    bureaus: Sequence[str],
    at: datetime,
    policy: ReusePolicy,
) -> Step:
    """What to do about *subject*: a kept report comes first, then what blocks, then a question.

    A question about somebody who gets a copy, and whose outcome is unknown, blocks (B4); so does one whose asker died.
    *bureaus* is the configured order, not empty.
    """
    if standing.state is QuestionState.LEASED and not standing.lease_over:
        return Wait()
    serving = [answer for answer in earlier if _serves(answer, gets_copy=subject.gets_copy, at=at, policy=policy)]
    reports = [answer for answer in serving if answer.outcome is Outcome.REPORT]
    if reports:
        report = max(reports, key=_age)
        return _reuse(report, earlier, at, policy) if subject.form else Reuse(report.report_id)
    if standing.state is QuestionState.REFUSED:
        return Blocked(Outcome.REFUSED)
    if subject.gets_copy and standing.state in (QuestionState.UNKNOWN, QuestionState.LEASED):
        return Blocked(Outcome.UNKNOWN)
    without = {answer.bureau: answer for answer in sorted(serving, key=_age)}
    left = tuple(name for name in bureaus if name not in without)
    return Ask(left) if left else Reuse(max(without.values(), key=_age).report_id)


def goes_on(outcome: Outcome, *, gets_copy: bool) -> bool:
    """Whether the next bureau is asked after *outcome* (B1): not after a report, nor in doubt where a copy is sent."""
    return outcome is not Outcome.REPORT and not (outcome is Outcome.UNKNOWN and gets_copy)


def settled(outcomes: Sequence[Outcome], *, gets_copy: bool) -> Outcome:
    """What became of a question that gave *outcomes*, one per bureau asked, in order.

    For an AB, unknown counts as unavailable (B1). What may still be asked again outweighs "no match" and refusals.
    """
    seen = {Outcome.UNAVAILABLE if outcome is Outcome.UNKNOWN and not gets_copy else outcome for outcome in outcomes}
    order = (Outcome.REPORT, Outcome.UNKNOWN, Outcome.UNAVAILABLE, Outcome.NO_MATCH, Outcome.REFUSED)
    return next(outcome for outcome in order if outcome in seen)


def copy_notice(outcome: Outcome, told: CopySent, *, sends_copy: bool) -> CopyNotice:
    """Whether the subject is told of a question with this outcome; what the bureau *told* of the copy comes first.

    *sends_copy*: of a report to such a question a copy has to be sent. There is none of "no match".
    """
    if told is CopySent.YES:
        return CopyNotice.SENT
    if not sends_copy:
        return CopyNotice.NONE
    if outcome is Outcome.UNKNOWN:
        return CopyNotice.POSSIBLE
    if outcome is not Outcome.REPORT:
        return CopyNotice.NONE
    return CopyNotice.NOT_SENT if told is CopySent.NO else CopyNotice.EXPECTED


def state_after(outcome: Outcome) -> QuestionState:
    """Where a question stands when *outcome* is what became of it."""
    return {
        Outcome.REPORT: QuestionState.ANSWERED,
        Outcome.NO_MATCH: QuestionState.ANSWERED,
        Outcome.UNAVAILABLE: QuestionState.OPEN,
        Outcome.REFUSED: QuestionState.REFUSED,
        Outcome.UNKNOWN: QuestionState.UNKNOWN,
    }[outcome]


def _reuse(report: Earlier, earlier: Sequence[Earlier], at: datetime, policy: ReusePolicy) -> Reuse:
    statuses = [
        answer
        for answer in earlier
        if (answer.question, answer.outcome) == (QuestionKind.STATUS, Outcome.REPORT)
        and answer.asked_at > report.asked_at
    ]
    newest = max(statuses, key=_age, default=None)
    seen_at = report.asked_at if newest is None else newest.asked_at
    return Reuse(report.report_id, None if newest is None else newest.report_id, at - seen_at > policy.status)


def _serves(answer: Earlier, *, gets_copy: bool, at: datetime, policy: ReusePolicy) -> bool:
    """Whether *answer* is used again (B5): for a copied subject within the application, for an AB while it is young."""
    if answer.question is not QuestionKind.REPORT or answer.outcome not in (Outcome.REPORT, Outcome.NO_MATCH):
        return False
    if gets_copy:
        return answer.same_application
    # A company that was registered this week may be known the next day (D10).
    limit = policy.limited_company if answer.outcome is Outcome.REPORT else policy.status
    return at - answer.asked_at <= limit


def _age(answer: Earlier) -> datetime:
    return answer.asked_at
