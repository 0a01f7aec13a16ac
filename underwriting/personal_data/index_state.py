"""How many blind indexes are of which version of their key."""

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.personal_data.index_columns import indexed_tables
from underwriting.platform.blind_index import begun_index_version, current_index_version


@dataclass(frozen=True, slots=True)
class IndexState:
    """*current* counts; a rotation to *begun* is under way. *columns*: how many are of which version; of 0 are those of
    nobody, which took the place of what was erased."""

    current: int
    begun: int | None
    given: frozenset[int]
    columns: Mapping[str, Mapping[int, int]]

    @property
    def needed(self) -> frozenset[int]:
        """The current version, the one to come, and those of which indexes are left."""
        kept = frozenset(version for by in self.columns.values() for version in by if version)
        return kept | {self.current} | ({self.begun} if self.begun else frozenset())

    @property
    def missing(self) -> frozenset[int]:
        """The versions that are needed and not given."""
        return self.needed - self.given

    @property
    def may_go(self) -> frozenset[int]:
        """The given versions that are older than what counts and that nothing needs."""
        return frozenset(version for version in self.given - self.needed if version < self.current)


def state(session: Session, given: frozenset[int]) -> IndexState:
    """How everything stands now. Reads every table with an index."""
    columns = {}
    for table in indexed_tables():
        for column in table.columns:
            query = (
                f"SELECT index_version_of({column}) AS version, count({column}) FROM {table.name} GROUP BY 1 ORDER BY 1"
            )
            found = {row[0]: int(row[1]) for row in session.execute(sa.text(query)) if row[0] is not None}
            if found:
                columns[f"{table.name}.{column}"] = found
    return IndexState(current_index_version(session), begun_index_version(session), given, columns)
