-- Charges what `basis.sql` has computed; an agreement that has the month's fee gets no other.
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
