"""Test time (rule X1): one row that every process reads; only where every outside party is a stand-in on loopback."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from underwriting.kernel.clock import Clock, SystemClock, TestTime
from underwriting.kernel.errors import Conflict, InvalidInput, NotPermitted
from underwriting.kernel.text import Text
from underwriting.platform.database import Database
from underwriting.platform.models import TestClockRow
from underwriting.platform.settings import Settings

EARLIEST, END = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
LONGEST_MOVE = timedelta(days=5 * 366)  # every day on the way is lived through: the longest loan lasts three years


class TestTimeForbidden(NotPermitted):
    """Test time is for the sandbox only. Rule X1."""

    __test__ = False
    slug = "test-time-forbidden"
    title = Text("Testtid finns bara i sandlådan", "Test time exists in the sandbox only")
    rule = "X1"


class TestTimeBackwards(Conflict):
    """Test time only moves forward. Rule X1."""

    __test__ = False
    slug = "test-time-backwards"
    title = Text("Testtiden kan bara flyttas framåt", "Test time can only be moved forward")
    rule = "X1"


class TestTimeOutOfReach(InvalidInput):
    """Test time stands in this century, and is moved by five years at most at once. Rule X1."""

    __test__ = False
    slug = "test-time-out-of-reach"
    title = Text(
        "Testtiden kan stå mellan 2000 och 2099 och flyttas högst fem år i taget",
        "Test time can stand from 2000 to 2099 and be moved by five years at most at once",
    )
    rule = "X1"


def clock_of(settings: Settings, database: Database) -> Clock:
    """The clock of this process: test time in the sandbox, the machine's clock elsewhere."""
    return TestTime(lambda: current(database)) if settings.sandbox else SystemClock()


def current(database: Database) -> datetime | None:
    """The instant at which test time stands, or None when the machine's clock is used."""
    with database.transaction() as session:
        return session.scalar(sa.select(TestClockRow.at))


def require_within_reach(before: datetime, at: datetime) -> None:
    """Raise TestTimeOutOfReach where test time cannot be moved from *before* to *at*."""
    if not EARLIEST <= at < END or at - before > LONGEST_MOVE:
        raise TestTimeOutOfReach


def put(settings: Settings, database: Database, at: datetime) -> None:
    """Let test time stand at *at*, which is not earlier than it stands already. The due jobs are run by the caller."""
    if not settings.sandbox:
        raise TestTimeForbidden
    forward = insert(TestClockRow).values(id=1, at=at)
    forward = forward.on_conflict_do_update(index_elements=["id"], set_={"at": at}, where=TestClockRow.at <= at)
    with database.transaction() as session:
        if session.scalar(forward.returning(TestClockRow.id)) is None:
            raise TestTimeBackwards


def release(settings: Settings, database: Database) -> None:
    """Go back to the machine's clock."""
    if not settings.sandbox:
        raise TestTimeForbidden
    with database.transaction() as session:
        session.execute(sa.delete(TestClockRow))
