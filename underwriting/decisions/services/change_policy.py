"""A version of the policy is drafted, approved by a second person and put in force from an instant (rule D11).

Nothing of it is ever changed: an approval and a publication are rows of their own, to which the service can only add.
Going back is publishing the older version again.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.decisions.models import PolicyApproval, PolicyPublication, PolicyVersion
from underwriting.decisions.policies import load_policy
from underwriting.decisions.services.find_policy import (
    POLICY_TURN,
    VersionView,
    document_of,
    find_version,
    list_versions,
    policy_of_document,
)
from underwriting.kernel.errors import Conflict, InvalidInput, NotPermitted
from underwriting.kernel.event_catalogue import POLICY_APPROVED, POLICY_DRAFTED, POLICY_PUBLISHED
from underwriting.kernel.text import Text
from underwriting.platform import audit_log, events
from underwriting.platform.authentication import Caller
from underwriting.platform.database import lock_subject
from underwriting.platform.runtime import Runtime


class VersionTaken(Conflict):
    """Another document has this version's name. Rule D11."""

    slug = "policy-version-taken"
    title = Text(
        "Det finns redan en annan policy med den versionen; ge utkastet ett eget namn i /version",
        "There already is another policy of that version; give the draft a name of its own in /version",
    )
    rule = "D11"


class OwnPolicyDraft(NotPermitted):
    """Whoever drafted a version neither approves it nor puts it in force for the first time. Rule D11."""

    slug = "own-policy-draft"
    title = Text(
        "Den som har skrivit utkastet varken godkänner det eller sätter det i kraft; det gör en annan person",
        "Whoever drafted it neither approves it nor puts it in force; that takes another person",
    )
    rule = "D11"


class PolicyNotApproved(Conflict):
    """The version has not been approved yet. Rule D11."""

    slug = "policy-not-approved"
    title = Text(
        "Policyn är inte godkänd av en andra person än", "The policy has not been approved by a second person yet"
    )
    rule = "D11"


class PublishedInThePast(InvalidInput):
    """A version would be in force from an instant that has passed. Rule D11."""

    slug = "policy-published-in-the-past"
    title = Text(
        "En policy kan inte sättas i kraft bakåt i tiden", "A policy cannot be put in force from an instant in the past"
    )
    rule = "D11"


class TwoPoliciesInForce(Conflict):
    """Another version is in force from the very same instant. Rule D11."""

    slug = "two-policies-in-force"
    title = Text(
        "En annan version gäller från samma ögonblick; två policyer kan inte gälla samtidigt",
        "Another version is in force from that same instant; two policies cannot be in force at once",
    )
    rule = "D11"


def draft(
    session: Session, runtime: Runtime, document: str | bytes, caller: Caller, *, sha256: str | None = None
) -> VersionView:
    """Keep a document as a version that nobody has approved yet; one that is kept already is only shown.

    Raises PolicyInvalid, which says where (also when its hash is not *sha256*), and VersionTaken.
    """
    policy = load_policy(document, sha256=sha256)
    lock_subject(session, POLICY_TURN)
    for view in list_versions(session):
        if view.sha256 == policy.sha256:
            return view
        if view.version == policy.version:
            raise VersionTaken
    at = runtime.clock.now()
    text = document if isinstance(document, str) else document.decode()
    row = PolicyVersion(
        version=policy.version, sha256=policy.sha256, document=text, drafted_by=caller.actor, drafted_at=at
    )
    session.add(row)
    session.flush()
    data = {"version": row.version, "sha256": row.sha256}
    audit_log.begin(session, f"policy:{row.id}", "policy.drafted", actor=caller.actor, at=at, data=data)
    events.record(session, POLICY_DRAFTED, at=at, policy_id=row.id)
    return find_version(session, row.version)


def approve(session: Session, runtime: Runtime, version: VersionView, caller: Caller) -> VersionView:
    """Approve a draft as its second person; one that is approved stays as it was. Raises OwnPolicyDraft."""
    lock_subject(session, POLICY_TURN)
    known = find_version(session, version.version)
    if known.approved_by is not None:
        return known
    if known.drafted_by == caller.actor:
        raise OwnPolicyDraft
    policy_of_document(document_of(session, known.sha256), known.sha256)  # the product may prove more by now
    at = runtime.clock.now()
    session.add(
        PolicyApproval(policy_id=known.id, drafted_by=known.drafted_by, approved_by=caller.actor, approved_at=at)
    )
    session.flush()
    data = {"version": known.version, "sha256": known.sha256}
    audit_log.append(session, f"policy:{known.id}", "policy.approved", actor=caller.actor, at=at, data=data)
    events.record(session, POLICY_APPROVED, at=at, policy_id=known.id)
    return find_version(session, known.version)


def publish(
    session: Session, runtime: Runtime, version: VersionView, caller: Caller, *, from_: datetime | None = None
) -> VersionView:
    """Put an approved version in force from an instant, or from this one; nothing happens where it already is.

    Raises PolicyNotApproved, OwnPolicyDraft, PublishedInThePast, TwoPoliciesInForce.
    """
    lock_subject(session, POLICY_TURN)
    at = runtime.clock.now()  # read after the wait: whoever decided meanwhile did so before it
    known = find_version(session, version.version)
    start = from_ or at
    if known.approved_by is None:
        raise PolicyNotApproved
    if known.drafted_by == caller.actor and not any(one.in_force_from <= at for one in known.publications):
        raise OwnPolicyDraft
    if known.is_in_force(start):
        return known
    if start < at:
        raise PublishedInThePast
    if session.scalar(sa.select(PolicyPublication.id).where(PolicyPublication.in_force_from == start)):
        raise TwoPoliciesInForce
    session.add(PolicyPublication(policy_id=known.id, in_force_from=start, published_by=caller.actor, published_at=at))
    session.flush()
    data = {"version": known.version, "sha256": known.sha256, "in_force_from": start.isoformat()}
    audit_log.append(session, f"policy:{known.id}", "policy.published", actor=caller.actor, at=at, data=data)
    events.record(session, POLICY_PUBLISHED, at=at, policy_id=known.id, in_force_from=start)
    return find_version(session, known.version)
