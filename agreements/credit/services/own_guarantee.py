"""What a guarantor is told of the own guarantee: cap, sum at risk, whose release needs their consent (G2 to G4, G6).

Of the other guarantors nothing is told but the name of one for whose release the lender asks consent: nobody can allow
that somebody is let go without being told who it is, and the credit agreement names them.
"""

import uuid
from dataclasses import dataclass, field
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.services.keep_agreement import get_agreement
from agreements.credit.services.view_agreement import GuaranteeView, guarantee_view
from agreements.guarantees import service as guarantees
from agreements.guarantees.models import Guarantee, GuaranteeRelease, ReleaseConsent
from underwriting.kernel.errors import NotFound
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import AgreementState, GuaranteeState, ReleaseState, RepaymentPlan
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime

_BINDING = (GuaranteeState.SIGNED, GuaranteeState.IN_FORCE)


@dataclass(frozen=True, slots=True)
class ConsentAsked:
    """A release of the co-guarantor *name* that needs the reader's consent; *given* once it has it (rule G4)."""

    release_id: uuid.UUID
    name: str = field(repr=False)
    given: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnGuarantee:
    """A guarantee as its guarantor sees it; *at_risk* is what could be claimed today, at most the cap (rule G6)."""

    guarantee: GuaranteeView
    agreement_state: AgreementState
    limit: Money
    fee_rate: Decimal
    term_months: int
    repayment_plan: RepaymentPlan
    at_risk: Money
    reason_is_told: bool
    release_is_asked: bool
    consents: tuple[ConsentAsked, ...]


@dataclass(frozen=True)
class OwnGuarantees:
    """Shows guarantors what is theirs."""

    runtime: Runtime

    def show(self, guarantee_id: uuid.UUID, caller: Caller) -> OwnGuarantee:
        """The caller's guarantee; LoginRequired before BankID, NotFound for anybody else's."""
        person_index = caller.require_person()
        with self.runtime.database.transaction() as session:
            guarantee = guarantees.get(session, guarantee_id)
            agreement = get_agreement(session, guarantee.agreement_id)
            if guarantee.person_index != person_index or agreement.erased_at is not None:
                raise NotFound
            refusal = guarantees.refusal_of(self.runtime, guarantee)
            pending = _pending_releases(session, agreement.id)
            return OwnGuarantee(
                guarantee=guarantee_view(self.runtime, agreement, guarantee),
                agreement_state=AgreementState(agreement.state),
                limit=Money(agreement.limit_ore),
                fee_rate=agreement.fee_rate,
                term_months=agreement.term_months,
                repayment_plan=RepaymentPlan(agreement.repayment_plan),
                at_risk=_at_risk(session, guarantee),
                reason_is_told=refusal is not None and refusal[1],
                release_is_asked=any(one.guarantee_id == guarantee.id for one in pending),
                consents=self._consents(session, guarantee, pending),
            )

    def _consents(self, session: Session, own: Guarantee, pending: list[GuaranteeRelease]) -> tuple[ConsentAsked, ...]:
        if own.state not in _BINDING:
            return ()
        given = set(session.scalars(sa.select(ReleaseConsent.release_id).where(ReleaseConsent.guarantee_id == own.id)))
        return tuple(
            ConsentAsked(one.id, self._name_of(session, one.guarantee_id), one.id in given)
            for one in pending
            if one.guarantee_id != own.id
        )

    def _name_of(self, session: Session, guarantee_id: uuid.UUID) -> str:
        return guarantees.details_of(self.runtime, guarantees.get(session, guarantee_id)).name


def _pending_releases(session: Session, agreement_id: uuid.UUID) -> list[GuaranteeRelease]:
    query = sa.select(GuaranteeRelease).where(
        GuaranteeRelease.agreement_id == agreement_id, GuaranteeRelease.state == str(ReleaseState.PENDING)
    )
    return list(session.scalars(query.order_by(GuaranteeRelease.id)))


def _at_risk(session: Session, guarantee: Guarantee) -> Money:
    """By the register, so that page and register never differ."""
    register = guarantees.of_person(session, guarantee.person_index)
    return next(one.at_risk for one in register.guarantees if one.guarantee_id == guarantee.id)
