"""A loan's way over HTTP: applied for, confirmed, decided, signed by everyone and paid out."""

import re
from dataclasses import dataclass, field
from typing import Any

from tests.support.house import Api, HouseWorld
from tests.support.lending import (
    ANNA,
    BERTIL,
    CECILIA,
    CLEAN_HB,
    CLEAN_KB,
    application_json,
    guarantor_json,
    sole_trader_json,
)
from underwriting.kernel.vocabulary import CompanyForm

_UUID = r"([0-9a-f]{8}-[0-9a-f-]{27})"

# Who guarantees. AB: the signatory. HB: she and a partner who is invited. KB: somebody else. EF: nobody.
BODIES: dict[CompanyForm, dict[str, Any]] = {
    CompanyForm.AB: application_json(),
    CompanyForm.HB: application_json(
        company_form="HB",
        organisation_number=CLEAN_HB,
        guarantors=[guarantor_json(ANNA, "Anna Andersson"), guarantor_json(BERTIL, "Bertil Berg")],
    ),
    CompanyForm.KB: application_json(
        company_form="KB", organisation_number=CLEAN_KB, guarantors=[guarantor_json(CECILIA, "Cecilia Ceder")]
    ),
    CompanyForm.EF: sole_trader_json(),
}


@dataclass
class Loan:
    """One application and what became of it; *people* are logged in, by their address."""

    body: dict[str, Any]
    application_id: str
    borrower: Api
    people: dict[str, Api] = field(default_factory=dict)
    agreement_id: str = ""

    @property
    def application(self) -> str:
        return f"/v1/applications/{self.application_id}"

    @property
    def agreement(self) -> str:
        return f"/v1/agreements/{self.agreement_id}"

    @property
    def email(self) -> str:
        """Where the borrower reads mail."""
        address: str = self.body["contact"]["email"]
        return address


def apply(world: HouseWorld, body: dict[str, Any]) -> Loan:
    """Send the application, sign it (A3), and let everyone who is invited confirm (A6)."""
    draft = world.anyone().post("/v1/applications", body)
    holder = Api(world.app, draft["access_secret"])
    borrower = world.sign(holder.post(f"/v1/applications/{draft['id']}/submit"))
    loan = Loan(body, draft["id"], borrower)
    loan.people[loan.email] = borrower
    for guarantor in body["guarantors"]:
        if guarantor["personal_number"] != body["signatory_personal_number"]:
            token = link(world, guarantor["email"], r"/invitations/([\w-]+)")
            started = world.anyone().post(f"/v1/invitations/{token}/confirmation")
            loan.people[guarantor["email"]] = world.sign(started)
    return loan


def decide(world: HouseWorld, loan: Loan) -> dict[str, Any]:
    """The worker assesses; what the borrower is told, and the agreement's id where there is one (G1)."""
    world.work()
    decision: dict[str, Any] = loan.borrower.call("GET", f"{loan.application}/decision").get_json()
    if decision.get("outcome") == "approved":
        loan.agreement_id = link(world, loan.email, rf"/agreements/{_UUID}")
    return decision


def sign_all(world: HouseWorld, loan: Loan) -> None:
    """The borrower signs the agreement and each guarantor their own guarantee (G2)."""
    world.sign(loan.borrower.post("/v1/signings", {"purpose": "agreement", "subject_id": loan.agreement_id}))
    for guarantor in loan.body["guarantors"]:
        guarantee_id = link(world, guarantor["email"], rf"/guarantees/{_UUID}")
        person = loan.people[guarantor["email"]]
        world.sign(person.post("/v1/signings", {"purpose": "guarantee", "subject_id": guarantee_id}))


def granted(world: HouseWorld, form: CompanyForm = CompanyForm.AB) -> Loan:
    """A loan that is approved and not signed yet."""
    loan = apply(world, BODIES[form])
    assert decide(world, loan)["outcome"] == "approved"
    return loan


def running(world: HouseWorld, form: CompanyForm = CompanyForm.AB) -> Loan:
    """A loan that is signed and paid out."""
    loan = granted(world, form)
    sign_all(world, loan)
    world.work()
    assert loan.borrower.get(loan.agreement)["state"] == "running"
    return loan


def link(world: HouseWorld, email: str, pattern: str) -> str:
    """What *pattern* captures in the newest message to *email* that has it."""
    for letter in world.letters():
        if letter.recipient == email and (found := re.search(pattern, letter.body)):
            return found[1]
    raise AssertionError(f"nobody sent {email} a link like {pattern}")
