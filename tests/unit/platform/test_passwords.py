"""Which passwords are refused, and how those that are not are kept."""

import pytest
from argon2 import PasswordHasher

from tests.support import costs
from underwriting.platform import passwords
from underwriting.platform.passwords import (
    EASILY_GUESSED,
    TOO_LONG,
    TOO_SHORT,
    PasswordRefused,
    fault_of,
    hashed,
    matches,
    renewed,
)

GOOD = "korrekt häst batteri häftklammer"


@pytest.fixture(autouse=True)
def _as_in_production(monkeypatch: pytest.MonkeyPatch) -> None:
    costs.dear_passwords(monkeypatch)


@pytest.mark.parametrize(
    "password",
    [
        "123456789012",
        "098765432109",
        "qwertyuiop12",
        "qazwsxedcrfv",
        "abcdefghijklmnop",
        "Password1234",
        "P@ssw0rd1234!",
        "Lösenord2026",
        "Sommar2026!!",
        "hejhejhejhej",
        "stockholm-2026",
        "Välkommen123!",
        "BorgenBorgen1!",
        "monkey dragon 12",
        "aaaaaaaaaaaaaaaa",
        "ababababababab",
        "ulla.lind-2026",
        "LindUlla123456",
    ],
)
def test_what_is_tried_first_is_refused(password: str) -> None:
    assert fault_of(password, username="ulla.lind") is EASILY_GUESSED


@pytest.mark.parametrize(
    "password", [GOOD, "dinosaurie-42-moln", "a long password", "Sommar-i-Visby-1999", "x7#Lk!92mQzp", "ulla äter gröt"]
)
def test_words_that_do_not_belong_together_are_taken(password: str) -> None:
    assert fault_of(password, username="ulla.lind") is None


@pytest.mark.parametrize(
    ("length", "fault"), [(0, TOO_SHORT), (11, TOO_SHORT), (12, None), (256, None), (257, TOO_LONG), (10**6, TOO_LONG)]
)
def test_it_has_twelve_characters_and_not_more_than_256(length: int, fault: object) -> None:
    password = ("kxvrbtmqzhgw" * (length // 12 + 1))[:length]
    assert fault_of(password, username="ulla") is fault


def test_what_is_refused_is_told_at_its_field_and_not_repeated() -> None:
    with pytest.raises(PasswordRefused) as refused:
        hashed("Password1234", username="ulla")
    (error,) = refused.value.errors
    assert (error.pointer, error.detail) == ("/password", EASILY_GUESSED)
    assert "Password1234" not in f"{refused.value} {error.detail.en}"


def test_a_password_is_kept_as_argon2id_and_found_again() -> None:
    kept = hashed(GOOD, username="ulla")
    assert kept.startswith("$argon2id$")
    assert matches(kept, GOOD)
    for other in ("", GOOD[:-1], GOOD + "x", GOOD.upper()):
        assert not matches(kept, other)


@pytest.mark.parametrize("kept", [None, "", "no hash", "$argon2id$v=19$m=1,t=1,p=1$x"])
def test_where_nothing_is_kept_nothing_matches(kept: str | None) -> None:
    assert not matches(kept, GOOD)
    assert not matches(kept, "the time it takes must not tell whether the user exists")


def test_where_nothing_is_kept_the_same_work_is_done() -> None:
    assert renewed(passwords._NOBODYS_HASH, GOOD) is passwords._NOBODYS_HASH
    assert matches(passwords._NOBODYS_HASH, "the time it takes must not tell whether the user exists")


def test_a_hash_of_other_parameters_is_made_anew_and_one_of_today_is_left() -> None:
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(GOOD)
    new = renewed(old, GOOD)
    assert new != old
    assert matches(new, GOOD)
    assert renewed(new, GOOD) == new
