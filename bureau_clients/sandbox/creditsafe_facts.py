"""Invented facts for every number: the same for the same number always, and healthy, so that a demo is approved."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TypeVar

T = TypeVar("T")

Columns = Mapping[str, str]

_FIRST_NAMES = (
    "Astrid",
    "Björn",
    "Cecilia",
    "David",
    "Elsa",
    "Fredrik",
    "Greta",
    "Håkan",
    "Ingrid",
    "Jonas",
    "Karin",
    "Åke",
)
_LAST_NAMES = (
    "Almgren",
    "Bergqvist",
    "Dahlström",
    "Ekholm",
    "Forsell",
    "Granlund",
    "Hedman",
    "Lindh",
    "Nyström",
    "Östling",
)
_TRADES = (
    "Bygg",
    "Bageri",
    "Cykel",
    "Data",
    "Elservice",
    "Frukt",
    "Golv",
    "Konsult",
    "Möbler",
    "Plåt",
    "Trädgård",
    "Åkeri",
)
_STREETS = ("Kungsgatan", "Storgatan", "Hamngatan", "Åsgatan", "Ängsvägen")
_TOWNS = (
    ("111 20", "Stockholm"),
    ("411 05", "Göteborg"),
    ("211 22", "Malmö"),
    ("903 26", "Umeå"),
    ("702 10", "Örebro"),
)
_OLDEST_COMPANY = date(2006, 1, 2)
_FORMS = {"AB": "Aktiebolag", "HB": "Handelsbolag", "KB": "Kommanditbolag", "EF": "Enskild firma"}
_SUFFIX = {"AB": ("AB",), "HB": ("HB",), "KB": ("KB",)}
_OTHER_GROUPS = {"7": "Ekonomisk förening", "8": "Ideell förening"}
_BASIC = frozenset(
    {
        *("ORGNR", "PNR", "NAME", "FIRST_NAME", "GIVEN_NAME", "LAST_NAME", "ADDRESS", "ZIPCODE", "TOWN"),
        *("COMPANY_TYPE", "COMPANY_TYPE_TEXT", "COMPANY_STATUS", "COMPANY_ACTIVE", "INCORPORATION_DATE"),
        *("PROTECTED", "EMIGRATED"),
    }
)


def is_person(number: str) -> bool:
    """Whether a 10- or 12-digit *number* is a natural person's: its month of birth is below 20."""
    return number[-8] < "2"


def person_columns(number: str) -> Columns:
    """The columns of the person credit block for *number*, which is returned as it was asked for."""
    draw = _Draw(number)
    first = draw.one_of("first", _FIRST_NAMES)
    zipcode, town = draw.one_of("town", _TOWNS)
    return {
        "PNR": number,
        "FIRST_NAME": first,
        "GIVEN_NAME": first,
        "LAST_NAME": draw.one_of("last", _LAST_NAMES),
        "ADDRESS": f"{draw.one_of('street', _STREETS)} {draw.between('house', 1, 80)}",
        "ZIPCODE": zipcode,
        "TOWN": town,
        "PROTECTED": "Nej",
        "EMIGRATED": "Nej",
        "HAS_TRUSTEE": "",
        "DEBT_PERSON": "",
        "TRADING_PROHIBITION": "Nej",
        "COORDINATION_DORMANT": "Nej",
        "INCOME": str(draw.between("income", 410, 720) * 1000),
        "ROP_NUMBER1": "0",
        "DEBT_SUM": "",
        "SCORING": str(draw.between("scoring", 65, 97)),
    }


def company_columns(number: str) -> Columns:
    """The columns of the company credit block for *number*; for a sole trader the owner's beside the firm's."""
    draw = _Draw(number)
    form = _form(number)
    zipcode, town = draw.one_of("town", _TOWNS)
    columns = {
        "ORGNR": number,
        "NAME": " ".join(
            [f"{draw.one_of('last', _LAST_NAMES)}s", draw.one_of("trade", _TRADES), *_SUFFIX.get(form, ())]
        ),
        "ADDRESS": f"{draw.one_of('street', _STREETS)} {draw.between('house', 1, 80)}",
        "ZIPCODE": zipcode,
        "TOWN": town,
        "COMPANY_TYPE": form,
        "COMPANY_TYPE_TEXT": _FORMS.get(form, form),
        "COMPANY_STATUS": "Aktiv",
        "COMPANY_ACTIVE": "Ja",
        "INCORPORATION_DATE": (_OLDEST_COMPANY + timedelta(days=draw.between("age", 0, 6000))).isoformat(),
        "RATING": str(draw.between("rating", 55, 96)),
        "CREDIT_LIMIT": str(draw.between("limit", 2, 30) * 50_000),
        "ROP_NUMBER1": "0",
        "ROP_SUM1": "",
        "ROP_LATEST1": "",
        "DEBT_SUM": "",
        "BANKRUPTCY": "Nej",
        "F_TAX": "Ja",
        "VAT": "Ja",
        "EMPLOYER": "Ja",
        "TURNOVER": str(draw.between("turnover", 18, 400) * 100_000),
        "ACCOUNTS_DATE": "2025-12-31",
        "EMPLOYEES": str(draw.between("employees", 1, 40)),
    }
    return {**person_columns(number), **columns} if form == "EF" else columns


def basic(columns: Columns) -> Columns:
    """What a basic block has of the *columns* of a credit block."""
    return {name: text for name, text in columns.items() if name in _BASIC}


def _form(number: str) -> str:
    if is_person(number):
        return "EF"
    if number[-10] == "9":
        return "HB" if int(number[-2]) % 2 == 0 else "KB"
    return "AB" if number[-10] == "5" else _OTHER_GROUPS.get(number[-10], "Annan")


class _Draw:
    """Draws that depend on the number and on what is drawn alone."""

    def __init__(self, number: str) -> None:
        self._number = number[-10:]

    def between(self, what: str, least: int, most: int) -> int:
        digest = hashlib.sha256(f"{what}:{self._number}".encode()).digest()
        return least + int.from_bytes(digest[:8]) % (most - least + 1)

    def one_of(self, what: str, choices: Sequence[T]) -> T:
        return choices[self.between(what, 0, len(choices) - 1)]
