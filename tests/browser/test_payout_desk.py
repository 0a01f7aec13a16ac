"""The desk of payouts in a browser: a second person releases a file and reads on the agreement that it is paid."""

from dataclasses import replace

from playwright.sync_api import Page, expect

from tests.browser.conftest import Newcomer
from tests.browser.live import Live
from tests.browser.people import expect_state, log_in_staff, look_at
from tests.browser.test_lending import sign_agreement, sole_trader_signs
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import Role


def test_a_second_person_releases_a_payout(live: Live, page: Page, newcomer: Newcomer) -> None:
    """P1, P2: the file waits on the desk; released, it is sent, and the agreement runs."""
    payouts = live.house.payouts
    object.__setattr__(payouts, "terms", replace(payouts.terms, above=Money.ZERO))
    sole_trader_signs(live, page)
    sign_agreement(live, page)
    live.work()
    live.staff("eva", Role.BILLING)
    desk = newcomer()
    log_in_staff(live, desk, "eva", "/console/payouts")
    expect(desk.get_by_role("heading", name="Betalfil")).to_be_visible()
    look_at(desk)
    desk.get_by_role("button", name="Släpp 200 000 kr").click()
    expect(desk.get_by_text("Ingen fil väntar.")).to_be_visible()
    live.work()
    desk.get_by_role("link", name="Avtal", exact=True).click()
    look_at(desk)
    desk.locator("tbody a").click()
    expect_state(desk, "Löpande")
    expect(desk.locator("#payouts")).to_contain_text("Betald")
    look_at(desk)
    desk.get_by_role("link", name="Kontrollera nu").nth(1).click()
    expect_state(desk, "Håller")
    look_at(desk)
