"""Watching other processes from a test: until when something holds, and whether a process is gone."""

import contextlib
import time
from collections.abc import Callable, Iterable
from pathlib import Path


def wait_until(condition: Callable[[], bool], *, within_seconds: float = 20) -> bool:
    """Whether *condition* came true in time."""
    deadline = time.monotonic() + within_seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def is_gone(number: int) -> bool:
    """Whether the process *number* runs no longer; a zombie that nobody has reaped yet does not run."""
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def all_gone(numbers: Iterable[int]) -> bool:
    """Whether none of the processes *numbers* runs any longer."""
    return all(is_gone(number) for number in numbers)


def children_of(number: int) -> list[int]:
    """The processes that the main thread of process *number* has started and that still run; none once it is gone."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return [int(each) for each in Path(f"/proc/{number}/task/{number}/children").read_text().split()]
    return []
