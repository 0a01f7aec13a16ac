"""Who signs, who guarantees, who is partner, over HTTP: every call that staff make, and what each is refused."""

import uuid

from tests.support.beginnings import granted, running
from tests.support.house import HouseWorld
from tests.support.lending import ANNA, BERTIL
from underwriting.kernel.vocabulary import CompanyForm, Role

SIGNATORY = {"personal_number": ANNA.digits, "name": "Anna Andersson", "roles": ["board_member"]}
RULE = {
    "signatories": [SIGNATORY, {"personal_number": BERTIL.digits, "name": "Bertil Berg"}],
    "alternatives": [{"persons": [ANNA.digits]}, {"seats": [{"role": "board_member"}]}],
    "evidence": "Registreringsbevis 2026-03-01",
}
PARTNER = {"number": "19640823-3234", "name": "Nils Nord", "entered_on": "2020-01-15", "evidence": "Registret"}


def test_a_signing_rule_is_read_entered_rejected_and_approved(world: HouseWorld) -> None:
    """A9, S2: one reading waits at a time; the applicant has to stand in it; whoever entered it does not approve."""
    loan = granted(world)
    first, second = world.staff(Role.UNDERWRITER), world.staff(Role.SENIOR_UNDERWRITER)
    path = f"{loan.agreement}/signing-rule"
    assert first.get(path)["rule"]["source"] == "applicant"
    entered = first.post(path, RULE)
    assert entered["proposed"]["signatories"][1]["name"] == "Bertil Berg"
    assert first.call("POST", path, RULE).get_json()["type"] == "/problems/signing-rule-change-pending"
    assert (
        first.post(f"/v1/signing-rules/{entered['change_id']}/rejection", status=200)["rule"]["source"] == "applicant"
    )
    without = RULE | {"signatories": RULE["signatories"][1:], "alternatives": [{"persons": [BERTIL.digits]}]}
    assert first.call("POST", path, without).get_json()["rule"] == "A9"
    change = f"/v1/signing-rules/{first.post(path, RULE)['change_id']}/approval"
    assert first.call("POST", change).status_code == 403
    approved = second.post(change, status=200)["rule"]
    assert (approved["source"], approved["checked"]) == ("staff", True)
    assert second.call("POST", change).status_code == 404


def test_a_partner_comes_leaves_and_is_corrected(world: HouseWorld) -> None:
    """G5: by the days of registration; limitation runs anew from its break, and a break may not precede the exit."""
    loan = running(world, CompanyForm.HB)
    staff = world.staff(Role.UNDERWRITER)
    partner = staff.post(f"{loan.agreement}/partners", PARTNER)
    assert staff.call("POST", f"{loan.agreement}/partners", PARTNER).get_json()["rule"] == "G5"
    exit_ = f"/v1/partners/{partner['id']}/exit"
    asked = {"exited_on": "2026-02-02", "evidence": "Ändringsbevis"}
    assert staff.call("PUT", exit_, asked).get_json()["type"] == "/problems/exit-not-recorded"
    assert staff.post(exit_, asked, status=200)["answers_until"] == "2031-02-02"
    assert staff.call("POST", exit_, asked).status_code == 409
    broken = f"/v1/partners/{partner['id']}/broken-limitation"
    assert staff.post(broken, {"broken_on": "2026-02-20"}, status=200)["answers_until"] == "2031-02-20"
    too_late = staff.call("PUT", exit_, asked | {"exited_on": "2026-02-21"})
    assert (too_late.status_code, too_late.get_json()["errors"][0]["pointer"]) == (422, "/exited_on")
    corrected = staff.call("PUT", exit_, asked | {"exited_on": "2026-02-03"}).get_json()
    assert corrected["exited_on"] == "2026-02-03"
    listed = staff.get(f"{loan.agreement}/liable-parties")["items"]
    (former,) = [one for one in listed if one.get("name") == "Nils Nord"]
    assert (former["debts_before"], former["until"]) == ("2026-02-03", "2031-02-20")


def test_only_partnerships_have_partners(world: HouseWorld) -> None:
    """G5: an AB has shareholders, who answer for nothing."""
    loan = granted(world)
    refused = world.staff(Role.UNDERWRITER).call("POST", f"{loan.agreement}/partners", PARTNER)
    assert refused.get_json()["type"] == "/problems/no-partnership"


def test_a_release_is_asked_for_withdrawn_and_given(world: HouseWorld) -> None:
    """G4: once at a time; the register and the division know the guarantor no more afterwards."""
    loan = running(world, CompanyForm.HB)
    first, second = world.staff(Role.UNDERWRITER), world.staff(Role.SENIOR_UNDERWRITER)
    items = first.get(f"{loan.agreement}/guarantees")["items"]
    anna, bertil = (next(one["id"] for one in items if one["name"].startswith(name)) for name in ("Anna", "Bertil"))
    shares = first.get(f"{loan.agreement}/division?amount=90001.00")["shares"]
    assert [one["amount"] for one in shares] == ["45000.50", "45000.50"]
    assert first.get(f"{loan.agreement}/division?amount=90000.00&insolvent={anna}")["shares"][1]["amount"] == "90000.00"
    assert first.call("GET", f"{loan.agreement}/division?amount=0").status_code == 422
    assert first.get(f"/v1/guarantors/{bertil}/exposure")["at_risk"] == "200000.00"
    path = f"/v1/guarantees/{bertil}/release"
    asked = first.post(path, {"reason": "Skilsmässa"})
    assert first.call("POST", path, {"reason": "Igen"}).get_json()["rule"] == "G4"
    assert first.post(f"/v1/guarantee-releases/{asked['id']}/withdrawal", status=200)["state"] == "withdrawn"
    release = first.post(path, {"reason": "Skilsmässa"})
    assert first.call("POST", f"/v1/guarantee-releases/{release['id']}/approval").status_code == 403
    assert second.post(f"/v1/guarantee-releases/{release['id']}/approval", status=200)["awaited"] == [anna]
    assert (
        loan.people["bertil@example.se"].call("POST", f"/v1/guarantee-releases/{release['id']}/consent").status_code
        == 404
    )
    assert loan.borrower.post(f"/v1/guarantee-releases/{release['id']}/consent", status=200)["state"] == "released"
    assert first.get(f"/v1/guarantors/{bertil}/exposure")["at_risk"] == "0.00"
    whole = first.get(f"{loan.agreement}/division?amount=90000.00")["shares"]
    assert [(one["guarantee_id"], one["amount"]) for one in whole] == [(anna, "90000.00")]


def test_an_annulment_is_asked_for_dropped_and_approved(world: HouseWorld) -> None:
    """D8: by two persons, before payout; what has run is not annulled."""
    loan = granted(world)
    first, second = world.staff(Role.UNDERWRITER), world.staff(Role.SENIOR_UNDERWRITER)
    path, asked = f"{loan.agreement}/annulment", {"ground": "hard_stop", "reason": "Konkurs"}
    dropped = first.post(path, asked)
    assert first.call("POST", path, asked).get_json()["type"] == "/problems/annulment-pending"
    assert first.post(f"/v1/annulments/{dropped['id']}/rejection", status=200)["state"] == "rejected"
    annulment = first.post(path, asked)
    refused = first.call("POST", f"/v1/annulments/{annulment['id']}/approval")
    assert (refused.status_code, refused.get_json()["rule"]) == (403, "D8")
    assert second.post(f"/v1/annulments/{annulment['id']}/approval", status=200)["state"] == "approved"
    assert loan.borrower.get(loan.agreement)["state"] == "annulled"
    world.work()
    told = world.staff(Role.AUDITOR).get("/v1/events?limit=200")["items"]
    assert [one["type"] for one in told].count("agreement.annulled") == 1
    assert second.call("POST", f"/v1/annulments/{annulment['id']}/approval").status_code == 404
    assert first.call("POST", f"/v1/annulments/{uuid.uuid4()}/rejection").status_code == 404
    assert first.call("POST", path, {"ground": "dislike", "reason": "x"}).status_code == 422
    paid = running(world, CompanyForm.EF)
    late = first.call("POST", f"{paid.agreement}/annulment", asked)
    assert (late.status_code, late.get_json()["type"]) == (409, "/problems/agreement-state-refuses")
