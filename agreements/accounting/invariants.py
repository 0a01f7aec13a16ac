"""What always holds of closed months (rule F9), and the statements by which they are summed and hashed."""

from agreements.ledger.invariants import Invariant
from underwriting.kernel.text import Text

HELD = """
    FROM accounting_entry AS held
    JOIN ledger_entry AS entry ON entry.id = held.entry_id
    JOIN ledger_line AS line ON line.entry_id = entry.id
"""
"""The lines that closed months hold."""
BOTH_SIDES = """
    LATERAL (
        VALUES (line.debit_account, line.amount_ore, 0), (line.credit_account, 0, line.amount_ore)
    ) AS side (account, debit_ore, credit_ore)
"""
"""Two rows for each line: one for the debited account, one for the credited one."""
SURELY_CLOSED_BEFORE = """
    SELECT coalesce(max(closed_at) - interval '7 days', '-infinity') FROM accounting_period
"""
"""What was booked before this instant had been committed when the latest month was closed: no transaction is a week."""


def sums_sql(where: str) -> str:
    """The statement for `month`, `account`, `debit_ore` and `credit_ore` of the months of which *where* is true."""
    return f"""
        SELECT month, side.account, sum(side.debit_ore) AS debit_ore, sum(side.credit_ore) AS credit_ore
        FROM (
            SELECT held.month, line.debit_account, line.credit_account, sum(line.amount_ore) AS amount_ore
            {HELD} WHERE {where}
            GROUP BY held.month, line.debit_account, line.credit_account
        ) AS line
        CROSS JOIN {BOTH_SIDES}
        GROUP BY month, side.account
    """


def contents_sql(where: str) -> str:
    """The statement for `month`, `entries`, `lines` and `hash` of the months of which *where* is true.

    Each entry is hashed with all that stands in its row and its lines; a month is the hash of these, in the order of
    their ids. A month without an entry gives no row.
    """
    return f"""
        SELECT month, count(*) AS entries, sum(lines) AS lines, sha256(string_agg(hash, '' ORDER BY id)) AS hash
        FROM (
            SELECT held.month, entry.id, count(*) AS lines, sha256(convert_to(concat_ws('|',
                entry.id, entry.agreement_id, entry.business_key, entry.kind, to_char(entry.occurred_on, 'YYYY-MM-DD'),
                to_char(entry.booked_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'),
                coalesce(CAST(entry.reverses_id AS text), '-'),
                string_agg(concat_ws(' ', line.id, line.debit_account, line.credit_account, line.amount_ore), '|'
                    ORDER BY line.id)
            ), 'UTF8')) AS hash
            {HELD} WHERE {where}
            GROUP BY held.month, entry.id
        ) AS entries
        GROUP BY month
    """


_OFFENCE = "SELECT CAST(NULL AS uuid) AS agreement_id, CAST(NULL AS uuid) AS entry_id"

INVARIANTS = (
    Invariant(
        "closed-month-unchanged",
        "F9",
        Text(
            "Varje stängd månad innehåller just de poster som den stängdes med, oförändrade.",
            "Each closed month holds exactly the entries with which it was closed, unchanged.",
        ),
        f"""
        {_OFFENCE}, to_char(period.month, 'YYYY-MM') || ': ' || coalesce(found.entries, 0) || ' entries, '
            || coalesce(found.lines, 0) || ' lines; ' || period.entry_count || ' and ' || period.line_count
            || ' when it was closed' AS what
        FROM accounting_period AS period LEFT JOIN ({contents_sql("true")}) AS found USING (month)
        WHERE (coalesce(found.entries, 0), coalesce(found.lines, 0), coalesce(found.hash, sha256('')))
            IS DISTINCT FROM (period.entry_count, period.line_count, period.sha256)
        """,
    ),
    Invariant(
        "closed-month-sums",
        "F9",
        Text(
            "Det som en stängd månad rörde på varje konto är summan av dess poster.",
            "What a closed month moved on each account is the sum of its entries.",
        ),
        f"""
        {_OFFENCE}, to_char(month, 'YYYY-MM') || ' ' || account AS what
        FROM accounting_sum AS kept FULL JOIN ({sums_sql("true")}) AS found USING (month, account)
        WHERE (kept.debit_ore, kept.credit_ore) IS DISTINCT FROM (found.debit_ore, found.credit_ore)
        """,
    ),
    Invariant(
        "months-closed-in-order",
        "F9",
        Text(
            "Mellan två stängda månader ligger ingen öppen.",
            "Between two closed months there is no open one.",
        ),
        f"""
        {_OFFENCE}, to_char(month, 'YYYY-MM') || ' is closed, the month before it is not' AS what
        FROM accounting_period AS later
        WHERE month > (SELECT min(month) FROM accounting_period) AND NOT EXISTS (
            SELECT FROM accounting_period AS earlier
            WHERE earlier.month = CAST(later.month - interval '1 month' AS date)
        )
        """,
    ),
    Invariant(
        "entry-not-before-its-month",
        "F9",
        Text(
            "Ingen post räknas till en månad före den då den inträffade.",
            "No entry counts for a month before the one in which it occurred.",
        ),
        """
        SELECT entry.agreement_id, entry.id AS entry_id,
            entry.occurred_on || ' in ' || to_char(held.month, 'YYYY-MM') AS what
        FROM accounting_entry AS held JOIN ledger_entry AS entry ON entry.id = held.entry_id
        WHERE entry.occurred_on >= held.month + interval '1 month'
        """,
    ),
    Invariant(
        "entry-has-its-month",
        "F9",
        Text(
            "Varje post i en stängd månad som var bokförd i god tid före stängningen hör till en månad.",
            "Each entry of a closed month that was booked in good time before the closing belongs to a month.",
        ),
        f"""
        SELECT entry.agreement_id, entry.id AS entry_id, CAST(entry.occurred_on AS text) AS what
        FROM ledger_entry AS entry LEFT JOIN accounting_entry AS held ON held.entry_id = entry.id
        WHERE held.entry_id IS NULL AND entry.booked_at < ({SURELY_CLOSED_BEFORE})
          AND entry.occurred_on < (SELECT max(month) + interval '1 month' FROM accounting_period)
        """,
    ),
)
"""What holds of months that are closed."""
