"""A worker of its own that sends what is ordered and is killed at the bank's door.

python -m tests.support.payer DATABASE_URL BANK_URL BANK_TOKEN before|after INSTANT
"""

import os
import signal
import sys
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from agreements.payouts.answers import PayoutAnswer
from agreements.payouts.client import Bank, BankClient
from agreements.payouts.formats import Debtor
from agreements.payouts.service import Payouts
from agreements.payouts.services.write_file import FileTerms
from tests.support.credit import NoReports
from tests.support.environment import complete_environment
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.identifiers import Bankgiro
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import Database
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings


@dataclass(frozen=True)
class Deadly(Bank):
    """The real client, whose process is killed *moment* the bank has the file."""

    bank: Bank
    moment: str

    def send(self, file: bytes, *, message_id: str) -> None:
        if self.moment == "after":
            self.bank.send(file, message_id=message_id)
        os.kill(os.getpid(), signal.SIGKILL)

    def answer(self, end_to_end_id: str) -> PayoutAnswer | None:
        return self.bank.answer(end_to_end_id)

    def holder_of(self, account: Bankgiro) -> str | None:
        return self.bank.holder_of(account)

    def incoming_files(self, after: str | None) -> list[tuple[str, bytes]]:
        return self.bank.incoming_files(after)


def main(database_url: str, bank_url: str, token: str, moment: str, instant: str) -> None:
    """Send what is due at *instant*, and die."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_environment(complete_environment(Path(folder)))
    database = Database(database_url)
    clock = FixedClock(datetime.fromisoformat(instant))
    runtime = Runtime(settings, database, clock, cipher_of(settings, database), wall=clock)
    lender = settings.lender
    terms = FileTerms(Debtor(lender.name, lender.organisation_number, lender.iban, lender.bic))
    Payouts(runtime, Deadly(BankClient(bank_url, token), moment), NoReports(), terms).send_due()


if __name__ == "__main__":
    main(*sys.argv[1:])
