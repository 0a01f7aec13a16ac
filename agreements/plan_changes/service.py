"""Changes of repayment plans by agreement: proposed by staff, signed by company and guarantors (rule G7)."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from agreements.credit.service import get_agreement, lock_agreement
from agreements.plan_changes import rules
from agreements.plan_changes.rules import AskedPlan
from agreements.plan_changes.services import end_change, propose_change, sign_change
from agreements.plan_changes.services.keep_change import changes_of, get_change, pending_of
from agreements.plan_changes.services.propose_change import PlanChangeQuote
from agreements.plan_changes.services.show_change import OwnPaper, PlanChangeView, change_view, own_papers
from agreements.signing.models import Signing
from agreements.signing.service import ToSign
from underwriting.kernel.errors import NotFound
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import RepaymentPlan
from underwriting.platform.progress import Progress, unheard
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True)
class PlanChanges:
    """What is done with changes; who may, the caller has looked at."""

    runtime: Runtime

    def asked(self, plan: RepaymentPlan, term_months: int, first_month: Month | None) -> AskedPlan:
        """What is asked for; without a month the first that leaves all the days for signatures."""
        default = rules.first_month_by_default(self.runtime.clock.now(), terms=self.runtime.terms)
        return AskedPlan(plan, term_months, first_month or default)

    def quote(self, agreement_id: uuid.UUID, asked: AskedPlan) -> PlanChangeQuote:
        """The plan that is *asked* for, beside the one that applies. PlanChangeAskedWrong, PlanChangeRefused."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            return propose_change.quote(session, self.runtime, get_agreement(session, agreement_id), asked, at=at)

    def propose(self, agreement_id: uuid.UUID, asked: AskedPlan, *, actor: str) -> PlanChangeView:
        """Send it to be signed. As `quote`; PlanChangePending while another one waits."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement = lock_agreement(session, agreement_id)
            change = propose_change.propose(session, self.runtime, agreement, asked, actor=actor, at=at)
            return change_view(session, self.runtime, agreement, change)

    def withdraw(self, change_id: uuid.UUID, *, actor: str) -> PlanChangeView:
        """The lender lets it be. NotFound, PlanChangeNotPending."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            change = end_change.withdraw(session, self.runtime, change_id, actor=actor, at=at)
            return change_view(session, self.runtime, get_agreement(session, change.agreement_id), change)

    def of_agreement(self, agreement_id: uuid.UUID) -> tuple[PlanChangeView, ...]:
        """All of them, the newest first."""
        with self.runtime.database.transaction() as session:
            agreement = get_agreement(session, agreement_id)
            return tuple(
                change_view(session, self.runtime, agreement, one) for one in changes_of(session, agreement_id)
            )

    def waiting_for(self, agreement_id: uuid.UUID, person_index: bytes) -> uuid.UUID | None:
        """The change that waits for signatures, where the person has something to sign, or has signed, on it."""
        with self.runtime.database.transaction() as session:
            change = pending_of(session, agreement_id)
            return change.id if change is not None and own_papers(session, change, person_index) else None

    def own(self, change_id: uuid.UUID, person_index: bytes) -> tuple[PlanChangeView, tuple[OwnPaper, ...]]:
        """The change, and what the person signs on it; NotFound for whoever it has nothing for."""
        with self.runtime.database.transaction() as session:
            change = get_change(session, change_id)
            agreement = get_agreement(session, change.agreement_id)
            papers = own_papers(session, change, person_index)
            if not papers or agreement.erased_at is not None:
                raise NotFound
            return change_view(session, self.runtime, agreement, change), papers

    def prepare_for_company(self, change_id: uuid.UUID, person_index: bytes) -> ToSign:
        """What the person signs for the company now. NotFound, PlanChangeNotPending, PlanChangeRefused."""
        with self.runtime.database.transaction() as session:
            return sign_change.prepare_for_company(session, self.runtime, change_id, person_index)

    def prepare_as_guarantor(self, change_id: uuid.UUID, person_index: bytes) -> ToSign:
        """What the guarantor signs now. NotFound, PlanChangeNotPending, PlanChangeRefused."""
        with self.runtime.database.transaction() as session:
            return sign_change.prepare_as_guarantor(session, self.runtime, change_id, person_index)

    def signature_received(self, session: Session, signing: Signing, at: datetime) -> None:
        """Handler of SigningPurpose.PLAN_CHANGE and PLAN_CHANGE_CONSENT: the last one puts the change into effect."""
        sign_change.record_signature(session, self.runtime, signing, at)

    def lapse_unsigned(self, *, progress: Progress = unheard) -> int:
        """Let those lapse whose time for signatures is over; how many. For the scheduler."""
        return end_change.lapse_unsigned(self.runtime, progress=progress)
