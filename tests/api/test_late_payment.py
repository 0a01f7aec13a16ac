"""Late payment over HTTP: who pays reads it, billing charges steps, two persons enter a reference rate."""

from datetime import datetime

import pytest

from agreements.billing.service import run_due
from tests.support.house import Api, HouseWorld
from tests.support.journey import Loan, running
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.vocabulary import CompanyForm, Role

RATES = "/v1/reference-rates"
JULY = {"since": "2026-07-01", "rate": "0.025", "source": "Riksbanken 2026-06-30"}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=STOCKHOLM)


@pytest.fixture
def loan(world: HouseWorld) -> Loan:
    """It is May, and the invoice for April was not paid."""
    found = running(world, CompanyForm.KB)
    evening = at("2026-04-01T21:30")
    world.move_to(evening)
    run_due(world.house.runtime, evening.date())
    world.house.invoices.issue_due(evening.date())
    world.move_to(at("2026-05-10T10:00"))
    return found


@pytest.fixture
def billing(world: HouseWorld) -> Api:
    return world.staff(Role.BILLING)


def test_late_interest_is_told_stretch_by_stretch(loan: Loan, billing: Api) -> None:
    """R5: ten days at ten per cent; what is asked for a day that is none is refused."""
    path = f"/v1/agreements/{loan.agreement_id}/late-interest"
    found = billing.get(path)["items"]
    assert found
    for claim in found:
        (stretch,) = claim["stretches"]
        assert (stretch["first"], stretch["last"], stretch["days"]) == ("2026-05-01", "2026-05-10", 10)
        assert (stretch["rate"], claim["booked"]) == ("0.1", "0.00")
    assert billing.get(f"{path}?through=2026-04-30")["items"] == []
    for day in ("yesterday", "9999-12-31"):
        assert billing.call("GET", f"{path}?through={day}").status_code == 422
    missing = billing.call("GET", f"{path}?through=2026-07-02")
    assert (missing.status_code, missing.get_json()["rule"]) == (503, "R5")
    assert "2026-07-01" in missing.get_json()["detail"]


def test_billing_charges_a_reminder_once(world: HouseWorld, loan: Loan, billing: Api) -> None:
    """R4: 60 kr, the same again nothing; nobody else may."""
    invoice = billing.get(f"/v1/agreements/{loan.agreement_id}/invoices")["items"][0]["id"]
    path = f"/v1/invoices/{invoice}/late-charges"
    charged = billing.post(path, {"kind": "reminder"})
    assert charged["amount"] == "60.00"
    assert billing.post(path, {"kind": "reminder"}) == charged
    assert billing.get(path)["items"] == [charged]
    refused = billing.call("POST", path, {"kind": "compensation"})
    assert (refused.status_code, refused.get_json()["rule"]) == (409, "R4")
    assert billing.call("POST", path, {"kind": "final_notice"}).status_code == 422
    assert world.staff(Role.UNDERWRITER).call("POST", path, {"kind": "demand"}).status_code == 403


def test_two_persons_enter_a_reference_rate(world: HouseWorld, billing: Api) -> None:
    """R5: one proposes, another confirms; a rate may be below zero, and a number is no rate."""
    world.move_to(at("2026-07-01T08:00"))
    proposed = billing.post(RATES, JULY)
    assert (proposed["state"], proposed["holds"], proposed["rate"]) == ("pending", False, "0.025")
    confirmation = f"{RATES}/{proposed['id']}/confirmation"
    assert billing.call("POST", confirmation, {}).status_code == 403
    other = world.staff(Role.ADMINISTRATOR)
    assert other.call("POST", confirmation, {}).get_json()["holds"] is True
    assert billing.get(RATES)["items"][0]["holds"] is True
    refused = billing.call("POST", RATES, JULY | {"rate": "0.03"})
    assert (refused.status_code, refused.get_json()["rule"]) == (409, "R5")
    corrected = billing.post(RATES, JULY | {"rate": "-0.005", "reason": "Fel rad i tabellen"})
    assert corrected["rate"] == "-0.005"
    assert billing.call("POST", f"{RATES}/{corrected['id']}/rejection", {}).get_json()["state"] == "rejected"
    for rate in (0.025, "2,5", "--0.01", "-", "2.5"):
        assert billing.call("POST", RATES, JULY | {"rate": rate, "reason": "x"}).status_code == 422
