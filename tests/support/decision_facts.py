"""Facts of credit decisions for tests: the first case of the default policy's documentation, and changes to it."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, TypeVar

from bureau_clients.facts import Absent, Known, Unknown
from bureau_clients.reports import CompanyStatus, RatingGrade
from underwriting.decisions.facts import (
    COMPANY_FACTS,
    PERSON_FACTS,
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

T = TypeVar("T")

SOURCE = "creditsafe"
AT = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
ABSENT = Absent(SOURCE, AT)
UNKNOWN = Unknown(SOURCE, AT)


def known(value: T) -> Known[T]:
    """A value that the bureau stated."""
    return Known(value, SOURCE, AT)


def kronor(amount: int | str) -> Money:
    """An amount in kronor."""
    return Money.kronor(amount)


APPLICATION = ApplicationFacts(
    form=CompanyForm.AB,
    asked=kronor(250_000),
    term_months=12,
    revenue=kronor(400_000),
    costs=kronor(310_000),
    debt_payments=kronor(15_000),
    highest_fee_rate=Decimal("0.045"),
)
COMPANY = CompanyFacts(
    no_match=False,
    form=known(CompanyForm.AB),
    status=known(CompanyStatus.ACTIVE),
    bankruptcy=known(False),
    rating=known(RatingGrade.B),
    remarks=known(0),
    years_registered=known(6),
    kronofogden_debt=known(Money.ZERO),
    accounts_closed_on=known(date(2025, 12, 31)),
    employees=known(8),
    annual_turnover=known(kronor(4_500_000)),
)
GUARANTOR = PersonFacts(
    reference="guarantor-1",
    no_match=False,
    minor=False,
    deceased=known(False),
    blocked=known(False),
    trustee=known(False),
    number_retired=known(False),
    protected=known(False),
    emigrated=known(False),
    debt_restructuring=known(False),
    trading_prohibition=known(False),
    dormant_coordination_number=known(False),
    income=known(kronor(420_000)),
    remarks=known(0),
    kronofogden_debt=known(Money.ZERO),
    other_guarantees=Money.ZERO,
    promised_guarantees=known(Money.ZERO),
)
NEW_CUSTOMER = HistoryFacts(
    earlier_credits=known(0),
    claims_paid_in_time=known(0),
    claims_paid_late=known(0),
    overdue=known(Money.ZERO),
    exposure=known(Money.ZERO),
    group_exposure=known(Money.ZERO),
)
DUE_DILIGENCE = DueDiligenceFacts(gaps=(), sanctions=Screening.CLEAR, politically_exposed=False)
FIRST = Facts(
    application=APPLICATION,
    company=COMPANY,
    owner=None,
    guarantors=(GUARANTOR,),
    due_diligence=DUE_DILIGENCE,
    history=NEW_CUSTOMER,
)
SOLE_TRADER = Facts(
    application=replace(
        APPLICATION,
        form=CompanyForm.EF,
        asked=kronor(60_000),
        revenue=kronor(60_000),
        costs=kronor(45_000),
        debt_payments=Money.ZERO,
    ),
    company=replace(
        COMPANY,
        form=known(CompanyForm.EF),
        rating=ABSENT,
        years_registered=known(0),
        kronofogden_debt=UNKNOWN,
        accounts_closed_on=ABSENT,
        employees=ABSENT,
        annual_turnover=ABSENT,
    ),
    owner=replace(GUARANTOR, reference="owner", income=known(kronor(180_000)), kronofogden_debt=UNKNOWN),
    guarantors=(),
    due_diligence=DUE_DILIGENCE,
    history=NEW_CUSTOMER,
)


def with_application(facts: Facts, **changes: Any) -> Facts:
    """*facts* with other figures of the applicant's."""
    return replace(facts, application=replace(facts.application, **changes))


def with_company(facts: Facts, **changes: Any) -> Facts:
    """*facts* with other facts of the company."""
    return replace(facts, company=replace(facts.company, **changes))


def with_guarantor(facts: Facts, place: int = 0, **changes: Any) -> Facts:
    """*facts* with other facts of one guarantor."""
    guarantors = list(facts.guarantors)
    guarantors[place] = replace(guarantors[place], **changes)
    return replace(facts, guarantors=tuple(guarantors))


def with_owner(facts: Facts, **changes: Any) -> Facts:
    """*facts* with other facts of a sole trader's owner."""
    assert facts.owner is not None
    return replace(facts, owner=replace(facts.owner, **changes))


def with_history(facts: Facts, **changes: Any) -> Facts:
    """*facts* with other facts of the lender's own books."""
    return replace(facts, history=replace(facts.history, **changes))


def with_due_diligence(facts: Facts, **changes: Any) -> Facts:
    """*facts* with other findings of due diligence."""
    return replace(facts, due_diligence=replace(facts.due_diligence, **changes))


def without_company_report(facts: Facts, *, no_match: bool) -> Facts:
    """*facts* in which nothing is known of the company."""
    return with_company(facts, no_match=no_match, **dict.fromkeys(COMPANY_FACTS, UNKNOWN))


def without_person_report(person: PersonFacts, *, no_match: bool) -> PersonFacts:
    """*person* of whom nothing is known."""
    nothing: dict[str, Any] = dict.fromkeys(PERSON_FACTS, UNKNOWN)
    return replace(person, no_match=no_match, **nothing)
