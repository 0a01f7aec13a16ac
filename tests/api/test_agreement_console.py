"""An agreement as staff find, read and act on it on pages: who may, what it shows, and what is refused."""

import re
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import sqlalchemy as sa

from agreements.credit.models import Agreement
from agreements.credit.services.seal_documents import seal_due
from tests.api.test_review_pages import Reader
from tests.support.bank_stand_in import BankWorld
from tests.support.bankid_stand_in import BankIdWorld
from tests.support.beginnings import granted, running
from tests.support.bureau import creditsafe_at
from tests.support.house import HouseWorld, house_world
from tests.support.journey import Loan, sign_all
from tests.support.lending import ANNA, BERTIL, CLEAN_AB, OWNER
from underwriting.kernel.vocabulary import CompanyForm, Role
from underwriting.platform.runtime import Runtime

LIST = "/console/agreements"
RECEIVED = {"channel": "phone", "received_at": "2026-03-02T10:00:00", "note": "Ringde växeln."}


def staff(world: HouseWorld, role: Role = Role.UNDERWRITER, name: str = "ulla", language: str = "sv") -> Reader:
    return Reader(world.staff(role, username=name), language)


def page_of(loan: Loan) -> str:
    return f"{LIST}/{loan.agreement_id}"


def send(reader: Reader, loan: Loan, to: str, status: int = 303, /, **fields: str) -> str:
    """Send a form of the agreement's page as it is shown now; what was answered."""
    page = reader.get(page_of(loan))
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version
    return reader.send(f"{page_of(loan)}/{to}", page_of(loan), status, **({"version": version[1]} | fields)).text


def number_of(world: HouseWorld, loan: Loan) -> int:
    with world.runtime.database.transaction() as session:
        return session.execute(
            sa.select(Agreement.number).where(Agreement.id == uuid.UUID(loan.agreement_id))
        ).scalar_one()


def test_an_agreement_is_found_by_its_number_its_ocr_and_its_companys_number(world: HouseWorld) -> None:
    """D7: a sole trader's number is looked for as a blind index, and shown to nobody whole."""
    company, trader = granted(world), granted(world, CompanyForm.EF)
    ulla = staff(world)
    first, second = number_of(world, company), number_of(world, trader)
    ocr = company.borrower.get(company.agreement)["ocr"]
    for asked, expected in (
        (str(first), {first}),
        (ocr, {first}),
        (CLEAN_AB, {first}),
        (OWNER.formatted, {second}),
        ("", {first, second}),
        ("99999999", set()),
    ):
        page = ulla.get(f"{LIST}?q={asked}")
        assert {number for number in (first, second) if f">{number}</a>" in page} == expected, asked
    assert f">{first}</a>" not in ulla.get(f"{LIST}?state=running")
    assert f">{first}</a>" in ulla.get(f"{LIST}?state=signing&q={first}")
    assert "Sök på avtalsnummer" in ulla.get(f"{LIST}?q=Bolaget")
    assert OWNER.formatted[-4:] not in ulla.get(page_of(trader))


def test_the_list_goes_on_from_its_cursor_with_its_search(world: HouseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = granted(world), granted(world, CompanyForm.EF)
    ulla = staff(world)
    whole = world.house.agreements.list_all
    monkeypatch.setattr(
        type(world.house.agreements), "list_all", lambda _, caller, **asked: whole(caller, **asked, limit=1)
    )
    page = ulla.get(f"{LIST}?state=signing")
    assert second.agreement_id in page
    assert first.agreement_id not in page
    (link,) = re.findall(rf'href="({LIST}\?state=signing&cursor=[0-9a-f-]+)"', page)
    assert first.agreement_id in ulla.get(link)


def test_a_document_is_verified_on_the_spot_step_by_step(world: HouseWorld) -> None:
    """S1, S3: who signed when and every numbered step, as it comes out now; another agreement's is not found."""
    loan = running(world)
    seal_due(world.runtime)
    ulla = staff(world, language="en")
    page = ulla.get(page_of(loan))
    links = re.findall(rf'href="({page_of(loan)}/documents/[0-9a-f-]+)"', page)
    shown = [ulla.get(link) for link in links]
    signed = [text for text in shown if 'class="checks"' in text]
    assert len(signed) == 2  # agreement and guarantee; the application was signed before there was an agreement
    for text in signed:
        assert "Does not hold" not in text
        assert "2026-03-02 10:00" in text.replace("\u00a0", " ")
        assert text.count("<li class=") > 5
    other = granted(world, CompanyForm.EF)
    ulla.get(links[0].replace(loan.agreement_id, other.agreement_id), 404)


def test_a_cancellation_by_phone_is_recorded_on_the_page_that_was_read(world: HouseWorld) -> None:
    """C5: on a page that has changed since, nothing is recorded and the reader is told."""
    loan = granted(world)
    ulla = staff(world, Role.BILLING)
    before = ulla.get(page_of(loan))
    assert "Välj en dag" not in before
    send(ulla, loan, "cancellation", 422, channel="", received_at="")
    answer = send(ulla, loan, "cancellation", 409, **RECEIVED, version="0")
    assert "har ändrats sedan" in answer
    assert loan.borrower.get(loan.agreement)["state"] == "signing"
    send(ulla, loan, "cancellation", **RECEIVED)
    assert loan.borrower.get(loan.agreement)["state"] == "cancelled"
    assert "Ringde växeln." in ulla.get(page_of(loan))


def test_staff_redeem_for_the_borrower_on_the_page_and_over_http(world: HouseWorld) -> None:
    """F3: a quote first; the borrower finds it, and a later request takes its place."""
    loan = running(world)
    ulla = staff(world, Role.BILLING)
    assert "Begär lösen till 2026-03-20" in ulla.get(f"{page_of(loan)}?redeem_on=2026-03-20")
    assert "Välj en dag från i dag" in ulla.get(f"{page_of(loan)}?redeem_on=2020-01-01")
    send(ulla, loan, "redemption", on="2026-03-20")
    assert "Lösen är begärd till 2026-03-20" in ulla.get(page_of(loan))
    assert send(ulla, loan, "redemption", 422, on="2020-01-01")
    made = ulla.api.post(f"{loan.agreement}/redemption", {"on": "2026-03-23"})
    assert (made["on"], made["state"]) == ("2026-03-23", "open")
    assert "Lösen är begärd till 2026-03-23" in ulla.get(page_of(loan))
    kinds = [one["kind"] for one in loan.borrower.get(f"{loan.agreement}/documents")["items"]]
    assert kinds.count("redemption_quote") == 2


def test_nothing_is_redeemed_before_the_first_payout(world: HouseWorld) -> None:
    """C8: the page says why, and what payout opens."""
    loan = granted(world)
    ulla = staff(world)
    assert "så det finns inget att lösa" in ulla.get(page_of(loan))
    refused = ulla.api.call("POST", f"{loan.agreement}/redemption", {"on": "2026-03-20"})
    assert (refused.status_code, refused.get_json()["rule"]) == (409, "C8")


def test_an_annulment_takes_two_persons_whatever_their_accounts(world: HouseWorld) -> None:
    """D8: payouts stop when it is asked for; the same person is refused by another account too."""
    loan = granted(world)
    ulla = Reader(world.staff(Role.UNDERWRITER, username="ulla", person=BERTIL))
    again = Reader(world.staff(Role.UNDERWRITER, username="ulla-2", person=BERTIL))
    bo = staff(world, Role.SENIOR_UNDERWRITER, "bo")
    send(ulla, loan, "annulment", 422, annulment_ground="", annulment_reason="")
    send(ulla, loan, "annulment", annulment_ground="fraud", annulment_reason="En annan ansökte.")
    sign_all(world, loan)
    world.work()
    assert loan.borrower.get(f"{loan.agreement}/drawdowns")["items"][0]["payout_state"] == "ordered"
    for same in (ulla, again):
        assert "En annan person" in send(same, loan, "annulment/approve", 403)
    assert "En annan ansökte." in bo.get(page_of(loan))
    send(bo, loan, "annulment/approve")
    world.work()
    assert loan.borrower.get(loan.agreement)["state"] == "annulled"
    assert loan.borrower.get(f"{loan.agreement}/drawdowns")["items"][0]["payout_state"] == "withdrawn"
    assert {one["state"] for one in loan.borrower.get(f"{loan.agreement}/guarantees")["items"]} == {"lapsed"}
    assert any("annullerat" in letter.subject for letter in world.letters() if letter.recipient == loan.email)
    assert "annulment/approve" not in bo.get(page_of(loan))


def test_a_dropped_annulment_lets_the_payout_go(world: HouseWorld) -> None:
    """D8: whoever asked may drop it."""
    loan = granted(world)
    ulla = staff(world)
    send(ulla, loan, "annulment", annulment_ground="hard_stop", annulment_reason="Konkurs?")
    sign_all(world, loan)
    world.work()
    send(ulla, loan, "annulment/reject")
    world.work()
    assert loan.borrower.get(loan.agreement)["state"] == "running"
    assert "Nedlagd" in ulla.get(page_of(loan))


def test_a_signing_rule_is_entered_by_one_and_approved_by_another(world: HouseWorld) -> None:
    """A9, S2: persons of today's rule by their place, new ones by number; the form keeps what was typed."""
    loan = granted(world)
    ulla, bo = staff(world), staff(world, Role.SENIOR_UNDERWRITER, "bo")
    rule = {
        "person-0-kept": "1",
        "person-0-roles": "board_member",
        "person-1-name": "Bertil Berg",
        "person-1-number": BERTIL.formatted,
        "person-1-email": "bertil@example.se",
        "person-1-roles": "board_member",
        "alternative-0-persons": "0",
        "alternative-1-role": "board_member",
        "wording": "Firman tecknas av styrelsen.",
        "evidence": "Registreringsbevis 2026-03-01",
    }
    answer = send(ulla, loan, "signing-rule", 422, **rule | {"evidence": ""})
    assert "Bertil Berg" in answer
    send(ulla, loan, "signing-rule", **rule)
    page = bo.get(page_of(loan))
    assert "Registreringsbevis 2026-03-01" in page
    assert "fler än hälften av styrelseledamot" in page
    assert BERTIL.formatted not in page
    send(ulla, loan, "signing-rule/approve", 403)
    send(bo, loan, "signing-rule/approve")
    assert "Antecknad av en handläggare, granskad av en andra" in bo.get(page_of(loan))
    bo.send(f"{page_of(loan)}/signing-rule/approve", page_of(loan), 404, version="1")


def test_a_partners_entry_exit_and_corrected_exit_stand_with_their_sources(world: HouseWorld) -> None:
    """G5: an exit stops drawdowns, is corrected with a source, and no other company's partner is reached."""
    loan, other = running(world, CompanyForm.HB), granted(world)
    ulla = staff(world)
    entry = {"partner_name": "Nils Nord", "partner_number": "19640823-3234", "partner_evidence": "Registret"}
    assert "Inträdet" not in send(ulla, loan, "partners", 422, **entry, partner_entered_on="2030-01-01")
    send(ulla, loan, "partners", **entry, partner_entered_on="2020-01-01")
    (there,) = re.findall(r"/partners/([0-9a-f-]{36})/exit", ulla.get(page_of(loan)))
    send(ulla, loan, f"partners/{there}/exit", exit_exited_on="2026-02-01", exit_evidence="Ändringsbevis")
    page = ulla.get(page_of(loan))
    assert "Utträde registrerat 2026-02-01; svarar för äldre skulder till och med 2031-02-01" in page
    send(ulla, loan, f"partners/{there}/exit", exit_exited_on="2026-02-03", exit_evidence="Rättat bevis")
    assert "Utträde registrerat 2026-02-03" in ulla.get(page_of(loan))
    send(ulla, loan, f"partners/{there}/exit", 422, exit_exited_on="2019-01-01", exit_evidence="Fel")
    send(ulla, loan, f"partners/{there}/limitation", broken_on="2026-02-20")
    assert "2031-02-20" in ulla.get(page_of(loan))
    send(ulla, other, f"partners/{there}/exit", 404, exit_exited_on="2026-02-01", exit_evidence="x")
    assert (
        ulla.api.call("PUT", f"/v1/partners/{there}/exit", {"exited_on": "2026-02-04", "evidence": "Igen"}).get_json()[
            "exited_on"
        ]
        == "2026-02-04"
    )


def test_drawdowns_that_an_exit_stopped_go_on_by_another_of_staff(world: HouseWorld) -> None:
    """G5: the page tells that they are stopped and for how much each party answers; its recorder may not."""
    loan = running(world, CompanyForm.HB)
    ulla, bo = staff(world), staff(world, Role.UNDERWRITER, "bo")
    entry = {"partner_name": "Nils Nord", "partner_number": "19640823-3234", "partner_evidence": "Registret"}
    send(ulla, loan, "partners", **entry, partner_entered_on="2020-01-01")
    assert "Låt uttag fortsätta" not in ulla.get(page_of(loan))
    (there,) = re.findall(r"/partners/([0-9a-f-]{36})/exit", ulla.get(page_of(loan)))
    send(ulla, loan, f"partners/{there}/exit", exit_exited_on="2026-02-01", exit_evidence="Ändringsbevis")
    stopped = ulla.get(page_of(loan))
    assert "Inget betalas ut" in stopped
    assert "svarar i dag för 0\u00a0kr" in stopped  # left before anything was paid out
    send(ulla, loan, "drawdowns/resumption", 403, resume_reason="De som är kvar räcker.")
    assert "resume_reason-error" in send(bo, loan, "drawdowns/resumption", 422, resume_reason=" ")
    send(bo, loan, "drawdowns/resumption", resume_reason="De som är kvar räcker.")
    assert "Inget betalas ut" not in bo.get(page_of(loan))
    send(bo, loan, "drawdowns/resumption", 409, resume_reason="Igen, för säkerhets skull.")


def test_a_guarantor_is_released_by_the_lender_and_every_co_guarantor(world: HouseWorld) -> None:
    """G4: asked for by one, approved by another, allowed by the other guarantor; the division then has one less."""
    loan = running(world, CompanyForm.HB)
    ulla, bo = staff(world), staff(world, Role.SENIOR_UNDERWRITER, "bo")
    page = ulla.get(page_of(loan))
    assert 'id="division"' in page
    first, *_ = re.findall(r"/guarantees/([0-9a-f-]{36})/release", page)
    assert 'value="100000"' in ulla.get(f"{page_of(loan)}?debt=100000&insolvent={first}")
    send(ulla, loan, f"guarantees/{first}/release", release_reason="Har sålt sin andel.")
    (release,) = re.findall(r"/releases/([0-9a-f-]{36})/approve", bo.get(page_of(loan)))
    send(ulla, loan, f"releases/{release}/approve", 403)
    send(bo, loan, f"releases/{release}/approve")
    assert "inväntas" in ulla.get(page_of(loan))
    for person in loan.people.values():
        person.call("POST", f"/v1/guarantee-releases/{release}/consent")
    page = ulla.get(page_of(loan))
    assert "släppt" in page
    assert 'id="division"' not in page
    send(ulla, loan, f"guarantees/{uuid.uuid4()}/release", 404, release_reason="x")


@pytest.mark.parametrize(("role", "offered"), [(Role.AUDITOR, False), (Role.RECOVERY, False), (Role.UNDERWRITER, True)])
def test_who_may_only_read_is_offered_no_form(world: HouseWorld, role: Role, offered: bool) -> None:
    """D8: an auditor and recovery see the agreement; forms that change it stand there for those who may."""
    loan = granted(world, CompanyForm.HB)
    page = staff(world, role, str(role)).get(page_of(loan))
    assert ANNA.formatted not in page
    for form in ("/cancellation", "/signing-rule", "/partners", "/annulment"):
        assert (f'action="{page_of(loan)}{form}"' in page) is offered


@pytest.fixture
def committed(
    committed_runtime: Runtime, bankid: BankIdWorld, bank: BankWorld, creditsafe_address: str
) -> Iterator[HouseWorld]:
    with house_world(committed_runtime, bankid, bank, (creditsafe_at(creditsafe_address),)) as world:
        yield world


def test_of_two_who_cancel_and_redeem_at_once_one_wins_and_the_other_reads_why(committed: HouseWorld) -> None:
    """C4, F3: by two threads on two pages that show the same; the loser's page tells that it has changed."""
    world = committed
    loan = running(world)
    readers = (staff(world), staff(world, Role.BILLING, "bo"))
    version = re.search(r'name="version" value="(\d+)"', readers[0].get(page_of(loan)))
    assert version
    forms = (("cancellation", RECEIVED | {"received_at": "2026-03-02T10:00:00"}), ("redemption", {"on": "2026-03-20"}))
    barrier = Barrier(2)

    def act(reader: Reader, to: str, fields: dict[str, str]) -> tuple[int, str]:
        token = reader.get(page_of(loan)).split('name="csrf_token" value="')[1].split('"')[0]
        barrier.wait(timeout=10)
        answer = reader.client.post(
            f"{page_of(loan)}/{to}", data={"csrf_token": token, "version": version[1]} | fields, headers=reader.headers
        )
        return answer.status_code, answer.text

    with ThreadPoolExecutor(2) as pool:
        done = [pool.submit(act, reader, *form) for reader, form in zip(readers, forms, strict=True)]
    answers = [one.result() for one in done]
    assert sorted(status for status, _ in answers) == [303, 409]
    (told,) = [text for status, text in answers if status == 409]
    cancelled = loan.borrower.get(loan.agreement)["state"] == "cancelling"
    assert answers[0][0] == (303 if cancelled else 409)
    assert "har ändrats sedan" in told
    assert ("Väntar på betalning" if cancelled else "Lösen är begärd till 2026-03-20") in told
