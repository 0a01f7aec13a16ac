-- Notes, for each month whose run is finished (of :month alone, where that is given), the agreements for which something
-- was booked since :overlap before the run's mark that reaches the month: a payout does from its own month on, a repayment
-- from the month after it, a reversal from where what it takes back did. Without a mark, or with one that lies ahead of
-- :at by more than :overlap because a clock was ahead, whatever was ever booked is noted.
WITH run AS MATERIALIZED (
    SELECT month,
           CASE WHEN looked_at <= CAST(:at AS timestamptz) + :overlap THEN looked_at - :overlap ELSE '-infinity' END
               AS since
    FROM fee_run
    WHERE finished_at IS NOT NULL AND looked_at IS DISTINCT FROM :at
      AND (CAST(:month AS date) IS NULL OR month = :month)
),
fact AS (
    SELECT entry.agreement_id, entry.booked_at,
           coalesce(taken.kind, entry.kind) AS kind, coalesce(taken.occurred_on, entry.occurred_on) AS occurred_on
    FROM ledger_entry AS entry LEFT JOIN ledger_entry AS taken ON taken.id = entry.reverses_id
    WHERE entry.kind IN ('payout', 'payment', 'allocation', 'reversal')
      AND entry.booked_at >= (SELECT min(since) FROM run)
      AND (taken.id IS NULL OR taken.kind IN ('payout', 'payment', 'allocation'))
)
INSERT INTO fee_look (month, agreement_id)
SELECT DISTINCT run.month, fact.agreement_id
FROM run JOIN fact
    ON fact.booked_at >= run.since
   AND fact.occurred_on < CASE fact.kind WHEN 'payout' THEN run.month + interval '1 month' ELSE run.month END
ORDER BY run.month, fact.agreement_id
ON CONFLICT DO NOTHING
