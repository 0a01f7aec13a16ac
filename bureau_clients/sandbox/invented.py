"""Names, addresses and numbers made up for a number: the same for the same number always."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from stdnum import luhn

T = TypeVar("T")

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
# Test identities of Skatteverket, never issued to anyone: those who sit on boards.
_PEOPLE = (
    *("197901032388", "197901072392", "197901102389", "197901112396", "197901182381", "197901192398"),
    *("197901202387", "197901212386", "197901292396", "197902022388", "197902052385", "197902062392"),
)


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody lives or has an office."""

    street: str
    zipcode: str
    town: str


class Draw:
    """Draws that depend on the number, with or without its century, and on what is drawn alone."""

    def __init__(self, number: str) -> None:
        self._number = number[-10:]

    def between(self, what: str, least: int, most: int) -> int:
        """A whole number, both ends included."""
        digest = hashlib.sha256(f"{what}:{self._number}".encode()).digest()
        return least + int.from_bytes(digest[:8]) % (most - least + 1)

    def one_of(self, what: str, choices: Sequence[T]) -> T:
        """One of the *choices*."""
        return choices[self.between(what, 0, len(choices) - 1)]

    def some_of(self, what: str, choices: Sequence[T], count: int) -> tuple[T, ...]:
        """*count* different *choices* that stand next to each other, the last one's neighbour being the first."""
        first = self.between(what, 0, len(choices) - 1)
        return tuple(choices[(first + offset) % len(choices)] for offset in range(count))


def is_person(number: str) -> bool:
    """Whether a 10- or 12-digit *number* is a natural person's: its month of birth is below 20."""
    return number[-8] < "2"


def first_name(number: str) -> str:
    """The first name of a person."""
    return Draw(number).one_of("first", _FIRST_NAMES)


def last_name(number: str) -> str:
    """The last name of a person."""
    return Draw(number).one_of("last", _LAST_NAMES)


def company_name(number: str, suffix: str = "") -> str:
    """The name of a company, with the letters of its form if it has any."""
    draw = Draw(number)
    owner, trade = draw.one_of("last", _LAST_NAMES), draw.one_of("trade", _TRADES)
    return " ".join([f"{owner}s", trade, *([suffix] if suffix else [])])


def address(number: str) -> Address:
    """Where the company or person is found."""
    draw = Draw(number)
    zipcode, town = draw.one_of("town", _TOWNS)
    return Address(f"{draw.one_of('street', _STREETS)} {draw.between('house', 1, 80)}", zipcode, town)


def people(number: str, count: int) -> tuple[str, ...]:
    """The numbers of those who run the company."""
    return Draw(number).some_of("people", _PEOPLE, count)


def company_numbers(number: str, count: int) -> tuple[str, ...]:
    """The numbers, none of them ever issued, of companies that a person runs."""
    first = Draw(number).between("companies", 0, 49)
    digits = [f"5599993{(first + 7 * offset) % 100:02d}" for offset in range(count)]
    return tuple(each + luhn.calc_check_digit(each) for each in digits)
