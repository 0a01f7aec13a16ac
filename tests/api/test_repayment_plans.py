"""A credit that is repaid at term, over HTTP: from the application to its only instalment and its end."""

from datetime import datetime
from typing import Any

import pytest

from agreements.billing.service import run_due
from tests.support.documents import texts_about
from tests.support.house import HouseWorld
from tests.support.journey import Loan, apply, decide, sign_all
from tests.support.lending import application_json
from tests.support.visitor import Visitor
from underwriting.kernel.periods import STOCKHOLM

# 50 000 kr over two months at 1.50 %, paid out on 2 March 2026: the term ends on 1 May; its last bank day is the 29th.
ASKED = {"requested_amount": "50000.00", "term_months": 2}
AT_TERM = application_json(**ASKED, repayment_plan="at_term")
TOLD = "hela kapitalet på en gång, när löptiden slutar"


def at(world: HouseWorld, text: str) -> None:
    """What the jobs of that evening do: the bank is read, fees are charged, invoices issued, what is over is closed."""
    world.move_to(datetime.fromisoformat(f"{text} 22:30").replace(tzinfo=STOCKHOLM))
    house, on = world.house, world.runtime.clock.now().astimezone(STOCKHOLM).date()
    house.payments.fetch_files()
    run_due(world.runtime, on)
    house.invoices.issue_due(on)
    house.payments.close_ended(on)


def invoices(loan: Loan) -> list[tuple[str, str, str, list[str]]]:
    """Month, due day, sum and what is asked for, of each invoice in order."""
    items: list[dict[str, Any]] = loan.borrower.get(f"{loan.agreement}/invoices")["items"]
    told = [(one["period"], one["due_on"], one["payable"], [line["kind"] for line in one["lines"]]) for one in items]
    return sorted(told)


def pay(world: HouseWorld, loan: Loan, amount: str, on: str) -> None:
    world.move_to(datetime.fromisoformat(f"{on} 10:00").replace(tzinfo=STOCKHOLM))
    reference = loan.borrower.get(loan.agreement)["ocr"]
    assert world.bank.pay(bankgiro="5999-0093", reference=reference, amount=amount).status_code == 201


def test_a_credit_at_term_from_the_application_to_its_end(world: HouseWorld) -> None:
    """A3, D6, G1, F1, F5: fees on the whole every month, all principal on one day, and then it is settled."""
    loan = apply(world, AT_TERM)
    assert loan.borrower.get(loan.application)["repayment_plan"] == "at_term"
    offer = decide(world, loan)["offer"]
    assert (offer["repayment_plan"], offer["monthly_fee"], offer["total"]) == ("at_term", "750.00", "1500.00")
    assert loan.borrower.get(loan.agreement)["repayment_plan"] == "at_term"
    sign_all(world, loan)
    world.work()
    said = {one["kind"]: one["id"] for one in loan.borrower.get(f"{loan.agreement}/documents")["items"]}
    assert {"agreement", "offer"} <= said.keys()
    with_plan = texts_about(world.runtime, loan.borrower.get(loan.agreement)["id"])
    assert with_plan
    assert all(TOLD in text for text in with_plan)

    at(world, "2026-04-01")
    assert invoices(loan) == [("2026-04", "2026-04-30", "750.00", ["monthly_fee"])]
    pay(world, loan, "750.00", "2026-04-30")
    at(world, "2026-05-04")
    assert invoices(loan)[1:] == [("2026-05", "2026-05-29", "50750.00", ["monthly_fee", "instalment"])]
    pay(world, loan, "50750.00", "2026-05-29")
    at(world, "2026-06-01")
    assert loan.borrower.get(loan.agreement)["utilised"] == "0.00"
    assert invoices(loan)[2:] == [("2026-06", "2026-06-30", "750.00", ["monthly_fee"])]  # of May, used to the 29th
    pay(world, loan, "750.00", "2026-06-30")
    at(world, "2026-07-01")
    assert loan.borrower.get(loan.agreement)["state"] == "settled"


def test_the_plan_is_part_of_the_draft_and_fixed_by_the_signature(world: HouseWorld) -> None:
    """A3: changed in the draft as often as one likes; straight where nothing is said; no supplement changes it."""
    draft = world.anyone().post("/v1/applications", application_json(**ASKED))
    assert draft["repayment_plan"] == "straight"
    loan = apply(world, AT_TERM)
    refused = loan.borrower.call("POST", f"{loan.application}/supplements", {"repayment_plan": "straight"})
    assert (refused.status_code, refused.get_json()["rule"]) == (422, "A3")
    assert refused.get_json()["errors"][0]["pointer"] == "/repayment_plan"
    assert loan.borrower.get(loan.application)["repayment_plan"] == "at_term"


def test_the_same_credit_in_parts_is_offered_alike_but_for_what_it_costs_in_all(world: HouseWorld) -> None:
    """D6, D12: 750 + 375 kr in the place of 750 + 750."""
    loan = apply(world, application_json(**ASKED))
    offer = decide(world, loan)["offer"]
    assert (offer["repayment_plan"], offer["limit"], offer["fee_rate"]) == ("straight", "50000.00", "0.015")
    assert (offer["total"], offer["effective_yearly_rate"]) == ("1125.00", "0.1956")


@pytest.mark.parametrize(
    ("language", "straight", "at_term", "rate"),
    [("sv", "29 250 kr i lika stora delar", "54 000 kr när allt", "4,50 %"), ("en", "29 250 kr", "54 000 kr", "4.50%")],
)
def test_the_form_says_what_each_plan_costs_in_all(
    world: HouseWorld, language: str, straight: str, at_term: str, rate: str
) -> None:
    """D6: 4 500 kr a month at the highest fee, 12 times on the whole or 13/2 times as it falls by twelfths."""
    page = Visitor(world, language=language).open("/apply?form=AB").replace("\N{NO-BREAK SPACE}", " ")
    assert all(told in page for told in (straight, at_term, rate))
    assert 'name="repayment_plan" value="straight" checked' in page
    assert 'name="repayment_plan" value="at_term">' in page
