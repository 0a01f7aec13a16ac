"""The console: a referred case is determined, a question is asked, a late call is confirmed by a second person."""

from datetime import date, time

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Newcomer
from tests.browser.live import Live
from tests.browser.people import EVA, Guarantor, Wish, apply, expect_state, log_in_staff, look_at, visit
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.vocabulary import Role

FOUR_REMARKS = "559999-1014"
SILENT = PersonalNumber("197707052382")  # no answer in time


def test_an_underwriter_asks_and_then_determines_a_referred_case(live: Live, page: Page, newcomer: Newcomer) -> None:
    """D2, D8: many remarks refer; the rating alone is no reason to decline; worse terms are a counter-offer."""
    status = apply(live, page, Wish(number=FOUR_REMARKS))
    live.work()
    live.staff("ulla", Role.UNDERWRITER)
    desk = newcomer()
    log_in_staff(live, desk, "ulla")
    expect(desk.get_by_role("row", name="200 000 kr")).to_contain_text("i dag")
    look_at(desk)
    desk.get_by_role("row", name="200 000 kr").get_by_role("link").click()
    expect(desk.locator("main")).to_contain_text("18/30")  # at least 5 % of revenue are left
    look_at(desk)

    desk.get_by_text("Fråga den sökande först").click()
    desk.fill("#question", "Skicka orderboken.")
    desk.get_by_role("button", name="Skicka frågan").click()
    expect_state(desk, "Uppgifter begärda")
    visit(page, status)
    page.get_by_role("button", name="Skicka svaret").click()
    expect(page.locator("#information-error")).to_be_visible()
    look_at(page)
    page.fill("#information", "Order för 900 000 kr.")
    page.get_by_role("button", name="Skicka svaret").click()
    expect_state(page, "Hos en handläggare")

    desk.reload()
    desk.get_by_label("Avslå").check()
    desk.select_option("#reason_code", "rating")
    desk.fill("#reason", "Fyra anmärkningar.")
    desk.get_by_role("button", name="Spara beslutet").click()
    expect(desk.locator("#reason_code-error")).to_contain_text("Kreditbetyg är inte ensamt ett skäl till avslag")
    expect(desk.locator("#reason")).to_have_value("Fyra anmärkningar.")
    look_at(desk)
    desk.get_by_label("Ge ett motbud").check()
    desk.fill("#limit", "150 000 kr")
    desk.select_option("#fee_rate", "0.0275")
    desk.select_option("#reason_code", "documents_seen")
    desk.get_by_role("button", name="Spara beslutet").click()
    expect_state(desk, "Motbud")
    expect(desk.locator(".history li").first).to_contain_text("Motbud lämnat")
    expect(desk.locator(".history li").first).to_contain_text("du")

    visit(page, status)
    expect(page.locator(".big")).to_contain_text("4 125 kr")  # 2.75 % of 150 000 kr


def test_a_question_without_a_certain_answer_is_asked_again_by_a_person_only(
    live: Live, page: Page, newcomer: Newcomer
) -> None:
    """B4: the applicant sees that it is assessed; an underwriter decides."""
    status = apply(live, page, Wish(guarantors=(Guarantor(SILENT, "Tyst Person"),), fields=signed_by(SILENT)))
    live.work()
    visit(page, status)
    expect_state(page, "Under bedömning")
    live.staff("ulla", Role.UNDERWRITER)
    desk = newcomer()
    log_in_staff(live, desk, "ulla")
    desk.get_by_role("link", name="Under bedömning 1").click()
    expect(desk.get_by_role("row", name="okänt utfall")).to_be_visible()
    desk.locator("tbody a").click()
    look_at(desk)
    desk.get_by_role("button", name="Fråga igen").click()
    expect(desk.get_by_role("button", name="Fråga igen")).to_have_count(0)
    expect(desk.locator(".history li").first).to_contain_text("Ny fråga till byrån tillåten")


def test_a_call_that_is_recorded_too_late_waits_for_a_second_person(live: Live, page: Page) -> None:
    """C5: what counts is when the request came; recorded after the window has closed, somebody else confirms."""
    apply(live, page, Wish(form="EF", guarantors=()))
    live.work()
    live.staff("bo", Role.BILLING)
    live.staff("ulla", Role.UNDERWRITER)
    live.move_to(date(2026, 3, 2), time(16, 30))
    page.get_by_role("button", name="Logga ut").click()
    log_in_staff(live, page, "bo", "/console/agreements")
    look_at(page)
    page.locator("tbody a").click()
    look_at(page)
    page.get_by_role("button", name="Anteckna").click()
    expect(page.locator("#channel-error")).to_have_text("Ange hur begäran kom")
    page.get_by_label("Telefon").check()
    page.fill("#received_at", "2026-03-02T17:00:00")
    page.get_by_role("button", name="Anteckna").click()
    expect(page.locator("#errors")).to_contain_text("Tidpunkten ligger i framtiden")
    page.fill("#received_at", "2026-03-02T15:30:00")
    page.get_by_role("button", name="Anteckna").click()
    expect(page.locator("#note-error")).to_contain_text("skriv vad som visar att begäran kom i tid")
    page.fill("#note", "Ringde från växeln 15.30; återuppringd")
    page.get_by_role("button", name="Anteckna").click()
    expect(page.locator("#cancellation")).to_contain_text("Väntar på en andra handläggare")
    page.get_by_role("button", name="Bekräfta hävningen").click()
    expect(page.locator("#errors")).to_contain_text("En annan person än den som antecknade")
    look_at(page)
    agreement = page.url.partition("/cancellation")[0]

    page.get_by_role("button", name="Logga ut").click()
    log_in_staff(live, page, "ulla", agreement.removeprefix(live.url))
    expect(page.locator("#cancellation")).to_contain_text("Ringde från växeln 15.30; återuppringd")
    page.get_by_role("button", name="Bekräfta hävningen").click()
    expect_state(page, "Hävt")
    expect(page.locator(".tiles")).to_contain_text("Obetalda avgifter1 500 kr")


@pytest.mark.parametrize(
    ("role", "path"), [(Role.BILLING, "/console/applications"), (Role.UNDERWRITER, "/console/billing")]
)
def test_the_wrong_role_is_refused_and_told_so(live: Live, page: Page, role: Role, path: str) -> None:
    live.staff("nils", role)
    log_in_staff(live, page, "nils", path)
    expect(page.get_by_role("heading", name="Din roll har inte behörighet till detta")).to_be_visible()
    look_at(page)


def test_an_administrator_moves_test_time_and_sees_the_fees(live: Live, page: Page) -> None:
    """X1, F1: whatever was due on the way is done."""
    live.staff("adam", Role.ADMINISTRATOR, EVA)
    log_in_staff(live, page, "adam", "/console/login?next=/sandbox")
    page.fill("#at", "2026-03-01T10:00:00")
    page.get_by_role("button", name="Flytta tiden").click()
    expect(page.locator("#at-error")).to_have_text("Testtiden kan bara flyttas framåt")
    page.fill("#at", "2026-03-03T10:00:00")
    page.get_by_role("button", name="Flytta tiden").click()
    expect(page.locator("main")).to_contain_text("tisdagen den 3 mars 2026 kl. 10.00")
    look_at(page)
    visit(page, f"{live.url}/console/billing")
    expect(page.locator("main")).to_contain_text("februari 2026")
    look_at(page)


def signed_by(person: PersonalNumber) -> dict[str, str]:
    """The submitter is *person*."""
    return {"signatory_personal_number": person.formatted}
