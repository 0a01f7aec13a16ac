"""Work on many things: of which one may be broken, or which are too many for one transaction."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import structlog
from sqlalchemy.orm import Session

from underwriting.platform.database import Database

_log = structlog.get_logger(__name__)
_Thing = TypeVar("_Thing")


def each_alone(things: Iterable[_Thing], work: Callable[[_Thing], object], *, named: Callable[[_Thing], object]) -> int:
    """For how many of *things* the *work* came to something; what fails with one is logged, and the others go on.

    *work* sees to it that what it did is undone when it fails: by a transaction of its own, or a savepoint. *named* is
    the thing's id in the log.
    """
    done = 0
    for thing in things:
        name = str(named(thing))
        try:
            done += bool(work(thing))
        except Exception:
            _log.exception("one_failed", id=name)
    return done


def until_none_is_left(database: Database, work: Callable[[Session], int]) -> int:
    """How many there were: *work* does some in a transaction each time and says how many, until it has done none."""
    total = 0
    while True:
        with database.transaction() as session:
            count = work(session)
        if not count:
            return total
        total += count
