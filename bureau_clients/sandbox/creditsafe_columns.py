"""The facts as the columns of Creditsafe's blocks: every column a text, an empty one for what is not there."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from bureau_clients.sandbox import numbers
from bureau_clients.sandbox.creditsafe_words import FORMS, STATUSES
from bureau_clients.sandbox.facts import CompanyFacts, Member, PersonFacts, PersonRegister, Place, Register, Year

Columns = Mapping[str, str]

_BASIC = frozenset(
    {
        *("ORGNR", "PNR", "NAME", "FIRST_NAME", "GIVEN_NAME", "LAST_NAME", "ADDRESS", "ZIPCODE", "TOWN"),
        *("COMPANY_TYPE", "COMPANY_TYPE_TEXT", "COMPANY_STATUS", "COMPANY_ACTIVE", "INCORPORATION_DATE"),
        *("PROTECTED", "EMIGRATED"),
    }
)


def company_columns(number: str) -> Columns:
    """The columns of the company credit block for *number*; for a sole trader the owner's beside the firm's."""
    facts, untold = numbers.company(number), _untold(number)
    owner = {} if facts.owner is None else _written(_PERSON, facts.owner, untold)
    lists = {
        **_listed("accounts", "ACC{}_", _YEAR, facts.accounts, untold),
        **_listed("board", "BOARD{}_", _MEMBER, facts.board, untold),
    }
    return {**owner, **_written(_COMPANY, facts, untold), **lists}


def person_columns(number: str) -> Columns:
    """The columns of the person credit block for *number*, which is returned as it was asked for."""
    facts, untold = numbers.person(number), _untold(number)
    return {
        **_written(_PERSON, facts, untold),
        **_listed("assignments", "ASSIGNMENT{}_", _PLACE, facts.assignments, untold),
    }


def basic(columns: Columns) -> Columns:
    """What a basic block has of the *columns* of a credit block."""
    return {name: text for name, text in columns.items() if name in _BASIC}


def _untold(number: str) -> frozenset[str]:
    magic = numbers.magic_number(number)
    return frozenset() if magic is None else magic.untold


def _yes(value: bool) -> str:
    return "Ja" if value else "Nej"


def _marked(value: bool) -> str:
    return "Ja" if value else ""


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _sum(value: int) -> str:
    return str(value) if value else ""


def _day(value: date | None) -> str:
    return "" if value is None else value.isoformat()


def _thousands(value: int) -> str:
    return str(value // 1000)


_Table = Sequence[tuple[str, str, Callable[[Any], str]]]

_COMPANY: Sequence[tuple[str, str, Callable[[CompanyFacts], str]]] = (
    ("ORGNR", "number", lambda facts: facts.number),
    ("NAME", "name", lambda facts: facts.name),
    ("ADDRESS", "address", lambda facts: facts.address.street),
    ("ZIPCODE", "address", lambda facts: facts.address.zipcode),
    ("TOWN", "address", lambda facts: facts.address.town),
    ("COMPANY_TYPE", "form", lambda facts: str(facts.form)),
    ("COMPANY_TYPE_TEXT", "form", lambda facts: FORMS[facts.form].sv),
    ("COMPANY_STATUS", "register", lambda facts: STATUSES[facts.register]),
    ("COMPANY_ACTIVE", "register", lambda facts: _yes(facts.register is Register.ACTIVE)),
    ("INCORPORATION_DATE", "registered_on", lambda facts: _day(facts.registered_on)),
    ("RATING", "points", lambda facts: facts.points),
    ("CREDIT_LIMIT", "credit_limit", lambda facts: _number(facts.credit_limit)),
    ("ROP_NUMBER1", "remark_count", lambda facts: str(facts.remark_count)),
    ("ROP_SUM1", "remark_sum", lambda facts: _sum(facts.remark_sum)),
    ("ROP_LATEST1", "latest_remark_on", lambda facts: _day(facts.latest_remark_on)),
    ("PETITION_NUMBER", "petition_count", lambda facts: str(facts.petition_count)),
    ("PETITION_SUM", "petition_sum", lambda facts: _sum(facts.petition_sum)),
    ("DEBT_SUM", "debt", lambda facts: _sum(facts.debt)),
    ("DEBT_SUM_PUBLIC", "public_debt", lambda facts: _sum(facts.public_debt)),
    ("DEBT_SUM_PRIVATE", "private_debt", lambda facts: _sum(facts.private_debt)),
    ("BANKRUPTCY", "register", lambda facts: _yes(facts.bankrupt)),
    ("DISTRAINT", "distraint", lambda facts: _yes(facts.distraint)),
    ("F_TAX", "f_tax", lambda facts: _yes(facts.f_tax)),
    ("VAT", "vat", lambda facts: _yes(facts.vat)),
    ("EMPLOYER", "employer", lambda facts: _yes(facts.employer)),
    ("TURNOVER", "accounts", lambda facts: _number(facts.accounts[0].turnover) if facts.accounts else ""),
    ("ACCOUNTS_DATE", "accounts", lambda facts: _day(facts.accounts[0].closed_on) if facts.accounts else ""),
    ("EMPLOYEES", "employees", lambda facts: str(facts.employees)),
    ("SIGNING_TEXT", "signing", lambda facts: " ".join(facts.signing.text.splitlines())),
)

_PERSON: Sequence[tuple[str, str, Callable[[PersonFacts], str]]] = (
    ("PNR", "number", lambda facts: facts.number),
    ("FIRST_NAME", "name", lambda facts: facts.first_name),
    ("GIVEN_NAME", "name", lambda facts: facts.first_name),
    ("LAST_NAME", "name", lambda facts: facts.last_name),
    ("ADDRESS", "address", lambda facts: facts.address.street),
    ("ZIPCODE", "address", lambda facts: facts.address.zipcode),
    ("TOWN", "address", lambda facts: facts.address.town),
    ("PROTECTED", "person_register", lambda facts: _yes(facts.person_register is PersonRegister.PROTECTED)),
    ("EMIGRATED", "person_register", lambda facts: _yes(facts.person_register is PersonRegister.EMIGRATED)),
    ("EMIGRATED_DATE", "person_register", lambda facts: _day(facts.emigrated_on)),
    ("HAS_TRUSTEE", "trustee", lambda facts: _marked(facts.trustee)),
    ("DEBT_PERSON", "debt_restructuring", lambda facts: _marked(facts.debt_restructuring)),
    ("TRADING_PROHIBITION", "trading_prohibition", lambda facts: _yes(facts.trading_prohibition)),
    ("COORDINATION_DORMANT", "dormant_coordination_number", lambda facts: _yes(facts.dormant_coordination_number)),
    ("INCOME", "income", lambda facts: _number(facts.income)),
    ("ROP_NUMBER1", "remark_count", lambda facts: str(facts.remark_count)),
    ("ROP_SUM1", "remark_sum", lambda facts: _sum(facts.remark_sum)),
    ("ROP_LATEST1", "latest_remark_on", lambda facts: _day(facts.latest_remark_on)),
    ("DEBT_SUM", "debt", lambda facts: _sum(facts.debt)),
    ("SCORING", "scoring", lambda facts: _number(facts.scoring)),
)

_YEAR: Sequence[tuple[str, Callable[[Year], str]]] = (
    ("DATE", lambda year: _day(year.closed_on)),
    ("MONTHS", lambda year: str(year.months)),
    ("TURNOVER", lambda year: _thousands(year.turnover)),
    ("OPERATING_RESULT", lambda year: _thousands(year.operating_result)),
    ("NET_RESULT", lambda year: _thousands(year.net_result)),
    ("TOTAL_ASSETS", lambda year: _thousands(year.total_assets)),
    ("EQUITY", lambda year: _thousands(year.equity)),
    ("CURRENT_ASSETS", lambda year: _thousands(year.current_assets)),
    ("CURRENT_LIABILITIES", lambda year: _thousands(year.current_liabilities)),
    ("EMPLOYEES", lambda year: str(year.employees)),
)

_MEMBER: Sequence[tuple[str, Callable[[Member], str]]] = (
    ("NAME", lambda member: member.name),
    ("NUMBER", lambda member: member.number),
    ("FUNCTION", lambda member: str(member.role)),
    ("SINCE", lambda member: _day(member.since)),
)

_PLACE: Sequence[tuple[str, Callable[[Place], str]]] = (
    ("ORGNR", lambda place: place.number),
    ("NAME", lambda place: place.name),
    ("FUNCTION", lambda place: str(place.role)),
    ("SINCE", lambda place: _day(place.since)),
)


def _written(table: _Table, facts: CompanyFacts | PersonFacts, untold: frozenset[str]) -> dict[str, str]:
    return {column: write(facts) for column, fact, write in table if fact not in untold}


def _listed(
    fact: str,
    prefix: str,
    table: Sequence[tuple[str, Callable[[Any], str]]],
    places: Sequence[Any],
    untold: frozenset[str],
) -> dict[str, str]:
    """A column per member of each place, numbered from one; of an empty list the first place, without texts."""
    if fact in untold:
        return {}
    if not places:
        return {prefix.format(1) + column: "" for column, _ in table}
    return {
        prefix.format(position) + column: write(place)
        for position, place in enumerate(places, start=1)
        for column, write in table
    }
