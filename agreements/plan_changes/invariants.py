"""What always holds of changed repayment plans (rule G7)."""

from agreements.ledger.invariants import Invariant
from underwriting.kernel.text import Text

INVARIANTS = (
    Invariant(
        "changed-plan-keeps-sums",
        "G7",
        Text(
            "En ändrad plan återbetalar varje uttag helt, och det som förfaller före dess första månad är som förut.",
            "A changed plan repays each drawdown whole, and what is due before its first month is as it was.",
        ),
        """
        WITH part AS (
            SELECT change.id, change.agreement_id, change.first_month, plan.is_after, one.*
            FROM plan_change AS change
            CROSS JOIN LATERAL (VALUES (false, change.plan_before), (true, change.plan_after)) AS plan (is_after, parts)
            CROSS JOIN LATERAL jsonb_to_recordset(plan.parts)
                AS one (drawdown_id uuid, number int, due_on date, amount_ore bigint)
            WHERE change.state = 'in_effect'
        )
        SELECT agreement_id, CAST(NULL AS uuid) AS entry_id,
               'change ' || id || ' of ' || coalesce(sum(amount_ore) FILTER (WHERE NOT is_after), 0) || ' to '
               || coalesce(sum(amount_ore) FILTER (WHERE is_after), 0) || ' öre' AS what
        FROM part
        GROUP BY agreement_id, id, drawdown_id
        HAVING sum(CASE WHEN is_after THEN amount_ore ELSE -amount_ore END) <> 0
            OR array_agg(ARRAY[number, due_on - DATE '2000-01-01', amount_ore] ORDER BY number)
                   FILTER (WHERE is_after AND due_on < first_month)
               IS DISTINCT FROM
               array_agg(ARRAY[number, due_on - DATE '2000-01-01', amount_ore] ORDER BY number)
                   FILTER (WHERE NOT is_after AND due_on < first_month)
        """,
    ),
)
"""By name; `agreements.reconciliation` proves them."""
