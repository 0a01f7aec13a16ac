"""The accounts as Bisnode's segment FINANCE: whole kronor, and the sums that a balance sheet has to have."""

from bureau_clients.sandbox.bisnode_words import Document, day
from bureau_clients.sandbox.facts import CompanyFacts, Year


def finance(facts: CompanyFacts) -> Document:
    """The segment, with the accounts of up to five years, the newest first."""
    statements = [_statement(year) for year in facts.accounts]
    return {
        "floatingCharges": [],
        "claimsOutOfBusiness": [],
        "financialStatements": {
            "auditorsReservation": [],
            "keyFigures": [_key_figures(year) for year in facts.accounts],
            "financialStatements": statements,
        },
        "payrollTaxes": [],
        "turnoverIntervals": [],
        "propertyHoldings": {
            "fullyOwnedCount": 0,
            "partlyOwnedCount": 0,
            "assessedRealProperties": [],
            "currentRealProperties": [],
        },
    }


def _statement(year: Year) -> Document:
    long_term = year.total_assets - year.equity - year.current_liabilities
    return {
        "closingPeriod": day(year.closed_on),
        "fiscalPeriod": year.months,
        "classificationCode": "COST",
        "currency": "SEK",
        "incomeStatement": {
            "netSales": year.turnover,
            "turnover": year.turnover,
            "operatingExpensesTotal": year.turnover - year.operating_result,
            "operatingProfitAfterDepreciation": year.operating_result,
            "profitLossAfterFinancialItems": year.operating_result,
            "profitLossBeforeTax": year.operating_result,
            "tax": year.operating_result - year.net_result,
            "netProfitLoss": year.net_result,
        },
        "balanceSheet": {
            "assets": {
                "currentAssets": {"currentAssetsTotal": year.current_assets},
                "nonCurrentAssets": {"nonCurrentAssetsTotal": year.total_assets - year.current_assets},
                "assetsTotal": year.total_assets,
            },
            "liabilitiesAndEquity": {
                "liabilities": {
                    "currentLiabilities": {"currentLiabilitiesTotal": year.current_liabilities},
                    "nonCurrentLiabilities": {"longTermLiabilitiesTotal": long_term},
                },
                "shareholdersEquity": {"profitOrLossForTheYear": year.net_result, "equityTotal": year.equity},
                "equityAndLiabilitiesTotal": year.total_assets,
            },
        },
        "notesAndOtherInformation": {"employeeCount": year.employees},
    }


def _key_figures(year: Year) -> Document:
    return {
        "closingPeriod": day(year.closed_on),
        "fiscalPeriod": year.months,
        "currency": "SEK",
        "currentRatio": f"{100 * year.current_assets / year.current_liabilities:.1f}",
        "equityAssetsRatio": f"{100 * year.equity / year.total_assets:.1f}",
        "equity": year.equity,
        "resultAfterFinancialItems": year.operating_result,
        "assetsTotal": year.total_assets,
        "turnover": year.turnover,
        "employeeCount": year.employees,
    }
