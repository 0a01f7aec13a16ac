"""Staff's account and machine clients in the browser: an app is connected, sessions ended, a key made and revoked."""

import re

import pyotp
from playwright.sync_api import Page, expect

from tests.browser.conftest import Newcomer
from tests.browser.live import PASSWORD, Live
from tests.browser.people import log_in_staff, look_at
from underwriting.kernel.vocabulary import Role

NEW_PASSWORD = "dinosaurie-42-moln"


def test_staff_connect_an_app_and_are_asked_for_its_code(live: Live, page: Page, newcomer: Newcomer) -> None:
    live.staff("ulla", Role.UNDERWRITER)
    log_in_staff(live, page, "ulla", "/console/account")
    expect(page.locator("main")).to_contain_text("Tvåstegsinloggning")
    look_at(page)
    page.get_by_role("link", name="Koppla en app").click()
    expect(page.locator(".qr svg")).to_be_visible()
    page.get_by_text("Kan du inte läsa av rutan?").click()
    secret = page.locator("details code").inner_text().replace(" ", "")
    look_at(page)
    page.fill("#code", "000000")
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Bekräfta").click()
    expect(page.get_by_role("alert")).to_contain_text("Koden eller lösenordet stämmer inte")
    page.fill("#code", pyotp.TOTP(secret).at(live.wall.now()))
    page.fill("#password", PASSWORD)
    page.get_by_role("button", name="Bekräfta").click()
    expect(page.locator(".codes li")).to_have_count(10)
    look_at(page)
    page.get_by_role("link", name="Jag har sparat dem").click()

    live.wall.skip(seconds=60)
    elsewhere = newcomer()
    log_in_staff(live, elsewhere, "ulla", "/console/agreements")
    expect(elsewhere.locator("h1")).to_have_text("Ange koden")
    look_at(elsewhere)
    elsewhere.fill("#code", pyotp.TOTP(secret).at(live.wall.now()))
    elsewhere.get_by_role("button", name="Fortsätt").click()
    expect(elsewhere).to_have_url(f"{live.url}/console/agreements")

    elsewhere.get_by_role("link", name="Konto").click()
    look_at(elsewhere)
    elsewhere.get_by_role("button", name="Avsluta alla andra").click()
    expect(elsewhere.get_by_role("button", name="Avsluta alla andra")).to_have_count(0)
    page.reload()
    expect(page.locator("h1")).to_have_text("Logga in som handläggare")


def test_staff_change_their_password(live: Live, page: Page) -> None:
    live.staff("ulla", Role.UNDERWRITER)
    log_in_staff(live, page, "ulla", "/console/account")
    page.fill("#current", PASSWORD)
    page.fill("#password", "Sommar2026!!")
    page.fill("#again", "Sommar2026!!")
    page.get_by_role("button", name="Byt lösenord").click()
    expect(page.locator("#password-error")).to_contain_text("prövas först")
    look_at(page)
    page.fill("#current", PASSWORD)
    page.fill("#password", NEW_PASSWORD)
    page.fill("#again", NEW_PASSWORD)
    page.get_by_role("button", name="Byt lösenord").click()
    expect(page.get_by_role("status")).to_contain_text("Lösenordet är bytt")


def test_an_administrator_makes_a_client_changes_its_key_and_shuts_it_out(live: Live, page: Page) -> None:
    live.staff("adam", Role.ADMINISTRATOR)
    log_in_staff(live, page, "adam", "/console/clients")
    page.get_by_role("button", name="Lägg till").click()
    expect(page.locator("#name-error")).to_be_visible()
    expect(page.locator("#scopes-error")).to_be_visible()
    look_at(page)
    page.fill("#name", "Bokföringen")
    page.get_by_label("Läsa händelser").check()
    page.get_by_label("Läsa avtal, avgifter och bokföring").check()
    page.get_by_role("button", name="Lägg till").click()
    expect(page.locator("main code").first).to_have_text(re.compile("^bk_"))
    look_at(page)
    page.get_by_role("link", name="Jag har sparat den").click()
    expect(page.locator("h1")).to_have_text("Bokföringen")
    look_at(page)
    page.get_by_role("button", name="Ny nyckel").click()
    expect(page.locator("main")).to_contain_text("Tidigare nycklar gäller i högst 7 dagar till.")
    page.get_by_role("link", name="Jag har sparat den").click()
    page.get_by_role("button", name="Återkalla").last.click()
    expect(page.locator("main")).to_contain_text("Återkallad")
    look_at(page)
    page.get_by_role("button", name="Stäng av klienten").click()
    expect(page.locator("main")).to_contain_text("Avstängd")
    page.get_by_role("link", name="Maskinklienter").click()
    look_at(page)
