"""Billing's part of the interface: files of the bank, what waits for a person, the run of the fees."""

import io
from datetime import UTC, date, datetime
from typing import Any

import pytest

from agreements.payouts.client import BankUnreachable
from agreements.payouts.sandbox.bgmax import Received, write
from tests.support.bank_stand_in import LENDER_BANKGIRO
from tests.support.beginnings import granted
from tests.support.house import Api, HouseWorld
from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.vocabulary import CompanyForm, Role

FIVE_MEGABYTES = 5 * 1024 * 1024


def file_of(*references: str, serial: int = 1) -> bytes:
    """A BgMax file with 700 kr for each reference, booked on 2 March 2026."""
    payments = [Received(number, reference, Money.kronor(700), "") for number, reference in enumerate(references, 1)]
    return write(
        payments,
        bankgiro=LENDER_BANKGIRO,
        account="58410000010098",
        booked_on=date(2026, 3, 2),
        deposit_serial=serial,
        created_at=datetime(2026, 3, 2, 17, tzinfo=UTC),
    )


@pytest.fixture
def billing(world: HouseWorld) -> Api:
    return world.staff(Role.BILLING)


def test_a_file_is_taken_raw_or_as_a_form_and_read_once(world: HouseWorld, billing: Api) -> None:
    """F7: idempotent by content, with or without a key."""
    loan = granted(world, CompanyForm.AB)
    ocr = loan.borrower.get(loan.agreement)["ocr"]
    content = file_of(ocr, "FAKTURA 77")
    raw = billing.send("POST", "/v1/payment-files", {"Content-Type": "text/plain"}, data=content)
    assert raw.status_code == 201
    assert (raw.get_json()["matched"], raw.get_json()["unmatched"]) == (1, 1)
    form = {"file": (io.BytesIO(content), "bgmax.txt")}
    again = billing.send("POST", "/v1/payment-files", {"Idempotency-Key": "1"}, data=form)
    assert again.get_json() == raw.get_json()
    (waiting,) = billing.get("/v1/payments?status=unmatched")["items"]
    assert (waiting["reference"], waiting["amount"], waiting["booked_on"]) == ("", "700.00", "2026-03-02")
    assert billing.get(f"/v1/payments/{waiting['id']}")["payment"] == {**waiting, "reference": "FAKTURA 77"}
    (kept,) = [entry for entry in loan.borrower.get(f"{loan.agreement}/ledger")["items"] if entry["kind"] == "payment"]
    assert kept["lines"] == [{"debit": "bank", "credit": "credit_balance", "amount": "700.00"}]


@pytest.mark.parametrize(
    ("content", "status", "problem"),
    [
        (b"", 422, "payment-file-refused"),
        (b"PK\x03\x04", 422, "payment-file-refused"),
        (file_of("1").replace(b"70000", b"90000", 1), 422, "payment-file-refused"),
        (b" " * (FIVE_MEGABYTES + 1), 413, "http-413"),
    ],
)
def test_what_is_no_file_of_the_banks_is_refused(billing: Api, content: bytes, status: int, problem: str) -> None:
    """F7: by line, and nothing is kept."""
    answer = billing.send("POST", "/v1/payment-files", {"Content-Type": "text/plain"}, data=content)
    assert (answer.status_code, answer.get_json()["type"]) == (status, f"/problems/{problem}")
    assert billing.get("/v1/payments?status=unmatched")["items"] == []


def test_what_waits_for_a_person_is_listed_page_by_page(billing: Api) -> None:
    """F7: 101 payments are two pages."""
    content = file_of(*(f"REF {number}" for number in range(101)))
    billing.send("POST", "/v1/payment-files", {"Content-Type": "text/plain"}, data=content)
    first = billing.get("/v1/payments?status=unmatched")
    assert (len(first["items"]), reference_of(billing, first["items"][0])) == (100, "REF 0")
    rest = billing.get(f"/v1/payments?status=unmatched&cursor={first['next_cursor']}")
    assert [reference_of(billing, one) for one in rest["items"]] == ["REF 100"]
    assert "next_cursor" not in rest


def reference_of(billing: Api, listed: Any) -> Any:
    """What the payer has typed: told with the payment alone."""
    assert listed["reference"] == ""
    return billing.get(f"/v1/payments/{listed['id']}")["payment"]["reference"]


def test_a_month_is_charged_by_billing_when_it_is_over(world: HouseWorld, billing: Api) -> None:
    """F1: 409 before, and what was charged afterwards."""
    refused = billing.call("POST", "/v1/fee-runs", {"month": "2026-03"})
    assert (refused.status_code, refused.get_json()["rule"]) == (409, "F1")
    world.move_to(datetime(2026, 4, 1, 20, tzinfo=STOCKHOLM))
    run = world.staff(Role.BILLING, username="b2").post("/v1/fee-runs", {"month": "2026-03"})
    assert (run["month"], run["charged_count"], run["charged"]) == ("2026-03", 0, "0.00")
    assert world.staff(Role.BILLING, username="b3").get("/v1/fee-runs")["items"] == [run]


def test_nothing_is_charged_while_the_bank_does_not_answer(world: HouseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """F1: what it has booked on the month's last day is not known then: 503, and no run is begun."""

    def unreachable(_: object) -> None:
        raise BankUnreachable("no_answer")

    world.move_to(datetime(2026, 4, 1, 20, tzinfo=STOCKHOLM))
    monkeypatch.setattr(type(world.house.payouts), "read_answers", unreachable)
    api = world.staff(Role.BILLING, username="b2")
    refused = api.call("POST", "/v1/fee-runs", {"month": "2026-03"})
    assert (refused.status_code, refused.get_json()["type"]) == (503, "/problems/bank-unreachable")
    assert api.get("/v1/fee-runs")["items"] == []


def test_a_call_that_the_second_person_does_not_believe_has_no_effect(world: HouseWorld) -> None:
    """C5: recorded at 16:30 as of 15:59:59; rejected, so that the agreement stands."""
    loan = granted(world, CompanyForm.AB)
    world.move_to(datetime(2026, 3, 2, 16, 30, tzinfo=STOCKHOLM))
    first, second = (world.staff(Role.UNDERWRITER, username=name) for name in ("u1", "u2"))
    body = {"channel": "phone", "received_at": "2026-03-02T14:59:59Z", "note": "Sade sig ha ringt före fyra"}
    recorded = first.post(f"{loan.agreement}/cancellation", body)
    assert recorded["state"] == "unconfirmed"
    rejection = f"/v1/cancellations/{recorded['id']}/rejection"
    assert first.call("POST", rejection).status_code == 403
    assert second.post(rejection, status=200)["state"] == "fallen"
    assert second.call("POST", f"/v1/cancellations/{recorded['id']}/confirmation").status_code == 409
