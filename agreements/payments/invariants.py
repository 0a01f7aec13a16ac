"""What always holds of payments that have come in and the books (rules F6 and F7)."""

from agreements.ledger.invariants import Invariant
from underwriting.kernel.text import Text

INVARIANTS = (
    Invariant(
        "payment-in-books-once",
        "F7",
        Text(
            "Varje krona av varje betalning som funnit sitt avtal står i böckerna en gång, "
            "och ingen som inte har kommit in.",
            "Each krona of each payment that has found its agreement is in the books once, and none that did not come.",
        ),
        # A payment is booked as `payment:<id>`, and what is left after a deduction as `payment:<id>:<deduction>`.
        """
        WITH booked AS (
            SELECT split_part(entry.business_key, ':', 2) AS payment,
                   entry.agreement_id, any_value(entry.id) AS entry_id,
                   sum(line.amount_ore) FILTER (WHERE line.debit_account = 'bank') AS ore
            FROM ledger_entry AS entry
            JOIN ledger_line AS line ON line.entry_id = entry.id
            LEFT JOIN ledger_entry AS opposite ON opposite.reverses_id = entry.id
            WHERE entry.kind = 'payment' AND opposite.id IS NULL
            GROUP BY split_part(entry.business_key, ':', 2), entry.agreement_id
        ),
        taken_back AS (
            SELECT takes_back_id AS id, sum(amount_ore) AS ore
            FROM incoming_payment WHERE state = 'booked' AND takes_back_id IS NOT NULL
            GROUP BY takes_back_id
        ),
        told AS (
            SELECT CAST(one.id AS text) AS payment, one.agreement_id,
                   CASE WHEN one.state IN ('booked', 'reversed') AND one.takes_back_id IS NULL
                        THEN one.amount_ore + coalesce(taken_back.ore, 0) ELSE 0 END AS ore
            FROM incoming_payment AS one LEFT JOIN taken_back ON taken_back.id = one.id
        )
        SELECT coalesce(told.agreement_id, booked.agreement_id) AS agreement_id, booked.entry_id,
               CASE WHEN told.payment IS NULL THEN 'booked, and did not come in'
                    ELSE 'payment ' || payment || ': ' || told.ore || ' öre came in, ' || coalesce(booked.ore, 0)
                         || ' in the books' END AS what
        FROM told FULL JOIN booked USING (payment)
        WHERE told.ore IS DISTINCT FROM coalesce(booked.ore, 0)
           OR booked.agreement_id <> told.agreement_id
        """,
    ),
    Invariant(
        "payment-parts-sum",
        "F7",
        Text(
            "Delarna av en betalning är tillsammans vad banken berättade om.",
            "The parts of a payment are together what the bank told of.",
        ),
        """
        SELECT (array_agg(agreement_id ORDER BY part))[1] AS agreement_id, CAST(NULL AS uuid) AS entry_id,
               booked_on || ' ' || deposit_serial || '/' || payment_serial || ': ' || sum(amount_ore) || ' of '
               || max(coalesce(told_ore, amount_ore)) || ' öre' AS what
        FROM incoming_payment
        GROUP BY bankgiro, booked_on, deposit_serial, payment_serial
        HAVING sum(amount_ore) <> max(coalesce(told_ore, amount_ore))
            OR min(coalesce(told_ore, amount_ore)) <> max(coalesce(told_ore, amount_ore))
        """,
    ),
)
"""What holds of money that has come in."""
