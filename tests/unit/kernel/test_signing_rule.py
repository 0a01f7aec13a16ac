"""Who may sign for a company, as alternatives of persons and roles (rules A9, S2)."""

from itertools import chain, combinations, permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.credit import ANNA, ERIK, MARIA, STRANGER
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.signing_rule import (
    Alternative,
    RoleSeats,
    RuleSource,
    Signatory,
    SignatoryRole,
    SigningRule,
    SigningRuleInvalid,
)

BOARD, DIRECTOR = SignatoryRole.BOARD_MEMBER, SignatoryRole.MANAGING_DIRECTOR
PERSONS = (ANNA, ERIK, MARIA, STRANGER)
BY_LETTER = dict(zip("ABCD", PERSONS, strict=True))


def people(letters: str) -> frozenset[PersonalNumber]:
    """The persons behind the letters of a vector."""
    return frozenset(BY_LETTER[letter] for letter in letters)


def rule(*alternatives: Alternative, board: str = "ABC", director: str = "") -> SigningRule:
    """A rule among A, B, C and D with these on the board."""
    signatories = tuple(
        Signatory(
            person,
            letter,
            roles=frozenset(role for role, holders in ((BOARD, board), (DIRECTOR, director)) if letter in holders),
        )
        for letter, person in BY_LETTER.items()
    )
    return SigningRule(signatories, alternatives, RuleSource.STAFF)


def named(letters: str) -> Alternative:
    """These persons together."""
    return Alternative(persons=people(letters))


A_ALONE_OR_B_AND_C = rule(named("A"), named("BC"))
TWO_OF_THE_BOARD = rule(Alternative(seats=(RoleSeats(BOARD, 2),)))
THE_BOARD_OF_FOUR = rule(Alternative(seats=(RoleSeats(BOARD),)), board="ABCD")
A_WITH_ONE_OF_THE_BOARD = rule(Alternative(people("A"), (RoleSeats(BOARD, 1),)))
DIRECTOR_WITH_A_MEMBER = rule(
    Alternative(seats=(RoleSeats(DIRECTOR, 1), RoleSeats(BOARD, 1))), board="AB", director="A"
)


@pytest.mark.parametrize(
    ("signing_rule", "signed", "complete"),
    [
        (A_ALONE_OR_B_AND_C, "A", True),
        (A_ALONE_OR_B_AND_C, "B", False),
        (A_ALONE_OR_B_AND_C, "BC", True),
        (A_ALONE_OR_B_AND_C, "CD", False),
        (A_ALONE_OR_B_AND_C, "", False),
        (A_ALONE_OR_B_AND_C, "ABCD", True),
        (TWO_OF_THE_BOARD, "A", False),
        (TWO_OF_THE_BOARD, "AD", False),  # D is not on the board
        (TWO_OF_THE_BOARD, "BC", True),
        (THE_BOARD_OF_FOUR, "AB", False),  # half is not more than half
        (THE_BOARD_OF_FOUR, "ABC", True),
        (A_WITH_ONE_OF_THE_BOARD, "A", False),  # A does not sign twice, though on the board
        (A_WITH_ONE_OF_THE_BOARD, "BC", False),
        (A_WITH_ONE_OF_THE_BOARD, "AC", True),
        (DIRECTOR_WITH_A_MEMBER, "A", False),  # director and member in one person takes one place
        (DIRECTOR_WITH_A_MEMBER, "AB", True),
        (rule(named("A"), Alternative(people("B"), day_to_day=True)), "B", False),
        (rule(named("A"), Alternative(people("B"), day_to_day=True)), "A", True),
    ],
)
def test_one_filled_alternative_completes_the_company(signing_rule: SigningRule, signed: str, complete: bool) -> None:
    """S2: the company's side is complete when one alternative of its signing rule is, filled by different persons."""
    assert signing_rule.is_complete(people(signed)) is complete


@pytest.mark.parametrize(
    ("signing_rule", "standing"),
    [
        (A_ALONE_OR_B_AND_C, "ABC"),
        (TWO_OF_THE_BOARD, "ABC"),
        (A_WITH_ONE_OF_THE_BOARD, "ABC"),
        (rule(named("A"), Alternative(people("B"), day_to_day=True)), "A"),
    ],
)
def test_who_submits_stands_in_an_alternative_that_binds(signing_rule: SigningRule, standing: str) -> None:
    """A9: persons and holders of roles stand in a rule; the day-to-day right of a managing director takes no credit."""
    assert {letter for letter in "ABCD" if signing_rule.stands_in(BY_LETTER[letter])} == set(standing)


@pytest.mark.parametrize(
    ("alternatives", "pointer"),
    [
        ((), "/alternatives"),
        ((Alternative(people("A"), day_to_day=True),), "/alternatives"),
        ((Alternative(),), "/alternatives/0"),
        ((named("A"), Alternative(seats=(RoleSeats(BOARD, 0),))), "/alternatives/1"),
        ((Alternative(seats=(RoleSeats(BOARD, 4),)),), "/alternatives/0/seats"),
        ((Alternative(seats=(RoleSeats(DIRECTOR, 1),)),), "/alternatives/0/seats"),
        ((Alternative(people("ABC"), (RoleSeats(BOARD, 1),)),), "/alternatives/0/seats"),
    ],
)
def test_what_can_never_be_complete_is_no_rule(alternatives: tuple[Alternative, ...], pointer: str) -> None:
    """S2: an alternative that nobody, or not enough people, can fill is refused when it is entered."""
    with pytest.raises(SigningRuleInvalid) as refused:
        rule(*alternatives)
    assert refused.value.errors[0].pointer == pointer


def test_a_rule_names_each_person_once_and_nobody_unknown() -> None:
    """S2: the persons of the alternatives are among the signatories, each there once."""
    anna = Signatory(ANNA, "A")
    for signatories in ((), (anna, anna), (Signatory(ERIK, "B"),)):
        with pytest.raises(SigningRuleInvalid):
            SigningRule(signatories, (named("A"),), RuleSource.STAFF)


ROLES = (BOARD, DIRECTOR)
ALTERNATIVES = st.builds(
    Alternative,
    persons=st.frozensets(st.sampled_from(PERSONS), max_size=2),
    seats=st.lists(st.builds(RoleSeats, st.sampled_from(ROLES), st.none() | st.integers(1, 3)), max_size=2).map(tuple),
    day_to_day=st.booleans(),
)


@st.composite
def rules(draw: st.DrawFn) -> SigningRule:
    """Any valid rule among four persons who hold up to two roles each."""
    holders = st.frozensets(st.sampled_from(ROLES))
    signatories = tuple(Signatory(person, "N", roles=draw(holders)) for person in PERSONS)
    try:
        return SigningRule(signatories, tuple(draw(st.lists(ALTERNATIVES, max_size=3))), RuleSource.STAFF)
    except SigningRuleInvalid:
        return SigningRule(signatories, (named("A"),), RuleSource.STAFF)


def subsets() -> list[frozenset[PersonalNumber]]:
    """Every set of signatures that four persons can have given."""
    return [frozenset(one) for one in chain.from_iterable(combinations(PERSONS, count) for count in range(5))]


def filled_by_trying_all(
    alternative: Alternative, signing_rule: SigningRule, signed: frozenset[PersonalNumber]
) -> bool:
    """The oracle: every way to put those who signed on the places, one after the other."""
    roles = {one.person: one.roles for one in signing_rule.signatories}
    seats: list[SignatoryRole] = []
    for seat in alternative.seats:
        majority = sum(seat.role in held for held in roles.values()) // 2 + 1
        seats += [seat.role] * (majority if seat.count is None else seat.count)
    return alternative.persons <= signed and any(
        all(role in roles[person] for role, person in zip(seats, order, strict=True))
        for order in permutations(signed - alternative.persons, len(seats))
    )


@given(signing_rule=rules())
def test_completeness_is_what_trying_every_seating_finds(signing_rule: SigningRule) -> None:
    """S2: complete exactly when some alternative that binds can be filled, over every set of signatures."""
    for signed in subsets():
        expected = any(
            filled_by_trying_all(one, signing_rule, signed) for one in signing_rule.alternatives if not one.day_to_day
        )
        assert signing_rule.is_complete(signed) is expected


@given(signing_rule=rules())
def test_a_further_signature_never_undoes_completeness(signing_rule: SigningRule) -> None:
    """S2: completeness is monotone; nobody signing completes nothing, everybody signing completes every rule."""
    assert not signing_rule.is_complete(frozenset())
    assert signing_rule.is_complete(frozenset(PERSONS))
    complete = [signed for signed in subsets() if signing_rule.is_complete(signed)]
    assert all(more in complete for signed in complete for more in subsets() if signed <= more)


@given(signing_rule=rules())
def test_whoever_can_make_the_difference_stands_in_the_rule(signing_rule: SigningRule) -> None:
    """A9: nobody outside the alternatives can complete them."""
    for signed in subsets():
        for person in PERSONS:
            if not signing_rule.is_complete(signed) and signing_rule.is_complete(signed | {person}):
                assert signing_rule.stands_in(person)
