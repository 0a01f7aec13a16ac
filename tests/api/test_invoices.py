"""Invoices over HTTP: the borrower's own, how they come, and billing's part of them."""

import io
import zipfile
from datetime import datetime

import pytest

from agreements.billing.service import run_due
from tests.support.house import HouseWorld
from tests.support.journey import Loan, running
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.vocabulary import CompanyForm, Role

APRIL = datetime(2026, 4, 1, 23, 30, tzinfo=STOCKHOLM)
PAPER = {"delivery": "paper", "address": "Storgatan 1, 111 11 Stockholm"}


@pytest.fixture
def loan(world: HouseWorld) -> Loan:
    """Paid out on 2 March, with a guarantor who is somebody else."""
    return running(world, CompanyForm.KB)


def bill(world: HouseWorld) -> None:
    """What the jobs of the first evening of April do."""
    world.move_to(APRIL)
    invoices = world.house.invoices
    run_due(world.house.runtime, APRIL.date())
    invoices.issue_due(APRIL.date())
    invoices.send_issued()
    invoices.make_batches()


def test_the_borrower_chooses_paper_reads_the_invoice_and_billing_prints_it(world: HouseWorld, loan: Loan) -> None:
    """F4: 59 kr on paper; and F5: on the page, as JSON and as PDF. A guarantor sees none of it."""
    chosen = loan.borrower.call("PUT", f"{loan.agreement}/invoice-delivery", PAPER)
    assert (chosen.status_code, chosen.get_json()) == (200, {"delivery": "paper", "paper_fee": "59.00"})
    bill(world)
    (invoice,) = loan.borrower.get(f"{loan.agreement}/invoices")["items"]
    assert (invoice["period"], invoice["due_on"], invoice["state"]) == ("2026-04", "2026-04-30", "open")
    assert [line["kind"] for line in invoice["lines"]] == ["monthly_fee", "paper_fee", "instalment"]
    assert invoice["payable"].endswith(".00")
    path = f"/v1/invoices/{invoice['id']}"
    assert loan.borrower.get(path) == invoice
    pdf = loan.borrower.call("GET", f"{path}/pdf")
    assert (pdf.content_type, pdf.data[:5]) == ("application/pdf", b"%PDF-")
    page = loan.borrower.call("GET", f"/agreements/{loan.agreement_id}").get_data(as_text=True)
    assert f'href="{path}/pdf"' in page

    guarantor = loan.people["cecilia@example.se"]
    for closed in (path, f"{path}/pdf", f"{loan.agreement}/invoices", f"{loan.agreement}/statement"):
        assert guarantor.call("GET", closed).status_code == 404

    billing = world.staff(Role.BILLING)
    (batch,) = billing.get("/v1/print-batches")["items"]  # made at 23:00
    assert batch["count"] == 1
    archive = billing.call("GET", f"/v1/print-batches/{batch['id']}/file")
    assert pdf.data in [zipfile.ZipFile(io.BytesIO(archive.data)).read(f"faktura-{invoice['number']}.pdf")]
    assert billing.post("/v1/print-batches")["items"] == []
    (run,) = billing.get("/v1/invoice-runs")["items"]
    assert (run["period"], run["issued_count"]) == ("2026-04", 1)


def test_billing_waives_the_fee_of_paper_once(world: HouseWorld, loan: Loan) -> None:
    """F6: by a credit note, with a reason that is a person's."""
    loan.borrower.call("PUT", f"{loan.agreement}/invoice-delivery", PAPER)
    bill(world)
    (invoice,) = loan.borrower.get(f"{loan.agreement}/invoices")["items"]
    path, billing = f"/v1/invoices/{invoice['id']}/paper-fee-credit", world.staff(Role.BILLING)
    assert billing.call("POST", path, {"reason": "reversed"}).status_code == 422
    note = billing.post(path, {"reason": "goodwill"})
    assert (note["kind"], note["payable"], note["credits"]) == ("credit_note", "59.00", invoice["id"])
    again = billing.call("POST", path, {"reason": "mistake"})
    assert (again.status_code, again.get_json()["rule"]) == (409, "F6")


def test_a_statement_tells_the_days_asked_for(world: HouseWorld, loan: Loan) -> None:
    """F6: and a period that is none is refused."""
    bill(world)
    found = loan.borrower.get(f"{loan.agreement}/statement?from=2026-03-01&to=2026-03-31")
    assert [line["kind"] for line in found["lines"]] == ["payout", "monthly_fee"]
    assert found["closing"]["debt"] == found["lines"][-1]["debt"]
    pdf = loan.borrower.call("GET", f"{loan.agreement}/statement.pdf?language=en")
    assert (pdf.status_code, pdf.data[:5]) == (200, b"%PDF-")
    for query in ("from=2026-04-02&to=2026-04-01", "from=first"):
        assert loan.borrower.call("GET", f"{loan.agreement}/statement?{query}").status_code == 422


def test_paper_without_an_address_and_a_month_that_is_not_open_are_refused(world: HouseWorld, loan: Loan) -> None:
    """F4: and F5: each says what is missing."""
    refused = loan.borrower.call("PUT", f"{loan.agreement}/invoice-delivery", {"delivery": "paper"})
    assert (refused.status_code, refused.get_json()["rule"]) == (422, "F4")
    assert refused.get_json()["errors"][0]["pointer"] == "/address"
    billing = world.staff(Role.BILLING)
    early = billing.call("POST", "/v1/invoice-runs", {"period": "2026-03"})
    assert (early.status_code, early.get_json()["rule"]) == (409, "F5")
    for month in ("0001-01", "9999-12"):
        assert billing.call("POST", "/v1/invoice-runs", {"period": month}).status_code == 409
    for path in ("/v1/print-batches?cursor=x", f"{loan.agreement}/statement?from=0001-01-01&to=0001-01-01"):
        assert billing.call("GET", path).status_code == 422


def test_the_price_of_paper_is_the_administrators_to_set(world: HouseWorld) -> None:
    """F4: dated rows, from a day that lies ahead; billing reads them."""
    billing, administrator = world.staff(Role.BILLING), world.staff(Role.ADMINISTRATOR)
    new = {"since": "2027-01-01", "amount": "65.00"}
    assert billing.call("POST", "/v1/paper-invoice-prices", new).status_code == 403
    assert administrator.post("/v1/paper-invoice-prices", new) == new
    assert billing.get("/v1/paper-invoice-prices")["items"] == [{"since": "2020-01-01", "amount": "59.00"}, new]
    refused = administrator.call("POST", "/v1/paper-invoice-prices", new | {"since": "2026-03-02"})
    assert (refused.status_code, refused.get_json()["rule"]) == (409, "F4")
