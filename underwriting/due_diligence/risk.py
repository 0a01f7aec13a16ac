"""The risk class of a customer, pure: a dated table of what raises it, and what each class asks for (rules K1, D16).

Lag 2017:630, 2 kap. 3-5 §§: each customer is classed by product, form, industry, geography and persons. A class is low
only where everything that raises one is known not to be so: what is not known makes it normal. The rows are the act's
where it names them, else the lender's judgement after the national risk assessments.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from underwriting.due_diligence.ownership import PARTNERSHIPS
from underwriting.due_diligence.rules import Finding
from underwriting.kernel.errors import Unavailable
from underwriting.kernel.statutes import Statute
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import CompanyForm, RiskClass

_ACT = "Lag om åtgärder mot penningtvätt och finansiering av terrorism"
_ORDER = (RiskClass.LOW, RiskClass.NORMAL, RiskClass.HIGH)


class RiskFactor(StrEnum):
    """What raises a class."""

    PARTNERSHIP = "partnership"
    INDUSTRY_HIGH = "industry_high"
    INDUSTRY_CASH = "industry_cash"
    INDUSTRY_UNKNOWN = "industry_unknown"
    CASH = "cash"
    CASH_UNKNOWN = "cash_unknown"
    HIGH_RISK_COUNTRY = "high_risk_country"
    COUNTRIES_UNKNOWN = "countries_unknown"
    POLITICALLY_EXPOSED = "politically_exposed"
    EXPOSURE_UNKNOWN = "exposure_unknown"
    OWNER_DIFFERENCE = "owner_difference"
    OWNERS_UNKNOWN = "owners_unknown"
    NO_OWNER = "no_owner"
    OWNED_THROUGH_COMPANIES = "owned_through_companies"
    SANCTIONS_MATCH = "sanctions_match"
    SANCTIONS_UNKNOWN = "sanctions_unknown"


class Measure(StrEnum):
    """What a class asks for (lag 2017:630, 3 kap.)."""

    IDENTIFY = "identify"
    SCREEN = "screen"
    OWNERS = "owners"
    PURPOSE = "purpose"
    ORIGIN_OF_FUNDS = "origin_of_funds"
    APPROVAL = "approval"
    CLOSE_FOLLOW_UP = "close_follow_up"


MEASURE_TEXTS: Mapping[Measure, Text] = MappingProxyType(
    {
        Measure.IDENTIFY: Text("Kunden och företrädaren är identifierade", "Customer and signatory are identified"),
        Measure.SCREEN: Text("Alla parter är kontrollerade mot sanktionslistan", "All parties are screened"),
        Measure.OWNERS: Text("Verklig huvudman är utredd", "The beneficial owner is looked into"),
        Measure.PURPOSE: Text("Syfte och art är kända", "Purpose and nature are known"),
        Measure.ORIGIN_OF_FUNDS: Text("Medlens ursprung är utrett", "The origin of funds is looked into"),
        Measure.APPROVAL: Text("En behörig beslutsfattare har godkänt", "Somebody with authority has approved"),
        Measure.CLOSE_FOLLOW_UP: Text("Skärpt uppföljning", "Closer follow-up"),
    }
)
"""The measures as staff read them."""

_LOW = (Measure.IDENTIFY, Measure.SCREEN, Measure.OWNERS, Measure.PURPOSE)
MEASURES: Mapping[RiskClass, tuple[Measure, ...]] = MappingProxyType(
    {RiskClass.LOW: _LOW, RiskClass.NORMAL: _LOW, RiskClass.HIGH: tuple(Measure)}
)
"""What each class asks for; in a normal one what is not known is asked for as it comes up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRow:
    """That a *factor* raises the class to *risk_class*, why, and by which law."""

    factor: RiskFactor
    risk_class: RiskClass
    text: Text
    source: Statute


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTable:
    """The rows that hold *since* a day. Industries are beginnings of codes of SNI 2007."""

    since: date
    rows: tuple[RiskRow, ...]
    high_industries: tuple[str, ...]
    cash_industries: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskFacts:
    """What a class rests on; None is not known. *industry* is a code of SNI in digits."""

    form: CompanyForm
    industry: str | None
    takes_cash: bool | None
    high_risk_countries: bool | None
    politically_exposed: bool | None
    owner_difference: bool
    owners_known: bool
    has_owner: bool
    owned_through_companies: bool
    sanctions: Finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """A class with everything that raised it, and the day since which its table holds."""

    risk_class: RiskClass
    reasons: tuple[RiskRow, ...]
    measures: tuple[Measure, ...]
    table_on: date

    def has(self, *factors: RiskFactor) -> bool:
        """Whether one of *factors* is among the reasons."""
        return any(row.factor in factors for row in self.reasons)


class RiskTableMissing(Unavailable):
    """No table of risk classes holds on the day. Rule K1."""

    slug = "risk-table-missing"
    title = Text("Ingen riskklassning gäller den dagen", "No table of risk classes holds on that day")
    rule = "K1"


def _row(factor: RiskFactor, risk_class: RiskClass, sv: str, en: str, section: str) -> RiskRow:
    return RiskRow(factor=factor, risk_class=risk_class, text=Text(sv, en), source=Statute(_ACT, "2017:630", section))


_NORMAL, _HIGH = RiskClass.NORMAL, RiskClass.HIGH
TABLES = (
    RiskTable(
        since=date(2017, 8, 1),
        rows=(
            _row(
                RiskFactor.PARTNERSHIP,
                _NORMAL,
                "Handels- eller kommanditbolag: andelar registreras inte",
                "A partnership: parts in it are not registered",
                "2 kap. 5 §",
            ),
            _row(
                RiskFactor.INDUSTRY_HIGH,
                _HIGH,
                "Branschen har hög risk i de nationella riskbedömningarna",
                "The industry is one of high risk by the national risk assessments",
                "2 kap. 5 §",
            ),
            _row(
                RiskFactor.INDUSTRY_CASH,
                _NORMAL,
                "Branschen är kontantintensiv",
                "The industry is one in which much is paid in cash",
                "2 kap. 5 §",
            ),
            _row(
                RiskFactor.INDUSTRY_UNKNOWN,
                _NORMAL,
                "Branschen är inte känd",
                "The industry is not known",
                "2 kap. 3 §",
            ),
            _row(RiskFactor.CASH, _NORMAL, "Företaget tar emot kontanter", "The company takes cash", "2 kap. 5 §"),
            _row(
                RiskFactor.CASH_UNKNOWN,
                _NORMAL,
                "Det är inte känt om företaget tar emot kontanter",
                "It is not known whether the company takes cash",
                "2 kap. 3 §",
            ),
            _row(
                RiskFactor.HIGH_RISK_COUNTRY,
                _HIGH,
                "Affärer med högrisktredjeland",
                "Business with a high-risk third country",
                "3 kap. 16-17 §§",
            ),
            _row(
                RiskFactor.COUNTRIES_UNKNOWN,
                _NORMAL,
                "Frågan om högrisktredjeländer är obesvarad",
                "The question about high-risk third countries is not answered",
                "2 kap. 3 §",
            ),
            _row(
                RiskFactor.POLITICALLY_EXPOSED,
                _HIGH,
                "En person i politiskt utsatt ställning, eller närstående till en",
                "A politically exposed person, or somebody close to one",
                "3 kap. 19 §",
            ),
            _row(
                RiskFactor.EXPOSURE_UNKNOWN,
                _NORMAL,
                "Frågan om politiskt utsatt ställning är obesvarad",
                "The question about political exposure is not answered",
                "3 kap. 10 §",
            ),
            _row(
                RiskFactor.OWNER_DIFFERENCE,
                _HIGH,
                "Uppgifterna om huvudmän skiljer sig från registret",
                "What is told of the owners differs from the register",
                "3 kap. 8 §",
            ),
            _row(
                RiskFactor.OWNERS_UNKNOWN,
                _NORMAL,
                "Det är inte känt vem som är verklig huvudman",
                "The beneficial owner is not known",
                "3 kap. 8 §",
            ),
            _row(
                RiskFactor.NO_OWNER,
                _NORMAL,
                "Ingen verklig huvudman finns; en alternativ är angiven",
                "There is no beneficial owner; somebody stands in",
                "3 kap. 8 §",
            ),
            _row(
                RiskFactor.OWNED_THROUGH_COMPANIES,
                _NORMAL,
                "Företaget ägs genom andra företag",
                "The company is owned through companies",
                "2 kap. 5 §",
            ),
            _row(
                RiskFactor.SANCTIONS_MATCH,
                _HIGH,
                "Möjlig eller bekräftad träff mot sanktionslistan",
                "A possible or confirmed match with the sanctions list",
                "2 kap. 5 §",
            ),
            _row(
                RiskFactor.SANCTIONS_UNKNOWN,
                _NORMAL,
                "Alla parter är inte kontrollerade mot sanktionslistan",
                "Not everybody is screened",
                "2 kap. 3 §",
            ),
        ),
        high_industries=("64929", "66120", "92"),  # other lending, exchange of currency, gambling
        # cars, jewellery and second-hand goods, taxi, restaurants, security and cleaning, hairdressers and beauty
        cash_industries=("45", "4777", "4779", "4932", "56", "801", "812", "9602"),
    ),
)
"""Every table that has held, the oldest first."""


def table_on(day: date) -> RiskTable:
    """The table that holds on a day. Raises RiskTableMissing."""
    holding = [table for table in TABLES if table.since <= day]
    if not holding:
        raise RiskTableMissing
    return holding[-1]


def assess(facts: RiskFacts, *, on: date) -> Assessment:
    """The class of a customer on a day: that of the gravest reason; low without any."""
    table = table_on(on)
    fires = _fires(facts, table)
    reasons = tuple(row for row in table.rows if fires[row.factor])
    risk_class = max((row.risk_class for row in reasons), key=_ORDER.index, default=RiskClass.LOW)
    return Assessment(risk_class=risk_class, reasons=reasons, measures=MEASURES[risk_class], table_on=table.since)


def _fires(facts: RiskFacts, table: RiskTable) -> Mapping[RiskFactor, bool]:
    industry = facts.industry
    return {
        RiskFactor.PARTNERSHIP: facts.form in PARTNERSHIPS,
        RiskFactor.INDUSTRY_HIGH: _is_in(industry, table.high_industries),
        RiskFactor.INDUSTRY_CASH: _is_in(industry, table.cash_industries),
        RiskFactor.INDUSTRY_UNKNOWN: industry is None,
        RiskFactor.CASH: facts.takes_cash is True,
        RiskFactor.CASH_UNKNOWN: facts.takes_cash is None,
        RiskFactor.HIGH_RISK_COUNTRY: facts.high_risk_countries is True,
        RiskFactor.COUNTRIES_UNKNOWN: facts.high_risk_countries is None,
        RiskFactor.POLITICALLY_EXPOSED: facts.politically_exposed is True,
        RiskFactor.EXPOSURE_UNKNOWN: facts.politically_exposed is None,
        RiskFactor.OWNER_DIFFERENCE: facts.owner_difference,
        RiskFactor.OWNERS_UNKNOWN: not facts.owners_known,
        RiskFactor.NO_OWNER: facts.owners_known and not facts.has_owner,
        RiskFactor.OWNED_THROUGH_COMPANIES: facts.owned_through_companies,
        RiskFactor.SANCTIONS_MATCH: facts.sanctions in (Finding.POSSIBLE, Finding.CONFIRMED),
        RiskFactor.SANCTIONS_UNKNOWN: facts.sanctions is Finding.UNKNOWN,
    }


def _is_in(industry: str | None, codes: tuple[str, ...]) -> bool:
    return industry is not None and industry.startswith(codes)
