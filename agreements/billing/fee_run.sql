-- Charges the calendar month that begins on :first_day, for every agreement that used credit in it, or for those :among
-- that are given (rules F1 and F2). The basis is what `rules.explain_fee` computes: at any moment of the month, drawn
-- less the greater of repaid and due before the month. A repayment only lowers that, so its highest moment is the first
-- one of the month or a drawdown. The agreements are locked as everybody locks them, in the order of their ids, and a
-- cancellation under way is waited for; the keys of monthly_fee and ledger_entry make a second fee impossible.
WITH taken_back AS MATERIALIZED (
    SELECT id FROM ledger_entry WHERE reverses_id IS NOT NULL
    UNION ALL
    SELECT reverses_id FROM ledger_entry WHERE reverses_id IS NOT NULL
),
opening AS MATERIALIZED (
    SELECT agreement_id,
           sum(CASE WHEN occurred_on < :first_day AND debit_account = 'principal' THEN amount_ore ELSE 0 END)::bigint
               AS drawn_ore,
           sum(CASE WHEN occurred_on < :first_day AND debit_account <> 'principal' THEN amount_ore ELSE 0 END)::bigint
               AS repaid_ore,
           bool_or(occurred_on >= :first_day AND debit_account = 'principal') AS draws
    FROM ledger_line
    WHERE (debit_account = 'principal' OR credit_account = 'principal')
      AND occurred_on < :first_day_of_next
      AND entry_id NOT IN (SELECT id FROM taken_back)
      AND (CAST(:among AS uuid[]) IS NULL OR agreement_id = ANY(CAST(:among AS uuid[])))
    GROUP BY agreement_id
),
due AS (
    SELECT agreement_id, sum(amount_ore)::bigint AS due_ore
    FROM planned_instalment
    WHERE due_on < :first_day
      AND (CAST(:among AS uuid[]) IS NULL OR agreement_id = ANY(CAST(:among AS uuid[])))
    GROUP BY agreement_id
),
moment AS (
    SELECT line.agreement_id, occurred_on,
           sum(CASE WHEN debit_account = 'principal' THEN amount_ore ELSE 0 END) OVER so_far AS drawn_ore,
           sum(CASE WHEN debit_account <> 'principal' THEN amount_ore ELSE 0 END) OVER so_far AS repaid_ore
    FROM ledger_line AS line
    WHERE agreement_id IN (SELECT agreement_id FROM opening WHERE draws)
      AND (debit_account = 'principal' OR credit_account = 'principal')
      AND occurred_on < :first_day_of_next
      AND entry_id NOT IN (SELECT id FROM taken_back)
    WINDOW so_far AS (PARTITION BY line.agreement_id ORDER BY occurred_on, id ROWS UNBOUNDED PRECEDING)
),
drawing AS (
    SELECT moment.agreement_id, max(drawn_ore - greatest(repaid_ore, coalesce(due_ore, 0)))::bigint AS level_ore
    FROM moment LEFT JOIN due ON due.agreement_id = moment.agreement_id
    WHERE occurred_on >= :first_day
    GROUP BY moment.agreement_id
),
basis AS (
    SELECT opening.agreement_id,
           greatest(opening.drawn_ore - greatest(opening.repaid_ore, coalesce(due_ore, 0)), level_ore) AS basis_ore
    FROM opening
    LEFT JOIN due ON due.agreement_id = opening.agreement_id
    LEFT JOIN drawing ON drawing.agreement_id = opening.agreement_id
),
chargeable AS (
    SELECT agreement.id, basis.basis_ore, agreement.fee_rate
    FROM basis JOIN agreement ON agreement.id = basis.agreement_id
    WHERE basis.basis_ore > 0 AND agreement.state <> 'cancelled'
    ORDER BY agreement.id
    FOR KEY SHARE OF agreement
),
charged AS (
    INSERT INTO monthly_fee (agreement_id, month, basis_ore, rate, fee_ore, charged_at)
    SELECT id, :first_day, basis_ore, fee_rate, round(basis_ore * fee_rate, -2)::bigint, :charged_at
    FROM chargeable
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
