"""How far a long piece of work has come: told by whoever does it, shown by whoever waits."""

from collections.abc import Callable

Progress = Callable[[int, int | None], None]
"""Is told how much is done, and of how much where that is known. It may raise, to stop work that is no longer wanted:
it is called between two transactions, never inside one."""


def unheard(_done: int, _total: int | None = None) -> None:
    """The progress of work that nobody waits for."""
