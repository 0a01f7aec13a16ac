"""Reading single variables: the awkward ones first, and what is wrong collected instead of raised."""

from pathlib import Path

import pytest

from underwriting.kernel.money import Money
from underwriting.platform.environment import EnvironmentReader

NAME = "A_SETTING"
FRUIT = ("apple", "pear")


def reader_of(value: str | None) -> EnvironmentReader:
    """Reads an environment in which NAME holds *value*; None: it is not there."""
    return EnvironmentReader({} if value is None else {NAME: value})


def fault_in(reader: EnvironmentReader) -> str:
    """What is wrong with NAME, the only problem."""
    (problem,) = reader.problems
    assert problem.name == NAME
    return problem.detail


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("pear", ("pear",)),
        ("pear,apple", ("pear", "apple")),
        ("  Pear ,\tAPPLE ", ("pear", "apple")),
        ("", ("apple",)),
        ("   ", ("apple",)),
        (None, ("apple",)),
    ],
)
def test_words_are_read_in_the_order_in_which_they_stand(value: str | None, words: tuple[str, ...]) -> None:
    reader = reader_of(value)
    assert reader.words(NAME, among=FRUIT, default=("apple",)) == words
    assert reader.problems == []


@pytest.mark.parametrize(
    "value", [",", "pear,", ",pear", "pear,,apple", "pear;apple", "pear apple", "pear,pear", "plum"]
)
def test_a_list_with_a_gap_a_repetition_or_a_stranger_is_refused(value: str) -> None:
    reader = reader_of(value)
    reader.words(NAME, among=FRUIT, default=("apple",))
    assert fault_in(reader) == "is not a list, with commas, of some of apple, pear, each once"


@pytest.mark.parametrize(("value", "number"), [("2", 2), ("9", 9), (" 007 ", 7), ("", 5), (None, 5)])
def test_a_whole_number_within_its_limits_is_read(value: str | None, number: int) -> None:
    reader = reader_of(value)
    assert reader.whole(NAME, least=2, most=9, default=5) == number
    assert reader.problems == []


@pytest.mark.parametrize("value", ["1", "10", "-3", "+3", "3.0", "3e0", "tre", "0x3", "²", "٣", "3 3", "9" * 5000])
def test_what_is_no_whole_number_within_the_limits_is_refused(value: str) -> None:
    reader = reader_of(value)
    reader.whole(NAME, least=2, most=9, default=5)
    assert fault_in(reader) == "is not a whole number from 2 to 9"


@pytest.mark.parametrize(
    ("value", "ore"),
    [("0", 0), ("1500", 150_000), ("19.5", 1_950), ("19.50", 1_950), ("0.01", 1), ("999999999.99", 99_999_999_999)],
)
def test_an_amount_in_kronor_is_read_to_the_ore(value: str, ore: int) -> None:
    reader = reader_of(value)
    assert reader.kronor(NAME) == Money(ore)
    assert reader.problems == []


@pytest.mark.parametrize("value", [None, "", "  "])
def test_an_amount_that_is_not_given_is_none_and_not_zero(value: str | None) -> None:
    reader = reader_of(value)
    assert reader.kronor(NAME) is None
    assert reader.problems == []


@pytest.mark.parametrize(
    "value", ["-1", "+1", "19.505", "19,50", "1 500", "1e3", "NaN", ".50", "5.", "1000000000", "٣"]
)
def test_what_is_no_amount_in_kronor_is_refused(value: str) -> None:
    reader = reader_of(value)
    assert reader.kronor(NAME) is None
    assert fault_in(reader) == "is not an amount in kronor of the form 1500 or 19.50"


def test_a_file_is_read_where_one_is_named_and_has_to_exist_then(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    missing = reader_of(str(file))
    missing.optional_file(NAME)
    assert fault_in(missing) == "names a file that does not exist"
    file.touch()
    assert reader_of(str(file)).optional_file(NAME) == file
    assert reader_of(None).optional_file(NAME) is None
    assert reader_of("  ").optional_file(NAME) is None


def test_a_folder_is_not_a_file(tmp_path: Path) -> None:
    reader = reader_of(str(tmp_path))
    reader.optional_file(NAME)
    assert fault_in(reader) == "names a file that does not exist"


def test_a_text_may_be_left_out_or_be_as_long_as_allowed() -> None:
    assert reader_of(None).optional_text(NAME) is None
    assert reader_of("  ").optional_text(NAME, longest=3) is None
    assert reader_of(" åäö ").optional_text(NAME, longest=3) == "åäö"
    reader = reader_of("åäöå")
    reader.optional_text(NAME, longest=3)
    assert fault_in(reader) == "is longer than 3 characters"
