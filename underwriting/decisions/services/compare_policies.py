"""Two policies over all stored applications with the inputs that are kept of them (rule D11).

1. The parent walks the applications by id and hands out ranges of them; a few are under way at a time, so that memory
   stays flat however many applications there are.
2. Each process reads its range's newest decisions, decrypts their facts and decides by both policies. Nothing that is
   read leaves it: what comes back are counts, and which applications change.
3. The parent adds up. Facts that have been erased are counted as such.
"""

import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from multiprocessing import get_context

import sqlalchemy as sa
from sqlalchemy.orm import Session

from underwriting.decisions import formats
from underwriting.decisions.comparison import Change, Tally
from underwriting.decisions.policy import Policy
from underwriting.decisions.services.record_decision import FACTS_CONTEXT
from underwriting.platform.encryption import DataErased
from underwriting.platform.progress import Progress, unheard
from underwriting.platform.runtime import Runtime

RANGE = 1_000
"""Applications that are read, and whose keys are asked for, at a time."""
_AT_ONCE_PER_PROCESS = 2
_ALL = uuid.UUID(int=0)

_STORED = sa.text("SELECT count(DISTINCT application_id) FROM decision")
_RANGE = sa.text("""
    SELECT max(id::text)::uuid AS last, count(*) AS applications FROM (
        SELECT DISTINCT application_id AS id FROM decision WHERE application_id > :after
        ORDER BY application_id LIMIT :most
    ) AS next
""")
_NEWEST = sa.text("""
    SELECT DISTINCT ON (application_id) application_id, facts_encrypted FROM decision
    WHERE application_id > :after AND application_id <= :last ORDER BY application_id, sequence DESC
""")
_SOME = sa.text("""
    SELECT DISTINCT ON (application_id) application_id, facts_encrypted FROM decision
    WHERE application_id IN (SELECT application_id FROM decision ORDER BY id DESC LIMIT :most)
    ORDER BY application_id, sequence DESC
""")

Told = Callable[[Change], object]
"""Is told every application that changes."""


@dataclass(frozen=True, slots=True)
class _Range:
    """The applications after one id up to and with another."""

    after: uuid.UUID
    last: uuid.UUID
    applications: int


def compare(
    runtime: Runtime, before: Policy, after: Policy, *, processes: int, tell: Told, progress: Progress = unheard
) -> Tally:
    """Count all stored applications under both policies; *tell* hears of each that changes, in no order.

    With one process the work is done here. With more they are forked, so that no key leaves memory on the way to them.
    """
    with runtime.database.transaction() as session:
        total = session.execute(_STORED).scalar_one()
    tally, done = Tally(), 0
    progress(0, total)
    for found, changes, count in _results(runtime, before, after, processes):
        tally.add(found)
        for change in changes:
            tell(change)
        done += count
        progress(done, total)
    return tally


def compare_newest(session: Session, runtime: Runtime, before: Policy, after: Policy, *, most: int) -> Tally:
    """The same for the newest *most* decisions alone: for a page that somebody waits for."""
    tally, _ = _counted(runtime, before, after, list(session.execute(_SOME, {"most": most})))
    return tally


_Result = tuple[Tally, list[Change], int]


def _results(runtime: Runtime, before: Policy, after: Policy, processes: int) -> Iterator[_Result]:
    if processes == 1:
        for one in _ranges(runtime):
            yield _compare_range(runtime, before, after, one)
        return
    with ProcessPoolExecutor(processes, get_context("fork"), _begin, (runtime, before, after)) as pool:
        under_way: set[Future[_Result]] = set()
        for one in _ranges(runtime):
            under_way.add(pool.submit(_work, one))
            if len(under_way) >= processes * _AT_ONCE_PER_PROCESS:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                yield from (each.result() for each in done)
        yield from (each.result() for each in under_way)


def _ranges(runtime: Runtime) -> Iterator[_Range]:
    after = _ALL
    while True:
        with runtime.database.transaction() as session:
            row = session.execute(_RANGE, {"after": after, "most": RANGE}).one()
        if not row.applications:
            return
        yield _Range(after, row.last, row.applications)
        after = row.last


_of_process: list[tuple[Runtime, Policy, Policy]] = []
"""What a forked process works with; it is empty in every other."""


def _begin(runtime: Runtime, before: Policy, after: Policy) -> None:
    """In a new process: let go of the parent's connections, which stay the parent's."""
    runtime.database.engine.dispose(close=False)
    _of_process.append((runtime, before, after))


def _work(one: _Range) -> _Result:
    runtime, before, after = _of_process[0]
    return _compare_range(runtime, before, after, one)


def _compare_range(runtime: Runtime, before: Policy, after: Policy, one: _Range) -> _Result:
    with runtime.database.transaction() as session:
        rows = list(session.execute(_NEWEST, {"after": one.after, "last": one.last}))
        tally, changes = _counted(runtime, before, after, rows)
    return tally, changes, one.applications


def _counted(
    runtime: Runtime, before: Policy, after: Policy, rows: list[sa.Row[tuple[uuid.UUID, bytes]]]
) -> tuple[Tally, list[Change]]:
    tally, changes = Tally(), []
    runtime.cipher.prepare(row.facts_encrypted for row in rows)
    for row in rows:
        try:
            text = runtime.cipher.decrypt(row.facts_encrypted, context=FACTS_CONTEXT)
        except DataErased:
            tally.erased += 1
            continue
        facts = formats.facts_from_json(text)
        change = tally.count(str(row.application_id), facts, before=before, after=after)
        if change is not None:
            changes.append(change)
    return tally, changes
