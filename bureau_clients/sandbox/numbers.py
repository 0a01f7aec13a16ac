"""Every number by which the stand-ins answer in a particular way (rule X1).

Every other number has healthy facts that follow from the number, the same at both bureaus. None of the numbers was ever
issued: the organisation numbers have serials far above those in use, and the persons are test identities of
Skatteverket: those meant for sole traders born in 1976, those meant for guarantors in 1977, and 1978 where something
goes wrong at Bisnode or at both.
"""

from functools import cache, lru_cache

from bureau_clients.sandbox.facts import CompanyFacts, PersonFacts, changed, changed_person
from bureau_clients.sandbox.healthy import company_facts, person_facts
from bureau_clients.sandbox.magic import Group, MagicNumber
from bureau_clients.sandbox.numbers_of_companies import COMPANIES
from bureau_clients.sandbox.numbers_of_faults import FAULTS
from bureau_clients.sandbox.numbers_of_persons import PERSONS
from underwriting.kernel.text import Text

__all__ = ["Group", "MagicNumber", "by_group", "company", "magic_number", "magic_numbers", "person"]

_DIGITS_COMPARED = 10
_ALL = tuple(row for group in Group for row in (*COMPANIES, *PERSONS, *FAULTS) if row.group is group)
_BY_DIGITS = {row.number[-_DIGITS_COMPARED:]: row for row in _ALL}


def magic_numbers() -> tuple[MagicNumber, ...]:
    """Every documented number, group by group."""
    return _ALL


@cache
def by_group() -> tuple[tuple[Group, tuple[tuple[Text, tuple[str, ...]], ...]], ...]:
    """What is told in each group, with the numbers of which it is told."""
    return tuple((group, _told_in(group)) for group in Group)


def magic_number(number: str) -> MagicNumber | None:
    """The row of a *number* with 10 or 12 digits, or None when it is ordinary."""
    return _BY_DIGITS.get(number[-_DIGITS_COMPARED:])


@lru_cache(maxsize=1024)
def company(number: str) -> CompanyFacts:
    """What is so of the company with *number*, its story included."""
    magic = magic_number(number)
    return company_facts(number) if magic is None else changed(company_facts(number), magic.facts)


@lru_cache(maxsize=1024)
def person(number: str) -> PersonFacts:
    """What is so of the person with *number*, its story included."""
    magic = magic_number(number)
    return person_facts(number) if magic is None else changed_person(person_facts(number), magic.facts)


def _told_in(group: Group) -> tuple[tuple[Text, tuple[str, ...]], ...]:
    told: dict[Text, tuple[str, ...]] = {}
    for row in _ALL:
        if row.group is group:
            told[row.what] = (*told.get(row.what, ()), row.number)
    return tuple(told.items())
