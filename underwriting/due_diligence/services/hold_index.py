"""The list in force in the memory of a process: read once, held until another list is in force."""

import threading
import uuid

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.due_diligence.formats import entry_from_json
from underwriting.due_diligence.likeness import NameIndex
from underwriting.due_diligence.models import SanctionsEntry

_lock = threading.Lock()
_held: dict[uuid.UUID, NameIndex] = {}


def index_of(session: Session, list_id: uuid.UUID) -> NameIndex:
    """The names of the list; a list never changes, so that what is held is what stands in the database."""
    with _lock:
        index = _held.get(list_id)
    if index is not None:
        return index
    query = sa.select(SanctionsEntry.content).where(SanctionsEntry.list_id == list_id)
    index = NameIndex(map(entry_from_json, session.scalars(query.order_by(SanctionsEntry.reference))))
    with _lock:
        _held.clear()
        _held[list_id] = index
    return index
