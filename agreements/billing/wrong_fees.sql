-- The agreements that were charged otherwise than what `basis.sql` computes, and the latest fact that was told of since.
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
    WHERE entry.agreement_id = fee.agreement_id AND (taken.kind IS NULL OR taken.kind <> 'monthly_fee')
      AND entry.kind <> 'monthly_fee'
    ORDER BY entry.booked_at DESC, entry.id DESC
    LIMIT 1
) AS latest
WHERE fee.agreement_id = ANY(CAST(:among AS uuid[])) AND fee.month = :first_day
  AND CASE WHEN fee.reversed_at IS NULL THEN fee.basis_ore ELSE 0 END <> greatest(coalesce(basis.basis_ore, 0), 0)
ORDER BY fee.agreement_id
