"""Every transaction takes its locks in the one order that `docs/concurrency.md` tells."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.api.test_money import file_of
from tests.support.house import Api, HouseWorld
from tests.support.journey import BODIES, Loan, granted, link, running
from tests.support.lending import BERTIL, CECILIA, application_json, guarantor_json
from tests.support.locks import locks_of, out_of_order
from underwriting.kernel.periods import STOCKHOLM
from underwriting.kernel.vocabulary import CompanyForm, Role
from underwriting.platform.database import Database, lock_subject

PAGE = Path(__file__).resolve().parents[2] / "docs" / "concurrency.md"
SEEN = {"signing", "application", "application_guarantor", "agreement", "payout", "cancellation", "guarantee"} | {
    "exposure",
    "fee-run",
    "payment-files",
    "accounting",
    "webhook_endpoint",
    "delivery",
    "liable_partner",
    "guarantee_release",
    "signing_rule_change",
    "plan_change",
    "planned_instalment",
    "audit:agreement",
    "event:application",
}
"""Without these the use cases below have missed something."""


@cache
def documented() -> Mapping[str, int]:
    """The place of each lock: those of one cell of the table share theirs."""
    cells = [
        cell
        for line in PAGE.read_text().split("| first | then |")[1].split("\n\n")[0].splitlines()[2:]
        for cell in line.strip("| ").split("|")
    ]
    return {name: place for place, cell in enumerate(cells) for name in re.findall("`([^`]+)`", cell)}


def test_every_use_case_takes_its_locks_in_the_documented_order(
    world: HouseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    with world.runtime.database.transaction() as session:
        connection = session.connection()
    with locks_of(world.runtime.database, connection, monkeypatch) as recorder:
        loans = {form: running(world, form) for form in CompanyForm}
        lend_and_end(world, loans)
        refuse_and_replace(world)
        decline_and_replace(world)
        change_parties(world, loans[CompanyForm.HB])
        change_plans(world, loans[CompanyForm.EF])
        tell_integrators(world)
        let_time_pass(world)
    against = {locks: out_of_order(locks, documented()) for locks in recorder.transactions}
    assert {locks: faults for locks, faults in against.items() if faults} == {}
    assert {lock for locks in recorder.transactions for lock in locks} >= SEEN


def test_an_order_that_is_not_documented_is_found(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """The watch itself: an agreement before its application, and a lock that nobody has heard of."""
    with database.transaction() as session:
        connection = session.connection()
    with locks_of(database, connection, monkeypatch) as recorder, database.transaction() as session:
        lock_subject(session, "audit:agreement:0199c0de-0000-7000-8000-000000000000")
        session.execute(sa.text("SELECT id FROM application WHERE state = 'draft' FOR UPDATE"))
        session.execute(sa.text("UPDATE test_clock SET id = id"))
    (locks,) = recorder.transactions
    assert locks == ("audit:agreement", "application", "test_clock")
    assert out_of_order(locks, documented()) == [
        "test_clock has no place",
        "application is taken after audit:agreement",
    ]


def lend_and_end(world: HouseWorld, loans: Mapping[CompanyForm, Loan]) -> None:
    """Money comes in, more is asked for, agreements are cancelled and redeemed."""
    billing = world.staff(Role.BILLING)
    ocr = loans[CompanyForm.AB].borrower.get(loans[CompanyForm.AB].agreement)["ocr"]
    file = file_of(ocr, "FAKTURA 77")
    assert billing.send("POST", "/v1/payment-files", {"Content-Type": "text/plain"}, data=file).status_code == 201
    partner, limited = loans[CompanyForm.HB], loans[CompanyForm.KB]
    assert partner.borrower.call("POST", f"{partner.agreement}/drawdowns", {"amount": "1000.00"}).status_code == 409
    partner.borrower.post(f"{partner.agreement}/cancellation")
    limited.borrower.post(f"{limited.agreement}/redemption", {"on": "2026-03-09"})
    unsigned = granted(world)
    unsigned.borrower.post(f"{unsigned.agreement}/cancellation", {}, status=201)
    granted(world)  # nobody signs it


def refuse_and_replace(world: HouseWorld) -> None:
    """A guarantor refuses and another takes the place; drafts are changed and dropped; staff act on what they may."""
    body = BODIES[CompanyForm.KB]
    made = world.anyone().post("/v1/applications", body)
    path = f"/v1/applications/{made['id']}"
    borrower = world.sign(Api(world.app, made["access_secret"]).post(f"{path}/submit"))
    token = link(world, body["guarantors"][0]["email"], r"/invitations/([\w-]+)")
    assert world.anyone().call("POST", f"/v1/invitations/{token}/refusal").status_code == 204
    assert borrower.call("PUT", f"{path}/guarantors/1", guarantor_json(BERTIL, "Bertil Berg")).status_code == 200
    borrower.post(f"{path}/supplements", {"information": "Mer om lagret"})
    underwriter = world.staff(Role.UNDERWRITER)
    for rest, asked in (
        ("information-requests", {"question": "Hur stort är lagret?"}),
        ("bureau-questions", None),
        (
            "overrides",
            {"outcome": "declined", "reason_code": "other", "reason": "Det räcker inte till den här gången."},
        ),
    ):
        assert underwriter.call("POST", f"{path}/{rest}", asked).status_code in (409, 422)
    draft = world.anyone().post("/v1/applications", application_json())
    holder, path = Api(world.app, draft["access_secret"]), f"/v1/applications/{draft['id']}"
    assert holder.call("PATCH", path, {"term_months": 24}, Idempotency_Key="1").status_code == 200
    assert holder.call("DELETE", path).status_code == 204


def decline_and_replace(world: HouseWorld) -> None:
    """A guarantor gets another letter, declines the guarantee of a granted credit, and another is named and asked."""
    loan, moment = granted(world, CompanyForm.HB), world.runtime.clock.now()
    path, email = f"{loan.application}/guarantors/2", loan.body["guarantors"][1]["email"]
    world.move_to(moment + timedelta(minutes=10))
    loan.borrower.post(f"{path}/invitation", {"email": "ny@example.se"}, status=200)
    guarantee = link(world, "ny@example.se", r"/guarantees/([0-9a-f-]{36})")
    guarantor = loan.people[email]
    started = guarantor.post("/v1/signings", {"purpose": "guarantee", "subject_id": guarantee})
    guarantor.post(f"/v1/guarantees/{guarantee}/refusal", {"reason": "Nej."}, status=200)
    world.work()
    assert world.anyone().call("GET", f"/v1/signings/{started['signing_id']}").status_code == 404
    assert loan.borrower.call("PUT", path, guarantor_json(CECILIA, "Cecilia Ceder")).status_code == 200
    world.move_to(moment + timedelta(minutes=20))
    loan.borrower.post(f"{path}/invitation", {}, status=200)


def change_parties(world: HouseWorld, loan: Loan) -> None:
    """Staff record a partner and an exit, drawdowns go on, a guarantor is let go, a signing rule is entered."""
    one, other = (world.staff(Role.UNDERWRITER, username=name) for name in ("one", "other"))
    day, evidence = "2026-01-15", "Näringslivsregistret"
    number = {"number": "196103043698", "name": "Nils Berg", "entered_on": "2020-01-01", "evidence": evidence}
    partner = one.post(f"{loan.agreement}/partners", number)["id"]
    one.post(f"/v1/partners/{partner}/exit", {"exited_on": day, "evidence": evidence}, status=200)
    other.post(f"{loan.agreement}/drawdowns/resumption", {"reason": "De som är kvar räcker."}, status=204)
    guarantees = one.get(f"{loan.agreement}/guarantees")["items"]
    release = one.post(f"/v1/guarantees/{guarantees[0]['id']}/release", {"reason": "Skilsmässa."})["id"]
    other.post(f"/v1/guarantee-releases/{release}/approval", status=200)
    loan.people[loan.body["guarantors"][1]["email"]].post(f"/v1/guarantee-releases/{release}/consent", status=200)
    waiting = granted(world)
    signatory = {"personal_number": waiting.body["signatory_personal_number"], "name": "Anna Andersson"}
    rule = {
        "signatories": [signatory],
        "alternatives": [{"persons": [signatory["personal_number"]]}],
        "evidence": evidence,
    }
    change = one.post(f"{waiting.agreement}/signing-rule", rule)["change_id"]
    other.post(f"/v1/signing-rules/{change}/approval", status=200)


def change_plans(world: HouseWorld, loan: Loan) -> None:
    """Another plan is withdrawn, one is signed and takes effect, and one waits for signatures that do not come."""
    staff = world.staff(Role.UNDERWRITER, username="planner")
    asked, path = {"repayment_plan": "at_term", "term_months": 12}, f"{loan.agreement}/plan-changes"
    staff.post(f"/v1/plan-changes/{staff.post(path, asked)['id']}/withdrawal", status=200)
    change = staff.post(path, asked)["id"]
    world.sign(loan.borrower.post("/v1/signings", {"purpose": "plan_change", "subject_id": change}))
    assert loan.borrower.get(loan.agreement)["repayment_plan"] == "at_term"
    staff.post(path, asked | {"term_months": 24})


def tell_integrators(world: HouseWorld) -> None:
    """An endpoint at which nobody answers is told, changed, told again and removed."""
    administrator = world.staff(Role.ADMINISTRATOR)
    path = "/v1/webhook-endpoints"
    path += f"/{administrator.post(path, {'url': 'http://127.0.0.1:9/hook'})['id']}"
    world.work()
    administrator.post(f"{path}/secret-rotation", status=200)
    administrator.post(f"{path}/activation", status=200)
    administrator.post(f"{path}/replays", {"since": "2026-03-01T00:00:00Z"})
    world.work()
    assert administrator.call("DELETE", path).status_code == 204


def let_time_pass(world: HouseWorld) -> None:
    """What was not signed lapses, a month is charged and closed, agreements are settled, the log is sealed."""
    world.come_back_at(datetime(2026, 3, 12, 21, tzinfo=STOCKHOLM))
    world.come_back_at(datetime(2026, 4, 1, 20, tzinfo=STOCKHOLM))
    world.staff(Role.BILLING, username="closing").post("/v1/accounting-periods", {"month": "2026-03"})
