"""Invented facts for every number: the same for the same number always, and healthy, so that a demo is approved."""

from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache

from bureau_clients.sandbox.facts import CompanyFacts, Form, Member, PersonFacts, Place, Role, Signing, Year
from bureau_clients.sandbox.invented import (
    Draw,
    address,
    company_name,
    company_numbers,
    first_name,
    is_person,
    last_name,
    people,
)

_OLDEST_COMPANY = date(2006, 1, 2)
_LATEST_YEAR = 2025
_YEARS = 5


@lru_cache(maxsize=1024)
def person_facts(number: str) -> PersonFacts:
    """What is so of the person with *number*, which is returned as it was asked for."""
    draw = Draw(number)
    places = company_numbers(number, draw.between("places", 0, 2))
    return PersonFacts(
        number=number,
        first_name=first_name(number),
        last_name=last_name(number),
        address=address(number),
        income=draw.between("income", 410, 720) * 1000,
        scoring=draw.between("scoring", 65, 97),
        assignments=tuple(
            Place(each, company_name(each, Form.AB), Role.MEMBER, date(2016 + position, 5, 2))
            for position, each in enumerate(places)
        ),
    )


@lru_cache(maxsize=1024)
def company_facts(number: str) -> CompanyFacts:
    """What is so of the company with *number*; of a sole trader, its owner's facts beside the firm's."""
    draw = Draw(number)
    form = form_of(number)
    points = draw.between("rating", 55, 96)
    registered_on = _OLDEST_COMPANY + timedelta(days=draw.between("age", 0, 6000))
    board = _board(number, form, registered_on)
    owner = person_facts(number) if form is Form.EF else None
    return CompanyFacts(
        number=number,
        name=company_name(number, form if form in (Form.AB, Form.HB, Form.KB) else ""),
        address=address(number),
        form=form,
        registered_on=registered_on,
        points=str(points),
        letters=letters_of(points, form),
        credit_limit=draw.between("limit", 2, 30) * 50_000,
        accounts=_accounts(draw, registered_on),
        employees=draw.between("employees", 1, 40),
        board=board,
        signing=_signing(board, form),
        owner=owner,
    )


def form_of(number: str) -> Form:
    """Of numbers that begin with 9, an even ninth digit is an HB and an odd one a KB."""
    if is_person(number):
        return Form.EF
    match number[-10]:
        case "5":
            return Form.AB
        case "7":
            return Form.COOPERATIVE
        case "8":
            return Form.ASSOCIATION
        case "9":
            return Form.HB if int(number[-2]) % 2 == 0 else Form.KB
    return Form.OTHER


def letters_of(points: int, form: Form) -> str:
    """Bisnode's rating that goes with Creditsafe's *points*; AAA is for an AB alone."""
    if points >= 85 and form is Form.AB:
        return "AAA"
    return "AA" if points >= 71 else "A" if points >= 51 else "B" if points >= 21 else "C"


def member(number: str, role: Role, since: date) -> Member:
    """The person with *number* in that role."""
    return Member(number, f"{first_name(number)} {last_name(number)}", role, since)


def _accounts(draw: Draw, registered_on: date) -> tuple[Year, ...]:
    turnover = draw.between("turnover", 18, 400) * 100_000
    years = []
    for closed in range(_LATEST_YEAR, max(_LATEST_YEAR - _YEARS, registered_on.year - 1), -1):
        months = 12 if closed > registered_on.year else 13 - registered_on.month
        years.append(_year(draw, closed, months, turnover * months // 12))
        turnover = turnover * 100 // (100 + draw.between(f"growth {closed}", 3, 12))
    return tuple(years)


def _year(draw: Draw, closed: int, months: int, turnover: int) -> Year:
    def share(what: str, least: int, most: int, whole: int) -> int:
        return _thousands(whole * draw.between(f"{what} {closed}", least, most) // 100)

    result = share("result", 4, 12, turnover)
    assets = share("assets", 45, 80, turnover)
    return Year(
        closed_on=date(closed, 12, 31),
        months=months,
        turnover=_thousands(turnover),
        operating_result=result,
        net_result=_thousands(result * 76 // 100),
        total_assets=assets,
        equity=share("equity", 30, 55, assets),
        current_assets=share("current", 50, 70, assets),
        current_liabilities=share("liabilities", 20, 35, assets),
        employees=draw.between("employees", 1, 40),
    )


def _thousands(kronor: int) -> int:
    """Annual accounts are told in thousands of kronor."""
    return kronor // 1000 * 1000


def _board(number: str, form: Form, since: date) -> tuple[Member, ...]:
    draw = Draw(number)
    if form is Form.EF:
        return (member(number, Role.OWNER, since),)
    if form is Form.HB:
        roles: tuple[Role, ...] = (Role.PARTNER, Role.PARTNER)
    elif form is Form.KB:
        roles = (Role.GENERAL_PARTNER, Role.LIMITED_PARTNER)
    else:
        roles = (Role.CHAIR, *[Role.MEMBER] * draw.between("members", 1, 3), Role.DEPUTY)
    return tuple(
        member(each, role, since + timedelta(days=365 * position))
        for position, (each, role) in enumerate(zip(people(number, len(roles)), roles, strict=True))
    )


def _signing(board: tuple[Member, ...], form: Form) -> Signing:
    if form is Form.HB:
        return Signing("Firman tecknas av bolagsmännen var för sig.", tuple((each,) for each in board))
    if form is Form.KB:
        return Signing("Firman tecknas av komplementären.", (board[:1],))
    if form is Form.EF:
        return Signing("Firman tecknas av innehavaren.", (board,))
    seats = tuple(each for each in board if each.role is not Role.DEPUTY)
    alone = Signing("Firman tecknas av styrelsen.\nFirman tecknas ensam av ordföranden.", (seats, seats[:1]))
    return replace(alone, alternatives=tuple(dict.fromkeys(alone.alternatives)))
