"""Who may sign for a company (*firmateckning*): alternatives of persons and roles, of which one is enough (A9, S2).

An alternative is filled by different persons: those it names, and for each role as many of its holders as it asks for.
Where the board (*styrelsen*) signs as such, more than half of it does (aktiebolagslagen 2005:551, 8 kap. 22 and 35 §§).
What a managing director may sign within the day-to-day management (*löpande förvaltning*, 8 kap. 29 and 36 §§) is kept
as registered; taking a credit lies outside it, so that such an alternative completes nothing here.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from underwriting.kernel.errors import FieldError, InvalidInput
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.text import Text

MOST_SIGNATORIES = 50
MOST_ALTERNATIVES = 200


class SignatoryRole(StrEnum):
    """The capacity in which somebody may sign for a company."""

    BOARD_MEMBER = "board_member"  # styrelseledamot
    MANAGING_DIRECTOR = "managing_director"  # verkställande direktör
    PARTNER = "partner"  # bolagsman of an HB
    GENERAL_PARTNER = "general_partner"  # komplementär of a KB
    PROCURATION_HOLDER = "procuration_holder"  # prokurist
    SPECIAL_SIGNATORY = "special_signatory"  # särskild firmatecknare
    OWNER = "owner"  # of a sole trader


class RuleSource(StrEnum):
    """Where a signing rule is from."""

    BUREAU = "bureau"  # the registered right, as a bureau told it whole
    LAW = "law"  # a sole trader signs alone
    APPLICANT = "applicant"  # one alternative, as the applicant named it
    STAFF = "staff"  # read by a member of staff, looked at by a second one


@dataclass(frozen=True, slots=True)
class Signatory:
    """One who signs for the company (*firmatecknare*); without an own address the contact's is used."""

    person: PersonalNumber
    name: str = field(repr=False)
    email: str | None = field(default=None, repr=False)
    roles: frozenset[SignatoryRole] = frozenset()


@dataclass(frozen=True, slots=True)
class RoleSeats:
    """So many of those who hold *role*; without a *count* more than half of them."""

    role: SignatoryRole
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Alternative:
    """All of *persons*, and beside them those whom *seats* ask for; *day_to_day* ones bind to no credit."""

    persons: frozenset[PersonalNumber] = frozenset()
    seats: tuple[RoleSeats, ...] = ()
    day_to_day: bool = False


class SigningRuleInvalid(InvalidInput):
    """No signing rule: it names nobody, somebody unknown, or nothing that could ever be complete. Rule S2."""

    slug = "signing-rule-invalid"
    title = Text("Firmateckningen kan inte läsas så", "That cannot be a signing rule")
    rule = "S2"


_NOBODY = Text("Ingen anges", "Nobody is named")
_TWICE = Text("Samma person anges två gånger", "The same person is named twice")
_UNKNOWN = Text("Personen finns inte bland firmatecknarna", "The person is not among the signatories")
_NEVER_COMPLETE = Text(
    "Så många med den rollen finns inte bland firmatecknarna", "There are not so many with that role"
)
_BINDS_NOTHING = Text("Inget alternativ räcker för att ta en kredit", "No alternative is enough to take a credit")


@dataclass(frozen=True, slots=True)
class SigningRule:
    """The *alternatives* and everybody whom they can mean; *wording* is the registered text where it is known.

    Raises SigningRuleInvalid when it is made. *checked* says that the lender need not look at it again: it is told by
    the register or by law, or two members of staff have read it.
    """

    signatories: tuple[Signatory, ...]
    alternatives: tuple[Alternative, ...]
    source: RuleSource
    checked: bool = True
    wording: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if faults := tuple(self._faults()):
            raise SigningRuleInvalid(errors=faults)

    @classmethod
    def jointly(
        cls, signatories: Iterable[Signatory], *, source: RuleSource = RuleSource.APPLICANT, checked: bool = True
    ) -> "SigningRule":
        """One alternative: all of *signatories* together."""
        named = tuple(signatories)
        return cls(named, (Alternative(frozenset(one.person for one in named)),), source, checked)

    def is_complete(self, signed: Collection[PersonalNumber]) -> bool:
        """Whether *signed* fill one alternative (rule S2); a further signature never undoes that."""
        return any(self._is_filled(alternative, signed) for alternative in self._binding)

    def stands_in(self, person: PersonalNumber) -> bool:
        """Whether *person* has a place in an alternative that binds the company to a credit (rule A9)."""
        return any(person in self._persons_of(alternative) for alternative in self._binding)

    @property
    def callable_signatories(self) -> tuple[Signatory, ...]:
        """Those whose signature can count, in their order."""
        return tuple(one for one in self.signatories if self.stands_in(one.person))

    @property
    def _binding(self) -> Iterator[Alternative]:
        return (alternative for alternative in self.alternatives if not alternative.day_to_day)

    def _is_filled(self, alternative: Alternative, signed: Collection[PersonalNumber]) -> bool:
        """Whether different persons among *signed* take every place."""
        if not alternative.persons <= set(signed):
            return False
        free = [one for one in self.signatories if one.person in signed and one.person not in alternative.persons]
        return _can_be_seated(free, self._seats(alternative))

    def _seats(self, alternative: Alternative) -> Mapping[SignatoryRole, int]:
        seats: Counter[SignatoryRole] = Counter()
        for asked in alternative.seats:
            seats[asked.role] += asked.count or self._more_than_half(asked.role)
        return seats

    def _more_than_half(self, role: SignatoryRole) -> int:
        return sum(role in one.roles for one in self.signatories) // 2 + 1

    def _persons_of(self, alternative: Alternative) -> frozenset[PersonalNumber]:
        roles = {seat.role for seat in alternative.seats}
        return alternative.persons | {one.person for one in self.signatories if one.roles & roles}

    def _faults(self) -> Iterator[FieldError]:
        persons = [one.person for one in self.signatories]
        if not persons or len(persons) > MOST_SIGNATORIES:
            yield FieldError("/signatories", _NOBODY)
        if len(set(persons)) < len(persons):
            yield FieldError("/signatories", _TWICE)
        if len(self.alternatives) > MOST_ALTERNATIVES or not any(self._binding):
            yield FieldError("/alternatives", _BINDS_NOTHING)
        for number, alternative in enumerate(self.alternatives):
            if not (alternative.persons or alternative.seats) or any(
                seat.count is not None and seat.count < 1 for seat in alternative.seats
            ):
                yield FieldError(f"/alternatives/{number}", _NOBODY)
            elif not alternative.persons <= set(persons):
                yield FieldError(f"/alternatives/{number}/persons", _UNKNOWN)
            elif not self._is_filled(alternative, persons):
                yield FieldError(f"/alternatives/{number}/seats", _NEVER_COMPLETE)


def _can_be_seated(free: list[Signatory], seats: Mapping[SignatoryRole, int]) -> bool:
    """Whether each seat can be given to somebody else: one person, though in several roles, sits on one."""
    wanted = [role for role, count in seats.items() for _ in range(count)]
    if len(wanted) > len(free):
        return False
    taken: dict[PersonalNumber, SignatoryRole] = {}
    return all(_seat(role, free, taken, set()) for role in wanted)


def _seat(
    role: SignatoryRole,
    free: list[Signatory],
    taken: dict[PersonalNumber, SignatoryRole],
    tried: set[PersonalNumber],
) -> bool:
    """Give a seat of *role* to one of *free*, moving those who sit to another seat where that makes room."""
    for one in free:
        if role not in one.roles or one.person in tried:
            continue
        tried.add(one.person)
        if one.person not in taken or _seat(taken[one.person], free, taken, tried):
            taken[one.person] = role
            return True
    return False
