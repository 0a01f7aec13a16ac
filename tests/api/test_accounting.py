"""Accounting over HTTP: billing closes, the auditor reads, the administrator keeps the chart."""

from datetime import datetime
from typing import Any

import pytest

from agreements.accounting.services import ask_to_close
from agreements.billing.service import run_due
from tests.support import sie
from tests.support.house import Api, HouseWorld
from tests.support.journey import running
from underwriting.jobs import jobs_of
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.vocabulary import CompanyForm, Role

APRIL = datetime(2026, 4, 1, 21, 30, tzinfo=STOCKHOLM)
PERIODS, CHART = "/v1/accounting-periods", "/v1/chart-of-accounts"
MARCH = {"month": "2026-03"}
ENTRY = {"account": "fee_income", "since": "2026-05-01", "number": "8313", "name": "Ränteintäkter"}


@pytest.fixture
def billing(world: HouseWorld) -> Api:
    """It is the first evening of April; a loan was paid out in March, whose fee is charged."""
    running(world, CompanyForm.KB)
    world.move_to(APRIL)
    run_due(world.house.runtime, APRIL.date())
    return world.staff(Role.BILLING)


def test_billing_closes_a_month_and_takes_its_file(world: HouseWorld, billing: Api) -> None:
    """F9: the file is what the month moved; closed again, it is the same month."""
    balance = billing.get(f"{PERIODS}/2026-03/trial-balance")
    assert balance["is_closed"] is False
    closed = billing.post(PERIODS, MARCH)
    assert billing.post(PERIODS, MARCH) == closed == billing.get(f"{PERIODS}/2026-03")
    assert billing.get(PERIODS)["items"] == [closed]
    answer = billing.call("GET", f"{PERIODS}/2026-03/sie?ksumma=true")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="borgen-2026-03.si"'
    found = sie.read(answer.data)
    assert found.posts["#FNAMN"] == [world.runtime.settings.lender.name]
    moved: dict[str, Any] = {one["account"]: one for one in closed["movements"]}
    assert moved["principal"]["debit"] == str(found.movement()["1682"][0])
    after = billing.get(f"{PERIODS}/2026-03/trial-balance")
    assert (after["is_closed"], after["lines"]) == (True, balance["lines"])
    plain = billing.call("GET", f"{PERIODS}/2026-03/sie")
    assert plain.data == b"\r\n".join(line for line in answer.data.split(b"\r\n") if not line.startswith(b"#KSUMMA"))


def test_a_big_month_is_closed_by_a_worker(world: HouseWorld, billing: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    """F9: 202 while it waits, which the page tells; asked for again once it is closed, the month."""
    monkeypatch.setattr(ask_to_close, "AT_ONCE", 0)
    answer = billing.call("POST", PERIODS, MARCH)
    assert (answer.status_code, answer.get_json()["month"]) == (202, "2026-03")
    page = billing.call("GET", "/console/billing/accounting").get_data(as_text=True)
    assert "en arbetare stänger mars 2026" in page
    assert "<button>Stäng" not in page
    assert jobs_of(world.house).run_continuous() >= 1
    assert billing.post(PERIODS, MARCH) == billing.get(f"{PERIODS}/2026-03")
    assert "en arbetare stänger" not in billing.call("GET", "/console/billing/accounting").get_data(as_text=True)


def test_what_cannot_be_closed_or_exported_is_told(billing: Api) -> None:
    """F9: too early, out of turn, not there, not closed."""
    for month, title in (
        ("2026-04", "2026-04 är inte slut."),
        ("2026-02", "Avgifterna för 2026-02 är inte debiterade."),
    ):
        refused = billing.call("POST", PERIODS, {"month": month})
        assert (refused.status_code, refused.get_json()["rule"], refused.get_json()["detail"]) == (409, "F9", title)
    assert billing.call("POST", PERIODS, {"month": "mars"}).status_code == 422
    assert billing.call("GET", f"{PERIODS}/2026-03/sie").status_code == 409
    assert billing.call("GET", f"{PERIODS}/2026-03").status_code == 404
    for month in ("2026-13", "9999-12", "mars"):
        assert billing.call("GET", f"{PERIODS}/{month}/trial-balance").status_code == 404


def test_the_administrator_keeps_the_chart(world: HouseWorld, billing: Api) -> None:
    """F9: and nobody else; for a day that lies ahead."""
    administrator, auditor = world.staff(Role.ADMINISTRATOR), world.staff(Role.AUDITOR)
    assert billing.call("POST", CHART, ENTRY).status_code == 403
    assert auditor.call("POST", PERIODS, MARCH).status_code == 403
    assert administrator.post(CHART, ENTRY) == ENTRY
    assert ENTRY in auditor.get(CHART)["items"]
    refused = administrator.call("POST", CHART, ENTRY | {"since": "2026-04-01"})
    assert (refused.status_code, refused.get_json()["rule"]) == (409, "F9")
    refused = administrator.call("POST", CHART, ENTRY | {"number": "15"})
    assert (refused.status_code, refused.get_json()["errors"][0]["pointer"]) == (422, "/number")
    assert world.staff(Role.UNDERWRITER).call("GET", CHART).status_code == 403
