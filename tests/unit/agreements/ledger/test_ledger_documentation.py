"""The page about the ledger lists every account, every kind of posting and everything that always holds."""

import re

import pytest

from agreements.ledger.invariants import Invariant
from agreements.ledger.rules import OWED, PostingKind
from agreements.payments.rules import RECEIVABLES
from agreements.reconciliation.service import INVARIANTS
from tests.architecture.test_rules_traceable import ROOT, documented
from underwriting.kernel.vocabulary import Account

PAGE = (ROOT / "docs" / "ledger.md").read_text()


def rows_of(heading: str) -> list[list[str]]:
    """The cells of the table under *heading*, without its head."""
    section = PAGE.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ")]
    return rows[1:]


def test_every_account_is_listed() -> None:
    """F6: in the order of the code."""
    assert [re.findall(r"`(\w+)`", row[0]) for row in rows_of("Accounts")] == [[str(account)] for account in Account]


def test_every_kind_of_posting_is_listed_with_its_accounts() -> None:
    """F6: and names no account that there is not."""
    rows = rows_of("Postings")
    assert [row[0].strip("`") for row in rows] == [str(kind) for kind in PostingKind]
    named = {word for row in rows for cell in row[1:3] for word in re.findall(r"`(\w+)`", cell)}
    assert named <= {str(account) for account in Account}


def test_everything_that_always_holds_is_listed_with_its_rule() -> None:
    """F6: in the order in which it is proven, in the words of the command."""
    listed = ["| " + " | ".join(row) + " |" for row in rows_of("What always holds")]
    assert listed == [f"| `{one.name}` | {one.rule} | {one.text.en} |" for one in INVARIANTS]


@pytest.mark.parametrize("one", INVARIANTS, ids=lambda one: one.name)
def test_each_follows_from_a_rule_and_is_said_in_both_languages(one: Invariant) -> None:
    """F6: in whole sentences."""
    assert one.rule in documented((ROOT / "docs" / "rules.md").read_text())
    for sentence in (one.text.sv, one.text.en):
        assert sentence[0].isupper()
        assert sentence.endswith(".")


def test_payments_meet_just_what_is_owed() -> None:
    """F8: the order of payments leaves out nothing that a borrower owes, and has nothing else."""
    assert sorted(RECEIVABLES) == sorted(OWED)
