"""What the business stands at, as figures for the operator's dashboard: a count or an age, never a person."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.late_payment.service import next_rate
from agreements.payouts.models import BankReport, Payout, PayoutFile
from agreements.reconciliation.jobs import CHECK
from agreements.signing.models import Signing
from agreements.signing.services.take_completion import NOT_ACCEPTED
from bureau_clients.models import BureauBreaker, CreditReport
from bureau_clients.questions import Outcome
from underwriting.applications.models import Application
from underwriting.decisions.models import DecisionRow
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import ApplicationState, SigningState
from underwriting.platform import heartbeats
from underwriting.platform.job_models import JobRun
from underwriting.platform.job_periods import first_day_of
from underwriting.platform.message_models import Delivery, DeliveryState, Event
from underwriting.platform.metrics import Figure, Figures
from underwriting.platform.runtime import Runtime

_IN_THE_QUEUE = (ApplicationState.ASSESSING, ApplicationState.REFERRED, ApplicationState.INFORMATION_REQUESTED)
_CHANNELS = ("mail", "webhook")
_UNDELIVERED = (DeliveryState.WAITING, DeliveryState.DEAD)
_REPORTS = ("read", "contradicts", "quarantined")
_QUANTILES = (0.5, 0.95, 0.99)
_LATEST = timedelta(hours=1)
_EPOCH = date(1970, 1, 1)


def figures_of(runtime: Runtime) -> Figures:
    """Everything that the database tells, at the moment of asking."""

    def figures(session: Session) -> Iterator[Figure]:
        now = runtime.clock.now()
        yield from _applications(session, now)
        yield from _agreements(session)
        yield from _signatures(session)
        yield from _bureaus(session, now)
        yield from _jobs(session, runtime.wall.now())
        yield from _books(session)
        yield from _reference_rates(session, now)
        yield from _workers(session, runtime.wall.now())
        yield from _messages(session, runtime.wall.now())

    return figures


def _applications(session: Session, now: datetime) -> Iterator[Figure]:
    yield Figure(
        "borgen_applications",
        "Applications by state.",
        ("state",),
        _counted(session, Application.state, Application.id),
    )
    oldest = session.execute(
        sa.select(Application.state, sa.func.min(Application.submitted_at))
        .where(Application.state.in_([str(state) for state in _IN_THE_QUEUE]))
        .group_by(Application.state)
    )
    ages: dict[tuple[str, ...], int] = {(str(state),): 0 for state in _IN_THE_QUEUE}
    ages |= {(state,): _seconds(now - since) for state, since in oldest if since is not None}
    yield Figure("borgen_application_oldest_seconds", "Age of the oldest application in the queue.", ("state",), ages)
    decided = session.execute(
        sa.select(DecisionRow.outcome, DecisionRow.automatic, sa.func.count()).group_by(
            DecisionRow.outcome, DecisionRow.automatic
        )
    )
    by_whom: dict[tuple[str, ...], int] = {
        (outcome, "policy" if automatic else "person"): count for outcome, automatic, count in decided
    }
    yield Figure("borgen_decisions", "Decisions made.", ("outcome", "by"), by_whom, counts=True)


def _agreements(session: Session) -> Iterator[Figure]:
    yield Figure(
        "borgen_agreements", "Agreements by state.", ("state",), _counted(session, Agreement.state, Agreement.id)
    )
    yield Figure("borgen_payouts", "Payouts by state.", ("state",), _counted(session, Payout.state, Payout.id))
    files = _counted(session, PayoutFile.state, PayoutFile.id)
    yield Figure("borgen_payout_files", "Files of payment orders by state.", ("state",), files)
    odd = sa.case(
        (BankReport.refused.is_not(None), "quarantined"),
        (BankReport.unknown + BankReport.contradicted > 0, "contradicts"),
        else_="read",
    )
    reports = dict.fromkeys(((one,) for one in _REPORTS), 0) | _counted(session, odd, BankReport.id)
    yield Figure("borgen_bank_reports", "The bank's reports by what they led to.", ("result",), reports, counts=True)


def _signatures(session: Session) -> Iterator[Figure]:
    """What BankID was content with and the service was not is told apart: forged evidence looks like that (S1)."""
    result = sa.case((Signing.hint_code == NOT_ACCEPTED, NOT_ACCEPTED), else_=Signing.state)
    ended = (SigningState.COMPLETE, SigningState.FAILED, NOT_ACCEPTED)
    counts = _counted(session, result, Signing.id)
    yield Figure(
        "borgen_signatures",
        "BankID orders that have ended, by how.",
        ("result",),
        {(str(one),): counts.get((str(one),), 0) for one in ended},
        counts=True,
    )


def _bureaus(session: Session, now: datetime) -> Iterator[Figure]:
    asked = session.execute(
        sa.select(CreditReport.bureau, CreditReport.question, CreditReport.outcome, sa.func.count()).group_by(
            CreditReport.bureau, CreditReport.question, CreditReport.outcome
        )
    )
    yield Figure(
        "borgen_bureau_questions",
        "Questions to bureaus by what became of them.",
        ("bureau", "question", "outcome"),
        {(bureau, question, outcome): count for bureau, question, outcome, count in asked},
        counts=True,
    )
    took = session.execute(
        sa.select(
            CreditReport.bureau,
            sa.func.percentile_cont(list(_QUANTILES)).within_group(CreditReport.milliseconds),
        )
        .where(
            CreditReport.milliseconds.is_not(None),
            CreditReport.outcome != str(Outcome.REFUSED),
            CreditReport.asked_at > now - _LATEST,
        )
        .group_by(CreditReport.bureau)
    )
    yield Figure(
        "borgen_bureau_milliseconds",
        "Time to a bureau's answer in the last hour.",
        ("bureau", "quantile"),
        {
            (bureau, str(quantile)): round(value)
            for bureau, values in took
            for quantile, value in zip(_QUANTILES, values, strict=True)
        },
    )
    spent = session.execute(
        sa.select(CreditReport.bureau, sa.func.sum(CreditReport.cost_ore)).group_by(CreditReport.bureau)
    )
    yield Figure(
        "borgen_bureau_cost_ore",
        "What questions have cost by the price lists, in ore.",
        ("bureau",),
        {(bureau,): int(ore or 0) for bureau, ore in spent},
        counts=True,
    )
    breakers = session.execute(sa.select(BureauBreaker.bureau, BureauBreaker.state))
    yield Figure(
        "borgen_bureau_left_alone",
        "Whether a bureau is not asked for the time being.",
        ("bureau",),
        {(bureau,): int(state == "open") for bureau, state in breakers},
    )


def _jobs(session: Session, now: datetime) -> Iterator[Figure]:
    done = session.execute(
        sa.select(JobRun.job, sa.func.max(JobRun.finished_at), sa.func.max(JobRun.period))
        .where(JobRun.finished_at.is_not(None))
        .group_by(JobRun.job)
    ).all()
    yield Figure(
        "borgen_job_age_seconds",
        "Time since a daily job was done last.",
        ("daily_job",),
        {(job,): _seconds(now - at) for job, at, _ in done if at is not None},
    )
    yield Figure(
        "borgen_job_day",
        "The last day that a daily job was done for, as a number of days since 1970.",
        ("daily_job",),
        {(job,): (first_day_of(period) - _EPOCH).days for job, _, period in done if period},
    )


def _books(session: Session) -> Iterator[Figure]:
    """The newest run is the one that was begun last; one under way says nothing yet."""
    latest = session.execute(
        sa.select(JobRun.finished_at)
        .where(JobRun.job == CHECK, sa.or_(JobRun.finished_at.is_not(None), JobRun.failed_at.is_not(None)))
        .order_by(JobRun.period.desc())
        .limit(1)
    ).one_or_none()
    yield Figure(
        "borgen_ledger_broken",
        "Whether the books were found broken, or could not be proven, when they were looked at last.",
        (),
        {} if latest is None else {(): int(latest.finished_at is None)},
    )


def _reference_rates(session: Session, now: datetime) -> Iterator[Figure]:
    yield Figure(
        "borgen_reference_rate_days_left",
        "Days until a half-year begins whose reference rate is missing; below zero once it has begun.",
        (),
        {(): next_rate(session, on=stockholm_date(now)).days_left},
    )


def _workers(session: Session, now: datetime) -> Iterator[Figure]:
    seen_at = heartbeats.last_seen_at(session)
    yield Figure(
        "borgen_workers",
        "Workers that have given a sign of life within a minute.",
        (),
        {(): heartbeats.alive(session, at=now)},
    )
    yield Figure(
        "borgen_worker_age_seconds",
        "Time since any worker has given a sign of life; no sample where none has within a day.",
        (),
        {} if seen_at is None else {(): _seconds(now - seen_at)},
    )


def _messages(session: Session, now: datetime) -> Iterator[Figure]:
    """What waits and what was given up; of what is delivered nothing is counted, since that only grows."""
    channel = sa.case((Delivery.endpoint_id.is_(None), "mail"), else_="webhook")
    found = session.execute(
        sa.select(channel, Delivery.state, sa.func.count(), sa.func.min(Delivery.created_at))
        .where(Delivery.state.in_([str(state) for state in _UNDELIVERED]))
        .group_by(channel, Delivery.state)
    ).all()
    counts: dict[tuple[str, ...], int] = {(each, str(state)): 0 for each in _CHANNELS for state in _UNDELIVERED}
    counts |= {(each, state): count for each, state, count, _ in found}
    yield Figure("borgen_deliveries", "Messages that wait or were given up.", ("channel", "state"), counts)
    ages: dict[tuple[str, ...], int] = {(each,): 0 for each in _CHANNELS}
    ages |= {(each,): _seconds(now - since) for each, state, _, since in found if state == DeliveryState.WAITING}
    yield Figure("borgen_delivery_oldest_seconds", "Age of the oldest message that waits.", ("channel",), ages)
    unpublished = sa.select(sa.func.count()).where(Event.position.is_(None))
    yield Figure(
        "borgen_events_unpublished",
        "Events that integrators cannot read yet.",
        (),
        {(): session.scalars(unpublished).one()},
    )


def _seconds(age: timedelta) -> int:
    return age // timedelta(seconds=1)


def _counted(session: Session, state: Any, key: Any) -> dict[tuple[str, ...], int]:
    counts = session.execute(sa.select(state, sa.func.count(key)).group_by(state))
    return {(found,): count for found, count in counts}
