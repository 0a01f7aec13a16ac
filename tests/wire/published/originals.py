"""Where the bureaus' own files stand: beside the checkout. Without them nothing is proved, and that is said loudly."""

from pathlib import Path

import pytest

BUREAUS = Path(__file__).parents[4] / "shared" / "bureaus"


def original(name: str) -> Path:
    """The published file *name*; the test is skipped, and says so, where it is not there."""
    path = BUREAUS / name
    if not path.exists():
        pytest.skip(f"NOT PROVED: {path} is not there, so nothing was held against what the bureau published")
    return path
