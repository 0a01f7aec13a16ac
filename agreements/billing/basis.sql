-- What the calendar month that begins on :first_day is charged on, for the agreements that used credit in it and whose
-- ids lie above :after and up to :through; of :among alone, where that is given (rules F1 and F2). They are locked
-- already. One that is over was charged when it ended. `fee_run.sql` and `wrong_fees.sql` go on from here.
-- The basis is what `rules.explain_fee` computes: at any moment of the month, drawn less the greater of repaid and due
-- before the month. A repayment only lowers that, so its highest moment is the month's first or that of a drawdown.
WITH reversal AS MATERIALIZED (
    SELECT id, reverses_id FROM ledger_entry
    WHERE reverses_id IS NOT NULL
      AND agreement_id > :after AND agreement_id <= :through
      AND (CAST(:among AS uuid[]) IS NULL OR agreement_id = ANY(CAST(:among AS uuid[])))
),
taken_back AS MATERIALIZED (
    SELECT id FROM reversal UNION ALL SELECT reverses_id FROM reversal
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
)
