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
    # A payment that was nobody's never came into the books, and so it does not leave them.
    Invariant(
        "refund-booked-once",
        "F8",
        Text(
            "Varje utförd återbetalning är bokförd en gång, en återvänd tillbakatagen, och ingen annan finns där.",
            "Each refund that was carried out is booked once, one that came back taken back, and no other is booked.",
        ),
        """
        WITH booked AS (
            SELECT entry.agreement_id, entry.id AS entry_id, entry.business_key, entry.occurred_on,
                   opposite.id IS NOT NULL AS is_taken_back, sum(line.amount_ore) AS ore
            FROM ledger_entry AS entry
            JOIN ledger_line AS line ON line.entry_id = entry.id
            LEFT JOIN ledger_entry AS opposite ON opposite.reverses_id = entry.id
            WHERE entry.kind = 'refund'
            GROUP BY entry.id, opposite.id
        ),
        paid AS (
            SELECT agreement_id, id, 'refund:' || id AS business_key, state, amount_ore, booked_on FROM refund
            WHERE agreement_id IS NOT NULL AND state IN ('paid', 'returned')
        )
        SELECT coalesce(paid.agreement_id, booked.agreement_id) AS agreement_id, booked.entry_id,
               CASE WHEN paid.id IS NULL THEN 'booked, and not paid back'
                    WHEN booked.entry_id IS NULL THEN 'refund ' || paid.id || ' is not booked'
                    ELSE 'refund ' || paid.id || ' is booked otherwise' END AS what
        FROM paid FULL JOIN booked USING (business_key)
        WHERE paid.id IS NULL OR booked.entry_id IS NULL OR booked.ore <> paid.amount_ore
           OR booked.agreement_id <> paid.agreement_id OR booked.occurred_on IS DISTINCT FROM paid.booked_on
           OR booked.is_taken_back <> (paid.state = 'returned')
        UNION ALL
        SELECT NULL, NULL, 'refund ' || refund.id || ' of another sum than its payment, or of one that stays'
        FROM refund JOIN incoming_payment AS payment ON payment.id = refund.payment_id
        WHERE refund.state NOT IN ('withdrawn', 'failed', 'returned')
          AND (payment.amount_ore <> refund.amount_ore OR payment.state <> 'returned')
        """,
    ),
)
"""What holds of money that has come in, and of what went back."""
