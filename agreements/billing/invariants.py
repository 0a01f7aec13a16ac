"""What always holds of monthly fees and the books (rules F1 and F6)."""

from agreements.ledger.invariants import Invariant
from underwriting.kernel.text import Text

# The month stands in the business key: `fee:<agreement>:2026-11`, with more after it where it was charged anew.
_STANDING = """
    SELECT entry.agreement_id, split_part(entry.business_key, ':', 3) AS month, entry.id
    FROM ledger_entry AS entry LEFT JOIN ledger_entry AS opposite ON opposite.reverses_id = entry.id
    WHERE entry.kind = 'monthly_fee' AND opposite.id IS NULL
"""

INVARIANTS = (
    Invariant(
        "one-fee-a-month",
        "F1",
        Text(
            "Högst en månadsavgift per avtal och månad gäller; de andra är tillbakatagna.",
            "At most one fee for each agreement and month stands; any other was taken back.",
        ),
        f"""
        SELECT agreement_id, any_value(id) AS entry_id, month || ', ' || count(*) || ' times' AS what
        FROM ({_STANDING}) AS standing
        GROUP BY agreement_id, month HAVING count(*) > 1
        """,
    ),
    Invariant(
        "fee-as-in-books",
        "F1",
        Text(
            "Varje månadsavgift står i böckerna med just sitt belopp, och böckerna har inga andra.",
            "Each monthly fee stands in the books with exactly its sum, and the books have no others.",
        ),
        f"""
        WITH fee AS (
            SELECT agreement_id, to_char(month, 'YYYY-MM') AS month,
                   CASE WHEN reversed_at IS NULL THEN fee_ore ELSE 0 END AS ore
            FROM monthly_fee
        ),
        charged AS (
            SELECT standing.agreement_id, month, any_value(standing.id) AS entry_id, sum(line.amount_ore) AS ore
            FROM ({_STANDING}) AS standing JOIN ledger_line AS line ON line.entry_id = standing.id
            GROUP BY standing.agreement_id, month
        )
        SELECT agreement_id, charged.entry_id,
               month || ': ' || coalesce(CAST(fee.ore AS text), 'no') || ' öre as fee, '
               || coalesce(charged.ore, 0) || ' in the books' AS what
        FROM fee FULL JOIN charged USING (agreement_id, month)
        WHERE coalesce(charged.ore, 0) IS DISTINCT FROM fee.ore
        """,
    ),
)
"""What holds of each month's fee."""
