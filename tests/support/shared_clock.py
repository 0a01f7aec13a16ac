"""A clock of several processes: the machine's, put forward by as much as a file says that all of them have open."""

import mmap
from datetime import datetime, timedelta
from pathlib import Path

from underwriting.kernel.clock import FixedClock, SystemClock

_BYTES = 8
_MICROSECOND = timedelta(microseconds=1)


class SharedClock(FixedClock):
    """Runs on by itself from where whoever has the file last put it; the file at *path* is made when it is missing."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(bytes(_BYTES))
        with path.open("r+b") as file:
            self._ahead = mmap.mmap(file.fileno(), _BYTES)

    def __repr__(self) -> str:
        return f"SharedClock({self.now().isoformat()})"

    def now(self) -> datetime:
        """The instant that every process reads."""
        ahead = int.from_bytes(self._ahead[:_BYTES], "little", signed=True)
        return SystemClock().now() + ahead * _MICROSECOND

    def move_to(self, at: datetime) -> None:
        """Put it at the instant *at*, in every process."""
        ahead = (at - SystemClock().now()) // _MICROSECOND
        self._ahead[:_BYTES] = ahead.to_bytes(_BYTES, "little", signed=True)

    def put_forward(self, **length: float) -> None:
        """Let so much time have passed."""
        self.move_to(self.now() + timedelta(**length))
