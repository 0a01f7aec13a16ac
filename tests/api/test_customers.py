"""What is known of a customer over HTTP: risk class, owners, and what staff look into with evidence (rules K1, D16)."""

import base64
import uuid
from typing import Any

from tests.support.beginnings import apply, assessed
from tests.support.house import Api, HouseWorld
from tests.support.journey import BODIES, Loan
from tests.support.lending import ANNA, application_json
from tests.support.sanctions import NOTE
from underwriting.kernel.vocabulary import CompanyForm, Role

PDF = b"%PDF-1.7 invented"
FILE = {"name": "kontoutdrag.pdf", "media_type": "application/pdf", "content": base64.b64encode(PDF).decode()}
EXPOSED = application_json(due_diligence=BODIES[CompanyForm.AB]["due_diligence"] | {"politically_exposed": True})


def exposed(world: HouseWorld) -> tuple[Loan, Api, str]:
    """An application of somebody politically exposed, an underwriter, and where the customer is told of."""
    loan = assessed(world, EXPOSED)
    return loan, world.staff(Role.UNDERWRITER), f"{loan.application}/due-diligence"


def items(caller: Api, customer: str) -> dict[str, dict[str, Any]]:
    return {one["kind"]: one for one in caller.get(customer)["items"]}


def test_the_class_is_told_with_its_reasons_and_what_they_call_for(world: HouseWorld) -> None:
    """K1: the owner by date of birth; what waits stands in the list of all cases, too."""
    loan, underwriter, customer = exposed(world)
    told = underwriter.get(customer)
    assert told["application_id"] == loan.application_id
    assert told["assessments"][0]["risk_class"] == "high"
    assert "politically_exposed" in [one["code"] for one in told["assessments"][0]["reasons"]]
    assert [one["number"] for one in told["owners"]] == [ANNA.masked]
    assert {"exposure_approval", "origin_of_funds"} <= set(items(underwriter, customer))
    waiting = {one["id"] for one in underwriter.get("/v1/due-diligence/items")["items"]}
    assert waiting == {one["id"] for one in told["items"]}


def test_an_item_is_taken_settled_with_evidence_and_done(world: HouseWorld) -> None:
    """K1: a finding that is missing is told by its pointer; the file comes back as it was, under its hash."""
    _, underwriter, customer = exposed(world)
    item = f"{customer}/items/{items(underwriter, customer)['origin_of_funds']['id']}"
    assert underwriter.call("PUT", f"{item}/assignment").get_json()["taken_by"].startswith("staff:")
    added = underwriter.post(f"{item}/evidence", FILE)
    assert underwriter.call("GET", f"{item}/evidence/{added['id']}").data == PDF
    wrong = FILE | {"media_type": "image/png"}
    assert underwriter.post(f"{item}/evidence", wrong, 422)["type"] == "/problems/evidence-not-accepted"
    assert underwriter.post(f"{item}/evidence", FILE | {"content": "?"}, 422)["errors"][0]["pointer"] == "/content"
    settlement = {"result": "satisfied", "note": NOTE}
    refused = underwriter.post(f"{item}/settlement", settlement, 422)
    assert [one["pointer"] for one in refused["errors"]] == ["/origin_of_funds"]
    finding = {"origin_of_funds": "Lön och försäljning av en fastighet."}
    done = underwriter.post(f"{item}/settlement", settlement | {"finding": finding})
    assert (done["state"], done["result"]) == ("settled", "satisfied")
    assert [one["sha256"] for one in done["evidence"]] == [added["sha256"]]
    assert underwriter.post(f"{item}/settlement", settlement | {"finding": finding}, 409)["rule"] == "K1"


def test_what_needs_authority_is_proposed_sent_back_and_approved_by_a_senior(world: HouseWorld) -> None:
    """K1: a relation with somebody politically exposed (lag 2017:630, 3:19)."""
    _, underwriter, customer = exposed(world)
    senior = world.staff(Role.SENIOR_UNDERWRITER)
    item = f"{customer}/items/{items(underwriter, customer)['exposure_approval']['id']}"
    settlement = {"result": "satisfied", "note": NOTE}
    assert underwriter.post(f"{item}/settlement", settlement)["state"] == "proposed"
    assert underwriter.call("POST", f"{item}/approval", {"note": NOTE}).status_code == 403
    assert senior.post(f"{item}/rejection", {"note": "Underlag saknas för tjänsten."})["state"] == "open"
    underwriter.post(f"{item}/settlement", settlement)
    approved = senior.post(f"{item}/approval", {"note": "Jag ser samma sak."})
    assert (approved["state"], approved["needs_authority"]) == ("settled", True)
    assert approved["approved_by"] != approved["settled_by"]


def test_staff_begin_an_item_by_themselves_and_find_somebody_exposed(world: HouseWorld) -> None:
    """D16: what is found raises the class at once and calls for what follows from it."""
    loan = assessed(world, application_json())
    underwriter, customer = world.staff(Role.UNDERWRITER), f"{loan.application}/due-diligence"
    begun = underwriter.post(f"{customer}/items", {"kind": "politically_exposed", "note": NOTE})
    found = [{"number": ANNA.digits, "exposed": True, "function": "Riksdagsledamot", "ended_on": "2025-10-01"}]
    settlement = {"result": "corrected", "note": NOTE, "finding": {"exposed": found}}
    item = f"{customer}/items/{begun['id']}"
    underwriter.post(f"{item}/settlement", settlement)
    told = underwriter.get(customer)
    assert told["assessments"][0]["risk_class"] == "high"
    assert [one["politically_exposed"] for one in told["owners"]] == [True]
    assert "exposure_approval" in {one["kind"] for one in told["items"]}


def test_an_item_of_another_application_is_not_found(world: HouseWorld) -> None:
    _, underwriter, customer = exposed(world)
    item = items(underwriter, customer)["origin_of_funds"]["id"]
    other = apply(world, BODIES[CompanyForm.EF])
    path = f"{other.application}/due-diligence/items/{item}"
    assert underwriter.call("PUT", f"{path}/assignment").status_code == 404
    assert underwriter.call("GET", f"{path}/evidence/{uuid.uuid4()}").status_code == 404


def test_a_change_of_what_has_changed_since_is_refused(world: HouseWorld) -> None:
    """D8: by the tag of what is known of the customer."""
    _, underwriter, customer = exposed(world)
    item = f"{customer}/items/{items(underwriter, customer)['origin_of_funds']['id']}"
    tag = underwriter.call("GET", customer).headers["ETag"]
    assert underwriter.call("PUT", f"{item}/assignment", If_Match=tag).status_code == 200
    assert underwriter.call("DELETE", f"{item}/assignment", If_Match=tag).status_code == 412
    fresh = underwriter.call("GET", customer).headers["ETag"]
    assert underwriter.call("DELETE", f"{item}/assignment", If_Match=fresh).status_code == 204
