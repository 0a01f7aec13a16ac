"""How the bureaus do, over time, for those who run the service: one statement each; nothing here names anybody.

Days are Stockholm's, periods of days hold both their ends. Instants of the breakers are the machine's, all others those
of the questions.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bureau_clients.limits import NOT_ASKED, AlarmKind, BreakerState
from bureau_clients.questions import CopyNotice, Outcome, SubjectKind
from underwriting.kernel.money import Money
from underwriting.kernel.periods import end_of_day, stockholm_instant


@dataclass(frozen=True, slots=True, kw_only=True)
class BureauHealth:
    """How a bureau is: its breaker, and when it last answered and last failed to."""

    bureau: str
    state: BreakerState
    open_until: datetime | None
    failures: int
    last_answer_at: datetime | None
    last_failure_at: datetime | None
    last_failure_code: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """How long the questions took that went out in the hour, or on the day, that begins *at*."""

    bureau: str
    at: datetime
    questions: int
    median_ms: int
    p95_ms: int
    slowest_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """What questions cost on a day. *reserved* is for those that are out or in doubt; both count against a budget."""

    bureau: str
    day: date
    spent: Money
    reserved: Money
    questions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallbacks:
    """How many of a day's questions to a bureau came to it because another, asked first by the order, gave nothing."""

    bureau: str
    day: date
    questions: int
    fallbacks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcomes:
    """How many of a day's questions had an outcome; those that were not *asked* never left the house."""

    bureau: str
    day: date
    outcome: Outcome
    asked: bool
    questions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """The lender was told of something."""

    bureau: str
    day: date
    kind: AlarmKind
    raised_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """A question that waits for a person (B4): its outcome is unknown, or it was refused."""

    application_id: uuid.UUID
    kind: SubjectKind
    bureau: str
    asked_at: datetime
    outcome: Outcome
    code: str | None
    copy_notice: CopyNotice


_HEALTH = sa.text("""
    SELECT named.bureau, COALESCE(state, 'closed') AS state, open_until, COALESCE(failures, 0) AS failures,
        (SELECT max(answered_at) FROM credit_report AS question
         WHERE question.bureau = named.bureau AND outcome IN ('report', 'no_match')) AS last_answer_at,
        failure.asked_at AS last_failure_at, failure.failure_code AS last_failure_code
    FROM unnest(CAST(:bureaus AS text[])) WITH ORDINALITY AS named(bureau, position)
    LEFT JOIN bureau_breaker AS breaker ON breaker.bureau = named.bureau
    LEFT JOIN LATERAL (
        SELECT asked_at, failure_code FROM credit_report AS question
        WHERE question.bureau = named.bureau AND outcome IN ('unavailable', 'unknown')
            AND failure_code <> ALL(:not_asked)
        ORDER BY asked_at DESC, id DESC LIMIT 1) AS failure ON true
    ORDER BY named.position
""")
_LATENCY = """
    SELECT bureau, {start} AS at, count(*) AS questions,
        round(percentile_cont(0.5) WITHIN GROUP (ORDER BY milliseconds))::bigint AS median_ms,
        percentile_disc(0.95) WITHIN GROUP (ORDER BY milliseconds) AS p95_ms,
        max(milliseconds) AS slowest_ms
    FROM credit_report
    WHERE asked_at >= :since AND asked_at < :until AND milliseconds IS NOT NULL
    GROUP BY 1, 2 ORDER BY 2, 1
"""
_BY_HOUR = sa.text(_LATENCY.format(start="date_trunc('hour', asked_at, 'UTC')"))
_BY_DAY = sa.text(_LATENCY.format(start="date_trunc('day', asked_at, 'Europe/Stockholm')"))
_SPEND = sa.text("""
    SELECT bureau, day, COALESCE(sum(amount_ore) FILTER (WHERE settled), 0)::bigint AS spent,
        COALESCE(sum(amount_ore) FILTER (WHERE NOT settled), 0)::bigint AS reserved, count(*) AS questions
    FROM bureau_reservation WHERE day BETWEEN :first AND :last
    GROUP BY bureau, day ORDER BY day, bureau
""")
_FALLBACKS = sa.text("""
    SELECT bureau, (asked_at AT TIME ZONE 'Europe/Stockholm')::date AS day, count(*) AS questions,
        count(*) FILTER (WHERE is_fallback) AS fallbacks
    FROM credit_report
    WHERE asked_at >= :since AND asked_at < :until AND (failure_code IS NULL OR failure_code <> ALL(:not_asked))
    GROUP BY 1, 2 ORDER BY 2, 1
""")
_OUTCOMES = sa.text("""
    SELECT bureau, (asked_at AT TIME ZONE 'Europe/Stockholm')::date AS day, outcome,
        failure_code IS NULL OR failure_code <> ALL(:not_asked) AS asked, count(*) AS questions
    FROM credit_report
    WHERE asked_at >= :since AND asked_at < :until
    GROUP BY 1, 2, 3, 4 ORDER BY 2, 1, 3, 4
""")
_ALARMS = sa.text("""
    SELECT bureau, day, kind, raised_at FROM bureau_alarm
    WHERE day BETWEEN :first AND :last ORDER BY raised_at, bureau, kind
""")
# A lease that has run out on somebody who gets a copy is a doubt before anybody has come by and noted it.
_DOUBTS = sa.text("""
    SELECT question.application_id, question.subject_kind AS kind, COALESCE(last.bureau, question.bureau) AS bureau,
        COALESCE(last.asked_at, question.asked_at) AS asked_at,
        CASE question.state WHEN 'refused' THEN 'refused' ELSE 'unknown' END AS outcome,
        last.failure_code AS code, COALESCE(last.copy_notice, 'possible') AS copy_notice
    FROM bureau_question AS question
    LEFT JOIN LATERAL (
        SELECT bureau, asked_at, failure_code, copy_notice FROM credit_report AS report
        WHERE report.application_id = question.application_id AND report.subject_index = question.subject_index
            AND report.subject_kind = question.subject_kind AND report.question = 'report'
            AND report.outcome = question.state
        ORDER BY asked_at DESC, id DESC LIMIT 1) AS last ON true
    WHERE question.state IN ('unknown', 'refused')
        OR (question.state = 'leased' AND leased_until <= :at AND company_form IS DISTINCT FROM 'AB')
    ORDER BY 4, question.id
""")


def health(session: Session, bureaus: Sequence[str]) -> tuple[BureauHealth, ...]:
    """How each of *bureaus* is, in that order."""
    rows = session.execute(_HEALTH, {"bureaus": list(bureaus), "not_asked": sorted(NOT_ASKED)})
    return tuple(
        BureauHealth(
            bureau=row.bureau,
            state=BreakerState(row.state),
            open_until=row.open_until,
            failures=row.failures,
            last_answer_at=row.last_answer_at,
            last_failure_at=row.last_failure_at,
            last_failure_code=row.last_failure_code,
        )
        for row in rows
    )


def latency_by_hour(session: Session, *, since: datetime, until: datetime) -> tuple[Latency, ...]:
    """Latency per bureau and hour of the half-open period."""
    return _latency(session, _BY_HOUR, since, until)


def latency_by_day(session: Session, *, first: date, last: date) -> tuple[Latency, ...]:
    """Latency per bureau and day."""
    return _latency(session, _BY_DAY, stockholm_instant(first), end_of_day(last))


def spend_by_day(session: Session, *, first: date, last: date) -> tuple[Spend, ...]:
    """What was spent per bureau and day."""
    return tuple(
        Spend(
            bureau=row.bureau,
            day=row.day,
            spent=Money(row.spent),
            reserved=Money(row.reserved),
            questions=row.questions,
        )
        for row in session.execute(_SPEND, {"first": first, "last": last})
    )


def fallbacks_by_day(session: Session, *, first: date, last: date) -> tuple[Fallbacks, ...]:
    """How often each bureau was asked in another's place, per day."""
    return tuple(
        Fallbacks(bureau=row.bureau, day=row.day, questions=row.questions, fallbacks=row.fallbacks)
        for row in session.execute(_FALLBACKS, _days(first, last))
    )


def outcomes_by_day(session: Session, *, first: date, last: date) -> tuple[Outcomes, ...]:
    """What became of the questions, per bureau and day."""
    return tuple(
        Outcomes(bureau=row.bureau, day=row.day, outcome=Outcome(row.outcome), asked=row.asked, questions=row.questions)
        for row in session.execute(_OUTCOMES, _days(first, last))
    )


def alarms(session: Session, *, first: date, last: date) -> tuple[Alarm, ...]:
    """What the lender was told of."""
    return tuple(
        Alarm(bureau=row.bureau, day=row.day, kind=AlarmKind(row.kind), raised_at=row.raised_at)
        for row in session.execute(_ALARMS, {"first": first, "last": last})
    )


def doubts(session: Session, *, at: datetime) -> tuple[Doubt, ...]:
    """What waits for a person, over all applications, the oldest first; *at* by the machine's clock."""
    return tuple(
        Doubt(
            application_id=row.application_id,
            kind=SubjectKind(row.kind),
            bureau=row.bureau,
            asked_at=row.asked_at,
            outcome=Outcome(row.outcome),
            code=row.code,
            copy_notice=CopyNotice(row.copy_notice),
        )
        for row in session.execute(_DOUBTS, {"at": at})
    )


def _latency(session: Session, query: sa.TextClause, since: datetime, until: datetime) -> tuple[Latency, ...]:
    return tuple(
        Latency(
            bureau=row.bureau,
            at=row.at,
            questions=row.questions,
            median_ms=row.median_ms,
            p95_ms=row.p95_ms,
            slowest_ms=row.slowest_ms,
        )
        for row in session.execute(query, {"since": since, "until": until})
    )


def _days(first: date, last: date) -> dict[str, object]:
    return {"since": stockholm_instant(first), "until": end_of_day(last), "not_asked": sorted(NOT_ASKED)}
