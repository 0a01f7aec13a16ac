"""Another plan worked out, compared with the one that applies, and sent to everybody who has to sign it (rule G7)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from agreements.billing import service as billing
from agreements.credit.models import Agreement
from agreements.credit.rules import Instalment
from agreements.plan_changes import rules
from agreements.plan_changes.models import PlanChange
from agreements.plan_changes.rules import AskedPlan, PlanChangePending, PlanChangeRefused, PlannedPart
from agreements.plan_changes.services.keep_change import LockedChange, check_changeable, pending_of, plan_of, tell
from agreements.plan_changes.services.tell_parties import call_everybody
from agreements.plan_changes.services.write_documents import write_documents
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import PlanChangeState, RepaymentPlan
from underwriting.platform.runtime import Runtime

_NOTHING_PAID_OUT = Text("Inget är utbetalt.", "Nothing is paid out.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChangeQuote:
    """What another plan would be, beside the one that applies: instalments, and fees from its first month on.

    Signed by everybody before *sign_by* it applies.
    """

    repayment_plan: RepaymentPlan
    term_months: int
    first_month: Month
    sign_by: datetime
    repayment_plan_before: RepaymentPlan
    term_months_before: int
    plan_before: tuple[Instalment, ...]
    plan: tuple[Instalment, ...]
    fees_before: Money
    fees: Money


def quote(
    session: Session, runtime: Runtime, agreement: Agreement, asked: AskedPlan, *, at: datetime
) -> PlanChangeQuote:
    """The plan that is *asked* for. Raises PlanChangeAskedWrong, PlanChangeRefused. Changes nothing."""
    rules.check_asked(asked, at=at, terms=runtime.terms)
    check_changeable(session, agreement)
    before = plan_of(session, agreement.id)
    if agreement.first_paid_out_on is None:
        raise PlanChangeRefused(_NOTHING_PAID_OUT)
    after = rules.changed(before, asked, paid_out_on=agreement.first_paid_out_on)
    return PlanChangeQuote(
        repayment_plan=asked.plan,
        term_months=asked.term_months,
        first_month=asked.first_month,
        sign_by=rules.sign_by(at, asked.first_month, terms=runtime.terms),
        repayment_plan_before=RepaymentPlan(agreement.repayment_plan),
        term_months_before=agreement.term_months,
        plan_before=rules.together(before),
        plan=rules.together(after),
        fees_before=_fees(session, agreement, asked, before),
        fees=_fees(session, agreement, asked, after),
    )


def propose(
    session: Session, runtime: Runtime, agreement: Agreement, asked: AskedPlan, *, actor: str, at: datetime
) -> PlanChange:
    """Write the documents for the locked *agreement* and call everybody. As `quote`; PlanChangePending."""
    if pending_of(session, agreement.id) is not None:
        raise PlanChangePending
    found = quote(session, runtime, agreement, asked, at=at)
    change = PlanChange(
        agreement_id=agreement.id,
        state=str(PlanChangeState.PENDING),
        repayment_plan=str(asked.plan),
        term_months=asked.term_months,
        repayment_plan_before=agreement.repayment_plan,
        term_months_before=agreement.term_months,
        first_month=asked.first_month.first_day,
        sign_by=found.sign_by,
        fees_before_ore=found.fees_before.ore,
        fees_after_ore=found.fees.ore,
        proposed_by=actor,
        proposed_at=at,
    )
    session.add(change)
    agreement.version += 1
    session.flush()
    tell(session, LockedChange(agreement, change), actor=actor, at=at)
    write_documents(session, runtime, agreement, change, found.plan_before, found.plan, at=at)
    call_everybody(session, runtime, agreement, change, at=at)
    return change


def _fees(session: Session, agreement: Agreement, asked: AskedPlan, parts: tuple[PlannedPart, ...]) -> Money:
    movements = billing.movements_of(session, agreement.id)
    return rules.fees_from(asked.first_month, parts, movements=movements, rate=agreement.fee_rate)
