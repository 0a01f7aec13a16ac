-- Charges the calendar month that begins on :first_day, for the agreements that used credit in it and whose ids lie
-- above :after and up to :through; of :among alone, where that is given (rules F1 and F2). They are locked already. One
-- that is over was charged when it ended; one that has this month's fee gets no other.
-- The basis is what `rules.explain_fee` computes: at any moment of the month, drawn less the greater of repaid and due
-- before the month. A repayment only lowers that, so its highest moment is the month's first or that of a drawdown.
WITH taken_back AS MATERIALIZED (
    SELECT id FROM ledger_entry WHERE reverses_id IS NOT NULL
    UNION ALL
    SELECT reverses_id FROM ledger_entry WHERE reverses_id IS NOT NULL
),
opening AS (
    SELECT agreement_id,
           coalesce(sum(amount_ore) FILTER (WHERE debit_account = 'principal' AND occurred_on < :first_day), 0)
               AS drawn_ore,
           coalesce(sum(amount_ore) FILTER (WHERE debit_account <> 'principal' AND occurred_on < :first_day), 0)
               AS repaid_ore,
           max(occurred_on) FILTER (WHERE debit_account = 'principal') AS last_drawn_on
    FROM ledger_line
    WHERE (debit_account = 'principal' OR credit_account = 'principal')
      AND agreement_id > :after AND agreement_id <= :through
      AND (CAST(:among AS uuid[]) IS NULL OR agreement_id = ANY(CAST(:among AS uuid[])))
      AND occurred_on < :first_day_of_next
      AND entry_id NOT IN (SELECT id FROM taken_back)
    GROUP BY agreement_id
),
due AS (
    SELECT agreement_id, sum(amount_ore) AS due_ore
    FROM planned_instalment
    WHERE agreement_id > :after AND agreement_id <= :through
      AND due_on < :first_day
      AND (CAST(:among AS uuid[]) IS NULL OR agreement_id = ANY(CAST(:among AS uuid[])))
    GROUP BY agreement_id
),
basis AS MATERIALIZED (
    SELECT agreement.id, agreement.fee_rate,
           greatest(
               opening.drawn_ore - greatest(opening.repaid_ore, due.due_ore),
               CASE WHEN opening.last_drawn_on >= :first_day THEN (
                   SELECT max(moment.drawn_ore - greatest(moment.repaid_ore, due.due_ore))
                   FROM (
                       SELECT occurred_on,
                              sum(amount_ore) FILTER (WHERE debit_account = 'principal') OVER so_far AS drawn_ore,
                              coalesce(sum(amount_ore) FILTER (WHERE debit_account <> 'principal') OVER so_far, 0)
                                  AS repaid_ore
                       FROM ledger_line
                       WHERE agreement_id = opening.agreement_id
                         AND (debit_account = 'principal' OR credit_account = 'principal')
                         AND occurred_on < :first_day_of_next
                         AND entry_id NOT IN (SELECT id FROM taken_back)
                       WINDOW so_far AS (ORDER BY occurred_on, id ROWS UNBOUNDED PRECEDING)
                   ) AS moment
                   WHERE occurred_on >= :first_day
               ) END
           )::bigint AS basis_ore
    FROM opening
    JOIN agreement ON agreement.id = opening.agreement_id AND agreement.id > :after AND agreement.id <= :through
    LEFT JOIN due ON due.agreement_id = opening.agreement_id
    WHERE agreement.ended_at IS NULL
),
charged AS MATERIALIZED (
    SELECT id AS agreement_id, basis_ore, fee_rate, round(basis_ore * fee_rate, -2)::bigint AS fee_ore,
           uuidv7() AS entry_id
    FROM basis
    WHERE basis_ore > 0
      AND NOT EXISTS (
          SELECT FROM monthly_fee
          WHERE agreement_id = basis.id AND agreement_id > :after AND agreement_id <= :through AND month = :first_day
      )
    ORDER BY id
),
fee AS (
    INSERT INTO monthly_fee (agreement_id, month, basis_ore, rate, fee_ore, charged_at)
    SELECT agreement_id, :first_day, basis_ore, fee_rate, fee_ore, :charged_at FROM charged
),
entry AS (
    INSERT INTO ledger_entry (id, agreement_id, business_key, kind, occurred_on, booked_at)
    SELECT entry_id, agreement_id, 'fee:' || agreement_id || ':' || :month, 'monthly_fee',
           CAST(:first_day_of_next AS date) - 1, :charged_at
    FROM charged WHERE fee_ore > 0
),
line AS (
    INSERT INTO ledger_line (entry_id, agreement_id, occurred_on, debit_account, credit_account, amount_ore)
    SELECT entry_id, agreement_id, CAST(:first_day_of_next AS date) - 1, 'fee_receivable', 'fee_income', fee_ore
    FROM charged WHERE fee_ore > 0
)
SELECT count(*), coalesce(sum(fee_ore), 0)::bigint FROM charged
