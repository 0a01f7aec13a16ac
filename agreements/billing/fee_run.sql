-- Charges the calendar month that begins on :first_day, for every agreement that used credit in it (rules F1 and F2).
-- The basis is what `rules.explain_fee` computes: at any moment of the month, drawn less the greater of repaid and due
-- before the month. One statement; the keys of monthly_fee and ledger_entry make a second fee impossible.
WITH taken_back AS MATERIALIZED (
    SELECT id FROM ledger_entry WHERE reverses_id IS NOT NULL
    UNION ALL
    SELECT reverses_id FROM ledger_entry WHERE reverses_id IS NOT NULL
),
principal_line AS (
    SELECT agreement_id, occurred_on, id,
           CASE WHEN debit_account = 'principal' THEN amount_ore ELSE 0 END AS drawn_ore,
           CASE WHEN credit_account = 'principal' THEN amount_ore ELSE 0 END AS repaid_ore
    FROM ledger_line
    WHERE (debit_account = 'principal' OR credit_account = 'principal')
      AND occurred_on < :first_day_of_next
      AND entry_id NOT IN (SELECT id FROM taken_back)
      AND (CAST(:touched_since AS timestamptz) IS NULL OR agreement_id IN (
          SELECT agreement_id FROM ledger_entry WHERE kind <> 'monthly_fee' AND booked_at >= :touched_since))
),
moment AS (
    SELECT agreement_id,
           sum(drawn_ore) OVER so_far AS drawn_ore,
           sum(repaid_ore) OVER so_far AS repaid_ore,
           lead(occurred_on) OVER in_order AS next_on
    FROM principal_line
    WINDOW in_order AS (PARTITION BY agreement_id ORDER BY occurred_on, id),
           so_far AS (in_order ROWS UNBOUNDED PRECEDING)
),
due AS (
    SELECT agreement_id, sum(amount_ore) AS due_ore
    FROM planned_instalment WHERE due_on < :first_day GROUP BY agreement_id
),
basis AS (
    SELECT moment.agreement_id,
           max(moment.drawn_ore - greatest(moment.repaid_ore, coalesce(due.due_ore, 0)))::bigint AS basis_ore
    FROM moment LEFT JOIN due ON due.agreement_id = moment.agreement_id
    WHERE moment.next_on IS NULL OR moment.next_on >= :first_day
    GROUP BY moment.agreement_id
),
charged AS (
    INSERT INTO monthly_fee (agreement_id, month, basis_ore, rate, fee_ore, charged_at)
    SELECT agreement.id, :first_day, basis.basis_ore, agreement.fee_rate,
           (round(basis.basis_ore * agreement.fee_rate / 100) * 100)::bigint, :charged_at
    FROM basis JOIN agreement ON agreement.id = basis.agreement_id
    WHERE basis.basis_ore > 0 AND agreement.state <> 'cancelled'
    ON CONFLICT (agreement_id, month) DO NOTHING
    RETURNING agreement_id, fee_ore
),
entry AS (
    INSERT INTO ledger_entry (agreement_id, business_key, kind, occurred_on, booked_at)
    SELECT agreement_id, 'fee:' || agreement_id || ':' || :month, 'monthly_fee',
           CAST(:first_day_of_next AS date) - 1, :charged_at
    FROM charged WHERE fee_ore > 0
    RETURNING id, agreement_id, occurred_on
),
line AS (
    INSERT INTO ledger_line (entry_id, agreement_id, occurred_on, debit_account, credit_account, amount_ore)
    SELECT entry.id, entry.agreement_id, entry.occurred_on, 'fee_receivable', 'fee_income', charged.fee_ore
    FROM entry JOIN charged ON charged.agreement_id = entry.agreement_id
)
SELECT count(*), coalesce(sum(fee_ore), 0)::bigint FROM charged
