"""One personal guarantee, from values to the sealed PDF with its evidence: at most 150 ms of processor time.

    python -m tests.benchmarks.bench_documents [--runs 100]

Each run is another guarantee (name, number, cap), so that nothing is left from the one before but fonts, layout and
key, which a process reads once. The evidence is as large as BankID's. What is printed beside is what its parts
take, and an agreement. Processor time is that of every thread. Ends with status 1 when the limit is missed.
"""

import argparse
import hashlib
import random
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import process_time

from agreements.documents.rules import DocumentKind, words
from agreements.documents.sandbox import seal_key
from agreements.documents.seal_check import Trusted, verify
from agreements.documents.sealing import Attachment, load_key, seal
from agreements.documents.typesetting import typeset
from tests.support.documents import GRANTED_AT, VALUES
from underwriting.kernel.clock import SystemClock
from underwriting.kernel.money import Money

MOST_MS = 150.0
RUNS, WARM_UP = 100, 3
_CHANCE = random.Random(6)
EVIDENCE = (
    Attachment("underskrift-1.xml", "application/xml", "Underskrift 1", GRANTED_AT, _CHANCE.randbytes(12_000)),
    Attachment("underskrift-1.ocsp", "application/ocsp-response", "Status 1", GRANTED_AT, _CHANCE.randbytes(3_000)),
)


def main() -> int:
    """Print the figures; 1 when the limit is missed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=RUNS)
    runs = parser.parse_args().runs
    with tempfile.TemporaryDirectory() as folder:
        files = seal_key.make(Path(folder), lender="Exempelkredit AB")
        key, trusted = load_key(files.key, files.certificate), Trusted(files.certificate.read_bytes())

        def sealed(number: int) -> bytes:
            return seal(document(DocumentKind.GUARANTEE, number), EVIDENCE, key=key)

        made, content = sealed(0), document(DocumentKind.GUARANTEE, 0)
        sha256 = hashlib.sha256(content).digest()
        median, worst = measured(sealed, runs)
        say(f"guarantee typeset and sealed: {median:.1f} ms of processor, at most {worst:.1f} (limit {MOST_MS:.0f})")
        for name, work in (
            ("guarantee typeset", lambda number: document(DocumentKind.GUARANTEE, number)),
            ("agreement typeset", lambda number: document(DocumentKind.AGREEMENT, number)),
            ("sealed", lambda _: seal(content, EVIDENCE, key=key)),
            ("seal verified", lambda _: verify(made, signed_sha256=sha256, trusted=trusted, at=SystemClock().now())),
        ):
            say(f"{name}: {measured(work, runs)[0]:.1f} ms")
        say(f"bytes: {len(content):,} signed, {len(made):,} sealed")
    return int(median > MOST_MS)


def say(line: str) -> None:
    """One line of the result."""
    sys.stdout.write(f"{line}\n")


def document(kind: DocumentKind, number: int) -> bytes:
    """The PDF of one of many."""
    changes = {"company": f"Bolaget {number} AB", "number": 100_001 + number, "cap": Money.kronor(300_000 + number)}
    return typeset(words(kind, "sv", **(VALUES[kind] | changes)), at=GRANTED_AT)


def measured(work: Callable[[int], object], runs: int) -> tuple[float, float]:
    """The median and the most of *runs*, in milliseconds of processor time."""
    taken = []
    for number in range(runs + WARM_UP):
        started = process_time()
        work(number)
        taken.append((process_time() - started) * 1000)
    return statistics.median(taken[WARM_UP:]), max(taken[WARM_UP:])


if __name__ == "__main__":
    sys.exit(main())
