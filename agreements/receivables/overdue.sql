-- What is overdue at the end of each of :days, by how many days: of each agreement all that was due, the oldest paid
-- first. What a credit note has taken back was never due.
WITH day AS (SELECT unnest(CAST(:days AS date[])) AS on_day),
asked AS (
    SELECT invoice.agreement_id, invoice.id, invoice.due_on, sum(line.amount_ore) AS ore
    FROM invoice
    JOIN invoice_line AS line ON line.invoice_id = invoice.id
    WHERE invoice.kind = 'invoice'
      AND NOT EXISTS (SELECT FROM invoice_line AS credit WHERE credit.credits_line_id = line.id)
    GROUP BY invoice.id
),
paid AS (
    SELECT line.agreement_id, line.occurred_on,
           sum(CASE WHEN line.credit_account = ANY(:owed) THEN line.amount_ore ELSE -line.amount_ore END) AS ore
    FROM ledger_line AS line
    JOIN ledger_entry AS entry ON entry.id = line.entry_id
    LEFT JOIN ledger_entry AS reversed ON reversed.id = entry.reverses_id
    WHERE coalesce(reversed.kind, entry.kind) IN ('payment', 'allocation')
      AND (line.credit_account = ANY(:owed)) <> (line.debit_account = ANY(:owed))
    GROUP BY 1, 2
),
settled AS (
    SELECT day.on_day, paid.agreement_id, sum(paid.ore) AS ore
    FROM day JOIN paid ON paid.occurred_on <= day.on_day
    GROUP BY 1, 2
),
reached AS (
    SELECT day.on_day, asked.agreement_id, asked.due_on, asked.ore,
           sum(asked.ore) OVER (PARTITION BY day.on_day, asked.agreement_id ORDER BY asked.due_on, asked.id) AS up_to
    FROM day JOIN asked ON asked.due_on < day.on_day
),
unpaid AS (
    SELECT reached.on_day, reached.on_day - reached.due_on AS age,
           greatest(0, least(reached.ore, reached.up_to - coalesce(settled.ore, 0))) AS ore
    FROM reached LEFT JOIN settled USING (on_day, agreement_id)
)
SELECT day.on_day,
       coalesce(sum(ore) FILTER (WHERE age <= 30), 0)::bigint AS to_30_ore,
       coalesce(sum(ore) FILTER (WHERE age BETWEEN 31 AND 60), 0)::bigint AS to_60_ore,
       coalesce(sum(ore) FILTER (WHERE age BETWEEN 61 AND 90), 0)::bigint AS to_90_ore,
       coalesce(sum(ore) FILTER (WHERE age > 90), 0)::bigint AS over_90_ore
FROM day LEFT JOIN unpaid USING (on_day)
GROUP BY day.on_day
ORDER BY day.on_day
