-- What is left to pay of each claim on the agreements :ids, and their credit balances (rule F8). A claim is a charge of
-- the ledger or an instalment of the plan, with the line that asks for it where one does. What a payer has named is
-- paid; any other payment went to the oldest, so that what is left of an account belongs to its newest claims.
-- Only claims that are due on :through, or of the invoices :named, are told of.
WITH line AS MATERIALIZED (
    SELECT entry_id, agreement_id, occurred_on, debit_account, credit_account, amount_ore
    FROM ledger_line WHERE agreement_id = ANY(CAST(:ids AS uuid[]))
),
standing AS MATERIALIZED (
    SELECT agreement_id, account, sum(ore)::bigint AS ore
    FROM (
        SELECT agreement_id, debit_account AS account, amount_ore AS ore FROM line
        UNION ALL
        SELECT agreement_id, credit_account, -amount_ore FROM line
    ) AS side
    WHERE account = ANY(CAST(:accounts AS text[]))
    GROUP BY agreement_id, account
    HAVING sum(ore) <> 0
),
named AS MATERIALIZED (
    SELECT asking.id AS line_id, sum(paid.amount_ore)::bigint AS ore
    FROM invoice_line AS asking JOIN claim_payment AS paid ON paid.line_id = asking.id
    WHERE asking.agreement_id = ANY(CAST(:ids AS uuid[]))
      AND NOT EXISTS (SELECT FROM ledger_entry AS opposite WHERE opposite.reverses_id = paid.entry_id)
    GROUP BY asking.id
),
claim AS (
    SELECT standing.agreement_id, standing.account, standing.ore AS owed_ore, charge.occurred_on AS due_on,
           charge.entry_id AS charge_id, CAST(NULL AS uuid) AS drawdown_id, 0 AS number, charge.amount_ore,
           asking.id AS line_id, asking.invoice_id
    FROM standing
    JOIN line AS charge ON charge.agreement_id = standing.agreement_id AND charge.debit_account = standing.account
    LEFT JOIN invoice_line AS asking ON asking.entry_id = charge.entry_id AND asking.credits_line_id IS NULL
        AND NOT EXISTS (SELECT FROM invoice_line AS credit WHERE credit.credits_line_id = asking.id)
    WHERE standing.ore > 0 AND standing.account <> 'principal' AND standing.account <> 'credit_balance'
      AND EXISTS (SELECT FROM ledger_entry AS entry WHERE entry.id = charge.entry_id AND entry.reverses_id IS NULL)
      AND NOT EXISTS (SELECT FROM ledger_entry AS opposite WHERE opposite.reverses_id = charge.entry_id)
    UNION ALL
    SELECT standing.agreement_id, standing.account, standing.ore, part.due_on, NULL, part.drawdown_id, part.number,
           part.amount_ore, asking.id, asking.invoice_id
    FROM standing
    JOIN planned_instalment AS part ON part.agreement_id = standing.agreement_id
    LEFT JOIN invoice_line AS asking
        ON asking.agreement_id = part.agreement_id AND asking.drawdown_id = part.drawdown_id
        AND asking.instalment_number = part.number AND asking.credits_line_id IS NULL
        AND NOT EXISTS (SELECT FROM invoice_line AS credit WHERE credit.credits_line_id = asking.id)
    WHERE standing.ore > 0 AND standing.account = 'principal'
),
asked AS (
    SELECT claim.*, greatest(claim.amount_ore - coalesce(named.ore, 0), 0) AS unnamed_ore
    FROM claim LEFT JOIN named USING (line_id)
),
opened AS (
    SELECT asked.*,
           least(unnamed_ore, owed_ore - coalesce(sum(unnamed_ore) OVER (
               PARTITION BY agreement_id, account
               ORDER BY due_on DESC, number DESC, drawdown_id DESC, charge_id DESC
               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
           ), 0))::bigint AS open_ore
    FROM asked
)
SELECT agreement_id, account, due_on, open_ore AS ore, opened.invoice_id, line_id, late.invoice_id AS late_invoice_id,
       (SELECT min(arose_on) FROM invoice_line AS oldest WHERE oldest.invoice_id = late.invoice_id) AS since
FROM opened
-- late interest and costs are paid with the claim that they are for, whichever invoice asks for them
LEFT JOIN LATERAL (
    SELECT base.invoice_id FROM late_interest JOIN invoice_line AS base ON base.id = late_interest.line_id
    WHERE opened.account = 'late_interest_receivable' AND late_interest.entry_id = opened.charge_id
    UNION ALL
    SELECT late_charge.invoice_id FROM late_charge
    WHERE opened.account = 'collection_cost_receivable' AND late_charge.entry_id = opened.charge_id
) AS late ON true
WHERE open_ore > 0
  AND (due_on <= :through OR opened.invoice_id = ANY(CAST(:named AS uuid[]))
       OR late.invoice_id = ANY(CAST(:named AS uuid[])))
UNION ALL
SELECT agreement_id, account, NULL, -ore, NULL, NULL, NULL, NULL
FROM standing
WHERE account = 'credit_balance' AND ore < 0
ORDER BY agreement_id, due_on, account
