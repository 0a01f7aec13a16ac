"""Applying in a browser: each company form, with and without scripts, by keyboard, in both languages."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Newcomer
from tests.browser.live import Live
from tests.browser.people import BERIT_BERG, KARL_HIMSELF, Wish, apply, expect_state, fill_in, look_at, press_on, sign

OF_EACH_FORM = [
    pytest.param(Wish(form="AB"), id="AB"),
    pytest.param(Wish(form="HB"), id="HB"),
    pytest.param(Wish(form="KB"), id="KB"),
    pytest.param(Wish(form="EF", guarantors=()), id="EF"),
]


@pytest.mark.parametrize("wish", OF_EACH_FORM)
def test_each_company_form_is_applied_for_and_decided(live: Live, page: Page, wish: Wish) -> None:
    """A1, A3, D6: signed with BankID, decided while the applicant looks on, the price told in kronor."""
    apply(live, page, wish)
    expect_state(page, "Under bedömning")
    live.work()
    expect_state(page, "Beviljad")  # by itself
    offer = page.locator("section", has=page.get_by_role("heading", name="Krediten är beviljad"))
    # 18 + 16 + 7 of ability, at least 22 of company and 20 of guarantor or owner: class A, 1.50 % of 200 000 kr
    expect(offer).to_contain_text("3 000 kr")
    expect(offer).to_contain_text("1,50 %")
    look_at(page)


def test_the_whole_form_works_without_scripts(live: Live, newcomer: Newcomer) -> None:
    """A4: a guarantor is added and removed, everything typed stays, what is wrong is told beside its field."""
    page = newcomer(java_script_enabled=False)
    page.goto(live.url)
    page.get_by_role("button", name="Aktiebolag").click()
    page.fill("#contact-name", "Karl Nyberg")
    page.click("#add-guarantors")
    expect(page).to_have_url(re.compile("#guarantors-1-personal_number$"))
    page.fill("#guarantors-0-name", "Anna Andersson")
    page.fill("#guarantors-1-name", "Berit Berg")
    page.get_by_role("button", name="Ta bort Borgensman 1").click()
    expect(page.locator("#guarantors-1-name")).to_have_count(0)
    expect(page.locator("#guarantors-0-name")).to_have_value("Berit Berg")
    expect(page.locator("#contact-name")).to_have_value("Karl Nyberg")

    fill_in(page, Wish(guarantors=(KARL_HIMSELF, BERIT_BERG), fields={"term_months": "120", "contact-email": "karl"}))
    page.get_by_role("main").get_by_role("button", name="Fortsätt").click()
    expect(page.locator("#term_months")).to_have_attribute("aria-describedby", "term_months-error term_months-hint")
    expect(page.locator("#term_months-error")).to_have_text("Löptiden ska vara mellan 1 och 36 månader (regel A11)")
    expect(page.locator("#errors a")).to_have_text(
        [
            "Löptid: Löptiden ska vara mellan 1 och 36 månader (regel A11)",
            "E-post: Ange en giltig e-postadress",
        ],
    )
    expect(page.locator(".field.wrong")).to_have_count(2)
    page.locator("#errors a").first.click()
    expect(page.locator("#term_months")).to_be_focused()

    page.fill("#contact-email", "karl@example.se")
    page.fill("#term_months", "12")
    page.press("#term_months", "Enter")  # goes on; it adds no row and changes no language
    expect(page.get_by_role("heading", name="Läs och skriv under")).to_be_visible()
    expect(page.locator(".document").first).to_contain_text("Berit Berg, 19770111-****")

    page.get_by_role("link", name="Ändra uppgifterna").click()
    expect(page.locator("#requested_amount")).to_have_value("200\u00a0000")
    page.fill("#requested_amount", "150 000 kr")
    press_on(page)
    expect(page.locator(".document").first).to_contain_text("150 000 kr")
    page.get_by_role("button", name="Skriv under med BankID").click()
    sign(live, page, scripts=False)
    expect(page.locator(".steps")).to_contain_text("Berit Berg har inte svarat än")
    expect(page.locator(".steps")).to_contain_text("måndagen den 16 mars 2026")  # 14 days


def test_the_language_is_changed_in_the_middle_of_the_form_and_nothing_is_lost(live: Live, page: Page) -> None:
    page.goto(f"{live.url}/apply?form=AB")
    page.fill("#requested_amount", "lots")
    page.fill("#guarantors-0-name", "Karl Nyberg")
    page.get_by_role("button", name="In English").click()
    expect(page.get_by_role("heading", name="Apply for credit")).to_be_visible()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#requested_amount")).to_have_value("lots")
    expect(page.locator("#guarantors-0-name")).to_have_value("Karl Nyberg")
    page.get_by_role("main").get_by_role("button", name="Continue").click()
    expect(page.locator("#requested_amount-error")).to_have_text("Write the amount in figures, such as 250 000")
    expect(page.locator("#errors")).to_be_focused()
    look_at(page)
    page.goto(live.url)
    page.get_by_role("link", name="På svenska").click()
    expect(page.get_by_role("heading", name="Kredit till företag för en fast månadsavgift")).to_be_visible()


def test_a_sole_trader_applies_with_the_keyboard_alone(live: Live, page: Page) -> None:
    """From the start page to the signature without a pointing device."""

    def tab_to(selector: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("selector => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"the keyboard does not reach {selector}")

    page.goto(live.url)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Hoppa till innehållet")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to("button[value=EF]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/apply?form=EF")
    for name, text in {
        "organisation_number": "19760109-2385",
        "requested_amount": "60 000",
        "term_months": "12",
        "purpose": "Va",  # the first option that begins so
        "expected_monthly_revenue": "60000",
        "expected_monthly_costs": "45000",
        "monthly_debt_payments": "0",
        "contact-name": "Eva Dahlström",
        "contact-email": "eva@example.se",
        "contact-phone": "0701234567",
        "payout_account-bankgiro": "59990002",
        "signatory_personal_number": "197601092385",
        "due_diligence-purpose_of_credit": "Varor",
        "due_diligence-source_of_repayment": "Försäljning",
    }.items():
        tab_to(f"#{name}")
        page.keyboard.type(text)
    for name in ("politically_exposed", "trades_with_high_risk_countries"):
        tab_to(f"input[name=due_diligence-{name}]")
        page.keyboard.press("ArrowDown")  # from yes to no
    page.keyboard.press("Enter")
    page.wait_for_url("**/review")
    tab_to("button[value=sign]")
    page.keyboard.press("Enter")
    page.wait_for_url("**/signings/*")
    expect(page.locator(".qr svg")).to_be_visible()
    tab_to("form[action$='/open-here'] button")
    page.keyboard.press("Enter")
    expect(page.locator(".qr svg")).to_have_count(0)
    tab_to("a.button")
