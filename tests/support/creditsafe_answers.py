"""Answers of GetData, made column by column: healthy ones, and a strategy for odd ones.

What stands in a column is markup, so that it may be anything that XML allows between two tags.
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias
from xml.sax.saxutils import escape

from hypothesis import strategies as st

from bureau_clients.creditsafe.columns import COMPANY_COLUMNS, PERSON_COLUMNS, Column, Listing

Row: TypeAlias = Sequence[tuple[str, str]]
"""Columns with their markup, in order; one column may come twice."""

COMPANY = "5569565855"
PERSON = "194502198429"

_COMPANY_COLUMNS = """
ORGNR=5569565855 NAME=Bygg_&_Måleri_AB COMPANY_TYPE_TEXT=Aktiebolag COMPANY_STATUS=Aktiv INCORPORATION_DATE=2014-02-03
RATING=64 F_TAX=Ja VAT=Ja EMPLOYER=Nej CREDIT_LIMIT=250_000 ROP_NUMBER1=3 ROP_SUM1=18000,50 ROP_LATEST1=2025-11-14
PETITION_NUMBER=2 PETITION_SUM=7700 DEBT_SUM=1500,75 DEBT_SUM_PUBLIC=1200,50 DEBT_SUM_PRIVATE=300,25 BANKRUPTCY=Nej
DISTRAINT=Nej TURNOVER=8400000 ACCOUNTS_DATE=2025-12-31 EMPLOYEES=7 SIGNING_TEXT=Firman_tecknas_av_styrelsen.
ACC1_DATE=2025-12-31 ACC1_MONTHS=12 ACC1_TURNOVER=8400 ACC1_NET_RESULT=-104 ACC1_EMPLOYEES=7 ACC1_EQUITY=900
ACC2_DATE=2024-12-31 ACC2_MONTHS=12 ACC2_TURNOVER=7300 ACC2_NET_RESULT=205 ACC2_EMPLOYEES=6 ACC2_EQUITY=1004
BOARD1_NAME=Åsa_Öberg BOARD1_NUMBER=450219-8429 BOARD1_FUNCTION=Ledamot
BOARD2_NAME=Bo_Ek BOARD2_NUMBER= BOARD2_FUNCTION=Suppleant BOARD2_SINCE=2019-05-06
INCOME=312000 FIRST_NAME=Åsa LAST_NAME=Öberg PROTECTED=Nej EMIGRATED=Nej HAS_TRUSTEE= DEBT_PERSON= TELEPHONE=08-123_45
"""
_PERSON_COLUMNS = """
PNR=4502198429 FIRST_NAME=Åsa LAST_NAME=Öberg PROTECTED=Nej EMIGRATED=Nej HAS_TRUSTEE= DEBT_PERSON=Ja
TRADING_PROHIBITION=Nej COORDINATION_DORMANT=Nej INCOME=312000 ROP_NUMBER1=2 ROP_SUM1=900 ROP_LATEST1=2024-01-31
DEBT_SUM= SCORING=37 ASSIGNMENT1_ORGNR=556956-5855 ASSIGNMENT1_NAME=Bygg_&_Måleri_AB ASSIGNMENT1_FUNCTION=Ledamot
ASSIGNMENT1_SINCE=2019-05-06 GENDER=K
"""
COMPANY_ROW, PERSON_ROW = (
    {name: text.replace("_", " ") for name, _, text in (column.partition("=") for column in columns.split())}
    for columns in (_COMPANY_COLUMNS, _PERSON_COLUMNS)
)
"""What a healthy company and a healthy person have in each column."""

_CODES = ("15", "14", "9", "8", "S2", "S4", "S6", "S7", "S200", "S231", "S291", "S333", "P24", "x", "")
_MARKUP = (
    *(
        "",
        " ",
        "0",
        "1",
        "-1",
        "7",
        "100",
        "101",
        "-29",
        "-97",
        "1 000",
        "1 000,50",
        "1000.50",
        "1,000.00",
        "1e5",
        "9" * 30,
    ),
    *("20", "21", "29", "30", "50", "51", "70", "71"),
    *("1.005", "+7", "٧", "²", "½", "0x1F", "Ja", "JA", "nej", "yes", "Aktiv", "Konkurs inledd", "Okänd", "Aktiebolag"),
    *("2026-02-30", "2025-12-31", "2025-12-31T00:00:00", "20251231", "31/12 2025", "0000-00-00", "450219-8429"),
    *("1<x/>2", "<x>1</x>", "12<!-- 3 -->4", "<![CDATA[5]]>", "&#49;", "1<?pi?>2", "&#160;1", "Öberg", "\u202e1"),
)


def row_of(columns: Mapping[str, str]) -> Row:
    """A row with these texts."""
    return [(name, escape(text)) for name, text in columns.items()]


def answer(
    number: str, rows: Sequence[Row], *, code: str | None = None, beside: str = "", declared: Sequence[str] = ()
) -> bytes:
    """An answer about *number* with *rows*, an error's *code*, and markup *beside* the rows in the diffgram.

    *declared* are the columns that its schema tells of.
    """
    columns = "".join(f'<xs:element name="{name}" type="xs:string" minOccurs="0"/>' for name in declared)
    error = "" if code is None else f"<Error><Cause_of_Reject>{code}</Cause_of_Reject></Error>"
    inside = "".join(
        f'<GETDATA_RESPONSE diffgr:id="GETDATA_RESPONSE{place}">'
        + "".join(f"<{name}>{markup}</{name}>" for name, markup in row)
        + "</GETDATA_RESPONSE>"
        for place, row in enumerate(rows, start=1)
    )
    data_set = f'<NewDataSet xmlns="">{inside}</NewDataSet>{beside}'
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Body>'
        '<GetDataBySecureResponse xmlns="https://webservice.creditsafe.se/getdata/"><GetDataBySecureResult>'
        f"<SearchNumber>{number}</SearchNumber><TransactionId>t</TransactionId>{error}<Block_Name>B</Block_Name>"
        '<Parameters><xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" id="NewDataSet">'
        f'<xs:element name="GETDATA_RESPONSE"><xs:complexType><xs:sequence>{columns}</xs:sequence></xs:complexType>'
        "</xs:element></xs:schema>"
        f'<diffgr:diffgram xmlns:diffgr="urn:schemas-microsoft-com:xml-diffgram-v1">{data_set}</diffgr:diffgram>'
        "</Parameters></GetDataBySecureResult></GetDataBySecureResponse></soap:Body></soap:Envelope>"
    ).encode()


def names_in(columns: Mapping[str, Column | Listing]) -> Sequence[str]:
    """Every column that is configured, of lists those of the first four places."""
    single = [name for column in columns.values() if isinstance(column, Column) for name in column.name.split()]
    lists = [listing for listing in columns.values() if isinstance(listing, Listing)]
    placed = [
        column.name.replace("{n}", str(place))
        for each in lists
        for column in each.members.values()
        for place in range(1, 5)
    ]
    return [*single, *placed]


@st.composite
def odd_answers(draw: st.DrawFn, number: str, healthy: Mapping[str, str]) -> bytes:
    """An answer about *number* close to a *healthy* one: columns away, twice, empty, odd, in one to three rows."""
    names = st.sampled_from([*names_in(PERSON_COLUMNS if "PNR" in healthy else COMPANY_COLUMNS), "ORGNR", "PNR", "X"])
    rows = []
    for _ in range(draw(st.sampled_from((1, 1, 1, 1, 2, 2, 3, 0)))):
        row = {name: escape(text) for name, text in healthy.items()}
        for name in draw(st.lists(names, max_size=4)):
            row.pop(name, None)
        for name in draw(st.lists(names, max_size=4)):
            row[name] = draw(st.sampled_from(_MARKUP))
        twice = draw(st.lists(st.tuples(names, st.sampled_from(_MARKUP)), max_size=2))
        rows.append([*row.items(), *twice])
    searched = draw(st.sampled_from((number[-10:], number[-10:], number[-10:], "", number, "5560000001")))
    code = draw(st.sampled_from((None, None, None, *_CODES)))
    before = answer(number, [row_of(healthy)]).decode().partition("<NewDataSet")[2].partition("</diffgr:diffgram>")[0]
    beside = draw(st.sampled_from(("", "", f"<diffgr:before><NewDataSet{before}</diffgr:before>", "<diffgr:errors/>")))
    declared = draw(st.just([]) | st.lists(names, max_size=6, unique=True))
    return answer(searched, rows, code=code, beside=beside, declared=declared)
