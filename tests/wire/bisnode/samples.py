"""Answers of Bisnode, written by hand after its description: an AB without a blemish, and what differs from it."""

import copy
from typing import Any

Document = dict[str, Any]

COMPANY_NUMBER = "5599990008"
TRADER_NUMBER = "197701072394"


def day(year: int, month: int, number: int) -> Document:
    return {"year": year, "month": month, "day": number}


def sek(amount: str) -> Document:
    return {"amount": amount, "currency": "SEK"}


def statement(year: int, **changes: Any) -> Document:
    """Accounts of the calendar *year*."""
    return {
        "closingPeriod": day(year, 12, 31),
        "fiscalPeriod": 12,
        "currency": "SEK",
        "incomeStatement": {
            "turnover": 1_200_000,
            "operatingProfitAfterDepreciation": 90_000,
            "netProfitLoss": -15_000,
        },
        "balanceSheet": {
            "assets": {"assetsTotal": 800_000, "currentAssets": {"currentAssetsTotal": 500_000}},
            "liabilitiesAndEquity": {
                "liabilities": {"currentLiabilities": {"currentLiabilitiesTotal": 250_000}},
                "shareholdersEquity": {"equityTotal": 300_000},
            },
        },
        "notesAndOtherInformation": {"employeeCount": 4},
        **changes,
    }


def company_document() -> Document:
    """The whole report on an AB; the caller's own to change."""
    return copy.deepcopy(_COMPANY)


def trader_document() -> Document:
    """The whole report on a sole trader."""
    document = company_document()
    document["companyInformation"]["identifiers"] = {"registrationNumber": TRADER_NUMBER[2:]}
    document["companyInformation"]["legalForm"] = {"code": "SOLE_PROPRIETORSHIP", "localCode": "10"}
    document["ownership"] = {
        "proprietorInformation": {
            "proprietorDetails": {
                "identificationNumber": TRADER_NUMBER,
                "name": "Exempel Ägare",
                "civilStatusCode": "2",
            },
            "incomeInformation": {"currentYear": {"assessmentYear": {"year": 2025}, "totalIncome": 420_000}},
            "businessAssignments": {
                "currentAssignments": [
                    {
                        "companyName": "Sidobolaget AB",
                        "identifiers": {"registrationNumber": COMPANY_NUMBER},
                        "enteredDate": day(2019, 3, 1),
                        "function": 20,
                    }
                ]
            },
        }
    }
    return document


def person_document() -> Document:
    """What the shipped paths expect of an answer about a person without a blemish."""
    return {
        "personDetails": {
            "identificationNumber": TRADER_NUMBER,
            "name": "Exempel Borgensman",
            "protectedIdentity": False,
            "emigrated": False,
            "deceased": False,
            "blocked": False,
            "identificationNumberRetired": False,
            "administrator": False,
            "debtReconstruction": False,
            "tradeProhibition": False,
            "coordinationNumberDormant": False,
        },
        "incomeInformation": {"currentYear": {"totalIncome": 380_000}},
        "paymentRemarks": {"count": 1, "amount": sek("1500.50"), "paymentRemarks": [{"date": day(2025, 6, 2)}]},
        "debtBalance": {"currentDebtBalance": {"publicClaimsAmount": sek("100"), "privateClaimsAmount": sek("25.50")}},
        "score": {"value": 71},
        "businessAssignments": {"currentAssignments": []},
    }


def signing_document() -> Document:
    """Two of three board members together, or the managing director alone."""
    return {
        "interpretationLevel": "COMPLETE",
        "company": {"registrationNumber": COMPANY_NUMBER, "name": "Exempelbolaget AB"},
        "signingAuthorityDescription": "Firman tecknas av två i styrelsen i förening eller av VD.",
        "signingIssues": [],
        "signingRules": [
            _rule("r1", "JOINTLY", {"type": "VALUE", "value": 2}),
            _rule("r2", "ALONE", {"type": "VALUE", "value": 1}),
        ],
        "signatories": [
            _signatory("Anna", "198001012384", "Ledamot", "r1"),
            _signatory("Bo", "198101012384", "Ledamot", "r1"),
            _signatory("Cia", "198201012384", "Ledamot", "r1"),
            _signatory("Dag", "198301012384", "Verkställande direktör", "r2"),
        ],
        "nonSignatories": [_signatory("Eva", "198401012384", "Suppleant", "r9")],
    }


def _rule(name: str, code: str, quantity: Document) -> Document:
    return {
        "id": name,
        "code": code,
        "interpretationLevel": "COMPLETE",
        "signatoryGroups": [{"id": f"{name}-g", "interpretationLevel": "COMPLETE", "quantity": quantity}],
    }


def _signatory(first: str, number: str, role: str, rule: str) -> Document:
    return {
        "type": "PERSON",
        "name": {"firstName": first, "lastName": "Exempel", "fullName": f"{first} Exempel"},
        "nationalIdentificationNumber": number,
        "roles": [{"code": "X", "description": role}],
        "signingRights": [{"ruleId": rule, "signatoryGroupId": f"{rule}-g"}],
    }


_COMPANY: Document = {
    "risk": {
        "creditRatings": {"currentCreditRating": {"code": "AA"}},
        "ratingCreditLimits": {"currentRatingCreditLimit": {"amount": sek("250000.00")}},
        "paymentRemarks": {
            "count": 12,
            "amount": sek("4321.50"),
            "paymentRemarks": [
                {"amount": sek("321.50"), "date": day(2025, 11, 4), "type": {"code": "BFU"}},
                {"amount": sek("4000.00"), "date": day(2025, 2, 1), "type": {"code": "BFU"}},
            ],
        },
        "petitions": {"count": 0, "petitions": []},
        "financialCommitments": {
            "debtBalance": {
                "currentDebtBalance": {
                    "date": "2026W08",
                    "claimsCount": 3,
                    "publicClaimsCount": 1,
                    "publicClaimsAmount": sek("700.25"),
                    "privateClaimsCount": 2,
                    "privateClaimsAmount": sek("300.00"),
                }
            }
        },
        "actionsOfDistraint": {"actionsOfDistraint": []},
    },
    "finance": {"financialStatements": {"financialStatements": [statement(2025), statement(2024)]}},
    "management": {
        "boardMembers": {
            "boardMemberCount": 2,
            "currentBoardMembers": [
                {
                    "entity": {"name": "Anna Exempel", "registrationNumber": "198001012384"},
                    "function": 19,
                    "description": "Ordförande",
                    "enteredDate": day(2020, 5, 6),
                },
                {"entity": {"name": "Bo Exempel", "birthDate": day(1981, 1, 1)}, "function": 32},
            ],
            "authorizedSignatory": "Firman tecknas\nav styrelsen.",
        }
    },
    "events": [
        {"date": day(2018, 4, 3), "type": "Bolagsverksärende", "description": "Nyregistrering"},
    ],
    "companyInformation": {
        "companyName": {"registeredName": {"name": "Exempelbolaget AB"}},
        "identifiers": {"registrationNumber": COMPANY_NUMBER},
        "legalForm": {"code": "LIMITED_COMPANY", "localCode": "49", "description": "Övriga aktiebolag"},
        "status": {"value": "ACTIVE"},
        "registrationInformation": {"foundationDate": day(2018, 4, 3)},
        "generalCompanyData": {
            "corporateTax": True,
            "registeredInVatList": True,
            "registeredAsEmployer": False,
            "employeeCount": 4,
        },
    },
}
