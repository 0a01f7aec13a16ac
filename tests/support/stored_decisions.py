"""Many decided applications with their inputs as the service keeps them, each under a data key of its own, by COPY."""

import random
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import psycopg

from bureau_clients.facts import Fact
from bureau_clients.reports import RatingGrade
from tests.support.decision_facts import ABSENT, FIRST, GUARANTOR, SOLE_TRADER, known, kronor
from underwriting.decisions import formats
from underwriting.decisions.facts import Facts
from underwriting.decisions.policies import shipped_policy
from underwriting.decisions.scoring import decide
from underwriting.decisions.services.record_decision import FACTS_CONTEXT, TRACE_CONTEXT
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.platform.encryption import APPLICATION, DataKey, encrypt_under, new_key, of_application
from underwriting.platform.key_store import KeyStore

DECIDED_AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
_KINDS = 2_000
"""So many different applicants there are; each stands many times, encrypted anew."""

_APPLICATIONS = """
COPY application (id, reference, state, company_form, company_encrypted, company_index, requested_amount_ore,
    term_months, purpose, monthly_revenue_ore, monthly_costs_ore, monthly_debt_payments_ore, invoice_delivery,
    signatory_index, details_encrypted, created_by, created_at) FROM STDIN
"""
_KEYS = "COPY data_key (id, subject, version, wrapped) FROM STDIN"
_DECISIONS = """
COPY decision (application_id, sequence, outcome, limit_ore, fee_rate, term_months, grade, policy_version, policy_hash,
    facts_encrypted, facts_hash, report_hashes, trace_encrypted, automatic, decided_at) FROM STDIN
"""


def store(url: str, keys: KeyStore, count: int, *, say: Callable[[int], object] = id) -> None:
    """Store *count* applications decided by the shipped policy; *say* hears how many are made."""
    chance, policy = random.Random(2026), shipped_policy()
    kinds = []
    for _ in range(min(_KINDS, count)):
        facts = applicant(chance)
        kinds.append((facts, formats.canonical_json(facts), decide(facts, policy)))
    with psycopg.connect(url) as connection:
        for begin in range(0, count, _KINDS):
            ids = [_id(place) for place in range(begin, min(begin + _KINDS, count))]
            made = [DataKey(uuid.uuid4(), of_application(one), new_key()) for one in ids]
            with connection.cursor().copy(_APPLICATIONS) as rows:
                for one, (facts, _, _) in zip(ids, kinds, strict=False):
                    rows.write_row(_application(one, facts))
            with connection.cursor().copy(_KEYS) as rows:
                for key in made:
                    wrapped = keys.wrap(key.key, context=APPLICATION)
                    rows.write_row((key.id, key.subject, wrapped.version, wrapped.content))
            with connection.cursor().copy(_DECISIONS) as rows:
                for one, key, (facts, text, decision) in zip(ids, made, kinds, strict=False):
                    limit = None if decision.limit is None else decision.limit.ore
                    head = (one, 1, str(decision.outcome), limit, decision.fee_rate, facts.application.term_months)
                    kept = encrypt_under(key, text.encode(), context=FACTS_CONTEXT)
                    trace = encrypt_under(key, formats.decision_to_json(decision).encode(), context=TRACE_CONTEXT)
                    by = (decision.grade, policy.version, policy.sha256)
                    digest = bytes.fromhex(formats.sha256_of(text))
                    rows.write_row((*head, *by, kept, digest, [], trace, True, DECIDED_AT))
            say(min(begin + _KINDS, count))
        connection.execute("ANALYZE")


def applicant(chance: random.Random) -> Facts:
    """Somebody who applies: of any form, young or old, with a strong or a weak guarantor."""
    form = chance.choice(list(CompanyForm))
    base = SOLE_TRADER if form is CompanyForm.EF else FIRST
    revenue = chance.randrange(60, 900) * 1000
    application = replace(
        base.application,
        form=form,
        asked=kronor(chance.randrange(3, 60) * 10_000),
        term_months=chance.choice((6, 12, 18, 24)),
        revenue=kronor(revenue),
        costs=kronor(revenue * chance.randrange(55, 92) // 100),
        debt_payments=kronor(chance.randrange(0, 20) * 1000),
        highest_fee_rate=Decimal("0.06"),
    )
    ratings: list[Fact[RatingGrade]] = [ABSENT, *(known(grade) for grade in RatingGrade)]
    incomes: list[Fact[Money]] = [ABSENT, known(kronor(chance.randrange(10, 60) * 10_000))]
    company = replace(
        base.company,
        form=known(form),
        rating=chance.choice(ratings),
        remarks=known(chance.choice((0, 0, 0, 1, 2, 5))),
        years_registered=known(chance.randrange(0, 12)),
        kronofogden_debt=known(kronor(chance.choice((0, 0, 0, 20_000)))),
    )
    person = replace(
        GUARANTOR,
        income=chance.choice(incomes),
        remarks=known(chance.choice((0, 0, 0, 1, 3))),
    )
    owner = replace(person, reference="owner") if form is CompanyForm.EF else None
    return replace(base, application=application, company=company, owner=owner, guarantors=() if owner else (person,))


def _id(place: int) -> uuid.UUID:
    """Ids that rise, as those do that the server makes."""
    return uuid.UUID(int=(0x019CA000 << 96) | (0x7 << 76) | (0x8 << 60) | place)


def _application(one: uuid.UUID, facts: Facts) -> tuple[object, ...]:
    asked, index = facts.application, one.bytes
    figures = (asked.asked.ore, asked.term_months, "inventory", asked.revenue.ore, asked.costs.ore)
    head = (one, one.hex, "declined", str(asked.form), index, index)
    return (*head, *figures, asked.debt_payments.ore, "email", index, index, "benchmark", DECIDED_AT)
