"""A guarantor declines the guarantee; another goes the same road, and everybody signs what comes of it."""

from datetime import timedelta

from tests.support.beginnings import decide, granted
from tests.support.house import HouseWorld
from tests.support.journey import BODIES, Loan, link, sign_all
from tests.support.lending import BERTIL, CECILIA, guarantor_json
from underwriting.kernel.vocabulary import CompanyForm, Role


def test_another_guarantor_is_reported_on_confirmed_and_signs_with_everybody(world: HouseWorld) -> None:
    """G2: declined with a reason nobody reads, replaced, confirmed (A6), decided again, signed and paid out."""
    loan = granted(world, CompanyForm.HB)
    first, bertil = loan.agreement_id, BODIES[CompanyForm.HB]["guarantors"][1]
    world.sign(loan.borrower.post("/v1/signings", {"purpose": "agreement", "subject_id": first}))
    token = link(world, bertil["email"], r"/guarantees/[0-9a-f-]+/invitation/([\w-]+)")
    assert world.anyone().call("GET", f"/v1/guarantee-invitations/{token}").status_code == 401
    assert loan.borrower.call("GET", f"/v1/guarantee-invitations/{token}").status_code == 404
    guarantor = world.log_in(BERTIL)
    shown = guarantor.get(f"/v1/guarantee-invitations/{token}")
    guarantee = shown["guarantee"]["id"]
    assert {one["kind"] for one in shown["documents"]} == {"guarantee", "guarantee_information"}
    assert loan.borrower.call("POST", f"/v1/guarantees/{guarantee}/refusal", {"reason": "Nej."}).status_code == 404
    declined = guarantor.post(f"/v1/guarantees/{guarantee}/refusal", {"reason": "Nej."}, status=200)
    assert declined["state"] == "refused"
    assert "Nej." not in "".join(letter.body for letter in world.letters())

    named = guarantor_json(CECILIA, "Cecilia Ceder")
    path = f"{loan.application}/guarantors/2"
    assert loan.borrower.call("PUT", f"{loan.application}/guarantors/1", named).status_code == 409
    assert loan.borrower.call("PUT", path, named).status_code in (200, 201)
    assert loan.borrower.get(loan.agreement)["state"] == "lapsed"
    again = Loan({**loan.body, "guarantors": [loan.body["guarantors"][0], named]}, loan.application_id, loan.borrower)
    again.people = dict(loan.people)
    invited = link(world, named["email"], r"/invitations/([\w-]+)")
    started = world.anyone().post(f"/v1/invitations/{invited}/confirmation")
    again.people[named["email"]] = world.sign(started)
    assert decide(world, again)["outcome"] == "approved"
    assert again.agreement_id != first

    refused = guarantor.call("POST", "/v1/signings", {"purpose": "guarantee", "subject_id": guarantee})
    assert (refused.status_code, refused.get_json()["rule"]) == (409, "G2")
    sign_all(world, again)
    world.work()
    assert again.borrower.get(again.agreement)["state"] == "running"


def test_two_underwriters_enter_who_may_sign(world: HouseWorld) -> None:
    """S2: one reads the registration, another approves; the same person cannot do both."""
    loan = granted(world)
    one = world.staff(Role.UNDERWRITER, username="u-1")
    other = world.staff(Role.UNDERWRITER, username="u-2")
    signatory = loan.body["signatory_personal_number"]
    entered = one.post(
        f"{loan.agreement}/signing-rule",
        {
            "signatories": [{"personal_number": signatory, "name": "Anna Andersson", "roles": ["board_member"]}],
            "alternatives": [{"seats": [{"role": "board_member"}]}],
            "wording": "Firman tecknas av styrelsen",
            "evidence": "Registreringsbevis",
        },
    )
    change = f"/v1/signing-rules/{entered['change_id']}/approval"
    assert one.call("POST", change).status_code == 403
    assert other.post(change, status=200)["rule"]["source"] == "staff"
    assert one.get(f"{loan.agreement}/signing-rule")["rule"]["checked"] is True
    refused = one.call(
        "POST",
        f"{loan.agreement}/signing-rule",
        {
            "signatories": [{"personal_number": signatory, "name": "Anna Andersson"}],
            "alternatives": [{"seats": [{"role": "board_member", "count": 2}]}],
            "evidence": "x",
        },
    )
    assert (refused.status_code, refused.get_json()["rule"]) == (422, "S2")


def test_staff_divide_a_debt_between_the_guarantors(world: HouseWorld) -> None:
    """G3: by caps, to the öre; before anybody has signed the creditor stands alone."""
    loan = granted(world, CompanyForm.HB)
    staff = world.staff(Role.BILLING)
    assert staff.get(f"{loan.agreement}/division?amount=100.01") == {"shares": [], "lost": "100.01"}
    sign_all(world, loan)
    divided = staff.get(f"{loan.agreement}/division?amount=100.01")
    assert [share["amount"] for share in divided["shares"]] == ["50.01", "50.00"]
    assert staff.call("GET", f"{loan.agreement}/division").status_code == 422


def test_a_guarantor_is_written_to_again_at_the_right_address(world: HouseWorld) -> None:
    """G2: by the applicant or staff, with a new link; only the one who was invited can use it, and not too often."""
    loan = granted(world, CompanyForm.HB)
    path, bertil = f"{loan.application}/guarantors/2/invitation", BODIES[CompanyForm.HB]["guarantors"][1]
    first = link(world, bertil["email"], r"/guarantees/[0-9a-f-]+/invitation/([\w-]+)")
    assert world.anyone().call("POST", path, {}).status_code == 401
    assert world.log_in(CECILIA).call("POST", path, {}).status_code == 404
    early = loan.borrower.call("POST", path, {})
    assert (early.status_code, early.get_json()["type"].rsplit("/")[-1]) == (409, "invited-too-often")
    world.move_to(world.runtime.clock.now() + timedelta(minutes=10))
    loan.borrower.post(path, {"email": "bertil.berg@example.se"}, status=200)
    world.move_to(world.runtime.clock.now() + timedelta(minutes=10))
    world.staff(Role.UNDERWRITER).post(path, {}, status=200)
    assert world.staff(Role.BILLING).call("POST", path, {}).status_code == 403
    token = link(world, "bertil.berg@example.se", r"/guarantees/[0-9a-f-]+/invitation/([\w-]+)")
    guarantor = world.log_in(BERTIL)
    assert guarantor.call("GET", f"/v1/guarantee-invitations/{first}").status_code == 404
    shown = guarantor.get(f"/v1/guarantee-invitations/{token}")
    assert loan.borrower.call("GET", f"/v1/guarantee-invitations/{token}").status_code == 404
    world.sign(guarantor.post("/v1/signings", {"purpose": "guarantee", "subject_id": shown["guarantee"]["id"]}))
    world.move_to(world.runtime.clock.now() + timedelta(minutes=10))
    signed = loan.borrower.call("POST", path, {})
    assert (signed.status_code, signed.get_json()["rule"]) == (409, "G2")


def test_a_partner_is_the_same_however_the_number_is_written(world: HouseWorld) -> None:
    """G5: recorded once; what is no number of a person or a company is refused, and a stopped drawdown resumes once."""
    loan = granted(world, CompanyForm.HB)
    one, other = (world.staff(Role.UNDERWRITER, username=name) for name in ("u-1", "u-2"))
    partner = {"number": "19610304-3698", "name": "Nils Berg", "entered_on": "2020-01-01", "evidence": "Registret"}
    recorded = one.post(f"{loan.agreement}/partners", partner)
    again = one.call("POST", f"{loan.agreement}/partners", partner | {"number": "196103043698"})
    assert (again.status_code, again.get_json()["rule"]) == (409, "G5")
    assert one.call("POST", f"{loan.agreement}/partners", partner | {"number": "123"}).status_code == 422
    one.post(f"/v1/partners/{recorded['id']}/exit", {"exited_on": "2026-01-15", "evidence": "Bevis"}, status=200)
    path, reason = f"{loan.agreement}/drawdowns/resumption", {"reason": "De som är kvar räcker."}
    assert one.call("POST", path, reason).status_code == 403
    other.post(path, reason, status=204)
    assert (other.call("POST", path, reason).get_json()["rule"]) == "G5"
