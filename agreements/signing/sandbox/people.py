"""Who signs at the stand-in: Skatteverket's test numbers, never issued to anyone, with names made up for them."""

from collections.abc import Sequence
from dataclasses import dataclass

_GIVEN = ("Alva", "Birger", "Cecilia", "David", "Elsa", "Folke", "Greta", "Hugo", "Ines", "Johan")
_SURNAMES = ("Almgren", "Bergdahl", "Cederlund", "Dahlin", "Ekvall", "Forsman", "Granath", "Hedman", "Isaksson", "Järn")


@dataclass(frozen=True, slots=True)
class Person:
    """One who can sign; *personal_number* is 12 digits."""

    personal_number: str
    given_name: str
    surname: str

    @property
    def name(self) -> str:
        """Given name and surname."""
        return f"{self.given_name} {self.surname}"


DEMO_PEOPLE = (
    Person("197902092381", "Anna", "Lindqvist"),
    Person("198106032397", "Erik", "Sandström"),
    Person("199011272383", "Maria", "Holmberg"),
    Person("197701072394", "Karl", "Nyberg"),
    Person("196904262398", "Gunnar", "Bergman"),
    Person("198801042386", "Sara", "Wallin"),
    Person("199301012390", "Oskar", "Lundgren"),
    Person("197601092385", "Eva", "Dahlström"),
)
"""Whom the stand-in's pages offer when nobody else is given."""

STRANGER = Person("196103043698", "Okänd", "Främling")
"""Who signs in the hostile mode `other_person`."""


def person_of(personal_number: str, people: Sequence[Person]) -> Person:
    """The one of *people* with that number, else somebody with a name that always is the same for the number."""
    for person in people:
        if person.personal_number == personal_number:
            return person
    given, surname = _GIVEN[int(personal_number[9])], _SURNAMES[int(personal_number[10])]
    return Person(personal_number, given, surname)
