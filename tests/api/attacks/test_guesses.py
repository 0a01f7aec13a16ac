"""Ids, tokens and secrets that are guessed: what is another's and what is not there are answered alike."""

import uuid

import pytest

from tests.api.test_account import reader, send
from tests.support.beginnings import granted
from tests.support.house import PASSWORD, Api, HouseWorld
from tests.support.lending import CECILIA, application_json
from underwriting.kernel.vocabulary import Role

SECRETS = ["", "0", "A" * 43, "bd_" + "A" * 43, "../../x", "%00", "' OR '1'='1", "null", "undefined", "*"]


def without_names(problem: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in problem.items() if name not in ("instance", "request_id")}


def test_what_is_another_persons_is_answered_as_what_is_not_there(world: HouseWorld) -> None:
    loan, stranger = granted(world), world.log_in(CECILIA)
    for path, known in (("/v1/agreements/{}", loan.agreement_id), ("/v1/applications/{}", loan.application_id)):
        theirs = stranger.call("GET", path.format(known))
        nobodys = stranger.call("GET", path.format(uuid.uuid4()))
        assert theirs.status_code == nobodys.status_code == 404
        assert without_names(theirs.get_json()) == without_names(nobodys.get_json())


def test_ids_beside_a_known_one_lead_nowhere(world: HouseWorld) -> None:
    loan = granted(world)
    known = uuid.UUID(loan.agreement_id).int
    for step in (-2, -1, 1, 2):
        loan.borrower.get(f"/v1/agreements/{uuid.UUID(int=known + step)}", status=404)


@pytest.mark.parametrize("secret", SECRETS)
def test_a_guessed_secret_opens_no_order_invitation_or_draft(world: HouseWorld, secret: str) -> None:
    started = world.anyone().post("/v1/signings", {"purpose": "identify"})
    order = f"/v1/signings/{started['signing_id']}"
    assert world.anyone().call("GET", order, Signing_Secret=secret).status_code == 404
    assert world.anyone().call("DELETE", order, Signing_Secret=secret).status_code == 404
    draft = world.anyone().post("/v1/applications", application_json())
    guess = Api(world.app, f"bd_{secret}")
    assert guess.call("GET", f"/v1/applications/{draft['id']}").status_code in (401, 404)
    if secret and "/" not in secret and secret != "%00":
        assert world.anyone().call("POST", f"/v1/invitations/{secret}/confirmation").status_code == 404


def test_secrets_are_of_256_random_bits(world: HouseWorld) -> None:
    drafts = [world.anyone().post("/v1/applications", application_json())["access_secret"] for _ in range(2)]
    orders = [world.anyone().post("/v1/signings", {"purpose": "identify"})["secret"] for _ in range(2)]
    sessions = [world.staff(Role.AUDITOR, username=name).token or "" for name in ("a", "b")]
    for first, second in (drafts, orders, sessions):
        assert first != second
        assert len(first.removeprefix("bd_").removeprefix("bs_")) >= 43  # of base 64: 256 bits


def test_an_account_is_locked_before_its_password_is_guessed(world: HouseWorld) -> None:
    world.staff(Role.AUDITOR, username="astrid")
    client = reader(world)
    for _ in range(5):
        assert send(client, "/console/login", {"username": "astrid", "password": "guess"}).status_code == 401
    right = send(client, "/console/login", {"username": "astrid", "password": PASSWORD})
    assert right.status_code == 401
