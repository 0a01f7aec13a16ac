"""What always holds of late interest and of what late claims cost beside the books (rules R4 and R5)."""

from collections.abc import Iterable, Mapping

from agreements.late_payment.rules import DAYS_OF_A_YEAR
from agreements.ledger.invariants import Invariant
from agreements.ledger.rules import PostingKind
from underwriting.kernel.money import Money
from underwriting.kernel.statutes import (
    COLLECTION_DEMAND_FEE,
    INSTALMENT_PLAN_FEE,
    LATE_PAYMENT_COMPENSATION,
    REMINDER_FEE,
    StatutoryValue,
)
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import LateCharge

_BY_LAW: Mapping[LateCharge, tuple[PostingKind, StatutoryValue[Money]]] = {
    LateCharge.REMINDER: (PostingKind.REMINDER_FEE, REMINDER_FEE),
    LateCharge.DEMAND: (PostingKind.DEMAND_FEE, COLLECTION_DEMAND_FEE),
    LateCharge.INSTALMENT_PLAN: (PostingKind.PLAN_FEE, INSTALMENT_PLAN_FEE),
    LateCharge.COMPENSATION: (PostingKind.LATE_COMPENSATION, LATE_PAYMENT_COMPENSATION),
}


def _rows_by_law() -> Iterable[str]:
    """What each step costs at most since a day, as rows of SQL."""
    for charge, (posting, value) in _BY_LAW.items():
        for since, amount in value.since.items():
            yield f"('{charge}', '{posting}', DATE '{since}', {amount.ore})"


INVARIANTS = (
    Invariant(
        "late-interest-by-stretches",
        "R5",
        Text(
            "Dröjsmålsräntan i böckerna på varje krav är till öret den som dess tidsrymder ger, och aldrig för tid "
            "före förfallodagens slut.",
            "The late interest in the books on each claim is to the öre what its stretches give, and never for time "
            "before the end of its due day.",
        ),
        f"""
        WITH booked AS (
            SELECT entry.id AS entry_id, entry.agreement_id, entry.occurred_on, sum(line.amount_ore) AS ore,
                   EXISTS (SELECT FROM ledger_entry AS opposite WHERE opposite.reverses_id = entry.id) AS is_taken_back
            FROM ledger_entry AS entry JOIN ledger_line AS line ON line.entry_id = entry.id
            WHERE entry.kind = '{PostingKind.LATE_INTEREST}'
            GROUP BY entry.id
        ),
        given AS (
            SELECT one.line_id, one.agreement_id, sum(one.amount_ore) AS ore,
                   (array_agg(one.entry_id ORDER BY one.through_on DESC, one.entry_id DESC))[1] AS entry_id
            FROM late_interest AS one JOIN booked USING (entry_id)
            WHERE NOT booked.is_taken_back
            GROUP BY one.line_id, one.agreement_id
        ),
        stretch AS (
            SELECT given.entry_id, round(sum(part.principal * 100 * part.rate * part.days) / {DAYS_OF_A_YEAR}) AS ore,
                   min(part.first) AS first, bool_and(part.days = part.last - part.first + 1) AS is_counted
            FROM given JOIN late_interest AS newest USING (entry_id)
            CROSS JOIN LATERAL jsonb_to_recordset(newest.stretches)
                AS part (first date, last date, days int, principal numeric, rate numeric)
            GROUP BY given.entry_id
        )
        SELECT coalesce(booked.agreement_id, one.agreement_id) AS agreement_id,
               coalesce(booked.entry_id, one.entry_id) AS entry_id, 'in the books otherwise than on its claim' AS what
        FROM booked FULL JOIN late_interest AS one USING (entry_id)
        WHERE booked.ore IS DISTINCT FROM one.amount_ore OR booked.agreement_id <> one.agreement_id
           OR booked.occurred_on <> one.through_on
        UNION ALL
        SELECT given.agreement_id, given.entry_id,
               given.ore || ' öre in the books, ' || coalesce(stretch.ore, 0) || ' by its stretches'
        FROM given LEFT JOIN stretch USING (entry_id)
        WHERE given.ore IS DISTINCT FROM stretch.ore OR NOT stretch.is_counted
        UNION ALL
        SELECT given.agreement_id, given.entry_id, 'for ' || stretch.first || ', due on ' || invoice.due_on
        FROM given JOIN stretch USING (entry_id)
        JOIN invoice_line AS line ON line.id = given.line_id JOIN invoice ON invoice.id = line.invoice_id
        WHERE stretch.first <= invoice.due_on
        """,
    ),
    Invariant(
        "late-charge-once",
        "R4",
        Text(
            "Vad en försenad faktura kostar utöver ränta är bokfört en gång per åtgärd, högst med lagens belopp, "
            "och aldrig i tid.",
            "What a late invoice costs besides interest is booked once for each step, at most with the law's amount, "
            "and never in time.",
        ),
        f"""
        WITH by_law (kind, posting, since, ore) AS (VALUES {", ".join(_rows_by_law())}),
        booked AS (
            SELECT entry.id AS entry_id, entry.agreement_id, entry.kind AS posting, sum(line.amount_ore) AS ore
            FROM ledger_entry AS entry JOIN ledger_line AS line ON line.entry_id = entry.id
            WHERE entry.kind IN (SELECT posting FROM by_law)
            GROUP BY entry.id
        )
        SELECT coalesce(booked.agreement_id, one.agreement_id) AS agreement_id,
               coalesce(booked.entry_id, one.entry_id) AS entry_id, 'in the books otherwise than charged' AS what
        FROM booked FULL JOIN (SELECT * FROM late_charge WHERE amount_ore <> 0) AS one USING (entry_id)
        WHERE booked.ore IS DISTINCT FROM one.amount_ore OR booked.agreement_id <> one.agreement_id
           OR NOT EXISTS (SELECT FROM by_law WHERE by_law.kind = one.kind AND by_law.posting = booked.posting)
        UNION ALL
        SELECT one.agreement_id, one.entry_id, one.kind || ' of ' || one.amount_ore || ' öre on ' || one.charged_on
        FROM late_charge AS one JOIN invoice ON invoice.id = one.invoice_id
        WHERE invoice.due_on >= one.charged_on
           OR one.amount_ore > (SELECT ore FROM by_law WHERE by_law.kind = one.kind AND since <= one.charged_on
                                ORDER BY since DESC LIMIT 1)
        UNION ALL
        SELECT agreement_id, (array_agg(entry_id))[1], kind || ' charged ' || count(*) || ' times'
        FROM late_charge GROUP BY agreement_id, invoice_id, kind HAVING count(*) > 1
        """,
    ),
)
"""By name; `agreements.reconciliation` proves them."""
