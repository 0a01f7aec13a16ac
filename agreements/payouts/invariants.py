"""What always holds of payouts, principal and the books (rules P3 and F6)."""

from agreements.ledger.invariants import Invariant
from underwriting.kernel.text import Text

INVARIANTS = (
    Invariant(
        "payout-booked-once",
        "P3",
        Text(
            "Varje utförd utbetalning är bokförd en gång, en återvänd tillbakatagen, och ingen annan finns i böckerna.",
            "Each payout that was carried out is booked once, one that came back taken back, and no other is booked.",
        ),
        """
        WITH booked AS (
            SELECT entry.agreement_id, entry.id AS entry_id, entry.business_key, entry.occurred_on,
                   opposite.id IS NOT NULL AS is_taken_back, sum(line.amount_ore) AS ore
            FROM ledger_entry AS entry
            JOIN ledger_line AS line ON line.entry_id = entry.id
            LEFT JOIN ledger_entry AS opposite ON opposite.reverses_id = entry.id
            WHERE entry.kind = 'payout'
            GROUP BY entry.id, opposite.id
        ),
        paid AS (
            SELECT agreement_id, id, 'payout:' || id AS business_key, state, amount_ore, booked_on FROM payout
            WHERE state IN ('paid', 'returned')
        )
        SELECT coalesce(paid.agreement_id, booked.agreement_id) AS agreement_id, booked.entry_id,
               CASE WHEN paid.id IS NULL THEN 'booked, and not carried out'
                    WHEN booked.entry_id IS NULL THEN 'payout ' || paid.id || ' is not booked'
                    ELSE 'payout ' || paid.id || ' is booked otherwise' END AS what
        FROM paid FULL JOIN booked USING (business_key)
        WHERE paid.id IS NULL OR booked.entry_id IS NULL OR booked.ore <> paid.amount_ore
           OR booked.agreement_id <> paid.agreement_id OR booked.occurred_on IS DISTINCT FROM paid.booked_on
           OR booked.is_taken_back <> (paid.state = 'returned')
        """,
    ),
    Invariant(
        "principal-drawn-less-repaid",
        "P3",
        Text(
            "Kapitalskulden är det som betalats ut minus det som betalats tillbaka, och aldrig negativ.",
            "Principal is what was paid out less what was repaid, and never below zero.",
        ),
        """
        WITH drawn AS (
            SELECT agreement_id, sum(amount_ore) AS ore FROM payout WHERE state = 'paid' GROUP BY agreement_id
        ),
        moved AS (
            SELECT line.agreement_id,
                   sum(CASE line.debit_account WHEN 'principal' THEN line.amount_ore ELSE -line.amount_ore END) AS ore,
                   coalesce(sum(line.amount_ore) FILTER (
                       WHERE line.credit_account = 'principal' AND entry.kind IN ('payment', 'allocation')
                         AND opposite.id IS NULL
                   ), 0) AS repaid_ore,
                   -- of a payout that came back: what had been repaid of it is the borrower's own
                   coalesce(sum(line.amount_ore) FILTER (
                       WHERE line.debit_account = 'principal' AND line.credit_account = 'credit_balance'
                         AND wrong.kind = 'payout'
                   ), 0) AS kept_ore
            FROM ledger_line AS line
            JOIN ledger_entry AS entry ON entry.id = line.entry_id
            LEFT JOIN ledger_entry AS opposite ON opposite.reverses_id = entry.id
            LEFT JOIN ledger_entry AS wrong ON wrong.id = entry.reverses_id
            WHERE line.debit_account = 'principal' OR line.credit_account = 'principal'
            GROUP BY line.agreement_id
        )
        SELECT agreement_id, CAST(NULL AS uuid) AS entry_id,
               coalesce(moved.ore, 0) || ' öre owed, ' || coalesce(drawn.ore, 0) || ' paid out, '
               || coalesce(moved.repaid_ore, 0) || ' repaid' AS what
        FROM drawn FULL JOIN moved USING (agreement_id)
        WHERE moved.ore < 0
           OR coalesce(moved.ore, 0)
              <> coalesce(drawn.ore, 0) - coalesce(moved.repaid_ore, 0) + coalesce(moved.kept_ore, 0)
        """,
    ),
)
"""What holds of money that was paid out."""
