"""Generated applicants: facts as a decision reads them, and the risk behind them that no decision can read.

Each company and each guarantor has a health, drawn once. It shows through every fact with noise of its own, and decides
alone, with the weight of the instalment, whether the credit fails. So no outcome is made from points.
"""

import math
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random
from typing import TypeVar

from bureau_clients.facts import Absent, Fact, Known
from bureau_clients.reports import CompanyStatus, RatingGrade
from underwriting.decisions.facts import (
    ApplicationFacts,
    CompanyFacts,
    DueDiligenceFacts,
    Facts,
    PersonFacts,
    Screening,
)
from underwriting.decisions.history import HistoryFacts
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm

_AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_SOURCE = "generated"
_ABSENT = Absent(_SOURCE, _AT)
_STEP = 5_000  # kronor
_GRADES = tuple(RatingGrade)
_RATING_STEPS = (1.0, 0.2, -0.5, -1.2)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Applicant:
    """One generated application and what is behind it.

    Health is standard normal, more is better. *fate* and *moment* are uniform: if the credit fails, and when. They
    belong to the applicant, so that two policies are compared on the same fates.
    """

    facts: Facts
    company_health: float
    guarantor_health: float
    fate: float
    moment: float


def applicants(count: int, *, seed: int, highest_fee_rate: Decimal) -> list[Applicant]:
    """*count* applications; the same seed gives the same ones."""
    random = Random(seed)  # noqa: S311 — a simulation
    return [_applicant(random, highest_fee_rate) for _ in range(count)]


def default_probability(applicant: Applicant, *, instalment_share: float) -> float:
    """That the credit fails within twelve months: of health, and of how much of the surplus the first month takes."""
    odds = -2.9 - 0.95 * applicant.company_health - 0.35 * applicant.guarantor_health + 0.9 * (instalment_share - 0.5)
    return 1 / (1 + math.exp(-odds))


def loss_share(applicant: Applicant) -> float:
    """The share lost of what is owed when it fails; a guarantor in good health pays more of it."""
    return min(0.95, max(0.20, 0.58 - 0.12 * applicant.guarantor_health))


def _applicant(random: Random, highest_fee_rate: Decimal) -> Applicant:
    health, other = random.gauss(0, 1), random.gauss(0, 1)
    form = random.choices([CompanyForm.AB, CompanyForm.HB, CompanyForm.KB, CompanyForm.EF], [75, 4, 3, 18])[0]
    person = _person(random, other)
    owner = form is CompanyForm.EF
    facts = Facts(
        application=_application(random, health, form, highest_fee_rate),
        company=_company(random, health, form),
        owner=_named(person, "owner") if owner else None,
        guarantors=() if owner else (_named(person, "guarantor-1"),),
        due_diligence=DueDiligenceFacts(gaps=(), sanctions=Screening.CLEAR, politically_exposed=False),
        history=_history(random, health),
    )
    return Applicant(facts, health, other, fate=random.random(), moment=random.random())


def _application(random: Random, health: float, form: CompanyForm, highest_fee_rate: Decimal) -> ApplicationFacts:
    revenue = math.exp(random.gauss(12.4 if form is not CompanyForm.EF else 11.2, 0.8))
    left = random.gauss(0.18 + 0.05 * health, 0.07)
    debts = max(0.0, random.gauss(0.05 - 0.02 * health, 0.04))
    asked = min(2_000_000, max(20_000, revenue * random.uniform(0.2, 1.5)))
    return ApplicationFacts(
        form=form,
        asked=_kronor(asked // _STEP * _STEP),
        term_months=random.choice([6, 12, 12, 18, 24, 36]),
        revenue=_kronor(revenue),
        costs=_kronor(revenue * max(0.0, 1 - left - debts)),
        debt_payments=_kronor(revenue * debts),
        highest_fee_rate=highest_fee_rate,
    )


def _company(random: Random, health: float, form: CompanyForm) -> CompanyFacts:
    years = int(random.expovariate(1 / 7))
    seen = health + random.gauss(0, 0.8)
    place = sum(seen < step for step in _RATING_STEPS)
    unrated = years < 1 or form is CompanyForm.EF or random.random() < 0.05
    return CompanyFacts(
        no_match=False,
        form=_known(form),
        status=_known(CompanyStatus.ACTIVE),
        bankruptcy=_known(False),
        rating=_ABSENT if unrated else _known(_GRADES[place]),
        remarks=_known(_count(random, 0.25 * math.exp(-0.9 * health))),
        years_registered=_known(years),
        kronofogden_debt=_known(
            _kronor(random.expovariate(1 / 30_000) if random.random() < 0.04 - 0.03 * health else 0)
        ),
        accounts_closed_on=_ABSENT if years < 1 or form is CompanyForm.EF else _known(date(2025, 12, 31)),
        employees=_known(_count(random, 4)),
        annual_turnover=_ABSENT,
    )


def _person(random: Random, health: float) -> PersonFacts:
    no: Fact[bool] = _known(False)
    income = math.exp(random.gauss(12.75 + 0.25 * health, 0.35))
    other = _kronor(random.expovariate(1 / 150_000) if random.random() < 0.1 else 0)
    return PersonFacts(
        reference="guarantor-1",
        no_match=False,
        minor=False,
        deceased=no,
        blocked=no,
        trustee=no,
        number_retired=no,
        protected=no,
        emigrated=no,
        debt_restructuring=no,
        trading_prohibition=no,
        dormant_coordination_number=no,
        income=_known(_kronor(income)),
        remarks=_known(_count(random, 0.15 * math.exp(-1.1 * health))),
        kronofogden_debt=_known(
            _kronor(random.expovariate(1 / 60_000) if random.random() < 0.03 - 0.03 * health else 0)
        ),
        other_guarantees=other,
        promised_guarantees=_known(other),
    )


def _history(random: Random, health: float) -> HistoryFacts:
    """One in four has had a credit before, and what remains of it."""
    claims = random.randint(6, 48) if random.random() < 0.25 else 0
    late = min(claims, _count(random, claims * 0.04 * math.exp(-1.0 * health)))
    exposure = _kronor(random.expovariate(1 / 80_000) if claims and random.random() < 0.5 else 0)
    return HistoryFacts(
        earlier_credits=_known(1 if claims else 0),
        claims_paid_in_time=_known(claims - late),
        claims_paid_late=_known(late),
        overdue=_known(Money.ZERO),
        exposure=_known(exposure),
        group_exposure=_known(exposure),
    )


def _count(random: Random, mean: float) -> int:
    """A Poisson number of things, by the product of uniform numbers; of a large mean no more than 60."""
    limit, product, count = math.exp(-min(mean, 30.0)), random.random(), 0
    while product > limit and count < 60:
        product *= random.random()
        count += 1
    return count


def _named(person: PersonFacts, reference: str) -> PersonFacts:
    return replace(person, reference=reference)


def _known(value: T) -> Known[T]:
    return Known(value, _SOURCE, _AT)


def _kronor(amount: float) -> Money:
    return Money(max(0, round(amount)) * 100)
