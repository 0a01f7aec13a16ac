"""How long one decision takes, from facts to outcome with trace and without texts: the median of three runs.

    .venv/bin/python tests/benchmarks/bench_decision.py

Ends with status 1 when a case takes 100 µs or more.
"""

import statistics
import sys
from dataclasses import replace
from time import perf_counter_ns

from tests.support.decision_facts import FIRST, GUARANTOR, SOLE_TRADER, without_company_report
from underwriting.decisions.facts import Facts
from underwriting.decisions.policies import shipped_policy
from underwriting.decisions.policy import Policy
from underwriting.decisions.scoring import decide

LIMIT_US = 100.0
RUNS = 3
DECISIONS = 5_000

CASES: dict[str, Facts] = {
    "limited company, one guarantor": FIRST,
    "limited company, three guarantors": replace(
        FIRST, guarantors=tuple(replace(GUARANTOR, reference=f"guarantor-{place}") for place in range(3))
    ),
    "sole trader, debt unknown": SOLE_TRADER,
    "company that no bureau knows": without_company_report(FIRST, no_match=True),
}


def main() -> int:
    """Print a line per case; 1 when one is not below the limit, else 0."""
    policy = shipped_policy()
    slowest = 0.0
    for name, facts in CASES.items():
        median = statistics.median(median_us(facts, policy) for _ in range(RUNS))
        slowest = max(slowest, median)
        print(f"{name:35} {median:6.1f} µs  (limit {LIMIT_US:.0f})")  # noqa: T201 — a script's answer
    return int(slowest >= LIMIT_US)


def median_us(facts: Facts, policy: Policy) -> float:
    """The median time of one decision, in microseconds."""
    times = []
    for _ in range(DECISIONS):
        start = perf_counter_ns()
        decide(facts, policy)
        times.append(perf_counter_ns() - start)
    return statistics.median(times) / 1_000


if __name__ == "__main__":
    sys.exit(main())
