"""A guarantor let go before settlement: only by the lender, two persons of it, and every co-guarantor (rule G4).

Without one consent the others' joint liability would fall apart (NJA 1989 s. 269): it is asked of each, identified by
BankID, and the last one that comes, whoever's it is, releases.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from agreements.credit.services.keep_agreement import get_agreement, lock_agreement
from agreements.credit.services.tell_of_release import ask_consents, tell_of_release
from agreements.guarantees import service as guarantees
from agreements.guarantees.models import Guarantee, GuaranteeRelease, ReleaseConsent
from agreements.guarantees.rules import may_release
from underwriting.kernel.errors import Conflict, NotFound, NotPermitted
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import GuaranteeState, ReleaseState
from underwriting.platform import audit_log
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime
from underwriting.platform.staff_accounts import is_same_person

_REASON = "guarantee_release.reason"
_BINDING = (GuaranteeState.SIGNED, GuaranteeState.IN_FORCE)


class GuaranteeNotReleasable(Conflict):
    """Only a guarantee in force is released, and once; while an agreement is being signed it is declined. Rule G4."""

    slug = "guarantee-not-releasable"
    title = Text("Borgensåtagandet kan inte släppas", "The guarantee cannot be released")
    rule = "G4"


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """A release and whose consent is missing: *awaited* are the co-guarantors' guarantees."""

    id: uuid.UUID
    guarantee_id: uuid.UUID
    agreement_id: uuid.UUID
    state: ReleaseState
    approved: bool
    awaited: tuple[uuid.UUID, ...]


@dataclass(frozen=True, slots=True)
class PendingRelease:
    """A release that waits, for staff: why it was asked for, and by whom."""

    release: ReleaseView
    reason: str = field(repr=False)
    asked_by: str


@dataclass(frozen=True)
class Releases:
    """What staff and co-guarantors do with releases."""

    runtime: Runtime

    def ask(self, guarantee_id: uuid.UUID, *, reason: str, caller: Caller) -> ReleaseView:
        """One of staff asks for the release. GuaranteeNotReleasable."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            lock_agreement(session, guarantees.get(session, guarantee_id).agreement_id)
            guarantee = guarantees.get(session, guarantee_id)
            pending = sa.select(GuaranteeRelease.id).where(
                GuaranteeRelease.guarantee_id == guarantee_id, GuaranteeRelease.state == str(ReleaseState.PENDING)
            )
            if guarantee.state != GuaranteeState.IN_FORCE or session.scalar(pending) is not None:
                raise GuaranteeNotReleasable
            subject = guarantees.data_subject_of(self.runtime, guarantee)
            release = GuaranteeRelease(
                guarantee_id=guarantee_id,
                agreement_id=guarantee.agreement_id,
                state=str(ReleaseState.PENDING),
                reason_encrypted=self.runtime.cipher.encrypt(reason.encode(), context=_REASON, subject=subject),
                asked_by=caller.actor,
                asked_at=at,
            )
            session.add(release)
            session.flush()
            agreement = get_agreement(session, release.agreement_id)
            ask_consents(session, self.runtime, agreement, release, self._others(session, release), at=at)
            return self._noted(session, release, "guarantee.release_asked", caller, at)

    def approve(self, release_id: uuid.UUID, *, caller: Caller) -> ReleaseView:
        """The second of staff approves. NotPermitted for whoever asked, NotFound once it is settled.

        GuaranteeNotReleasable once the guarantee has ended.
        """
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            release = self._locked(session, release_id)
            self._require_in_force(session, release)
            if is_same_person(session, caller, release.asked_by):
                raise NotPermitted
            release.approved_by, release.approved_at = caller.actor, at
            session.flush()
            return self._noted(session, release, "guarantee.release_approved", caller, at)

    def consent(self, release_id: uuid.UUID, *, caller: Caller) -> ReleaseView:
        """A co-guarantor, identified by BankID, allows it; once is enough. NotFound for anybody else.

        GuaranteeNotReleasable once the guarantee has ended.
        """
        person_index, at = caller.require_person(), self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            release = self._locked(session, release_id)
            own = [one for one in self._others(session, release) if one.person_index == person_index]
            if not own:
                raise NotFound
            self._require_in_force(session, release)
            values = {"release_id": release.id, "guarantee_id": own[0].id, "given_at": at}
            session.execute(insert(ReleaseConsent).values(values).on_conflict_do_nothing())
            return self._noted(session, release, "guarantee.release_consented", caller, at)

    def withdraw(self, release_id: uuid.UUID, *, caller: Caller) -> ReleaseView:
        """Staff drop it. NotFound once it is settled."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            release = self._locked(session, release_id)
            release.state, release.settled_at = str(ReleaseState.WITHDRAWN), at
            session.flush()
            return self._noted(session, release, "guarantee.release_withdrawn", caller, at)

    def pending_of(self, agreement_id: uuid.UUID) -> tuple[PendingRelease, ...]:
        """The agreement's releases that wait for somebody, oldest first; for staff."""
        query = sa.select(GuaranteeRelease).where(
            GuaranteeRelease.agreement_id == agreement_id, GuaranteeRelease.state == str(ReleaseState.PENDING)
        )
        with self.runtime.database.transaction() as session:
            return tuple(
                PendingRelease(
                    self._view(session, row),
                    self.runtime.cipher.decrypt(row.reason_encrypted, context=_REASON).decode(),
                    row.asked_by,
                )
                for row in session.scalars(query.order_by(GuaranteeRelease.id))
            )

    def _locked(self, session: Session, release_id: uuid.UUID) -> GuaranteeRelease:
        found = session.get(GuaranteeRelease, release_id)
        if found is None:
            raise NotFound
        lock_agreement(session, found.agreement_id)
        session.refresh(found)
        if found.state != ReleaseState.PENDING:
            raise NotFound
        return found

    @staticmethod
    def _require_in_force(session: Session, release: GuaranteeRelease) -> None:
        if guarantees.get(session, release.guarantee_id).state != GuaranteeState.IN_FORCE:
            raise GuaranteeNotReleasable

    def _others(self, session: Session, release: GuaranteeRelease) -> Sequence[Guarantee]:
        return [
            one
            for one in guarantees.of_agreement(session, release.agreement_id)
            if one.id != release.guarantee_id and one.state in _BINDING
        ]

    def _noted(
        self, session: Session, release: GuaranteeRelease, action: str, caller: Caller, at: datetime
    ) -> ReleaseView:
        """Note the step; where it was the last one that was missing, the guarantor is released."""
        subject, data = f"agreement:{release.agreement_id}", {"release": str(release.id)}
        audit_log.append(session, subject, action, actor=caller.actor, at=at, data=data)
        others, given = self._others_and_given(session, release)
        if release.state == ReleaseState.PENDING and may_release(
            approved=release.approved_at is not None, co_guarantors=others, consenting=given
        ):
            release.state, release.settled_at = str(ReleaseState.RELEASED), at
            guarantee = guarantees.get(session, release.guarantee_id)
            guarantees.release(session, guarantee, actor=caller.actor, at=at)
            session.flush()
            agreement = get_agreement(session, release.agreement_id)
            tell_of_release(session, self.runtime, agreement, guarantee, self._others(session, release), at=at)
        return self._view(session, release)

    def _others_and_given(self, session: Session, release: GuaranteeRelease) -> tuple[set[uuid.UUID], set[uuid.UUID]]:
        query = sa.select(ReleaseConsent.guarantee_id).where(ReleaseConsent.release_id == release.id)
        return {one.id for one in self._others(session, release)}, set(session.scalars(query))

    def _view(self, session: Session, release: GuaranteeRelease) -> ReleaseView:
        others, given = self._others_and_given(session, release)
        return ReleaseView(
            release.id,
            release.guarantee_id,
            release.agreement_id,
            ReleaseState(release.state),
            release.approved_at is not None,
            tuple(sorted(others - given)),
        )
