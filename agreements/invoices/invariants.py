"""What always holds of invoices, their numbers and the books (rules F5 and F6)."""

from agreements.ledger.invariants import Invariant
from underwriting.kernel.text import Text

INVARIANTS = (
    Invariant(
        "invoice-line-in-books",
        "F5",
        Text(
            "Varje fakturarad är ett krav som står i böckerna, med samma konto och belopp.",
            "Each line of an invoice is a claim that stands in the books, on the same account and with the same sum.",
        ),
        """
        SELECT line.agreement_id, line.entry_id, line.kind || ' ' || line.amount_ore || ' öre on an invoice' AS what
        FROM invoice_line AS line
        JOIN invoice ON invoice.id = line.invoice_id
        WHERE invoice.agreement_id <> line.agreement_id
           OR line.entry_id IS NOT NULL AND NOT EXISTS (
               SELECT FROM ledger_line AS booked
               WHERE booked.entry_id = line.entry_id AND booked.agreement_id = line.agreement_id
                 AND booked.debit_account = line.account
               GROUP BY booked.debit_account HAVING sum(booked.amount_ore) = line.amount_ore
           )
        UNION ALL
        SELECT asked.agreement_id, NULL, asked.ore || ' öre asked for as instalments, more than was paid out'
        FROM (
            SELECT agreement_id, sum(CASE WHEN credits_line_id IS NULL THEN amount_ore ELSE -amount_ore END) AS ore
            FROM invoice_line WHERE kind = 'instalment' GROUP BY agreement_id
        ) AS asked
        WHERE asked.ore > (
            SELECT coalesce(sum(booked.amount_ore), 0)
            FROM ledger_line AS booked JOIN ledger_entry AS entry ON entry.id = booked.entry_id
            WHERE booked.agreement_id = asked.agreement_id AND booked.debit_account = 'principal'
              AND entry.kind = 'payout'
        )
        """,
    ),
    Invariant(
        "credit-note-mirrors-line",
        "F6",
        Text(
            "Varje rad i en kreditfaktura tar tillbaka en fakturarad i samma avtal, hel.",
            "Each line of a credit note takes back a line of an invoice of the same agreement, whole.",
        ),
        """
        SELECT line.agreement_id, line.entry_id, line.kind || ' ' || line.amount_ore || ' öre credited' AS what
        FROM invoice_line AS line
        JOIN invoice ON invoice.id = line.invoice_id
        LEFT JOIN invoice_line AS credited ON credited.id = line.credits_line_id
        WHERE (invoice.kind = 'credit_note') <> (line.credits_line_id IS NOT NULL)
           OR line.credits_line_id IS NOT NULL
              AND (credited.agreement_id, credited.account, credited.amount_ore, credited.invoice_id)
                  IS DISTINCT FROM (line.agreement_id, line.account, line.amount_ore, invoice.credits_id)
        """,
    ),
    Invariant(
        "invoice-total",
        "F5",
        Text("Varje fakturas summa är radernas.", "The total of each invoice is that of its lines."),
        """
        SELECT invoice.agreement_id, CAST(NULL AS uuid) AS entry_id,
               'invoice ' || invoice.number || ': ' || invoice.total_ore || ' öre, lines ' || coalesce(lines.ore, 0)
                   AS what
        FROM invoice
        LEFT JOIN (SELECT invoice_id, sum(amount_ore) AS ore FROM invoice_line GROUP BY invoice_id) AS lines
            ON lines.invoice_id = invoice.id
        WHERE lines.ore IS DISTINCT FROM invoice.total_ore
        """,
    ),
    # 202600000001 is the first number of 2026.
    Invariant(
        "invoice-numbers-without-gaps",
        "F5",
        Text(
            "Varje års fakturanummer börjar på ett och har inga luckor.",
            "The invoice numbers of each year begin with one and have no gaps.",
        ),
        """
        WITH numbered AS (
            SELECT number / 100000000 AS year, number % 100000000 AS place,
                   lag(number % 100000000, 1, CAST(0 AS bigint)) OVER (
                       PARTITION BY number / 100000000 ORDER BY number
                   ) AS before
            FROM invoice
        ),
        used AS (SELECT year, max(place) AS last FROM numbered GROUP BY year)
        SELECT CAST(NULL AS uuid) AS agreement_id, CAST(NULL AS uuid) AS entry_id,
               year || ': ' || place - before - 1 || ' missing before ' || place AS what
        FROM numbered WHERE place <> before + 1
        UNION ALL
        SELECT NULL, NULL, year || ': the last number is ' || coalesce(used.last, 0) || ', by the series '
               || coalesce(series.last, 0)
        FROM used FULL JOIN invoice_series AS series USING (year)
        WHERE coalesce(used.last, 0) <> coalesce(series.last, 0)
        """,
    ),
)
"""What holds of what was asked for."""
