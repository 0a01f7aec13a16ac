"""Every page that is open to anybody."""

from playwright.sync_api import Page, expect

from tests.browser.live import Live
from tests.browser.people import look_at

OPEN_PAGES = (
    "/",
    "/apply?form=AB",
    "/apply?form=EF",
    "/login",
    "/console/login",
    "/sandbox",
    "/my",
    "/nowhere",
    "/docs",
)


def test_open_pages_are_for_everybody(live: Live, page: Page) -> None:
    for path in OPEN_PAGES:
        page.goto(live.url + path)
        expect(page.locator("h1")).to_have_count(1)
        look_at(page)
