"""Rows of know-your-customer: sanctions lists, whom they are held against, what was found (rules K1, D10, D16)."""

import uuid
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from underwriting.due_diligence.items import NEEDS_AUTHORITY
from underwriting.due_diligence.rules import MatchState, Occasion
from underwriting.kernel.vocabulary import DiligenceKind, DiligenceResult, DiligenceState, RiskClass
from underwriting.platform.database import Base, Identified, one_of

_WITH_AUTHORITY = f"kind IN ({', '.join(repr(str(kind)) for kind in DiligenceKind if kind in NEEDS_AUTHORITY)})"


class SanctionsList(Identified, Base):
    """A sanctions list as it was loaded; the service cannot change or remove it. The one loaded last is in force."""

    __tablename__ = "sanctions_list"
    sha256: Mapped[bytes] = mapped_column(unique=True)
    version: Mapped[str]
    generated_at: Mapped[datetime]
    loaded_at: Mapped[datetime]
    loaded_by: Mapped[str]
    entries: Mapped[int] = mapped_column(sa.Integer)
    added: Mapped[int] = mapped_column(sa.Integer)
    changed: Mapped[int] = mapped_column(sa.Integer)
    removed: Mapped[int] = mapped_column(sa.Integer)


class SanctionsEntry(Base):
    """One entry of a list: canonical JSON and its hash. Lists are public, so that nothing of it is encrypted."""

    __tablename__ = "sanctions_entry"
    list_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("sanctions_list.id"), primary_key=True)
    reference: Mapped[str] = mapped_column(primary_key=True)
    content_sha256: Mapped[bytes]
    content: Mapped[str]


class ScreenedCase(Base):
    """Everybody concerned by an application, by name: for the screenings after the decision (rule K1)."""

    __tablename__ = "screened_case"
    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id"), primary_key=True)
    parties_encrypted: Mapped[bytes]
    kept_at: Mapped[datetime]


class ScreeningRow(Identified, Base):
    """That these parties were held against this list on this occasion, and how many entries were like them."""

    __tablename__ = "screening"
    __table_args__ = (
        sa.CheckConstraint(one_of("occasion", Occasion), "occasion"),
        sa.UniqueConstraint("application_id", "list_id", "parties_hash", "occasion", name="uq_screening_once"),
    )
    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id"))
    list_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("sanctions_list.id"))
    parties_hash: Mapped[bytes]
    occasion: Mapped[str]
    matches: Mapped[int] = mapped_column(sa.Integer)
    screened_at: Mapped[datetime]


class SanctionsMatch(Identified, Base):
    """A party that is like an entry; an entry that has changed is another one. A strong one takes two to clear."""

    __tablename__ = "sanctions_match"
    __table_args__ = (
        sa.CheckConstraint(one_of("state", MatchState), "state"),
        sa.CheckConstraint("(state = 'open') = (settled_by IS NULL)", "settled"),
        sa.CheckConstraint("(settled_by IS NULL) = (settled_at IS NULL)", "by_whom_when"),
        sa.CheckConstraint(
            "NOT (strong AND state = 'cleared') OR (approved_by IS NOT NULL AND approved_by <> settled_by)",
            "second_person",
        ),
        sa.UniqueConstraint(
            "application_id", "party_index", "reference", "content_sha256", name="uq_sanctions_match_once"
        ),
    )
    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id"))
    party_index: Mapped[bytes]
    list_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("sanctions_list.id"))
    reference: Mapped[str]
    content_sha256: Mapped[bytes]
    found_encrypted: Mapped[bytes]
    score: Mapped[int] = mapped_column(sa.Integer)
    strong: Mapped[bool]
    state: Mapped[str]
    found_at: Mapped[datetime]
    note_encrypted: Mapped[bytes | None]
    settled_by: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]


class RiskAssessment(Identified, Base):
    """A customer's risk class with its reasons; the service cannot change it. The one of the last ordinal stands."""

    __tablename__ = "risk_assessment"
    __table_args__ = (
        sa.CheckConstraint(one_of("risk_class", RiskClass), "risk_class"),
        sa.CheckConstraint("ordinal > 0", "ordinal"),
        sa.UniqueConstraint("application_id", "ordinal", name="uq_risk_assessment_ordinal"),
    )
    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id"))
    ordinal: Mapped[int] = mapped_column(sa.Integer)
    risk_class: Mapped[str]
    table_on: Mapped[date]  # since when its table holds
    content_encrypted: Mapped[bytes]  # JSON: reasons in words, measures
    assessed_at: Mapped[datetime]


ONE_OPEN = "uq_due_diligence_item_open"


class DueDiligenceItem(Identified, Base):
    """What a person looks into to know a customer, on what it rests, and what came of it."""

    __tablename__ = "due_diligence_item"
    __table_args__ = (
        sa.CheckConstraint(one_of("kind", DiligenceKind), "kind"),
        sa.CheckConstraint(one_of("state", DiligenceState), "state"),
        sa.CheckConstraint(one_of("result", DiligenceResult), "result"),
        sa.CheckConstraint("(state = 'open') = (result IS NULL)", "settled"),
        sa.CheckConstraint("num_nulls(result, settled_by, settled_at) IN (0, 3)", "by_whom_when"),
        sa.CheckConstraint(
            f"NOT (state = 'settled' AND {_WITH_AUTHORITY} AND result <> 'lapsed') "
            "OR (approved_by IS NOT NULL AND approved_by <> settled_by)",
            "second_person",
        ),
        sa.Index(ONE_OPEN, "application_id", "kind", unique=True, postgresql_where=sa.text("state <> 'settled'")),
    )
    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id"), index=True)
    kind: Mapped[str]
    state: Mapped[str]
    basis_encrypted: Mapped[bytes]  # JSON
    opened_by: Mapped[str]
    opened_at: Mapped[datetime]
    taken_by: Mapped[str | None]
    taken_at: Mapped[datetime | None]
    result: Mapped[str | None]
    note_encrypted: Mapped[bytes | None]
    finding_encrypted: Mapped[bytes | None]  # JSON
    settled_by: Mapped[str | None]
    settled_at: Mapped[datetime | None]
    approved_by: Mapped[str | None]
    approved_at: Mapped[datetime | None]


class DueDiligenceEvidence(Identified, Base):
    """A file that shows what was found; the service cannot change it, and its key is the application's."""

    __tablename__ = "due_diligence_evidence"
    __table_args__ = (
        sa.CheckConstraint("size_bytes > 0", "size"),
        sa.UniqueConstraint("item_id", "sha256", name="uq_due_diligence_evidence_once"),
    )
    application_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("application.id"))
    item_id: Mapped[uuid.UUID] = mapped_column(sa.ForeignKey("due_diligence_item.id"))
    name_encrypted: Mapped[bytes]
    content_encrypted: Mapped[bytes]
    media_type: Mapped[str]
    size_bytes: Mapped[int] = mapped_column(sa.Integer)
    sha256: Mapped[bytes]
    added_by: Mapped[str]
    added_at: Mapped[datetime]
