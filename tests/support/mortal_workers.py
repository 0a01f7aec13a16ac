"""Workers that collect signatures, pay and read the bank's answers until they are killed.

python -m tests.support.mortal_workers PARTIES, a JSON object of where the database and the outside parties are

Each line of standard input is `MILLISECONDS INSTANT`: a worker is forked, at that instant, and killed after so long, or
is let run until nothing is left to do where MILLISECONDS is negative. Each is answered by a line with how it ended.
One warm process forks them all, so that a worker is at work from its first millisecond.
"""

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from agreements.payouts.client import BankClient
from agreements.payouts.formats import Debtor
from agreements.payouts.service import Payouts
from agreements.payouts.services.write_file import FileTerms
from agreements.signing.certificate_path import read_roots
from agreements.signing.client import BankIdClient
from agreements.signing.service import Handler, Signings
from tests.support.credit import NoReports
from tests.support.environment import complete_environment
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.vocabulary import SigningPurpose
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import Database
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings

_LAST_ROUNDS = 3


def main(parties: Mapping[str, str]) -> None:
    """Fork, kill, tell."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings.from_environment(complete_environment(Path(folder)))
    for line in sys.stdin:
        milliseconds, instant = line.split()
        worker = os.fork()
        if worker == 0:
            _work(settings, parties, FixedClock(datetime.fromisoformat(instant)), for_ever=int(milliseconds) >= 0)
            os._exit(0)
        if int(milliseconds) >= 0:
            time.sleep(int(milliseconds) / 1000)
            os.kill(worker, signal.SIGKILL)
        _, status = os.waitpid(worker, 0)
        sys.stdout.write(f"{status}\n")
        sys.stdout.flush()


def _work(settings: Settings, parties: Mapping[str, str], clock: FixedClock, *, for_ever: bool) -> None:
    database = Database(parties["database"])
    runtime = Runtime(settings, database, clock, cipher_of(settings, database), wall=clock)
    bankid = BankIdClient(
        parties["bankid"],
        certificate=Path(parties["certificate"]),
        key=Path(parties["key"]),
        ca=Path(parties["ca"]),
    )
    handlers: dict[SigningPurpose, Handler] = {}
    signings = Signings(runtime, bankid, handlers, read_roots(Path(parties["roots"])))
    lender = settings.lender
    terms = FileTerms(Debtor(lender.name, lender.organisation_number, lender.iban, lender.bic))
    payouts = Payouts(runtime, BankClient(parties["bank"], parties["token"]), NoReports(), terms)
    handlers |= dict.fromkeys((SigningPurpose.AGREEMENT, SigningPurpose.GUARANTEE), payouts.signature_received)
    rounds = 0
    while for_ever or rounds < _LAST_ROUNDS:
        rounds += 1
        signings.collect_due()
        payouts.send_due()
        payouts.reconcile_due()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
