"""Questions on their way: all at the same time, each through the bureaus in turn, every answer kept as it comes.

Only the questions run in threads of their own; every transaction is the caller's thread's.
"""

import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from sqlalchemy.orm import Session

from bureau_clients import breakers, budgets, evidence, leases
from bureau_clients.admission import admit
from bureau_clients.alarms import raise_alarm
from bureau_clients.call import Call
from bureau_clients.errors import BureauFailure, OutcomeUnknown
from bureau_clients.evidence import Kept
from bureau_clients.limits import FAILED_HERE, AlarmKind, sign_of
from bureau_clients.questions import Outcome, QuestionKind
from bureau_clients.reports import Answer, CopySent, NoMatch, Received
from bureau_clients.rules import copy_notice, goes_on, settled, state_after
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.platform import tracing
from underwriting.platform.runtime import Runtime

_NO_REPORTS_LEFT = ("creditsafe", "8")  # that bureau's code


@dataclass(frozen=True, slots=True)
class _Heard:
    """What came back from a bureau, and after how long."""

    what: Answer | BaseException
    milliseconds: int


def carry_out(runtime: Runtime, calls: Sequence[Call]) -> None:
    """Ask all *calls* that have been admitted, at the same time, and keep every answer; then each has its outcome.

    What our own code fails on is kept as *unknown*, and raised when all the other answers are safe.
    """
    calls = [call for call in calls if call.bureaus]
    if not calls:
        return
    errors: list[BaseException] = []
    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        running = {pool.submit(tracing.in_this_context(_ask), call): call for call in calls}
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                call, heard = running.pop(future), future.result()
                if not isinstance(heard.what, Answer | BureauFailure):
                    errors.append(heard.what)
                try:
                    _keep(runtime, call, heard)
                except Exception as error:
                    errors.append(error)
                    continue
                if call.bureaus:
                    running[pool.submit(tracing.in_this_context(_ask), call)] = call
    if errors:
        raise errors[0]


def _ask(call: Call) -> _Heard:
    started = time.monotonic()
    try:
        with tracing.span(f"bureau {call.kind}", outside=True, bureau=call.bureaus[0].name):
            what: Answer | BaseException = _answer(call)
    except BaseException as error:  # told to the thread that keeps it
        what = error
    return _Heard(what, round((time.monotonic() - started) * 1000))


def _answer(call: Call) -> Answer:
    bureau, subject = call.bureaus[0], call.subject
    if subject.form is None:
        person = cast(PersonalNumber, subject.number)  # a subject checks that
        return bureau.person(person, reference=call.reference, at=call.asked_at)
    ask = bureau.company if call.kind is QuestionKind.REPORT else bureau.company_status
    return ask(subject.number, form=subject.form, reference=call.reference, at=call.asked_at)


def _keep(runtime: Runtime, call: Call, heard: _Heard) -> None:
    """Keep what came of the question at its first bureau; it goes on to those that are left, if any."""
    now = max(runtime.clock.now(), call.asked_at)
    bureau = call.bureaus.pop(0).name
    kept = _kept(call, bureau, heard, now)
    sign = sign_of(kept.outcome, kept.failure_code)
    outcome = settled([*(earlier.outcome for earlier in call.evidence), kept.outcome], gets_copy=call.sends_copy)
    if not goes_on(kept.outcome, gets_copy=call.sends_copy):
        call.bureaus.clear()
    with runtime.database.transaction() as session:
        # The question's row first, whose lock comes before the breakers' (see `admission`).
        if call.is_leased and call.bureaus and not leases.lock(session, call.token):
            call.bureaus.clear()
        if call.is_leased and not call.bureaus:
            leases.settle(session, call.token, state_after(outcome))
        found = breakers.load(
            session,
            {bureau, *(left.name for left in call.bureaus)},
            policy=call.terms.breaker,
            at=runtime.wall.now(),
            signs={bureau: sign},
        )
        found.show(bureau, sign, question=call.token, generation=call.generation)
        _record(session, runtime, call, kept)
        if call.bureaus:
            admit(session, runtime, [call], found, at=now)


def _record(session: Session, runtime: Runtime, call: Call, kept: Kept) -> None:
    """The answer as evidence, its use and its cost; and that the lender has no reports left."""
    at = kept.answered_at or kept.asked_at
    found = evidence.keep(session, runtime.cipher, kept)
    call.evidence.append(found)
    if kept.report is not None:
        call.report = kept.report
        evidence.record_use(session, found.report_id, application_id=call.application_id, subject=call.subject, at=at)
    if kept.outcome is not Outcome.UNKNOWN and call.price_at(kept.bureau) is not None:
        budgets.settle(session, call.token, kept.bureau, kept.cost)
    if (kept.bureau, kept.failure_code) == _NO_REPORTS_LEFT:
        raise_alarm(session, runtime, AlarmKind.NO_REPORTS_LEFT, kept.bureau, at=at)


def _kept(call: Call, bureau: str, heard: _Heard, now: datetime) -> Kept:
    what = heard.what
    if isinstance(what, Answer):
        outcome = Outcome.NO_MATCH if isinstance(what.report, NoMatch) else Outcome.REPORT
        return call.kept(
            bureau,
            outcome,
            None,
            answered_at=now,
            copy_notice=copy_notice(outcome, what.copy_sent, sends_copy=call.sends_copy),
            milliseconds=heard.milliseconds,
            report=what.report,
            received=what.received,
            cost=call.price_at(bureau) if outcome is Outcome.REPORT else None,
        )
    failure = what if isinstance(what, BureauFailure) else OutcomeUnknown(FAILED_HERE)
    return call.kept(
        bureau,
        failure.outcome,
        failure.code,
        answered_at=now,
        copy_notice=copy_notice(failure.outcome, CopySent.NOT_TOLD, sends_copy=call.sends_copy),
        milliseconds=heard.milliseconds,
        received=() if failure.raw is None else (Received(failure.part, failure.raw),),
    )
