-- What is overdue at the end of each of :days, which are in order, by how many days: of each agreement all that was due,
-- the oldest paid first. What a credit note has taken back was never due. All is done by sums: each demand and each
-- payment is added up once, under the first of the days that it counts for. Whoever is behind owes what fell due last,
-- so that only the demands of the ninety days before are asked for their age, and the rest is older.
WITH day AS (SELECT on_day, place FROM unnest(CAST(:days AS date[])) WITH ORDINALITY AS one (on_day, place)),
demand AS NOT MATERIALIZED (
    SELECT agreement_id, due_on, total_ore AS ore FROM invoice WHERE kind = 'invoice'
    UNION ALL
    SELECT invoice.agreement_id, invoice.due_on, -note.total_ore
    FROM invoice AS note JOIN invoice ON invoice.id = note.credits_id
    WHERE note.kind = 'credit_note'
),
paying AS (
    SELECT id FROM ledger_entry WHERE kind IN ('payment', 'allocation')
    UNION ALL
    SELECT entry.id
    FROM ledger_entry AS entry JOIN ledger_entry AS wrong ON wrong.id = entry.reverses_id
    WHERE entry.reverses_id IS NOT NULL AND wrong.kind IN ('payment', 'allocation')
),
moved AS (
    SELECT agreement_id, width_bucket(due_on, CAST(:days AS date[])) + 1 AS place, sum(ore) AS ore
    FROM demand GROUP BY 1, 2
    UNION ALL
    SELECT line.agreement_id, width_bucket(line.occurred_on - 1, CAST(:days AS date[])) + 1,
           sum(CASE WHEN line.credit_account = ANY(:owed) THEN -line.amount_ore ELSE line.amount_ore END)
    FROM ledger_line AS line JOIN paying ON paying.id = line.entry_id
    WHERE (line.credit_account = ANY(:owed)) <> (line.debit_account = ANY(:owed))
    GROUP BY 1, 2
),
standing AS (
    SELECT agreement_id, place AS since, lead(place) OVER by_place AS until, sum(sum(ore)) OVER by_place AS ore
    FROM moved GROUP BY agreement_id, place
    WINDOW by_place AS (PARTITION BY agreement_id ORDER BY place)
),
behind AS MATERIALIZED (
    SELECT day.on_day, standing.agreement_id, standing.ore
    FROM standing JOIN day ON day.place >= standing.since AND day.place < coalesce(standing.until, 1 + cardinality(CAST(:days AS date[])))
    WHERE standing.ore > 0
),
aged AS (
    SELECT behind.on_day, behind.ore,
           coalesce(sum(demand.ore) FILTER (WHERE behind.on_day - due_on <= 30), 0) AS to_30,
           coalesce(sum(demand.ore) FILTER (WHERE behind.on_day - due_on BETWEEN 31 AND 60), 0) AS to_60,
           coalesce(sum(demand.ore) FILTER (WHERE behind.on_day - due_on > 60), 0) AS to_90
    FROM behind
    LEFT JOIN demand ON demand.agreement_id = behind.agreement_id
        AND demand.due_on BETWEEN behind.on_day - 90 AND behind.on_day - 1
    GROUP BY behind.on_day, behind.agreement_id, behind.ore
)
SELECT day.on_day,
       coalesce(sum(least(ore, to_30)), 0)::bigint AS to_30_ore,
       coalesce(sum(least(greatest(ore - to_30, 0), to_60)), 0)::bigint AS to_60_ore,
       coalesce(sum(least(greatest(ore - to_30 - to_60, 0), to_90)), 0)::bigint AS to_90_ore,
       coalesce(sum(greatest(ore - to_30 - to_60 - to_90, 0)), 0)::bigint AS over_90_ore
FROM day LEFT JOIN aged USING (on_day)
GROUP BY day.on_day
ORDER BY day.on_day
