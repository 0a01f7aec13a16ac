"""Annulling an agreement before payout, for a hard stop or fraud: one of staff asks, another one settles (D8, D10).

While it waits for the second person nothing is sent to the bank. Every look is taken under the agreement's lock.
"""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.annulment import messages
from agreements.annulment.models import Annulment
from agreements.credit.models import Agreement
from agreements.credit.rules import AgreementEvent, AgreementFacts, advance
from agreements.credit.service import link_to, lock_agreement, move, tell_borrower
from agreements.credit.services.end_guarantees import end_guarantees
from agreements.payouts.service import on_its_way, withdraw_unsent
from underwriting.kernel.errors import Conflict, NotFound, NotPermitted
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import AgreementState, AnnulmentGround, ProposalState
from underwriting.platform import audit_log
from underwriting.platform.authentication import Caller
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime
from underwriting.platform.staff_accounts import is_same_person

_REASON = "annulment.reason"


class AnnulmentPending(Conflict):
    """The agreement has an annulment that waits for its second person. Rule D8."""

    slug = "annulment-pending"
    title = Text("En annullering väntar redan på en andra person", "An annulment waits for a second person already")
    rule = "D8"


class AnnulledBySamePerson(NotPermitted):
    """Whoever asked for an annulment cannot approve it as well, by whichever account. Rule D8."""

    slug = "annulled-by-same-person"
    title = Text(
        "En annan person än den som begärde annulleringen måste godkänna den",
        "Someone else than who asked for the annulment has to approve it",
    )
    rule = "D8"


@dataclass(frozen=True, slots=True)
class AnnulmentView:
    """An annulment as staff see it; *reason* is for the lender alone."""

    id: uuid.UUID
    agreement_id: uuid.UUID
    state: ProposalState
    ground: AnnulmentGround
    reason: str = field(repr=False)
    asked_by: str
    asked_at: datetime
    settled_at: datetime | None


@dataclass(frozen=True)
class Annulments:
    """What staff do with annulments."""

    runtime: Runtime

    def ask(self, agreement_id: uuid.UUID, ground: AnnulmentGround, *, reason: str, caller: Caller) -> AnnulmentView:
        """Ask for it; payouts are held from now on.

        Raises AnnulmentPending, AgreementStateRefuses where something is paid out or on its way.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement = lock_agreement(session, agreement_id)
            if _pending(session, agreement_id) is not None:
                raise AnnulmentPending
            advance(AgreementState(agreement.state), AgreementEvent.ANNULMENT_APPROVED, _facts(session, agreement))
            subject = of_application(agreement.application_id)
            row = Annulment(
                agreement_id=agreement_id,
                state=str(ProposalState.PENDING),
                ground=str(ground),
                reason_encrypted=self.runtime.cipher.encrypt(reason.encode(), context=_REASON, subject=subject),
                asked_by=caller.actor,
                asked_at=at,
            )
            session.add(row)
            agreement.annulment_asked_at = at
            agreement.version += 1
            session.flush()
            _note(session, row, "agreement.annulment_asked", caller, at)
            return self._view(row)

    def approve(self, annulment_id: uuid.UUID, *, caller: Caller) -> AnnulmentView:
        """The second person: the agreement is over, its guarantees lapse, what is not sent is withdrawn.

        Raises AnnulledBySamePerson; NotFound once it is settled; AgreementStateRefuses while a payout is on its way.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement, row = _locked(session, annulment_id)
            if is_same_person(session, caller, row.asked_by):
                raise AnnulledBySamePerson
            facts = _facts(session, agreement)
            withdraw_unsent(session, agreement.id, actor=caller.actor, at=at)
            move(session, agreement, AgreementEvent.ANNULMENT_APPROVED, at=at, actor=caller.actor, facts=facts)
            end_guarantees(session, self.runtime, agreement, at=at)
            row.state, row.settled_by, row.settled_at = str(ProposalState.APPROVED), caller.actor, at
            session.flush()
            _note(session, row, "agreement.annulment_approved", caller, at)
            letter = messages.annulled(number=agreement.number, link=link_to(self.runtime, agreement))
            tell_borrower(session, self.runtime, agreement, letter, kind="annulled", occasion=str(row.id), at=at)
            return self._view(row)

    def reject(self, annulment_id: uuid.UUID, *, caller: Caller) -> AnnulmentView:
        """Drop it, which the one who asked may too: payouts go on. NotFound once it is settled."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement, row = _locked(session, annulment_id)
            row.state, row.settled_by, row.settled_at = str(ProposalState.REJECTED), caller.actor, at
            agreement.annulment_asked_at = None
            agreement.version += 1
            session.flush()
            _note(session, row, "agreement.annulment_rejected", caller, at)
            return self._view(row)

    def of_agreement(self, agreement_id: uuid.UUID) -> AnnulmentView | None:
        """The agreement's latest, or None."""
        query = sa.select(Annulment).where(Annulment.agreement_id == agreement_id).order_by(Annulment.id.desc())
        with self.runtime.database.transaction() as session:
            row = session.scalar(query.limit(1))
            return self._view(row) if row is not None else None

    def _view(self, row: Annulment) -> AnnulmentView:
        return AnnulmentView(
            row.id,
            row.agreement_id,
            ProposalState(row.state),
            AnnulmentGround(row.ground),
            self.runtime.cipher.decrypt(row.reason_encrypted, context=_REASON).decode(),
            row.asked_by,
            row.asked_at,
            row.settled_at,
        )


def _facts(session: Session, agreement: Agreement) -> AgreementFacts:
    """Two persons as soon as the second one says yes; money that has left the lender's hands cannot be annulled."""
    return AgreementFacts(approved_by_two=True, payout_on_its_way=bool(on_its_way(session, agreement.id)))


def _pending(session: Session, agreement_id: uuid.UUID) -> Annulment | None:
    return session.scalar(
        sa.select(Annulment).where(
            Annulment.agreement_id == agreement_id, Annulment.state == str(ProposalState.PENDING)
        )
    )


def _locked(session: Session, annulment_id: uuid.UUID) -> tuple[Agreement, Annulment]:
    found = session.get(Annulment, annulment_id)
    if found is None:
        raise NotFound
    agreement = lock_agreement(session, found.agreement_id)
    session.refresh(found)
    if found.state != ProposalState.PENDING:
        raise NotFound
    return agreement, found


def _note(session: Session, row: Annulment, action: str, caller: Caller, at: datetime) -> None:
    data = {"annulment": str(row.id), "ground": row.ground}
    audit_log.append(session, f"agreement:{row.agreement_id}", action, actor=caller.actor, at=at, data=data)
