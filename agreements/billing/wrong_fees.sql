-- The agreements that were charged otherwise than what `basis.sql` computes, and why: the latest fact that reaches the month.
-- A payout does from its own month on, a repayment from the month after it; a reversal from where what it takes back did.
SELECT fee.agreement_id, latest.reason
FROM monthly_fee AS fee
JOIN agreement ON agreement.id = fee.agreement_id AND agreement.ended_at IS NULL
LEFT JOIN basis ON basis.id = fee.agreement_id
CROSS JOIN LATERAL (
    SELECT CASE
               WHEN taken.kind = 'payout' THEN 'payout_returned'
               WHEN taken.kind IS NOT NULL THEN 'payment_reversed'
               WHEN entry.kind = 'payout' THEN 'payout_late'
               ELSE 'payment_late'
           END AS reason
    FROM ledger_entry AS entry LEFT JOIN ledger_entry AS taken ON taken.id = entry.reverses_id
    WHERE entry.agreement_id = fee.agreement_id
      AND coalesce(taken.kind, entry.kind) IN ('payout', 'payment', 'allocation')
      AND coalesce(taken.occurred_on, entry.occurred_on)
          < CASE coalesce(taken.kind, entry.kind) WHEN 'payout' THEN :first_day_of_next ELSE :first_day END
    ORDER BY entry.booked_at DESC, entry.id DESC
    LIMIT 1
) AS latest
WHERE fee.agreement_id = ANY(CAST(:among AS uuid[])) AND fee.month = :first_day
  AND CASE WHEN fee.reversed_at IS NULL THEN fee.basis_ore ELSE 0 END <> greatest(coalesce(basis.basis_ore, 0), 0)
ORDER BY fee.agreement_id
