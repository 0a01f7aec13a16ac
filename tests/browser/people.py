"""What people do in front of a browser: fill in the form, sign in BankID's app, log in, look."""

from dataclasses import dataclass, field
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Error, Page, ViewportSize, expect

from tests.browser.live import PASSWORD, Live
from underwriting.kernel.identifiers import PersonalNumber

KARL = PersonalNumber("197701072394")  # clean at the stand-in for Creditsafe
BERIT = PersonalNumber("197701112380")  # one payment remark
CECILIA = PersonalNumber("197701252392")  # a low income
EVA = PersonalNumber("197601092385")  # a clean sole trader
PHONE = ViewportSize(width=390, height=844)
GRAVE = ("serious", "critical")

_BETWEEN_QUESTIONS_SECONDS = 3  # BankID is asked every other second
_NUMBERS = {"AB": "559999-0008", "HB": "969999-0009", "KB": "969999-0017", "EF": EVA.formatted}


@dataclass(frozen=True)
class Guarantor:
    """Somebody who is named in the form."""

    person: PersonalNumber
    name: str

    @property
    def email(self) -> str:
        """Where the invitation goes."""
        return f"{self.name.split()[0].lower()}@example.se"


KARL_HIMSELF = Guarantor(KARL, "Karl Nyberg")
BERIT_BERG = Guarantor(BERIT, "Berit Berg")
CECILIA_CEDER = Guarantor(CECILIA, "Cecilia Ceder")


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What somebody applies for: 200 000 kr over 12 months, which is approved for a clean company, unless changed."""

    form: str = "AB"
    number: str = ""
    guarantors: tuple[Guarantor, ...] = (KARL_HIMSELF,)
    amount: str = "200 000 kr"
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def signatory(self) -> PersonalNumber:
        """Who signs: of a sole trader the owner."""
        return PersonalNumber(self.company.replace("-", "")) if self.form == "EF" else KARL

    @property
    def company(self) -> str:
        """The company's number."""
        return self.number or _NUMBERS[self.form]


def fill_in(page: Page, wish: Wish) -> None:
    """Fill in the open form, with one beneficial owner for a company; rows are added as they are needed."""
    company = wish.form != "EF"
    for number in range(len(wish.guarantors)):
        _need_row(page, "guarantors", number)
    if company:
        _need_row(page, "beneficial_owners", 0)
    for name, value in _fields(wish).items():
        page.fill(f"#{name}", value)
    page.select_option("#purpose", "inventory")
    answers = ["due_diligence-politically_exposed", "due_diligence-trades_with_high_risk_countries"]
    for answer in [*answers, "beneficial_owners-0-politically_exposed"] if company else answers:
        page.check(f"input[name={answer}][value=no]")
    if company:
        page.check("input[name=due_diligence-owners_complete][value=yes]")


def press_on(page: Page) -> None:
    """Press the form's last button."""
    page.get_by_role("main").get_by_role("button", name="Fortsätt").click()


def apply(live: Live, page: Page, wish: Wish | None = None) -> str:
    """Fill in, read, sign; the address of the status page."""
    wish = wish or Wish()
    visit(page, f"{live.url}/apply?form={wish.form}")
    fill_in(page, wish)
    press_on(page)
    expect(page.get_by_role("heading", name="Läs och skriv under")).to_be_visible()
    page.get_by_role("button", name="Skriv under med BankID").click()
    sign(live, page)
    expect(page.locator("h1")).to_contain_text("Ansökan")
    return page.url


def sign(live: Live, page: Page, person: PersonalNumber | None = None, *, scripts: bool = True) -> None:
    """Sign the order on *page* in the app of BankID's stand-in; *person* where the order is for anybody.

    Without *scripts* the page is loaded again by hand: its own clock takes two seconds.
    """
    page.get_by_role("button", name="Öppna BankID på den här enheten").click()
    page.get_by_role("link", name="Öppna BankID", exact=True).click()
    if person:
        page.fill("#personal_number", person.digits)
    page.get_by_role("button", name="Skriv under" if person is None else "Legitimera", exact=True).click()
    expect(page.locator("h1")).to_have_text("Klart")
    live.wall.skip(seconds=_BETWEEN_QUESTIONS_SECONDS)
    page.get_by_role("link", name="Tillbaka till tjänsten").click()
    if not scripts and "/signings/" in page.url:
        page.reload()
    page.wait_for_url(lambda url: "/signings/" not in url and "/bankid-app/" not in url)


def log_in(live: Live, page: Page, person: PersonalNumber) -> None:
    """Log in with BankID on the open page."""
    page.get_by_role("button", name="Fortsätt med BankID").click()
    sign(live, page, person)


def log_in_staff(live: Live, page: Page, username: str, path: str = "/console/") -> None:
    """Go to *path* and log in there."""
    visit(page, f"{live.url}{path}")
    page.fill("#username", username)
    page.fill("#password", PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Logga in").click()


def expect_state(page: Page, state: str) -> None:
    """The page's thing stands in *state*, as its label says."""
    expect(page.locator(".page-head .state")).to_have_text(state)


def visit(page: Page, url: str) -> None:
    """Go to *url*, also from a page that loads itself anew at that very moment and so breaks the visit off."""
    try:
        page.goto(url)
    except Error as error:
        if "ERR_ABORTED" not in error.message:
            raise
        page.goto(url)


def look_at(page: Page) -> None:
    """Every page: no grave fault by axe's rules, and on a phone nothing beyond the right edge."""
    found = Axe().run(page, options={"resultTypes": ["violations"], "iframes": False})
    grave = [
        f"{fault['id']}: {node['html'][:160]}"
        for fault in found.response["violations"]
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]
    assert grave == [], page.url
    size: Any = page.viewport_size
    page.set_viewport_size(PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], page.url
    page.set_viewport_size(size)


def _need_row(page: Page, people: str, number: int) -> None:
    row = page.locator(f"#{people}-{number}-personal_number")
    if not row.count():
        page.click(f"#add-{people}")
        row.wait_for()
        page.wait_for_load_state()  # what is typed before the page has come is lost


def _fields(wish: Wish) -> dict[str, str]:
    fields = {
        "organisation_number": wish.company,
        "requested_amount": wish.amount,
        "term_months": "12",
        "expected_monthly_revenue": "400 000",
        "expected_monthly_costs": "310 000 kr",
        "monthly_debt_payments": "15000",
        "contact-name": "Karl Nyberg",
        "contact-email": "karl@example.se",
        "contact-phone": "070-123 45 67",
        "payout_account-bankgiro": "5999-0002",
        "signatory_personal_number": wish.signatory.formatted,
        "due_diligence-purpose_of_credit": "Varor inför säsongen",
        "due_diligence-source_of_repayment": "Försäljning",
    }
    for number, named in enumerate(wish.guarantors):
        fields |= {
            f"guarantors-{number}-personal_number": named.person.formatted,
            f"guarantors-{number}-name": named.name,
            f"guarantors-{number}-email": named.email,
            f"guarantors-{number}-phone": "070-765 43 21",
        }
    if wish.form != "EF":
        fields |= {"beneficial_owners-0-personal_number": KARL.formatted, "beneficial_owners-0-share": "100"}
    return fields | wish.fields
