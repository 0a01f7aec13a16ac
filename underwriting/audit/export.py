"""The audit log of one matter as a file that proves itself: JSON lines, checked by `borgen verify export`.

1. The first line names the chains with their last entries, and the seals; then stand the entries.
2. Each seal that names one of the chains follows as it was published, with what shows that it does: for every such head
   its place in the seal's tree and the hashes beside its way to the root; of a seal of the first form the whole list.
3. The last line signs all before it with the key of the seals: so a file that was cut off shows too.

Nothing in it is anybody's personal data: entries name things by id.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.audit.chains import NothingSoNamed, chains_of, matter_named
from underwriting.platform import audit_log, audit_seal, merkle
from underwriting.platform.encryption import canonical_json
from underwriting.platform.models import AuditEntry, AuditSeal, AuditSealHead
from underwriting.platform.runtime import Runtime
from underwriting.platform.seal_key import SealKey

FORM = 1
SIGNED_AS = b"borgen audit export\n"
"""What stands before that which is signed, so that a signature of one thing is never one of another."""


def export(runtime: Runtime, name: str) -> Iterator[bytes]:
    """The lines of the bundle of the agreement or application *name*, each with its line end. Raises NothingSoNamed."""
    key = SealKey(runtime.settings.seal_key.reveal())
    with runtime.database.transaction() as session:
        matter = matter_named(session, name)
        if matter is None:
            raise NothingSoNamed
        about = f"agreement:{matter.agreement_id}" if matter.agreement_id else f"application:{matter.application_id}"
        yield from bundle_of(session, chains_of(session, matter), about=about, key=key, at=runtime.clock.now())


def bundle_of(session: Session, chains: Sequence[str], *, about: str, key: SealKey, at: datetime) -> Iterator[bytes]:
    """The lines of a bundle *about* something, with these *chains*, signed by *key*."""
    digest, count = hashlib.sha256(), 0
    head = {"of": about, "exported_at": instant(at), "public_key": key.public.hex()}
    for value in _content(session, chains, head):
        line = canonical_json(value) + b"\n"
        digest.update(line)
        count += 1
        yield line
    signed = signed_content(count, digest.digest())
    end = {"kind": "end", "lines": count, "sha256": digest.hexdigest(), "signature": key.sign(signed).hex()}
    yield canonical_json(end) + b"\n"


def signed_content(lines: int, digest: bytes) -> bytes:
    """What the last line's signature covers."""
    return SIGNED_AS + canonical_json([FORM, lines, digest.hex()])


def instant(at: datetime) -> str:
    """*at* as entries write it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def _content(session: Session, chains: Sequence[str], head: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    entries = {subject: found for subject in chains if (found := audit_log.entries_of(session, subject))}
    heads: dict[int, list[AuditSealHead]] = {}
    for row in session.scalars(
        sa.select(AuditSealHead).where(AuditSealHead.subject.in_(chains)).order_by(AuditSealHead.number)
    ):
        heads.setdefault(row.number, []).append(row)
    ends = {subject: [found[-1].sequence, found[-1].hash.hex()] for subject, found in entries.items()}
    yield {"kind": "bundle", "form": FORM, **head, "chains": ends, "seals": list(heads)}
    for found in entries.values():
        yield from map(_entry, found)
    for number, named in heads.items():
        seal = session.get_one(AuditSeal, number)
        yield {"kind": "seal", "number": number, **json.loads(audit_seal.published(seal))}
        yield from _proofs(session, seal, named)


def _entry(entry: AuditEntry) -> dict[str, Any]:
    return {
        "kind": "entry",
        "subject": entry.subject,
        "sequence": entry.sequence,
        "action": entry.action,
        "actor": entry.actor,
        "at": instant(entry.at),
        "data": entry.data,
        "previous_hash": entry.previous_hash.hex(),
        "hash": entry.hash.hex(),
    }


def _proofs(session: Session, seal: AuditSeal, named: Sequence[AuditSealHead]) -> Iterator[dict[str, Any]]:
    """What shows that *seal* names these heads."""
    lines = list(audit_seal.head_lines(session, seal.number))
    if seal.form == 1:
        yield {"kind": "list", "seal": seal.number, "heads": [json.loads(line) for line in lines]}
        return
    leaves = [merkle.leaf(line) for line in lines]
    places = {line: place for place, line in enumerate(lines)}
    for row in named:
        place = places[audit_seal.head_line(row.subject, row.sequence, row.hash)]
        yield {
            "kind": "head",
            "seal": seal.number,
            "head": [row.subject, row.sequence, row.hash.hex()],
            "place": place,
            "path": [one.hex() for one in merkle.proof(leaves, place)],
        }
