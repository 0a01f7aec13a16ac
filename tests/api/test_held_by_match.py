"""A payout and a match with the list, the whole road over HTTP: found when the list changes, held, settled, paid."""

import sqlalchemy as sa

from agreements.payouts.models import Payout
from tests.support.beginnings import apply, decide
from tests.support.house import Api, HouseWorld
from tests.support.journey import Loan, sign_all
from tests.support.lending import ANNA, application_json
from tests.support.sanctions import NEWER, NOTE, SAMPLE, loaded
from underwriting.kernel.vocabulary import Role

MATCHES = "/v1/due-diligence/sanctions-matches"
NAMED = [{"personal_number": ANNA.digits, "name": "Anna Andersson", "share": "1", "politically_exposed": False}]
WITH_ANNA = NEWER.replace("Anton Påhittad".encode(), b"Anna Andersson").replace(b'year="1970"', b'year="0"')


def granted_before_the_list_changed(world: HouseWorld) -> Loan:
    """A loan that is approved while nobody in it stands on the list; then a new list names its owner."""
    loaded(world.runtime, SAMPLE)
    loan = apply(world, application_json(beneficial_owners=NAMED))
    assert decide(world, loan)["outcome"] == "approved"
    loaded(world.runtime, WITH_ANNA)
    return loan


def states(loan: Loan) -> list[str]:
    return [one["payout_state"] for one in loan.borrower.get(f"{loan.agreement}/drawdowns")["items"]]


def release(world: HouseWorld, billing: Api) -> None:
    """Whoever may release payouts does so with the one that there is."""
    with world.runtime.database.transaction() as session:
        payout_id = session.scalars(sa.select(Payout.id)).one()
    billing.post(f"/v1/payouts/{payout_id}/release", status=200)


def test_a_payout_is_held_by_an_open_match_and_sent_when_two_have_cleared_it(world: HouseWorld) -> None:
    """K1, D16: whoever was clear when credit was given is held against the new list before money leaves."""
    loan = granted_before_the_list_changed(world)
    first, second = world.staff(Role.UNDERWRITER), world.staff(Role.SENIOR_UNDERWRITER)
    world.work()  # the job that screens again
    (match,) = first.get(MATCHES)["items"]
    assert match["strong"]
    sign_all(world, loan)
    world.work()
    assert states(loan) == ["held"]
    assert loan.borrower.get(loan.agreement)["state"] == "signed"
    path = f"{MATCHES}/{match['id']}/clearance"
    first.post(path, {"note": NOTE})
    billing = world.staff(Role.BILLING)
    release(world, billing)
    world.work()
    assert states(loan) == ["held"]  # one has said so, of two
    second.post(path, {"note": NOTE})
    release(world, billing)
    world.work()
    assert states(loan) == ["paid"]


def test_a_confirmed_match_stays_a_stop(world: HouseWorld) -> None:
    """D10, K1: no release sends the payout."""
    loan = granted_before_the_list_changed(world)
    underwriter, billing = world.staff(Role.UNDERWRITER), world.staff(Role.BILLING)
    sign_all(world, loan)
    world.work()
    (match,) = underwriter.get(MATCHES)["items"]
    underwriter.post(f"{MATCHES}/{match['id']}/confirmation", {"note": NOTE})
    release(world, billing)
    world.work()
    assert states(loan) == ["held"]
