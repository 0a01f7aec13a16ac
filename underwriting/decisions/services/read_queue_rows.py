"""What the queue shows of each case on a page: its own figures, why it was referred, who has it, what waits."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session, load_only

from underwriting.applications.models import Application
from underwriting.applications.services.store_application import company_name_of
from underwriting.decisions.desk_models import FactDispute, HumanReview, OverrideProposal
from underwriting.decisions.models import DecisionRow
from underwriting.decisions.policy import Policy
from underwriting.decisions.queue import strongest_referral
from underwriting.decisions.services.assign_case import assignments_of
from underwriting.decisions.services.replay_decision import kept_decision, policy_of
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import ApplicationState, CompanyForm, ProposalState
from underwriting.platform.runtime import Runtime

_FOR_A_PERSON = (ApplicationState.REFERRED, ApplicationState.INFORMATION_REQUESTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """A case in the queue. *reason* is the strongest ground for which it was referred; *answer_by* is the deadline of a
    human review that nobody has answered; *is_disputed*: a bureau's fact was marked as wrong;
    *proposal_waits*: for a second person; *outcome_unknown*: a question to a bureau waits for a person (rule B4).
    """

    id: uuid.UUID
    reference: str
    state: ApplicationState
    company_form: CompanyForm
    company_name: str | None = field(repr=False)
    requested_amount: Money
    term_months: int
    submitted_at: datetime
    reason: Text | None
    assigned_to: str | None
    answer_by: datetime | None
    is_disputed: bool
    proposal_waits: bool
    outcome_unknown: bool


def rows_of(session: Session, runtime: Runtime, ids: Sequence[uuid.UUID]) -> tuple[QueueRow, ...]:
    """The cases of these ids, in this order."""
    rows = {row.id: row for row in session.scalars(sa.select(Application).where(Application.id.in_(ids)))}
    runtime.cipher.prepare(row.details_encrypted for row in rows.values())
    reasons = _reasons(session, runtime, [row for row in rows.values() if _has_reason(row)])
    assigned = assignments_of(session, ids)
    deadlines = _deadlines(session, ids)
    disputed, proposed = _disputed(session, ids), _proposed(session, ids)
    return tuple(
        QueueRow(
            id=row.id,
            reference=row.reference,
            state=ApplicationState(row.state),
            company_form=CompanyForm(row.company_form),
            company_name=company_name_of(runtime.cipher, row),
            requested_amount=Money(row.requested_amount_ore),
            term_months=row.term_months,
            submitted_at=row.submitted_at or row.created_at,
            reason=reasons.get(row.id),
            assigned_to=assigned[row.id].username if row.id in assigned else None,
            answer_by=deadlines.get(row.id),
            is_disputed=row.id in disputed,
            proposal_waits=row.id in proposed,
            outcome_unknown=row.outcome_unknown,
        )
        for row in map(rows.__getitem__, ids)
    )


def _has_reason(row: Application) -> bool:
    return row.referral_kind is not None or row.state in _FOR_A_PERSON


def _reasons(session: Session, runtime: Runtime, rows: Sequence[Application]) -> Mapping[uuid.UUID, Text]:
    """The policy's text of the strongest referral of each newest decision."""
    newest = session.scalars(
        sa.select(DecisionRow)
        .ext(distinct_on(DecisionRow.application_id))
        .where(DecisionRow.application_id.in_([row.id for row in rows]))
        .order_by(DecisionRow.application_id, DecisionRow.sequence.desc())
        .options(load_only(DecisionRow.application_id, DecisionRow.policy_hash, DecisionRow.trace_encrypted))
    ).all()
    policies = {row.policy_hash: row for row in newest}
    texts = {digest: _texts(policy_of(session, row)) for digest, row in policies.items()}
    strongest = ((row, strongest_referral(kept_decision(runtime, row))) for row in newest)
    return {row.application_id: texts[row.policy_hash][fired.key] for row, fired in strongest if fired is not None}


@lru_cache(maxsize=16)
def _texts(policy: Policy) -> Mapping[str, Text]:
    return policy.reasons()


def _deadlines(session: Session, ids: Sequence[uuid.UUID]) -> Mapping[uuid.UUID, datetime]:
    """The nearest of each case (rule D9)."""
    found = session.execute(
        sa.select(HumanReview.application_id, sa.func.min(HumanReview.answer_by).label("answer_by"))
        .where(HumanReview.application_id.in_(ids), HumanReview.answered_at.is_(None))
        .group_by(HumanReview.application_id)
    )
    return {row.application_id: row.answer_by for row in found}


def _disputed(session: Session, ids: Sequence[uuid.UUID]) -> frozenset[uuid.UUID]:
    return frozenset(
        session.scalars(sa.select(FactDispute.application_id).where(FactDispute.application_id.in_(ids)).distinct())
    )


def _proposed(session: Session, ids: Sequence[uuid.UUID]) -> frozenset[uuid.UUID]:
    """Of which a proposal waits that still stands (rule D8)."""
    found = session.scalars(
        sa.select(OverrideProposal.application_id)
        .join(Application, Application.id == OverrideProposal.application_id)
        .where(
            OverrideProposal.application_id.in_(ids),
            OverrideProposal.state == str(ProposalState.PENDING),
            OverrideProposal.application_version == Application.version,
        )
    )
    return frozenset(found)
