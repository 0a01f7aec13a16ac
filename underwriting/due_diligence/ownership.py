"""Who owns or controls a company in the end, pure (*verklig huvudman*; rule K1; lag 2017:631, 1 kap. 3-6 §§).

A natural person is a beneficial owner who, alone or together with close relatives,
1. holds more than 25 % of the votes. A holding through companies counts in two ways: multiplied along the chain, and in
   full where the person controls each company on the way. The act asks for control, banks and the register often
   multiply: whoever is an owner by either way is one here;
2. may appoint more than half of the board, or controls the company, or one that controls it, by an agreement;
3. is a partner of an HB with so many votes (by head where no shares are told), or an unlimited partner of a KB;
4. is the sole trader.
Relatives' holdings are added together and each who holds something is counted with the sum. Where nobody is found, the
chair, the managing director or the like stands in (lag 2017:630, 3 kap. 8 §).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum

from underwriting.kernel.statutes import BENEFICIAL_OWNER_SHARE
from underwriting.kernel.vocabulary import CompanyForm, OwnerControl

_NOTHING, _WHOLE = Decimal(0), Decimal(1)
_SHORT = 10  # digits of a company's number, and of a person's without the century
_PERSON = 12
PARTNERSHIPS = (CompanyForm.HB, CompanyForm.KB)
"""The forms that have partners."""


class OwnerBasis(StrEnum):
    """Why somebody is a beneficial owner."""

    VOTES = "votes"
    RELATIVES = "relatives"
    CHAIN = "chain"
    BOARD = "board"
    AGREEMENT = "agreement"
    PARTNER = "partner"
    SOLE_TRADER = "sole_trader"
    ALTERNATIVE = "alternative"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """That *holder* has a *share* of the votes in *company*, or controls it otherwise.

    Both are numbers in digits: twelve of a person, ten of a company.
    """

    holder: str = field(repr=False)
    company: str = field(repr=False)
    share: Decimal
    control: OwnerControl = OwnerControl.VOTES


@dataclass(frozen=True, slots=True, kw_only=True)
class Structure:
    """A *company* and all that is known of who holds it. *relatives* are pairs of persons who are close to each other:
    spouses, partners, parents, children and their spouses (lag 2017:631, 1 kap. 5 §).
    """

    company: str = field(repr=False)
    form: CompanyForm
    holdings: tuple[Holding, ...]
    relatives: frozenset[frozenset[str]] = field(default=frozenset(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """A beneficial owner: the *share* of the votes that counts, with relatives', and every *basis*."""

    number: str = field(repr=False)
    share: Decimal
    basis: tuple[OwnerBasis, ...]


class DifferenceKind(StrEnum):
    """How what was told differs from what a register says."""

    NOT_TOLD = "not_told"  # registered, and not told
    NOT_REGISTERED = "not_registered"  # told, and not registered


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Somebody on whom a register and what was told do not agree."""

    kind: DifferenceKind
    number: str = field(repr=False)


def owners_of(structure: Structure, *, on: date) -> tuple[Owner, ...]:
    """The beneficial owners, by their numbers; whoever stands in for them where there are none; else nobody."""
    if structure.form is CompanyForm.EF:
        return (Owner(number=structure.company, share=_WHOLE, basis=(OwnerBasis.SOLE_TRADER,)),)
    least = BENEFICIAL_OWNER_SHARE.on(on)
    persons = sorted({one.holder for one in structure.holdings if len(one.holder) == _PERSON})
    votes = {person: _votes(structure, person, least) for person in persons}
    found = tuple(owner for person in persons if (owner := _owner(structure, person, votes, least)) is not None)
    return found or tuple(_alternatives(structure))


def unresolved(structure: Structure, *, on: date) -> tuple[str, ...]:
    """The companies that hold so much that their owners would count, and of which nobody is known to own them."""
    least = BENEFICIAL_OWNER_SHARE.on(on)
    owned = {one.company for one in structure.holdings}
    unknown = {one.holder for one in structure.holdings if len(one.holder) != _PERSON} - owned
    return tuple(sorted(one for one in unknown if _votes(structure, one, least) > least))


def differences(told: Collection[str], registered: Collection[str]) -> tuple[Difference, ...]:
    """Where those who were *told* and those who are *registered* are not the same, by the ends of their numbers: a
    register may write them without the century.
    """
    ours, theirs = {one[-_SHORT:]: one for one in told}, {one[-_SHORT:]: one for one in registered}
    missing = (Difference(kind=DifferenceKind.NOT_TOLD, number=theirs[end]) for end in sorted(theirs.keys() - ours))
    unknown = (Difference(kind=DifferenceKind.NOT_REGISTERED, number=ours[end]) for end in sorted(ours.keys() - theirs))
    return (*missing, *unknown)


def _owner(structure: Structure, person: str, votes: Mapping[str, Decimal], least: Decimal) -> Owner | None:
    close = {other for pair in structure.relatives if person in pair for other in pair} - {person}
    together = min(_WHOLE, votes[person] + sum((votes.get(one, _NOTHING) for one in close), _NOTHING))
    basis = set(_otherwise(structure, person, least))
    if votes[person] > least:
        shares = _shares(structure, structure.company)
        direct = sum((share for holder, share in shares if holder == person), _NOTHING)
        basis.add(OwnerBasis.VOTES if direct > least else OwnerBasis.CHAIN)
    elif votes[person] > _NOTHING and together > least:
        basis.add(OwnerBasis.RELATIVES)
    if not basis:
        return None
    return Owner(number=person, share=together, basis=tuple(one for one in OwnerBasis if one in basis))


def _votes(structure: Structure, person: str, least: Decimal) -> Decimal:
    """The person's part of the votes: the larger of what is multiplied along chains and what is controlled."""
    multiplied = _multiplied(structure, person, structure.company, frozenset())
    return min(_WHOLE, max(multiplied, _controlled(structure, person, structure.company, least, frozenset())))


def _multiplied(structure: Structure, person: str, company: str, above: frozenset[str]) -> Decimal:
    if company in above:  # companies that own each other
        return _NOTHING
    below = above | {company}
    parts = (
        share * (_WHOLE if holder == person else _multiplied(structure, person, holder, below))
        for holder, share in _shares(structure, company)
    )
    return sum(parts, _NOTHING)


def _controlled(structure: Structure, person: str, company: str, least: Decimal, above: frozenset[str]) -> Decimal:
    """The votes in *company* that are the person's own or those of companies that the person controls."""
    if company in above:
        return _NOTHING
    below = above | {company}

    def controls(holder: str) -> bool:
        by_votes = _controlled(structure, person, holder, least, below) > least
        return holder == person or by_votes or _rules(structure, person, holder)

    return sum((share for holder, share in _shares(structure, company) if controls(holder)), _NOTHING)


def _shares(structure: Structure, company: str) -> Iterator[tuple[str, Decimal]]:
    """Who holds which part of the votes in *company*; the partners of an HB vote by head where no shares are told."""
    held = [one for one in structure.holdings if one.company == company]
    partners = [one for one in held if one.control is OwnerControl.PARTNER]
    by_head = (
        structure.form is CompanyForm.HB
        and company == structure.company
        and all(one.share == _NOTHING for one in partners)
    )
    for one in held:
        heads = by_head and one.control is OwnerControl.PARTNER
        yield one.holder, _WHOLE / len(partners) if heads else one.share


def _otherwise(structure: Structure, person: str, least: Decimal) -> Iterator[OwnerBasis]:
    """Control that is not by votes: of the company, or of one that controls it."""
    for one in structure.holdings:
        of_company = one.company == structure.company
        reaches = of_company or _controlled(structure, one.company, structure.company, least, frozenset()) > least
        if one.holder != person or not reaches:
            continue
        if one.control is OwnerControl.BOARD:
            yield OwnerBasis.BOARD
        elif one.control is OwnerControl.AGREEMENT:
            yield OwnerBasis.AGREEMENT
        elif one.control is OwnerControl.PARTNER and of_company and structure.form is CompanyForm.KB:
            yield OwnerBasis.PARTNER


def _rules(structure: Structure, person: str, company: str) -> bool:
    ways = (OwnerControl.BOARD, OwnerControl.AGREEMENT)
    return any(one.holder == person and one.company == company and one.control in ways for one in structure.holdings)


def _alternatives(structure: Structure) -> Iterator[Owner]:
    named = {one.holder for one in structure.holdings if one.control is OwnerControl.ALTERNATIVE}
    for number in sorted(named):
        yield Owner(number=number, share=_NOTHING, basis=(OwnerBasis.ALTERNATIVE,))
