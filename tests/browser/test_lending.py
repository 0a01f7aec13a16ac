"""From the invitation of a guarantor to the first monthly fee, and the way out in and after the windows."""

from datetime import date, time

from playwright.sync_api import Page, expect

from tests.browser.conftest import Newcomer
from tests.browser.live import Live
from tests.browser.people import (
    BERIT_BERG,
    CECILIA_CEDER,
    KARL_HIMSELF,
    PHONE,
    Guarantor,
    Wish,
    apply,
    expect_state,
    log_in,
    look_at,
    sign,
    visit,
)

GRANTED_ON = date(2026, 3, 2)
MARCH_30 = date(2026, 3, 30)
APRIL_2 = date(2026, 4, 2)  # the fee of March is charged from 1 April on


def open_link(live: Live, page: Page, named: Guarantor, path: str) -> None:
    """Follow the newest link under *path* that was sent to *named*."""
    visit(page, live.link_in_letter_to(named.email, path))


def sole_trader_signs(live: Live, page: Page) -> str:
    """Apply, be approved and come to the agreement; its address."""
    status = apply(live, page, Wish(form="EF", guarantors=()))
    live.work()
    visit(page, status)
    page.get_by_role("link", name="Till avtalet").click()
    return page.url


def sign_agreement(live: Live, page: Page) -> None:
    """Go from the agreement's page to the whole text, and sign it there."""
    page.get_by_role("link", name="Läs och skriv under avtalet").click()
    expect(page.locator(".document").first).to_contain_text("Kreditavtal")
    page.get_by_role("button", name="Skriv under avtalet med BankID").click()
    sign(live, page)


def guarantor_signs(live: Live, phone: Page, named: Guarantor, *, scripts: bool = True) -> None:
    """Open the own link, be identified by BankID, read the whole text and the sum, sign by the keyboard."""
    open_link(live, phone, named, "/guarantees/")
    expect(phone.locator("main")).not_to_contain_text("200 000")
    phone.get_by_role("button", name="Fortsätt med BankID").click()
    sign(live, phone, named.person, scripts=scripts)
    expect_state(phone, "Väntar på din underskrift")
    expect(phone.locator(".facts").first).to_contain_text("300 000 kr")  # 150 % of 200 000 kr
    if scripts:
        look_at(phone)
    phone.get_by_role("link", name="Gå till underskriften").press("Enter")
    phone.keyboard.press("Tab")
    expect(phone.get_by_role("button", name="Skriv under med BankID")).to_be_focused()
    phone.keyboard.press("Enter")
    sign(live, phone, scripts=scripts)
    expect_state(phone, "Undertecknad")


def test_a_loan_on_three_phones_from_the_form_to_the_first_fee(live: Live, newcomer: Newcomer) -> None:
    """A6, G2, P1, F1, F10: nobody is asked about and nothing is paid before everybody has signed."""
    live.begin(MARCH_30, time(10))
    page, *phones = (newcomer(viewport=PHONE, java_script_enabled=scripts) for scripts in (True, True, False))
    guarantors = (BERIT_BERG, CECILIA_CEDER)
    status = apply(live, page, Wish(guarantors=guarantors))
    live.work()
    visit(page, status)
    expect_state(page, "Väntar på bekräftelse")
    look_at(page)

    for phone, named in zip(phones, guarantors, strict=True):
        open_link(live, phone, named, "/invitations/")
        expect(phone.locator("main")).to_contain_text("200 000 kr")
        phone.get_by_role("button", name="Bekräfta med BankID").click()
        sign(live, phone, scripts=named is BERIT_BERG)
        expect(phone.locator("main")).to_contain_text("Tack, du har bekräftat.")
        phone.get_by_role("button", name="Logga ut").click()

    live.work()
    visit(page, status)
    page.get_by_role("link", name="Till avtalet").click()
    agreement = page.url
    look_at(page)
    guarantor_signs(live, phones[0], BERIT_BERG)
    sign_agreement(live, page)
    expect_state(page, "Väntar på underskrifter")
    live.work()
    visit(page, agreement)
    expect(page.locator(".tiles")).to_contain_text("Utnyttjad kredit0 kr")
    guarantor_signs(live, phones[1], CECILIA_CEDER, scripts=False)
    live.work()
    visit(page, agreement)
    expect_state(page, "Löpande")
    expect(page.locator(".tiles")).to_contain_text("Utnyttjad kredit200 000 kr")
    expect(page.locator("main")).to_contain_text("Utbetald")
    look_at(page)

    live.move_to(APRIL_2, time(10))
    visit(page, agreement)
    page.get_by_role("link", name="mars 2026").click()
    expect(page.locator(".big")).to_have_text("3 000 kr")  # 1.50 % of 200 000 kr
    look_at(page)
    visit(page, f"{live.url}/my")
    look_at(page)

    phone = phones[0]
    visit(phone, f"{live.url}/my")
    phone.locator("a[href^='/guarantees/']").click()
    expect(phone.locator(".big")).to_contain_text("203 000 kr")  # the credit and the first fee
    phone.get_by_role("link", name="Information till borgensman", exact=True).click()
    expect(phone.locator(".document").first).to_contain_text("såsom för egen skuld")
    look_at(phone)

    page.get_by_role("button", name="Logga ut").click()
    visit(page, agreement)
    log_in(live, page, KARL_HIMSELF.person)
    expect(page).to_have_url(agreement)


def test_a_guarantor_who_declines_is_replaced(live: Live, page: Page, newcomer: Newcomer) -> None:
    """A3, A6: the applicant names another, who is asked in turn."""
    status = apply(live, page, Wish(guarantors=(KARL_HIMSELF, BERIT_BERG)))
    guarantor = newcomer()
    open_link(live, guarantor, BERIT_BERG, "/invitations/")
    guarantor.get_by_text("Jag vill inte gå i borgen").click()
    guarantor.get_by_role("button", name="Tacka nej").click()
    expect(guarantor.locator("main")).to_contain_text("Du har tackat nej.")

    visit(page, status)
    expect(page.locator(".steps")).to_contain_text("Berit Berg har tackat nej")
    page.get_by_role("link", name="Ange någon annan i stället").click()
    page.get_by_role("button", name="Byt borgensman").click()
    expect(page.locator(".field.wrong")).to_have_count(4)
    look_at(page)
    page.fill("#personal_number", KARL_HIMSELF.person.formatted)
    page.fill("#name", CECILIA_CEDER.name)
    page.fill("#email", CECILIA_CEDER.email)
    page.fill("#phone", "070-111 22 33")
    page.get_by_role("button", name="Byt borgensman").click()
    expect(page.locator("#personal_number-error")).to_contain_text("Samma person är redan angiven")
    page.fill("#personal_number", CECILIA_CEDER.person.formatted)
    page.get_by_role("button", name="Byt borgensman").click()
    expect(page.locator(".steps")).to_contain_text("Cecilia Ceder har inte svarat än")

    open_link(live, guarantor, CECILIA_CEDER, "/invitations/")
    guarantor.get_by_role("button", name="Bekräfta med BankID").click()
    sign(live, guarantor)
    visit(page, status)
    expect_state(page, "Under bedömning")


def test_a_cancellation_in_the_last_second_is_in_time(live: Live, page: Page) -> None:
    """C1, C3, C7: at 15:59:59 the agreement ends at once, for 1 500 kr."""
    agreement = sole_trader_signs(live, page)
    live.move_to(GRANTED_ON, time(15, 59, 59))
    visit(page, agreement)
    cancel = page.locator("#cancel")
    expect(cancel).to_contain_text("måndagen den 2 mars 2026 kl. 15.59.59")
    expect(cancel.locator("output")).to_have_text("00:00:00")
    cancel.get_by_text("Häv krediten…").click()
    look_at(page)
    cancel.get_by_role("button", name="Ja, häv krediten").click()
    expect_state(page, "Hävt")
    expect(page.locator("#cancel")).to_contain_text("1 500 kr")
    look_at(page)


def test_a_cancellation_at_16_00_sharp_is_refused_with_its_reason(live: Live, page: Page) -> None:
    """C1, C4, C8: a page that was opened in time does not make a request in time."""
    agreement = sole_trader_signs(live, page)
    live.move_to(GRANTED_ON, time(15, 59, 59))
    visit(page, agreement)
    page.locator("#cancel").get_by_text("Häv krediten…").click()
    live.move_to(GRANTED_ON, time(16))
    page.get_by_role("button", name="Ja, häv krediten").click()
    expect(page.get_by_role("alert")).to_contain_text("16.00")
    expect_state(page, "Väntar på underskrifter")
    expect(page.get_by_role("button", name="Ja, häv krediten")).to_have_count(0)
    look_at(page)


def test_without_scripts_a_phone_reads_the_time_left_cancels_after_payout_and_finds_the_receipt(
    live: Live, page: Page, newcomer: Newcomer
) -> None:
    """C2, C6, C7: paid out on Monday, so to the end of Saturday; asked on Thursday at noon: 2 d 11:59:59 are left."""
    agreement = sole_trader_signs(live, page)
    sign_agreement(live, page)
    live.work()
    live.move_to(date(2026, 3, 5), time(12))
    visit(page, agreement)
    expect_state(page, "Löpande")
    page.get_by_text("Häv krediten…").click()
    look_at(page)
    phone = newcomer(
        java_script_enabled=False, viewport=PHONE, storage_state=page.context.storage_state(), reduced_motion="reduce"
    )
    visit(phone, agreement)
    expect(phone.locator("#cancel output")).to_have_text("2 d 11:59:59")
    phone.get_by_text("Häv krediten…").click()
    phone.get_by_role("button", name="Ja, häv krediten").click()
    expect_state(phone, "Hävs när pengarna är tillbaka")
    expect(phone.locator("#cancel")).to_contain_text("Betala 201 500 kr senast tisdagen den 10 mars 2026")
    visit(page, agreement)
    look_at(page)
    phone.get_by_role("link", name="Kvitto på hävning", exact=True).click()
    expect(phone.locator(".document").first).to_contain_text("torsdagen den 5 mars 2026 kl. 12.00")


def test_a_counter_offer_is_accepted_with_bankid(live: Live, page: Page) -> None:
    """D1: 35 000 / 1.25 / (1/12 + 0.045) = 218 181, in whole thousands 218 000 kr, at 1.50 % 3 270 kr a month."""
    status = apply(live, page, Wish(amount="250 000"))
    live.work()
    visit(page, status)
    expect_state(page, "Motbud")
    offer = page.locator("section", has=page.get_by_role("heading", name="Vårt motbud"))
    expect(offer).to_contain_text("218 000 kr")
    expect(offer.locator(".big")).to_contain_text("3 270 kr")
    expect(offer.locator(".countdown")).to_contain_text("måndagen den 9 mars 2026")  # the seventh day
    look_at(page)
    page.get_by_role("button", name="Godkänn med BankID").click()
    sign(live, page)
    expect_state(page, "Beviljad")
    expect(page.get_by_role("link", name="Till avtalet")).to_be_visible()
