"""Two or more who act at the same moment, in threads of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from underwriting.kernel.errors import Refusal


def at_once(*works: Callable[[], object]) -> list[object]:
    """What each of *works* gave, or the refusal it raised, all begun at the same moment."""
    barrier = Barrier(len(works))

    def begin(work: Callable[[], object]) -> object:
        barrier.wait(timeout=10)
        try:
            return work()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begin, works))
