"""A customer's own columns and words in the place of the shipped ones, refused at the start where they cannot hold."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from string import Formatter
from types import MappingProxyType
from typing import Any, Literal, get_args, get_type_hints

from bureau_clients.creditsafe.codes import CODE_ONLY_FACTS
from bureau_clients.creditsafe.columns import (
    COMPANY_COLUMNS,
    FORM_WORDS,
    NUMBER_COLUMNS,
    PERSON_COLUMNS,
    REST_COMPANY_COLUMNS,
    REST_NUMBER_COLUMNS,
    REST_PERSON_COLUMNS,
    STATUS_WORDS,
    Column,
    Empty,
    Listing,
)
from bureau_clients.reports import (
    AnnualAccounts,
    Assignment,
    BoardMember,
    CompanyReport,
    CompanyStatus,
    PersonReport,
    fact_types,
)
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm

MOST_PLACES = 500

Transported = Literal["soap", "rest"]
Columns = Mapping[str, Column | Listing]

LIST_KEYS: Mapping[type, str] = {AnnualAccounts: "closed_on", BoardMember: "name", Assignment: "company_number"}
"""The members of which each place of a list has one; what else it says may be missing."""

_TOLD_ELSEWHERE = CODE_ONLY_FACTS | {"opinion"}  # by a code, or by CAS
_CAN_BE_EMPTY_AS: Mapping[Empty, tuple[type, ...]] = {Empty.ZERO: (int, Money), Empty.NO: (bool,)}
_PARTS = frozenset({"company", "person", "statuses", "forms", "left_out"})
_SHIPPED: Mapping[Transported, tuple[Columns, Columns, tuple[str, ...]]] = {
    "soap": (COMPANY_COLUMNS, PERSON_COLUMNS, NUMBER_COLUMNS),
    "rest": (REST_COMPANY_COLUMNS, REST_PERSON_COLUMNS, REST_NUMBER_COLUMNS),
}


class LeftOut(StrEnum):
    """What a column says that is declared and not there."""

    UNKNOWN = "unknown"
    EMPTY = "empty"


class MappingInvalid(ValueError):
    """The configured mapping names a fact that no report has, or cannot be read. The message says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """One customer's columns and words; *numbers* are the columns that say whom a row is about.

    *left_out* is what a column says that a row leaves out although the diffgram's schema declares it: nothing, as any
    that is missing, or the same as an empty one, as the DataSets of .NET write what has no value.

    Raises MappingInvalid for a fact that the report does not have, or whose column cannot say what it is to say.
    """

    company: Columns
    person: Columns
    statuses: Mapping[str, CompanyStatus]
    forms: Mapping[str, CompanyForm]
    numbers: tuple[str, ...]
    left_out: LeftOut = LeftOut.UNKNOWN

    def __post_init__(self) -> None:
        for what, columns, report in (("company", self.company, CompanyReport), ("person", self.person, PersonReport)):
            types = {name: type_ for name, type_ in fact_types(report).items() if name not in _TOLD_ELSEWHERE}
            for fact, column in columns.items():
                if fact not in types:
                    raise MappingInvalid(
                        f"the {what} report takes no column for {fact!r}; it takes {', '.join(sorted(types))}"
                    )
                _check(f"{fact!r} of the {what} report", column, types[fact])

    @classmethod
    def configured(cls, settings: Mapping[str, Any], *, transport: Transported = "soap") -> "ColumnMapping":
        """The mapping shipped for *transport* with what *settings* puts in the place of its parts, each optional.

        `{"company": {"f_tax": "FSKATT", "annual_turnover": {"name": "OMS", "empty": "absent", "kronor": 1000},
        "accounts": {"most": 5, "first": 1, "closed_on": "ACC{n}_DATE", "turnover": {"name": "ACC{n}_OMS", "kronor":
        1000}}}, "person": {...}, "statuses": {"konkurs": "bankrupt"}, "forms": {...}, "left_out": "empty"}`.
        A name alone keeps the rest of the shipped column; null leaves the fact without a column. Raises MappingInvalid.
        """
        if unknown := settings.keys() - _PARTS:
            raise MappingInvalid(f"the mapping has no part {sorted(unknown)[0]!r}; it has {', '.join(sorted(_PARTS))}")
        company, person, numbers = _SHIPPED[transport]
        try:
            return cls(
                company=_columns(company, settings.get("company", {})),
                person=_columns(person, settings.get("person", {})),
                statuses={**STATUS_WORDS, **_words(settings.get("statuses", {}), CompanyStatus)},
                forms={**FORM_WORDS, **_words(settings.get("forms", {}), CompanyForm)},
                numbers=numbers,
                left_out=LeftOut(settings.get("left_out", LeftOut.UNKNOWN)),
            )
        except MappingInvalid:
            raise
        except (AttributeError, TypeError, KeyError, ValueError) as error:
            raise MappingInvalid(f"the mapping cannot be read: {error}") from error


def member_types(item: type) -> Mapping[str, type]:
    """The members of one place of a list, each with the type of its value where it has one."""
    return _MEMBER_TYPES[item]


def item_of(type_: type) -> type | None:
    """What the list *type_* is a list of; None where it is no list."""
    arguments = get_args(type_)
    return arguments[0] if arguments and arguments[0] in LIST_KEYS else None


def _types_in(item: type[Any]) -> Mapping[str, type]:
    hints = get_type_hints(item)
    # `date | None` is a union whose first member is the type
    return MappingProxyType(
        {field.name: (get_args(hints[field.name]) or (hints[field.name],))[0] for field in fields(item)}
    )


_MEMBER_TYPES = MappingProxyType({item: _types_in(item) for item in LIST_KEYS})


def _check(what: str, column: Column | Listing, type_: type) -> None:
    item = item_of(type_)
    if isinstance(column, Listing) and item is not None:
        _check_listing(what, column, item)
    elif isinstance(column, Column) and item is None:
        _check_column(what, column, type_)
        if "{" in column.name or "}" in column.name:
            raise MappingInvalid(f"the column for {what} is one and takes no {{n}}")
    else:
        wanted = "a list of columns" if item else "one column"
        raise MappingInvalid(f"{what} is configured by {wanted}")


def _check_column(what: str, column: Column, type_: type) -> None:
    if not column.name.split() or type(column.kronor) is not int or column.kronor < 1:
        raise MappingInvalid(f"the column for {what} has no name or no unit")
    if column.kronor != 1 and type_ is not Money:
        raise MappingInvalid(f"the column for {what} holds no amount, so it has no unit")
    if type_ not in _CAN_BE_EMPTY_AS.get(column.empty, (type_,)):
        raise MappingInvalid(f"an empty column for {what} cannot say {column.empty}")


def _check_listing(what: str, listing: Listing, item: type) -> None:
    types = member_types(item)
    if unknown := listing.members.keys() - types.keys():
        raise MappingInvalid(f"a place of {what} has no {sorted(unknown)[0]!r}; it has {', '.join(sorted(types))}")
    if LIST_KEYS[item] not in listing.members:
        raise MappingInvalid(f"a place of {what} needs a column for {LIST_KEYS[item]!r}")
    if type(listing.most) is not int or not 1 <= listing.most <= MOST_PLACES:
        raise MappingInvalid(f"the most places of {what} are not between 1 and {MOST_PLACES}")
    if type(listing.first) is not int or listing.first < 0:
        raise MappingInvalid(f"the first place of {what} is not 0 or more")
    if listing.empty not in (Empty.UNKNOWN, Empty.ABSENT):
        raise MappingInvalid(f"an empty list for {what} cannot say {listing.empty}")
    for member, column in listing.members.items():
        _check_column(f"{member!r} in {what}", column, types[member])
        if any(_places_in(name) != ["n"] for name in column.name.split()):
            raise MappingInvalid(f"the column for {member!r} in {what} does not have {{n}} once for the place's number")


def _places_in(name: str) -> list[str]:
    """The fields of a template; those with a format or a conversion are no plain numbers."""
    parts = [(field, spec, conversion) for _, field, spec, conversion in Formatter().parse(name) if field is not None]
    return [field if not spec and not conversion else "" for field, spec, conversion in parts]


def _columns(shipped: Columns, configured: Mapping[str, Any]) -> Columns:
    changed = {fact: _column(shipped.get(fact), value) for fact, value in configured.items() if value is not None}
    return {fact: column for fact, column in {**shipped, **changed}.items() if configured.get(fact, column) is not None}


def _column(shipped: Column | Listing | None, value: Any) -> Column | Listing:
    if isinstance(value, str):
        return replace(shipped, name=value) if isinstance(shipped, Column) else Column(value)
    if "name" in value and "most" not in value:
        return Column(**{**value, "empty": Empty(value.get("empty", Empty.UNKNOWN))})
    if "most" in value:
        return _listing(**value)
    raise MappingInvalid("the mapping cannot be read: a column has a name, a list says how many places it has at most")


def _listing(*, most: int, first: int = 1, empty: str = Empty.ABSENT, **members: Any) -> Listing:
    columns = {member: _member(value) for member, value in members.items() if value is not None}
    return Listing(members=columns, most=most, first=first, empty=Empty(empty))


def _member(value: Any) -> Column:
    if isinstance(value, str):
        return Column(value)
    if unknown := value.keys() - {"name", "kronor"}:
        raise MappingInvalid(f"a column of a list has no {sorted(unknown)[0]!r}; it has a name and kronor")
    return Column(**value)


def _words(configured: Mapping[str, str], values: Callable[[str], Any]) -> Mapping[str, Any]:
    return {word.casefold(): values(value) for word, value in configured.items()}
