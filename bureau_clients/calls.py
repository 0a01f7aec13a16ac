"""Questions on their way: all at the same time, each through the bureaus in turn, every answer kept as it comes.

Only the questions run in threads of their own; every transaction is the caller's thread's.
"""

import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast

from bureau_clients import evidence, leases
from bureau_clients.bureau import Bureau
from bureau_clients.errors import BureauFailure, OutcomeUnknown
from bureau_clients.evidence import Evidence, Kept
from bureau_clients.questions import Outcome, QuestionKind, Subject, SubjectKind
from bureau_clients.reports import Answer, NoMatch, Report
from bureau_clients.rules import goes_on, settled, state_after
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.platform.runtime import Runtime

FAILED_HERE = "failed-here"
"""The code of a question whose answer our own code could not deal with: it may have been carried out."""


@dataclass(slots=True, kw_only=True)
class Call:
    """One question, the *bureaus* that it may still go to, the next one first, and what came of it so far."""

    application_id: uuid.UUID
    subject: Subject
    kind: QuestionKind
    bureaus: list[Bureau]
    token: uuid.UUID  # of the lease, where there is one
    asked_at: datetime
    evidence: list[Evidence] = field(default_factory=list)
    report: Report | None = None

    @property
    def sends_copy(self) -> bool:
        """Whether the bureau tells the subject of this question."""
        return self.kind is QuestionKind.REPORT and self.subject.gets_copy

    @property
    def outcome(self) -> Outcome:
        """What became of the question at all the bureaus that were asked."""
        return settled([kept.outcome for kept in self.evidence], gets_copy=self.sends_copy)

    @property
    def reference(self) -> str:
        """Ours, as the bureau's invoice names it."""
        return leases.reference_of(self.token)


def carry_out(runtime: Runtime, calls: Sequence[Call], *, prices: Mapping[tuple[str, SubjectKind], Money]) -> None:
    """Ask all *calls* at the same time and keep every answer; afterwards each has its outcome.

    What our own code fails on is kept as *unknown*, and raised when all the other answers are safe.
    """
    if not calls:
        return
    errors: list[BaseException] = []
    with ThreadPoolExecutor(max_workers=len(calls)) as pool:
        running = {pool.submit(_ask, call): call for call in calls}
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                call = running.pop(future)
                try:
                    if _keep(runtime, call, _received(future, errors), prices):
                        running[pool.submit(_ask, call)] = call
                except Exception as error:
                    errors.append(error)
    if errors:
        raise errors[0]


def _ask(call: Call) -> Answer:
    bureau, subject = call.bureaus[0], call.subject
    if subject.form is None:
        person = cast(PersonalNumber, subject.number)  # a subject checks that
        return bureau.person(person, reference=call.reference, at=call.asked_at)
    ask = bureau.company if call.kind is QuestionKind.REPORT else bureau.company_status
    return ask(subject.number, form=subject.form, reference=call.reference, at=call.asked_at)


def _received(future: Future[Answer], errors: list[BaseException]) -> Answer | BureauFailure:
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, BureauFailure):
        return error
    errors.append(error)
    return OutcomeUnknown(FAILED_HERE)


def _keep(
    runtime: Runtime,
    call: Call,
    received: Answer | BureauFailure,
    prices: Mapping[tuple[str, SubjectKind], Money],
) -> bool:
    """Keep what came of the question at its first bureau; whether it goes on to the next."""
    now = max(runtime.clock.now(), call.asked_at)
    bureau = call.bureaus.pop(0)
    kept = _kept(call, bureau, received, answered_at=now, price=prices.get((bureau.name, call.subject.kind)))
    with runtime.database.transaction() as session:
        found = evidence.keep(session, runtime.cipher, kept)
        call.evidence.append(found)
        if kept.report is not None:
            call.report = kept.report
            evidence.record_use(
                session, found.report_id, application_id=call.application_id, subject=call.subject, at=now
            )
        more = bool(call.bureaus) and goes_on(kept.outcome, gets_copy=call.sends_copy)
        if call.kind is QuestionKind.REPORT and more:
            more = leases.hand_on(session, call.token, bureau=call.bureaus[0].name, asked_at=now)
        if call.kind is QuestionKind.REPORT and not more:
            leases.settle(session, call.token, state_after(call.outcome))
    call.asked_at = now
    return more


def _kept(
    call: Call, bureau: Bureau, received: Answer | BureauFailure, *, answered_at: datetime, price: Money | None
) -> Kept:
    if isinstance(received, Answer):
        outcome = Outcome.NO_MATCH if isinstance(received.report, NoMatch) else Outcome.REPORT
        report, code = received.report, None
    else:
        outcome, report, code = received.outcome, None, received.code
    return Kept(
        application_id=call.application_id,
        subject=call.subject,
        question=call.kind,
        bureau=bureau.name,
        reference=call.reference,
        asked_at=call.asked_at,
        answered_at=answered_at,
        outcome=outcome,
        failure_code=code,
        report=report,
        raw=received.received[0].body if isinstance(received, Answer) else received.raw,
        cost=price if outcome is Outcome.REPORT and call.kind is QuestionKind.REPORT else None,
    )
