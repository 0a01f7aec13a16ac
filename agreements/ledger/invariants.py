"""What always holds of the books (rule F6), each as the query that finds whatever breaks it.

A feature that writes to the books, or keeps rows beside them, has a module like this one. `agreements.reconciliation`
lists them all.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from agreements.ledger.rules import OWED
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import Account


@dataclass(frozen=True, slots=True)
class Invariant:
    """A sentence that always holds, and the *rule* that it follows from.

    *sql* is one statement over all rows that gives a row for each offence: `agreement_id` and `entry_id`, which may be
    null, and `what`, a few words of ours or a number. It gives none where the sentence holds. It may use the parameter
    `:service_role`.
    """

    name: str
    rule: str
    text: Text
    sql: str


def words(members: Iterable[str]) -> str:
    """Members of an enumeration of ours as a list for SQL: `'principal', 'bank'`."""
    return ", ".join(f"'{member}'" for member in members)


SIDES = """
    ledger_line AS line
    CROSS JOIN LATERAL (
        VALUES (line.debit_account, line.amount_ore), (line.credit_account, -line.amount_ore)
    ) AS side (account, ore)
"""
"""Two rows for each line: the debited account with the amount, the credited one with its negative."""

_LINES = Invariant(
    "line-moves-money",
    "F6",
    Text(
        "Varje rad flyttar ett positivt belopp mellan två olika konton.",
        "Each line moves a positive amount between two different accounts.",
    ),
    """
    SELECT agreement_id, entry_id, amount_ore || ' öre, ' || debit_account || ' / ' || credit_account AS what
    FROM ledger_line WHERE amount_ore <= 0 OR debit_account = credit_account
    """,
)

_ENTRIES = Invariant(
    "entry-has-lines",
    "F6",
    Text(
        "Varje verifikation har rader, med dess egen dag och avtal.",
        "Each entry has lines, with its own day and agreement.",
    ),
    """
    SELECT coalesce(line.agreement_id, entry.agreement_id) AS agreement_id,
           coalesce(line.entry_id, entry.id) AS entry_id,
           CASE WHEN line.id IS NULL THEN 'no lines' ELSE 'a line of another day, agreement or entry' END AS what
    FROM ledger_entry AS entry FULL JOIN ledger_line AS line ON line.entry_id = entry.id
    WHERE line.id IS NULL OR entry.agreement_id IS DISTINCT FROM line.agreement_id
       OR entry.occurred_on <> line.occurred_on
    """,
)

# What had been paid of a charge that is taken back becomes the borrower's own money: that line alone has no opposite.
_REVERSALS = Invariant(
    "reversal-mirrors-entry",
    "F6",
    Text(
        "En rättelse speglar den verifikation som den tar tillbaka, öre för öre; det som hade betalats blir "
        "tillgodohavande.",
        "A reversal mirrors the entry that it takes back, öre by öre; what had been paid becomes credit balance.",
    ),
    f"""
    WITH reversal AS (
        SELECT taking.id, taking.agreement_id, taking.reverses_id,
               coalesce(wrong.agreement_id = taking.agreement_id AND wrong.reverses_id IS NULL, false) AS is_at_home
        FROM ledger_entry AS taking LEFT JOIN ledger_entry AS wrong ON wrong.id = taking.reverses_id
        WHERE taking.reverses_id IS NOT NULL
    ),
    side AS (
        SELECT reversal.id, line.debit_account AS debit, line.credit_account AS credit, line.amount_ore, 1 AS surplus
        FROM reversal JOIN ledger_line AS line ON line.entry_id = reversal.id
        UNION ALL
        SELECT reversal.id, line.credit_account, line.debit_account, line.amount_ore, -1
        FROM reversal JOIN ledger_line AS line ON line.entry_id = reversal.reverses_id
    ),
    unmatched AS (
        SELECT id, debit, credit, amount_ore, sum(surplus) AS surplus
        FROM side GROUP BY id, debit, credit, amount_ore HAVING sum(surplus) <> 0
    ),
    broken AS (
        SELECT unmatched.id
        FROM unmatched JOIN reversal USING (id)
        GROUP BY unmatched.id
        HAVING count(*) > 1 OR NOT bool_and(
            surplus = 1 AND credit = 'credit_balance' AND debit IN ({words(OWED)})
            AND amount_ore <= (
                SELECT coalesce(sum(line.amount_ore), 0) FROM ledger_line AS line
                WHERE line.entry_id = reverses_id AND line.debit_account = debit
            )
        )
    )
    SELECT agreement_id, id AS entry_id, 'of another agreement, or of a reversal' AS what
    FROM reversal WHERE NOT is_at_home
    UNION ALL
    SELECT agreement_id, id, 'no mirror' FROM reversal WHERE id IN (SELECT id FROM broken)
    UNION ALL
    SELECT agreement_id, id, 'by its kind' FROM ledger_entry WHERE (kind = 'reversal') <> (reverses_id IS NOT NULL)
    """,
)

_REVERSED_ONCE = Invariant(
    "reversed-once",
    "F6",
    Text("Ingen verifikation tas tillbaka två gånger.", "No entry is taken back twice."),
    """
    SELECT (array_agg(agreement_id ORDER BY id))[1] AS agreement_id, reverses_id AS entry_id,
           'taken back ' || count(*) || ' times' AS what
    FROM ledger_entry WHERE reverses_id IS NOT NULL
    GROUP BY reverses_id HAVING count(*) > 1
    """,
)

_APPEND_ONLY = Invariant(
    "append-only",
    "F6",
    Text(
        "Tjänstens databasroll kan lägga till i böckerna, men inte ändra eller ta bort.",
        "The service's role in the database can add to the books, and change or remove nothing.",
    ),
    """
    SELECT CAST(NULL AS uuid) AS agreement_id, CAST(NULL AS uuid) AS entry_id, may.privilege || ' ' || may.name AS what
    FROM (
        SELECT name, privilege
        FROM unnest(ARRAY['ledger_entry', 'ledger_line']) AS name,
             unnest(ARRAY['UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS privilege
    ) AS may
    WHERE has_table_privilege(:service_role, may.name, may.privilege)
       OR (may.privilege = 'UPDATE' AND has_any_column_privilege(:service_role, may.name, may.privilege))
    """,
)

_SAFEGUARDS = Invariant(
    "safeguards-stand",
    "F6",
    Text(
        "Databasens egna spärrar för böckerna finns och är på: positiva belopp, två konton, inget två gånger.",
        "The database's own safeguards of the books are there and on: positive amounts, two accounts, nothing twice.",
    ),
    """
    SELECT CAST(NULL AS uuid) AS agreement_id, CAST(NULL AS uuid) AS entry_id, wanted.name AS what
    FROM unnest(ARRAY[
        'ck_ledger_line_amount', 'ck_ledger_line_two_accounts', 'ck_ledger_line_debit_account',
        'ck_ledger_line_credit_account', 'uq_ledger_entry_business_key', 'uq_ledger_entry_reverses_id',
        'fk_ledger_line_entry_id', 'fk_ledger_line_agreement_id', 'fk_ledger_entry_agreement_id',
        'fk_ledger_entry_reverses_id'
    ]) AS wanted (name)
    WHERE NOT EXISTS (
        SELECT FROM pg_constraint
        WHERE conname = wanted.name AND conenforced AND convalidated
          AND conrelid IN (CAST('ledger_entry' AS regclass), CAST('ledger_line' AS regclass))
    )
    UNION ALL
    SELECT NULL, NULL, 'a trigger of ' || CAST(tgrelid AS regclass) || ' is off'
    FROM pg_trigger
    WHERE tgrelid IN (CAST('ledger_entry' AS regclass), CAST('ledger_line' AS regclass)) AND tgenabled IN ('D', 'R')
    """,
)

_CONTROL_ACCOUNTS = Invariant(
    "control-accounts",
    "F6",
    Text(
        "Varje konto är summan av avtalens, och alla konton tillsammans är noll.",
        "Each account is the sum of the agreements', and all accounts together are zero.",
    ),
    """
    WITH pair AS (
        SELECT line.debit_account, line.credit_account, sum(line.amount_ore) AS ore,
               coalesce(sum(line.amount_ore) FILTER (WHERE agreement.id IS NOT NULL), 0) AS of_agreements
        FROM ledger_line AS line
        LEFT JOIN ledger_entry AS entry ON entry.id = line.entry_id
        LEFT JOIN agreement ON agreement.id = entry.agreement_id
        GROUP BY line.debit_account, line.credit_account
    ),
    control AS (
        SELECT side.account, sum(side.ore) AS ore, sum(side.of_agreements) AS of_agreements
        FROM pair CROSS JOIN LATERAL (
            VALUES (debit_account, ore, of_agreements), (credit_account, -ore, -of_agreements)
        ) AS side (account, ore, of_agreements)
        GROUP BY side.account
    )
    SELECT CAST(NULL AS uuid) AS agreement_id, CAST(NULL AS uuid) AS entry_id, account AS what
    FROM control WHERE ore <> of_agreements
    UNION ALL
    SELECT NULL, NULL, 'all accounts: ' || sum(ore) || ' öre' FROM control HAVING sum(ore) <> 0
    """,
)

_NOT_NEGATIVE = Invariant(
    "nothing-below-zero",
    "F6",
    Text(
        "Ingen fordran är negativ, och inget tillgodohavande är en skuld.",
        "No receivable is below zero, and no credit balance is a debt.",
    ),
    f"""
    SELECT line.agreement_id, CAST(NULL AS uuid) AS entry_id, side.account || ' ' || sum(side.ore) || ' öre' AS what
    FROM {SIDES}
    WHERE side.account IN ({words((*OWED, Account.CREDIT_BALANCE))})
    GROUP BY line.agreement_id, side.account
    HAVING CASE side.account WHEN 'credit_balance' THEN sum(side.ore) > 0 ELSE sum(side.ore) < 0 END
    """,
)

INVARIANTS = (
    _LINES,
    _ENTRIES,
    _REVERSALS,
    _REVERSED_ONCE,
    _APPEND_ONLY,
    _SAFEGUARDS,
    _CONTROL_ACCOUNTS,
    _NOT_NEGATIVE,
)
"""What holds of entries and lines alone, whatever they are for."""
