"""An access token, shared between threads: one of them fetches it while the others wait for the same outcome.

A token is used until shortly before it runs out by the machine's own monotonic clock, which nobody sets back.
"""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

_MARGIN_SECONDS = 60
_MARGIN_SHARE = 10  # of a short life, a tenth


@dataclass(frozen=True, slots=True)
class Grant:
    """A token as it was granted, good for *lasts_seconds*; *scopes* are None where the answer does not tell them."""

    token: str = field(repr=False)
    lasts_seconds: int
    scopes: frozenset[str] | None = None


class SharedToken:
    """The token of one client, fetched by *fetch* when needed; what *fetch* raises reaches everybody who waits."""

    def __init__(self, fetch: Callable[[], Grant], *, clock_seconds: Callable[[], float] = time.monotonic) -> None:
        self._fetch = fetch
        self._seconds = clock_seconds
        self._lock = threading.Lock()
        self._grant: Grant | None = None
        self._good_until = 0.0
        self._fetching: Future[Grant] | None = None

    def current(self) -> str:
        """A token that has not run out."""
        with self._lock:
            if self._grant is not None and self._seconds() < self._good_until:
                return self._grant.token
            mine, future = self._join()
        return (self._carry_out(future) if mine else future.result()).token

    def renewed(self, refused: str) -> str:
        """A newer token than the *refused* one; the one at hand where somebody else has fetched it since."""
        with self._lock:
            if self._grant is not None and self._grant.token != refused and self._seconds() < self._good_until:
                return self._grant.token
            self._grant = None
            mine, future = self._join()
        return (self._carry_out(future) if mine else future.result()).token

    def fetched(self) -> Grant:
        """A token fetched now, whatever is at hand."""
        with self._lock:
            mine, future = self._join()
        return self._carry_out(future) if mine else future.result()

    def _join(self) -> tuple[bool, Future[Grant]]:
        """Whether it is this thread that fetches, and what everybody waits for. The lock is held."""
        if self._fetching is not None:
            return False, self._fetching
        self._fetching = Future()
        return True, self._fetching

    def _carry_out(self, future: Future[Grant]) -> Grant:
        asked_at = self._seconds()
        try:
            grant = self._fetch()
        except BaseException as error:
            with self._lock:
                self._fetching = None
            future.set_exception(error)
            raise
        margin = min(_MARGIN_SECONDS, grant.lasts_seconds // _MARGIN_SHARE)
        with self._lock:
            self._grant, self._good_until = grant, asked_at + grant.lasts_seconds - margin
            self._fetching = None
        future.set_result(grant)
        return grant
