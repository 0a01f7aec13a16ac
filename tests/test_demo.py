"""`borgen demo`: the story is played once, in an environment of its own, and comes out as told.

Every amount expected here was worked out by hand from the rules; the arithmetic stands beside it.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

BORGEN = Path(sys.executable).with_name("borgen")
PATIENCE_SECONDS = 300

DECIDED: Mapping[str, tuple[str, str, str, str]] = {
    "AB": ("referred", "180000.00", "0.0200", "3600.00"),  # four remarks; 180 000 × 2.00 %
    "HB": ("approved", "145500.00", "0.0150", "2183.00"),  # 145 500 × 1.50 % = 2 182.50, half up
    "KB": ("counter_offer", "218000.00", "0.0150", "3270.00"),  # 35 000 / 1.25 / (1/12 + 0.045) = 218 181
    "EF": ("approved", "55000.00", "0.0150", "825.00"),  # 55 000 × 1.50 %
    "EF 2": ("approved", "47900.00", "0.0150", "719.00"),  # 47 900 × 1.50 % = 718.50, half up
}
CHARGED_IN_BOTH_MONTHS = {"AB": "3600.00", "HB": "2183.00", "EF 2": "719.00"}
# What is owed at the end, and what was earned in fees and by cancellations; in kronor.
BOOKS: Mapping[str, tuple[int, int, int]] = {
    "AB": (0, 3_600 + 3_600 + 3_300, 0),  # redeemed: December costs (180 000 − 15 000) × 2.00 % = 3 300 in full
    "HB": (145_500 - 12_125, 2_183 + 2_183, 0),  # runs on after the first of 12 instalments
    "KB": (0, 0, 1_500),  # cancelled after payout: October's fee is taken back
    "EF": (0, 0, 1_500),  # cancelled on the first day
    "EF 2": (47_900, 719 + 719, 0),  # runs on at term: nothing is repaid before August 2027
}

ENDED = {"AB": "redeemed", "HB": "running", "KB": "cancelled", "EF": "cancelled", "EF 2": "running"}


def test_the_story_comes_out_as_told_and_leaves_nothing_behind() -> None:
    """F6: five loans of all four company forms, from application to the end, and the ledger balances."""
    with tempfile.TemporaryDirectory(prefix="demo-") as folder:  # short, since a socket's path in it has a limit
        done = subprocess.run(
            [BORGEN, "demo", "--json"],
            env=os.environ | {"TMPDIR": folder},
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
        left_behind = list(Path(folder).glob("borgen-demo-*"))
    assert done.returncode == 0, done.stderr
    assert left_behind == []
    told = json.loads(done.stdout)
    assert told["faults"] == []
    loans = told["loans"]
    for loan, decided in DECIDED.items():
        assert tuple(loans[loan][name] for name in ("outcome", "limit", "fee_rate", "monthly_fee")) == decided
    for loan, fee in CHARGED_IN_BOTH_MONTHS.items():
        assert loans[loan]["fees"] == [{"month": "2026-10", "fee": fee}, {"month": "2026-11", "fee": fee}]
    _check_ways_out(loans)
    for loan, (principal, fees, cancellation) in BOOKS.items():
        assert loans[loan]["balances"] == _balances(principal, fees, cancellation)
    sums = [sum(column) for column in zip(*BOOKS.values(), strict=True)]
    assert told["ledger"] == _balances(*sums)
    assert {loan: facts["state"] for loan, facts in loans.items()} == ENDED


def _check_ways_out(loans: Mapping[str, Any]) -> None:
    assert (loans["AB"]["determined"], loans["AB"]["automatic"]) == ("approved", False)
    # C1, C3: at 15:59:59, for the fee alone. C8: at 16:00:00 nothing but the window that payout will open is left.
    assert loans["EF"]["cancellation"] == {"window": "same_day", "fee": "1500.00", "to_pay": "1500.00"}
    assert "kl.\u00a016.00" in loans["HB"]["refused_C8"]
    assert "dag 5 efter bokföringsdagen" in loans["HB"]["refused_C8"]
    # C4: booked on 27 October, day 5 is 1 November.
    assert "söndagen den 1 november 2026" in loans["HB"]["refused_C4"]
    assert "lösa krediten i förtid" in loans["HB"]["refused_C4"]
    # C2, C6: 218 000 of principal and 1 500 of fee; October's 3 270 is taken back.
    assert loans["KB"]["cancellation"] == {"window": "payout", "fee": "1500.00", "to_pay": "219500.00"}
    assert loans["KB"]["reversed_fee"] == "3270.00"
    # F3: 165 000 of principal and December's whole fee of 3 300.
    assert loans["AB"]["redemption"] == {"principal": "165000.00", "unpaid_fees": "0.00", "total": "168300.00"}


def _balances(principal: int, fees: int, cancellation: int) -> dict[str, str]:
    """What is owed stands in debit, income in credit, and the bank has the difference."""
    amounts = {
        "bank": fees + cancellation - principal,
        "principal": principal,
        "fee_receivable": 0,
        "fee_income": -fees,
        "cancellation_fee_receivable": 0,
        "cancellation_fee_income": -cancellation,
        "paper_fee_receivable": 0,
        "paper_fee_income": 0,
        "collection_cost_receivable": 0,
        "collection_cost_income": 0,
        "late_interest_receivable": 0,
        "late_interest_income": 0,
        "credit_balance": 0,
    }
    return {account: f"{kronor}.00" for account, kronor in amounts.items()}
