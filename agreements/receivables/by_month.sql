-- Of each month from :first_day through the one of :last_day: what invoices due in it asked for, what was paid in it,
-- and the principal at its end. Of the last one payments and principal are told through :last_day.
WITH month AS (
    SELECT start::date AS first_day, least((start + interval '1 month')::date - 1, :last_day) AS last_day
    FROM generate_series(CAST(:first_day AS timestamp), CAST(:last_day AS timestamp), interval '1 month') AS start
),
billed AS (
    SELECT date_trunc('month', due_on)::date AS first_day, sum(payable_ore) AS ore
    FROM invoice
    WHERE kind = 'invoice' AND due_on BETWEEN :first_day AND :end_of_last_month
    GROUP BY 1
),
paid AS (
    SELECT date_trunc('month', booked_on)::date AS first_day, sum(amount_ore) AS ore
    FROM incoming_payment
    WHERE booked_on BETWEEN :first_day AND :last_day
    GROUP BY 1
),
moved AS (
    SELECT greatest(date_trunc('month', occurred_on)::date, :first_day) AS first_day,
           sum(CASE WHEN debit_account = 'principal' THEN amount_ore ELSE -amount_ore END) AS ore
    FROM ledger_line
    WHERE 'principal' IN (debit_account, credit_account) AND occurred_on <= :last_day
    GROUP BY 1
)
SELECT month.first_day,
       coalesce(billed.ore, 0)::bigint AS billed_ore,
       coalesce(paid.ore, 0)::bigint AS paid_ore,
       coalesce(sum(moved.ore) OVER (ORDER BY month.first_day), 0)::bigint AS principal_ore
FROM month
LEFT JOIN billed USING (first_day)
LEFT JOIN paid USING (first_day)
LEFT JOIN moved USING (first_day)
ORDER BY month.first_day
