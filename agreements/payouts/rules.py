"""Who has to look at a payout before it is sent, and whose an account is (rules P1, P2)."""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from underwriting.kernel.errors import Conflict, NotPermitted
from underwriting.kernel.money import Money
from underwriting.kernel.text import Text

_LEGAL_FORMS = frozenset({"AB", "HB", "KB", "AKTIEBOLAG", "AKTIEBOLAGET", "HANDELSBOLAG", "KOMMANDITBOLAG", "PUBL"})


class ReleaseBySamePerson(NotPermitted):
    """Whoever ordered a payout, or changed its account, cannot release it as well, with whatever account. Rule P1."""

    slug = "release-by-same-person"
    title = Text(
        "En annan person än den som förberedde utbetalningen måste släppa den",
        "Someone else than who prepared the payout has to release it",
    )
    rule = "P1"


class AccountNotTheCompanys(Conflict):
    """The name on the account is not the company's. Rule P1."""

    slug = "account-not-the-companys"
    title = Text("Kontot tillhör inte företaget", "The account is not the company's")
    rule = "P1"


class AccountEvidenceNeeded(Conflict):
    """The bank does not tell whose the account is: a person has to see evidence, and to write what it was. Rule P1."""

    slug = "account-evidence-needed"
    title = Text(
        "Banken uppger inte vems kontot är; ange vilket underlag som visar det",
        "The bank does not tell whose account it is; state what shows it",
    )
    rule = "P1"


@dataclass(frozen=True, slots=True)
class Person:
    """One of staff: the *actor* is an account, *index* the one who has it, where that is known."""

    actor: str
    index: bytes | None = None


def check_release(released_by: Person, prepared_by: Iterable[Person]) -> None:
    """Raise ReleaseBySamePerson unless *released_by* has prepared nothing of it, with any account (rule P1)."""
    if has_prepared(released_by, prepared_by):
        raise ReleaseBySamePerson


def has_prepared(one: Person, prepared_by: Iterable[Person]) -> bool:
    """Whether *one* is among those who prepared it, by this account or another."""
    return any(
        person.actor == one.actor or (person.index is not None and person.index == one.index) for person in prepared_by
    )


def needs_second_person(total: Money, *, released_without: Money, above: Money | None, account_changed: bool) -> bool:
    """Whether a person releases a file of *total* (rules P1, P2).

    *released_without* is what was released today without a person; together they may reach *above*, not pass it, so
    that a sum is not passed by being divided. Without *above* only a changed account asks for a person.
    """
    return account_changed or (above is not None and released_without + total > above)


def is_the_companys(holder: str, company: str) -> bool:
    """Whether the name on an account says the company: spelling of case, signs and legal form aside (rule P1)."""
    return bool(_core(company)) and _core(holder) == _core(company)


def _core(name: str) -> tuple[str, ...]:
    words = re.findall(r"\w+", unicodedata.normalize("NFKC", name).upper())
    return tuple(word for word in words if word not in _LEGAL_FORMS) or tuple(words)
