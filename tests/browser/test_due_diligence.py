"""Know-your-customer in the console: a match and an item, from the inbox to their ends."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Newcomer
from tests.browser.live import Live
from tests.browser.people import PHONE, apply, log_in_staff, look_at
from tests.support.sanctions import NOTE, SAMPLE, loaded
from underwriting.kernel.vocabulary import Role


def test_two_persons_clear_a_match_and_one_begins_to_look_into_something_else(
    live: Live, page: Page, newcomer: Newcomer
) -> None:
    """D16, K1: every page looked at, on a phone, too."""
    loaded(live.runtime, SAMPLE.replace("Anton Påhittad".encode(), b"Karl Nyberg").replace(b'"1970"', b'"1977"'))
    apply(live, page)  # Karl Nyberg
    live.work()
    live.staff("ulla", Role.UNDERWRITER)
    live.staff("urban", Role.ADMINISTRATOR)
    first = newcomer(viewport=PHONE)
    log_in_staff(live, first, "ulla", "/console/due-diligence")
    look_at(first)
    first.get_by_role("link", name="Karl Nyberg").click()
    look_at(first)
    first.fill("#note", "kort")
    first.get_by_role("button", name="Föreslå att avfärda").click()
    expect(first.locator("#errors")).to_contain_text("10 till 4000 tecken")
    first.fill("#note", NOTE)
    first.get_by_role("button", name="Föreslå att avfärda").click()
    expect(first.locator("main")).to_contain_text("Du har föreslagit att träffen avfärdas")

    second = newcomer()
    log_in_staff(live, second, "urban", "/console/due-diligence")
    second.get_by_role("link", name="Karl Nyberg").click()
    expect(second.locator(".letter")).to_have_text(NOTE)
    second.fill("#note", "Jag ser samma sak som min kollega.")
    second.get_by_role("button", name="Avfärda som andra person").click()
    expect(second.locator(".page-head")).to_contain_text("avfärdad")
    look_at(second)
    second.locator(".lead a").click()
    second.get_by_text("Utred något annat").click()
    second.select_option("#begin-kind", "politically_exposed")
    second.fill("#begin-note", NOTE)
    second.get_by_role("button", name="Börja utreda").click()
    expect(second.locator("h1")).to_have_text("Politiskt utsatt ställning obesvarad")
    look_at(second)
    second.goto(f"{live.url}/console/due-diligence/lists")
    expect(second.locator("main")).to_contain_text("3 poster: 3 nya")
    look_at(second)
