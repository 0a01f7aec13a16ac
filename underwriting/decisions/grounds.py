"""The grounds that stop or refer a case whatever its points are: read from the facts, each with whom it concerns."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from bureau_clients.facts import Fact, Known, Unknown
from bureau_clients.reports import CompanyStatus
from underwriting.decisions.facts import DueDiligenceFacts, Facts, PersonFacts, Screening
from underwriting.decisions.history import HistoryFacts
from underwriting.decisions.policy import Policy
from underwriting.decisions.rules import COMPANY, DUE_DILIGENCE, OWNER, HardStop, Referral

_STATUS_STOPS: Mapping[CompanyStatus, HardStop] = MappingProxyType(
    {
        CompanyStatus.BANKRUPT: HardStop.BANKRUPTCY,
        CompanyStatus.LIQUIDATION: HardStop.LIQUIDATION,
        CompanyStatus.DEREGISTERED: HardStop.DEREGISTERED,
    }
)
_STATUS_REFERRALS: Mapping[CompanyStatus, Referral] = MappingProxyType(
    {CompanyStatus.INACTIVE: Referral.INACTIVE, CompanyStatus.RECONSTRUCTION: Referral.RECONSTRUCTION}
)


def hard_stops(facts: Facts) -> Iterator[tuple[str, HardStop]]:
    """Every hard stop that is known (rule D10), and whom it concerns."""
    company = facts.company
    stop = _STATUS_STOPS.get(company.status.value) if isinstance(company.status, Known) else None
    if stop is not None:
        yield COMPANY, stop
    if stop is not HardStop.BANKRUPTCY and _said(company.bankruptcy):
        yield COMPANY, HardStop.BANKRUPTCY
    for subject, person in facts.persons():
        if person.minor:
            yield subject, HardStop.MINOR
        if _said(person.deceased):
            yield subject, HardStop.DECEASED
        if _said(person.blocked):
            yield subject, HardStop.BLOCKED
        if _said(person.trustee):
            yield subject, HardStop.TRUSTEE
    if facts.due_diligence.sanctions is Screening.CONFIRMED:
        yield DUE_DILIGENCE, HardStop.SANCTIONS


def referrals(facts: Facts, policy: Policy) -> Iterator[tuple[str, Referral]]:
    """All that refers the case but its grade (rules A1, B7, D1, D2, D10, D12, D16, K1), and whom it concerns."""
    if facts.company.no_match:
        yield COMPANY, Referral.COMPANY_NO_MATCH
    else:
        for referral in _company_referrals(facts, policy):
            yield COMPANY, referral
    for subject, person in facts.persons():
        if not person.no_match:
            for referral in _person_referrals(person):
                yield subject, referral
        elif subject != OWNER or not facts.company.no_match:
            yield subject, Referral.PERSON_NO_MATCH
    for referral in _due_diligence_referrals(facts.due_diligence):
        yield DUE_DILIGENCE, referral
    if policy.limits is not None:
        for referral in _own_referrals(facts.history):
            yield COMPANY, referral


def _company_referrals(facts: Facts, policy: Policy) -> Iterator[Referral]:
    company, application = facts.company, facts.application
    status, remarks, form = company.status, company.remarks, company.form
    if not isinstance(status, Known) or isinstance(company.bankruptcy, Unknown):
        yield Referral.COMPANY_STATUS_UNKNOWN
    if isinstance(status, Known) and status.value in _STATUS_REFERRALS:
        yield _STATUS_REFERRALS[status.value]
    if isinstance(company.kronofogden_debt, Unknown):
        yield Referral.COMPANY_DEBT_UNKNOWN
    if isinstance(remarks, Unknown):
        yield Referral.COMPANY_REMARKS_UNKNOWN
    elif isinstance(remarks, Known) and remarks.value >= policy.company_remarks_referred_from:
        yield Referral.COMPANY_REMARKS
    needed_above = policy.without_accounts.referred_when_asked_above
    if isinstance(company.accounts_closed_on, Unknown) and application.asked > needed_above:
        yield Referral.ACCOUNTS_UNKNOWN
    if not isinstance(form, Known) or form.value is not application.form:
        yield Referral.FORM_UNCONFIRMED


def _person_referrals(person: PersonFacts) -> Iterator[Referral]:
    if Unknown in (type(person.deceased), type(person.blocked), type(person.trustee)):
        yield Referral.PERSON_STATUS_UNKNOWN
    circumstances = (
        (person.number_retired, Referral.NUMBER_RETIRED),
        (person.protected, Referral.PROTECTED_IDENTITY),
        (person.emigrated, Referral.EMIGRATED),
        (person.debt_restructuring, Referral.DEBT_RESTRUCTURING),
        (person.trading_prohibition, Referral.TRADING_PROHIBITION),
        (person.dormant_coordination_number, Referral.DORMANT_COORDINATION_NUMBER),
    )
    unknown = False
    for fact, referral in circumstances:
        if isinstance(fact, Unknown):
            unknown = True
        elif isinstance(fact, Known) and fact.value:
            yield referral
    if unknown:
        yield Referral.PERSON_CIRCUMSTANCES_UNKNOWN


def _due_diligence_referrals(found: DueDiligenceFacts) -> Iterator[Referral]:
    if found.sanctions is Screening.POSSIBLE:
        yield Referral.POSSIBLE_SANCTIONS
    if found.sanctions is Screening.UNKNOWN:
        yield Referral.SANCTIONS_UNKNOWN
    if found.politically_exposed:
        yield Referral.POLITICALLY_EXPOSED
    if found.gaps:
        yield Referral.DUE_DILIGENCE_GAP


def _own_referrals(history: HistoryFacts) -> Iterator[Referral]:
    """What the lender's own books say that a policy with limits reads."""
    if history.any_unknown():
        yield Referral.OWN_BOOKS_UNKNOWN
    if isinstance(history.overdue, Known) and history.overdue.value:
        yield Referral.OWN_ARREARS


def _said(fact: Fact[bool]) -> bool:
    """Whether the fact is known and is so."""
    return isinstance(fact, Known) and fact.value
