"""One question under way, and the terms on which questions are asked."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bureau_clients import leases
from bureau_clients.budgets import Prices
from bureau_clients.bureau import Bureau
from bureau_clients.evidence import Evidence, Kept
from bureau_clients.limits import MEANINGS, BreakerPolicy
from bureau_clients.questions import CopyNotice, Outcome, QuestionKind, Subject, SubjectGroup
from bureau_clients.reports import Received, Report
from bureau_clients.rules import settled
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Who is asked about whom, in which order, at which price, and when a bureau is left alone."""

    bureaus: Mapping[str, Bureau]
    orders: Mapping[SubjectGroup, tuple[str, ...]]
    prices: Prices
    breaker: BreakerPolicy

    def explain(self, bureau: str, code: str) -> Text | None:
        """What the code of a failure at *bureau* means, for staff; None where that bureau is not there any more."""
        asked = self.bureaus.get(bureau)
        return MEANINGS.get(code) or (None if asked is None else asked.explain(code))

    def explanation(self, found: Sequence[Evidence]) -> Text | None:
        """Why the last of the questions that failed did."""
        failures = ((failure.bureau, failure.failure_code) for failure in reversed(found))
        explained = (self.explain(bureau, code) for bureau, code in failures if code is not None)
        return next((text for text in explained if text is not None), None)


@dataclass(slots=True, kw_only=True)
class Call:
    """One question, the *bureaus* that it may still go to, the next one first, and what came of it so far.

    *token* is its lease's, where it has one. *budget_lifted*: a person has allowed it, whatever its application costs.
    *generation* is that of the next bureau's breaker, which let it through.
    """

    application_id: uuid.UUID
    subject: Subject
    kind: QuestionKind
    bureaus: list[Bureau]
    token: uuid.UUID
    asked_at: datetime
    terms: Terms
    budget_lifted: bool = False
    generation: int = 0
    evidence: list[Evidence] = field(default_factory=list)
    report: Report | None = None

    @property
    def sends_copy(self) -> bool:
        """Whether the bureau tells the subject of this question."""
        return self.kind is QuestionKind.REPORT and self.subject.gets_copy

    @property
    def is_leased(self) -> bool:
        """Whether there is a row that others wait by; a register status is asked for by everybody who needs it."""
        return self.kind is QuestionKind.REPORT

    @property
    def outcome(self) -> Outcome:
        """What became of the question at all the bureaus that were asked."""
        return settled([kept.outcome for kept in self.evidence], gets_copy=self.sends_copy)

    @property
    def reference(self) -> str:
        """Ours, as the bureau's invoice names it."""
        return leases.reference_of(self.token)

    def price_at(self, bureau: str) -> Money | None:
        """What the question costs there; None where no price is told."""
        return self.terms.prices.price(bureau, self.kind, self.subject.group)

    def kept(
        self,
        bureau: str,
        outcome: Outcome,
        code: str | None,
        *,
        answered_at: datetime | None,
        copy_notice: CopyNotice = CopyNotice.NONE,
        milliseconds: int | None = None,
        report: Report | None = None,
        received: tuple[Received, ...] = (),
        cost: Money | None = None,
    ) -> Kept:
        """What is to be kept of the question at *bureau*."""
        return Kept(
            application_id=self.application_id,
            subject=self.subject,
            question=self.kind,
            bureau=bureau,
            is_fallback=bureau != self.terms.orders[self.subject.group][0],
            reference=self.reference,
            asked_at=self.asked_at,
            answered_at=answered_at,
            outcome=outcome,
            failure_code=code,
            copy_notice=copy_notice,
            milliseconds=milliseconds,
            report=report,
            received=received,
            cost=cost,
        )
