"""The way to the bureaus: who is asked, at the same time, once, with every answer kept (rules A6, B1 to B6).

No transaction is open while a bureau is asked. In steps:
1. In one transaction: per subject use what is kept, or lease the question; purpose, notice and confirmation are in its
   row (A6). Each leased question is let through to the first of its bureaus that is not left alone and that the budgets
   cover; its price is reserved.
2. All these questions go out at the same time; the wait is that of the slowest (B2).
3. Each answer is kept as it comes, in a transaction of its own, with its cost and what it shows of the bureau; the next
   bureau is asked where rule B1 says so.
4. Questions that somebody else was asking are waited for, and their outcome is shared (B5).
A process that dies in step 2 or 3 leaves a lease that runs out: *unknown* for whoever gets a copy of a report (B4).
What it had reserved stays spent, and a breaker that waited for its answer lets another question through.
"""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bureau_clients import breakers, evidence, leases, stock
from bureau_clients.admission import admit
from bureau_clients.answers import Retrieval, SubjectAnswer, with_status
from bureau_clients.budgets import Prices
from bureau_clients.bureau import Bureau
from bureau_clients.call import Call, Terms
from bureau_clients.calls import carry_out
from bureau_clients.errors import QuestionNotBlocked
from bureau_clients.evidence import Evidence
from bureau_clients.limits import (
    BREAKER_OPEN,
    FAILED_HERE,
    OVER_APPLICATION_BUDGET,
    OVER_BUDGET,
    BreakerPolicy,
    Sign,
    sign_of,
)
from bureau_clients.models import BureauQuestion
from bureau_clients.questions import Outcome, QuestionKind, QuestionState, Subject, SubjectGroup, SubjectKind
from bureau_clients.reports import CompanyReport, CopySent, Report
from bureau_clients.rules import Ask, Blocked, Reuse, ReusePolicy, Standing, Step, Wait, copy_notice, next_step
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.platform import audit_log
from underwriting.platform.runtime import Runtime

_POLL_SECONDS = 0.05
_ASKER_DIED = "asker-died"
_OWN_CODES: Mapping[str, Text] = {
    _ASKER_DIED: Text("Den som frågade avbröts innan svaret kom", "Whoever asked was cut off before the answer came"),
    FAILED_HERE: Text("Svaret kunde inte tas om hand", "The answer could not be dealt with"),
    BREAKER_OPEN: Text("Byrån svarar inte och får vila en stund", "The bureau does not answer and is left alone"),
    OVER_BUDGET: Text("Dagens budget hos byrån räcker inte", "Today's budget at the bureau does not suffice"),
    OVER_APPLICATION_BUDGET: Text(
        "Frågorna om ansökan har kostat så mycket som de får", "The application's questions have cost what they may"
    ),
}


@dataclass(slots=True)
class _Round:
    """What one transaction found, and what it leased."""

    answers: dict[Subject, SubjectAnswer] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    waiting: list[Subject] = field(default_factory=list)
    not_asked: list[Subject] = field(default_factory=list)


class Gateway:
    """The bureaus, asked about each group of subjects in the order of *orders*; without it, as they are given."""

    def __init__(
        self,
        runtime: Runtime,
        bureaus: Sequence[Bureau],
        *,
        orders: Mapping[SubjectGroup, Sequence[str]] | None = None,
        reuse: ReusePolicy | None = None,
        prices: Prices | None = None,
        breaker: BreakerPolicy | None = None,
    ) -> None:
        """ValueError when there is nobody to ask about a group, or an order names a bureau that is not there."""
        self._runtime = runtime
        self._bureaus = {bureau.name: bureau for bureau in bureaus}
        self._reuse = reuse or ReusePolicy()
        self._terms = Terms(
            orders={group: tuple((orders or {}).get(group, self._bureaus)) for group in SubjectGroup},
            prices=prices or Prices(),
            breaker=breaker or BreakerPolicy(),
        )
        named = [name for order in self._terms.orders.values() for name in order]
        if not all(self._terms.orders.values()) or not self._bureaus.keys() >= set(named):
            raise ValueError("there is no bureau to ask")

    @property
    def bureaus(self) -> tuple[str, ...]:
        """The names of all bureaus."""
        return tuple(self._bureaus)

    @property
    def day_budgets(self) -> Mapping[str, Money]:
        """What may be spent in a day, by bureau; those without a budget are not there."""
        return self._terms.prices.day_budgets

    def explain(self, bureau: str, code: str) -> Text | None:
        """What the code of a failure at *bureau* means, for staff; None where that bureau is not there any more."""
        asked = self._bureaus.get(bureau)
        return _OWN_CODES.get(code) or (None if asked is None else asked.explain(code))

    def retrieve(
        self,
        application_id: uuid.UUID,
        subjects: Sequence[Subject],
        *,
        stop: Callable[[Report], bool] = lambda _report: False,
    ) -> Retrieval:
        """An answer per subject. When a kept report is a hard stop by *stop*, nobody is asked for a report (B2).

        Its register status is refreshed all the same; should that lift the stop, the next retrieval asks the others.
        RuntimeError inside a transaction, ValueError when a subject is named twice or has not confirmed yet (A6).
        """
        self._check(subjects)
        if len({(subject.kind, subject.number) for subject in subjects}) < len(subjects):
            raise ValueError("a subject is named twice")
        answers: dict[Subject, SubjectAnswer] = {}
        opened = self._open(application_id, subjects, stop=stop, shared=False)
        answers |= self._answered(opened)
        not_asked, waiting = opened.not_asked, opened.waiting
        if found_again := _held_back_in_vain(opened.calls):
            opened = self._open(application_id, found_again, stop=stop, shared=False)
            answers = {one: answer for one, answer in answers.items() if one not in opened.not_asked}
            answers |= self._answered(opened)
            not_asked, waiting = not_asked + opened.not_asked, waiting + opened.waiting
        while waiting:
            time.sleep(_POLL_SECONDS)
            opened = self._open(application_id, waiting, stop=stop, shared=True)
            answers |= self._answered(opened)
            not_asked, waiting = not_asked + opened.not_asked, opened.waiting
        return Retrieval(tuple(answers[subject] for subject in subjects if subject in answers), tuple(not_asked))

    def company_status(self, application_id: uuid.UUID, company: Subject) -> SubjectAnswer:
        """How *company* stands in the register now, of which nobody is sent a copy (rules B5, P4).

        RuntimeError inside a transaction, ValueError for a person, or for a sole trader who has not confirmed yet (A6).
        """
        self._check([company])
        if company.kind is not SubjectKind.COMPANY:
            raise ValueError("only a company has a register status")
        at = self._runtime.clock.now()
        call = self._call(application_id, company, QuestionKind.STATUS, at)
        with self._runtime.database.transaction() as session:
            self._admit(session, [call], at)
        carry_out(self._runtime, [call])
        return self._answer(call)

    def allow_another_question(self, application_id: uuid.UUID, subject: Subject, *, by: str, at: datetime) -> None:
        """A person's decision that *subject* may be asked about once more (B4), kept in the application's audit log.

        Raises QuestionNotBlocked when neither a doubt nor a refusal stands in the way.
        """
        with self._runtime.database.transaction() as session:
            row = leases.locked(session, self._runtime.cipher, application_id, subject)
            blocked = row.state in (QuestionState.UNKNOWN, QuestionState.REFUSED) or self._standing(row).lease_over
            if not blocked:
                raise QuestionNotBlocked()
            self._note_death(session, application_id, subject, row)
            data = {"question_id": str(row.id), "state": row.state, "subject_kind": str(subject.kind)}
            leases.reopen(row)
            subject_of_log = f"application:{application_id}"
            audit_log.append(session, subject_of_log, "bureau_question.allowed", actor=by, at=at, data=data)

    def tell_of_few_reports(self) -> int:
        """Tell the lender where the reports bought run out; of how many bureaus that is news today."""
        at = self._runtime.clock.now()
        with self._runtime.database.transaction() as session:
            return stock.tell_of_few(session, self._runtime, at=at)

    def _check(self, subjects: Sequence[Subject]) -> None:
        if self._runtime.database.in_transaction:
            raise RuntimeError("no transaction is open while a bureau is asked")
        at = self._runtime.clock.now()
        if any(subject.confirmed_at is not None and subject.confirmed_at > at for subject in subjects):
            raise ValueError("no report on a person before that person has confirmed (rule A6)")

    def _open(
        self, application_id: uuid.UUID, subjects: Sequence[Subject], *, stop: Callable[[Report], bool], shared: bool
    ) -> _Round:
        """Use what is kept and lease the rest; *shared* tells that somebody else's questions were waited for."""
        at = self._runtime.clock.now()
        opened = _Round()
        questions: list[tuple[Subject, BureauQuestion, Ask]] = []
        with self._runtime.database.transaction() as session:
            # In one order for all, so that two askers never wait for each other's locks.
            for subject in sorted(subjects, key=lambda subject: (subject.kind, subject.number.digits)):
                row = leases.locked(session, self._runtime.cipher, application_id, subject)
                step = self._step(session, application_id, subject, row, at)
                match step:
                    case Wait():
                        opened.waiting.append(subject)
                    case Reuse():
                        opened.answers[subject] = self._reused(session, application_id, subject, step, at)
                        if step.refresh_status:
                            opened.calls.append(self._call(application_id, subject, QuestionKind.STATUS, at))
                    case Blocked(outcome):
                        self._note_death(session, application_id, subject, row)
                        opened.answers[subject] = self._without(session, application_id, subject, outcome)
                    case Ask() if shared and row.state == QuestionState.OPEN:
                        opened.answers[subject] = self._without(session, application_id, subject, Outcome.UNAVAILABLE)
                    case Ask():
                        questions.append((subject, row, step))
            if any(answer.report is not None and stop(answer.report) for answer in opened.answers.values()):
                opened.not_asked += [subject for subject, _, _ in questions]
                questions.clear()
            for subject, row, step in questions:
                self._note_death(session, application_id, subject, row)
                opened.calls.append(self._lease(application_id, subject, row, step, at))
            self._admit(session, opened.calls, at)
        return opened

    def _admit(self, session: Session, calls: Sequence[Call], at: datetime) -> None:
        bureaus = {bureau.name for call in calls for bureau in call.bureaus}
        if not bureaus:
            return
        found = breakers.load(session, bureaus, policy=self._terms.breaker, at=self._runtime.wall.now())
        admit(session, self._runtime, calls, found, at=at)

    def _step(
        self, session: Session, application_id: uuid.UUID, subject: Subject, row: BureauQuestion, at: datetime
    ) -> Step:
        return next_step(
            subject,
            earlier=evidence.earlier_of(session, self._runtime.cipher, application_id, subject),
            standing=self._standing(row),
            bureaus=self._terms.orders[subject.group],
            at=at,
            policy=self._reuse,
        )

    def _standing(self, row: BureauQuestion) -> Standing:
        over = row.leased_until is not None and row.leased_until <= self._runtime.wall.now()
        return Standing(state=QuestionState(row.state), lease_over=over)

    def _lease(self, application_id: uuid.UUID, subject: Subject, row: BureauQuestion, step: Ask, at: datetime) -> Call:
        call = self._call(application_id, subject, QuestionKind.REPORT, at, among=step.bureaus)
        until = self._runtime.wall.now() + sum((bureau.longest_call for bureau in call.bureaus), timedelta())
        call.token = leases.take(row, subject, bureau=call.bureaus[0].name, asked_at=at, until=until)
        call.budget_lifted = row.budget_lifted
        return call

    def _call(
        self,
        application_id: uuid.UUID,
        subject: Subject,
        kind: QuestionKind,
        at: datetime,
        *,
        among: Sequence[str] | None = None,
    ) -> Call:
        """A question to the bureaus of the subject's order, or to those *among* them that are left."""
        names = self._terms.orders[subject.group] if among is None else among
        return Call(
            application_id=application_id,
            subject=subject,
            kind=kind,
            bureaus=[self._bureaus[name] for name in names],
            token=uuid.uuid4(),
            asked_at=at,
            terms=self._terms,
        )

    def _note_death(self, session: Session, application_id: uuid.UUID, subject: Subject, row: BureauQuestion) -> None:
        """Keep, where the question is still leased, that its asker died: the question may have been carried out."""
        if row.state != QuestionState.LEASED or row.lease_token is None or row.asked_at is None:
            return
        call = self._call(application_id, subject, QuestionKind.REPORT, row.asked_at)
        call.token = row.lease_token
        notice = copy_notice(Outcome.UNKNOWN, CopySent.NOT_TOLD, sends_copy=call.sends_copy)
        kept = call.kept(row.bureau or "", Outcome.UNKNOWN, _ASKER_DIED, answered_at=None, copy_notice=notice)
        evidence.keep(session, self._runtime.cipher, kept)
        row.state, row.leased_until = QuestionState.UNKNOWN, None

    def _reused(
        self, session: Session, application_id: uuid.UUID, subject: Subject, step: Reuse, at: datetime
    ) -> SubjectAnswer:
        cipher = self._runtime.cipher
        kept = [
            evidence.use(session, cipher, report_id, application_id=application_id, subject=subject, at=at)
            for report_id in (step.report_id, step.status_id)
            if report_id is not None
        ]
        report = kept[0][1]
        if isinstance(report, CompanyReport) and len(kept) > 1 and isinstance(kept[1][1], CompanyReport):
            report = report.with_status_of(kept[1][1])
        return SubjectAnswer(
            subject=subject, outcome=kept[0][0].outcome, report=report, evidence=tuple(found for found, _ in kept)
        )

    def _without(
        self, session: Session, application_id: uuid.UUID, subject: Subject, outcome: Outcome
    ) -> SubjectAnswer:
        found = evidence.latest_failure(session, self._runtime.cipher, application_id, subject)
        return SubjectAnswer(
            subject=subject, outcome=outcome, report=None, evidence=found, explanation=self._explanation(found)
        )

    def _answered(self, opened: _Round) -> dict[Subject, SubjectAnswer]:
        """Carry out what was leased; the answers of the round."""
        carry_out(self._runtime, opened.calls)
        answers = dict(opened.answers)
        for call in opened.calls:
            answer = self._answer(call)
            reused = answers.get(call.subject)
            answers[call.subject] = answer if reused is None else with_status(reused, answer)
        return answers

    def _answer(self, call: Call) -> SubjectAnswer:
        outcome = call.outcome
        answered = outcome in (Outcome.REPORT, Outcome.NO_MATCH)
        return SubjectAnswer(
            subject=call.subject,
            outcome=outcome,
            report=call.report if answered else None,
            evidence=tuple(call.evidence),
            explanation=None if answered else self._explanation(call.evidence),
        )

    def _explanation(self, found: Sequence[Evidence]) -> Text | None:
        """Why the last of the questions that failed did."""
        failures = ((failure.bureau, failure.failure_code) for failure in reversed(found))
        explained = (self.explain(bureau, code) for bureau, code in failures if code is not None)
        return next((text for text in explained if text is not None), None)


def _held_back_in_vain(calls: Sequence[Call]) -> list[Subject]:
    """Whom a breaker held back while another of *calls* found its bureau to answer again: they are asked about now."""
    answering = {
        kept.bureau
        for call in calls
        for kept in call.evidence
        if sign_of(kept.outcome, kept.failure_code) is Sign.ANSWERS
    }
    return [
        call.subject
        for call in calls
        if call.outcome is Outcome.UNAVAILABLE
        and any(kept.failure_code == BREAKER_OPEN and kept.bureau in answering for kept in call.evidence)
    ]
