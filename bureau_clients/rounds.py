"""Who is asked now, settled in one transaction: kept answers are used, questions leased and let through (A6, B1-B5)."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from bureau_clients import breakers, evidence, leases
from bureau_clients.admission import admit
from bureau_clients.answers import SubjectAnswer
from bureau_clients.call import Call, Terms
from bureau_clients.limits import ASKER_DIED
from bureau_clients.models import BureauQuestion
from bureau_clients.questions import Outcome, QuestionKind, QuestionState, Subject
from bureau_clients.reports import CompanyReport, CopySent, Report
from bureau_clients.rules import Ask, Blocked, Reuse, ReusePolicy, Standing, Step, Wait, copy_notice, next_step
from underwriting.platform.runtime import Runtime


@dataclass(slots=True)
class Round:
    """What one transaction found, and the questions that it leased."""

    answers: dict[Subject, SubjectAnswer] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    waiting: list[Subject] = field(default_factory=list)
    not_asked: list[Subject] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Rounds:
    """Opens rounds of questions on *terms*; kept answers serve as long as *reuse* says."""

    runtime: Runtime
    terms: Terms
    reuse: ReusePolicy

    def open(
        self, application_id: uuid.UUID, subjects: Sequence[Subject], *, stop: Callable[[Report], bool], shared: bool
    ) -> Round:
        """Use what is kept and lease the rest; *shared* tells that somebody else's questions were waited for."""
        at = self.runtime.clock.now()
        opened = Round()
        questions: list[tuple[Subject, BureauQuestion, Ask]] = []
        with self.runtime.database.transaction() as session:
            for subject, row in leases.locked(session, self.runtime.cipher, application_id, subjects).items():
                step = self._step(session, application_id, subject, row, at)
                match step:
                    case Wait():
                        opened.waiting.append(subject)
                    case Reuse():
                        opened.answers[subject] = self._reused(session, application_id, subject, step, at)
                        if step.refresh_status:
                            opened.calls.append(self.call(application_id, subject, QuestionKind.STATUS, at))
                    case Blocked(outcome):
                        self.note_death(session, application_id, subject, row)
                        opened.answers[subject] = self._without(session, application_id, subject, outcome)
                    case Ask() if shared and row.state == QuestionState.OPEN:
                        opened.answers[subject] = self._without(session, application_id, subject, Outcome.UNAVAILABLE)
                    case Ask():
                        questions.append((subject, row, step))
            if any(answer.report is not None and stop(answer.report) for answer in opened.answers.values()):
                opened.not_asked += [subject for subject, _, _ in questions]
                questions.clear()
            for subject, row, step in questions:
                self.note_death(session, application_id, subject, row)
                opened.calls.append(self._lease(application_id, subject, row, step, at))
            self.admit(session, opened.calls, at)
        return opened

    def admit(self, session: Session, calls: Sequence[Call], at: datetime) -> None:
        """Let *calls* of one application go where the breakers and budgets allow."""
        bureaus = {bureau.name for call in calls for bureau in call.bureaus}
        if not bureaus:
            return
        found = breakers.load(session, bureaus, policy=self.terms.breaker, at=self.runtime.wall.now())
        admit(session, self.runtime, calls, found, at=at)

    def standing(self, row: BureauQuestion) -> Standing:
        """Where the question stands by the machine's clock."""
        over = row.leased_until is not None and row.leased_until <= self.runtime.wall.now()
        return Standing(state=QuestionState(row.state), lease_over=over)

    def call(
        self,
        application_id: uuid.UUID,
        subject: Subject,
        kind: QuestionKind,
        at: datetime,
        *,
        among: Sequence[str] | None = None,
    ) -> Call:
        """A question to the bureaus of the subject's order, or to those *among* them that are left."""
        names = self.terms.orders[subject.group] if among is None else among
        return Call(
            application_id=application_id,
            subject=subject,
            kind=kind,
            bureaus=[self.terms.bureaus[name] for name in names],
            token=uuid.uuid4(),
            asked_at=at,
            terms=self.terms,
        )

    def note_death(self, session: Session, application_id: uuid.UUID, subject: Subject, row: BureauQuestion) -> None:
        """Keep, where the question is still leased, that its asker died: the question may have been carried out."""
        if row.state != QuestionState.LEASED or row.lease_token is None or row.asked_at is None:
            return
        call = self.call(application_id, subject, QuestionKind.REPORT, row.asked_at)
        call.token = row.lease_token
        notice = copy_notice(Outcome.UNKNOWN, CopySent.NOT_TOLD, sends_copy=call.sends_copy)
        kept = call.kept(row.bureau or "", Outcome.UNKNOWN, ASKER_DIED, answered_at=None, copy_notice=notice)
        evidence.keep(session, self.runtime.cipher, kept)
        row.state, row.leased_until = QuestionState.UNKNOWN, None

    def _step(
        self, session: Session, application_id: uuid.UUID, subject: Subject, row: BureauQuestion, at: datetime
    ) -> Step:
        return next_step(
            subject,
            earlier=evidence.earlier_of(session, self.runtime.cipher, application_id, subject),
            standing=self.standing(row),
            bureaus=self.terms.orders[subject.group],
            at=at,
            policy=self.reuse,
        )

    def _lease(self, application_id: uuid.UUID, subject: Subject, row: BureauQuestion, step: Ask, at: datetime) -> Call:
        call = self.call(application_id, subject, QuestionKind.REPORT, at, among=step.bureaus)
        until = self.runtime.wall.now() + sum((bureau.longest_call for bureau in call.bureaus), timedelta())
        call.token = leases.take(row, subject, bureau=call.bureaus[0].name, asked_at=at, until=until)
        call.budget_lifted = row.budget_lifted
        return call

    def _reused(
        self, session: Session, application_id: uuid.UUID, subject: Subject, step: Reuse, at: datetime
    ) -> SubjectAnswer:
        cipher = self.runtime.cipher
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
        found = evidence.latest_failure(session, self.runtime.cipher, application_id, subject)
        return SubjectAnswer(
            subject=subject, outcome=outcome, report=None, evidence=found, explanation=self.terms.explanation(found)
        )
