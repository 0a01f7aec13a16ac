"""The columns of Creditsafe's blocks that are shipped: which fact stands where, and what the words in them mean.

Which columns an answer has is agreed per customer. The shipped names are those that are publicly known; where none is,
those that our own stand-in uses. docs/bureaus.md says which is which, and `configuration` puts a customer's own in
their place. REST's answers are read as one row whose columns are the dotted paths of their values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from bureau_clients.reports import CompanyStatus
from underwriting.kernel.vocabulary import CompanyForm


class Empty(StrEnum):
    """What an empty column, or a list whose first place is empty, says."""

    UNKNOWN = "unknown"
    ABSENT = "absent"
    ZERO = "zero"
    NO = "no"


@dataclass(frozen=True, slots=True)
class Column:
    """Where one fact stands: *name* is one column, or several joined by a blank (first and last name).

    *kronor* is what one unit of an amount stands for: 1, or 1000 for a column in thousands of kronor.
    """

    name: str
    empty: Empty = Empty.UNKNOWN
    kronor: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """Where a fact that is a list stands: *members* of a place in it, by columns whose names have `{n}` for its number.

    Places are numbered from *first*, and there are never more than *most*. A place is taken when its key has a text:
    the day of the accounts, the name of a board member, the number of the company of an assignment.
    """

    members: Mapping[str, Column]
    most: int
    first: int = 1
    empty: Empty = Empty.ABSENT


COMPANY_COLUMNS: Mapping[str, Column | Listing] = {
    "name": Column("NAME"),
    "form": Column("COMPANY_TYPE_TEXT"),
    "status": Column("COMPANY_STATUS"),
    "registered_on": Column("INCORPORATION_DATE"),
    "rating": Column("RATING"),
    "f_tax": Column("F_TAX"),
    "vat": Column("VAT"),
    "employer": Column("EMPLOYER"),
    "credit_limit": Column("CREDIT_LIMIT", Empty.ABSENT),
    "payment_remark_count": Column("ROP_NUMBER1"),
    "payment_remark_sum": Column("ROP_SUM1", Empty.ZERO),
    "latest_payment_remark_on": Column("ROP_LATEST1", Empty.ABSENT),
    "petition_count": Column("PETITION_NUMBER"),
    "petition_sum": Column("PETITION_SUM", Empty.ZERO),
    "kronofogden_debt": Column("DEBT_SUM", Empty.ZERO),
    "kronofogden_public_debt": Column("DEBT_SUM_PUBLIC", Empty.ZERO),
    "kronofogden_private_debt": Column("DEBT_SUM_PRIVATE", Empty.ZERO),
    "bankruptcy": Column("BANKRUPTCY"),
    "distraint": Column("DISTRAINT"),
    "annual_turnover": Column("TURNOVER", Empty.ABSENT),
    "accounts_closed_on": Column("ACCOUNTS_DATE", Empty.ABSENT),
    "employees": Column("EMPLOYEES", Empty.ABSENT),
    "accounts": Listing(
        most=5,
        members={
            "closed_on": Column("ACC{n}_DATE"),
            "months": Column("ACC{n}_MONTHS"),
            "turnover": Column("ACC{n}_TURNOVER", kronor=1000),
            "operating_result": Column("ACC{n}_OPERATING_RESULT", kronor=1000),
            "net_result": Column("ACC{n}_NET_RESULT", kronor=1000),
            "total_assets": Column("ACC{n}_TOTAL_ASSETS", kronor=1000),
            "equity": Column("ACC{n}_EQUITY", kronor=1000),
            "current_assets": Column("ACC{n}_CURRENT_ASSETS", kronor=1000),
            "current_liabilities": Column("ACC{n}_CURRENT_LIABILITIES", kronor=1000),
            "employees": Column("ACC{n}_EMPLOYEES"),
        },
    ),
    "board": Listing(
        most=20,
        members={
            "name": Column("BOARD{n}_NAME"),
            "number": Column("BOARD{n}_NUMBER"),
            "function": Column("BOARD{n}_FUNCTION"),
            "since": Column("BOARD{n}_SINCE"),
        },
    ),
    "signing_right": Column("SIGNING_TEXT"),
}
"""Where each fact of a company report stands in the row of a diffgram."""

PERSON_COLUMNS: Mapping[str, Column | Listing] = {
    "name": Column("FIRST_NAME LAST_NAME"),
    "protected": Column("PROTECTED"),
    "emigrated": Column("EMIGRATED"),
    "trustee": Column("HAS_TRUSTEE", Empty.NO),
    "debt_restructuring": Column("DEBT_PERSON", Empty.NO),
    "trading_prohibition": Column("TRADING_PROHIBITION"),
    "dormant_coordination_number": Column("COORDINATION_DORMANT"),
    "income": Column("INCOME", Empty.ABSENT),
    "payment_remark_count": Column("ROP_NUMBER1"),
    "payment_remark_sum": Column("ROP_SUM1", Empty.ZERO),
    "latest_payment_remark_on": Column("ROP_LATEST1", Empty.ABSENT),
    "kronofogden_debt": Column("DEBT_SUM", Empty.ZERO),
    "scoring": Column("SCORING", Empty.ABSENT),
    "assignments": Listing(
        most=20,
        members={
            "company_number": Column("ASSIGNMENT{n}_ORGNR"),
            "company_name": Column("ASSIGNMENT{n}_NAME"),
            "function": Column("ASSIGNMENT{n}_FUNCTION"),
            "since": Column("ASSIGNMENT{n}_SINCE"),
        },
    ),
}
"""Where each fact of a person report stands in the row of a diffgram; the rest is told by codes alone."""

NUMBER_COLUMNS = ("ORGNR", "PNR")
"""Where a row says whom it is about."""

_TAX = "basicInformation.taxInformation"

REST_COMPANY_COLUMNS: Mapping[str, Column | Listing] = {
    "name": Column("basicInformation.companyName"),
    "form": Column("basicInformation.companyType.description"),
    "status": Column("basicInformation.companyStatus.status"),
    "registered_on": Column("basicInformation.incorporationDate"),
    "f_tax": Column(f"{_TAX}.fTax.registered"),
    "vat": Column(f"{_TAX}.vat.registered"),
    "employer": Column(f"{_TAX}.employmentTax"),
    "rating": Column("rating.value"),
    "credit_limit": Column("rating.creditLimit", Empty.ABSENT),
    "payment_remark_count": Column("paymentRemarks.count"),
    "payment_remark_sum": Column("paymentRemarks.sum", Empty.ZERO),
    "latest_payment_remark_on": Column("paymentRemarks.latestDate", Empty.ABSENT),
    "petition_count": Column("petitions.count"),
    "petition_sum": Column("petitions.sum", Empty.ZERO),
    "kronofogden_public_debt": Column("debtBalance.publicClaims"),
    "kronofogden_private_debt": Column("debtBalance.privateClaims"),
    "kronofogden_debt": Column("debtBalance.total"),
    "bankruptcy": Column("insolvency.bankruptcy"),
    "distraint": Column("insolvency.distraint"),
    "accounts": Listing(
        most=10,
        first=0,
        members={
            "closed_on": Column("accounts.{n}.closingDate"),
            "months": Column("accounts.{n}.months"),
            "turnover": Column("accounts.{n}.turnover"),
            "operating_result": Column("accounts.{n}.operatingResult"),
            "net_result": Column("accounts.{n}.netResult"),
            "total_assets": Column("accounts.{n}.totalAssets"),
            "equity": Column("accounts.{n}.equity"),
            "current_assets": Column("accounts.{n}.currentAssets"),
            "current_liabilities": Column("accounts.{n}.currentLiabilities"),
            "employees": Column("accounts.{n}.employees"),
        },
    ),
    "board": Listing(
        most=100,
        first=0,
        members={
            "name": Column("board.{n}.name"),
            "number": Column("board.{n}.number"),
            "function": Column("board.{n}.function"),
            "since": Column("board.{n}.since"),
        },
    ),
    "signing_right": Column("signatory.text"),
}
"""Where each fact of a company report stands in REST's `report`; what is not there, the newest accounts tell."""

REST_PERSON_COLUMNS: Mapping[str, Column | Listing] = {
    "name": Column("basicInformation.firstName basicInformation.lastName"),
    "protected": Column("basicInformation.protected"),
    "emigrated": Column("basicInformation.emigrated"),
    "trustee": Column("basicInformation.trustee"),
    "debt_restructuring": Column("debtBalance.debtRestructuring"),
    "trading_prohibition": Column("basicInformation.tradingProhibition"),
    "dormant_coordination_number": Column("basicInformation.dormantCoordinationNumber"),
    "income": Column("income.amount", Empty.ABSENT),
    "payment_remark_count": Column("paymentRemarks.count"),
    "payment_remark_sum": Column("paymentRemarks.sum", Empty.ZERO),
    "latest_payment_remark_on": Column("paymentRemarks.latestDate", Empty.ABSENT),
    "kronofogden_debt": Column("debtBalance.total"),
    "scoring": Column("scoring.value", Empty.ABSENT),
    "assignments": Listing(
        most=100,
        first=0,
        members={
            "company_number": Column("assignments.{n}.organizationNumber"),
            "company_name": Column("assignments.{n}.companyName"),
            "function": Column("assignments.{n}.function"),
            "since": Column("assignments.{n}.since"),
        },
    ),
}
"""Where each fact of a person report stands in REST's `report`."""

REST_NUMBER_COLUMNS = ("basicInformation.organizationNumber", "basicInformation.personalNumber")
"""Where REST's `report` says whom it is about."""

STATUS_WORDS: Mapping[str, CompanyStatus] = {
    "aktiv": CompanyStatus.ACTIVE,
    "active": CompanyStatus.ACTIVE,
    "inaktiv": CompanyStatus.INACTIVE,
    "inactive": CompanyStatus.INACTIVE,
    "konkurs inledd": CompanyStatus.BANKRUPT,
    "likvidation beslutad": CompanyStatus.LIQUIDATION,
    "företagsrekonstruktion inledd": CompanyStatus.RECONSTRUCTION,
    "avregistrerad": CompanyStatus.DEREGISTERED,
    "deregistered": CompanyStatus.DEREGISTERED,
}
"""What the status column says, in lower case."""

FORM_WORDS: Mapping[str, CompanyForm] = {
    "aktiebolag": CompanyForm.AB,
    "limited company": CompanyForm.AB,
    "handelsbolag": CompanyForm.HB,
    "trading partnership": CompanyForm.HB,
    "kommanditbolag": CompanyForm.KB,
    "limited partnership": CompanyForm.KB,
    "enskild firma": CompanyForm.EF,
    "enskild näringsverksamhet": CompanyForm.EF,
    "sole trader": CompanyForm.EF,
}
"""What the column of the company's form says, in lower case."""
