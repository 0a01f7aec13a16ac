"""One attempt to decide an application: claimed by one worker, reported on, decided in one transaction (rules B1-B8).

1. In one transaction an application that is due is leased; in the next its case is gathered.
2. The bureaus are asked, with no transaction open. Their answers are kept as they come.
3. In one transaction the application is locked, with all whose exposure counts; if this attempt is still the latest
   one, it is decided, or put off.
A worker that dies leaves a lease that runs out: the next one finds the kept answers and decides the same.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bureau_clients.answers import Retrieval
from bureau_clients.facts import Known
from bureau_clients.gateway import Gateway
from bureau_clients.questions import Outcome
from bureau_clients.reports import Report
from underwriting.applications.models import Application
from underwriting.applications.rules import ApplicationEvent
from underwriting.applications.services.find_application import move
from underwriting.applications.services.lapse_applications import lapse
from underwriting.applications.services.store_application import body_of
from underwriting.decisions.grounds import hard_stops
from underwriting.decisions.policy import Policy
from underwriting.decisions.scoring import decide
from underwriting.decisions.services.gather_case import Case, gather
from underwriting.decisions.services.record_decision import Basis, Ruling, keep_name, record
from underwriting.kernel.vocabulary import ApplicationState
from underwriting.platform.runtime import Runtime

LEASE = timedelta(minutes=5)
"""Longer than bureaus take to answer or to be given up, unless one after the other is asked in vain; then the next
worker waits for the same answers (rule B5), and the one that overran decides nothing."""
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Claim:
    """An application that this worker has leased; *attempt* tells this lease from any later one."""

    application_id: uuid.UUID
    attempt: int


def claim_due(session: Session, runtime: Runtime) -> Claim | None:
    """Lease the application that has been due the longest; None when none is."""
    now = runtime.wall.now()
    due = (
        sa.select(Application)
        .where(
            Application.state == str(ApplicationState.ASSESSING),
            Application.outcome_unknown.is_(False),
            Application.next_attempt_at <= now,
            sa.or_(Application.leased_until.is_(None), Application.leased_until <= now),
        )
        .order_by(Application.next_attempt_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    application = session.scalar(due.execution_options(populate_existing=True))
    if application is None:
        return None
    application.leased_until = now + LEASE
    application.attempts += 1
    return Claim(application.id, application.attempts)


def retrieve(gateway: Gateway, case: Case, *, at: datetime) -> Retrieval:
    """The answers about everybody in the case; nobody is asked when what is kept already stops it (rule B2)."""

    def stops(report: Report) -> bool:
        return any(hard_stops(case.facts({report.number: report}, at=at)))

    return gateway.retrieve(case.application_id, case.subjects, stop=stops)


def conclude(
    session: Session,
    runtime: Runtime,
    policy: Policy,
    application: Application,
    claim: Claim,
    retrieval: Retrieval,
    *,
    at: datetime,
) -> None:
    """Decide the claimed application, which is locked with its exposure, or put it off; nothing happens when somebody
    else has gone on with it since.
    """
    if application.state != ApplicationState.ASSESSING or application.attempts != claim.attempt:
        return
    if application.binding_until is not None and application.binding_until <= at:
        lapse(session, runtime, application, at=at)
        return
    outcomes = {answer.outcome for answer in retrieval.answers}
    if outcomes & {Outcome.UNKNOWN, Outcome.REFUSED}:
        _wait_for_person(session, application, outcomes, at)
    elif Outcome.UNAVAILABLE in outcomes or any(answer.status_waits for answer in retrieval.answers):
        _put_off(session, runtime, application, at)
    else:
        _decide(session, runtime, policy, application, retrieval, at)


def pause_after(attempts: int) -> timedelta:
    """How long an application waits after so many attempts (rule B8): twice as long each time, at most an hour."""
    doublings = max(0, min(attempts - 1, 10))
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def reports_in(retrieval: Retrieval) -> dict[str, Report]:
    """The reports by the digits of their subject's number."""
    return {answer.subject.number.digits: answer.report for answer in retrieval.answers if answer.report is not None}


def _decide(
    session: Session, runtime: Runtime, policy: Policy, application: Application, retrieval: Retrieval, at: datetime
) -> None:
    reports = reports_in(retrieval)
    number = body_of(session, runtime.cipher, application).organisation_number
    keep_name(runtime, application, reports.get(number.digits))  # the company is screened by it
    case = gather(session, runtime, application, at=at, weighed=True)
    facts = case.facts(reports, at=at)
    if retrieval.not_asked and isinstance(facts.company.status, Known) and not any(hard_stops(facts)):
        _go_on(session, runtime, application, at)
        return
    decision = decide(facts, policy)
    basis = Basis(facts=facts, decision=decision, report_hashes=retrieval.sha256s)
    ruling = Ruling(outcome=decision.outcome, limit=decision.limit, fee_rate=decision.fee_rate)
    record(session, runtime, application, case, basis, ruling, at=at)


def _go_on(session: Session, runtime: Runtime, application: Application, at: datetime) -> None:
    """The register has lifted the stop for which the others were spared (rule B2): they are asked about at once."""
    move(session, application, ApplicationEvent.ATTEMPT_FAILED, actor="system", at=at, data={"outcomes": ["not_asked"]})
    application.leased_until = None
    application.next_attempt_at = runtime.wall.now()


def _wait_for_person(session: Session, application: Application, outcomes: set[Outcome], at: datetime) -> None:
    """A question whose outcome is unknown, or that a bureau refused, is not asked again by itself (rules B3, B4)."""
    data = {"outcomes": sorted(str(outcome) for outcome in outcomes)}
    move(session, application, ApplicationEvent.ATTEMPT_FAILED, actor="system", at=at, data=data)
    application.outcome_unknown = True
    application.next_attempt_at = application.leased_until = None


def _put_off(session: Session, runtime: Runtime, application: Application, at: datetime) -> None:
    """No bureau could be reached: tried again after a pause that grows (rule B8)."""
    move(
        session, application, ApplicationEvent.ATTEMPT_FAILED, actor="system", at=at, data={"outcomes": ["unavailable"]}
    )
    application.leased_until = None
    application.next_attempt_at = runtime.wall.now() + pause_after(application.attempts)
