"""Agreements as those see them who may: staff, the borrower's signatories, and guarantors their part (rules D7, G5)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.credit.services.complete_signatures import require_invited, require_needed, require_signable
from agreements.credit.services.find_agreements import EVERYTHING, Sought, find_agreements
from agreements.credit.services.keep_agreement import details_of, get_agreement
from agreements.credit.services.view_agreement import (
    AgreementSummary,
    AgreementView,
    DocumentView,
    GuaranteeView,
    LiableView,
    Part,
    agreement_summary,
    agreement_view,
    document_view,
    guarantee_view,
    liable_views,
)
from agreements.credit.services.write_documents import agreement_to_sign, guarantee_to_sign
from agreements.documents import service as documents
from agreements.documents.models import Document
from agreements.documents.rules import DocumentKind, Words
from agreements.documents.service import DocumentFile
from agreements.guarantees import service as guarantees
from agreements.guarantees.models import Guarantee
from agreements.ledger import service as ledger
from agreements.ledger.service import BookedEntry
from agreements.signing.service import ToSign
from underwriting.kernel.errors import NotFound
from underwriting.kernel.text import Language
from underwriting.kernel.vocabulary import GuaranteeState, Role, Scope
from underwriting.platform import audit_log
from underwriting.platform.authentication import Caller
from underwriting.platform.models import AuditEntry
from underwriting.platform.runtime import Runtime

MOST_ON_A_PAGE = 200


@dataclass(frozen=True, slots=True)
class LedgerPage:
    """A part of the ledger; *next_cursor* is None on the last."""

    items: tuple[BookedEntry, ...]
    next_cursor: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class AgreementPage:
    """A part of the list of agreements; *next_cursor* is None on the last."""

    items: tuple[AgreementSummary, ...]
    next_cursor: uuid.UUID | None


@dataclass(frozen=True)
class Agreements:
    """What is shown of agreements. What is not the caller's is not found."""

    runtime: Runtime

    def require(self, agreement_id: uuid.UUID, caller: Caller, *parts: Part) -> Part:
        """What the caller is to the agreement; NotFound unless that is one of *parts*, or anything if none is named."""
        with self.runtime.database.transaction() as session:
            return self._visible(session, agreement_id, caller, *parts)[1]

    def show(self, agreement_id: uuid.UUID, caller: Caller) -> AgreementView:
        """The agreement, for everybody who has a part in it."""
        with self.runtime.database.transaction() as session:
            agreement, _ = self._visible(session, agreement_id, caller)
            return agreement_view(session, self.runtime, agreement)

    def of_person(self, caller: Caller) -> tuple[AgreementSummary, ...]:
        """The agreements that the identified caller signs or guarantees, newest first."""
        person_index = caller.require_person()
        with self.runtime.database.transaction() as session:
            made_for = sa.select(Document.subject_id).where(Document.recipient_index == person_index)
            guaranteed = sa.select(Guarantee.agreement_id).where(Guarantee.person_index == person_index)
            query = sa.select(Agreement).where(
                sa.or_(Agreement.id.in_(made_for), Agreement.id.in_(guaranteed)), Agreement.erased_at.is_(None)
            )
            rows = session.scalars(query.order_by(Agreement.id.desc())).all()
            return tuple(
                agreement_summary(self.runtime, agreement, self._part(session, agreement, caller) or Part.BORROWER)
                for agreement in rows
            )

    def id_of_application(self, application_id: uuid.UUID, caller: Caller) -> uuid.UUID | None:
        """The agreement that the application became, where the caller has a part in it."""
        with self.runtime.database.transaction() as session:
            query = sa.select(Agreement).where(Agreement.application_id == application_id)
            agreement = session.scalar(query.order_by(Agreement.id.desc()).limit(1))
            return agreement.id if agreement is not None and self._part(session, agreement, caller) else None

    def list_all(
        self, caller: Caller, *, sought: Sought = EVERYTHING, before: uuid.UUID | None = None, limit: int = 50
    ) -> AgreementPage:
        """The agreements that are *sought*, newest first; for staff. Raises LoginRequired, RoleMissing."""
        caller.require(*Role)
        count = max(1, min(limit, MOST_ON_A_PAGE))
        with self.runtime.database.transaction() as session:
            rows = find_agreements(session, self.runtime, sought, before=before, count=count + 1)
            self.runtime.cipher.prepare(row.details_encrypted for row in rows)
            items = tuple(agreement_summary(self.runtime, agreement, Part.STAFF) for agreement in rows[:count])
        return AgreementPage(items, items[-1].id if len(rows) > count else None)

    def history(self, agreement_id: uuid.UUID, caller: Caller) -> tuple[AuditEntry, ...]:
        """What has happened to the agreement, as it was noted; for staff."""
        with self.runtime.database.transaction() as session:
            self._visible(session, agreement_id, caller, Part.STAFF)
            return tuple(audit_log.entries_of(session, f"agreement:{agreement_id}", with_reads=False))

    def guarantees_of_person(self, caller: Caller) -> tuple[GuaranteeView, ...]:
        """The guarantees of the identified caller, newest first."""
        person_index = caller.require_person()
        with self.runtime.database.transaction() as session:
            query = sa.select(Guarantee).where(Guarantee.person_index == person_index).order_by(Guarantee.id.desc())
            return tuple(
                guarantee_view(self.runtime, get_agreement(session, guarantee.agreement_id), guarantee)
                for guarantee in session.scalars(query)
            )

    def guarantees(self, agreement_id: uuid.UUID, caller: Caller) -> tuple[GuaranteeView, ...]:
        """The agreement's guarantees; a guarantor's own alone."""
        with self.runtime.database.transaction() as session:
            agreement, part = self._visible(session, agreement_id, caller)
            return tuple(
                guarantee_view(self.runtime, agreement, guarantee)
                for guarantee in guarantees.of_agreement(session, agreement_id)
                if part is not Part.GUARANTOR or guarantee.person_index == caller.person_index
            )

    def guarantee(self, guarantee_id: uuid.UUID, caller: Caller) -> GuaranteeView:
        """One guarantee, for its guarantor and staff."""
        with self.runtime.database.transaction() as session:
            guarantee = guarantees.get(session, guarantee_id)
            if not caller.is_staff and guarantee.person_index != caller.person_index:
                raise NotFound
            return guarantee_view(self.runtime, get_agreement(session, guarantee.agreement_id), guarantee)

    def liable_parties(self, agreement_id: uuid.UUID, caller: Caller) -> tuple[LiableView, ...]:
        """Who answers for the debt, for everybody who has a part in the agreement (rule G5)."""
        with self.runtime.database.transaction() as session:
            agreement, _ = self._visible(session, agreement_id, caller)
            return liable_views(session, self.runtime, agreement)

    def ledger(
        self, agreement_id: uuid.UUID, caller: Caller, *, after: uuid.UUID | None = None, limit: int = 50
    ) -> LedgerPage:
        """The agreement's books, for staff and borrower."""
        count = max(1, min(limit, MOST_ON_A_PAGE))
        with self.runtime.database.transaction() as session:
            self._visible(session, agreement_id, caller, Part.STAFF, Part.BORROWER)
            rows = ledger.entries(session, agreement_id, after=after, limit=count + 1)
        items = rows[:count]
        return LedgerPage(items, items[-1].id if len(rows) > count else None)

    def documents(self, agreement_id: uuid.UUID, caller: Caller) -> tuple[DocumentView, ...]:
        """The documents that the caller may read: their own, for guarantors the agreement too, for staff all."""
        with self.runtime.database.transaction() as session:
            found, agreement = self._documents(session, agreement_id, caller), get_agreement(session, agreement_id)
            return tuple(
                replace(view, sealed_at=None) if _is_anothers(document, caller) else view
                for document in found
                for view in (document_view(agreement, document),)
            )

    def document(
        self, agreement_id: uuid.UUID, document_id: uuid.UUID, caller: Caller, *, language: Language = "sv"
    ) -> DocumentFile:
        """The document as a file: sealed where it is, before that the exact bytes that are signed; in `en` the aid.

        Of somebody else's copy, which a guarantor reads, only what was signed: no number of another is shown.
        """
        with self.runtime.database.transaction() as session:
            document = self._document(session, agreement_id, document_id, caller)
            return documents.file_of(self.runtime, document, language, with_evidence=not _is_anothers(document, caller))

    def document_shown(
        self, agreement_id: uuid.UUID, document_id: uuid.UUID, caller: Caller, *, language: Language = "sv"
    ) -> Words | str:
        """The same words for a page; of the first documents, which are nothing but text, the text itself."""
        with self.runtime.database.transaction() as session:
            document = self._document(session, agreement_id, document_id, caller)
            return documents.shown(self.runtime, document, language)

    def prepare_agreement(self, agreement_id: uuid.UUID, person_index: bytes) -> ToSign:
        """What the person signs for the company now; NotFound, NothingToSign, SignatureNotNeeded."""
        with self.runtime.database.transaction() as session:
            agreement = get_agreement(session, agreement_id)
            to_sign = agreement_to_sign(session, self.runtime, agreement, person_index)
            require_signable(agreement, at=self.runtime.clock.now())
            require_needed(session, self.runtime, agreement, besides=person_index)
            return to_sign

    def prepare_guarantee(self, guarantee_id: uuid.UUID, person_index: bytes) -> ToSign:
        """What the guarantor signs now; NotFound, NothingToSign."""
        with self.runtime.database.transaction() as session:
            guarantee = guarantees.get(session, guarantee_id)
            agreement = get_agreement(session, guarantee.agreement_id)
            to_sign = guarantee_to_sign(session, self.runtime, agreement, guarantee, person_index)
            require_signable(agreement, at=self.runtime.clock.now())
            if guarantee.state != GuaranteeState.SIGNED:  # who has signed is told so by the order
                require_invited(guarantee)
            return to_sign

    def _visible(
        self, session: Session, agreement_id: uuid.UUID, caller: Caller, *parts: Part
    ) -> tuple[Agreement, Part]:
        agreement = get_agreement(session, agreement_id)
        part = self._part(session, agreement, caller)
        if part is None or (parts and part not in parts):
            raise NotFound
        return agreement, part

    def _part(self, session: Session, agreement: Agreement, caller: Caller) -> Part | None:
        if caller.has(*Role, scope=Scope.AGREEMENTS_READ):
            return Part.STAFF
        if caller.person_index is None:
            return None
        signatories = {
            self.runtime.cipher.blind_index(one.person.digits)
            for one in details_of(self.runtime, agreement).signing_rule.signatories
        }
        if caller.person_index in signatories | {agreement.signatory_index}:
            return Part.BORROWER
        guarantors = {guarantee.person_index for guarantee in guarantees.of_agreement(session, agreement.id)}
        return Part.GUARANTOR if caller.person_index in guarantors else None

    def _document(self, session: Session, agreement_id: uuid.UUID, document_id: uuid.UUID, caller: Caller) -> Document:
        for document in self._documents(session, agreement_id, caller):
            if document.id == document_id:
                return document
        raise NotFound

    def _documents(self, session: Session, agreement_id: uuid.UUID, caller: Caller) -> Sequence[Document]:
        """Staff see all, others their own; a guarantor also the agreement that the guarantee is for (rule G2)."""
        agreement, part = self._visible(session, agreement_id, caller)
        subjects = [agreement.id, *(guarantee.id for guarantee in guarantees.of_agreement(session, agreement_id))]
        if part is Part.STAFF or caller.person_index is None:
            return documents.of_subjects(session, subjects, agreement_id=agreement_id)
        own = documents.of_subjects(session, subjects, agreement_id=agreement_id, recipient_index=caller.person_index)
        if part is not Part.GUARANTOR:
            return own
        borrowers = documents.of_subjects(session, [agreement.id], recipient_index=agreement.signatory_index)
        return [*(one for one in borrowers if one.kind == DocumentKind.AGREEMENT), *own]


def _is_anothers(document: Document, caller: Caller) -> bool:
    return caller.person_index is not None and document.recipient_index != caller.person_index
