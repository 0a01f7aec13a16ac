"""From the segments of a company's report to its facts, each with the segment that it stands in.

A segment or member that is missing makes its facts unknown, except where the description says what its absence means:
the section on bankruptcy is there only where there is any data on one. A count of zero is the service's own nothing.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bureau_clients.bisnode import codes
from bureau_clients.bisnode.accounts import annual_accounts, annual_turnover
from bureau_clients.bisnode.codes import GENERAL_PARTNERS, LIMITED_COMPANIES, LIMITED_PARTNERS, Sign
from bureau_clients.bisnode.events import events_of, section_of
from bureau_clients.bisnode.formats import (
    Unreadable,
    amount,
    count,
    day,
    digits,
    flag,
    has,
    items,
    member,
    text,
    whole,
)
from bureau_clients.bisnode.persons import owner_report
from bureau_clients.bisnode.readings import (
    COMPANY_INFORMATION,
    EVENTS,
    FINANCE,
    MANAGEMENT,
    RISK,
    SOURCE,
    Counted,
    claims,
    fact,
    function,
    since,
)
from bureau_clients.bisnode.signing import registered_text
from bureau_clients.bisnode.standing import Event, is_bankrupt, newest, status
from bureau_clients.facts import Fact, Known, Unknown
from bureau_clients.ratings import bisnode_rating
from bureau_clients.reports import BoardMember, CompanyReport, Rating, SigningRight
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm

_OWNERS_TOO = ("payment_remark_count", "payment_remark_sum", "latest_payment_remark_on", "kronofogden_debt")


def company_report(
    document: Mapping[str, Any],
    *,
    number: str,
    form: CompanyForm,
    at: datetime,
    signing: Fact[SigningRight] | None = None,
    income_unit: int = 1,
) -> CompanyReport:
    """The report on the company with *number*, asked about as a *form*; a sole trader's has its owner's facts.

    *signing* is the right to sign where that was asked for too; without it the registered text stands alone.
    """
    events, are_told = events_of(document)
    facts = _register(document, events, are_told, at) | _risk(document, events, at) | _finance(document, at)
    facts["board"] = fact(lambda: _board(document), part=MANAGEMENT, at=at)
    facts["signing_right"] = signing or fact(lambda: registered_text(document), part=MANAGEMENT, at=at)
    facts["opinion"] = Unknown(SOURCE, at)
    owner = None
    if form is CompanyForm.EF:
        shared = {name: facts[name] for name in _OWNERS_TOO}
        owner = owner_report(document, number=number, shared=shared, events=events, income_unit=income_unit, at=at)
    return CompanyReport(number=number, owner=owner, **facts)


def company_number(document: Mapping[str, Any]) -> str | None:
    """The digits of the number that *document* is about, None where it does not tell. Raises Unreadable."""
    information = member(document, "companyInformation")
    if not has(information, "identifiers") or not has(information["identifiers"], "registrationNumber"):
        return None
    return digits(information["identifiers"]["registrationNumber"])


def _register(
    document: Mapping[str, Any], events: Sequence[Event], are_told: bool, at: datetime
) -> dict[str, Fact[Any]]:
    def told(*names: str) -> Any:
        return member(document, "companyInformation", *names)

    def registered(name: str, yes: Sign, no: Sign) -> Fact[bool]:
        said = fact(lambda: flag(told("generalCompanyData", name)), part=COMPANY_INFORMATION, at=at)
        sign = newest(events, (no, yes))
        return Known(sign is yes, SOURCE, at, EVENTS) if isinstance(said, Unknown) and sign else said

    return {
        "name": fact(lambda: text(told("companyName", "registeredName", "name")), part=COMPANY_INFORMATION, at=at),
        "form": fact(lambda: _form(document), part=COMPANY_INFORMATION, at=at),
        "status": _status(document, events, are_told, at),
        "registered_on": fact(
            lambda: day(told("registrationInformation", "foundationDate")), part=COMPANY_INFORMATION, at=at
        ),
        "f_tax": registered("corporateTax", Sign.F_TAX, Sign.NO_F_TAX),
        "vat": registered("registeredInVatList", Sign.VAT, Sign.NO_VAT),
        "employer": registered("registeredAsEmployer", Sign.EMPLOYER, Sign.NO_EMPLOYER),
        "employees": fact(lambda: count(told("generalCompanyData", "employeeCount")), part=COMPANY_INFORMATION, at=at),
    }


def _status(document: Mapping[str, Any], events: Sequence[Event], are_told: bool, at: datetime) -> Fact[Any]:
    found = status(_register_word(document), section=section_of(document), events=events, are_told=are_told)
    return Unknown(SOURCE, at, COMPANY_INFORMATION) if found is None else Known(found, SOURCE, at, COMPANY_INFORMATION)


def _risk(document: Mapping[str, Any], events: Sequence[Event], at: datetime) -> dict[str, Fact[Any]]:
    risk = document.get("risk")
    remarks, petitions = (
        Counted(risk.get(name) if isinstance(risk, dict) else None, name) for name in ("paymentRemarks", "petitions")
    )

    def balance() -> Any:
        return member(risk, "financialCommitments", "debtBalance", "currentDebtBalance")

    said = {
        "rating": lambda: _rating(member(risk, "creditRatings", "currentCreditRating", "code")),
        "credit_limit": lambda: amount(member(risk, "ratingCreditLimits", "currentRatingCreditLimit", "amount")),
        "payment_remark_count": remarks.number,
        "payment_remark_sum": remarks.sum,
        "latest_payment_remark_on": remarks.latest,
        "petition_count": petitions.number,
        "petition_sum": petitions.sum,
        "kronofogden_debt": lambda: claims(balance(), "public") + claims(balance(), "private"),
        "kronofogden_public_debt": lambda: claims(balance(), "public"),
        "kronofogden_private_debt": lambda: claims(balance(), "private"),
        "bankruptcy": lambda: _bankrupt(document, events),
        "distraint": lambda: _distraint(risk, events),
    }
    return {name: fact(read, part=RISK, at=at) for name, read in said.items()}


def _finance(document: Mapping[str, Any], at: datetime) -> dict[str, Fact[Any]]:
    years = fact(
        lambda: annual_accounts(member(document, "finance", "financialStatements", "financialStatements")),
        part=FINANCE,
        at=at,
    )
    if isinstance(years, Known):
        newest_year = years.value[0]
        turnover: Fact[Money] = fact(lambda: annual_turnover(years.value), part=FINANCE, at=at)
        closed_on = Known(newest_year.closed_on, SOURCE, at, FINANCE)
        return {"accounts": years, "accounts_closed_on": closed_on, "annual_turnover": turnover}
    return dict.fromkeys(("accounts", "accounts_closed_on", "annual_turnover"), years)


def _rating(code: Any) -> Rating | None:
    try:
        return bisnode_rating(text(code))
    except ValueError as error:
        raise Unreadable("not a rating") from error


def _form(document: Mapping[str, Any]) -> CompanyForm:
    """The form that both codes say; where they do not agree, or say another form, none of ours can be told."""
    legal = member(document, "companyInformation", "legalForm")
    match text(member(legal, "code")), text(member(legal, "localCode")):
        case "LIMITED_COMPANY", local if local in LIMITED_COMPANIES:
            return CompanyForm.AB
        case "SOLE_PROPRIETORSHIP", codes.SOLE_TRADER:
            return CompanyForm.EF
        case "PARTNERSHIP", codes.GENERAL_PARTNERSHIP:
            return _partnership(legal, document)
    raise Unreadable("none of the four forms, or two at once")


def _partnership(legal: Any, document: Mapping[str, Any]) -> CompanyForm:
    """HB or KB, which no code tells apart: the description does, or the functions of the partners."""
    words = text(legal["description"]).casefold() if has(legal, "description") else ""
    is_limited = "kommanditbolag" in words or "limited partnership" in words
    is_general = "handelsbolag" in words or "general partnership" in words or "trading partnership" in words
    if is_limited is is_general:
        places = items(member(document, "management", "boardMembers", "currentBoardMembers"))
        functions = {whole(place["function"]) for place in places if has(place, "function")}
        is_limited, is_general = bool(functions & LIMITED_PARTNERS), bool(functions & GENERAL_PARTNERS)
    if is_limited is is_general:
        raise Unreadable("a partnership of either kind")
    return CompanyForm.KB if is_limited else CompanyForm.HB


def _board(document: Mapping[str, Any]) -> tuple[BoardMember, ...]:
    places = items(member(document, "management", "boardMembers", "currentBoardMembers"))
    return tuple(_board_member(place) for place in places)


def _board_member(place: Any) -> BoardMember:
    entity = member(place, "entity")
    number = digits(entity["registrationNumber"]) if has(entity, "registrationNumber") else None
    if number is None and has(entity, "birthDate"):
        number = day(entity["birthDate"]).isoformat()
    return BoardMember(name=text(member(entity, "name")), number=number, function=function(place), since=since(place))


def _register_word(document: Mapping[str, Any]) -> str | None:
    try:
        return text(member(document, "companyInformation", "status", "value"))
    except Unreadable:
        return None


def _bankrupt(document: Mapping[str, Any], events: Sequence[Event]) -> bool:
    found = is_bankrupt(section_of(document), events, is_active=_register_word(document) == "ACTIVE")
    if found is None:
        raise Unreadable("not told")
    return found


def _distraint(risk: Any, events: Sequence[Event]) -> bool:
    if any(event.sign is Sign.DISTRAINT for event in events):
        return True
    return bool(items(member(risk, "actionsOfDistraint", "actionsOfDistraint")))
