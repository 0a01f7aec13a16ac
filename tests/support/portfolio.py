"""Many agreements half a year into their plans, made by SQL alone: for the fee run's benchmark and its crash test."""

from datetime import UTC, datetime

import psycopg

from underwriting.kernel.periods import Month

MONTH = Month(2026, 8)
"""The month that has not been charged."""
CHARGED_AT = datetime(2026, 9, 1, 18, 0, tzinfo=UTC)
"""The evening of the first bank day after it."""

_FIRST = Month(2026, 2)

# A straight plan of twelve months. One in ten has drawn again, one in ten of those in the month itself, and one in
# twenty is behind with an instalment. Every month but the last is charged and paid.
_STATEMENTS = """
INSERT INTO agreement (application_id, ocr, state, company_form, company_encrypted, company_index, signatory_index,
    details_encrypted, limit_ore, first_drawdown_ore, fee_rate, term_months, terms_version, cancellation_fee_ore,
    same_day_cancellation_fee_ore, cancellation_days, window_policy, granted_at, sign_by, status_checked_at, signed_at,
    first_paid_out_at, first_paid_out_on)
SELECT uuidv7(), n::text, 'running', 'AB', sha256(n::text::bytea), sha256(n::text::bytea), sha256(n::text::bytea),
    repeat('x', 400)::bytea, 24000000, 12000000, 0.0150 + (n % 7) * 0.0025, 12, 'v1', 150000, 150000, 5, 'calendar',
    '2026-02-02 09:00Z', '2026-02-16 09:00Z', '2026-02-02 09:00Z', '2026-02-03 09:00Z', '2026-02-04 09:00Z',
    '2026-02-04'
FROM generate_series(1, :count) AS n;

INSERT INTO planned_instalment (agreement_id, drawdown_id, number, due_on, amount_ore)
SELECT id, application_id, part, (date '2026-02-28' + make_interval(months => part - 1))::date, 1000000
FROM agreement, generate_series(1, 12) AS part;

INSERT INTO ledger_entry (agreement_id, business_key, kind, occurred_on, booked_at)
SELECT id, 'payout:' || id, 'payout', '2026-02-04', '2026-02-04 09:00Z' FROM agreement;
INSERT INTO ledger_entry (agreement_id, business_key, kind, occurred_on, booked_at)
SELECT id, 'payout:second:' || id, 'payout',
    CASE WHEN number % 100 = 0 THEN date '2026-08-12' ELSE date '2026-04-08' END, '2026-08-12 09:00Z'
FROM agreement WHERE number % 10 = 0;
INSERT INTO ledger_line (entry_id, agreement_id, occurred_on, debit_account, credit_account, amount_ore)
SELECT id, agreement_id, occurred_on, 'principal', 'bank',
    CASE WHEN business_key LIKE 'payout:second:%' THEN 3000000 ELSE 12000000 END
FROM ledger_entry;

INSERT INTO monthly_fee (agreement_id, month, basis_ore, rate, fee_ore, charged_at)
SELECT id, month, 12000000, fee_rate, round(12000000 * fee_rate, -2)::bigint, month + interval '1 month 20 hours'
FROM agreement, generate_series(timestamp ':first_charged', '2026-07-01', '1 month') AS month;
INSERT INTO ledger_entry (agreement_id, business_key, kind, occurred_on, booked_at)
SELECT agreement_id, 'fee:' || agreement_id || ':' || to_char(month, 'YYYY-MM'), 'monthly_fee',
    (month + interval '1 month')::date - 1, charged_at
FROM monthly_fee;
INSERT INTO ledger_line (entry_id, agreement_id, occurred_on, debit_account, credit_account, amount_ore)
SELECT entry.id, entry.agreement_id, entry.occurred_on, 'fee_receivable', 'fee_income', fee.fee_ore
FROM ledger_entry AS entry JOIN monthly_fee AS fee
    ON fee.agreement_id = entry.agreement_id AND fee.month = date_trunc('month', entry.occurred_on)
WHERE entry.kind = 'monthly_fee';

INSERT INTO ledger_entry (agreement_id, business_key, kind, occurred_on, booked_at)
SELECT fee.agreement_id, 'payment:' || fee.agreement_id || ':' || fee.month, 'payment',
    (fee.month + interval '2 months')::date - 1, fee.month + interval '2 months 12 hours'
FROM monthly_fee AS fee JOIN agreement ON agreement.id = fee.agreement_id
WHERE NOT (agreement.number % 20 = 0 AND fee.month = '2026-07-01');
INSERT INTO ledger_line (entry_id, agreement_id, occurred_on, debit_account, credit_account, amount_ore)
SELECT entry.id, entry.agreement_id, entry.occurred_on, 'bank', account.name,
    CASE account.name WHEN 'principal' THEN 1000000 ELSE fee.fee_ore END
FROM ledger_entry AS entry JOIN monthly_fee AS fee
    ON fee.agreement_id = entry.agreement_id AND fee.month = date_trunc('month', entry.occurred_on) - interval '1 month'
CROSS JOIN (VALUES ('principal'), ('fee_receivable')) AS account (name)
WHERE entry.kind = 'payment';
"""


def make(url: str, *, count: int, first_charged: Month = _FIRST) -> None:
    """Put *count* agreements into the empty, migrated database at *url*, and have it know them well.

    The months before *first_charged* are neither charged nor paid: a million fit on a small disk then.
    """
    statements = _STATEMENTS.replace(":count", str(count)).replace(":first_charged", str(first_charged.first_day))
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements.strip().split(";\n"):
            connection.execute(statement)
        connection.execute("VACUUM (ANALYZE)")
