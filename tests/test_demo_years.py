"""`borgen demo --years`, as small as it can be: two months of a few agreements, with every kind of paper written."""

from dataclasses import replace
from pathlib import Path

from underwriting.demo.years.accounts import sums_in
from underwriting.demo.years.perform import REPORT, Performed, perform_in
from underwriting.house import runtime_of
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.platform.database import Database
from underwriting.platform.settings import Settings
from underwriting.sandbox_environment import Addresses, sandbox_environment

NOWHERE = Addresses(9)
COUNT, MONTHS, SEED = 6, 2, 3


def test_two_months_are_lived_through_and_the_files_are_what_the_books_say(
    committed_database: Database, tmp_path: Path
) -> None:
    """X2, F6, F9: the books hold after each day, every krona of the bank is known, and SIE sums to the ledger."""
    said: list[Text] = []
    done = played(committed_database, tmp_path, said)
    assert done.faults == ()
    assert [file.name for file in done.sie_files] == ["borgen-2024-01.si", "borgen-2024-02.si"]
    sums = sums_in(done.sie_files)
    assert Money.sum(sums.values()) == Money.ZERO
    assert sums["1930"] < Money.ZERO < sums["1682"]  # more was lent than has come back
    page = (tmp_path / "out" / REPORT).read_text("utf-8")
    assert page.count('<svg class="plot"') == 3
    for title in ("Billed and paid by month", "Overdue at the end of the month, by age", "Principal at the end"):
        assert title in page
    assert [one.en for one in said][-1].startswith("2024-02: 6 agreements, ")


def played(database: Database, folder: Path, said: list[Text]) -> Performed:
    """The play in *database*."""
    environment = sandbox_environment(folder, NOWHERE, database_url=database.url)
    runtime = runtime_of(Settings.from_environment(environment))
    try:
        return perform_in(
            replace(runtime, database=database),
            months=MONTHS,
            count=COUNT,
            seed=SEED,
            folder=make(folder / "out"),
            language="en",
            say=said.append,
        )
    finally:
        runtime.database.dispose()


def make(folder: Path) -> Path:
    """*folder*, made."""
    folder.mkdir()
    return folder
