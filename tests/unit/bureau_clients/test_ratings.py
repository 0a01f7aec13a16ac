"""Both bureaus' ratings on the common scale."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bureau_clients.ratings import bisnode_rating, creditsafe_rating
from bureau_clients.reports import Rating, RatingGrade


@pytest.mark.parametrize(
    ("text", "grade"),
    [
        ("100", RatingGrade.A),
        ("71", RatingGrade.A),
        ("70", RatingGrade.B),
        ("51", RatingGrade.B),
        ("50", RatingGrade.C),
        ("30", RatingGrade.C),
        ("29", RatingGrade.D),
        ("21", RatingGrade.D),
        ("20", RatingGrade.E),
        ("0", RatingGrade.E),
        ("-29", RatingGrade.E),
    ],
)
def test_creditsafes_score_has_a_grade(text: str, grade: RatingGrade) -> None:
    """B7: the bands are 71, 51, 30 and 21; a petition is the worst grade and not a missing one."""
    assert creditsafe_rating(text) == Rating(text, grade)


@pytest.mark.parametrize("text", ["-28", "-95", "-96", "-97"])
def test_creditsafes_codes_for_no_rating_are_no_rating(text: str) -> None:
    """D13: absent, not the worst."""
    assert creditsafe_rating(text) is None


@pytest.mark.parametrize("text", ["", "101", "-1", "-30", "1000", "7.5", "AAA", "²", "٧٠", "7 0", "--28", "0x1"])
def test_what_is_no_score_of_creditsafes_is_not_taken_for_one(text: str) -> None:
    """D13: unknown."""
    with pytest.raises(ValueError, match="not "):
        creditsafe_rating(text)


@pytest.mark.parametrize(
    ("code", "grade"),
    [
        ("AAA", RatingGrade.A),
        ("AA", RatingGrade.A),
        ("A", RatingGrade.B),
        ("B", RatingGrade.D),
        ("C", RatingGrade.E),
    ],
)
def test_bisnodes_letters_have_a_grade(code: str, grade: RatingGrade) -> None:
    """B7: AA is the top for HB, KB and EF; B is credit against security, C is advised against."""
    assert bisnode_rating(code) == Rating(code, grade)


@pytest.mark.parametrize("code", ["AN", "NYTT", "-"])
def test_a_company_that_bisnode_does_not_rate_has_no_rating(code: str) -> None:
    """D13: absent, not the worst."""
    assert bisnode_rating(code) is None


@pytest.mark.parametrize("code", ["", "aaa", "AAAA", "D", "88", " A", "Á"])
def test_what_is_no_letter_of_bisnodes_is_not_taken_for_one(code: str) -> None:
    """D13: unknown."""
    with pytest.raises(ValueError, match="not a rating"):
        bisnode_rating(code)


@given(st.integers(0, 99))
def test_a_better_score_never_has_a_worse_grade(score: int) -> None:
    """D12: A sorts before E."""
    worse, better = creditsafe_rating(str(score)), creditsafe_rating(str(score + 1))
    assert worse is not None
    assert better is not None
    assert better.grade <= worse.grade
