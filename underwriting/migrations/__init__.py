"""The database's history, forward and back."""

from importlib import resources

from alembic import command
from alembic.config import Config


def upgrade(url: str, *, to: str = "head") -> None:
    """Bring the database at *url* to revision *to*; the role in *url* owns the tables."""
    command.upgrade(_config(url), to)


def downgrade(url: str, *, to: str = "base") -> None:
    """Take the database at *url* back to revision *to*."""
    command.downgrade(_config(url), to)


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files(__package__)))
    config.attributes["url"] = url
    return config
