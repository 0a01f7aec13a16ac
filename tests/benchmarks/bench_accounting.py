"""A month closed and exported, with a voucher for each day and kind and with one for each entry.

    python -m tests.benchmarks.bench_accounting [--count 50000]

On an embedded PostgreSQL, *count* agreements half a year old, with two entries or three each month. Ends with status 1
when the memory of the process grows by more than 64 MiB while it closes a month and exports one voucher for each entry:
a file is never held as a whole.
"""

import argparse
import io
import resource
import shutil
import sys
import tempfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter

from agreements.accounting.service import Accounting
from agreements.billing.models import FeeRun
from tests.support import portfolio
from tests.support.environment import complete_environment
from tests.support.postgres import url_of
from underwriting import migrations
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import VoucherScope
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import Database
from underwriting.platform.embedded_postgres import EmbeddedPostgres
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings

MOST_GROWTH_MIB = 64
AT = datetime(2026, 9, 1, 18, tzinfo=UTC)
MONTHS = {Month(2026, 2): VoucherScope.DAY, Month(2026, 3): VoucherScope.ENTRY}


class Measured(io.RawIOBase):
    """Somewhere to write to that keeps nothing."""

    length = 0

    def write(self, content: object) -> int:
        """Count *content*."""
        size = memoryview(content).nbytes  # type: ignore[arg-type]
        self.length += size
        return size


def main() -> int:
    """Print the figures; 1 when the limit is missed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=50_000)
    count = parser.parse_args().count
    home = Path(tempfile.mkdtemp(prefix="borgen-bench-"))
    postgres = EmbeddedPostgres(home)
    try:
        with postgres:
            growth = measure(postgres.url(), home, count)
        postgres.destroy()
    finally:
        shutil.rmtree(home)
    say(f"memory while exporting            {growth:.0f} MiB more  (limit: {MOST_GROWTH_MIB})")
    return int(growth > MOST_GROWTH_MIB)


def measure(server_url: str, home: Path, count: int) -> float:
    """Close and export two months; by how many MiB the process grew while it closed and exported the second."""
    url = url_of(server_url, "postgres")
    migrations.upgrade(url)
    portfolio.make(url, count=count)
    settings = Settings.from_environment(complete_environment(home))
    database = Database(url)
    with database.transaction() as session:
        for month in MONTHS:
            session.add(FeeRun(month=month.first_day, started_at=AT, finished_at=AT, charged_count=0, charged_ore=0))
    growth = 0.0
    for month, vouchers in MONTHS.items():
        own = replace(settings, accounting=replace(settings.accounting, vouchers=vouchers))
        accounting = Accounting(Runtime(own, database, FixedClock(AT), cipher_of(own, database)))
        before = memory_mib()
        started = perf_counter()
        entries = accounting.close(month, actor="bench").entry_count
        closed = perf_counter()
        output = Measured()
        accounting.write(month, output, with_checksum=True)  # type: ignore[arg-type]
        exported = perf_counter()
        growth = memory_mib() - before
        say(
            f"{month} by {vouchers:<6} {entries} entries, closed in {closed - started:.1f} s,"
            f" exported in {exported - closed:.1f} s: {output.length / 2**20:.1f} MiB"
        )
    database.dispose()
    return growth


def memory_mib() -> float:
    """The most that this process has had resident."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def say(line: str) -> None:
    """One line of the result."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
