"""What bureaus told of a case, and the page that shows how the bureaus do."""

import re
from datetime import date, time

from playwright.sync_api import Page, expect

from bureau_clients import stock
from tests.browser.conftest import Newcomer
from tests.browser.live import Live
from tests.browser.people import (
    PHONE,
    Guarantor,
    Wish,
    apply,
    log_in_staff,
    look_at,
    visit,
)
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.vocabulary import Role

FOUR_REMARKS = "559999-1014"
SILENT = PersonalNumber("197707052382")  # no answer in time


def open_first_case(page: Page) -> None:
    """Open the first case of the list that is shown."""
    page.locator("tbody a").first.click()
    expect(page.locator(".report").first).to_be_visible()


def test_the_case_shows_fact_by_fact_what_the_bureau_told_of_each(live: Live, page: Page, newcomer: Newcomer) -> None:
    """D13, B6: known, absent or unknown, where it comes from, and the hashes of what arrived."""
    apply(live, page, Wish(number=FOUR_REMARKS))
    live.work()
    live.staff("ulla", Role.UNDERWRITER)
    desk = newcomer()
    log_in_staff(live, desk, "ulla")
    open_first_case(desk)
    company, guarantor = desk.locator(".report").nth(0), desk.locator(".report").nth(1)
    expect(company.get_by_role("heading", level=2)).to_contain_text("Företaget:")
    expect(company.get_by_role("row", name="Betalningsanmärkningar 4")).to_be_visible()
    expect(company.get_by_role("row", name="Kreditbetyg")).to_contain_text("Creditsafes egen skala")
    expect(company).to_contain_text("Ingen kopia skickas")  # to an AB
    expect(guarantor.get_by_role("heading", level=2)).to_contain_text("Borgensman:")
    expect(guarantor.get_by_role("row", name="Förvaltare Nej")).to_be_visible()
    expect(guarantor).to_contain_text("En kopia")
    guarantor.get_by_text("Kontrollsummor").click()
    expect(guarantor.locator("code").first).to_have_text(re.compile("^[0-9a-f]{64}$"))
    look_at(desk)


def test_a_sole_traders_report_tells_of_the_owner_too(live: Live, page: Page, newcomer: Newcomer) -> None:
    """B1: the owner's report is the company's."""
    apply(live, page, Wish(form="EF", guarantors=()))
    live.work()
    live.staff("ulla", Role.UNDERWRITER)
    desk = newcomer()
    log_in_staff(live, desk, "ulla")
    desk.get_by_role("link", name="Alla", exact=True).click()
    open_first_case(desk)
    expect(desk.locator(".report")).to_have_count(1)
    expect(desk.get_by_role("heading", name="Ägaren: Inkomst, anmärkningar och hinder")).to_be_visible()
    look_at(desk)


def test_a_bureau_that_does_not_answer_is_left_alone_and_its_question_waits(
    live: Live, page: Page, newcomer: Newcomer
) -> None:
    """B1, B4: staff see it on every page, and find the case from the bureaus' page."""
    fields = {"signatory_personal_number": SILENT.formatted}
    apply(live, page, Wish(guarantors=(Guarantor(SILENT, "Tyst Person"),), fields=fields))
    live.work()
    live.staff("ulla", Role.UNDERWRITER)
    desk = newcomer()
    log_in_staff(live, desk, "ulla")
    expect(desk.get_by_role("complementary", name="Byråer")).to_contain_text("Creditsafe svarar inte")
    look_at(desk)
    desk.get_by_role("link", name="Se läget hos byråerna").click()
    expect(desk.get_by_role("region", name="Creditsafe")).to_contain_text("vilar")
    expect(desk.get_by_role("region", name="Creditsafe")).to_contain_text("Då prövas med en.")
    look_at(desk)
    live.wall.skip(seconds=120)
    desk.reload()
    expect(desk.get_by_role("region", name="Creditsafe")).to_contain_text("prövas med nästa fråga")
    desk.get_by_role("row", name="om en person").get_by_role("link").click()
    expect(desk.get_by_role("complementary", name="Byråer")).to_contain_text("Nästa fråga visar om den svarar igen")
    expect(desk.locator(".report").nth(1)).to_contain_text("Borgensman: Tyst Person")
    expect(desk.locator(".report").nth(1)).to_contain_text("En kopia kan ha skickats")
    expect(desk.get_by_role("button", name="Fråga igen")).to_be_visible()


def test_the_bureaus_page_shows_what_was_asked_over_time(live: Live, page: Page, newcomer: Newcomer) -> None:
    """Two questions were asked, on one company and one person; only one report had been bought."""
    live.staff("adam", Role.ADMINISTRATOR)
    with live.runtime.database.transaction() as session:
        stock.buy(session, bureau="creditsafe", reports=1, by="operator", at=live.runtime.clock.now())
    apply(live, page)
    live.work()
    live.move_to(date(2026, 3, 3), time(10))
    desk = newcomer()
    log_in_staff(live, desk, "adam")
    expect(desk.get_by_role("complementary", name="Byråer")).to_contain_text("Mindre än en tiondel av rapporterna")
    desk.get_by_role("navigation", name="Huvudmeny").get_by_role("link", name="Byråer").click()
    expect(desk.get_by_role("region", name="Creditsafe")).to_contain_text("-1 av 1")
    outcomes = desk.locator("figure", has_text="Utfall per dag")
    outcomes.get_by_text("Siffrorna som tabell").click()
    expect(outcomes.get_by_role("row", name="2/3 2 0 0 0 0 0")).to_be_visible()
    expect(desk.locator("figure", has_text="gick vidare")).to_contain_text("Inget under perioden.")
    look_at(desk)
    for days in ("7", "90"):
        desk.get_by_role("link", name=f"{days} dagar").click()
        expect(desk.get_by_role("link", name=f"{days} dagar")).to_have_attribute("aria-current", "page")
        look_at(desk)


def test_the_bureaus_page_needs_no_script_and_speaks_english(live: Live, newcomer: Newcomer) -> None:
    live.staff("ulla", Role.UNDERWRITER)
    desk = newcomer(java_script_enabled=False, viewport=PHONE)
    log_in_staff(live, desk, "ulla", "/console/bureaus")
    expect(desk.locator("main")).to_contain_text("Inga frågor under perioden.")
    desk.get_by_role("link", name="In English").click()
    expect(desk.locator("h1")).to_have_text("The credit bureaus")
    desk.get_by_role("link", name="7 days").click()
    expect(desk.get_by_role("link", name="7 days")).to_have_attribute("aria-current", "page")


def test_billing_staff_neither_see_the_bureaus_nor_their_alarms(live: Live, page: Page) -> None:
    live.staff("bo", Role.BILLING)
    with live.runtime.database.transaction() as session:
        stock.buy(session, bureau="creditsafe", reports=1, by="operator", at=live.runtime.clock.now())
    log_in_staff(live, page, "bo", "/console/billing")
    expect(page.get_by_role("link", name="Byråer")).to_have_count(0)
    expect(page.get_by_role("complementary")).to_have_count(0)
    visit(page, f"{live.url}/console/bureaus")
    expect(page.get_by_role("heading", name="Din roll har inte behörighet till detta")).to_be_visible()
