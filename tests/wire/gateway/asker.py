"""A process of its own that asks about one subject, to be killed while it does.

python -m tests.wire.gateway.asker DATABASE_URL CREDITSAFE_URL NUMBER
"""

import sys
import tempfile
from pathlib import Path

from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.gateway import Gateway
from tests.support.environment import complete_environment
from tests.wire.creditsafe.conftest import settings_for
from tests.wire.gateway.subjects import APPLICATION, company, person
from underwriting.kernel.clock import SystemClock
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import Database
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings


def main(database_url: str, creditsafe_url: str, number: str) -> None:
    """Ask, with all the patience that the kill leaves."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_environment(complete_environment(Path(folder)))
    database = Database(database_url)
    runtime = Runtime(settings, database, SystemClock(), cipher_of(settings, database))
    bureau = Creditsafe(settings_for(creditsafe_url, read_timeout_seconds=60.0))
    Gateway(runtime, [bureau]).retrieve(APPLICATION, [person(number) if len(number) == 12 else company(number)])


if __name__ == "__main__":
    main(*sys.argv[1:])
