"""Data keys in memory, for what needs a cipher and no database."""

import uuid
from collections.abc import Iterable

from underwriting.platform.encryption import CiphertextInvalid, DataErased, DataKey, new_key


class MemoryKeys:
    """One key per subject; those of *destroyed* subjects open nothing."""

    def __init__(self) -> None:
        self.by_subject: dict[str, DataKey] = {}
        self.destroyed: set[str] = set()

    def current(self, subject: str) -> DataKey:
        key = self.by_subject.setdefault(subject, DataKey(uuid.uuid4(), subject, new_key()))
        return self._alive(key)

    def begin(self, kind: str) -> uuid.UUID:
        own = uuid.uuid4()
        self.current(f"{kind}:{own}")
        return own

    def find(self, key_id: uuid.UUID) -> DataKey:
        for key in self.by_subject.values():
            if key.id == key_id:
                return self._alive(key)
        raise CiphertextInvalid("there is no such data key")

    def prepare(self, key_ids: Iterable[uuid.UUID]) -> None:
        """Everything is at hand."""

    def _alive(self, key: DataKey) -> DataKey:
        if key.subject in self.destroyed:
            raise DataErased
        return key
