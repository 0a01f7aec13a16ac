"""The numbers of companies and their stories; what goes wrong on the way has numbers of its own."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any

from bureau_clients.sandbox.facts import (
    Coverage,
    Form,
    Member,
    Opinion,
    Register,
    Role,
    Signing,
    Verdict,
    Year,
)
from bureau_clients.sandbox.faults import ServiceError
from bureau_clients.sandbox.healthy import member
from bureau_clients.sandbox.invented import company_name, people
from bureau_clients.sandbox.magic import Group, MagicNumber, story
from bureau_clients.sandbox.questions import REPORTS, Kind
from underwriting.kernel.text import Text

DEBT = frozenset({"public_debt", "private_debt", "debt"})
REMARKS_AND_DEBT = DEBT | {"remark_count", "remark_sum", "latest_remark_on"}
NEW: Mapping[str, Any] = {
    "registered_on": date(2026, 2, 2),
    "points": "-97",
    "letters": "AN",
    "credit_limit": None,
    "accounts": (),
}

_ABOUT_SOMEBODY = REPORTS | {Kind.OPINION, Kind.SIGNATORIES}
_SINCE = date(2019, 3, 1)
_A, _B, _C, _D = (member(each, Role.MEMBER, _SINCE) for each in people("5599991", 4))
_CHAIR = replace(_A, role=Role.CHAIR)
_TWELVE = tuple(
    member(
        each, Role.CHAIR if position == 0 else Role.MEMBER if position < 9 else Role.DEPUTY, date(2010 + position, 6, 1)
    )
    for position, each in enumerate(people("5599992", 12))
)
_LIQUIDATED = (replace(_A, role=Role.LIQUIDATOR),)
_FOREIGN = (_CHAIR, Member("19650412", "Hélène Dubois", Role.MEMBER, _SINCE), replace(_B, role=Role.DEPUTY))
_WITH_MANAGER = (_CHAIR, _B, replace(_C, role=Role.MANAGER), replace(_D, role=Role.SIGNATORY))
_GENERAL_PARTNER = "5599993009"
_AB_AS_PARTNER = (
    Member(_GENERAL_PARTNER, company_name(_GENERAL_PARTNER, Form.AB), Role.GENERAL_PARTNER, _SINCE),
    replace(_B, role=Role.LIMITED_PARTNER),
)
_YEAR = Year(
    closed_on=date(2025, 12, 31),
    turnover=6_400_000,
    operating_result=420_000,
    net_result=318_000,
    total_assets=3_900_000,
    equity=1_450_000,
    current_assets=2_300_000,
    current_liabilities=1_100_000,
    employees=7,
)
_ONE_YEAR = (_YEAR,)
_SHORT_YEAR = (_YEAR, replace(_YEAR, closed_on=date(2024, 12, 31), months=7, turnover=3_100_000, employees=4))
_LONG_YEAR = (replace(_YEAR, months=18, turnover=9_900_000), replace(_YEAR, closed_on=date(2024, 6, 30)))
_LOSSES = tuple(
    replace(
        _YEAR,
        closed_on=date(2025 - year, 12, 31),
        operating_result=-310_000 - 40_000 * year,
        net_result=-355_000 - 40_000 * year,
        equity=-820_000 + 395_000 * year,
        current_liabilities=3_700_000,
    )
    for year in range(3)
)
_OLD_YEARS = tuple(replace(_YEAR, closed_on=date(2022 - year, 12, 31)) for year in range(5))
_ALONE = Signing("Firman tecknas ensam av ordföranden.", ((_CHAIR,),))
_TOGETHER = Signing("Firman tecknas av två styrelseledamöter i förening.", ((_A, _B),))
_ANY_OF_THREE = Signing("Firman tecknas av ledamöterna var för sig.", ((_A,), (_B,), (_C,)))
_CHAIR_OR_TWO = Signing(
    "Firman tecknas ensam av ordföranden.\nFirman tecknas av övriga ledamöter två i förening.",
    ((_CHAIR,), (_B, _C), (_B, _D), (_C, _D)),
)
_IN_PART = Signing(
    "Firman tecknas ensam av ordföranden, dock ej vid överlåtelse av fast egendom.", ((_CHAIR,),), Coverage.PARTIAL
)
_IN_WORDS = Signing("Firman tecknas enligt styrelsens beslut den 4 mars 2019.", (), Coverage.NONE)
_NO_SIGNING = Signing("", (), Coverage.NONE)
_PARTNERS = Signing("Firman tecknas av bolagsmännen i förening.", ((_A, _B),))
_REJECTED = Opinion(Verdict.REJECTED, (("C24", "Rating"),))
_MANUAL = Opinion(Verdict.MANUAL, (("C51", "Boxadress"),))
_THREE_REASONS = Opinion(Verdict.REJECTED, (("C24", "Rating"), ("C10", "Konkurs"), ("C12", "Skuldsaldo")))


def _remarks(count: int, kronor: int) -> Mapping[str, Any]:
    return {"remark_count": count, "remark_sum": kronor, "latest_remark_on": date(2025, 11, 14)}


_company = partial(story, Group.COMPANIES)
_rating = partial(story, Group.RATINGS)
_status = partial(story, Group.REGISTER)
_accounts = partial(story, Group.ACCOUNTS)
_signing = partial(story, Group.SIGNING)
_opinion = partial(story, Group.OPINIONS)

COMPANIES: tuple[MagicNumber, ...] = (
    _company("5599990008", Text("AB utan anmärkning", "Clean AB"), points="88", letters="AAA"),
    _company("5599990016", Text("Ännu ett AB utan anmärkning", "Another clean AB"), points="74", letters="AA"),
    _company("9699990009", Text("HB utan anmärkning", "Clean HB"), points="72", letters="AA"),
    _company("9699990017", Text("KB utan anmärkning", "Clean KB"), points="79", letters="AA"),
    _company("5599991006", Text("AB med en betalningsanmärkning", "AB with one payment remark"), **_remarks(1, 12_500)),
    _company("5599991014", Text("AB med fyra anmärkningar", "AB with four remarks"), **_remarks(4, 186_000)),
    _company("5599991071", Text("Nystartat AB utan bokslut", "Newly started AB without accounts"), **NEW, employees=0),
    _company("5599991089", Text("AB utan inlämnat bokslut", "AB without filed accounts"), accounts=()),
    _company(
        "5599991097",
        Text("AB utan F-skatt, moms och arbetsgivarregistrering", "AB not registered for F-tax, VAT or as employer"),
        f_tax=False,
        vat=False,
        employer=False,
    ),
    _company(
        "5599991170",
        Text("AB som inte finns", "AB that does not exist"),
        trouble=ServiceError.NO_MATCH,
        troubled=_ABOUT_SOMEBODY,
    ),
    _company(
        "5599991188",
        Text("AB där anmärkningar och skuld är okända", "AB whose remarks and debt are unknown"),
        untold=REMARKS_AND_DEBT,
    ),
    _company("5599991196", Text("Filial med nummer i grupp 5", "Branch with a number of group 5"), form=Form.BRANCH),
    _company("9699991007", Text("HB med två anmärkningar", "HB with two remarks"), **_remarks(2, 31_000)),
    _company(
        "9699991171",
        Text("KB som inte finns", "KB that does not exist"),
        trouble=ServiceError.NO_MATCH,
        troubled=_ABOUT_SOMEBODY,
    ),
    _rating("5599992004", Text("AB med betyg 100 och AAA", "AB rated 100 and AAA"), points="100", letters="AAA"),
    _rating("5599992012", Text("AB med betyg 71 och AA", "AB rated 71 and AA"), points="71", letters="AA"),
    _rating("5599992020", Text("AB med betyg 70 och A", "AB rated 70 and A"), points="70", letters="A"),
    _rating("5599992038", Text("AB med betyg 51 och A", "AB rated 51 and A"), points="51", letters="A"),
    _rating("5599992046", Text("AB med betyg 50 och B", "AB rated 50 and B"), points="50", letters="B"),
    _rating("5599992053", Text("AB med betyg 30 och B", "AB rated 30 and B"), points="30", letters="B"),
    _rating("5599992061", Text("AB med betyg 29 och B", "AB rated 29 and B"), points="29", letters="B"),
    _rating("5599991022", Text("AB med betyg 25 och B", "AB rated 25 and B"), points="25", letters="B"),
    _rating("5599992079", Text("AB med betyg 21 och B", "AB rated 21 and B"), points="21", letters="B"),
    _rating("5599992087", Text("AB med betyg 20 och C", "AB rated 20 and C"), points="20", letters="C"),
    _rating("5599991030", Text("AB med betyg 8 och C", "AB rated 8 and C"), points="8", letters="C"),
    _rating("5599992095", Text("AB med betyg 0 och C", "AB rated 0 and C"), points="0", letters="C"),
    _rating(
        "5599991048", Text("AB utan betyg (-97 och -)", "AB without a rating (-97 and -)"), points="-97", letters="-"
    ),
    _rating(
        "5599992103",
        Text("AB med bristande bokslut (-28 och -)", "AB with deficient accounts (-28 and -)"),
        points="-28",
        letters="-",
    ),
    _rating(
        "5599992111", Text("AB utan status (-95 och -)", "AB without a status (-95 and -)"), points="-95", letters="-"
    ),
    _rating(
        "5599992129",
        Text("AB utan registreringsdag (-96 och -)", "AB without a registration date (-96 and -)"),
        points="-96",
        letters="-",
    ),
    _rating("5599992137", Text("Nytt AB (-97 och AN)", "New AB (-97 and AN)"), points="-97", letters="AN"),
    _rating("5599992145", Text("Nytt AB (-97 och NYTT)", "New AB (-97 and NYTT)"), points="-97", letters="NYTT"),
    _rating(
        "5599991055",
        Text("AB med konkursansökan mot sig (-29 och C)", "AB with a bankruptcy petition against it (-29 and C)"),
        points="-29",
        letters="C",
    ),
    _rating(
        "5599992152",
        Text("AB med betyg utanför båda skalorna (101 och D)", "AB rated outside both scales (101 and D)"),
        points="101",
        letters="D",
    ),
    _rating(
        "5599992160",
        Text("AB vars betyg inte lämnas", "AB whose rating is not told"),
        untold=frozenset({"points", "letters"}),
    ),
    _rating("9699992021", Text("HB med betyg 96 och AA", "HB rated 96 and AA"), points="96", letters="AA"),
    _rating("9699992112", Text("KB med betyg 40 och B", "KB rated 40 and B"), points="40", letters="B"),
    _status("5599991105", Text("AB i konkurs", "AB in bankruptcy"), register=Register.BANKRUPT, opinion=_REJECTED),
    _status(
        "5599991113",
        Text("AB i likvidation", "AB in liquidation"),
        register=Register.LIQUIDATION,
        board=_LIQUIDATED,
        opinion=_REJECTED,
    ),
    _status(
        "5599991121", Text("AB i företagsrekonstruktion", "AB in reconstruction"), register=Register.RECONSTRUCTION
    ),
    _status(
        "5599991139",
        Text("AB, likvidation avslutad", "AB, liquidation concluded"),
        register=Register.LIQUIDATION_OVER,
        opinion=_REJECTED,
    ),
    _status(
        "5599991147",
        Text("AB, konkurs avslutad", "AB, bankruptcy concluded"),
        register=Register.BANKRUPTCY_OVER,
        opinion=_REJECTED,
    ),
    _status(
        "5599992236",
        Text("AB, fusion avslutad", "AB, merger concluded"),
        register=Register.MERGER_OVER,
        opinion=_REJECTED,
    ),
    _status("5599992228", Text("AB, fusion inledd", "AB, merger begun"), register=Register.MERGING),
    _status("5599991154", Text("Inaktivt AB", "Inactive AB"), register=Register.INACTIVE_BY_CODE),
    _status("5599992202", Text("Inaktivt AB, med uppgifter", "Inactive AB, with data"), register=Register.INACTIVE),
    _status("5599992210", Text("Vilande AB", "Dormant AB"), register=Register.DORMANT),
    _status(
        "5599992244",
        Text("Avregistrerat AB", "AB struck off the register"),
        register=Register.STRUCK_OFF,
        opinion=_REJECTED,
    ),
    _status(
        "5599991162", Text("AB med okänd registerstatus", "AB with an unlisted status"), register=Register.UNLISTED
    ),
    _status("9699991106", Text("HB i konkurs", "HB in bankruptcy"), register=Register.BANKRUPT, opinion=_REJECTED),
    _status(
        "9699992138", Text("KB i likvidation", "KB in liquidation"), register=Register.LIQUIDATION, opinion=_REJECTED
    ),
    _status(
        "5599991063",
        Text("AB med skuld hos Kronofogden", "AB with a debt at Kronofogden"),
        public_debt=30_000,
        private_debt=15_000,
    ),
    _status("5599992293", Text("AB med bara allmänna mål", "AB with public debt alone"), public_debt=64_000),
    _status("5599992301", Text("AB med bara enskilda mål", "AB with private debt alone"), private_debt=38_500),
    _status(
        "5599992319",
        Text("AB med allmänna och enskilda mål, 395 000 kr", "AB with public and private debt of 395 000 kr"),
        public_debt=120_000,
        private_debt=275_000,
    ),
    _status(
        "5599992327",
        Text("AB vars skuld inte är uppdelad", "AB whose debt is not broken down"),
        public_debt=20_000,
        private_debt=5_000,
        untold=frozenset({"public_debt", "private_debt"}),
    ),
    _status("5599992269", Text("AB med utmätning", "AB with a distraint"), distraint=True, private_debt=22_000),
    _status(
        "5599992277",
        Text("AB med en ansökan om betalningsföreläggande", "AB with one petition for a payment order"),
        petition_count=1,
        petition_sum=18_400,
    ),
    _status(
        "5599992285",
        Text("AB med nio ansökningar om betalningsföreläggande", "AB with nine petitions for payment orders"),
        petition_count=9,
        petition_sum=412_000,
    ),
    _status(
        "9699992047",
        Text("HB med två ansökningar om betalningsföreläggande", "HB with two petitions for payment orders"),
        petition_count=2,
        petition_sum=9_900,
    ),
    _accounts("5599992400", Text("AB med ett enda bokslut", "AB with one set of accounts"), accounts=_ONE_YEAR),
    _accounts(
        "5599992418",
        Text("AB vars första år har sju månader", "AB whose first year has seven months"),
        accounts=_SHORT_YEAR,
    ),
    _accounts(
        "5599992426",
        Text("AB med förlängt räkenskapsår, 18 månader", "AB with a financial year of 18 months"),
        accounts=_LONG_YEAR,
    ),
    _accounts(
        "5599992434",
        Text("AB med förlust och negativt eget kapital", "AB with losses and negative equity"),
        accounts=_LOSSES,
    ),
    _accounts(
        "5599992442",
        Text("AB vars senaste bokslut är från 2022", "AB whose latest accounts are of 2022"),
        accounts=_OLD_YEARS,
    ),
    _accounts(
        "5599992459",
        Text("AB vars bokslut inte lämnas", "AB whose accounts are not told"),
        untold=frozenset({"accounts"}),
    ),
    _accounts("5599992509", Text("AB med tolv i styrelsen", "AB with a board of twelve"), board=_TWELVE),
    _accounts("5599992517", Text("AB utan styrelse", "AB without a board"), board=()),
    _accounts(
        "5599992525",
        Text("AB med en ledamot utan personnummer", "AB with a member without a personal number"),
        board=_FOREIGN,
    ),
    _accounts(
        "5599992533",
        Text("AB med extern vd och firmatecknare", "AB with a managing director from outside"),
        board=_WITH_MANAGER,
    ),
    _accounts(
        "5599992541", Text("AB vars styrelse inte lämnas", "AB whose board is not told"), untold=frozenset({"board"})
    ),
    _accounts(
        "9699992153", Text("KB vars komplementär är ett AB", "KB whose general partner is an AB"), board=_AB_AS_PARTNER
    ),
    _signing(
        "5599992608", Text("AB som tecknas av en ledamot ensam", "AB for which one member signs alone"), signing=_ALONE
    ),
    _signing(
        "5599992616", Text("AB som tecknas av två i förening", "AB for which two sign together"), signing=_TOGETHER
    ),
    _signing(
        "5599992624",
        Text("AB som tecknas av tre var för sig", "AB for which any of three signs"),
        signing=_ANY_OF_THREE,
    ),
    _signing(
        "5599992632",
        Text("AB som tecknas av ordföranden, eller av två i förening", "AB for which the chair signs, or two together"),
        signing=_CHAIR_OR_TWO,
    ),
    _signing(
        "5599992640",
        Text("AB vars firmateckning bara delvis är uppräknad", "AB whose right to sign is listed in part"),
        signing=_IN_PART,
    ),
    _signing(
        "5599992657",
        Text("AB vars firmateckning bara finns i ord", "AB whose right to sign is told in words alone"),
        signing=_IN_WORDS,
    ),
    _signing(
        "5599992665", Text("AB utan uppgift om firmateckning", "AB without a told right to sign"), signing=_NO_SIGNING
    ),
    _signing(
        "9699992062",
        Text("HB som tecknas av bolagsmännen i förening", "HB for which the partners sign together"),
        signing=_PARTNERS,
    ),
    _opinion("5599992707", Text("AB som mallen avslår", "AB that the template rejects"), opinion=_REJECTED),
    _opinion(
        "5599992715",
        Text("AB som mallen lämnar till en handläggare", "AB that the template leaves to a person"),
        opinion=_MANUAL,
    ),
    _opinion(
        "5599992723",
        Text("AB med ett omdöme som ingen känner", "AB with a verdict that nobody knows"),
        opinion=Opinion(Verdict.UNLISTED),
    ),
    _opinion(
        "5599992731",
        Text("AB som mallen avslår av tre skäl", "AB that the template rejects for three reasons"),
        opinion=_THREE_REASONS,
    ),
)
