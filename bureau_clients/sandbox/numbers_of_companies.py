"""The numbers of companies and their stories; what goes wrong on the way has numbers of its own."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
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
    member,
)
from bureau_clients.sandbox.faults import ServiceError
from bureau_clients.sandbox.invented import company_name, people
from bureau_clients.sandbox.magic import Group, MagicNumber
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


COMPANIES: tuple[MagicNumber, ...] = (
    MagicNumber(
        number="5599990008",
        what=Text("AB utan anmärkning", "Clean AB"),
        group=Group.COMPANIES,
        facts={"points": "88", "letters": "AAA"},
    ),
    MagicNumber(
        number="5599990016",
        what=Text("Ännu ett AB utan anmärkning", "Another clean AB"),
        group=Group.COMPANIES,
        facts={"points": "74", "letters": "AA"},
    ),
    MagicNumber(
        number="9699990009",
        what=Text("HB utan anmärkning", "Clean HB"),
        group=Group.COMPANIES,
        facts={"points": "72", "letters": "AA"},
    ),
    MagicNumber(
        number="9699990017",
        what=Text("KB utan anmärkning", "Clean KB"),
        group=Group.COMPANIES,
        facts={"points": "79", "letters": "AA"},
    ),
    MagicNumber(
        number="5599991006",
        what=Text("AB med en betalningsanmärkning", "AB with one payment remark"),
        group=Group.COMPANIES,
        facts=_remarks(1, 12_500),
    ),
    MagicNumber(
        number="5599991014",
        what=Text("AB med fyra anmärkningar", "AB with four remarks"),
        group=Group.COMPANIES,
        facts=_remarks(4, 186_000),
    ),
    MagicNumber(
        number="5599991071",
        what=Text("Nystartat AB utan bokslut", "Newly started AB without accounts"),
        group=Group.COMPANIES,
        facts={**NEW, "employees": 0},
    ),
    MagicNumber(
        number="5599991089",
        what=Text("AB utan inlämnat bokslut", "AB without filed accounts"),
        group=Group.COMPANIES,
        facts={"accounts": ()},
    ),
    MagicNumber(
        number="5599991097",
        what=Text(
            "AB utan F-skatt, moms och arbetsgivarregistrering", "AB not registered for F-tax, VAT or as employer"
        ),
        group=Group.COMPANIES,
        facts={"f_tax": False, "vat": False, "employer": False},
    ),
    MagicNumber(
        number="5599991170",
        what=Text("AB som inte finns", "AB that does not exist"),
        group=Group.COMPANIES,
        trouble=ServiceError.NO_MATCH,
        troubled=_ABOUT_SOMEBODY,
    ),
    MagicNumber(
        number="5599991188",
        what=Text("AB där anmärkningar och skuld är okända", "AB whose remarks and debt are unknown"),
        group=Group.COMPANIES,
        untold=REMARKS_AND_DEBT,
    ),
    MagicNumber(
        number="5599991196",
        what=Text("Filial med nummer i grupp 5", "Branch with a number of group 5"),
        group=Group.COMPANIES,
        facts={"form": Form.BRANCH},
    ),
    MagicNumber(
        number="9699991007",
        what=Text("HB med två anmärkningar", "HB with two remarks"),
        group=Group.COMPANIES,
        facts=_remarks(2, 31_000),
    ),
    MagicNumber(
        number="9699991171",
        what=Text("KB som inte finns", "KB that does not exist"),
        group=Group.COMPANIES,
        trouble=ServiceError.NO_MATCH,
        troubled=_ABOUT_SOMEBODY,
    ),
    MagicNumber(
        number="5599992004",
        what=Text("AB med betyg 100 och AAA", "AB rated 100 and AAA"),
        group=Group.RATINGS,
        facts={"points": "100", "letters": "AAA"},
    ),
    MagicNumber(
        number="5599992012",
        what=Text("AB med betyg 71 och AA", "AB rated 71 and AA"),
        group=Group.RATINGS,
        facts={"points": "71", "letters": "AA"},
    ),
    MagicNumber(
        number="5599992020",
        what=Text("AB med betyg 70 och A", "AB rated 70 and A"),
        group=Group.RATINGS,
        facts={"points": "70", "letters": "A"},
    ),
    MagicNumber(
        number="5599992038",
        what=Text("AB med betyg 51 och A", "AB rated 51 and A"),
        group=Group.RATINGS,
        facts={"points": "51", "letters": "A"},
    ),
    MagicNumber(
        number="5599992046",
        what=Text("AB med betyg 50 och B", "AB rated 50 and B"),
        group=Group.RATINGS,
        facts={"points": "50", "letters": "B"},
    ),
    MagicNumber(
        number="5599992053",
        what=Text("AB med betyg 30 och B", "AB rated 30 and B"),
        group=Group.RATINGS,
        facts={"points": "30", "letters": "B"},
    ),
    MagicNumber(
        number="5599992061",
        what=Text("AB med betyg 29 och B", "AB rated 29 and B"),
        group=Group.RATINGS,
        facts={"points": "29", "letters": "B"},
    ),
    MagicNumber(
        number="5599991022",
        what=Text("AB med betyg 25 och B", "AB rated 25 and B"),
        group=Group.RATINGS,
        facts={"points": "25", "letters": "B"},
    ),
    MagicNumber(
        number="5599992079",
        what=Text("AB med betyg 21 och B", "AB rated 21 and B"),
        group=Group.RATINGS,
        facts={"points": "21", "letters": "B"},
    ),
    MagicNumber(
        number="5599992087",
        what=Text("AB med betyg 20 och C", "AB rated 20 and C"),
        group=Group.RATINGS,
        facts={"points": "20", "letters": "C"},
    ),
    MagicNumber(
        number="5599991030",
        what=Text("AB med betyg 8 och C", "AB rated 8 and C"),
        group=Group.RATINGS,
        facts={"points": "8", "letters": "C"},
    ),
    MagicNumber(
        number="5599992095",
        what=Text("AB med betyg 0 och C", "AB rated 0 and C"),
        group=Group.RATINGS,
        facts={"points": "0", "letters": "C"},
    ),
    MagicNumber(
        number="5599991048",
        what=Text("AB utan betyg (-97 och -)", "AB without a rating (-97 and -)"),
        group=Group.RATINGS,
        facts={"points": "-97", "letters": "-"},
    ),
    MagicNumber(
        number="5599992103",
        what=Text("AB med bristande bokslut (-28 och -)", "AB with deficient accounts (-28 and -)"),
        group=Group.RATINGS,
        facts={"points": "-28", "letters": "-"},
    ),
    MagicNumber(
        number="5599992111",
        what=Text("AB utan status (-95 och -)", "AB without a status (-95 and -)"),
        group=Group.RATINGS,
        facts={"points": "-95", "letters": "-"},
    ),
    MagicNumber(
        number="5599992129",
        what=Text("AB utan registreringsdag (-96 och -)", "AB without a registration date (-96 and -)"),
        group=Group.RATINGS,
        facts={"points": "-96", "letters": "-"},
    ),
    MagicNumber(
        number="5599992137",
        what=Text("Nytt AB (-97 och AN)", "New AB (-97 and AN)"),
        group=Group.RATINGS,
        facts={"points": "-97", "letters": "AN"},
    ),
    MagicNumber(
        number="5599992145",
        what=Text("Nytt AB (-97 och NYTT)", "New AB (-97 and NYTT)"),
        group=Group.RATINGS,
        facts={"points": "-97", "letters": "NYTT"},
    ),
    MagicNumber(
        number="5599991055",
        what=Text("AB med konkursansökan mot sig (-29 och C)", "AB with a bankruptcy petition against it (-29 and C)"),
        group=Group.RATINGS,
        facts={"points": "-29", "letters": "C"},
    ),
    MagicNumber(
        number="5599992152",
        what=Text("AB med betyg utanför båda skalorna (101 och D)", "AB rated outside both scales (101 and D)"),
        group=Group.RATINGS,
        facts={"points": "101", "letters": "D"},
    ),
    MagicNumber(
        number="5599992160",
        what=Text("AB vars betyg inte lämnas", "AB whose rating is not told"),
        group=Group.RATINGS,
        untold=frozenset({"points", "letters"}),
    ),
    MagicNumber(
        number="9699992021",
        what=Text("HB med betyg 96 och AA", "HB rated 96 and AA"),
        group=Group.RATINGS,
        facts={"points": "96", "letters": "AA"},
    ),
    MagicNumber(
        number="9699992112",
        what=Text("KB med betyg 40 och B", "KB rated 40 and B"),
        group=Group.RATINGS,
        facts={"points": "40", "letters": "B"},
    ),
    MagicNumber(
        number="5599991105",
        what=Text("AB i konkurs", "AB in bankruptcy"),
        group=Group.REGISTER,
        facts={"register": Register.BANKRUPT, "opinion": _REJECTED},
    ),
    MagicNumber(
        number="5599991113",
        what=Text("AB i likvidation", "AB in liquidation"),
        group=Group.REGISTER,
        facts={"register": Register.LIQUIDATION, "board": _LIQUIDATED, "opinion": _REJECTED},
    ),
    MagicNumber(
        number="5599991121",
        what=Text("AB i företagsrekonstruktion", "AB in reconstruction"),
        group=Group.REGISTER,
        facts={"register": Register.RECONSTRUCTION},
    ),
    MagicNumber(
        number="5599991139",
        what=Text("AB, likvidation avslutad", "AB, liquidation concluded"),
        group=Group.REGISTER,
        facts={"register": Register.LIQUIDATION_OVER, "opinion": _REJECTED},
    ),
    MagicNumber(
        number="5599991147",
        what=Text("AB, konkurs avslutad", "AB, bankruptcy concluded"),
        group=Group.REGISTER,
        facts={"register": Register.BANKRUPTCY_OVER, "opinion": _REJECTED},
    ),
    MagicNumber(
        number="5599992236",
        what=Text("AB, fusion avslutad", "AB, merger concluded"),
        group=Group.REGISTER,
        facts={"register": Register.MERGER_OVER, "opinion": _REJECTED},
    ),
    MagicNumber(
        number="5599992228",
        what=Text("AB, fusion inledd", "AB, merger begun"),
        group=Group.REGISTER,
        facts={"register": Register.MERGING},
    ),
    MagicNumber(
        number="5599991154",
        what=Text("Inaktivt AB", "Inactive AB"),
        group=Group.REGISTER,
        facts={"register": Register.INACTIVE_BY_CODE},
    ),
    MagicNumber(
        number="5599992202",
        what=Text("Inaktivt AB, med uppgifter", "Inactive AB, with data"),
        group=Group.REGISTER,
        facts={"register": Register.INACTIVE},
    ),
    MagicNumber(
        number="5599992210",
        what=Text("Vilande AB", "Dormant AB"),
        group=Group.REGISTER,
        facts={"register": Register.DORMANT},
    ),
    MagicNumber(
        number="5599992244",
        what=Text("Avregistrerat AB", "AB struck off the register"),
        group=Group.REGISTER,
        facts={"register": Register.STRUCK_OFF, "opinion": _REJECTED},
    ),
    MagicNumber(
        number="5599991162",
        what=Text("AB med okänd registerstatus", "AB with an unlisted status"),
        group=Group.REGISTER,
        facts={"register": Register.UNLISTED},
    ),
    MagicNumber(
        number="9699991106",
        what=Text("HB i konkurs", "HB in bankruptcy"),
        group=Group.REGISTER,
        facts={"register": Register.BANKRUPT, "opinion": _REJECTED},
    ),
    MagicNumber(
        number="9699992138",
        what=Text("KB i likvidation", "KB in liquidation"),
        group=Group.REGISTER,
        facts={"register": Register.LIQUIDATION, "opinion": _REJECTED},
    ),
    MagicNumber(
        number="5599991063",
        what=Text("AB med skuld hos Kronofogden", "AB with a debt at Kronofogden"),
        group=Group.REGISTER,
        facts={"public_debt": 30_000, "private_debt": 15_000},
    ),
    MagicNumber(
        number="5599992293",
        what=Text("AB med bara allmänna mål", "AB with public debt alone"),
        group=Group.REGISTER,
        facts={"public_debt": 64_000},
    ),
    MagicNumber(
        number="5599992301",
        what=Text("AB med bara enskilda mål", "AB with private debt alone"),
        group=Group.REGISTER,
        facts={"private_debt": 38_500},
    ),
    MagicNumber(
        number="5599992319",
        what=Text("AB med allmänna och enskilda mål, 395 000 kr", "AB with public and private debt of 395 000 kr"),
        group=Group.REGISTER,
        facts={"public_debt": 120_000, "private_debt": 275_000},
    ),
    MagicNumber(
        number="5599992327",
        what=Text("AB vars skuld inte är uppdelad", "AB whose debt is not broken down"),
        group=Group.REGISTER,
        facts={"public_debt": 20_000, "private_debt": 5_000},
        untold=frozenset({"public_debt", "private_debt"}),
    ),
    MagicNumber(
        number="5599992269",
        what=Text("AB med utmätning", "AB with a distraint"),
        group=Group.REGISTER,
        facts={"distraint": True, "private_debt": 22_000},
    ),
    MagicNumber(
        number="5599992277",
        what=Text("AB med en ansökan om betalningsföreläggande", "AB with one petition for a payment order"),
        group=Group.REGISTER,
        facts={"petition_count": 1, "petition_sum": 18_400},
    ),
    MagicNumber(
        number="5599992285",
        what=Text("AB med nio ansökningar om betalningsföreläggande", "AB with nine petitions for payment orders"),
        group=Group.REGISTER,
        facts={"petition_count": 9, "petition_sum": 412_000},
    ),
    MagicNumber(
        number="9699992047",
        what=Text("HB med två ansökningar om betalningsföreläggande", "HB with two petitions for payment orders"),
        group=Group.REGISTER,
        facts={"petition_count": 2, "petition_sum": 9_900},
    ),
    MagicNumber(
        number="5599992400",
        what=Text("AB med ett enda bokslut", "AB with one set of accounts"),
        group=Group.ACCOUNTS,
        facts={"accounts": _ONE_YEAR},
    ),
    MagicNumber(
        number="5599992418",
        what=Text("AB vars första år har sju månader", "AB whose first year has seven months"),
        group=Group.ACCOUNTS,
        facts={"accounts": _SHORT_YEAR},
    ),
    MagicNumber(
        number="5599992426",
        what=Text("AB med förlängt räkenskapsår, 18 månader", "AB with a financial year of 18 months"),
        group=Group.ACCOUNTS,
        facts={"accounts": _LONG_YEAR},
    ),
    MagicNumber(
        number="5599992434",
        what=Text("AB med förlust och negativt eget kapital", "AB with losses and negative equity"),
        group=Group.ACCOUNTS,
        facts={"accounts": _LOSSES},
    ),
    MagicNumber(
        number="5599992442",
        what=Text("AB vars senaste bokslut är från 2022", "AB whose latest accounts are of 2022"),
        group=Group.ACCOUNTS,
        facts={"accounts": _OLD_YEARS},
    ),
    MagicNumber(
        number="5599992459",
        what=Text("AB vars bokslut inte lämnas", "AB whose accounts are not told"),
        group=Group.ACCOUNTS,
        untold=frozenset({"accounts"}),
    ),
    MagicNumber(
        number="5599992509",
        what=Text("AB med tolv i styrelsen", "AB with a board of twelve"),
        group=Group.ACCOUNTS,
        facts={"board": _TWELVE},
    ),
    MagicNumber(
        number="5599992517",
        what=Text("AB utan styrelse", "AB without a board"),
        group=Group.ACCOUNTS,
        facts={"board": ()},
    ),
    MagicNumber(
        number="5599992525",
        what=Text("AB med en ledamot utan personnummer", "AB with a member without a personal number"),
        group=Group.ACCOUNTS,
        facts={"board": _FOREIGN},
    ),
    MagicNumber(
        number="5599992533",
        what=Text("AB med extern vd och firmatecknare", "AB with a managing director from outside"),
        group=Group.ACCOUNTS,
        facts={"board": _WITH_MANAGER},
    ),
    MagicNumber(
        number="5599992541",
        what=Text("AB vars styrelse inte lämnas", "AB whose board is not told"),
        group=Group.ACCOUNTS,
        untold=frozenset({"board"}),
    ),
    MagicNumber(
        number="9699992153",
        what=Text("KB vars komplementär är ett AB", "KB whose general partner is an AB"),
        group=Group.ACCOUNTS,
        facts={"board": _AB_AS_PARTNER},
    ),
    MagicNumber(
        number="5599992608",
        what=Text("AB som tecknas av en ledamot ensam", "AB for which one member signs alone"),
        group=Group.SIGNING,
        facts={"signing": _ALONE},
    ),
    MagicNumber(
        number="5599992616",
        what=Text("AB som tecknas av två i förening", "AB for which two sign together"),
        group=Group.SIGNING,
        facts={"signing": _TOGETHER},
    ),
    MagicNumber(
        number="5599992624",
        what=Text("AB som tecknas av tre var för sig", "AB for which any of three signs"),
        group=Group.SIGNING,
        facts={"signing": _ANY_OF_THREE},
    ),
    MagicNumber(
        number="5599992632",
        what=Text(
            "AB som tecknas av ordföranden, eller av två i förening", "AB for which the chair signs, or two together"
        ),
        group=Group.SIGNING,
        facts={"signing": _CHAIR_OR_TWO},
    ),
    MagicNumber(
        number="5599992640",
        what=Text("AB vars firmateckning bara delvis är uppräknad", "AB whose right to sign is listed in part"),
        group=Group.SIGNING,
        facts={"signing": _IN_PART},
    ),
    MagicNumber(
        number="5599992657",
        what=Text("AB vars firmateckning bara finns i ord", "AB whose right to sign is told in words alone"),
        group=Group.SIGNING,
        facts={"signing": _IN_WORDS},
    ),
    MagicNumber(
        number="5599992665",
        what=Text("AB utan uppgift om firmateckning", "AB without a told right to sign"),
        group=Group.SIGNING,
        facts={"signing": _NO_SIGNING},
    ),
    MagicNumber(
        number="9699992062",
        what=Text("HB som tecknas av bolagsmännen i förening", "HB for which the partners sign together"),
        group=Group.SIGNING,
        facts={"signing": _PARTNERS},
    ),
    MagicNumber(
        number="5599992707",
        what=Text("AB som mallen avslår", "AB that the template rejects"),
        group=Group.OPINIONS,
        facts={"opinion": _REJECTED},
    ),
    MagicNumber(
        number="5599992715",
        what=Text("AB som mallen lämnar till en handläggare", "AB that the template leaves to a person"),
        group=Group.OPINIONS,
        facts={"opinion": _MANUAL},
    ),
    MagicNumber(
        number="5599992723",
        what=Text("AB med ett omdöme som ingen känner", "AB with a verdict that nobody knows"),
        group=Group.OPINIONS,
        facts={"opinion": Opinion(Verdict.UNLISTED)},
    ),
    MagicNumber(
        number="5599992731",
        what=Text("AB som mallen avslår av tre skäl", "AB that the template rejects for three reasons"),
        group=Group.OPINIONS,
        facts={"opinion": _THREE_REASONS},
    ),
)
