-- Issues the invoices for the month that begins on :first_day, for the agreements whose ids lie above :after and up to
-- :through; of :among alone, where that is given (rules F4, F5). They are locked already, and so is the series, whose
-- last number is :last. What was asked for is not asked for again, and one that has this month's invoice gets no other.
-- For one agreement it is what `rules.compose` explains.
WITH chunk AS MATERIALIZED (
    SELECT id, invoice_delivery, state = 'running' AS is_running
    FROM agreement
    WHERE id > :after AND id <= :through
      AND (CAST(:among AS uuid[]) IS NULL OR id = ANY(CAST(:among AS uuid[])))
      AND (state = 'running' OR (state = 'cancelled' AND ended_at >= :charged_since))
      AND NOT EXISTS (
          SELECT FROM invoice WHERE agreement_id = agreement.id AND period = :first_day AND invoice.kind = 'invoice'
      )
),
charge AS (
    SELECT chunk.id AS agreement_id, known.place, known.line_kind AS kind, known.account, line.amount_ore,
           entry.occurred_on AS arose_on, entry.id AS entry_id,
           CAST(NULL AS uuid) AS drawdown_id, CAST(NULL AS int) AS instalment_number, 1::bigint AS attempt
    FROM chunk
    JOIN ledger_entry AS entry ON entry.agreement_id = chunk.id AND entry.occurred_on >= :charged_since
    JOIN unnest(CAST(:entry_kinds AS text[]), CAST(:line_kinds AS text[]), CAST(:accounts AS text[]))
        WITH ORDINALITY AS known (entry_kind, line_kind, account, place) ON known.entry_kind = entry.kind
    JOIN ledger_line AS line ON line.entry_id = entry.id AND line.debit_account = known.account
    WHERE NOT EXISTS (SELECT FROM ledger_entry AS opposite WHERE opposite.reverses_id = entry.id)
      AND NOT EXISTS (SELECT FROM invoice_line WHERE entry_id = entry.id AND credits_line_id IS NULL)
      -- of one that is cancelled: what is not paid with the sum that cancelled it
      AND (chunk.is_running OR 0 < (
          SELECT sum(CASE WHEN debit_account = known.account THEN amount_ore ELSE -amount_ore END)
          FROM ledger_line
          WHERE agreement_id = chunk.id AND (debit_account = known.account OR credit_account = known.account)
      ))
),
instalment AS (
    SELECT chunk.id, 1000, 'instalment', 'principal', part.amount_ore, part.due_on, CAST(NULL AS uuid),
           part.drawdown_id, part.number, 1 + asked_before.times
    FROM chunk
    JOIN planned_instalment AS part
        ON part.agreement_id = chunk.id AND part.due_on >= :due_since AND part.due_on < :end
    -- what was asked for and credited, since the payout came back, is asked for again once it is paid out anew
    CROSS JOIN LATERAL (
        SELECT count(*) AS times,
               count(*) FILTER (
                   WHERE NOT EXISTS (SELECT FROM invoice_line AS credit WHERE credit.credits_line_id = line.id)
               ) AS standing
        FROM invoice_line AS line
        WHERE line.agreement_id = chunk.id AND line.drawdown_id = part.drawdown_id
          AND line.instalment_number = part.number AND line.credits_line_id IS NULL
    ) AS asked_before
    WHERE chunk.is_running AND asked_before.standing = 0
),
asked AS MATERIALIZED (
    SELECT * FROM charge UNION ALL SELECT * FROM instalment
),
billed AS MATERIALIZED (
    SELECT agreement_id, sum(amount_ore)::bigint AS ore, uuidv7() AS invoice_id, uuidv7() AS paper_entry_id,
           row_number() OVER (ORDER BY agreement_id) AS place
    FROM asked GROUP BY agreement_id
),
paper AS MATERIALIZED (
    SELECT billed.agreement_id, billed.paper_entry_id
    FROM billed JOIN chunk ON chunk.id = billed.agreement_id
    WHERE chunk.invoice_delivery = 'paper' AND :paper_fee_ore > 0
),
totalled AS (
    SELECT billed.*, chunk.invoice_delivery, :last + place AS number,
           billed.ore + CASE WHEN paper.agreement_id IS NULL THEN 0 ELSE :paper_fee_ore END AS total_ore,
           -- öre that earlier invoices left out, or asked for too early
           (SELECT coalesce(sum(rounding_ore), 0)::bigint FROM invoice
            WHERE agreement_id = billed.agreement_id AND kind = 'invoice') AS rounded_ore,
           (SELECT coalesce(sum(CASE WHEN credit_account = 'credit_balance' THEN amount_ore ELSE -amount_ore END), 0)
            FROM ledger_line
            WHERE agreement_id = billed.agreement_id
              AND (debit_account = 'credit_balance' OR credit_account = 'credit_balance'))::bigint AS balance_ore
    FROM billed
    JOIN chunk ON chunk.id = billed.agreement_id
    LEFT JOIN paper ON paper.agreement_id = billed.agreement_id
),
priced AS MATERIALIZED (
    SELECT totalled.*, greatest((total_ore - rounded_ore + 50) / 100 * 100, 0) AS payable_ore,
           body.digits || (10 - luhn.total % 10) % 10 AS ocr
    FROM totalled
    -- number, length digit and check digit (`underwriting.kernel.identifiers.ocr_number`)
    CROSS JOIN LATERAL (SELECT number || ((length(number::text) + 2) % 10)::text AS digits) AS body
    CROSS JOIN LATERAL (
        SELECT sum(CASE WHEN place % 2 = 1 THEN digit * 2 / 10 + digit * 2 % 10 ELSE digit END) AS total
        FROM (
            SELECT place, substr(body.digits, length(body.digits) + 1 - place, 1)::int AS digit
            FROM generate_series(1, length(body.digits)) AS place
        ) AS counted
    ) AS luhn
),
invoice_row AS (
    INSERT INTO invoice (id, agreement_id, kind, number, ocr, period, issued_on, issued_at, due_on, delivery,
        total_ore, rounding_ore, payable_ore, balance_ore)
    SELECT invoice_id, agreement_id, 'invoice', number, ocr, :first_day, :issued_on, :issued_at, :due_on,
           invoice_delivery, total_ore, payable_ore - total_ore, payable_ore,
           greatest(balance_ore - greatest(rounded_ore, 0), 0)  -- besides what rounding has asked for too early
    FROM priced ORDER BY agreement_id
),
entry_row AS (
    INSERT INTO ledger_entry (id, agreement_id, business_key, kind, occurred_on, booked_at)
    SELECT paper_entry_id, agreement_id, 'paper-fee:' || agreement_id || ':' || :month, 'paper_fee', :issued_on,
           :issued_at
    FROM paper
),
ledger_row AS (
    INSERT INTO ledger_line (entry_id, agreement_id, occurred_on, debit_account, credit_account, amount_ore)
    SELECT paper_entry_id, agreement_id, :issued_on, 'paper_fee_receivable', 'paper_fee_income', :paper_fee_ore
    FROM paper
),
line_row AS (
    INSERT INTO invoice_line (invoice_id, agreement_id, number, kind, account, amount_ore, arose_on, entry_id,
        drawdown_id, instalment_number, attempt)
    SELECT billed.invoice_id, line.agreement_id,
           row_number() OVER (
               PARTITION BY line.agreement_id ORDER BY line.place, line.arose_on, line.entry_id, line.instalment_number,
               line.drawdown_id
           ),
           line.kind, line.account, line.amount_ore, line.arose_on, line.entry_id, line.drawdown_id,
           line.instalment_number, line.attempt
    FROM (
        SELECT * FROM asked
        UNION ALL
        SELECT agreement_id, 999, 'paper_fee', 'paper_fee_receivable', :paper_fee_ore, :issued_on, paper_entry_id,
               NULL, NULL, 1
        FROM paper
    ) AS line
    JOIN billed ON billed.agreement_id = line.agreement_id
    ORDER BY line.agreement_id
)
SELECT count(*), coalesce(sum(payable_ore), 0)::bigint FROM priced
