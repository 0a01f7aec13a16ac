"""The whole road over HTTP, once per company form: from a draft to the first monthly fee, and to the cancellation."""

from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from tests.conftest import LONG
from tests.support.beginnings import granted, running
from tests.support.house import HouseWorld
from tests.support.journey import BODIES, Loan, apply, decide, sign_all
from underwriting.kernel.vocabulary import CompanyForm, Role

GRANTED_ON = (2026, 3, 2)  # a Monday; Stockholm is an hour before UTC
LAST_SECOND = datetime(*GRANTED_ON, 14, 59, 59, tzinfo=UTC)  # 15:59:59
SHARP = datetime(*GRANTED_ON, 15, 0, 0, tzinfo=UTC)  # 16:00:00
APRIL_1 = datetime(2026, 4, 1, 19, 0, tzinfo=UTC)  # 21:00 in summer, on April's first banking day


def monthly_fee(offer: dict[str, Any]) -> Decimal:
    """The fee at full use, in whole kronor, half up (D6)."""
    return (Decimal(offer["limit"]) * Decimal(offer["fee_rate"])).quantize(Decimal(1), ROUND_HALF_UP)


def paid_out(world: HouseWorld) -> Decimal:
    """What has left the lender's account, which held 100 000 000 kr."""
    return 100_000_000 - Decimal(world.bank.balance())


def balances(loan: Loan) -> dict[str, Decimal]:
    """Each account's debits less its credits, from the ledger as the borrower reads it."""
    sums: dict[str, Decimal] = {}
    for entry in loan.borrower.get(f"{loan.agreement}/ledger")["items"]:
        for line in entry["lines"]:
            sums[line["debit"]] = sums.get(line["debit"], Decimal(0)) + Decimal(line["amount"])
            sums[line["credit"]] = sums.get(line["credit"], Decimal(0)) - Decimal(line["amount"])
    return {account: amount for account, amount in sums.items() if amount}


@pytest.mark.parametrize("form", CompanyForm)
def test_from_a_draft_to_the_first_monthly_fee(world: HouseWorld, form: CompanyForm) -> None:
    """A1, D1, G1, G2, P1, F1, F2, F6, F10: the same road for all four company forms."""
    loan = apply(world, BODIES[form])
    waiting = loan.borrower.call("GET", f"{loan.application}/decision")
    assert (waiting.status_code, waiting.get_json()["state"]) == (202, "assessing")

    decision = decide(world, loan)
    assert (decision["outcome"], decision["automatic"]) == ("approved", True)
    offer = decision["offer"]
    fee = monthly_fee(offer)
    assert (offer["limit"], Decimal(offer["monthly_fee"])) == ("200000.00", fee)

    agreement = loan.borrower.get(loan.agreement)
    assert (agreement["state"], agreement["utilised"], agreement["granted_at"]) == (
        "signing",
        "0.00",
        decision["decided_at"],
    )
    guarantees = loan.borrower.get(f"{loan.agreement}/guarantees")["items"]
    assert [each["cap"] for each in guarantees] == ["300000.00"] * len(loan.body["guarantors"])  # 150 %
    world.work()
    assert paid_out(world) == 0  # nothing is paid before every signature is there

    sign_all(world, loan)
    world.work()
    world.work()  # once, however often the worker looks
    agreement = loan.borrower.get(loan.agreement)
    assert (agreement["state"], agreement["utilised"], agreement["first_paid_out_on"]) == (
        "running",
        "200000.00",
        "2026-03-02",
    )
    assert paid_out(world) == 200_000
    assert {each["state"] for each in loan.borrower.get(f"{loan.agreement}/guarantees")["items"]} <= {"in_force"}

    if form is CompanyForm.AB or LONG:
        world.pass_days_to(APRIL_1)
    else:  # the worker was away for a month: what it catches up with comes to the same
        world.come_back_at(APRIL_1)
    explained = loan.borrower.get(f"{loan.agreement}/fees/2026-03")
    assert (explained["basis"], Decimal(explained["fee"])) == ("200000.00", fee)
    assert len(explained["days"]) == 31
    assert [Decimal(each["fee"]) for each in loan.borrower.get(f"{loan.agreement}/fees")["items"]] == [fee]
    assert balances(loan) == {"principal": 200_000, "bank": -200_000, "fee_receivable": fee, "fee_income": -fee}


@pytest.mark.parametrize("form", CompanyForm)
def test_at_15_59_59_on_the_day_of_granting_it_is_cancelled(world: HouseWorld, form: CompanyForm) -> None:
    """C1, C3, C7: at once, for 1 500 kr, and its guarantees and its signatures with it."""
    loan = granted(world, form)
    world.move_to(LAST_SECOND)
    quote = loan.borrower.get(f"{loan.agreement}/cancellation-quote")
    assert (quote["window"]["kind"], quote["window"]["last_second"]) == ("same_day", "2026-03-02T14:59:59Z")
    assert (quote["fee"], quote["principal_to_repay"], quote["conditional"]) == ("1500.00", "0.00", False)

    cancelled = loan.borrower.post(f"{loan.agreement}/cancellation")
    assert (cancelled["state"], cancelled["fee"], cancelled["received_at"]) == (
        "completed",
        "1500.00",
        "2026-03-02T14:59:59Z",
    )
    assert loan.borrower.get(loan.agreement)["state"] == "cancelled"
    assert not {each["state"] for each in loan.borrower.get(f"{loan.agreement}/guarantees")["items"]} & {
        "invited",
        "signed",
        "in_force",
    }
    assert balances(loan) == {"cancellation_fee_receivable": 1_500, "cancellation_fee_income": -1_500}
    refused = loan.borrower.call("POST", "/v1/signings", {"purpose": "agreement", "subject_id": loan.agreement_id})
    assert refused.status_code == 409


@pytest.mark.parametrize("form", CompanyForm)
def test_at_16_00_00_it_is_too_late(world: HouseWorld, form: CompanyForm) -> None:
    """C1, C4, C8: refused, naming the window that was missed and the one that payout will open."""
    loan = granted(world, form)
    world.move_to(SHARP)
    refused = loan.borrower.call("POST", f"{loan.agreement}/cancellation")
    problem = refused.get_json()
    assert (refused.status_code, problem["rule"]) == (409, "C8")
    assert "16.00" in problem["detail"]
    assert loan.borrower.call("GET", f"{loan.agreement}/cancellation-quote").status_code == 409
    assert loan.borrower.get(loan.agreement)["state"] == "signing"
    assert balances(loan) == {}


def test_the_payout_window_ends_with_the_fifth_day(world: HouseWorld) -> None:
    """C2, C4: paid out on Monday 2 March, day 0; Saturday 7 March is day 5, to its last second."""
    loan = running(world)
    world.move_to(datetime(2026, 3, 7, 22, 59, 59, tzinfo=UTC))
    assert loan.borrower.get(f"{loan.agreement}/cancellation-quote")["window"]["last_second"] == "2026-03-07T22:59:59Z"
    world.move_to(datetime(2026, 3, 7, 23, 0, 0, tzinfo=UTC))
    refused = loan.borrower.call("POST", f"{loan.agreement}/cancellation")
    assert (refused.status_code, refused.get_json()["rule"]) == (409, "C4")


def test_a_cancellation_after_payout_is_settled_by_the_money(world: HouseWorld) -> None:
    """C2, C6, F7: principal and fee within three banking days; then it is over and every account is even."""
    loan = running(world)
    asked = loan.borrower.post(f"{loan.agreement}/cancellation")
    assert (asked["state"], asked["window"], asked["pay_by"]) == ("conditional", "payout", "2026-03-05")
    assert (asked["principal_to_repay"], asked["fee"]) == ("200000.00", "1500.00")

    reference = loan.borrower.get(loan.agreement)["ocr"]
    paid = world.bank.pay(bankgiro="5999-0093", reference=reference, amount="201500.00")
    assert paid.status_code == 201, paid.text
    world.pass_days_to(datetime(2026, 3, 3, 20, 0, tzinfo=UTC))
    assert loan.borrower.get(loan.agreement)["state"] == "cancelled"
    assert balances(loan) == {"bank": 1_500, "cancellation_fee_income": -1_500}
    world.come_back_at(APRIL_1)
    assert loan.borrower.get(f"{loan.agreement}/fees")["items"] == []


def test_a_cancellation_without_its_money_falls(world: HouseWorld) -> None:
    """C6: to be booked by Thursday 5 March, which the bank may tell all Friday; then it falls."""
    loan = running(world)
    loan.borrower.post(f"{loan.agreement}/cancellation")
    world.pass_days_to(datetime(2026, 3, 6, 22, 0, tzinfo=UTC))
    assert loan.borrower.get(loan.agreement)["state"] == "cancelling"
    letters = len(world.letters())
    world.pass_days_to(datetime(2026, 3, 7, 22, 0, tzinfo=UTC))
    assert loan.borrower.get(loan.agreement)["state"] == "running"
    assert world.letters()[0].recipient == loan.email
    assert len(world.letters()) == letters + 1
    world.come_back_at(APRIL_1)
    assert [each["fee"] for each in loan.borrower.get(f"{loan.agreement}/fees")["items"]] == ["3000.00"]


def test_a_loan_is_redeemed_early_with_the_running_months_fee(world: HouseWorld) -> None:
    """F3: 200 000 of principal and March's whole fee of 1.5 %, 3 000 kr."""
    loan = running(world)
    world.come_back_at(datetime(2026, 3, 16, 9, 0, tzinfo=UTC))
    quote = loan.borrower.get(f"{loan.agreement}/redemption-quote?on=2026-03-16")
    assert (quote["principal"], quote["total"], quote["last_day"]) == ("200000.00", "203000.00", "2026-03-31")
    loan.borrower.post(f"{loan.agreement}/redemption", {"on": "2026-03-16"})
    reference = loan.borrower.get(loan.agreement)["ocr"]
    assert world.bank.pay(bankgiro="5999-0093", reference=reference, amount="203000.00").ok
    world.pass_days_to(datetime(2026, 3, 17, 20, 0, tzinfo=UTC))
    assert loan.borrower.get(loan.agreement)["state"] == "redeemed"
    assert balances(loan) == {"bank": 3_000, "fee_income": -3_000}


def test_staff_record_a_call_that_came_in_time(world: HouseWorld) -> None:
    """C5: recorded after the window closed, a second person confirms."""
    loan = granted(world)
    world.move_to(datetime(*GRANTED_ON, 16, 30, tzinfo=UTC))
    first, second = (world.staff(Role.UNDERWRITER, username=name) for name in ("ulla", "urban"))
    body = {"channel": "phone", "received_at": "2026-03-02T14:59:59Z"}
    unproven = first.call("POST", f"{loan.agreement}/cancellation", body)
    assert (unproven.status_code, unproven.get_json()["errors"][0]["pointer"]) == (422, "/note")
    body["note"] = "Ringde från företagets växel; samtalet finns i växelns logg"
    recorded = first.post(f"{loan.agreement}/cancellation", body)
    assert (recorded["state"], recorded["needs_confirmation"]) == ("unconfirmed", True)
    confirmation = f"/v1/cancellations/{recorded['id']}/confirmation"
    alone = first.call("POST", confirmation)
    assert (alone.status_code, alone.get_json()["rule"]) == (403, "C5")
    assert second.post(confirmation, status=200)["state"] == "completed"
    assert loan.borrower.get(loan.agreement)["state"] == "cancelled"


def test_a_referred_case_is_determined_by_an_underwriter(world: HouseWorld) -> None:
    """D8: with a reason; the decision is then not automatic."""
    loan = apply(world, BODIES[CompanyForm.AB] | {"organisation_number": "559999-1014"})  # four remarks
    assert decide(world, loan)["state"] == "referred"
    body = {
        "outcome": "approved",
        "limit": "200000.00",
        "fee_rate": "0.02",
        "reason_code": "documents_seen",
        "reason": "Anmärkningarna är betalda.",
    }
    determined = world.staff(Role.UNDERWRITER).post(f"{loan.application}/overrides", body)
    assert (determined["outcome"], determined["automatic"]) == ("approved", False)
    assert decide(world, loan)["offer"]["fee_rate"] == "0.02"
    assert loan.borrower.get(loan.agreement)["state"] == "signing"


def test_a_counter_offer_is_accepted_with_bankid(world: HouseWorld) -> None:
    """D1: asked for 250 000; 35 000 / 1.25 / (1/12 + 0.045) carries 218 181, in whole thousands 218 000."""
    loan = apply(world, BODIES[CompanyForm.KB] | {"requested_amount": "250000.00"})
    decision = decide(world, loan)
    assert (decision["outcome"], decision["offer"]["limit"]) == ("counter_offer", "218000.00")
    world.sign(loan.borrower.post(f"{loan.application}/counter-offer/acceptance"))
    assert decide(world, loan)["outcome"] in ("approved", "counter_offer")
    assert loan.borrower.get(loan.application)["state"] == "approved"
