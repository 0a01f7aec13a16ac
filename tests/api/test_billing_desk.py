"""Billing's pages in the console: what they show, and what their buttons do."""

import io
from datetime import date, datetime

import pytest

from agreements.billing.service import run_due
from tests.support.bgmax_files import BgMax, paid
from tests.support.house import Api, HouseWorld
from tests.support.journey import Loan, running
from underwriting.kernel.money import Money
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.vocabulary import CompanyForm, RefundState, Role
from underwriting.platform.authentication import SESSION_COOKIE

APRIL = datetime(2026, 4, 1, 23, 30, tzinfo=STOCKHOLM)
BILLING = "/console/billing"
HEADERS = {"Accept": "text/html", "Accept-Language": "sv"}
PAGES = ("", "/invoices", "/payments", "/refunds", "/printing", "/accounting", "/rates")


@pytest.fixture
def loan(world: HouseWorld) -> Loan:
    """Paid out on 2 March, and billed on 1 April."""
    found = running(world, CompanyForm.AB)
    world.move_to(APRIL)
    run_due(world.house.runtime, APRIL.date())
    world.house.invoices.issue_due(APRIL.date())
    return found


class Desk:
    """Somebody in front of the pages."""

    def __init__(self, caller: Api) -> None:
        self.client = caller.app.test_client()
        self.client.set_cookie(SESSION_COOKIE, caller.token or "")

    def page(self, path: str) -> str:
        answer = self.client.get(f"{BILLING}{path}", headers=HEADERS)
        assert answer.status_code == 200, answer.text
        return answer.text

    def send(self, path: str, **fields: object) -> int:
        token = self.page("").split('name="csrf_token" value="')[1].split('"')[0]
        data = {"csrf_token": token} | fields
        return self.client.post(f"{BILLING}{path}", data=data, headers=HEADERS).status_code


def desk(world: HouseWorld, role: Role = Role.BILLING, *, username: str = "") -> Desk:
    return Desk(world.staff(role, username=username))


@pytest.mark.usefixtures("loan")
def test_billing_finds_an_invoice_and_the_auditor_reads_every_page_without_a_button(world: HouseWorld) -> None:
    billing, auditor = desk(world), desk(world, Role.AUDITOR)
    assert "202600000001" in billing.page("/invoices?q=202600000001")
    assert "202600000001" not in billing.page("/invoices?state=overdue")
    assert 'id="q-error"' in billing.page("/invoices?q=abc")
    for path in PAGES:
        assert 'method="post" action="/console/billing' in billing.page(path) or path == "/invoices"
        assert 'method="post" action="/console/billing' not in auditor.page(path)


def test_a_payment_that_nobody_knows_is_booked_where_a_person_says(world: HouseWorld, loan: Loan) -> None:
    """F7: in the console, with a part of it left over."""
    billing = desk(world)
    content = BgMax(APRIL.date()).of(paid(1, "Tack", Money.kronor(700), code=4))
    assert billing.send("/payments/files", file=(io.BytesIO(content), "bg.txt")) == 303
    assert billing.send("/payments/files") == 422
    assert billing.send("/payments/files", file=(io.BytesIO(b"x"), "bg.txt")) == 422
    (waiting,) = world.house.payments.unmatched()
    assert f"/console/billing/payments/{waiting.id}" in billing.page("/payments")
    match = f"/payments/{waiting.id}/match"
    assert billing.send(match, number="4711") == 422
    assert billing.send(match, agreement=loan.agreement_id, amount="x") == 422
    assert billing.send(match, agreement=loan.agreement_id, amount="701") == 422
    assert desk(world, Role.AUDITOR).send(match, agreement=loan.agreement_id) == 403
    assert billing.send(match, agreement=loan.agreement_id, amount="500,00") == 303
    assert billing.send(match, agreement=loan.agreement_id) == 409
    assert [one.amount for one in world.house.payments.unmatched()] == [Money.kronor(200)]


def test_a_balance_is_paid_back_by_two_of_billing(world: HouseWorld, loan: Loan) -> None:
    """F8: asked for by one, who cannot release it, refused once and then released by another, who reads why."""
    one, other = desk(world), desk(world, username="billing-2")
    ledger = loan.borrower.get(loan.agreement)
    world.house.payments.read_file(BgMax(APRIL.date()).of(paid(1, ledger["ocr"], Money.kronor(90_000))), actor="bank")
    asked = {"number": ledger["number"], "amount": "1 500,00", "reason": "Betalade två gånger"}
    for wrong in ({"number": "4711"}, {"amount": "x"}, {"amount": ""}, {"reason": ""}):
        assert one.send("/refunds", **asked | wrong) == 422
    assert one.send("/refunds", **asked | {"amount": "9999999"}) == 409
    for verdict, status in (("refuse", 303), ("release", 303)):
        assert one.send("/refunds", **asked) == 303
        (case,) = world.house.payments.refund_cases()
        act = f"/refunds/{case.refund.id}"
        assert one.send(f"{act}/release") == 403
        assert f"{act}/release" not in one.page("/refunds")
        assert f"{act}/release" in other.page("/refunds")
        assert "Betalade två gånger" in other.page("/refunds")
        assert desk(world, Role.AUDITOR, username=f"auditor-{verdict}").send(f"{act}/{verdict}") == 403
        assert other.send(f"{act}/{verdict}") == status
        assert other.send(f"{act}/{verdict}") == 409
    assert [case.refund.state for case in world.house.payments.refund_cases()] == [RefundState.RELEASED]


def test_a_payment_that_is_nobodys_is_sent_back_from_its_page(world: HouseWorld) -> None:
    """F8: to the bankgiro that a person gives, where the bank tells none."""
    billing = desk(world)
    content = BgMax(date(2026, 3, 2)).of(paid(1, "Tack", Money.kronor(700), code=4, name="Okända AB"))
    world.house.payments.read_file(content, actor="bank")
    (waiting,) = world.house.payments.unmatched()
    act = f"/payments/{waiting.id}/return"
    assert f"{BILLING}{act}" in billing.page(f"/payments/{waiting.id}")
    assert billing.send(act, reason="Fel mottagare") == 409
    assert billing.send(act, reason="Fel mottagare", bankgiro="1") == 422
    assert billing.send(act, bankgiro="5999-0002") == 422
    assert billing.send(act, reason="Fel mottagare", bankgiro="5999-0002") == 303
    assert world.house.payments.unmatched() == ()
    assert "Okända AB" in billing.page("/refunds")


@pytest.mark.usefixtures("loan")
def test_a_month_is_closed_once_and_in_its_turn(world: HouseWorld) -> None:
    """F9: and its balance and its file are a link away."""
    billing = desk(world)
    assert billing.send("/accounting", month="2026-04") == 409
    assert billing.send("/accounting", month="2026-03") == 303
    assert billing.send("/accounting", month="nonsense") in (404, 422)
    assert "/v1/accounting-periods/2026-03/sie" in billing.page("/accounting")
    assert "1930" in billing.page("/accounting/2026-03")


def test_a_reference_rate_takes_two_of_billing(world: HouseWorld) -> None:
    """R5: nobody confirms what they entered."""
    one, other = desk(world), desk(world, username="billing-2")
    since = world.house.late_payment.next_rate().since
    assert one.send("/rates", since=since.isoformat(), rate="2") == 422
    world.move_to(datetime(since.year, since.month, 1, 10, tzinfo=STOCKHOLM))
    assert one.send("/rates", since=since.isoformat(), rate="0,0200", source="Riksbanken") == 303
    (rate,) = [found for found in world.house.late_payment.rates() if found.id]
    assert one.send(f"/rates/{rate.id}/confirm") == 403
    assert other.send(f"/rates/{rate.id}/confirm") == 303
    assert world.house.late_payment.next_rate().since > since
