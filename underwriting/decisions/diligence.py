"""The use cases of knowing the customer (rules K1, D16), for staff alone: each opens one transaction.

Whatever staff find is weighed at once: the risk class is given anew, what follows from it is opened, what is no longer
called for lapses. Nobody works on a case that concerns themselves.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.applications.models import Application
from underwriting.applications.services.find_application import find_for, lock_application
from underwriting.applications.services.store_application import body_of
from underwriting.decisions.service import Decisions
from underwriting.decisions.services.conflict_of_interest import forbid_oneself
from underwriting.decisions.services.gather_case import standing_of
from underwriting.decisions.services.know_customer import known_now
from underwriting.due_diligence.items import NOTHING, StaffFinding
from underwriting.due_diligence.models import DueDiligenceItem
from underwriting.due_diligence.ownership import OwnerBasis
from underwriting.due_diligence.services import keep_evidence, read_customer, settle_item
from underwriting.due_diligence.services.assess_relation import gaps_of
from underwriting.due_diligence.services.keep_evidence import EvidenceFile, EvidenceView
from underwriting.due_diligence.services.read_customer import AssessmentView, ItemSummary, ItemView
from underwriting.kernel.vocabulary import CASE_READERS, UNDERWRITERS, ApplicationState, DiligenceKind, DiligenceResult
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime

MOST_WAITING = 500
_CAME_TO_NOTHING = (str(ApplicationState.DECLINED), str(ApplicationState.LAPSED))


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerView:
    """A beneficial owner as staff read it; *share* of the votes that counts, with close relatives'."""

    number: str = field(repr=False)
    name: str | None = field(repr=False)
    share: Decimal
    basis: tuple[OwnerBasis, ...]
    politically_exposed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerView:
    """All that is known of a customer, for a case page: *assessments* and *items* the newest first."""

    application_id: uuid.UUID
    assessments: tuple[AssessmentView, ...]
    owners: tuple[OwnerView, ...]
    gaps: tuple[DiligenceKind, ...]
    items: tuple[ItemView, ...]

    @property
    def risk(self) -> AssessmentView | None:
        """The class that stands, None before the first assessment."""
        return self.assessments[0] if self.assessments else None


@dataclass(frozen=True)
class Diligence:
    """What underwriters do to know a customer."""

    decisions: Decisions

    @property
    def runtime(self) -> Runtime:
        """What everything stands on."""
        return self.decisions.runtime

    def waiting(self, caller: Caller) -> tuple[ItemSummary, ...]:
        """What waits for a person in applications that have not come to nothing, the oldest first."""
        caller.require(*CASE_READERS)
        going_on = sa.select(Application.id).where(
            Application.state.not_in(_CAME_TO_NOTHING), Application.erased_at.is_(None)
        )
        with self.runtime.database.transaction() as session:
            return read_customer.waiting(session, going_on, limit=MOST_WAITING)

    def customer(self, application_id: uuid.UUID, caller: Caller) -> CustomerView:
        """All that is known of the customer of an application. Raises NotFound."""
        caller.require(*CASE_READERS)
        with self.runtime.database.transaction() as session:
            application = find_for(session, application_id, caller)
            return _view(session, self.runtime, application, at=self.runtime.clock.now())

    def begin(self, application_id: uuid.UUID, kind: DiligenceKind, note: str, caller: Caller) -> ItemView:
        """Look into something that nothing has called for, such as a person who was found to be exposed.

        Raises ItemOpen, FindingInvalid, DecidingOnOneself, NotFound.
        """
        caller.require(*UNDERWRITERS)
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            application = lock_application(session, find_for(session, application_id, caller).id)
            forbid_oneself(session, self.runtime, application, caller)
            row = settle_item.begin(session, self.runtime, application_id, kind, note, caller, at=at)
            _weigh_again(session, self.runtime, application, at)
            return read_customer.view_of(session, self.runtime, row)

    def take(self, item_id: uuid.UUID, caller: Caller) -> ItemView:
        """Work on it. Raises ItemTaken, ItemSettled, DecidingOnOneself, NotFound."""
        return self._change(item_id, caller, lambda session, at: settle_item.take(session, item_id, caller, at=at))

    def give_back(self, item_id: uuid.UUID, caller: Caller) -> ItemView:
        """Have nobody work on it. Raises as `take`."""
        return self._change(item_id, caller, lambda session, at: settle_item.give_back(session, item_id, caller, at=at))

    def settle(
        self,
        item_id: uuid.UUID,
        result: DiligenceResult,
        note: str,
        caller: Caller,
        *,
        finding: StaffFinding = NOTHING,
    ) -> ItemView:
        """Say what it came to; what needs authority is proposed. Raises as `take`, FindingInvalid."""
        runtime = self.runtime

        def settled(session: Session, at: datetime) -> DueDiligenceItem:
            return settle_item.settle(session, runtime, item_id, result, note, finding, caller, at=at)

        return self._change(item_id, caller, settled, weighed=True)

    def approve(self, item_id: uuid.UUID, note: str, caller: Caller) -> ItemView:
        """A senior underwriter approves what somebody else proposed.

        Raises ApprovingOwnFinding, ItemSettled, DecidingOnOneself, NotFound.
        """
        runtime = self.runtime

        def approved(session: Session, at: datetime) -> DueDiligenceItem:
            return settle_item.approve(session, runtime, item_id, note, caller, at=at)

        return self._change(item_id, caller, approved, weighed=True)

    def send_back(self, item_id: uuid.UUID, note: str, caller: Caller) -> ItemView:
        """A senior underwriter does not approve it: it is open again. Raises as `approve`."""
        runtime = self.runtime
        return self._change(
            item_id, caller, lambda session, at: settle_item.send_back(session, runtime, item_id, note, caller, at=at)
        )

    def add_evidence(
        self, item_id: uuid.UUID, name: str, content: bytes, media_type: str, caller: Caller
    ) -> EvidenceView:
        """Add a file to what is looked into; the same bytes again change nothing.

        Raises EvidenceNotAccepted, ItemSettled, DecidingOnOneself, NotFound.
        """
        caller.require(*UNDERWRITERS)
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            self._locked(session, item_id, caller)
            return keep_evidence.add(session, self.runtime, item_id, name, content, media_type, caller, at=at)

    def evidence(self, item_id: uuid.UUID, evidence_id: uuid.UUID, caller: Caller) -> EvidenceFile:
        """A file as it was added. Raises NotFound, DataErased."""
        caller.require(*CASE_READERS)
        with self.runtime.database.transaction() as session:
            find_for(session, settle_item.application_of(session, item_id), caller)
            return keep_evidence.read(session, self.runtime, item_id, evidence_id)

    def _change(
        self,
        item_id: uuid.UUID,
        caller: Caller,
        change: Callable[[Session, datetime], DueDiligenceItem],
        *,
        weighed: bool = False,
    ) -> ItemView:
        caller.require(*UNDERWRITERS)
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            application = self._locked(session, item_id, caller)
            row = change(session, at)
            if weighed:
                _weigh_again(session, self.runtime, application, at)
            return read_customer.view_of(session, self.runtime, row)

    def _locked(self, session: Session, item_id: uuid.UUID, caller: Caller) -> Application:
        application_id = settle_item.application_of(session, item_id)
        application = lock_application(session, find_for(session, application_id, caller).id)
        forbid_oneself(session, self.runtime, application, caller)
        return application


def _weigh_again(session: Session, runtime: Runtime, application: Application, at: datetime) -> None:
    """Keep how the customer of the locked application stands by what was found."""
    body = body_of(session, runtime.cipher, application)
    standing_of(session, runtime, application, body, kept=True, at=at)


def _view(session: Session, runtime: Runtime, application: Application, *, at: datetime) -> CustomerView:
    body = body_of(session, runtime.cipher, application)
    known = known_now(session, runtime, application.id, body, at=at)
    names = {one.number: one.name for one in known.owners_given}
    return CustomerView(
        application_id=application.id,
        assessments=read_customer.assessment_views(session, runtime, application.id),
        owners=tuple(
            OwnerView(
                number=one.number,
                name=names.get(one.number),
                share=one.share,
                basis=one.basis,
                politically_exposed=one.number in known.exposed,
            )
            for one in known.owners
        ),
        gaps=tuple(sorted(gaps_of(session, application.id) or ())),
        items=read_customer.item_views(session, runtime, application.id),
    )
