"""Loading a sanctions list from a file (rule K1).

1. The file's hash is taken; a list that was loaded before changes nothing.
2. It is read as a stream into rows, in one transaction: a file that cannot be read to its end leaves nothing.
3. One that is older than the list in force is refused; what was added, changed and removed is counted.
"""

import hashlib
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import IO

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.due_diligence.formats import ListHead, SanctionsListInvalid, entry_to_json, read_list
from underwriting.due_diligence.models import SanctionsEntry, SanctionsList
from underwriting.due_diligence.rules import Entry, changes
from underwriting.kernel.errors import Conflict
from underwriting.kernel.text import Text
from underwriting.platform import audit_log
from underwriting.platform.database import lock_subject
from underwriting.platform.runtime import Runtime

_AT_ONCE = 1000
_CHUNK_BYTES = 1 << 20


class SanctionsListOlder(Conflict):
    """The list in force was generated later than this one. Rule K1."""

    slug = "sanctions-list-older"
    title = Text("En nyare sanktionslista är redan inläst", "A newer sanctions list has been loaded already")
    rule = "K1"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedList:
    """A list and what it changed; *is_new*: it was loaded by this call."""

    id: uuid.UUID
    sha256: str
    version: str
    generated_at: datetime
    loaded_at: datetime
    entries: int
    added: int
    changed: int
    removed: int
    is_new: bool


def load(runtime: Runtime, file: IO[bytes], *, actor: str, tell: Callable[[int], None]) -> LoadedList:
    """Load the list in *file*, which can be read twice; *tell* hears how many bytes have been read.

    Raises SanctionsListInvalid, SanctionsListOlder.
    """
    sha256 = _hash(file)
    with runtime.database.transaction() as session:
        lock_subject(session, "sanctions-list")
        known = session.scalar(sa.select(SanctionsList).where(SanctionsList.sha256 == sha256))
        if known is not None:
            return view_of(known, is_new=False)
        return view_of(_store(session, runtime, file, sha256, actor, tell), is_new=True)


def list_in_force(session: Session) -> SanctionsList | None:
    """The list that was loaded last, or None."""
    return session.scalar(sa.select(SanctionsList).order_by(SanctionsList.id.desc()).limit(1))


def view_of(row: SanctionsList, *, is_new: bool) -> LoadedList:
    """The list as it is told of."""
    return LoadedList(
        id=row.id,
        sha256=row.sha256.hex(),
        version=row.version,
        generated_at=row.generated_at,
        loaded_at=row.loaded_at,
        entries=row.entries,
        added=row.added,
        changed=row.changed,
        removed=row.removed,
        is_new=is_new,
    )


def _store(
    session: Session, runtime: Runtime, file: IO[bytes], sha256: bytes, actor: str, tell: Callable[[int], None]
) -> SanctionsList:
    previous = list_in_force(session)
    before = {} if previous is None else _hashes(session, previous.id)
    read = read_list(file)
    head = next(read, None)
    if not isinstance(head, ListHead):
        raise SanctionsListInvalid
    if previous is not None and head.generated_at < previous.generated_at:
        raise SanctionsListOlder
    contents: dict[str, str] = {}
    for entry in read:
        if isinstance(entry, Entry):
            if entry.reference in contents:
                raise SanctionsListInvalid(
                    Text(f"Post {entry.reference} står två gånger", f"Entry {entry.reference} stands twice")
                )
            contents[entry.reference] = entry_to_json(entry)
            tell(file.tell())
    after = {reference: hashlib.sha256(content.encode()).digest() for reference, content in contents.items()}
    added, changed, removed = changes(before, after)
    at = runtime.clock.now()
    row = SanctionsList(
        sha256=sha256,
        version=head.version,
        generated_at=head.generated_at,
        loaded_at=at,
        loaded_by=actor,
        entries=len(after),
        added=added,
        changed=changed,
        removed=removed,
    )
    session.add(row)
    session.flush()
    _write(session, row.id, contents, after)
    data = {"sha256": sha256.hex(), "entries": len(after), "added": added, "changed": changed, "removed": removed}
    audit_log.append(session, f"sanctions_list:{row.id}", "sanctions_list.loaded", actor=actor, at=at, data=data)
    return row


def _write(session: Session, list_id: uuid.UUID, contents: dict[str, str], hashes: dict[str, bytes]) -> None:
    rows = [
        {"list_id": list_id, "reference": reference, "content_sha256": hashes[reference], "content": content}
        for reference, content in contents.items()
    ]
    for start in range(0, len(rows), _AT_ONCE):
        session.execute(sa.insert(SanctionsEntry), rows[start : start + _AT_ONCE])


def _hashes(session: Session, list_id: uuid.UUID) -> dict[str, bytes]:
    columns = sa.select(SanctionsEntry.reference, SanctionsEntry.content_sha256)
    return {
        row.reference: row.content_sha256 for row in session.execute(columns.where(SanctionsEntry.list_id == list_id))
    }


def _hash(file: IO[bytes]) -> bytes:
    digest = hashlib.sha256()
    while chunk := file.read(_CHUNK_BYTES):
        digest.update(chunk)
    file.seek(0)
    return digest.digest()
