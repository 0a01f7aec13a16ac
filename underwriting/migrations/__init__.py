"""The database's history, forward and back.

Alembic is imported where it is used: the web service asks for the revisions alone, and starts a second earlier.
"""

import re
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from alembic.config import Config

_FILE = re.compile(r"([0-9]{4})_\w+\.py")


def upgrade(url: str, *, to: str = "head") -> None:
    """Bring the database at *url* to revision *to*; the role in *url* owns the tables."""
    from alembic import command

    command.upgrade(_config(url), to)


def downgrade(url: str, *, to: str = "base") -> None:
    """Take the database at *url* back to revision *to*."""
    from alembic import command

    command.downgrade(_config(url), to)


@cache
def revisions() -> tuple[str, ...]:
    """Every revision that this program knows, the newest last: by the names of their files, which begin with them."""
    files = (resources.files(__package__) / "versions").iterdir()
    return tuple(sorted(found[1] for file in files if (found := _FILE.fullmatch(file.name))))


def serves(revision: str) -> bool:
    """Whether this program can work on tables of *revision*: its own newest, or a later one, which it does not know.

    A later program only adds to the tables while an earlier one may still run (docs/operating.md, upgrading).
    """
    return revision not in revisions()[:-1]


def _config(url: str) -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(resources.files(__package__)))
    config.attributes["url"] = url
    return config
