"""The nightly seal over the audit log: what every chain ended with, signed and written out for publication.

A chain shows that an entry was changed or taken out from its middle. That its end was cut off, that a whole chain is
gone, or that all of it was written anew shows by the seals: each names the chains that have grown since the one before,
by subject, sequence and hash, and the hash of that one. Whoever has a published seal need not trust the database.
What was added or cut off after the last seal is not covered before the next.

The heads stand under a tree of hashes, so that a few of them prove that a chain was sealed. Seals of the first form,
which were made before, have the hash of the whole list instead.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from underwriting.platform import merkle
from underwriting.platform.database import lock_subject
from underwriting.platform.encryption import canonical_json
from underwriting.platform.models import AuditEntry, AuditSeal, AuditSealHead
from underwriting.platform.runtime import Runtime
from underwriting.platform.seal_key import SealKey

FORM = 2
"""Of the seals that are made now."""
_GENESIS = bytes(32)
_CHUNK_ROWS = 10_000


@dataclass(frozen=True, slots=True)
class Seal:
    """One seal as it is signed and published: how many *chains* grew, the hash *root* over their heads."""

    number: int
    sealed_on: date
    at: datetime
    chains: int
    root: bytes
    previous: bytes
    public_key: bytes
    form: int = FORM

    def document(self) -> bytes:
        """What the signature covers, as canonical JSON."""
        return canonical_json(
            {
                "number": self.number,
                "sealed_on": self.sealed_on.isoformat(),
                "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
                "chains": self.chains,
                "root": self.root.hex(),
                "previous": self.previous.hex(),
                "public_key": self.public_key.hex(),
                **({} if self.form == 1 else {"form": self.form}),
            }
        )

    @property
    def digest(self) -> bytes:
        """By which the next seal names this one."""
        return hashlib.sha256(self.document()).digest()


def seal(runtime: Runtime, on: date) -> Mapping[str, Any]:
    """Seal what the chains end with now, as the seal of the day *on*; nothing more happens when it has one already.

    Seals whose files are missing in the folder for publication are written there.
    """
    with runtime.database.transaction() as session:
        lock_subject(session, "audit-seal")
        if session.scalar(sa.select(AuditSeal.number).where(AuditSeal.sealed_on == on)) is None:
            _add(session, SealKey(runtime.settings.seal_key.reveal()), on, runtime.clock.now())
        newest = session.scalars(sa.select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1)).one()
        outcome = {"seal": newest.number, "chains": newest.chains}
    return outcome | {"published": publish(runtime)}


def publish(runtime: Runtime) -> int:
    """Write the seals that the folder BORGEN_SEAL_FOLDER lacks, one file each; how many. None without a folder."""
    folder = runtime.settings.seal_folder
    if folder is None:
        return 0
    folder.mkdir(parents=True, exist_ok=True)
    written = 0
    with runtime.database.transaction() as session:
        for row in session.scalars(sa.select(AuditSeal).order_by(AuditSeal.number)):
            file = folder / file_name(row.number)
            if not file.exists():
                _write(file, published(row))
                written += 1
    return written


def file_name(number: int) -> str:
    """The name of a published seal's file."""
    return f"seal-{number:06}.json"


def published(row: AuditSeal) -> bytes:
    """A seal with its signature, as it is published."""
    return json.dumps(
        {"document": seal_of(row).document().decode(), "signature": row.signature.hex()}, indent=2
    ).encode()


def seal_of(row: AuditSeal) -> Seal:
    """The seal that is kept in *row*."""
    return Seal(row.number, row.sealed_on, row.at, row.chains, row.root, row.previous, row.public_key, row.form)


def root_of(session: Session, number: int, *, form: int = FORM) -> tuple[int, bytes]:
    """How many chains the seal *number* names, and the hash over them in the order of their subjects' bytes."""
    count = 0

    def heads() -> Iterator[bytes]:
        nonlocal count
        for count, line in enumerate(head_lines(session, number), 1):  # noqa: B007 - the last number is the count
            yield line

    if form == 1:
        digest = hashlib.sha256()
        for line in heads():
            digest.update(line + b"\n")
        return count, digest.digest()
    found = merkle.root(merkle.leaf(line) for line in heads())
    return count, found


def head_lines(session: Session, number: int) -> Iterator[bytes]:
    """The heads that the seal *number* names, each as it is hashed, in the order of their subjects' bytes."""
    heads = (
        sa.select(AuditSealHead.subject, AuditSealHead.sequence, AuditSealHead.hash)
        .where(AuditSealHead.number == number)
        .order_by(sa.collate(AuditSealHead.subject, "C"))
    )
    for subject, sequence, head in session.execute(heads, execution_options={"yield_per": _CHUNK_ROWS}):
        yield head_line(subject, sequence, head)


def head_line(subject: str, sequence: int, head: bytes) -> bytes:
    """One head as it is hashed."""
    return canonical_json([subject, sequence, head.hex()])


def _add(session: Session, key: SealKey, on: date, at: datetime) -> None:
    before = session.scalars(sa.select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1)).one_or_none()
    number, previous = (1, _GENESIS) if before is None else (before.number + 1, seal_of(before).digest)
    session.execute(sa.insert(AuditSealHead).from_select(["number", "subject", "sequence", "hash"], _grown(number)))
    chains, root = root_of(session, number)
    made = Seal(number, on, at, chains, root, previous, key.public)
    session.add(
        AuditSeal(
            number=number,
            sealed_on=on,
            at=at,
            chains=chains,
            root=root,
            previous=previous,
            public_key=key.public,
            signature=key.sign(made.document()),
            form=FORM,
        )
    )
    session.flush()


def _grown(number: int) -> sa.Select[Any]:
    """The last entry of every chain that has grown since it was sealed last."""
    head = (
        sa.select(AuditEntry.subject, AuditEntry.sequence, AuditEntry.hash)
        .ext(distinct_on(AuditEntry.subject))
        .order_by(AuditEntry.subject, AuditEntry.sequence.desc())
        .subquery()
    )
    sealed = (
        sa.select(sa.func.max(AuditSealHead.sequence))
        .where(AuditSealHead.subject == head.c.subject)
        .correlate(head)
        .scalar_subquery()
    )
    return sa.select(sa.literal(number), head.c.subject, head.c.sequence, head.c.hash).where(
        head.c.sequence > sa.func.coalesce(sealed, 0)
    )


def _write(file: Path, content: bytes) -> None:
    """Write *content* at once or not at all."""
    part = file.with_suffix(".part")
    with part.open("wb") as opened:
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())
    part.rename(file)
