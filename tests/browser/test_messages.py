"""The administrator's desk for messages: an endpoint is added, fails, and its dead letters are tried again."""

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import Newcomer
from tests.browser.live import Live
from tests.browser.people import Wish, apply, log_in_staff, look_at
from tests.support.webhook_receiver import webhook_receiver
from underwriting.kernel.vocabulary import Role


def test_an_administrator_adds_an_endpoint_and_mends_what_did_not_arrive(
    live: Live, page: Page, newcomer: Newcomer
) -> None:
    with webhook_receiver(lambda _: 410) as receiver:
        live.staff("adam", Role.ADMINISTRATOR)
        log_in_staff(live, page, "adam", "/console/webhooks")
        page.fill("#url", "https://10.0.0.1/hook")
        page.get_by_role("button", name="Lägg till").click()
        expect(page.locator("#url-error")).to_contain_text("bara till den egna maskinen")
        look_at(page)
        page.fill("#url", receiver.url)
        page.get_by_label("application.submitted").check()
        page.get_by_role("button", name="Lägg till").click()
        expect(page.locator("main code")).to_have_text(re.compile("^whsec_"))
        look_at(page)
        page.get_by_role("link", name="Jag har sparat den").click()
        expect(page.locator("main")).to_contain_text("tar emot")

        apply(live, newcomer(), Wish())
        live.work()
        page.reload()
        expect(page.locator("main")).to_contain_text("avstängd")
        expect(page.locator("main")).to_contain_text("410")
        look_at(page)
        page.get_by_role("link", name="Meddelanden").click()
        expect(page.get_by_role("row", name="application.submitted")).to_contain_text("uppgivet")
        look_at(page)

        receiver.answer = lambda _: 204
        page.go_back()
        page.get_by_role("button", name="Öppna igen").click()
        page.get_by_role("link", name="Meddelanden").click()
        page.get_by_role("row", name="application.submitted").get_by_role("button", name="Försök igen").click()
        expect(page.locator("main")).to_contain_text("Allt har kommit fram eller försöks fortfarande.")
        live.work()
        page.get_by_role("link", name="Leveranslogg").click()
        expect(page.get_by_role("row", name="application.submitted")).to_contain_text("levererat")
        look_at(page)
        page.get_by_role("row", name="application.submitted").get_by_role("link").first.click()
        expect(page.locator("main")).to_contain_text("slutgiltigt nej")
        look_at(page)
    assert [told.id for told in receiver.told[:1]] * 2 == [told.id for told in receiver.told]
