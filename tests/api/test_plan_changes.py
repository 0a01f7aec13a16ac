"""A change of the repayment plan over HTTP: proposed, read, signed by company and guarantors, in effect or lapsed."""

import re
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest

from agreements.credit.models import Agreement
from agreements.credit.service import get_agreement
from tests.api.test_guarantee_pages import guarantee_of, sign_everything
from tests.api.test_review_pages import Reader
from tests.support.credit import ANNA, ERIK, MARIA, STRANGER
from tests.support.house import Api, HouseWorld
from tests.support.visitor import Visitor, grant_directly, own_part, text_of, visit
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.vocabulary import Role

# 218 000 kr at 1.50 % a month over 12 months, paid out on 2 March 2026: eight parts of 18 166.67 and four of 18 166.66
ASKED = {"repayment_plan": "at_term", "term_months": 18}
OLD_REST = [("2026-05-29", "18166.67"), ("2026-06-30", "18166.67"), ("2026-07-31", "18166.67")]
STAYS = ("2026-04-30", "18166.67")
COMPANY, GUARANTOR = "plan_change", "plan_change_consent"


@pytest.fixture
def agreement(world: HouseWorld) -> Agreement:
    """Signed by Anna, guaranteed by Erik and Maria, and paid out; it is 20 March."""

    def walk() -> uuid.UUID:
        granted = grant_directly(world)
        sign_everything(world, granted)
        world.work()
        to(world, "2026-03-20 10:00")
        return granted.id

    agreement_id = world.beginnings.begin("running with two guarantors", walk)
    with world.runtime.database.transaction() as session:
        return get_agreement(session, agreement_id)


def to(world: HouseWorld, text: str) -> None:
    world.move_to(datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM))


def caller(world: HouseWorld, person: PersonalNumber) -> Api:
    api = visit(world, person).api
    assert api is not None
    return api


def sign(world: HouseWorld, person: PersonalNumber, purpose: str, change: dict[str, Any]) -> None:
    world.sign(caller(world, person).post("/v1/signings", {"purpose": purpose, "subject_id": change["id"]}))


def refused(api: Api, purpose: str, change: dict[str, Any]) -> tuple[int, str]:
    answer = api.call("POST", "/v1/signings", {"purpose": purpose, "subject_id": change["id"]})
    return answer.status_code, answer.get_json()["type"].removeprefix("/problems/")


def plan_of(shown: dict[str, Any]) -> list[tuple[str, str]]:
    return [(part["due_on"], part["amount"]) for part in shown["plan"]]


def test_the_change_takes_effect_with_the_last_signature_and_not_before(
    world: HouseWorld, agreement: Agreement
) -> None:
    """G7: and S1, S2: what stands in the proposal is what is signed and what applies; the books stay as they are.

    From May on 199 833.33 are left. Straight they cost 2 997 + 2 725 + ... + 272 = 17 982, at term 17 times 2 997.
    """
    path, staff = f"/v1/agreements/{agreement.id}", world.staff(Role.UNDERWRITER)
    ledger = staff.get(f"{path}/ledger")
    liable = staff.get(f"{path}/liable-parties")
    query = "?repayment_plan=at_term&term_months=18"
    quote = staff.get(f"{path}/plan-change-quote{query}")
    change = staff.post(f"{path}/plan-changes", ASKED)
    assert {name: change[name] for name in quote} == quote
    assert (change["state"], change["first_month"]) == ("pending", "2026-05")
    assert change["sign_by"] == "2026-04-03T22:00:00Z"
    assert plan_of(change) == [STAYS, ("2027-09-30", "199833.33")]
    assert (change["fees_before"], change["fees"]) == ("17982.00", "50949.00")
    before = staff.get(path)
    assert plan_of(before)[:4] == [STAYS, *OLD_REST]

    assert refused(caller(world, STRANGER), COMPANY, change) == (404, "not-found")
    assert refused(caller(world, ANNA), GUARANTOR, change) == (404, "not-found")
    assert refused(caller(world, ERIK), COMPANY, change) == (404, "not-found")
    sign(world, ERIK, GUARANTOR, change)
    sign(world, ANNA, COMPANY, change)
    (waiting,) = caller(world, MARIA).get(f"{path}/plan-changes")["items"]
    assert [(one["for_company"], "signed_at" in one) for one in waiting["signatures"]] == [
        (True, True),
        (False, True),
        (False, False),
    ]
    assert {**staff.get(path), "version": 0} == {**before, "version": 0}

    to(world, "2026-04-03 23:59")
    sign(world, MARIA, GUARANTOR, change)
    after = staff.get(path)
    assert (after["repayment_plan"], after["term_months"]) == ("at_term", 18)
    assert plan_of(after) == [STAYS, ("2027-09-30", "199833.33")]
    assert staff.get(f"{path}/ledger") == ledger
    assert staff.get(f"{path}/liable-parties") == liable
    (kept,) = staff.get(f"{path}/plan-changes")["items"]
    assert (kept["state"], plan_of(kept)) == ("in_effect", plan_of(after))
    assert [(part["due_on"], part["amount"]) for part in kept["plan_before"]] == plan_of(before)
    assert refused(caller(world, MARIA), GUARANTOR, change) == (409, "plan-change-not-pending")


def test_each_signer_gets_the_document_sealed_and_everybody_is_told(world: HouseWorld, agreement: Agreement) -> None:
    """G7: and S1, S3: one document for the company, one for each guarantor; letters and events tell what came of it."""
    path, staff = f"/v1/agreements/{agreement.id}", world.staff(Role.UNDERWRITER)
    change = staff.post(f"{path}/plan-changes", ASKED)
    for person, purpose in ((ERIK, GUARANTOR), (MARIA, GUARANTOR), (ANNA, COMPANY)):
        sign(world, person, purpose, change)
    world.work()
    for person, kind in ((ERIK, GUARANTOR), (MARIA, GUARANTOR), (ANNA, COMPANY)):
        own = [one for one in caller(world, person).get(f"{path}/documents")["items"] if one["kind"].startswith("plan")]
        assert [one["kind"] for one in own] == [kind]
        assert own[0]["sealed_at"]
    told = [letter.recipient for letter in world.letters() if "nya planen, som finns här" in letter.body]
    assert sorted(told) == ["anna@exempel.example", "erik@exempel.example", "maria@exempel.example"]
    events = world.staff(Role.AUDITOR).get("/v1/events?limit=200")["items"]
    about = [one["data"]["state"] for one in events if one["type"].startswith("plan_change.")]
    assert about == ["pending", "in_effect"]


def test_a_guarantor_who_does_not_sign_is_not_bound_and_nothing_changes(
    world: HouseWorld, agreement: Agreement
) -> None:
    """G7: after the last day it lapses, for those who have signed as well; another one may be proposed then."""
    path, staff = f"/v1/agreements/{agreement.id}", world.staff(Role.UNDERWRITER)
    before = plan_of(staff.get(path))
    change = staff.post(f"{path}/plan-changes", ASKED)
    sign(world, ERIK, GUARANTOR, change)
    sign(world, ANNA, COMPANY, change)
    to(world, "2026-04-04 00:00")
    assert refused(caller(world, MARIA), GUARANTOR, change) == (409, "plan-change-not-pending")
    world.pass_days_to(datetime.fromisoformat("2026-04-04 21:00").replace(tzinfo=STOCKHOLM))
    (lapsed,) = staff.get(f"{path}/plan-changes")["items"]
    assert (lapsed["state"], lapsed["plan"]) == ("lapsed", [])
    shown = staff.get(path)
    assert (plan_of(shown), shown["repayment_plan"], shown["term_months"]) == (before, "straight", 12)
    assert sum("En underskrift saknades när tiden var ute" in letter.body for letter in world.letters()) == 3
    assert staff.post(f"{path}/plan-changes", ASKED)["state"] == "pending"


def test_one_change_waits_at_a_time_and_the_lender_may_withdraw_it(world: HouseWorld, agreement: Agreement) -> None:
    """G7: a signature that was under way when it was withdrawn is not accepted."""
    path, staff = f"/v1/agreements/{agreement.id}", world.staff(Role.UNDERWRITER)
    change = staff.post(f"{path}/plan-changes", ASKED)
    second = staff.call("POST", f"{path}/plan-changes", ASKED | {"term_months": 24})
    assert (second.status_code, second.get_json()["type"]) == (409, "/problems/plan-change-pending")
    started = caller(world, ERIK).post("/v1/signings", {"purpose": GUARANTOR, "subject_id": change["id"]})
    assert staff.post(f"/v1/plan-changes/{change['id']}/withdrawal", status=200)["state"] == "withdrawn"
    assert staff.call("POST", f"/v1/plan-changes/{change['id']}/withdrawal").status_code == 409
    with pytest.raises(AssertionError, match="failed"):
        world.sign(started)
    (shown,) = staff.get(f"{path}/plan-changes")["items"]
    assert (shown["state"], [one.get("signed_at") for one in shown["signatures"]]) == ("withdrawn", [None])
    assert staff.post(f"{path}/plan-changes", ASKED | {"term_months": 24})["term_months"] == 24


def test_what_cannot_be_is_refused_and_changes_nothing(world: HouseWorld, agreement: Agreement) -> None:
    """G7: and A11: a term outside the product's, a month that has begun, no change at all."""
    path, staff = f"/v1/agreements/{agreement.id}", world.staff(Role.UNDERWRITER)
    before = staff.get(path)
    for body, status, rule in (
        (ASKED | {"term_months": 37}, 422, "A11"),
        (ASKED | {"term_months": 0}, 422, "A11"),
        (ASKED | {"first_month": "2026-03"}, 422, "G7"),
        (ASKED | {"first_month": "2026-13"}, 422, None),
        (ASKED | {"repayment_plan": "annuity"}, 422, None),
        ({"repayment_plan": "straight", "term_months": 12}, 409, "G7"),
        (ASKED | {"term_months": 1}, 409, "G7"),
        (ASKED | {"first_month": "2028-01"}, 409, "G7"),
    ):
        answer = staff.call("POST", f"{path}/plan-changes", body)
        problem = answer.get_json()
        (error, *_) = problem.get("errors") or [problem]
        assert (answer.status_code, error.get("rule")) == (status, rule), body
    assert staff.call("GET", f"{path}/plan-change-quote?repayment_plan=at_term&term_months=x").status_code == 422
    assert staff.get(f"{path}/plan-changes")["items"] == []
    assert staff.get(path) == before


def test_an_agreement_that_is_to_end_gets_no_other_plan(world: HouseWorld, agreement: Agreement) -> None:
    """G7: and F3: not while it is being redeemed; and who was asked before cannot sign meanwhile."""
    path, staff = f"/v1/agreements/{agreement.id}", world.staff(Role.UNDERWRITER)
    change = staff.post(f"{path}/plan-changes", ASKED)
    staff.post(f"{path}/redemption", {"on": "2026-03-31"})
    assert refused(caller(world, ERIK), GUARANTOR, change) == (409, "plan-change-refused")
    staff.post(f"/v1/plan-changes/{change['id']}/withdrawal", status=200)
    again = staff.call("POST", f"{path}/plan-changes", ASKED)
    assert (again.status_code, again.get_json()["rule"]) == (409, "G7")


def sign_on_page(visitor: Visitor, person: PersonalNumber, page: str, button: str) -> None:
    """Press the page's button and sign in BankID's app; the browser is sent back to the page."""
    order = visitor.send(f"{page}/{button}", page)
    assert order.status_code == 303, text_of(order.text)
    token = visitor.app_link(order.location)
    signed = visitor.world.bankid.act(f"orders/{token}/sign", {"personal_number": person.digits})
    visitor.world.let_pass(timedelta(seconds=3))
    visitor.sent_on(own_part(signed.json()["return_url"]))
    assert visitor.sent_on(order.location) == page


def test_a_change_is_worked_out_sent_read_and_signed_on_pages(world: HouseWorld, agreement: Agreement) -> None:
    """G7: staff see what it costs before they send it; each signer reads the whole of it from the letter's link."""
    desk, ulla = f"/console/agreements/{agreement.id}", Reader(world.staff(Role.UNDERWRITER, username="ulla"), "sv")
    asked = {"plan_repayment_plan": "at_term", "plan_term_months": "18", "plan_first_month": "2026-05"}
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    reckoned = " ".join(ulla.get(f"{desk}?{query}").split())
    for words in ("12 → 18 månader", "17 982 kr → 50 949 kr", "199 833,33"):
        assert words in reckoned
    version = re.search(r'name="version" value="(\d+)"', reckoned)
    assert version is not None
    wrong = ulla.get(f"{desk}?{query.replace('=18', '=99')}")
    assert "Mellan 1 och 36 månader" in wrong
    assert "Välj en längre löptid" in ulla.get(f"{desk}?{query.replace('=18', '=1')}")
    ulla.send(f"{desk}/plan-changes", desk, 303, version=version[1], **asked)
    assert "Ta tillbaka förslaget" in ulla.get(desk)

    (page,) = {match for one in world.letters() for match in re.findall(r"/plan-changes/[0-9a-f-]{36}", one.body)}
    anna, erik, maria = (visit(world, person) for person in (ANNA, ERIK, MARIA))
    assert page in anna.open(f"/agreements/{agreement.id}")
    assert page in erik.open(guarantee_of(world, agreement, ERIK))
    visit(world, STRANGER).open(page, 404)
    assert "Maria" not in text_of(erik.open(page))
    sign_on_page(erik, ERIK, page, "consent")
    assert "1 av 2 har undertecknat" in text_of(erik.open(page))
    assert erik.send(f"{page}/consent", page).status_code == 409
    assert erik.send(f"{page}/sign", page).status_code == 404
    sign_on_page(maria, MARIA, page, "consent")
    assert "Maria" in text_of(anna.open(page))
    sign_on_page(anna, ANNA, page, "sign")
    assert "Krediten återbetalas enligt den nya planen" in text_of(anna.open(page))
    assert "2027-09-30" in anna.open(f"/agreements/{agreement.id}")
    assert "Ändrad återbetalning gäller" in ulla.get(desk)
    english = visit(world, ERIK, language="en").open(page)
    assert "repaid by the new plan" in english


def test_staff_withdraw_a_change_on_the_page(world: HouseWorld, agreement: Agreement) -> None:
    """G7: the link in the letter then says that the credit is repaid as before."""
    change = world.staff(Role.SENIOR_UNDERWRITER).post(f"/v1/agreements/{agreement.id}/plan-changes", ASKED)
    desk, ulla = f"/console/agreements/{agreement.id}", Reader(world.staff(Role.UNDERWRITER, username="ulla"), "sv")
    version = re.search(r'name="version" value="(\d+)"', ulla.get(desk))
    assert version is not None
    ulla.send(f"{desk}/plan-changes/{uuid.uuid4()}/withdrawal", desk, 404, version=version[1])
    ulla.send(f"{desk}/plan-changes/{change['id']}/withdrawal", desk, 303, version=version[1])
    page = visit(world, ERIK).open(f"/plan-changes/{change['id']}")
    assert "Krediten återbetalas som förut" in text_of(page)
    assert "/consent" not in page
