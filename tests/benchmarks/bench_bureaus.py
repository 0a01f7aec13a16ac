"""How long bureaus that take 1 s are waited for: by one application, by two hundred, and when one of them hangs.

    python -m tests.benchmarks.bench_bureaus [--url DATABASE_URL] [--applications 200] [--workers 32] [--processes 2]

1. Three reports of one application at the same time: at most 1.15 s (rule B2).
2. Applications with three subjects each, by workers in the threads of as many processes as there are cores: nobody is
   asked about twice, and all of it takes at most 1.2 of the ideal, which is one second for each round of workers.
3. Limited companies while the first bureau hangs: each waits for it at most its time-out, and after the first ones
   nobody does, since its breaker is open.
The stand-ins run in a process of their own and are asked over their real wire; they count what they are asked. Without
an address a disposable PostgreSQL is started. Ends with status 1 when a limit is missed.
"""

import argparse
import math
import multiprocessing
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier
from pathlib import Path

import requests
from stdnum import luhn

from bureau_clients.gateway import Gateway
from bureau_clients.limits import BreakerPolicy
from bureau_clients.questions import Outcome, Subject
from tests.support import postgres
from tests.support.bureaus_process import Bureaus, bureaus
from tests.support.environment import complete_environment
from tests.wire.gateway.subjects import company, person
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.data_keys import cipher_of
from underwriting.platform.database import Database
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings

ANSWER_SECONDS = 1.0
PAIRS, MOST_OF_THREE = 3, 1.15
MOST_OF_IDEAL = 1.2
TIMEOUT_SECONDS, MOST_ADDED = 3.0, 0.3
PATIENCE_SECONDS = 30.0


def main() -> int:
    """Measure and print; 1 when a limit is missed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--url", help="of a migrated database")
    parser.add_argument("--applications", type=int, default=200)
    parser.add_argument("--workers", type=int, default=32)
    parser.add_argument("--processes", type=int, default=2)
    arguments = parser.parse_args()
    with runtime_on(arguments.url, connections=arguments.workers) as runtime:
        missed = measure_one(runtime)
        missed |= measure_many(runtime, arguments.applications, arguments.workers, arguments.processes)
        missed |= measure_hanging(runtime, arguments.workers)
    return int(missed)


def measure_one(runtime: Runtime) -> bool:
    """Three reports, in turn with one question by a plain HTTP client: the floor. Whether they take too long."""
    with bureaus(latency_seconds=ANSWER_SECONDS) as asked:
        gateway = Gateway(runtime, [asked.creditsafe(read_timeout_seconds=PATIENCE_SECONDS)])
        pairs = [(seconds(lambda: plain_question(asked)), retrieved(gateway, subjects(-1 - n))) for n in range(PAIRS)]
    floor, taken = (statistics.median(times) for times in zip(*pairs, strict=True))
    say(f"one plain question {floor:.3f} s, three reports {taken:.3f} s  (limit {MOST_OF_THREE})")
    return bool(taken > MOST_OF_THREE)


def measure_many(runtime: Runtime, applications: int, workers: int, processes: int) -> bool:
    """All applications at once; whether that takes too long, or somebody was asked about twice."""
    context = multiprocessing.get_context("spawn")
    with bureaus(latency_seconds=ANSWER_SECONDS) as asked:
        ready, told = context.Barrier(processes + 1), context.Queue()
        shares = [range(first, applications, processes) for first in range(processes)]
        threads = workers // processes
        places = (runtime.database.url, asked.address)
        running = [context.Process(target=work, args=(*places, share, threads, ready, told)) for share in shares]
        for process in running:
            process.start()
        ready.wait()
        started = time.perf_counter()
        found = [told.get() for _ in running]
        wall = time.perf_counter() - started
        for process in running:
            process.join()
        counts = asked.asked("creditsafe")
    times, used = [taken for share, _ in found for taken in share], sum(used for _, used in found)
    ideal = math.ceil(applications / workers) * ANSWER_SECONDS
    say(f"{applications} applications, {workers} workers: {wall:.2f} s, the ideal is {ideal:.0f} s")
    say(f"    {wall / ideal:.2f} of the ideal  (limit {MOST_OF_IDEAL}); {used:.1f} s of processor")
    say(f"    one application {min(times):.2f} to {max(times):.2f} s, median {statistics.median(times):.2f} s")
    twice = [number for number, count in counts.items() if count > 1]
    say(f"    {counts.total()} questions about {len(counts)} subjects, {len(twice)} asked about twice  (limit 0)")
    return wall > MOST_OF_IDEAL * ideal or bool(twice) or len(counts) != 3 * applications


def work(url: str, address: str, numbers: Sequence[int], threads: int, ready: Barrier, told: "Queue[object]") -> None:
    """In a process of its own: the seconds of each retrieval, and those of the processor, told when all are done."""
    with runtime_on(url, connections=threads) as runtime, ThreadPoolExecutor(threads) as pool:
        gateway = Gateway(runtime, [Bureaus(address).creditsafe(read_timeout_seconds=PATIENCE_SECONDS)])
        ready.wait()
        used = time.process_time()
        times = list(pool.map(lambda number: retrieved(gateway, subjects(number)), numbers))
        told.put((times, time.process_time() - used))


def measure_hanging(runtime: Runtime, workers: int) -> bool:
    """Companies at once: when all is well, when the first bureau begins to hang, and after; whether any waits too long.

    What is added is against the slowest when all was well: so many at once have a cost of their own.
    """
    with bureaus(latency_seconds=ANSWER_SECONDS) as asked:
        hasty = asked.creditsafe(read_timeout_seconds=TIMEOUT_SECONDS)
        healthy = asked.bisnode(read_timeout_seconds=PATIENCE_SECONDS)
        # No question is let through again while this is measured.
        gateway = Gateway(runtime, [hasty, healthy], breaker=BreakerPolicy(pause=timedelta(minutes=5)))

        def slowest(first: int) -> float:
            numbers = range(first, first + workers)
            return max(pool.map(lambda number: retrieved(gateway, [limited_company(number)]), numbers))

        with ThreadPoolExecutor(workers) as pool:
            well = slowest(10_000)
            asked.inject("creditsafe", "silent", "company")
            hanging, after = slowest(20_000), slowest(30_000)
        times_asked = asked.asked("creditsafe").total()
    say(f"{workers} companies at once: {well:.2f} s; when the first bureau hangs {hanging - well:.2f} s more")
    say(f"    (limit: its time-out of {TIMEOUT_SECONDS:.0f} s and {MOST_ADDED}); the next {workers}:")
    say(f"    {after - well:+.2f} s  (limit {MOST_ADDED}); questions to it {times_asked}  (limit {2 * workers})")
    late = hanging - well > TIMEOUT_SECONDS + MOST_ADDED or after - well > MOST_ADDED
    return late or times_asked > 2 * workers


def retrieved(gateway: Gateway, wanted: Sequence[Subject]) -> float:
    """The seconds of one retrieval, which has to give a report on each."""
    started = time.perf_counter()
    answers = gateway.retrieve(uuid.uuid4(), wanted).answers
    taken = time.perf_counter() - started
    assert [answer.outcome for answer in answers] == [Outcome.REPORT] * len(wanted), answers
    return taken


def subjects(number: int) -> Sequence[Subject]:
    """A partnership, of which each report is a new one, and two guarantors: others for each *number*."""
    place = number % 100_000
    partnership = with_check_digit(f"9699{place:05d}")
    guarantors = [f"19{with_check_digit(born_and_serial(2 * place + each))}" for each in (0, 1)]
    return [company(partnership, CompanyForm.HB), *(person(guarantor) for guarantor in guarantors)]


def limited_company(number: int) -> Subject:
    """A limited company of its own for each *number*."""
    return company(with_check_digit(f"5569{number:05d}"))


def born_and_serial(number: int) -> str:
    """The first nine digits of a personal number: a birthday in the fifties, and a serial number."""
    year, month, day, serial = number // 120_000 % 10, number // 10_000 % 12, number // 500 % 20, number % 500
    return f"{50 + year}{1 + month:02d}{1 + day:02d}{100 + serial}"


def with_check_digit(digits: str) -> str:
    return digits + luhn.calc_check_digit(digits)


def plain_question(asked: Bureaus) -> None:
    """One question that is asked and read by nothing but an HTTP client."""
    body = asked_by_hand("7702012399")
    url = f"{asked.address}/getdata/getdata.asmx"
    requests.post(url, data=body, timeout=PATIENCE_SECONDS, headers={"Content-Type": "text/xml"}).raise_for_status()


def asked_by_hand(number: str) -> bytes:
    return (
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        '<GetDataBySecure xmlns="https://webservice.creditsafe.se/getdata/"><GetData_Request><account>'
        "<UserName>borgen</UserName><Password>hemligt</Password><Language>SWE</Language></account>"
        f"<Block_Name>BORGEN_P_CREDIT</Block_Name><SearchNumber>{number}</SearchNumber>"
        "</GetData_Request></GetDataBySecure></soap:Body></soap:Envelope>"
    ).encode()


def seconds(work: Callable[[], object]) -> float:
    """How long *work* takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@contextmanager
def runtime_on(database_url: str | None, *, connections: int) -> Iterator[Runtime]:
    """What the gateway needs, on the given database or on a disposable one."""
    server = None if database_url else postgres.DisposableServer()
    try:
        if server:
            postgres.ensure_template(server.url)
        url = database_url or postgres.create_database(server.url if server else "")
        database = Database(url, pool_size=connections)
        with tempfile.TemporaryDirectory() as folder:
            settings = Settings.from_environment(complete_environment(Path(folder)))
        cipher = cipher_of(settings, database)
        yield Runtime(settings, database, FixedClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC)), cipher)
        database.dispose()
    finally:
        if server:
            server.stop()


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
