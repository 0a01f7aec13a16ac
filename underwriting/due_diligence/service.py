"""The use cases of sanctions lists and of what they found (rules K1, D10, D16): each opens one transaction."""

import uuid
from dataclasses import dataclass
from typing import IO

from underwriting.due_diligence.services import load_list, read_lists, settle_match
from underwriting.due_diligence.services.load_list import LoadedList
from underwriting.due_diligence.services.read_lists import ListView
from underwriting.due_diligence.services.settle_match import MatchView
from underwriting.kernel.vocabulary import CASE_READERS, Role
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True)
class SanctionsDesk:
    """What staff do with lists and matches; every method raises LoginRequired or RoleMissing."""

    runtime: Runtime

    def lists(self, caller: Caller) -> tuple[ListView, ...]:
        """The lists that were loaded, the newest first: it is in force."""
        caller.require(*CASE_READERS)
        with self.runtime.database.transaction() as session:
            return read_lists.newest_lists(session)

    def load(self, file: IO[bytes], caller: Caller) -> LoadedList:
        """Load the list in *file*, for administrators. Raises SanctionsListInvalid, SanctionsListOlder."""
        caller.require(Role.ADMINISTRATOR)
        return load_list.load(self.runtime, file, actor=caller.actor, tell=lambda _: None)

    def waiting(self, caller: Caller) -> tuple[MatchView, ...]:
        """The matches that wait for a person, the oldest first."""
        with self.runtime.database.transaction() as session:
            return settle_match.unsettled(session, self.runtime, caller)

    def settled(self, caller: Caller) -> tuple[MatchView, ...]:
        """The matches that were settled last, the newest first."""
        with self.runtime.database.transaction() as session:
            return settle_match.settled(session, self.runtime, caller)

    def of_application(self, application_id: uuid.UUID, caller: Caller) -> tuple[MatchView, ...]:
        """Every match of an application, the newest first."""
        with self.runtime.database.transaction() as session:
            return settle_match.matches_of(session, self.runtime, application_id, caller)

    def match(self, match_id: uuid.UUID, caller: Caller) -> MatchView:
        """One match. Raises NotFound."""
        with self.runtime.database.transaction() as session:
            return settle_match.find(session, self.runtime, match_id, caller)

    def clear(self, match_id: uuid.UUID, note: str, caller: Caller) -> MatchView:
        """The party is somebody else; of a strong match two persons say so.

        Raises NotFound, MatchSettled, NoteMissing, ClearingOnesOwn.
        """
        with self.runtime.database.transaction() as session:
            return settle_match.clear(session, self.runtime, match_id, note, caller, at=self.runtime.clock.now())

    def confirm(self, match_id: uuid.UUID, note: str, caller: Caller) -> MatchView:
        """The party is the one on the list. Raises as `clear`."""
        with self.runtime.database.transaction() as session:
            return settle_match.confirm(session, self.runtime, match_id, note, caller, at=self.runtime.clock.now())
