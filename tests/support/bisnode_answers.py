"""Answers of Bisnode's: a healthy company, a sole trader, a person, and a strategy for odd ones."""

import json
import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, TypeAlias

from hypothesis import strategies as st

Json: TypeAlias = Any

COMPANY = "5569565855"
SOLE_TRADER = "7502199255"
PERSON = "4502198429"


def kronor(amount: str) -> Json:
    """An amount as Bisnode writes it."""
    return {"amount": amount, "currency": "SEK"}


def day(text: str) -> Json:
    """A date as Bisnode writes it."""
    year, month, of_month = map(int, text.split("-"))
    return {"year": year, "month": month, "day": of_month}


def statement(year: int, turnover: int) -> Json:
    """The accounts of one year."""
    return {
        "closingPeriod": {"year": year, "month": 12, "day": 31},
        "fiscalPeriod": 12,
        "currency": "SEK",
        "incomeStatement": {"turnover": turnover, "operatingProfitAfterDepreciation": -4, "netProfitLoss": 205},
        "balanceSheet": {
            "assets": {"assetsTotal": 5000, "currentAssets": {"currentAssetsTotal": 1200}},
            "liabilitiesAndEquity": {
                "shareholdersEquity": {"equityTotal": 900},
                "liabilities": {"currentLiabilities": {"currentLiabilitiesTotal": 700}},
            },
        },
        "notesAndOtherInformation": {"employeeCount": 7},
    }


REMARKS = {
    "count": 3,
    "amount": kronor("18000.50"),
    "paymentRemarks": [
        {"amount": kronor("500"), "date": day("2025-11-14"), "type": {"code": "TD"}, "description": "JUDGEMENT"},
        {"amount": kronor("17500.50"), "date": day("2024-01-02"), "type": {"code": "SB"}, "description": "TAX ARREARS"},
    ],
}
DEBT_BALANCE = {
    "currentDebtBalance": {
        "date": "2026W09",
        "claimsCount": 5,
        "publicClaimsCount": 3,
        "publicClaimsAmount": kronor("1200.50"),
        "privateClaimsCount": 2,
        "privateClaimsAmount": kronor("300.25"),
    }
}
ASSIGNMENTS = [
    {
        "companyName": "Bygg & Måleri AB",
        "identifiers": {"registrationNumber": "556956-5855"},
        "enteredDate": day("2019-05-06"),
        "function": 2,
    }
]


def company(number: str = COMPANY) -> Json:
    """A healthy limited company, or with the number of a person a sole trader."""
    is_sole_trader = number == SOLE_TRADER
    return {
        "companyInformation": {
            "identifiers": {"registrationNumber": number, "vatNumber": f"SE{number}01"},
            "companyName": {"registeredName": {"name": "Bygg & Måleri AB", "date": day("2014-02-03")}},
            "status": {"value": "ACTIVE", "date": day("2014-02-03")},
            "legalForm": {
                "code": "SOLE_PROPRIETORSHIP" if is_sole_trader else "LIMITED_COMPANY",
                "localCode": "10" if is_sole_trader else "49",
            },
            "registrationInformation": {"foundationDate": day("2014-02-03")},
            "generalCompanyData": {
                "corporateTax": True,
                "registeredInVatList": True,
                "activeInVat": True,
                "registeredAsEmployer": False,
                "employeeCount": 7,
            },
        },
        "risk": {
            "creditRatings": {"currentCreditRating": {"code": "AA", "date": day("2026-01-02")}},
            "ratingCreditLimits": {"currentRatingCreditLimit": {"amount": kronor("250000.00")}},
            "paymentRemarks": REMARKS,
            "petitions": {"count": 2, "amount": kronor("7700"), "petitions": [{"amount": kronor("7700")}]},
            "financialCommitments": {"debtBalance": DEBT_BALANCE},
            "actionsOfDistraint": {"actionsOfDistraint": []},
        },
        "finance": {"financialStatements": {"financialStatements": [statement(2025, 8400), statement(2024, 7300)]}},
        "management": {
            "boardMembers": {
                "boardMemberCount": 2,
                "currentBoardMembers": [
                    {
                        "entity": {"name": "Åsa Öberg", "registrationNumber": "450219-8429"},
                        "function": 2,
                        "description": "Ledamot",
                        "enteredDate": day("2019-05-06"),
                    },
                    {"entity": {"name": "Bo Ek", "birthDate": day("1970-01-02")}, "function": 3, "description": "VD"},
                ],
                "authorizedSignatory": "Firman tecknas av styrelsen.",
            }
        },
        "ownership": {
            "proprietorInformation": {
                "proprietorDetails": {"identificationNumber": number, "name": "Åsa Öberg", "civilStatusCode": "X"},
                "incomeInformation": {"currentYear": {"totalIncome": 312000}},
                "businessAssignments": {"currentAssignments": ASSIGNMENTS},
            }
        }
        if is_sole_trader
        else {},
        "events": [{"date": day("2020-03-04"), "description": "Ändring av styrelse", "type": "Bolagsverksärende"}],
    }


def person() -> Json:
    """A healthy person, by the shipped paths."""
    flags = (
        *("protectedIdentity", "emigrated", "deceased", "blocked", "identificationNumberRetired"),
        *("administrator", "debtReconstruction", "tradeProhibition", "coordinationNumberDormant"),
    )
    return {
        "personDetails": {"identificationNumber": PERSON, "name": "Åsa Öberg", **dict.fromkeys(flags, False)},
        "incomeInformation": {"currentYear": {"totalIncome": 312000}},
        "paymentRemarks": REMARKS,
        "debtBalance": DEBT_BALANCE,
        "score": {"value": 37},
        "businessAssignments": {"currentAssignments": ASSIGNMENTS},
    }


def written(document: Json) -> bytes:
    """The bytes of *document*."""
    return json.dumps(document, ensure_ascii=False).encode()


ODD: tuple[Json, ...] = (
    *(None, True, False, 0, 1, -1, 7, 12, 2**63, 10**30, 1.5, 1.0, 1e300, [], {}, [[]], [None], "", " ", "0", "1"),
    *(
        "-1",
        "1e5",
        "1,5",
        "1.005",
        "٧",
        "½",
        "1 000",
        "NaN",
        "AAA",
        "AN",
        "-",
        "A ",
        "ACTIVE",
        "INACTIVE",
        "SEK",
        "EUR",
    ),
    *("2026-02-30", "2019W42", "2019W60", "\u0000", "\ud800", "Konkurs inledd", "KK", "S4", "LIMITED_COMPANY", "31"),
    *({"year": 2026, "month": 2, "day": 30}, {"year": "2026", "month": "02", "day": "01"}, {"year": 2026}, 5560000001),
    *({"amount": "7", "currency": "SEK"}, {"amount": 7, "currency": "SEK"}, {"amount": "7", "currency": "EUR"}),
    *({"amount": "7"}, {"code": "KK"}, [{"code": "KK"}], {"date": {"year": 2026, "month": 1, "day": 1}, "type": "KK"}),
)

odd_json = st.sampled_from(ODD) | st.recursive(
    st.sampled_from(ODD) | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def odd_answers(draw: st.DrawFn, healthy: Json) -> bytes:
    """An answer close to a *healthy* one: members away, odd, under another's name, or given twice."""
    document = deepcopy(healthy)
    for _ in range(draw(st.integers(1, 5))):
        holder, key = draw(st.sampled_from(list(_places(document)) or [(document, "x")]))
        if draw(st.booleans()) and isinstance(holder, dict):
            holder.pop(key, None)
        elif draw(st.integers(0, 3)) == 0:
            other, other_key = draw(st.sampled_from(list(_places(document)) or [(document, "x")]))
            holder[key] = deepcopy(other.get(other_key) if isinstance(other, dict) else other[other_key])
        else:
            holder[key] = deepcopy(draw(odd_json))
    text = json.dumps(document, ensure_ascii=draw(st.booleans()))
    if draw(st.integers(0, 3)) == 0:
        members = list(re.finditer(r'"(\w+)": ', text))
        if members:
            member = draw(st.sampled_from(members))
            again = json.dumps(draw(st.sampled_from(ODD)))
            text = f"{text[: member.start()]}{member[0]}{again}, {text[member.start() :]}"
    return text.encode("utf-8", "surrogatepass")


def _places(document: Json) -> Iterator[tuple[Json, Any]]:
    """Every member and item in *document*: what holds it, and under which name or place."""
    items = document.items() if isinstance(document, Mapping) else enumerate(document)
    for key, value in list(items):
        yield document, key
        if isinstance(value, dict | list):
            yield from _places(value)
