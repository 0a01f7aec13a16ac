"""Random facts of credit decisions, and random changes of them for the worse."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from hypothesis import strategies as st

from bureau_clients.facts import Absent, Fact, Known, Unknown
from bureau_clients.reports import CompanyStatus, RatingGrade
from tests.support.decision_facts import ABSENT, UNKNOWN, known, kronor
from underwriting.decisions.facts import (
    ApplicationFacts,
    CompanyFacts,
    DueDiligenceFacts,
    Facts,
    PersonFacts,
    Screening,
)
from underwriting.decisions.history import HistoryFacts
from underwriting.decisions.rules import OWNER
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm, RepaymentPlan

T = TypeVar("T")
Draw = st.DrawFn

FLAGS = (
    "deceased",
    "blocked",
    "trustee",
    "number_retired",
    "protected",
    "emigrated",
    "debt_restructuring",
    "trading_prohibition",
    "dormant_coordination_number",
)
STOPPED = (CompanyStatus.BANKRUPT, CompanyStatus.LIQUIDATION, CompanyStatus.DEREGISTERED)

amounts = st.one_of(
    st.integers(0, 3_000_000).map(lambda kr: kronor(kr)),
    st.sampled_from([0, 5_000, 20_000, 50_000, 150_000, 210_000, 250_000, 400_000]).map(lambda kr: kronor(kr)),
    st.integers(0, 300_000_000).map(Money),
)
counts = st.one_of(st.integers(0, 5), st.integers(0, 60))
days = st.dates(date(2015, 1, 1), date(2026, 2, 28))
_REVENUES = [6_000_000, 20_000_000, 40_000_000, 123_456_789, 400_000_000]
_COST_SHARES = [300, 500, 650, 700, 750, 775, 800, 850, 870]  # thousandths of the revenue
_NO_OR_FEW_REMARKS: list[Fact[int]] = [ABSENT, *(known(count) for count in range(4))]
debts: st.SearchStrategy[Fact[Money]] = st.one_of(
    st.just(ABSENT), st.just(known(Money.ZERO)), st.integers(0, 100_000).map(lambda kr: known(kronor(kr)))
)


def fact_of(values: st.SearchStrategy[T]) -> st.SearchStrategy[Fact[T]]:
    """A fact that is mostly known."""
    told = values.map(known)
    return st.one_of(told, told, told, st.just(ABSENT), st.just(UNKNOWN))


@st.composite
def applications(draw: Draw, form: CompanyForm | None = None) -> ApplicationFacts:
    """What an applicant asks for and expects; the surplus is mostly on the better side of nothing."""
    revenue = draw(st.one_of(st.sampled_from(_REVENUES), st.sampled_from(_REVENUES), st.integers(0, 400_000_000)))
    costs = draw(st.one_of(st.sampled_from(_COST_SHARES), st.sampled_from(_COST_SHARES), st.integers(0, 1_000)))
    return ApplicationFacts(
        form=form or draw(st.sampled_from(CompanyForm)),
        asked=draw(st.integers(2_000_000, 200_000_000).map(Money)),
        term_months=draw(st.integers(1, 36)),
        repayment_plan=draw(st.sampled_from(RepaymentPlan)),
        revenue=Money(revenue),
        costs=Money(revenue * costs // 1_000),
        debt_payments=Money(revenue * draw(st.sampled_from([0, 0, 30, 50, 70, 150, 250])) // 1_000),
        highest_fee_rate=draw(st.sampled_from([Decimal("0.045"), Decimal("0.045"), Decimal("0.02")])),
    )


@st.composite
def companies(draw: Draw, form: CompanyForm, *, clean: bool) -> CompanyFacts:
    """What a bureau may say of a company; a *clean* one neither stops nor refers a case."""
    company = CompanyFacts(
        no_match=False,
        form=known(form),
        status=known(CompanyStatus.ACTIVE),
        bankruptcy=known(False),
        rating=draw(fact_of(st.sampled_from(RatingGrade))),
        remarks=draw(st.sampled_from(_NO_OR_FEW_REMARKS)),
        years_registered=draw(fact_of(counts)),
        kronofogden_debt=draw(debts),
        accounts_closed_on=draw(st.one_of(st.just(ABSENT), days.map(known))),
        employees=draw(fact_of(counts)),
        annual_turnover=draw(fact_of(amounts)),
    )
    return company if clean else replace(company, **draw(_anything_of_a_company))


@st.composite
def persons(draw: Draw, reference: str, *, clean: bool) -> PersonFacts:
    """What may be known of a person; a *clean* one neither stops nor refers a case."""
    told: dict[str, Any] = dict.fromkeys(FLAGS, draw(st.sampled_from([known(False), ABSENT])))
    person = PersonFacts(
        reference=reference,
        no_match=False,
        minor=False,
        income=draw(fact_of(amounts)),
        remarks=draw(fact_of(counts)),
        kronofogden_debt=draw(fact_of(amounts)),
        other_guarantees=draw(amounts),
        promised_guarantees=known(draw(amounts)),
        **told,
    )
    return person if clean else replace(person, **draw(_anything_of_a_person))


@st.composite
def all_facts(draw: Draw, form: CompanyForm | None = None, *, clean: bool | None = None) -> Facts:
    """Facts of any application; in most of them, or in all *clean* ones, nothing stops or refers but the capacity."""
    if clean is None:
        clean = draw(st.sampled_from([True, True, True, False]))
    application = draw(applications(form))
    sole_trader = application.form is CompanyForm.EF
    count = draw(st.integers(0 if sole_trader else 1, 2))
    return Facts(
        application=application,
        company=draw(companies(application.form, clean=clean)),
        owner=draw(persons(OWNER, clean=clean)) if sole_trader else None,
        guarantors=tuple(draw(persons(f"guarantor-{place}", clean=clean)) for place in range(count)),
        due_diligence=DueDiligenceFacts(
            gaps=() if clean else draw(st.sampled_from([(), (), ("owners",)])),
            sanctions=Screening.CLEAR if clean else draw(st.sampled_from([Screening.CLEAR, *Screening])),
            politically_exposed=not clean and draw(st.booleans()),
        ),
        history=draw(histories(clean=clean)),
    )


@st.composite
def histories(draw: Draw, *, clean: bool) -> HistoryFacts:
    """What the lender's own books may say; a *clean* history refers no case."""
    own = draw(st.one_of(st.just(Money.ZERO), amounts))
    history = HistoryFacts(
        earlier_credits=known(draw(st.integers(0, 3))),
        claims_paid_in_time=known(draw(counts)),
        claims_paid_late=known(draw(st.one_of(st.just(0), counts))),
        overdue=known(Money.ZERO),
        exposure=known(own),
        group_exposure=known(own + draw(st.one_of(st.just(Money.ZERO), amounts))),
    )
    return history if clean else replace(history, **draw(_anything_of_a_history))


_anything_of_a_company: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "no_match": st.booleans(),
        "form": fact_of(st.sampled_from(CompanyForm)),
        "status": fact_of(st.sampled_from(CompanyStatus)),
        "bankruptcy": fact_of(st.booleans()),
        "remarks": fact_of(counts),
        "kronofogden_debt": fact_of(amounts),
        "accounts_closed_on": fact_of(days),
    },
)
_anything_of_a_history: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "claims_paid_late": fact_of(counts),
        "overdue": fact_of(amounts),
        "exposure": fact_of(amounts),
        "group_exposure": fact_of(amounts),
    },
)
_anything_of_a_person: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.just({}),
    st.just({"minor": True}),
    st.just({"no_match": True}),
    st.dictionaries(st.sampled_from(FLAGS), fact_of(st.booleans()), max_size=2),
)


@st.composite
def worsened(draw: Draw, facts: Facts) -> Facts:
    """*facts* with one to three facts worse or lost."""
    for _ in range(draw(st.integers(1, 3))):
        facts = draw(_one_worse(facts))
    return facts


def answers(type_: type) -> st.SearchStrategy[Fact[Any]]:
    """Anything that a bureau may answer of a fact of this type, but that it does not know."""
    values: Mapping[type, st.SearchStrategy[Any]] = {bool: st.booleans(), int: counts, Money: amounts, date: days}
    known_values = st.sampled_from([*type_]) if issubclass(type_, StrEnum) else values[type_]
    return st.one_of(known_values.map(known), known_values.map(known), st.just(ABSENT))


@st.composite
def with_a_lost_fact(draw: Draw, facts: Facts) -> Facts:
    """*facts* with one fact of a report that is no longer known."""
    place = draw(st.integers(-1, len(facts.persons())))
    if place == -1:
        return replace(facts, history=_lost(draw, facts.history))
    if place == 0:
        return replace(facts, company=_lost(draw, facts.company))
    _, person = facts.persons()[place - 1]
    return _with_person(facts, person, _lost(draw, person))


@st.composite
def _one_worse(draw: Draw, facts: Facts) -> Facts:
    kind = draw(st.sampled_from(["application", "company", "history", "person", "due_diligence", "lost"]))
    if kind == "application":
        return replace(facts, application=_worse_application(draw, facts.application))
    if kind == "company":
        return replace(facts, company=_worse_company(draw, facts.company, facts.application.form))
    if kind == "history":
        return replace(facts, history=_worse_history(draw, facts.history))
    if kind == "due_diligence":
        return replace(facts, due_diligence=_worse_due_diligence(draw, facts.due_diligence))
    if kind == "lost":
        return draw(with_a_lost_fact(facts))
    _, person = draw(st.sampled_from(facts.persons()))
    return _with_person(facts, person, _worse_person(draw, person))


def _worse_application(draw: Draw, application: ApplicationFacts) -> ApplicationFacts:
    name = draw(st.sampled_from(["revenue", "costs", "debt_payments"]))
    if name == "revenue":
        return replace(application, revenue=Money(draw(st.integers(0, application.revenue.ore))))
    changes: dict[str, Any] = {name: getattr(application, name) + draw(amounts)}
    return replace(application, **changes)


def _worse_company(draw: Draw, company: CompanyFacts, form: CompanyForm) -> CompanyFacts:
    others = [known(other) for other in CompanyForm if other is not form]
    changes: list[Callable[[], dict[str, Any]]] = [
        lambda: {"status": _worse_status(draw, company.status)},
        lambda: {"bankruptcy": known(True)},
        lambda: {"rating": _worse_rating(draw, company.rating)},
        lambda: {"remarks": _more(draw, company.remarks, counts, lambda one, more: one + more)},
        lambda: {"years_registered": _less(draw, company.years_registered, st.integers)},
        lambda: {"kronofogden_debt": _more(draw, company.kronofogden_debt, amounts, Money.__add__)},
        lambda: {"accounts_closed_on": ABSENT} if isinstance(company.accounts_closed_on, Known) else {},
        lambda: {} if isinstance(company.form, Unknown) else {"form": draw(st.sampled_from(others))},
    ]
    return replace(company, **draw(st.sampled_from(changes))())


def _worse_history(draw: Draw, history: HistoryFacts) -> HistoryFacts:
    late, in_time = history.claims_paid_late, history.claims_paid_in_time
    changes: list[Callable[[], dict[str, Any]]] = [
        lambda: {"claims_paid_late": _more(draw, late, counts, lambda one, more: one + more)},
        lambda: {"claims_paid_in_time": _less(draw, in_time, st.integers)},
        lambda: {"overdue": _more(draw, history.overdue, amounts, Money.__add__)},
        lambda: {"exposure": _more(draw, history.exposure, amounts, Money.__add__)},
        lambda: {"group_exposure": _more(draw, history.group_exposure, amounts, Money.__add__)},
    ]
    return replace(history, **draw(st.sampled_from(changes))())


def _worse_person(draw: Draw, person: PersonFacts) -> PersonFacts:
    changes: list[Callable[[], dict[str, Any]]] = [
        lambda: {"minor": True},
        lambda: {draw(st.sampled_from(FLAGS)): known(True)},
        lambda: {"income": _less(draw, person.income, _up_to)},
        lambda: {"remarks": _more(draw, person.remarks, counts, lambda one, more: one + more)},
        lambda: {"kronofogden_debt": _more(draw, person.kronofogden_debt, amounts, Money.__add__)},
        lambda: {"other_guarantees": person.other_guarantees + draw(amounts)},
        lambda: {"promised_guarantees": _more(draw, person.promised_guarantees, amounts, Money.__add__)},
    ]
    worse = draw(st.sampled_from(changes))()
    lost = {name for name in worse if isinstance(getattr(person, name), Unknown)}
    return replace(person, **{name: value for name, value in worse.items() if name not in lost or value == UNKNOWN})


def _worse_due_diligence(draw: Draw, found: DueDiligenceFacts) -> DueDiligenceFacts:
    order = (Screening.CLEAR, Screening.POSSIBLE, Screening.CONFIRMED)
    worse: Sequence[Screening] = (Screening.UNKNOWN,)
    if found.sanctions in order:
        worse = (*order[order.index(found.sanctions) :], Screening.UNKNOWN)
    return DueDiligenceFacts(
        gaps=tuple(sorted({*found.gaps, *draw(st.sets(st.sampled_from(["owners", "purpose"])))})),
        sanctions=draw(st.sampled_from(worse)),
        politically_exposed=found.politically_exposed or draw(st.booleans()),
    )


def _worse_status(draw: Draw, status: Fact[CompanyStatus]) -> Fact[CompanyStatus]:
    if not isinstance(status, Known):
        return UNKNOWN
    if status.value is CompanyStatus.ACTIVE:
        return known(draw(st.sampled_from(CompanyStatus)))
    return known(draw(st.sampled_from(STOPPED)))


def _worse_rating(draw: Draw, rating: Fact[RatingGrade]) -> Fact[RatingGrade]:
    letters = list(RatingGrade)
    if not isinstance(rating, Known):
        return UNKNOWN
    return known(draw(st.sampled_from(letters[letters.index(rating.value) :])))


def _more(draw: Draw, fact: Fact[T], values: st.SearchStrategy[T], add: Callable[[T, T], T]) -> Fact[T]:
    """More of what is better when less; to have none is to have nothing of it."""
    if isinstance(fact, Unknown):
        return fact
    more = draw(values)
    return known(add(fact.value, more) if isinstance(fact, Known) else more)


def _less(draw: Draw, fact: Fact[T], up_to: Callable[[Any, Any], st.SearchStrategy[T]]) -> Fact[T]:
    """Less of what is better when more, down to none."""
    if not isinstance(fact, Known):
        return UNKNOWN
    return draw(st.one_of(up_to(0, fact.value).map(known), st.just(ABSENT)))


def _up_to(_: int, amount: Money) -> st.SearchStrategy[Money]:
    return st.integers(0, amount.ore).map(Money)


def _lost(draw: Draw, holder: Any) -> Any:
    names = [each.name for each in fields(holder) if isinstance(getattr(holder, each.name), Known | Absent)]
    return replace(holder, **{draw(st.sampled_from(names)): UNKNOWN}) if names else holder


def _with_person(facts: Facts, old: PersonFacts, new: PersonFacts) -> Facts:
    if facts.owner is old:
        return replace(facts, owner=new)
    return replace(facts, guarantors=tuple(new if person is old else person for person in facts.guarantors))
