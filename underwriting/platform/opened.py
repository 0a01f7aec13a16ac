"""What is decrypted while somebody is answered: whose it is and which column it stood in, never what it says."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import NamedTuple


class Opened(NamedTuple):
    """A value that was decrypted: the *subject* of its key and its *context* (table and column)."""

    subject: str
    context: str


_OPENED: ContextVar[set[Opened] | None] = ContextVar("opened", default=None)


@contextmanager
def watched() -> Iterator[set[Opened]]:
    """The set into which everything goes that is decrypted in the block, by this thread."""
    found: set[Opened] = set()
    token = _OPENED.set(found)
    try:
        yield found
    finally:
        _OPENED.reset(token)


def note(subject: str, context: str) -> None:
    """A value was decrypted; told by the cipher alone."""
    found = _OPENED.get()
    if found is not None:
        found.add(Opened(subject, context))
