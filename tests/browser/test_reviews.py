"""Human review from both sides, each page by axe's rules and at a phone's width."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Newcomer
from tests.browser.live import Live
from tests.browser.people import Wish, apply, log_in_staff, look_at, visit
from underwriting.kernel.vocabulary import Role


def test_a_review_is_asked_for_and_answered(live: Live, page: Page, newcomer: Newcomer) -> None:
    """D9: by a sole trader whom the policy offers less than asked for."""
    address = apply(live, page, Wish(form="EF", guarantors=(), amount="300 000"))
    live.work()
    visit(page, address)
    expect(page.locator("#enough")).to_be_visible()
    look_at(page)
    page.get_by_role("link", name="Till omprövningen").click()
    look_at(page)
    page.fill("#view", "Hyran är uppsagd.")
    page.get_by_role("button", name="Skicka begäran").click()
    expect(page.locator("#own")).to_have_text("Vi har tagit emot din begäran")

    live.staff("ulla", Role.UNDERWRITER)
    desk = newcomer()
    log_in_staff(live, desk, "ulla", "/console/reviews")
    expect(desk.locator("tbody tr")).to_have_count(1)
    look_at(desk)
    reference = desk.locator("tbody a").inner_text()
    desk.locator("tbody a").click()
    look_at(desk)
    desk.get_by_label("Beslutet står fast").check()
    for name in ("answer", "answer_english", "grounds"):
        desk.fill(f"#{name}", "Utan hyran räcker överskottet inte heller.")
    desk.get_by_role("button", name="Skicka svaret").click()
    expect(desk.locator("#answered")).to_be_visible()
    visit(desk, f"{live.url}/console/reviews/record?reference={reference}")
    look_at(desk)
    page.reload()
    expect(page.locator("#own")).to_have_text("Din begäran är besvarad")
    look_at(page)
