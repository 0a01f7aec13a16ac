"""A process that asks two bureaus about a few applications, to be killed while it does.

python -m tests.support.bureau_asker DATABASE_URL FIRST_URL SECOND_URL START MINUTES

*START* is the number of its first application. The machine's clock is put *MINUTES* ahead, so that what dead processes
leave behind has run out.
"""

import sys
import tempfile
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from bureau_clients.budgets import Prices
from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.gateway import Gateway
from bureau_clients.questions import Subject
from tests.support.bureau import Exchangeable
from tests.support.environment import complete_environment
from tests.wire.creditsafe.conftest import settings_for
from tests.wire.gateway.subjects import AB_THAT_TIMES_OUT, company, person
from underwriting.kernel.clock import SystemClock
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.bureau_settings import TariffSettings
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import Database
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings

APPLICATIONS = 4
PRICE = Money.kronor(30)
_TARIFF = TariffSettings(
    company=PRICE, sole_trader=PRICE, person=PRICE, status=PRICE, day_budget=Money.kronor(1_000_000)
)
_PRICES = Prices(tariffs={"first": _TARIFF, "second": _TARIFF}, application_budget=Money.kronor(10_000))


@dataclass(frozen=True)
class Ahead:
    """The machine's clock, put ahead."""

    by: timedelta

    def now(self) -> datetime:
        return SystemClock().now() + self.by


def application_of(number: int) -> uuid.UUID:
    """The id of one of the applications."""
    return uuid.UUID(int=number + 1)


def subjects_of(number: int) -> list[Subject]:
    """Two guarantors and a company: mostly an HB, of whose report a copy is sent; every third time an AB that hangs."""
    borrower = AB_THAT_TIMES_OUT if number % 3 == 2 else company("9699990009", CompanyForm.HB)
    return [borrower, person(), person("197701112380")]


def gateway_on(database: Database, first: str, second: str, *, minutes: int) -> Gateway:
    """The gateway of a process that has just started."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_environment(complete_environment(Path(folder)))
    cipher = cipher_of(settings, database)
    runtime = Runtime(settings, database, SystemClock(), cipher, wall=Ahead(timedelta(minutes=minutes)))
    bureaus = [
        Exchangeable(Creditsafe(settings_for(url, status_block="BORGEN_C_BASIC")), name=name)
        for name, url in (("first", first), ("second", second))
    ]
    return Gateway(runtime, bureaus, prices=_PRICES)


def main(database_url: str, first: str, second: str, start: str, minutes: str) -> None:
    """Ask, one application after the other."""
    gateway = gateway_on(Database(database_url), first, second, minutes=int(minutes))
    sys.stdout.write("begins\n")
    sys.stdout.flush()
    for number in range(max(0, int(start) - APPLICATIONS), int(start) + APPLICATIONS):
        gateway.retrieve(application_of(number), subjects_of(number))


if __name__ == "__main__":
    main(*sys.argv[1:])
