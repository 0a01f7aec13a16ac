"""The only place where the time is read. Rules take an instant or a day as an argument."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the present instant, aware and in UTC."""

    def now(self) -> datetime:
        """The present instant."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The present instant by the machine's clock."""
        return datetime.now(UTC)


@dataclass
class FixedClock:
    """A clock that stands still until it is moved; for tests."""

    at: datetime

    def __post_init__(self) -> None:
        self.move_to(self.at)

    def now(self) -> datetime:
        """The instant at which the clock stands, in UTC."""
        return self.at

    def move_to(self, at: datetime) -> None:
        """Put the clock at *at* (aware; a naive instant raises ValueError)."""
        if at.utcoffset() is None:
            raise ValueError("an instant is aware")
        self.at = at.astimezone(UTC)


@dataclass(frozen=True)
class TestTime:
    """The sandbox's clock (rule X1): an instant that every process reads from one place, or the machine's clock.

    *read* gives the instant at which test time stands, or None when no test time is set.
    """

    __test__ = False  # pytest: not a test case
    read: Callable[[], datetime | None]

    def now(self) -> datetime:
        """Test time where it is set, else the machine's clock."""
        return self.read() or datetime.now(UTC)
