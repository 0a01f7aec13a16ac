"""Another guarantor, another price: a worse one is an offer, the same or a better one goes on (rules D1, G2, G7)."""

from datetime import datetime, time, timedelta
from typing import Any

import pytest

from tests.support.beginnings import apply, decide
from tests.support.house import HouseWorld
from tests.support.journey import Loan, link, sign_all
from tests.support.lending import BERTIL, OWNER, application_json, guarantor_json
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.periods import stockholm_date, stockholm_instant

CLEAN, ALSO_CLEAN = BERTIL, OWNER
WEAK = PersonalNumber("197702022398")  # no income, at the stand-in for Creditsafe


def granted_with(world: HouseWorld, person: PersonalNumber) -> Loan:
    """A credit that waits for signatures, with *person* as its one guarantor."""
    loan = apply(world, application_json(guarantors=[guarantor_json(person, "Bo Ek")]))
    assert decide(world, loan)["outcome"] == "approved"
    return loan


def swapped(world: HouseWorld, loan: Loan, person: PersonalNumber) -> tuple[Loan, dict[str, Any]]:
    """The guarantor declines, *person* is named and confirms: the loan from now on, and what is decided."""
    email = loan.body["guarantors"][0]["email"]
    guarantee = link(world, email, r"/guarantees/([0-9a-f-]{36})")
    loan.people[email].post(f"/v1/guarantees/{guarantee}/refusal", {"reason": "Nej."}, status=200)
    named = guarantor_json(person, "Eva Dahl")
    assert loan.borrower.call("PUT", f"{loan.application}/guarantors/1", named).status_code == 200
    again = Loan({**loan.body, "guarantors": [named]}, loan.application_id, loan.borrower, dict(loan.people))
    token = link(world, named["email"], r"/invitations/([\w-]+)")
    again.people[named["email"]] = world.sign(world.anyone().post(f"/v1/invitations/{token}/confirmation"))
    return again, decide(world, again)


def end_of_day(world: HouseWorld, *, after: int) -> datetime:
    """The last second of the day *after* so many days."""
    on = stockholm_date(world.runtime.clock.now()) + timedelta(days=after)
    return stockholm_instant(on, time(23, 59, 59))


@pytest.mark.parametrize(("first", "second"), [(CLEAN, ALSO_CLEAN), (WEAK, CLEAN)], ids=["the same", "better"])
def test_the_same_or_a_better_price_goes_on_to_new_signatures(
    world: HouseWorld, first: PersonalNumber, second: PersonalNumber
) -> None:
    """G2: nobody has to accept what is no worse than what was granted; everybody signs the new agreement."""
    before = granted_with(world, first)
    old = before.borrower.get(before.agreement)
    loan, decision = swapped(world, before, second)
    assert decision["outcome"] == "approved"
    new = loan.borrower.get(loan.agreement)
    assert loan.agreement_id != before.agreement_id
    assert float(new["fee_rate"]) <= float(old["fee_rate"])
    assert (float(new["fee_rate"]) < float(old["fee_rate"])) is (first == WEAK)
    sign_all(world, loan)
    assert loan.borrower.get(loan.agreement)["state"] == "signed"


def test_a_worse_price_is_an_offer_that_a_signatory_accepts_by_the_end_of_day_seven(world: HouseWorld) -> None:
    """D1: accepted in the last second of the seventh day, at the worse price; nothing is granted before."""
    before = granted_with(world, CLEAN)
    old_rate = before.borrower.get(before.agreement)["fee_rate"]
    world.sign(before.borrower.post("/v1/signings", {"purpose": "agreement", "subject_id": before.agreement_id}))
    history = before.borrower.get(f"{before.agreement}/documents")["items"]
    loan, decision = swapped(world, before, WEAK)
    assert decision["outcome"] == "counter_offer"
    assert float(decision["offer"]["fee_rate"]) > float(old_rate)
    assert decision["offer"]["limit"] == "200000.00"
    assert loan.borrower.get(before.agreement)["state"] == "lapsed"

    world.move_to(end_of_day(world, after=7))
    borrower = world.log_in(PersonalNumber(loan.body["signatory_personal_number"]))
    world.sign(borrower.post(f"{loan.application}/counter-offer/acceptance"))
    assert borrower.get(loan.application)["state"] == "approved"
    loan.agreement_id = link(world, loan.email, r"/agreements/([0-9a-f-]{36})")
    loan.borrower = borrower
    assert loan.agreement_id != before.agreement_id
    assert borrower.get(loan.agreement)["fee_rate"] == decision["offer"]["fee_rate"]

    kept = borrower.get(f"{before.agreement}/documents")["items"]  # what was signed stays to be read, as replaced
    assert {one["sha256"] for one in kept} == {one["sha256"] for one in history}
    assert all(one["replaced_at"] for one in kept)
    assert not any("replaced_at" in one for one in borrower.get(f"{loan.agreement}/documents")["items"])
    older = borrower.call("POST", "/v1/signings", {"purpose": "agreement", "subject_id": before.agreement_id})
    assert (older.status_code, older.get_json()["rule"]) == (409, "G2")


def test_a_worse_price_that_nobody_accepts_lapses(world: HouseWorld) -> None:
    """D1: from the first second of the eighth day it cannot be accepted, and the application is over."""
    loan, decision = swapped(world, granted_with(world, CLEAN), WEAK)
    assert decision["outcome"] == "counter_offer"
    world.move_to(end_of_day(world, after=7) + timedelta(seconds=1))
    borrower = world.log_in(PersonalNumber(loan.body["signatory_personal_number"]))
    late = borrower.call("POST", f"{loan.application}/counter-offer/acceptance")
    assert (late.status_code, late.get_json()["rule"]) == (409, "D1")
    world.work()
    assert borrower.get(loan.application)["state"] == "lapsed"


def test_a_price_that_was_accepted_as_worse_is_not_worse_the_next_time(world: HouseWorld) -> None:
    """D1: what counts is what was agreed last: accepted once, it goes on with the next guarantor."""
    loan, decision = swapped(world, granted_with(world, CLEAN), WEAK)
    assert decision["outcome"] == "counter_offer"
    world.sign(loan.borrower.post(f"{loan.application}/counter-offer/acceptance"))
    loan.agreement_id = link(world, loan.email, r"/agreements/([0-9a-f-]{36})")
    third, decision = swapped(world, loan, ALSO_CLEAN)
    assert decision["outcome"] == "approved"
    assert third.agreement_id not in ("", loan.agreement_id)
