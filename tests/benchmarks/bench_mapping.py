"""Reading one company report of the largest size: at most 2 ms for the mapping of either bureau's; memory stays flat.

    python -m tests.benchmarks.bench_mapping [--reports 10000]

The reports are the stand-ins' with every list full (99 entries where the descriptions give no number, five years of
accounts with more figures than anybody publishes) or every column there (500, as many as Creditsafe says that it has).
The floor beside each is what its bytes cost a bare parser in the same run; what is printed as parsed is the reading of
those bytes into a document that is safe to map. Ends with status 1 when a limit is missed.
"""

import argparse
import gc
import json
import resource
import statistics
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from lxml import etree

from bureau_clients.bisnode.client import Bisnode
from bureau_clients.bisnode.formats import read_document
from bureau_clients.bureau import Bureau
from bureau_clients.creditsafe.client import Creditsafe
from bureau_clients.creditsafe.columns import COMPANY_COLUMNS, Column
from bureau_clients.creditsafe.formats import read_answer
from bureau_clients.facts import Known
from bureau_clients.questions import QuestionKind
from bureau_clients.reports import CompanyReport, Received
from bureau_clients.sandbox.bisnode_company import SEGMENTS, company_document
from tests.support.creditsafe_answers import COMPANY_ROW, answer, row_of
from underwriting.kernel.identifiers import OrganisationNumber
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.bureau_settings import BisnodeSettings, CreditsafeSettings
from underwriting.platform.environment import Secret

MOST_MS = 2.0
MOST_GROWTH_KIB = 2048
RUNS, WARM_UP = 300, 30
FULL_LIST, BOARD, YEARS, FIGURES, COLUMNS = 99, 20, 5, 150, 500

WITH_REMARKS = "5599991014"
AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Subject:
    """One bureau's largest answer: how it is read whole, how its bytes become a document, what a bare parser does."""

    name: str
    bureau: Bureau
    number: OrganisationNumber
    part: str
    body: bytes
    bare: Callable[[bytes], object]
    parse: Callable[[bytes], object]

    def read(self) -> CompanyReport:
        """The report, from the bytes."""
        received = [Received(self.part, self.body)]
        kind, form = QuestionKind.REPORT, CompanyForm.AB
        report = self.bureau.read(received, kind=kind, number=self.number, form=form, at=AT)
        assert isinstance(report, CompanyReport)
        return report


def main() -> int:
    """Print the figures; 1 when a limit is missed, else 0."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--reports", type=int, default=10_000, help="reports for the memory")
    reports = parser.parse_args().reports
    missed = False
    for subject in (bisnode(), creditsafe()):
        check(subject)
        missed |= measure_time(subject)
        missed |= measure_memory(subject, reports)
    return int(missed)


def measure_time(subject: Subject) -> bool:
    """Print the medians; whether the mapping takes too long."""
    works = {
        "bare": lambda: subject.bare(subject.body),
        "parsed": lambda: subject.parse(subject.body),
        "whole": subject.read,
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(RUNS + WARM_UP):  # in turn, so that all have the same machine
        for name, work in works.items():
            times[name].append(milliseconds(work))
    bare, parsed, whole = (statistics.median(each[WARM_UP:]) for each in times.values())
    say(f"{subject.name:10} {len(subject.body) / 1024:.0f} KiB: bare parser {bare:.2f} ms, parsed {parsed:.2f} ms,")
    say(f"{'':10} whole {whole:.2f} ms, so mapping {whole - parsed:.2f} ms  (limit {MOST_MS:.0f})")
    return whole - parsed >= MOST_MS


def measure_memory(subject: Subject, reports: int) -> bool:
    """Print how much larger the process is after so many reports than after the first tenth; whether it is too much."""
    resident = []
    for _ in range(10):
        for _ in range(max(1, reports // 10)):
            subject.read()
        gc.collect()
        resident.append(resident_kib())
    growth = resident[-1] - resident[0]
    say(
        f"{'':10} {reports} reports: {resident[-1] / 1024:.0f} MiB resident, {growth:+d} KiB  (limit {MOST_GROWTH_KIB})"
    )
    return growth > MOST_GROWTH_KIB


def resident_kib() -> int:
    """How much memory this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() // 1024


def check(subject: Subject) -> None:
    """What is measured is a report whose lists are full."""
    report = subject.read()
    assert isinstance(report.accounts, Known), report.accounts
    assert isinstance(report.board, Known), report.board
    assert (len(report.accounts.value), len(report.board.value)) == (YEARS, BOARD)
    assert isinstance(report.payment_remark_count, Known)


def bisnode() -> Subject:
    """A report with all segments, every list of which is full."""
    document = full(company_document(WITH_REMARKS, SEGMENTS, english=False))
    figures = {f"figure{number}": number * 1000 for number in range(FIGURES)}
    statements = document["finance"]["financialStatements"]["financialStatements"]
    for place, statement in enumerate(statements):
        closed = {"closingPeriod": {"year": 2025 - place, "month": 12, "day": 31}}
        statements[place] = {**statement, **closed, "more": figures}
    document["management"]["boardMembers"]["boardMemberCount"] = BOARD
    document["risk"]["paymentRemarks"]["count"] = FULL_LIST
    settings = BisnodeSettings(
        url="https://127.0.0.1:9",
        token_url="https://127.0.0.1:9",
        client_id="borgen",
        client_secret=Secret("x"),
        connect_timeout_seconds=1.0,
        read_timeout_seconds=1.0,
    )
    body = json.dumps(document, ensure_ascii=False).encode()
    return Subject(
        "Bisnode", Bisnode(settings), OrganisationNumber(WITH_REMARKS), "company", body, json.loads, read_document
    )


def creditsafe() -> Subject:
    """An answer with every column that is mapped, and others up to as many as there are."""
    row = {**COMPANY_ROW, **every_column(COMPANY_ROW)}
    row |= {f"COLUMN_{number}": "12345" for number in range(COLUMNS - len(row))}
    settings = CreditsafeSettings(
        url="https://127.0.0.1:9",
        username="borgen",
        password=Secret("x"),
        company_block="BORGEN_C_CREDIT",
        person_block="BORGEN_P_CREDIT",
        connect_timeout_seconds=1.0,
        read_timeout_seconds=1.0,
    )
    body = answer(row["ORGNR"], [row_of(row)], declared=list(row))
    number = OrganisationNumber(row["ORGNR"])
    return Subject("Creditsafe", Creditsafe(settings), number, "getdata", body, etree.fromstring, read_answer)


def every_column(healthy: Mapping[str, str]) -> Mapping[str, str]:
    """A text for each place of each list, as the first place has it."""
    texts = {}
    for listing in COMPANY_COLUMNS.values():
        if isinstance(listing, Column):
            continue
        for column in listing.members.values():
            for place in range(listing.first, listing.first + listing.most):
                texts[column.name.replace("{n}", str(place))] = healthy.get(column.name.replace("{n}", "1"), "")
    return {**texts, **{f"ACC{place}_DATE": f"{2026 - place}-12-31" for place in range(1, YEARS + 1)}}


def full(value: Any, name: str = "") -> Any:
    """The document *value* with every list repeated until it is full."""
    if isinstance(value, dict):
        return {key: full(member, key) for key, member in value.items()}
    if not isinstance(value, list) or not value:
        return value
    most = {"currentBoardMembers": BOARD, "financialStatements": YEARS}.get(name, FULL_LIST)
    return [full(item) for item in (value * most)[:most]]


def milliseconds(work: Callable[[], object]) -> float:
    """How long *work* takes."""
    started = perf_counter()
    work()
    return (perf_counter() - started) * 1000


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main())
