"""What each may know of a decision (rule D7): the applicant, each guarantor for themselves, and staff."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.applications.models import UNDECIDED, Application, ApplicationGuarantor
from underwriting.decisions.disclosure import Ruled, ToldReason, told_to
from underwriting.decisions.explanation import Audience
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.override import ReasonCode
from underwriting.decisions.policy import Policy
from underwriting.decisions.pricing import Offer, offer
from underwriting.decisions.services.record_decision import basis_of, conditions_of, latest_row, reason_of
from underwriting.decisions.services.replay_decision import kept_decision, policy_of
from underwriting.decisions.sufficiency import Sufficiency, enough
from underwriting.kernel.errors import NotFound
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import ApplicationState, DecisionOutcome, GuarantorState, RepaymentPlan
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class Pending:
    """The application is under assessment."""

    application_id: uuid.UUID
    state: ApplicationState


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferView:
    """What the credit costs (rule D6), at full use."""

    limit: Money
    fee_rate: Decimal
    term_months: int
    repayment_plan: RepaymentPlan
    monthly_fee: Money
    total: Money
    effective_yearly_rate: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class GuarantorDecision:
    """What a guarantor is told: the outcome, and what concerns them."""

    application_id: uuid.UUID
    outcome: DecisionOutcome
    decided_at: datetime
    reasons: tuple[ToldReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicantDecision(GuarantorDecision):
    """What the applicant is told: nothing of a guarantor, nothing of money laundering."""

    automatic: bool
    offer: OfferView | None
    answer_by: datetime | None
    enough: Sufficiency | None
    conditions: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLine:
    """One rule that fired; a scored one gave *points* of at most *most*."""

    rule: str
    subject: str
    key: str
    points: int | None
    most: int | None
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffDecision(ApplicantDecision):
    """What staff see: everything that the decision rests on."""

    id: uuid.UUID
    sequence: int
    grade: str | None
    points: int
    capacity: Money | None
    policy_version: str
    policy_hash: str
    facts_hash: str
    report_hashes: tuple[str, ...]
    trace: tuple[TraceLine, ...]
    decided_by: str | None
    approved_by: str | None
    reason_code: str | None
    reason: str | None = field(repr=False)


def for_applicant(session: Session, runtime: Runtime, application: Application) -> Pending | ApplicantDecision:
    """What the applicant may know; NotFound where nothing was or will be decided."""
    row = _decided(session, application)
    if isinstance(row, Pending):
        return row
    told = told_to(Audience.APPLICANT, _ruled(session, runtime, row))
    return ApplicantDecision(
        application_id=application.id,
        outcome=DecisionOutcome(row.outcome),
        decided_at=row.decided_at,
        reasons=told.reasons,
        automatic=row.automatic,
        offer=_offer(row),
        answer_by=row.answer_by,
        enough=told.enough,
        conditions=told.conditions,
    )


def for_guarantor(
    session: Session, runtime: Runtime, application: Application, guarantor: ApplicationGuarantor
) -> Pending | GuarantorDecision:
    """What *guarantor* may know: nothing of the company, nor of another guarantor."""
    row = _decided(session, application)
    if isinstance(row, Pending):
        return row
    told = told_to(Audience.GUARANTOR, _ruled(session, runtime, row), guarantor=str(guarantor.id))
    return GuarantorDecision(
        application_id=application.id,
        outcome=DecisionOutcome(row.outcome),
        decided_at=row.decided_at,
        reasons=told.reasons,
    )


def for_staff(session: Session, runtime: Runtime, application: Application) -> tuple[StaffDecision, ...]:
    """Every decision on the application, the newest first."""
    rows = session.scalars(
        sa.select(DecisionRow).where(DecisionRow.application_id == application.id).order_by(DecisionRow.sequence.desc())
    )
    return tuple(_staff_view(session, runtime, row) for row in rows)


def pending_for_staff(application: Application) -> Pending:
    """That nothing has been decided yet; NotFound when nothing will be."""
    if application.state not in UNDECIDED:
        raise NotFound
    return Pending(application.id, ApplicationState(application.state))


def guarantor_row(session: Session, application_id: uuid.UUID, person_index: bytes | None) -> ApplicationGuarantor:
    """The confirmed guarantor that the person is; NotFound for everybody else."""
    row = session.scalar(
        sa.select(ApplicationGuarantor).where(
            ApplicationGuarantor.application_id == application_id,
            ApplicationGuarantor.person_index == person_index,
            ApplicationGuarantor.state == str(GuarantorState.CONFIRMED),
        )
    )
    if row is None:
        raise NotFound
    return row


def _decided(session: Session, application: Application) -> Pending | DecisionRow:
    """The decision that has been told, or that there is none yet; a referral is none (rule D1)."""
    if application.state in UNDECIDED:
        return Pending(application.id, ApplicationState(application.state))
    row = latest_row(session, application)
    if row is None or row.outcome == DecisionOutcome.REFERRED:
        raise NotFound
    return row


def _ruled(session: Session, runtime: Runtime, row: DecisionRow) -> Ruled:
    policy = policy_of(session, row)
    full = row.outcome == DecisionOutcome.APPROVED
    return Ruled(
        decision=kept_decision(runtime, row),
        policy=policy,
        reason_code=None if row.reason_code is None else ReasonCode(row.reason_code),
        enough=None if full else enough(basis_of(runtime, row).facts, policy, terms=runtime.terms),
        conditions=conditions_of(runtime, row),
    )


def _staff_view(session: Session, runtime: Runtime, row: DecisionRow) -> StaffDecision:
    ruled = _ruled(session, runtime, row)
    decision, policy = ruled.decision, ruled.policy
    texts, most = policy.reasons(), _most_points(policy)
    trace = tuple(
        TraceLine(
            rule=fired.rule,
            subject=fired.subject,
            key=fired.key,
            points=fired.points,
            most=None if fired.points is None else most[fired.key.partition(".")[0]],
            text=texts[fired.key],
        )
        for fired in decision.trace
    )
    told = told_to(Audience.STAFF, ruled)
    return StaffDecision(
        application_id=row.application_id,
        outcome=DecisionOutcome(row.outcome),
        decided_at=row.decided_at,
        reasons=told.reasons,
        automatic=row.automatic,
        offer=_offer(row),
        answer_by=row.answer_by,
        enough=told.enough,
        conditions=told.conditions,
        id=row.id,
        sequence=row.sequence,
        grade=row.grade,
        points=decision.points,
        capacity=decision.capacity,
        policy_version=row.policy_version,
        policy_hash=row.policy_hash,
        facts_hash=row.facts_hash.hex(),
        report_hashes=tuple(row.report_hashes),
        trace=trace,
        decided_by=row.decided_by,
        approved_by=row.approved_by,
        reason_code=row.reason_code,
        reason=reason_of(runtime, row),
    )


def _offer(row: DecisionRow) -> OfferView | None:
    if row.limit_ore is None or row.fee_rate is None:
        return None
    priced: Offer = offer(
        Money(row.limit_ore),
        fee_rate=row.fee_rate,
        term_months=row.term_months,
        plan=RepaymentPlan(row.repayment_plan),
    )
    return OfferView(
        limit=priced.limit,
        fee_rate=priced.fee_rate,
        term_months=priced.term_months,
        repayment_plan=priced.plan,
        monthly_fee=priced.monthly_fee,
        total=priced.total_fees,
        effective_yearly_rate=priced.effective_yearly_rate,
    )


@lru_cache(maxsize=16)
def _most_points(policy: Policy) -> Mapping[str, int]:
    return {str(each.measure): each.most for each in policy.characteristics()}
