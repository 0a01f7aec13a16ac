"""Numbers set by law: dated values with their source. Asked for a day without a value they fail, they never guess."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Generic, TypeVar

from underwriting.kernel.errors import Unavailable
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text

T = TypeVar("T")

_ALWAYS = date.min  # the source dates no change: the value holds on every day that the product can meet


@dataclass(frozen=True, slots=True)
class Statute:
    """Where a number stands: an act's *name*, its *number* in the Swedish Code of Statutes and the *section*."""

    name: str
    number: str
    section: str

    def __str__(self) -> str:
        return f"{self.name} ({self.number}) {self.section}"


class StatutoryValueMissing(Unavailable):
    """There is no value for the day asked for (rule R5): somebody has to enter what was decided."""

    slug = "statutory-value-missing"
    title = Text("Ett lagstadgat värde saknas", "A value set by law is missing")


@dataclass(frozen=True, kw_only=True, slots=True)
class StatutoryValue(Generic[T]):
    """A value set by law, by the first day on which it holds.

    *renewal_months* is 6 or 12 for a value that is decided anew for each half-year or year: it ends with its own.
    """

    name: Text
    source: Statute
    since: Mapping[date, T]
    renewal_months: int | None = None

    def on(self, day: date) -> T:
        """What holds on *day*. Raises StatutoryValueMissing, naming the value and from when it is missing."""
        first = self._period_start(day)
        if first is not None:
            if first not in self.since:
                raise self._missing(first)
            return self.since[first]
        known = [start for start in self.since if start <= day]
        if not known:
            raise self._missing(day)
        return self.since[max(known)]

    def _period_start(self, day: date) -> date | None:
        if self.renewal_months is None:
            return None
        return date(day.year, (day.month - 1) // self.renewal_months * self.renewal_months + 1, 1)

    def _missing(self, day: date) -> StatutoryValueMissing:
        sentence = Text(
            "{name.sv} saknas från {day} ({source})",
            "{name.en} is missing from {day} ({source})",
        )
        return StatutoryValueMissing(sentence.filled(name=self.name, day=day, source=self.source), rule="R5")


def _half_years(first: date, *percent: str) -> dict[date, Decimal]:
    """The fractions that *percent* states for one half-year after the other, from *first*."""
    half_year = first.year * 2 + first.month // 7
    return {
        date((half_year + offset) // 2, 7 if (half_year + offset) % 2 else 1, 1): Decimal(value) / 100
        for offset, value in enumerate(percent)
    }


_CHARGES_SINCE = date(2013, 3, 16)
_AGENT_FEE_SINCE = date(2014, 1, 1)
_COURT_FEES_SINCE = date(2014, 7, 1)
_COURT_FEES = Statute("Förordning om avgifter vid de allmänna domstolarna", "1987:452", "bilaga")

REFERENCE_RATE = StatutoryValue(
    name=Text("Referensräntan", "The reference rate"),
    source=Statute("Räntelag", "1975:635", "9 §"),
    renewal_months=6,
    since=_half_years(
        date(2002, 7, 1),
        *("4.50", "4.00", "3.00", "3.00", "2.00", "2.00", "1.50", "1.50", "2.50", "3.00", "3.50", "4.00"),
        *("4.50", "2.00", "0.50", "0.50", "0.50", "1.50", "2.00", "2.00", "1.50", "1.00", "1.00", "1.00"),
        *("1.00", "0.00", "0.00", "0.00", "-0.50", "-0.50", "-0.50", "-0.50", "-0.50", "-0.50", "0.00", "0.00"),
        *("0.00", "0.00", "0.00", "0.00", "0.50", "2.50", "3.50", "4.00", "4.00", "3.00", "2.00", "2.00"),
    ),
)
"""The reference rate (*referensränta*) per half-year, a yearly fraction; it has been negative."""

FORMER_PARTNER_YEARS = StatutoryValue(
    name=Text("Preskriptionstid mot tidigare bolagsman", "Limitation against a former partner"),
    source=Statute("Lag om handelsbolag och enkla bolag", "1980:1102", "2 kap. 22 a §"),
    since={date(2000, 1, 1): 5},  # older exits are barred whatever the number was
)
"""Years after the registration of an exit in which a former partner of an HB or KB answers for older debts."""

LATE_INTEREST_ADDITION = StatutoryValue(
    name=Text("Tillägget till referensräntan", "The addition to the reference rate"),
    source=Statute("Räntelag", "1975:635", "6 §"),
    since={date(2002, 7, 1): Decimal("0.08")},
)
"""What late interest (*dröjsmålsränta*) adds to the reference rate, a yearly fraction."""

REMINDER_FEE = StatutoryValue(
    name=Text("Högsta påminnelseavgift", "The highest reminder fee"),
    source=Statute("Lag om ersättning för inkassokostnader m.m.", "1981:739", "2 och 4 §§"),
    since={_CHARGES_SINCE: Money.kronor(60)},
)
"""The cap of a written reminder's fee; owed only if agreed when the debt arose."""

COLLECTION_DEMAND_FEE = StatutoryValue(
    name=Text("Högsta inkassoavgift", "The highest collection fee"),
    source=Statute("Lag om ersättning för inkassokostnader m.m.", "1981:739", "3 och 4 §§"),
    since={_CHARGES_SINCE: Money.kronor(180)},
)
"""The cap of the fee for a collection demand (*inkassokrav*)."""

INSTALMENT_PLAN_FEE = StatutoryValue(
    name=Text("Högsta avgift för avbetalningsplan", "The highest fee for an instalment plan"),
    source=Statute("Lag om ersättning för inkassokostnader m.m.", "1981:739", "3 och 4 §§"),
    since={_CHARGES_SINCE: Money.kronor(170)},
)
"""The cap of the fee for a written instalment plan."""

LATE_PAYMENT_COMPENSATION = StatutoryValue(
    name=Text("Förseningsersättningen", "The late-payment compensation"),
    source=Statute("Lag om ersättning för inkassokostnader m.m.", "1981:739", "4 a §"),
    since={_CHARGES_SINCE: Money.kronor(450)},
)
"""Late-payment compensation (*förseningsersättning*) between businesses, once per claim; the fees count towards it."""

COLLECTION_DEMAND_DAYS = StatutoryValue(
    name=Text("Tiden i ett inkassokrav", "The time given in a collection demand"),
    source=Statute("Inkassolag", "1974:182", "5 §, enligt Inkassonämndens beslut 273-2021"),
    since={_ALWAYS: 8},
)
"""The fewest days from sending to a collection demand's deadline."""

COLLECTION_DEMAND_BANK_DAYS = StatutoryValue(
    name=Text("Bankdagarna i ett inkassokrav", "The bank days given in a collection demand"),
    source=Statute("Inkassolag", "1974:182", "5 §, enligt Inkassonämndens beslut 273-2021"),
    since={_ALWAYS: 4},
)
"""The fewest bank days from a collection demand's assumed receipt to its deadline."""

ENFORCEMENT_APPLICATION_DAYS = StatutoryValue(
    name=Text("Tiden före ansökan hos Kronofogden", "The time before an application to Kronofogden"),
    source=Statute("Inkassolag", "1974:182", "6 §, enligt god inkassosed"),
    since={_ALWAYS: 12},
)
"""The fewest days from sending the latest collection demand to an application for an order to pay."""

PAYMENT_ORDER_FEE = StatutoryValue(
    name=Text("Avgiften för betalningsföreläggande", "The fee of an order to pay"),
    source=Statute("Förordning om avgifter vid Kronofogdemyndigheten", "1992:1094", "1 §"),
    since={_AGENT_FEE_SINCE: Money.kronor(300)},
)
"""What Kronofogden takes for an application for an order to pay (*betalningsföreläggande*)."""

PAYMENT_ORDER_AGENT_FEE = StatutoryValue(
    name=Text("Ersättningen för eget arbete eller ombud", "The compensation for own work or agent"),
    source=Statute("Lag om betalningsföreläggande och handräckning", "1990:746", "48 §"),
    since={_AGENT_FEE_SINCE: Money.kronor(380)},
)
"""The cap of what the applicant is compensated for own work or an agent."""

PAYMENT_ORDER_CONTEST_DAYS = StatutoryValue(
    name=Text("Tiden att bestrida hos Kronofogden", "The time to contest at Kronofogden"),
    source=Statute("Lag om betalningsföreläggande och handräckning", "1990:746", "25 §"),
    since={_ALWAYS: 10},
)
"""The days from service in which the debtor contests; Kronofogden sets them and usually takes these."""

ENFORCEMENT_FEE = StatutoryValue(
    name=Text("Grundavgiften för utmätning", "The basic fee of enforcement"),
    source=Statute("Förordning om avgifter vid Kronofogdemyndigheten", "1992:1094", "6 §"),
    since={date(2018, 1, 1): Money.kronor(600)},
)
"""The fee of enforcement, per title and year; joint debtors pay one together."""

COURT_SUMMONS_SMALL = StatutoryValue(
    name=Text("Ansökningsavgiften i förenklat tvistemål", "The court fee of a small claim"),
    source=_COURT_FEES,
    since={_COURT_FEES_SINCE: Money.kronor(900)},
)
"""The court fee of a claim up to half a price base amount."""

COURT_SUMMONS_ORDINARY = StatutoryValue(
    name=Text("Ansökningsavgiften i tvistemål", "The court fee of an ordinary claim"),
    source=_COURT_FEES,
    since={_COURT_FEES_SINCE: Money.kronor(2_800)},
)
"""The court fee of a claim above half a price base amount; also that of a petition in bankruptcy."""

COURT_TRANSFER_SMALL = StatutoryValue(
    name=Text("Tilläggsavgiften i förenklat tvistemål", "The court's further fee of a small claim"),
    source=_COURT_FEES,
    since={_COURT_FEES_SINCE: Money.kronor(600)},
)
"""What the court takes when Kronofogden hands over a small claim."""

COURT_TRANSFER_ORDINARY = StatutoryValue(
    name=Text("Tilläggsavgiften i tvistemål", "The court's further fee of an ordinary claim"),
    source=_COURT_FEES,
    since={_COURT_FEES_SINCE: Money.kronor(2_500)},
)
"""What the court takes when Kronofogden hands over an ordinary claim."""

HALF_PRICE_BASE_AMOUNT = StatutoryValue(
    name=Text("Ett halvt prisbasbelopp", "Half a price base amount"),
    source=Statute("Rättegångsbalk", "1942:740", "1 kap. 3 d §"),
    renewal_months=12,
    since={
        date(2023, 1, 1): Money.kronor(26_250),
        date(2024, 1, 1): Money.kronor(28_650),
        date(2025, 1, 1): Money.kronor(29_400),
        date(2026, 1, 1): Money.kronor(29_600),
    },
)
"""The most that a small claim is worth, in the year in which the action is brought (half a *prisbasbelopp*)."""

PERSON_REMARK_YEARS = StatutoryValue(
    name=Text("Tiden för en persons betalningsanmärkning", "The life of a person's payment remark"),
    source=Statute("Kreditupplysningslag", "1973:1173", "8 §"),
    since={_ALWAYS: 3},
)
"""Years for which a payment remark (*betalningsanmärkning*) on a person or sole trader is kept."""

COMPANY_REMARK_YEARS = StatutoryValue(
    name=Text("Tiden för ett företags betalningsanmärkning", "The life of a company's payment remark"),
    source=Statute("Kreditupplysningslag", "1973:1173", "8 §, enligt upplysningsföretagens praxis"),
    since={_ALWAYS: 5},
)
"""Years for which a payment remark on a legal person is kept."""

LIMITATION_YEARS = StatutoryValue(
    name=Text("Preskriptionstiden", "The limitation period"),
    source=Statute("Preskriptionslag", "1981:130", "2 §"),
    since={_ALWAYS: 10},
)
"""Years from a claim's creation, or the latest break, to its limitation (*preskription*)."""

CONSUMER_LIMITATION_YEARS = StatutoryValue(
    name=Text("Preskriptionstiden för konsumentfordran", "The limitation period of a consumer claim"),
    source=Statute("Preskriptionslag", "1981:130", "2 §"),
    since={_ALWAYS: 3},
)
"""The same for a claim on a consumer."""

ACCOUNTING_RETENTION_YEARS = StatutoryValue(
    name=Text("Arkiveringstiden för räkenskaper", "The retention of accounting material"),
    source=Statute("Bokföringslag", "1999:1078", "7 kap. 2 §"),
    since={_ALWAYS: 7},
)
"""Calendar years after the one in which the fiscal year ended, through which accounting material is kept."""

DUE_DILIGENCE_RETENTION_YEARS = StatutoryValue(
    name=Text("Bevarandetiden för kundkännedom", "The retention of due diligence"),
    source=Statute("Lag om åtgärder mot penningtvätt och finansiering av terrorism", "2017:630", "5 kap. 3 §"),
    since={_ALWAYS: 5},
)
"""Years from the end of the relation for which due-diligence documents are kept."""

BENEFICIAL_OWNER_SHARE = StatutoryValue(
    name=Text("Gränsen för verklig huvudman", "The threshold of a beneficial owner"),
    source=Statute("Lag om registrering av verkliga huvudmän", "2017:631", "1 kap. 4 §"),
    since={_ALWAYS: Decimal("0.25")},
)
"""A beneficial owner (*verklig huvudman*) holds more than this share of the votes."""

POLITICALLY_EXPOSED_MONTHS = StatutoryValue(
    name=Text("Tiden efter en politiskt utsatt ställning", "The time after a politically exposed function"),
    source=Statute("Lag om åtgärder mot penningtvätt och finansiering av terrorism", "2017:630", "3 kap. 20 §"),
    since={_ALWAYS: 18},
)
"""Months after an important public function ended through which its holder counts as politically exposed."""

SIMPLIFIED_INVOICE_LIMIT = StatutoryValue(
    name=Text("Gränsen för förenklad faktura", "The limit of a simplified invoice"),
    source=Statute("Mervärdesskattelag", "2023:200", "17 kap. 26 §"),
    since={date(2023, 7, 1): Money.kronor(4_000)},
)
"""The most, VAT included, for which a simplified invoice will do."""


def late_interest_rate(on: date) -> Decimal:
    """The yearly late-interest rate on *on*: reference rate plus addition (rule R5). Raises StatutoryValueMissing."""
    return REFERENCE_RATE.on(on) + LATE_INTEREST_ADDITION.on(on)
