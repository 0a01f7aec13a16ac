"""The numbers that make Creditsafe's stand-in answer in a particular way (rule X1).

Every other number has healthy facts that follow from the number. Of the companies whose number begins with 9, an even
ninth digit is a handelsbolag and an odd one a kommanditbolag. None of the numbers here was ever issued: the
organisation numbers have serials far above those in use, and the persons are test identities of Skatteverket, those
meant for sole traders born in 1976 and those meant for guarantors in 1977.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from underwriting.kernel.text import Text


class Fault(StrEnum):
    """How an answer goes wrong on its way."""

    SLOW = "slow"
    SILENT = "silent"  # for longer than anybody waits
    TRICKLING = "trickling"  # a byte now and then, for longer than anybody waits
    SERVER_ERROR = "server_error"  # status 500 with a page
    NOT_HANDLED = "not_handled"  # status 503 with a page
    PAGE = "page"  # status 200 with a page
    REDIRECT = "redirect"
    SOAP_FAULT = "soap_fault"
    TRUNCATED = "truncated"  # half the XML
    BROKEN_OFF = "broken_off"  # fewer bytes than announced
    TOO_LARGE = "too_large"
    ENTITIES = "entities"  # a document type with entities
    EMPTY = "empty"  # no error and no row
    SEVERAL_ROWS = "several_rows"  # which disagree on the debt
    ANOTHER_SUBJECT = "another_subject"


@dataclass(frozen=True, slots=True, kw_only=True)
class MagicNumber:
    """One number and what the stand-in does with it.

    *columns* replace invented ones, None leaves one out. *code* is the error's; the row comes with it only *with_data*.
    With *company_only*, the number is ordinary when it is asked about as a person.
    """

    number: str
    what: Text
    columns: Mapping[str, str | None] = field(default_factory=dict)
    code: str | None = None
    with_data: bool = False
    fault: Fault | None = None
    company_only: bool = False


_REMARKS_UNKNOWN = {"ROP_NUMBER1": None, "ROP_SUM1": None, "ROP_LATEST1": None, "DEBT_SUM": None}
_NEW = {"INCORPORATION_DATE": "2026-02-02", "RATING": "-97", "CREDIT_LIMIT": "", "TURNOVER": "", "ACCOUNTS_DATE": ""}


def _remarks(count: int, kronor: int) -> Mapping[str, str]:
    return {"ROP_NUMBER1": str(count), "ROP_SUM1": str(kronor), "ROP_LATEST1": "2025-11-14"}


_COMPANIES = (
    MagicNumber(number="5599990008", what=Text("AB utan anmärkning", "Clean AB"), columns={"RATING": "88"}),
    MagicNumber(
        number="5599990016", what=Text("Ännu ett AB utan anmärkning", "Another clean AB"), columns={"RATING": "74"}
    ),
    MagicNumber(number="9699990009", what=Text("HB utan anmärkning", "Clean HB"), columns={"RATING": "72"}),
    MagicNumber(number="9699990017", what=Text("KB utan anmärkning", "Clean KB"), columns={"RATING": "79"}),
    MagicNumber(number="197601092385", what=Text("EF utan anmärkning", "Clean EF"), columns={"RATING": "71"}),
    MagicNumber(
        number="5599991006",
        what=Text("AB med en betalningsanmärkning", "AB with one payment remark"),
        columns=_remarks(1, 12_500),
    ),
    MagicNumber(
        number="5599991014", what=Text("AB med fyra anmärkningar", "AB with four remarks"), columns=_remarks(4, 186_000)
    ),
    MagicNumber(number="5599991022", what=Text("AB med betyg D", "AB with grade D"), columns={"RATING": "25"}),
    MagicNumber(number="5599991030", what=Text("AB med betyg E", "AB with grade E"), columns={"RATING": "8"}),
    MagicNumber(number="5599991048", what=Text("AB utan betyg", "AB without a rating"), columns={"RATING": "-97"}),
    MagicNumber(
        number="5599991055",
        what=Text("AB med konkursansökan mot sig", "AB with a bankruptcy petition against it"),
        columns={"RATING": "-29"},
    ),
    MagicNumber(
        number="5599991063",
        what=Text("AB med skuld hos Kronofogden", "AB with a debt at Kronofogden"),
        columns={"DEBT_SUM": "45000"},
    ),
    MagicNumber(
        number="5599991071",
        what=Text("Nystartat AB utan bokslut", "Newly started AB without accounts"),
        columns={**_NEW, "EMPLOYEES": "0"},
    ),
    MagicNumber(
        number="5599991089",
        what=Text("AB utan inlämnat bokslut", "AB without filed accounts"),
        columns={"ACCOUNTS_DATE": "", "TURNOVER": ""},
    ),
    MagicNumber(
        number="5599991097",
        what=Text(
            "AB utan F-skatt, moms och arbetsgivarregistrering", "AB not registered for F-tax, VAT or as employer"
        ),
        columns={"F_TAX": "Nej", "VAT": "Nej", "EMPLOYER": "Nej"},
    ),
    MagicNumber(
        number="5599991105",
        what=Text("AB i konkurs", "AB in bankruptcy"),
        columns={"COMPANY_STATUS": "Konkurs inledd", "BANKRUPTCY": "Ja"},
    ),
    MagicNumber(
        number="5599991113",
        what=Text("AB i likvidation", "AB in liquidation"),
        columns={"COMPANY_STATUS": "Likvidation beslutad"},
    ),
    MagicNumber(
        number="5599991121",
        what=Text("AB i företagsrekonstruktion", "AB in reconstruction"),
        columns={"COMPANY_STATUS": "Företagsrekonstruktion inledd"},
    ),
    MagicNumber(number="5599991139", what=Text("AB, likvidation avslutad", "AB, liquidation concluded"), code="S231"),
    MagicNumber(number="5599991147", what=Text("AB, konkurs avslutad", "AB, bankruptcy concluded"), code="S291"),
    MagicNumber(number="5599991154", what=Text("Inaktivt AB", "Inactive AB"), code="S200"),
    MagicNumber(
        number="5599991162", what=Text("AB med okänd registerstatus", "AB with an unlisted status"), code="S333"
    ),
    MagicNumber(number="5599991170", what=Text("AB som inte finns", "AB that does not exist"), code="15"),
    MagicNumber(
        number="5599991188",
        what=Text("AB där anmärkningar och skuld är okända", "AB whose remarks and debt are unknown"),
        columns=_REMARKS_UNKNOWN,
    ),
    MagicNumber(
        number="5599991196",
        what=Text("Filial med nummer i grupp 5", "Branch with a number of group 5"),
        columns={"COMPANY_TYPE": "FIL", "COMPANY_TYPE_TEXT": "Filial"},
    ),
    MagicNumber(
        number="9699991007", what=Text("HB med två anmärkningar", "HB with two remarks"), columns=_remarks(2, 31_000)
    ),
    MagicNumber(
        number="9699991106",
        what=Text("HB i konkurs", "HB in bankruptcy"),
        columns={"COMPANY_STATUS": "Konkurs inledd", "BANKRUPTCY": "Ja"},
    ),
    MagicNumber(number="9699991171", what=Text("KB som inte finns", "KB that does not exist"), code="15"),
)

_SOLE_TRADERS = (
    MagicNumber(
        number="197601112399",
        what=Text("Person utan registrerad firma", "Person without a registered business"),
        code="15",
        company_only=True,
    ),
    MagicNumber(
        number="197601122398",
        what=Text("EF med en betalningsanmärkning", "EF with one payment remark"),
        columns=_remarks(1, 4_200),
    ),
    MagicNumber(
        number="197601142396",
        what=Text("Nystartad EF, skuld hos Kronofogden okänd", "Newly started EF, debt at Kronofogden unknown"),
        columns={**_NEW, "INCOME": "180000", "DEBT_SUM": None},
    ),
    MagicNumber(number="197601192391", what=Text("EF vars ägare är avliden", "EF whose owner is deceased"), code="S4"),
    MagicNumber(
        number="197601232395",
        what=Text("EF vars ägare har förvaltare", "EF whose owner has a trustee"),
        columns={"HAS_TRUSTEE": "Ja"},
    ),
    MagicNumber(
        number="197601242386",
        what=Text("EF i konkurs", "EF in bankruptcy"),
        columns={"COMPANY_STATUS": "Konkurs inledd", "BANKRUPTCY": "Ja"},
    ),
)

_PERSONS = (
    MagicNumber(
        number="197701072394",
        what=Text("Person utan anmärkning", "Clean person"),
        columns={"INCOME": "420000", "SCORING": "90"},
    ),
    MagicNumber(
        number="197701112380",
        what=Text("Person med en anmärkning", "Person with one remark"),
        columns={"ROP_NUMBER1": "1"},
    ),
    MagicNumber(
        number="197701132396",
        what=Text("Person med fem anmärkningar", "Person with five remarks"),
        columns={"ROP_NUMBER1": "5", "SCORING": "12"},
    ),
    MagicNumber(
        number="197701252392",
        what=Text("Person med låg inkomst", "Person with a low income"),
        columns={"INCOME": "96000"},
    ),
    MagicNumber(
        number="197701312386", what=Text("Person utan inkomst", "Person without income"), columns={"INCOME": ""}
    ),
    MagicNumber(
        number="197702012399",
        what=Text("Person med skuld hos Kronofogden", "Person with a debt at Kronofogden"),
        columns={"DEBT_SUM": "120000"},
    ),
    MagicNumber(
        number="197702022398",
        what=Text(
            "Person där anmärkningar, skuld och inkomst är okända", "Person whose remarks, debt and income are unknown"
        ),
        columns={**_REMARKS_UNKNOWN, "INCOME": None},
    ),
    MagicNumber(
        number="197702102380",
        what=Text("Person med förvaltare", "Person with a trustee"),
        columns={"HAS_TRUSTEE": "Ja"},
    ),
    MagicNumber(
        number="197702112389",
        what=Text("Person med skuldsanering", "Person in debt restructuring"),
        columns={"DEBT_PERSON": "Ja"},
    ),
    MagicNumber(
        number="197702182382",
        what=Text("Person med näringsförbud", "Person under a trading prohibition"),
        columns={"TRADING_PROHIBITION": "Ja"},
    ),
    MagicNumber(
        number="197703782396",
        what=Text("Vilande samordningsnummer", "Dormant coordination number"),
        columns={"COORDINATION_DORMANT": "Ja"},
    ),
    MagicNumber(
        number="197703052394",
        what=Text("Skyddade personuppgifter, utan uppgifter", "Protected identity, without data"),
        code="S2",
    ),
    MagicNumber(
        number="197703152392",
        what=Text("Skyddade personuppgifter, med uppgifter", "Protected identity, with data"),
        columns={"PROTECTED": "Ja"},
        code="S2",
        with_data=True,
    ),
    MagicNumber(number="197703192398", what=Text("Spärrad för bedrägeri", "Blocked for fraud"), code="S3"),
    MagicNumber(number="197703242391", what=Text("Avliden person", "Deceased person"), code="S4"),
    MagicNumber(number="197703282397", what=Text("Tekniskt avregistrerad", "Technically deregistered"), code="S5"),
    MagicNumber(number="197703312384", what=Text("Utvandrad, utan uppgifter", "Emigrated, without data"), code="S6"),
    MagicNumber(
        number="197703312392",
        what=Text("Utvandrad, med uppgifter", "Emigrated, with data"),
        columns={"EMIGRATED": "Ja", "EMIGRATED_DATE": "2025-02-01"},
        code="S6",
        with_data=True,
    ),
    MagicNumber(number="197704012397", what=Text("Ändrat personnummer", "Changed personal number"), code="S7"),
    MagicNumber(number="197704062384", what=Text("Person som inte finns", "Person who does not exist"), code="15"),
)

_FAULTS: tuple[tuple[Text, str | None, Fault | None, tuple[str, ...]], ...] = (
    (Text("Långsamt svar", "Slow answer"), None, Fault.SLOW, ("5599999009", "197707042391")),
    (
        Text("Inget svar i tid", "No answer in time"),
        None,
        Fault.SILENT,
        ("5599999017", "9699999018", "197612082391", "197707052382"),
    ),
    (Text("Svar som droppar", "Trickling answer"), None, Fault.TRICKLING, ("5599999025", "197707122391")),
    (Text("HTTP 500 med webbsida", "HTTP 500 with a page"), None, Fault.SERVER_ERROR, ("5599999033", "197707132390")),
    (Text("HTTP 503 med webbsida", "HTTP 503 with a page"), None, Fault.NOT_HANDLED, ("5599999041", "197707162397")),
    (Text("HTTP 200 med webbsida", "HTTP 200 with a page"), None, Fault.PAGE, ("5599999058", "197707182395")),
    (Text("Omdirigering", "Redirect"), None, Fault.REDIRECT, ("5599999066", "197707312398")),
    (Text("SOAP-fel", "SOAP fault"), None, Fault.SOAP_FAULT, ("5599999074", "197708032391")),
    (Text("Avklippt XML", "Truncated XML"), None, Fault.TRUNCATED, ("5599999082", "197708072397")),
    (Text("Bruten förbindelse", "Broken connection"), None, Fault.BROKEN_OFF, ("5599999090", "197708102392")),
    (Text("För stort svar", "Too large an answer"), None, Fault.TOO_LARGE, ("5599999108", "197708112391")),
    (
        Text("Dokumenttyp med entiteter", "Document type with entities"),
        None,
        Fault.ENTITIES,
        ("5599999116", "197708122382"),
    ),
    (Text("Tomt svar", "Empty answer"), None, Fault.EMPTY, ("5599999124", "197708122390")),
    (Text("Flera rader", "Several rows"), None, Fault.SEVERAL_ROWS, ("5599999132", "197708192393")),
    (
        Text("Svar om någon annan", "Answer about somebody else"),
        None,
        Fault.ANOTHER_SUBJECT,
        ("5599999140", "197708202390"),
    ),
    (Text("Kod 14: försök senare", "Code 14: try later"), "14", None, ("5599999157", "197708242388")),
    (Text("Kod 8: inga rapporter återstår", "Code 8: no reports left"), "8", None, ("5599999165", "197708242396")),
    (Text("Kod 9: fel lösenord", "Code 9: wrong password"), "9", None, ("5599999173", "197708272393")),
)

_FAULTY = tuple(
    MagicNumber(number=number, what=what, code=code, fault=fault)
    for what, code, fault, numbers in _FAULTS
    for number in numbers
)
_ALL = (*_COMPANIES, *_SOLE_TRADERS, *_PERSONS, *_FAULTY)
_BY_DIGITS = {row.number[-10:]: row for row in _ALL}


def magic_numbers() -> tuple[MagicNumber, ...]:
    """Every documented number: companies, sole traders, persons, then the faults."""
    return _ALL


def magic_number(number: str) -> MagicNumber | None:
    """The row of a *number* with 10 or 12 digits, or None when it is ordinary."""
    return _BY_DIGITS.get(number[-10:])
