"""A guarantor's own link: what it shows, and declining; then another person is named or the approval lapses (rule G2).

1. The link's token, of which a hash is kept, leads to one guarantee until the time for signatures is over.
2. Nothing is shown before BankID has identified the person, and then only to the guarantor who is named.
3. Who declines is never bound: under the agreement's lock a guarantee is signed or declined, not both.
4. The applicant is told at once, and names another before the agreement's own last day.
5. Where another is named, the agreement is given up: whoever else signed has signed beside a guarantor who is no longer
   there. The application is assessed with the new one, and everybody signs what comes of that.
"""

import uuid
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit import messages
from agreements.credit.models import Agreement
from agreements.credit.rules import AgreementEvent, AgreementFacts
from agreements.credit.services.call_signatories import tell_signatories
from agreements.credit.services.complete_signatures import require_invited, require_signable, tell_guarantor
from agreements.credit.services.keep_agreement import (
    details_of,
    get_agreement,
    lock_agreement,
    move,
    tell_borrower,
)
from agreements.credit.services.view_agreement import DocumentView, GuaranteeView, document_view, guarantee_view
from agreements.documents import service as documents
from agreements.guarantees import service as guarantees
from agreements.guarantees.models import Guarantee
from underwriting.kernel.errors import Conflict, NotFound
from underwriting.kernel.money import Money
from underwriting.kernel.signing_rule import RuleSource, SigningRule
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import AgreementState, GuaranteeState, RepaymentPlan
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime


class GuaranteeInvitationOver(Conflict):
    """The time of the guarantor's own link is over. Rule G2."""

    slug = "guarantee-invitation-over"
    title = Text("Länken gäller inte längre", "The link is no longer good")
    rule = "G2"


class GuarantorNotReplaceable(Conflict):
    """Another guarantor can be named in the place of one who declined, while the agreement waits for signatures.

    Rule G2.
    """

    slug = "guarantor-not-replaceable"
    title = Text(
        "Bara en borgensman som avböjt kan bytas, och bara så länge avtalet väntar på underskrifter",
        "Only a guarantor who declined can be replaced, while the agreement waits for signatures",
    )
    rule = "G2"


@dataclass(frozen=True, slots=True, kw_only=True)
class GuaranteeInvitation:
    """What a guarantor sees before signing: the guarantee with its cap, the credit it is for, and the documents."""

    guarantee: GuaranteeView
    limit: Money
    fee_rate: Decimal
    term_months: int
    repayment_plan: RepaymentPlan
    documents: tuple[DocumentView, ...] = field(repr=False)


@dataclass(frozen=True)
class GuaranteeInvitations:
    """What guarantors, and staff who must stop one, do with a guarantee that is not signed."""

    runtime: Runtime

    def show(self, token: str, caller: Caller) -> GuaranteeInvitation:
        """What the link leads to. LoginRequired before BankID, NotFound for anybody else, GuaranteeInvitationOver."""
        person_index, at = caller.require_person(), self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            guarantee = _own(guarantees.by_token(session, token), person_index)
            if guarantee.invitation_until is None or at >= guarantee.invitation_until:
                raise GuaranteeInvitationOver
            agreement = get_agreement(session, guarantee.agreement_id)
            found = documents.of_subjects(
                session, [guarantee.id], agreement_id=agreement.id, recipient_index=person_index
            )
            return GuaranteeInvitation(
                guarantee=guarantee_view(self.runtime, agreement, guarantee),
                limit=Money(agreement.limit_ore),
                fee_rate=agreement.fee_rate,
                term_months=agreement.term_months,
                repayment_plan=RepaymentPlan(agreement.repayment_plan),
                documents=tuple(replace(document_view(agreement, one), sealed_at=None) for one in found),
            )

    def decline(self, guarantee_id: uuid.UUID, *, reason: str, tell: bool, caller: Caller) -> GuaranteeView:
        """The named guarantor declines; the applicant reads the reason only where *tell* allows it (rule G2).

        NotFound for anybody else, NothingToSign once it is signed, declined or its time over.
        """
        person_index = caller.require_person()
        with self.runtime.database.transaction() as session:
            _own(guarantees.get(session, guarantee_id), person_index)
        return self._refuse(guarantee_id, reason=reason, tell=tell, actor=caller.actor)

    def stop(self, guarantee_id: uuid.UUID, *, reason: str, caller: Caller) -> GuaranteeView:
        """A hard stop is known of the guarantor (D10): the applicant is asked for another and told no reason (D7)."""
        return self._refuse(guarantee_id, reason=reason, tell=False, actor=caller.actor)

    def _refuse(self, guarantee_id: uuid.UUID, *, reason: str, tell: bool, actor: str) -> GuaranteeView:
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement = lock_agreement(session, guarantees.get(session, guarantee_id).agreement_id)
            guarantee = guarantees.get(session, guarantee_id)
            require_signable(agreement, at=at)
            require_invited(guarantee)
            guarantees.refuse(session, self.runtime, guarantee, reason=reason, tell=tell, actor=actor, at=at)
            letter = messages.guarantor_declined(
                name=guarantees.details_of(self.runtime, guarantee).name,
                number=agreement.number,
                reason=reason if tell else None,
                link=f"{self.runtime.settings.base_url}/applications/{agreement.application_id}",
                name_by=agreement.sign_by,
            )
            tell_borrower(
                session,
                self.runtime,
                agreement,
                letter,
                kind="guarantee-declined",
                occasion=str(guarantee.id),
                at=at,
            )
            return guarantee_view(self.runtime, agreement, guarantee)


def give_up_for_another_guarantor(
    session: Session,
    runtime: Runtime,
    application_id: uuid.UUID,
    *,
    declined_index: bytes,
    actor: str,
    at: datetime,
) -> None:
    """Give up the application's agreement, as the person with *declined_index* is replaced; nothing is owed (G2).

    GuarantorNotReplaceable unless that person declined and the agreement still waits. Nothing in it is signed again.
    """
    query = sa.select(Agreement.id).where(Agreement.application_id == application_id, Agreement.superseded_at.is_(None))
    agreement_id = session.scalar(query)
    if agreement_id is None:
        raise GuarantorNotReplaceable
    agreement = lock_agreement(session, agreement_id)
    given = guarantees.of_agreement(session, agreement.id)
    declined = [one for one in given if one.person_index == declined_index and one.state == GuaranteeState.REFUSED]
    if not declined or agreement.state != AgreementState.SIGNING or at >= agreement.sign_by:
        raise GuarantorNotReplaceable
    facts = AgreementFacts(guarantor_declined=True)
    move(session, agreement, AgreementEvent.GUARANTOR_REPLACED, at=at, actor=actor, facts=facts)
    agreement.superseded_at = at
    guarantees.replace(session, declined[0], actor=actor, at=at)
    guarantees.end(session, agreement.id, at=at)
    for one in given:
        if one is not declined[0] and one.state == GuaranteeState.LAPSED:
            letter = messages.guarantee_superseded(borrower=details_of(runtime, agreement).name)
            tell_guarantor(session, runtime, one, letter, kind="guarantee-superseded", at=at)
    given_up = messages.superseded(number=agreement.number)
    tell_signatories(session, runtime, agreement, given_up, kind="agreement-superseded", at=at)
    session.flush()


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The terms of an agreement that was given up, to which the borrower has agreed: a decision below is worse (D1)."""

    limit: Money
    fee_rate: Decimal


def checked_rule_given_up(session: Session, runtime: Runtime, application_id: uuid.UUID) -> SigningRule | None:
    """The signing rule that two of staff have read for the application's agreement that was given up last (rule S2)."""
    query = (
        sa.select(Agreement)
        .where(Agreement.application_id == application_id, Agreement.superseded_at.is_not(None))
        .order_by(Agreement.id.desc())
        .limit(1)
    )
    agreement = session.scalar(query)
    if agreement is None:
        return None
    rule = details_of(runtime, agreement).signing_rule
    return rule if rule.source is RuleSource.STAFF and rule.checked else None


def last_given_up(session: Session, application_id: uuid.UUID) -> GivenUp | None:
    """The terms that the application was last granted on before a guarantor was replaced; None where none was."""
    query = (
        sa.select(Agreement.limit_ore, Agreement.fee_rate)
        .where(Agreement.application_id == application_id, Agreement.superseded_at.is_not(None))
        .order_by(Agreement.id.desc())
        .limit(1)
    )
    row = session.execute(query).one_or_none()
    return None if row is None else GivenUp(Money(row.limit_ore), row.fee_rate)


def _own(guarantee: Guarantee, person_index: bytes) -> Guarantee:
    if guarantee.person_index != person_index:
        raise NotFound
    return guarantee
