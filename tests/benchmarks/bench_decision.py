"""How long one decision takes, from facts to outcome with trace, and with the reasons in both languages to all.

    .venv/bin/python tests/benchmarks/bench_decision.py

Each figure is processor time, the median of three runs. Ends with status 1 when a case takes 100 µs or more without
texts, 200 µs or more with them, or 5 ms or more to say what would have been enough; or when the shipped policy takes a
second or more to be read and proved.
"""

import statistics
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib.resources import files
from time import process_time_ns

from tests.support.decision_facts import FIRST, GUARANTOR, SOLE_TRADER, without_company_report
from underwriting.decisions.explanation import Audience, explain
from underwriting.decisions.facts import Facts
from underwriting.decisions.policies import load_policy, shipped_policy
from underwriting.decisions.policy import Policy
from underwriting.decisions.scoring import decide
from underwriting.decisions.sufficiency import enough
from underwriting.kernel.product import ProductTerms

LIMIT_US = 100.0
WITH_TEXTS_LIMIT_US = 200.0
ENOUGH_LIMIT_MS = 5.0
PROOF_LIMIT_S = 1.0
RUNS = 3
DECISIONS = 5_000
SEARCHES = 100
TERMS = ProductTerms()

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
    late = False
    for name, facts in CASES.items():
        alone = statistics.median(median_us(decide, facts, policy) for _ in range(RUNS))
        told = statistics.median(median_us(decide_and_tell, facts, policy) for _ in range(RUNS))
        late |= alone >= LIMIT_US or told >= WITH_TEXTS_LIMIT_US
        print(  # noqa: T201 — a script's answer
            f"{name:35} {alone:6.1f} µs  (limit {LIMIT_US:.0f})"
            f"   with texts {told:6.1f} µs  (limit {WITH_TEXTS_LIMIT_US:.0f})"
        )
        lacking = statistics.median(enough_ms(facts, policy) for _ in range(RUNS))
        late |= lacking >= ENOUGH_LIMIT_MS
        print(f"{'':35} {lacking:6.2f} ms to say what would have been enough  (limit {ENOUGH_LIMIT_MS:.0f})")  # noqa: T201
    seconds = proof_seconds()
    print(f"{'reading and proving the policy':35} {seconds * 1_000:6.1f} ms  (limit 1000)")  # noqa: T201
    return int(late or seconds >= PROOF_LIMIT_S)


def decide_and_tell(facts: Facts, policy: Policy) -> None:
    """A decision, and all that staff are told of it in both languages."""
    explain(decide(facts, policy), policy, audience=Audience.STAFF)


def median_us(act: Callable[[Facts, Policy], object], facts: Facts, policy: Policy) -> float:
    """The median time of one act, in microseconds."""
    times = []
    for _ in range(DECISIONS):
        start = process_time_ns()
        act(facts, policy)
        times.append(process_time_ns() - start)
    return statistics.median(times) / 1_000


def enough_ms(facts: Facts, policy: Policy) -> float:
    """The median time of saying what would have been enough, in milliseconds, where the largest amount is asked for."""
    most = replace(facts, application=replace(facts.application, asked=TERMS.largest_amount))
    times = []
    for _ in range(SEARCHES):
        start = process_time_ns()
        enough(most, policy, terms=TERMS)
        times.append(process_time_ns() - start)
    return statistics.median(times) / 1_000_000


def proof_seconds() -> float:
    """The median time of reading and proving the shipped policy, in seconds."""
    document = files("underwriting.decisions.policies").joinpath("policy-2.json").read_bytes()
    times = []
    for _ in range(RUNS):
        start = process_time_ns()
        load_policy(document)
        times.append((process_time_ns() - start) / 1e9)
    return statistics.median(times)


if __name__ == "__main__":
    sys.exit(main())
