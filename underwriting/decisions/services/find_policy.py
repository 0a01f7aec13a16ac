"""Which versions of the policy there are, which is in force at an instant, and which has decided (rules D7, D11)."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.decisions.models import PolicyApproval, PolicyPublication, PolicyVersion
from underwriting.decisions.policies import load_policy
from underwriting.decisions.policy import Policy
from underwriting.kernel.errors import NotFound
from underwriting.kernel.text import Text

POLICY_TURN = "policy-in-force"
"""The advisory lock that whoever decides shares, and whoever publishes has alone."""

_SHORTEST_HASH = 8
_SHARE = sa.text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:turn, 0))")


class PolicyState(StrEnum):
    """How a version stands at an instant."""

    DRAFT = "draft"
    APPROVED = "approved"
    PLANNED = "planned"
    IN_FORCE = "in_force"
    RETIRED = "retired"  # it has been in force


class PolicyUnknown(NotFound):
    """There is no version of the policy by this name. Rule D11."""

    slug = "policy-unknown"
    title = Text("Det finns ingen sådan version av policyn", "There is no such version of the policy")
    rule = "D11"


@dataclass(frozen=True, slots=True)
class PublicationView:
    """One period of a version: from when, and until the next publication; None while none is planned."""

    in_force_from: datetime
    until: datetime | None
    published_by: str
    published_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionView:
    """A version with everything that has happened to it; instants are aware, persons are actors."""

    id: uuid.UUID
    version: str
    sha256: str
    drafted_by: str
    drafted_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    publications: tuple[PublicationView, ...]

    def is_in_force(self, at: datetime) -> bool:
        """Whether decisions at that instant are taken by it."""
        return any(one.in_force_from <= at and (one.until is None or at < one.until) for one in self.publications)

    def state(self, at: datetime) -> PolicyState:
        """How it stands then."""
        if self.is_in_force(at):
            return PolicyState.IN_FORCE
        if any(one.in_force_from > at for one in self.publications):
            return PolicyState.PLANNED
        if self.publications:
            return PolicyState.RETIRED
        return PolicyState.DRAFT if self.approved_by is None else PolicyState.APPROVED


def share_turn(session: Session) -> None:
    """Let nobody publish before this transaction ends, so that what is decided in it is by the policy in force."""
    session.execute(_SHARE, {"turn": POLICY_TURN})


def in_force(session: Session, *, at: datetime) -> Policy:
    """The policy in force at that instant; PolicyUnknown before the first one."""
    query = (
        sa.select(PolicyVersion.sha256)
        .join(PolicyPublication, PolicyPublication.policy_id == PolicyVersion.id)
        .where(PolicyPublication.in_force_from <= at)
        .order_by(PolicyPublication.in_force_from.desc())
        .limit(1)
    )
    found = session.scalar(query)
    if found is None:
        raise PolicyUnknown
    return by_hash(session, found)


def by_hash(session: Session, sha256: str) -> Policy:
    """The very policy of this hash; PolicyUnknown, and PolicyInvalid when what is kept is another document."""
    return policy_of_document(document_of(session, sha256), sha256)


def document_of(session: Session, sha256: str) -> str:
    """The document of this hash as it was drafted; PolicyUnknown."""
    document = session.scalar(sa.select(PolicyVersion.document).where(PolicyVersion.sha256 == sha256))
    if document is None:
        raise PolicyUnknown
    return document


def find_version(session: Session, name: str) -> VersionView:
    """The version of this name or id, or whose hash begins so (8 digits or more); PolicyUnknown."""
    for view in list_versions(session):
        if name in (view.version, str(view.id)) or (len(name) >= _SHORTEST_HASH and view.sha256.startswith(name)):
            return view
    raise PolicyUnknown


def list_versions(session: Session) -> tuple[VersionView, ...]:
    """Every version, the newest draft first."""
    periods = _periods(session)
    rows = session.execute(
        sa.select(
            PolicyVersion.id,
            PolicyVersion.version,
            PolicyVersion.sha256,
            PolicyVersion.drafted_by,
            PolicyVersion.drafted_at,
            PolicyApproval.approved_by,
            PolicyApproval.approved_at,
        )
        .outerjoin(PolicyApproval, PolicyApproval.policy_id == PolicyVersion.id)
        .order_by(PolicyVersion.drafted_at.desc(), PolicyVersion.id.desc())
    )
    return tuple(VersionView(**row._asdict(), publications=tuple(periods.get(row.id, ()))) for row in rows)


def _periods(session: Session) -> dict[uuid.UUID, list[PublicationView]]:
    rows = session.scalars(sa.select(PolicyPublication).order_by(PolicyPublication.in_force_from)).all()
    ends = [*(row.in_force_from for row in rows[1:]), None]
    found: dict[uuid.UUID, list[PublicationView]] = {}
    for row, until in zip(rows, ends, strict=False):
        found.setdefault(row.policy_id, []).append(
            PublicationView(row.in_force_from, until, row.published_by, row.published_at)
        )
    return found


@lru_cache(maxsize=16)
def policy_of_document(document: str, sha256: str) -> Policy:
    """The policy of a kept document, read and proved once per process."""
    return load_policy(document, sha256=sha256)
