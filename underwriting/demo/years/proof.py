"""Every invariant of the books, proven at the end of each simulated day while the next one is already being played.

The proof reads a snapshot, which stands still however long it takes; so it can be left to a thread of its own, whose
work is the database's, and the second processor has something to do.
"""

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date

import sqlalchemy as sa

from agreements.reconciliation.service import Finding, prove
from underwriting.platform.database import Database

_NEWEST = sa.text("""
    SELECT (SELECT id FROM ledger_entry ORDER BY id DESC LIMIT 1), (SELECT id FROM invoice ORDER BY id DESC LIMIT 1),
           (SELECT id FROM incoming_payment ORDER BY id DESC LIMIT 1),
           (SELECT id FROM agreement ORDER BY id DESC LIMIT 1),
           (SELECT count(*) FROM accounting_period)
""")


@dataclass
class Proofs:
    """Proves *database* by the day; *days* were proven, *faults* are what did not hold, each with its day."""

    database: Database
    days: int = 0
    unchanged: int = 0
    faults: list[str] = field(default_factory=list)
    _pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    _under_way: Future[None] | None = None
    _seen: tuple[object, ...] = ()

    def prove(self, on: date) -> None:
        """Begin to prove the books as they stand now; returns when the snapshot is taken.

        Where nothing was written since the last proof there is nothing that it could find.
        """
        with self.database.transaction() as session:
            newest = tuple(session.execute(_NEWEST).one())
        self.days += 1
        if newest == self._seen:
            self.unchanged += 1
            return
        self.finish()
        self._seen = newest
        taken = threading.Event()
        self._under_way = self._pool.submit(self._prove, on, taken)
        taken.wait()

    def finish(self) -> None:
        """Wait for the proof that is under way."""
        if self._under_way is not None:
            self._under_way.result()
            self._under_way = None

    def _prove(self, on: date, taken: threading.Event) -> None:
        def told(finding: Finding) -> None:
            taken.set()  # the first statement has taken the snapshot
            if not finding.holds:
                places = ", ".join(f"{one.agreement_id or one.entry_id} {one.what or ''}" for one in finding.first[:3])
                self.faults.append(f"{on}: {finding.invariant.name} is broken {finding.count} times: {places}")

        try:
            prove(self.database, told=told)
        finally:
            taken.set()
