"""The SIE files of every closed month, written down and read again: their sums are the ledger's (rule F9)."""

import shlex
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import sqlalchemy as sa

from agreements.accounting.service import Accounting, file_name
from underwriting.kernel.money import Money
from underwriting.kernel.periods import Month
from underwriting.kernel.vocabulary import Account
from underwriting.platform.runtime import Runtime
from underwriting.platform.whole_files import whole_file

_STANDING = sa.text("""
    SELECT side.account, sum(side.ore)::bigint AS ore
    FROM ledger_line AS line
    CROSS JOIN LATERAL (VALUES (debit_account, amount_ore), (credit_account, -amount_ore)) AS side (account, ore)
    WHERE line.occurred_on < :end
    GROUP BY side.account
""")


def write_files(accounting: Accounting, folder: Path) -> tuple[Path, ...]:
    """The file of each closed month in *folder*, the oldest first. Raises FileNotWritten."""
    files = []
    for period in sorted(accounting.months(), key=lambda one: one.month):
        file = folder / file_name(period.month)
        with whole_file(file) as output:
            accounting.write(period.month, output, with_checksum=True)
        files.append(file)
    return tuple(files)


def sums_in(files: Iterable[Path]) -> Mapping[str, Money]:
    """What the transactions of all *files* come to on each account of the chart; accounts at zero are left out."""
    sums: dict[str, Money] = defaultdict(lambda: Money.ZERO)
    for file in files:
        for line in file.read_text("cp437").splitlines():
            if line.startswith("#TRANS"):
                _, account, _, amount, *_ = shlex.split(line)
                sums[account] += Money.kronor(amount)
    return {account: amount for account, amount in sums.items() if amount}


def sums_of_books(runtime: Runtime, accounting: Accounting, through: Month) -> Mapping[str, Money]:
    """What the ledger says stood on each account of the chart at the end of *through*."""
    numbers = {line.account: line.number for line in accounting.balance(through).lines}
    with runtime.database.transaction() as session:
        rows = session.execute(_STANDING, {"end": through.end})
        standing = [(Account(row.account), Money(row.ore)) for row in rows]
    sums: dict[str, Money] = defaultdict(lambda: Money.ZERO)
    for account, amount in standing:
        sums[numbers.get(account) or str(account)] += amount
    return {number: amount for number, amount in sums.items() if amount}
