"""What a log-in tells whoever guesses: the same words and the same work, whether there is such a user or not."""

import pytest

from tests.api.test_account import reader, send
from tests.support.house import PASSWORD, HouseWorld
from underwriting.kernel.vocabulary import Role
from underwriting.platform import passwords
from underwriting.platform.staff_accounts import disable


def test_an_unknown_user_is_told_what_a_known_one_is(world: HouseWorld) -> None:
    world.staff(Role.AUDITOR, username="astrid")
    world.staff(Role.AUDITOR, username="closed")
    disable(world.runtime, "closed")
    shown = []
    for username in ("astrid", "nobody", "closed"):
        answer = send(reader(world), "/console/login", {"username": username, "password": "a guess"})
        words = answer.text.replace(username, "").split("csrf_token")
        shown.append((answer.status_code, words[0], words[-1].partition(">")[2]))
    assert shown[0] == shown[1] == shown[2]
    assert shown[0][0] == 401


@pytest.mark.parametrize("username", ["astrid", "nobody", "closed", "unprintable\x00"])
def test_one_hash_is_computed_whoever_is_named(
    world: HouseWorld, monkeypatch: pytest.MonkeyPatch, username: str
) -> None:
    """The time that it takes is that of argon2, and that is spent once in every case."""
    world.staff(Role.AUDITOR, username="astrid")
    world.staff(Role.AUDITOR, username="closed")
    disable(world.runtime, "closed")
    client, seen = reader(world), []
    hasher = passwords._hasher
    verify = type(hasher).verify

    def counting(self: object, kept: str, given: str) -> bool:
        seen.append(kept.rsplit("$", 2)[0])
        return verify(hasher, kept, given)

    monkeypatch.setattr(type(hasher), "verify", counting)
    assert send(client, "/console/login", {"username": username, "password": "a guess"}).status_code == 401
    assert len(seen) == 1
    assert seen[0] == passwords._NOBODYS_HASH.rsplit("$", 2)[0]  # of the same cost


def test_a_password_that_is_endless_costs_no_more(world: HouseWorld) -> None:
    world.staff(Role.AUDITOR, username="astrid")
    form = {"username": "astrid", "password": PASSWORD + "x" * 100_000}
    assert send(reader(world), "/console/login", form).status_code == 401
