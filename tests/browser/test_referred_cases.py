"""An underwriter works through referred cases in the console, and never touches the interface of machines.

One of each kind of work; with --long twenty cases.
"""

from collections.abc import Callable
from typing import TypeAlias

from playwright.sync_api import FilePayload, Page, expect

from tests.browser.cases import wait_for_an_underwriter, waiting_bodies
from tests.browser.conftest import Newcomer
from tests.browser.live import Live
from tests.browser.people import PHONE, expect_state, log_in_staff, look_at, visit
from tests.conftest import LONG
from underwriting.kernel.vocabulary import Role

Work: TypeAlias = Callable[[Page], None]

MOST_PRESSED = 150
BEYOND = {
    "requested_amount": "600000.00",
    "expected_monthly_revenue": "2000000.00",
    "expected_monthly_costs": "1500000.00",
}


def test_an_underwriter_works_through_referred_cases(live: Live, newcomer: Newcomer) -> None:
    """D8, D13: approves, declines, overrides, asks, marks a fact as wrong, proposes; one by keyboard alone."""
    works = (*EACH_KIND, *THE_REST) if LONG else EACH_KIND
    bodies = waiting_bodies()[: len(works)]
    bodies = [body | (BEYOND if work is propose else {}) for body, work in zip(bodies, works, strict=True)]
    ids = wait_for_an_underwriter(live, bodies)
    live.staff("ulla", Role.UNDERWRITER)
    desk = newcomer()
    log_in_staff(live, desk, "ulla", "/console/applications")
    for case_id in ids:
        expect(desk.locator(f'main a[href*="/console/applications/{case_id}"]').first).to_be_visible()
    for case_id, work in zip(ids, works, strict=True):
        visit(desk, f"{live.url}/console/applications/{case_id}")
        expect_state(desk, "Hos en handläggare")
        work(desk)
    visit(desk, f"{live.url}/console/applications")
    for case_id, work in zip(ids, works, strict=True):
        waits = desk.locator(f'main a[href*="/console/applications/{case_id}"]')
        expect(waits).not_to_have_count(0) if work in (dispute, propose) else expect(waits).to_have_count(0)


def approve(desk: Page) -> None:
    rule(desk, "Bevilja", limit="200 000", reason="Avtal har visats.")
    expect_state(desk, "Beviljad")


def decline(desk: Page) -> None:
    rule(desk, "Avslå", code="ability_to_pay", reason="Överskottet räcker inte.")
    expect_state(desk, "Avslag")


def decline_after_a_fault(desk: Page) -> None:
    """What is refused is told beside its field, and nothing that was typed is lost."""
    rule(desk, "Avslå", code="rating", reason="Överskottet räcker inte.")
    expect(desk.locator("#reason_code-error")).to_contain_text("är inte ensamt ett skäl till avslag")
    expect(desk.locator("#reason")).to_have_value("Överskottet räcker inte.")
    desk.select_option("#reason_code", "ability_to_pay")
    desk.get_by_role("button", name="Spara beslutet").click()
    expect_state(desk, "Avslag")


def override(desk: Page) -> None:
    """A decline that was sent is followed by an offer on worse terms and with conditions."""
    rule(desk, "Avslå", code="figures_doubtful", reason="Orderboken saknas.")
    expect_state(desk, "Avslag")
    desk.get_by_text("Ställ villkor").click()
    desk.fill("#conditions", "Hyresavtalet visas före utbetalning.")
    rule(desk, "Ge ett motbud", limit="90 000", reason="Orderboken har kommit.")
    expect_state(desk, "Motbud")
    expect(desk.get_by_text("Tidigare beslut (2)")).to_be_visible()


def ask(desk: Page) -> None:
    desk.get_by_text("Fråga den sökande först").click()
    desk.fill("#question", "Skicka orderboken.")
    desk.get_by_role("button", name="Skicka frågan").click()
    expect_state(desk, "Uppgifter begärda")


def dispute(desk: Page) -> None:
    """With a document; the case is assessed anew and stays with the underwriter, on whom it is taken."""
    desk.get_by_role("button", name="Ta ärendet").click()
    desk.get_by_text("Markera en uppgift som felaktig").click()
    desk.select_option("#fact", "company:remarks")
    desk.get_by_label("Rätt värde, enligt underlag").check()
    desk.fill("#value", "9")
    desk.fill("#note", "Utdrag från Kronofogden.")
    document = FilePayload(name="utdrag.pdf", mimeType="application/pdf", buffer=b"%PDF-1.7 utdrag")
    desk.set_input_files("#document", files=document)
    desk.get_by_role("button", name="Markera och bedöm på nytt").click()
    expect(desk.locator("#disputes")).to_contain_text("Utdrag från Kronofogden.")
    expect(desk.locator(".flags")).to_contain_text("Markerat som felaktigt: betalningsanmärkningar")
    look_at(desk)


def propose(desk: Page) -> None:
    """Beyond authority: told before, refused, then proposed to a second person."""
    expect(desk.locator(".authority")).to_contain_text("Du avgör ensam upp till 500 000 kr")
    rule(desk, "Bevilja", limit="600 000", reason="Avtal har visats.")
    expect(desk.locator("#errors")).to_contain_text("Beslutet ligger över din beslutsrätt")
    desk.get_by_label("lämna det som förslag till en andra handläggare").check()
    desk.get_by_role("button", name="Spara beslutet").click()
    expect(desk.locator("#proposal")).to_contain_text("600 000 kr")


def by_keyboard(desk: Page) -> None:
    """On a phone's width, without a pointer: to the form, through it, and sent."""
    size = desk.viewport_size
    desk.set_viewport_size(PHONE)
    tab_to(desk, "outcome-1")
    desk.keyboard.press("Space")
    tab_to(desk, "limit")
    desk.keyboard.press("Control+A")
    desk.keyboard.type("200 000")
    for field, letters in (("fee_rate", "2,75"), ("reason_code", "Underlag"), ("reason", "Avtal har visats.")):
        tab_to(desk, field)
        desk.keyboard.type(letters)
    tab_to(desk, "propose")
    desk.keyboard.press("Tab")
    desk.keyboard.press("Enter")
    expect_state(desk, "Beviljad")
    if size:
        desk.set_viewport_size(size)


def rule(desk: Page, outcome: str, *, reason: str, code: str = "documents_seen", limit: str = "") -> None:
    """Fill in the decision and send it."""
    desk.get_by_label(outcome).check()
    if limit:
        desk.fill("#limit", limit)
        desk.select_option("#fee_rate", "0.0275")
    desk.select_option("#reason_code", code)
    desk.fill("#reason", reason)
    desk.get_by_role("button", name="Spara beslutet").click()


def tab_to(desk: Page, field: str) -> None:
    """Press the tabulator until *field* has the focus."""
    for _ in range(MOST_PRESSED):
        desk.keyboard.press("Tab")
        if desk.evaluate("document.activeElement.id") == field:
            return
    raise AssertionError(f"{field} is not reached")


EACH_KIND: tuple[Work, ...] = (by_keyboard, approve, decline_after_a_fault, override, ask, dispute, decline, propose)
THE_REST: tuple[Work, ...] = (approve, decline, approve, approve, approve, ask, *([approve, decline] * 3))
