"""The desk of payouts, over HTTP and on its page: what a second person releases or refuses, what the bank has said."""

import io
import re
import uuid
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from agreements.payouts.models import Payout, PayoutFile
from agreements.payouts.reason_codes import in_words
from agreements.payouts.sandbox.messages import Answer, read_pain_001, write_report
from agreements.payouts.services.write_file import content_of
from tests.api.test_review_pages import Reader
from tests.support.bank_stand_in import BankWorld
from tests.support.bankid_stand_in import BankIdWorld
from tests.support.beginnings import apply, decide, granted, running
from tests.support.bureau import creditsafe_at
from tests.support.house import HouseWorld, house_world
from tests.support.journey import Loan, sign_all
from tests.support.lending import BERTIL, application_json
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Role
from underwriting.platform.runtime import Runtime

DESK = "/console/payouts"
REJECTED = "5999-0010"  # the stand-in bank's magic number
UNTOLD = "5999-0085"  # the bank does not tell whose it is


@pytest.fixture
def careful(runtime: Runtime, bankid: BankIdWorld, bank: BankWorld, creditsafe_address: str) -> Iterator[HouseWorld]:
    """The service where every file waits for a second person."""
    settings = replace(runtime.settings, bank=replace(runtime.settings.bank, release_above=Money.ZERO))
    runtime = replace(runtime, settings=settings)
    with house_world(runtime, bankid, bank, (creditsafe_at(creditsafe_address),)) as world:
        yield world


def billing(world: HouseWorld, name: str = "bo", **who: object) -> Reader:
    return Reader(world.staff(Role.BILLING, username=name, **who))  # type: ignore[arg-type]


def signed(world: HouseWorld) -> Loan:
    """A loan whose payout stands in a file that waits."""
    loan = granted(world)
    sign_all(world, loan)
    world.work()
    return loan


def state(loan: Loan) -> str:
    (drawdown,) = loan.borrower.get(f"{loan.agreement}/drawdowns")["items"]
    return str(drawdown["payout_state"])


def payout_of(world: HouseWorld, loan: Loan) -> Payout:
    newest = sa.select(Payout).where(Payout.agreement_id == uuid.UUID(loan.agreement_id)).order_by(Payout.id.desc())
    with world.runtime.database.transaction() as session:
        return session.scalars(newest.limit(1)).one()


def report(world: HouseWorld, status: str, reason_code: str | None = None) -> bytes:
    """The bank's report on the newest file, as one of staff was sent it."""
    with world.runtime.database.transaction() as session:
        row = session.scalars(sa.select(PayoutFile).order_by(PayoutFile.number.desc()).limit(1)).one()
        file = read_pain_001(content_of(world.runtime, row))
    answers = [
        Answer(one.end_to_end_id, file.message_id, status, one.amount, None, None, reason_code, None)
        for one in file.payments
    ]
    return write_report(uuid.uuid4().hex, file.message_id, answers, at=world.clock.now())


def test_a_file_is_released_by_somebody_who_has_prepared_nothing_of_it(careful: HouseWorld) -> None:
    """P1, P2: whoever ordered again is not offered the release and is refused it, by another account too."""
    world = careful
    loan = signed(world)
    bo, again = billing(world, person=BERTIL), billing(world, "bo-2", person=BERTIL)
    eva = billing(world, "eva")
    page = bo.get(DESK)
    assert "Betalfil" in page
    assert re.search(r"Släpp 20\d\s?\d{3}", page)
    withdrawn = bo.api.post(f"/v1/payouts/{payout_of(world, loan).id}/withdraw", status=200)
    assert withdrawn["payout_state"] == "withdrawn"
    world.work()
    bo.api.post(f"/v1/drawdowns/{payout_of(world, loan).drawdown_id}/payouts")
    world.work()
    (file,) = bo.api.get("/v1/payout-files")["items"]
    for same in (bo, again):
        page = same.get(DESK)
        assert "Du har förberett en utbetalning här" in page
        assert "/release" not in page
        refused = same.api.call("POST", f"/v1/payout-files/{file['id']}/release")
        assert (refused.status_code, refused.get_json()["rule"]) == (403, "P1")
    assert '<span class="count">1</span>' in eva.get("/console/agreements")
    eva.send(f"{DESK}/files/{file['id']}/release", DESK, 303)
    world.work()
    assert state(loan) == "paid"
    eva.send(f"{DESK}/files/{file['id']}/release", DESK, 409)


def test_a_refused_file_is_never_sent_and_its_payouts_wait_for_a_person(careful: HouseWorld) -> None:
    """P2: with a reason; the payout is released from its hold into a new file, which waits again."""
    world = careful
    loan = signed(world)
    eva = billing(world, "eva")
    (file,) = eva.api.get("/v1/payout-files")["items"]
    assert "får inte vara tom" in eva.send(f"{DESK}/files/{file['id']}/refuse", DESK, 422, reason="").text
    eva.send(f"{DESK}/files/{file['id']}/refuse", DESK, 303, reason="Fel belopp.")
    world.work()
    assert state(loan) == "held"
    assert "Filen släpptes inte" in eva.get(DESK)
    eva.send(f"{DESK}/{payout_of(world, loan).id}/release", DESK, 303)
    world.work()
    (new,) = eva.api.get("/v1/payout-files")["items"]
    assert new["id"] != file["id"]
    gone = eva.api.call("POST", f"/v1/payout-files/{file['id']}/refusal", {"reason": "Igen"})
    assert (gone.status_code, gone.get_json()["rule"]) == (409, "P2")
    assert eva.api.post(f"/v1/payout-files/{new['id']}/refusal", {"reason": "Igen"}, status=200)["state"] == "dissolved"
    eva.send(f"{DESK}/{payout_of(world, loan).id}/withdraw", DESK, 303)
    assert state(loan) == "withdrawn"


def test_what_the_bank_refused_is_told_in_words_and_ordered_again(world: HouseWorld) -> None:
    """P2, P3: the code in both languages; what was paid cannot be ordered again."""
    body = application_json(payout_account={"bankgiro": REJECTED})
    loan = apply(world, body)
    assert decide(world, loan)["outcome"] == "approved"
    sign_all(world, loan)
    world.work()
    bo = billing(world)
    assert "Kontot är avslutat (AC04)" in bo.get(DESK)
    bo.language = "en"
    assert "The account is closed (AC04)" in bo.get(DESK)
    assert "The account is closed (AC04)" in bo.get(f"/console/agreements/{loan.agreement_id}")
    seen = {"holder": loan.borrower.get(loan.agreement)["borrower_name"], "evidence": "Utdrag från bankgirot"}
    changed = bo.api.call("PUT", f"{loan.agreement}/payout-account", {"bankgiro": UNTOLD} | seen)
    assert changed.status_code == 200, changed.text
    bo.send(f"{DESK}/drawdowns/{payout_of(world, loan).drawdown_id}/again", DESK, 303)
    assert payout_of(world, loan).state == "ordered"
    bo.send(f"{DESK}/drawdowns/{payout_of(world, loan).drawdown_id}/again", DESK, 409)


def test_a_report_is_taken_in_by_hand_and_an_unreadable_one_is_listed(world: HouseWorld) -> None:
    """P2: the second time it changes nothing; what nobody can read stands first, and has changed nothing."""
    loan = running(world)
    bo = billing(world)
    returned = report(world, "RJCT", "AC06")

    def hand_in(content: bytes, status: int) -> str:
        token = bo.get(DESK).split('name="csrf_token" value="')[1].split('"')[0]
        fields = {"csrf_token": token, "report": (io.BytesIO(content), "report.xml")}
        answer = bo.client.post(f"{DESK}/reports", data=fields, headers=bo.headers)
        assert answer.status_code == status, answer.text
        return answer.text

    hand_in(returned, 303)
    assert state(loan) == "returned"
    assert "Kontot är spärrat (AC06)" in bo.get(DESK)
    hand_in(returned, 303)
    hand_in(b"", 422)
    hand_in(b"<not-a-report/>", 422)
    page = bo.get(DESK)
    assert page.index("Kan inte läsas") < page.index("1 flyttade")
    sent = bo.api.send("POST", "/v1/bank-answers", {"Content-Type": "application/octet-stream"}, data=returned)
    assert (sent.status_code, sent.get_json()) == (201, {"moved": 0, "not_ours": 0, "contradicted": 0})


def test_an_account_that_is_not_the_companys_is_refused(world: HouseWorld) -> None:
    """P1: the bank is asked whose it is."""
    loan = granted(world)
    refused = billing(world).api.call("PUT", f"{loan.agreement}/payout-account", {"bankgiro": "5999-0069"})
    assert (refused.status_code, refused.get_json()["rule"]) == (409, "P1")


def test_auditors_read_the_desk_and_release_nothing(careful: HouseWorld) -> None:
    signed(careful)
    page = Reader(careful.staff(Role.AUDITOR)).get(DESK)
    assert "Betalfil" in page
    assert f'action="{DESK}' not in page


@pytest.mark.parametrize(("code", "swedish"), [("AC04", "Kontot är avslutat"), ("ZZ99", "Banken anger koden ZZ99")])
def test_a_reason_code_has_words_or_is_told_as_it_is(code: str, swedish: str) -> None:
    """P2: codes of ISO 20022's external code set."""
    assert in_words(code).sv == swedish
