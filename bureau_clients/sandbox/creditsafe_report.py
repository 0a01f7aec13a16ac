"""The facts as the `report` of Creditsafe's REST interface.

Its description is published as far as `basicInformation`; the other sections have names of ours.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from bureau_clients.sandbox import numbers
from bureau_clients.sandbox.creditsafe_words import FORMS, STATUSES
from bureau_clients.sandbox.facts import Member, PersonRegister, Role, Year

_ROLE_CODES: Mapping[Role, str] = {
    Role.CHAIR: "OF",
    Role.MEMBER: "LE",
    Role.MANAGING_MEMBER: "VDLE",
    Role.DEPUTY: "SU",
    Role.MANAGER: "VD",
    Role.SIGNATORY: "FT",
    Role.PARTNER: "BOM",
    Role.GENERAL_PARTNER: "KOMP",
    Role.LIMITED_PARTNER: "KOMD",
    Role.OWNER: "IN",
    Role.LIQUIDATOR: "LIKV",
}
_UNTOLD: Mapping[str, tuple[str, ...]] = {
    "points": ("rating.value",),
    "remark_count": ("paymentRemarks.count",),
    "remark_sum": ("paymentRemarks.sum",),
    "latest_remark_on": ("paymentRemarks.latestDate",),
    "debt": ("debtBalance.total",),
    "public_debt": ("debtBalance.publicClaims",),
    "private_debt": ("debtBalance.privateClaims",),
    "accounts": ("accounts",),
    "board": ("board",),
    "income": ("income",),
    "assignments": ("assignments",),
}
"""Where a fact stands, so that it can be left out."""


def company_report(number: str, language: str) -> dict[str, Any]:
    """The report on a company; of a sole trader, the owner's sections beside the firm's."""
    facts = numbers.company(number)
    report = {
        "basicInformation": {
            "organizationNumber": facts.number,
            "companyName": facts.name,
            "incorporationDate": _day(facts.registered_on),
            "companyStatus": {"status": STATUSES[facts.register], "date": _day(facts.registered_on)},
            "companyType": {"code": str(facts.form), "description": FORMS[facts.form][language == "en"]},
            "taxInformation": {
                "fTax": {"registered": facts.f_tax, "startDate": _day(facts.registered_on)},
                "vat": {"registered": facts.vat, "startDate": _day(facts.registered_on)},
                "employmentTax": facts.employer,
            },
            "contactInformation": {"registeredAddress": _address(facts.address)},
        },
        "rating": {"value": int(facts.points), "creditLimit": facts.credit_limit},
        "paymentRemarks": _remarks(facts.remark_count, facts.remark_sum, facts.latest_remark_on),
        "petitions": {"count": facts.petition_count, "sum": facts.petition_sum},
        "debtBalance": {
            "total": facts.debt,
            "publicClaims": facts.public_debt,
            "privateClaims": facts.private_debt,
        },
        "insolvency": {"bankruptcy": facts.bankrupt, "distraint": facts.distraint},
        "accounts": [_year(year) for year in facts.accounts],
        "board": [_member(member) for member in facts.board],
        "signatory": {"text": facts.signing.text},
    }
    if facts.owner is not None:
        report = _merged(person_report(number), report)
    return _told(report, number)


def person_report(number: str) -> dict[str, Any]:
    """The report on a person."""
    facts = numbers.person(number)
    report = {
        "basicInformation": {
            "personalNumber": facts.number,
            "firstName": facts.first_name,
            "lastName": facts.last_name,
            "protected": facts.person_register is PersonRegister.PROTECTED,
            "emigrated": facts.person_register is PersonRegister.EMIGRATED,
            "trustee": facts.trustee,
            "tradingProhibition": facts.trading_prohibition,
            "dormantCoordinationNumber": facts.dormant_coordination_number,
            "contactInformation": {"registeredAddress": _address(facts.address)},
        },
        "income": {"amount": facts.income},
        "paymentRemarks": _remarks(facts.remark_count, facts.remark_sum, facts.latest_remark_on),
        "debtBalance": {
            "total": facts.debt,
            "publicClaims": facts.public_debt,
            "privateClaims": facts.private_debt,
            "debtRestructuring": facts.debt_restructuring,
        },
        "scoring": {"value": facts.scoring},
        "assignments": [
            {
                "organizationNumber": place.number,
                "companyName": place.name,
                "function": str(place.role),
                "since": _day(place.since),
            }
            for place in facts.assignments
        ],
    }
    return _told(report, number)


def signatories(number: str) -> list[dict[str, Any]]:
    """The right to sign for the company, as one member of a list."""
    facts = numbers.company(number)
    return [
        {
            "companyId": facts.number,
            "coverage": str(facts.signing.coverage),
            "combinations": [[_signatory(member) for member in each] for each in facts.signing.alternatives],
            "adminSign": False,
        }
    ]


def _signatory(member: Member) -> dict[str, Any]:
    return {
        "name": member.name,
        "personalNumber": member.number,
        "positions": [{"roleCode": _ROLE_CODES[member.role], "roleName": str(member.role)}],
    }


def _address(address: Any) -> dict[str, str]:
    return {"street": address.street, "zipCode": address.zipcode, "town": address.town}


def _remarks(count: int, kronor: int, latest_on: date | None) -> dict[str, Any]:
    return {"count": count, "sum": kronor, "latestDate": _day(latest_on)}


def _year(year: Year) -> dict[str, Any]:
    return {
        "closingDate": _day(year.closed_on),
        "months": year.months,
        "turnover": year.turnover,
        "operatingResult": year.operating_result,
        "netResult": year.net_result,
        "totalAssets": year.total_assets,
        "equity": year.equity,
        "currentAssets": year.current_assets,
        "currentLiabilities": year.current_liabilities,
        "employees": year.employees,
    }


def _member(member: Member) -> dict[str, Any]:
    return {
        "name": member.name,
        "number": member.number,
        "function": str(member.role),
        "since": _day(member.since),
    }


def _day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Both, section by section; where they differ, *other*."""
    return {
        name: {**one.get(name, {}), **value} if isinstance(value, dict) else value
        for name, value in {**one, **other}.items()
    }


def _told(report: dict[str, Any], number: str) -> dict[str, Any]:
    """*report* without what the number's story leaves untold."""
    magic = numbers.magic_number(number)
    paths: Sequence[str] = [path for fact in (magic.untold if magic else ()) for path in _UNTOLD.get(fact, ())]
    for path in paths:
        section, _, name = path.partition(".")
        if not name:
            report.pop(section, None)
        elif section in report:
            report[section] = {key: value for key, value in report[section].items() if key != name}
    return report
