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
from datetime import datetime

from bureau_clients import leases, stock
from bureau_clients.answers import Retrieval, SubjectAnswer, with_status
from bureau_clients.budgets import Prices
from bureau_clients.bureau import Bureau
from bureau_clients.call import Call, Terms
from bureau_clients.calls import carry_out
from bureau_clients.errors import QuestionNotBlocked
from bureau_clients.limits import BREAKER_OPEN, BreakerPolicy, Sign, sign_of
from bureau_clients.questions import Outcome, QuestionKind, QuestionState, Subject, SubjectGroup, SubjectKind
from bureau_clients.reports import Report
from bureau_clients.rounds import Round, Rounds
from bureau_clients.rules import ReusePolicy
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.platform import audit_log
from underwriting.platform.runtime import Runtime

_POLL_SECONDS = 0.05


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
        named = {bureau.name: bureau for bureau in bureaus}
        self._runtime = runtime
        self._terms = Terms(
            bureaus=named,
            orders={group: tuple((orders or {}).get(group, named)) for group in SubjectGroup},
            prices=prices or Prices(),
            breaker=breaker or BreakerPolicy(),
        )
        self._rounds = Rounds(runtime, self._terms, reuse or ReusePolicy())
        asked = {name for order in self._terms.orders.values() for name in order}
        if not all(self._terms.orders.values()) or not named.keys() >= asked:
            raise ValueError("there is no bureau to ask")

    @property
    def bureaus(self) -> tuple[str, ...]:
        """The names of all bureaus."""
        return tuple(self._terms.bureaus)

    @property
    def day_budgets(self) -> Mapping[str, Money]:
        """What may be spent in a day, by bureau; those without a budget are not there."""
        return self._terms.prices.day_budgets

    def explain(self, bureau: str, code: str) -> Text | None:
        """What the code of a failure at *bureau* means, for staff; None where that bureau is not there any more."""
        return self._terms.explain(bureau, code)

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
        opened = self._rounds.open(application_id, subjects, stop=stop, shared=False)
        answers |= self._answered(opened)
        not_asked, waiting = opened.not_asked, opened.waiting
        if found_again := _held_back_in_vain(opened.calls):
            opened = self._rounds.open(application_id, found_again, stop=stop, shared=False)
            answers = {one: answer for one, answer in answers.items() if one not in opened.not_asked}
            answers |= self._answered(opened)
            not_asked, waiting = not_asked + opened.not_asked, waiting + opened.waiting
        while waiting:
            time.sleep(_POLL_SECONDS)
            opened = self._rounds.open(application_id, waiting, stop=stop, shared=True)
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
        call = self._rounds.call(application_id, company, QuestionKind.STATUS, at)
        with self._runtime.database.transaction() as session:
            self._rounds.admit(session, [call], at)
        carry_out(self._runtime, [call])
        return self._answer(call)

    def allow_another_question(self, application_id: uuid.UUID, subject: Subject, *, by: str, at: datetime) -> None:
        """A person's decision that *subject* may be asked about once more (B4), kept in the application's audit log.

        Raises QuestionNotBlocked when neither a doubt nor a refusal stands in the way.
        """
        with self._runtime.database.transaction() as session:
            row = leases.locked(session, self._runtime.cipher, application_id, [subject])[subject]
            blocked = (
                row.state in (QuestionState.UNKNOWN, QuestionState.REFUSED) or self._rounds.standing(row).lease_over
            )
            if not blocked:
                raise QuestionNotBlocked()
            self._rounds.note_death(session, application_id, subject, row)
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

    def _answered(self, opened: Round) -> dict[Subject, SubjectAnswer]:
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
            explanation=None if answered else self._terms.explanation(call.evidence),
        )


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
