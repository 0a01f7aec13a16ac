"""The end of the story: every account of every agreement, and that they balance (rule F6)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

from agreements.ledger import service as ledger
from agreements.reconciliation.service import broken
from underwriting.demo.lending import Loan, view
from underwriting.demo.stage import Stage
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Account

Balances = Mapping[Account, Money]

ACCOUNTS: Mapping[Account, Text] = {
    Account.BANK: Text("Bank", "Bank"),
    Account.PRINCIPAL: Text("Kapitalfordran", "Principal owed"),
    Account.FEE_RECEIVABLE: Text("Avgiftsfordran", "Fees owed"),
    Account.FEE_INCOME: Text("Avgiftsintäkt", "Fee income"),
    Account.CANCELLATION_FEE_RECEIVABLE: Text("Hävningsavgift, fordran", "Cancellation fees owed"),
    Account.CANCELLATION_FEE_INCOME: Text("Hävningsavgift, intäkt", "Cancellation fee income"),
    Account.PAPER_FEE_RECEIVABLE: Text("Pappersfaktura, fordran", "Paper invoice fees owed"),
    Account.PAPER_FEE_INCOME: Text("Pappersfaktura, intäkt", "Paper invoice fee income"),
    Account.COLLECTION_COST_RECEIVABLE: Text("Kravkostnad, fordran", "Collection costs owed"),
    Account.COLLECTION_COST_INCOME: Text("Kravkostnad, intäkt", "Collection cost income"),
    Account.LATE_INTEREST_RECEIVABLE: Text("Dröjsmålsränta, fordran", "Late interest owed"),
    Account.LATE_INTEREST_INCOME: Text("Dröjsmålsränta, intäkt", "Late interest income"),
    Account.CREDIT_BALANCE: Text("Tillgodohavande", "Credit balance"),
}
_SUM = Text("Summa", "Sum")
_HEAD = Text("Huvudboken, kronor (debet minus kredit)", "The ledger (huvudbok) in kronor, debits less credits")
_CLEAN = Text(
    "Varje kolumn blir noll, och kontrollen av alla poster hittar inga fel.",
    "Every column sums to zero, and the check of every entry finds nothing wrong.",
)


def close(stage: Stage, loans: Sequence[Loan]) -> None:
    """Show the ledger per account, and check that it balances and that nothing is wrong with any entry."""
    columns = {loan.chapter: _balances_of(stage, loan) for loan in loans}
    total = {account: Money.sum(balances[account] for balances in columns.values()) for account in ACCOUNTS}
    for chapter, balances in (*columns.items(), ("the ledger", total)):
        stage.check(f"{chapter}: sum of all accounts", Money.sum(balances.values()), Money.ZERO)
    for loan in loans:
        stage.note(loan.chapter, state=view(stage, loan)["state"], balances=_written(columns[loan.chapter]))
    stage.ledger |= _written(total)
    runtime = stage.environment.runtime
    with runtime.database.transaction() as session:
        stage.check("balances over HTTP", total, dict(ledger.total_balances(session)))
    faults = [finding.invariant.name for finding in broken(runtime.database)]
    stage.check("what always holds of the books, and does not", faults, [])
    for line in _table(stage, columns, total):
        stage.print_line(line)


def _balances_of(stage: Stage, loan: Loan) -> Balances:
    """Each account's debits less its credits, from the entries as an underwriter reads them."""
    sums: dict[Account, Money] = defaultdict(lambda: Money.ZERO)
    cursor = ""
    while True:
        query = urlencode({"limit": 200} | ({"cursor": cursor} if cursor else {}))
        page = stage.web.get(f"/v1/agreements/{loan.agreement_id}/ledger?{query}", token=stage.underwriter.token)
        for line in (line for entry in page["items"] for line in entry["lines"]):
            amount = Money.kronor(line["amount"])
            sums[Account(line["debit"])] += amount
            sums[Account(line["credit"])] -= amount
        cursor = page.get("next_cursor", "")
        if not cursor:
            return {account: sums[account] for account in ACCOUNTS}


def _written(balances: Balances) -> dict[str, str]:
    return {str(account): str(amount) for account, amount in balances.items()}


def _table(stage: Stage, columns: Mapping[str, Balances], total: Balances) -> list[str]:
    language = stage.language
    heads = [*columns, _SUM.in_language(language)]
    rows = [
        (name.in_language(language), [*(balances[account] for balances in columns.values()), total[account]])
        for account, name in ACCOUNTS.items()
    ]
    sums = [Money.sum(row[1][place] for row in rows) for place in range(len(heads))]
    ruler = "  " + "─" * (26 + 14 * len(heads))
    return [
        "",
        f"  {_HEAD.in_language(language)}",
        "",
        "  " + f"{'':<26}" + "".join(f"{head:>14}" for head in heads),
        ruler,
        *(_row(name, amounts) for name, amounts in rows),
        ruler,
        _row(_SUM.in_language(language), sums),
        "",
        *([] if stage.faults else [f"  {_CLEAN.in_language(language)}"]),
    ]


def _row(name: str, amounts: Sequence[Money]) -> str:
    return f"  {name:<26}" + "".join(f"{_amount(amount):>14}" for amount in amounts)


def _amount(amount: Money) -> str:
    """With two decimals and no unit; nothing where there is nothing."""
    kronor, ore = divmod(abs(amount.ore), 100)
    sign = "\u2212" if amount.ore < 0 else ""
    return f"{sign}{kronor:,}".replace(",", "\u00a0") + f",{ore:02d}" if amount else "0"
