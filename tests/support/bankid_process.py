"""BankID's stand-in in a process of its own, so that it takes no time from whoever asks it; it counts the questions.

    python -m tests.support.bankid_process FOLDER

Its certificates are made in FOLDER. Prints its port, answers until its standard input ends, and then prints, as JSON,
at which seconds of the machine's clock (monotonic) it was asked about each order.
"""

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from flask import request

from agreements.signing.sandbox import pki
from agreements.signing.sandbox.bankid import PATH
from agreements.signing.sandbox.stand_in import make_bankid, make_relying_party_server
from tests.support.serving import serving
from underwriting.kernel.clock import SystemClock


@dataclass
class CountedBankId:
    """Where the process answers; *asked* is filled when it has ended."""

    settings: dict[str, str]
    pid: int
    asked: dict[str, Sequence[float]] = field(default_factory=dict)


@contextmanager
def counted_bankid(folder: Path) -> Iterator[CountedBankId]:
    """The stand-in, whose orders wait for an hour, for the length of the block."""
    certificates = pki.make(folder)
    process = subprocess.Popen(
        [sys.executable, "-m", __name__, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    settings = {
        "BANKID_URL": f"https://127.0.0.1:{int(process.stdout.readline())}{PATH}",
        "BANKID_CERTIFICATE": str(certificates.client_certificate),
        "BANKID_KEY": str(certificates.client_key),
        "BANKID_CA": str(certificates.ca),
        "BANKID_ROOTS": str(certificates.root),
    }
    found = CountedBankId(settings, process.pid)
    try:
        yield found
    finally:
        counted, _ = process.communicate(timeout=30)
        found.asked |= json.loads(counted)


def main(folder: Path) -> None:
    """Answer until standard input ends."""
    asked: dict[str, list[float]] = defaultdict(list)
    stand_in = make_bankid(folder, now=SystemClock().now, start_within=timedelta(hours=1))

    @stand_in.relying_party.before_request
    def note() -> None:
        if request.path.endswith("/collect"):
            asked[request.get_json()["orderRef"]].append(time.monotonic())

    server = make_relying_party_server(stand_in)
    with serving(server):
        sys.stdout.write(f"{server.port}\n")
        sys.stdout.flush()
        sys.stdin.read()
    sys.stdout.write(json.dumps(asked))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
