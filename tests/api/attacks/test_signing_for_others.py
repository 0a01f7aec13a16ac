"""Somebody tries to sign for somebody else, too late, twice, or another version than the one that is shown: in vain."""

import uuid
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from tests.support.beginnings import decide, granted
from tests.support.house import Api, HouseWorld
from tests.support.journey import BODIES, Loan, link
from tests.support.lending import ANNA, CECILIA, guarantor_json
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.vocabulary import CompanyForm, Role

BERTILS = BODIES[CompanyForm.HB]["guarantors"][1]["email"]


@pytest.fixture
def loan(world: HouseWorld) -> Loan:
    """Anna signs for an HB and guarantees, Bertil guarantees; nobody has signed."""
    return granted(world, CompanyForm.HB)


def guarantee_of(world: HouseWorld, email: str) -> str:
    """The id in the newest letter about a guarantee to *email*."""
    return link(world, email, r"/guarantees/([0-9a-f-]{36})")


def order(caller: Api, purpose: str, subject_id: str) -> tuple[int, Mapping[str, Any]]:
    """What *caller* is answered who asks to sign a thing."""
    answer = caller.call("POST", "/v1/signings", {"purpose": purpose, "subject_id": subject_id})
    return answer.status_code, answer.get_json()


def finish(world: HouseWorld, started: Mapping[str, Any], **acts: Any) -> str:
    """Sign in BankID's app, as *acts* say, and the state of the order then."""
    answer = world.bankid.act(f"orders/{started['qr_content']}/sign", acts)
    if not answer.ok:
        return "refused by the app"
    world.let_pass(timedelta(seconds=3))
    watched = world.anyone().call("GET", f"/v1/signings/{started['signing_id']}", Signing_Secret=started["secret"])
    assert watched.get_json().get("session_token") is None or watched.get_json()["state"] == "complete"
    state: str = watched.get_json()["state"]
    return state


def states(world: HouseWorld, loan: Loan) -> Iterator[str]:
    """How the guarantees and the agreement stand."""
    staff = world.staff(Role.AUDITOR, username=f"a-{uuid.uuid4()}")
    yield from (one["state"] for one in staff.get(f"{loan.agreement}/guarantees")["items"])
    yield staff.get(loan.agreement)["state"]


def test_nobody_is_given_an_order_for_what_another_is_to_sign(world: HouseWorld, loan: Loan) -> None:
    """S1: by id, by purpose and by guess; whoever asks is told that there is nothing, and nobody is asked at BankID."""
    bertils = guarantee_of(world, BERTILS)
    annas = guarantee_of(world, loan.email)
    bertil, stranger, staff = loan.people[BERTILS], world.log_in(CECILIA), world.staff(Role.ADMINISTRATOR)
    tried = [
        (loan.borrower, "guarantee", bertils),
        (bertil, "guarantee", annas),
        (bertil, "agreement", loan.agreement_id),
        (stranger, "guarantee", bertils),
        (stranger, "agreement", loan.agreement_id),
        (bertil, "agreement", bertils),  # the right id as another thing
        (bertil, "guarantee", loan.agreement_id),
        (bertil, "confirmation", bertils),
        (bertil, "application", loan.application_id),
        (bertil, "counter_offer", loan.application_id),
        *((bertil, "guarantee", str(uuid.UUID(int=uuid.UUID(bertils).int + step))) for step in (-1, 1)),
    ]
    assert {order(*each)[0] for each in tried} <= {404, 422}
    for nobody in (world.anyone(), staff):
        assert order(nobody, "guarantee", bertils)[0] == 401
    assert list(states(world, loan)) == ["invited", "invited", "signing"]


@pytest.mark.parametrize("person", [ANNA, CECILIA], ids=["the other guarantor", "a stranger"])
def test_the_order_itself_names_who_can_sign_it(world: HouseWorld, loan: Loan, person: PersonalNumber) -> None:
    """S1: whoever gets hold of the code of Bertil's order signs nothing with it; Bertil can afterwards."""
    status, started = order(loan.people[BERTILS], "guarantee", guarantee_of(world, BERTILS))
    assert status == 201
    assert finish(world, started, personal_number=person.digits) == "refused by the app"
    assert list(states(world, loan)) == ["invited", "invited", "signing"]
    assert finish(world, started) == "complete"


@pytest.mark.parametrize("hostile", ["other_person", "other_text", "other_document", "identification"])
def test_what_bankid_hands_over_is_looked_at_again_when_it_comes(world: HouseWorld, loan: Loan, hostile: str) -> None:
    """S1: a completion by somebody else, of another text, of an older document or of a mere log-in binds nobody."""
    _, started = order(loan.people[BERTILS], "guarantee", guarantee_of(world, BERTILS))
    assert finish(world, started, hostile=hostile) == "failed"
    assert list(states(world, loan)) == ["invited", "invited", "signing"]


def test_after_declining_nothing_is_signed_by_an_order_from_before_or_a_new_one(world: HouseWorld, loan: Loan) -> None:
    """G2: a guarantor who has declined is not bound by what was begun, whoever completes it."""
    guarantee, bertil = guarantee_of(world, BERTILS), loan.people[BERTILS]
    _, before = order(bertil, "guarantee", guarantee)
    bertil.post(f"/v1/guarantees/{guarantee}/refusal", {"reason": "Nej."}, status=200)
    assert finish(world, before) in ("failed", "refused by the app")
    status, refused = order(bertil, "guarantee", guarantee)
    assert (status, refused["rule"]) == (409, "G2")
    assert list(states(world, loan)) == ["invited", "refused", "signing"]


def test_after_the_last_day_nothing_is_signed(world: HouseWorld, loan: Loan) -> None:
    """G2: neither in the first second after it nor once the agreement has lapsed."""
    guarantee, bertil = guarantee_of(world, BERTILS), loan.people[BERTILS]
    _, before = order(bertil, "guarantee", guarantee)
    _, companys = order(loan.borrower, "agreement", loan.agreement_id)
    world.clock.move_to(world.clock.now() + timedelta(days=15))
    assert {finish(world, before), finish(world, companys)} == {"failed"}
    assert order(bertil, "guarantee", guarantee)[1]["rule"] == "G2"
    world.work()
    assert order(loan.borrower, "agreement", loan.agreement_id)[1]["rule"] == "G2"
    assert list(states(world, loan)) == ["lapsed", "lapsed", "lapsed"]


def test_an_older_version_is_signed_by_nobody(world: HouseWorld, loan: Loan) -> None:
    """G7: once another guarantor is named neither the old agreement nor an old guarantee is signed, begun or new.

    Those who signed them are bound by nothing: the new documents have other bytes.
    """
    old, annas, bertils = loan.agreement_id, guarantee_of(world, loan.email), guarantee_of(world, BERTILS)
    assert finish(world, order(loan.borrower, "guarantee", annas)[1]) == "complete"
    _, companys = order(loan.borrower, "agreement", old)
    loan.people[BERTILS].post(f"/v1/guarantees/{bertils}/refusal", {"reason": "Nej."}, status=200)
    named = guarantor_json(CECILIA, "Cecilia Ceder")
    assert loan.borrower.call("PUT", f"{loan.application}/guarantors/2", named).status_code == 200
    assert finish(world, companys) in ("failed", "refused by the app")
    assert order(loan.people[BERTILS], "guarantee", bertils)[1]["rule"] == "G2"

    again = Loan({**loan.body, "guarantors": [loan.body["guarantors"][0], named]}, loan.application_id, loan.borrower)
    token = link(world, named["email"], r"/invitations/([\w-]+)")
    world.sign(world.anyone().post(f"/v1/invitations/{token}/confirmation"))
    assert decide(world, again)["outcome"] == "approved"
    for purpose, subject_id in (("agreement", old), ("guarantee", annas)):
        assert order(loan.borrower, purpose, subject_id)[1]["rule"] in ("G2", "S1")
    assert list(states(world, again)) == ["invited", "invited", "signing"]
    hashes = [
        {one["sha256"] for one in loan.borrower.get(f"/v1/agreements/{each}/documents")["items"]}
        for each in (old, again.agreement_id)
    ]
    assert hashes[0].isdisjoint(hashes[1])


def test_a_replacement_that_is_refused_leaves_the_agreement_as_it_was(world: HouseWorld, loan: Loan) -> None:
    """G2: nobody loses an agreement by naming somebody who cannot be guarantor; named rightly it goes on."""
    bertils = guarantee_of(world, BERTILS)
    loan.people[BERTILS].post(f"/v1/guarantees/{bertils}/refusal", {"reason": "Nej."}, status=200)
    path = f"{loan.application}/guarantors/2"
    twice = loan.borrower.call("PUT", path, guarantor_json(ANNA, "Anna Andersson"))
    assert (twice.status_code, twice.get_json()["rule"]) == (422, "A4")
    assert list(states(world, loan)) == ["invited", "refused", "signing"]
    key = str(uuid.uuid4())
    named = guarantor_json(CECILIA, "Cecilia Ceder")
    answers = [loan.borrower.call("PUT", path, named, Idempotency_Key=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert len([one for one in world.letters() if one.recipient == named["email"]]) == 1
    assert list(states(world, loan)) == ["lapsed", "replaced", "lapsed"]


def test_an_order_is_of_whoever_holds_its_secret(world: HouseWorld, loan: Loan) -> None:
    """S1: another person, though party to the same credit, neither watches nor ends it, nor becomes its signer."""
    _, started = order(loan.people[BERTILS], "guarantee", guarantee_of(world, BERTILS))
    path = f"/v1/signings/{started['signing_id']}"
    for secret in ("", "x", started["signing_id"], started["qr_content"]):
        for method in ("GET", "DELETE"):
            assert loan.borrower.call(method, path, Signing_Secret=secret).status_code == 404
    assert finish(world, started) == "complete"
    again = world.anyone().call("GET", path, Signing_Secret=started["secret"]).get_json()
    assert (again["state"], again.get("session_token")) == ("complete", None)
