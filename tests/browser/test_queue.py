"""The queue by keyboard alone, without scripts, and the second person's inbox; each page by axe's rules."""

import re
from decimal import Decimal

import sqlalchemy as sa
from playwright.sync_api import Page, expect

from tests.browser.conftest import Newcomer
from tests.browser.live import Live
from tests.browser.people import Wish, apply, log_in_staff, look_at, visit
from tests.support import referred_cases
from underwriting.applications.models import Application
from underwriting.decisions.override import Determination, ReasonCode
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import DecisionOutcome, Role
from underwriting.platform import staff_accounts
from underwriting.platform.authentication import Caller
from underwriting.platform.models import StaffUser

FOUR_REMARKS = "559999-1014"
MOST_STOPS = 80
STOP = """() => {
    const at = document.activeElement;
    return at === document.body ? null : [at.id || at.textContent.trim(), getComputedStyle(at).outlineStyle !== "none"];
}"""


def referred(live: Live, page: Page, count: int) -> list[str]:
    """So many referred cases; their references, the oldest first."""
    apply(live, page, Wish(number=FOUR_REMARKS))
    live.work()
    with live.runtime.database.transaction() as session:
        first = session.scalars(sa.select(Application.id)).one()
    referred_cases.copy(live.runtime.database, str(first), count - 1)
    with live.runtime.database.transaction() as session:
        query = sa.select(Application.reference).order_by(Application.submitted_at, Application.id)
        return list(session.scalars(query))


def propose(live: Live, username: str) -> None:
    """What *username*, who may give 100 000 kr alone, would give the oldest case."""
    staff_accounts.set_authority(live.runtime, username, Money.kronor(100_000))
    with live.runtime.database.transaction() as session:
        case = session.scalars(sa.select(Application.id).order_by(Application.submitted_at, Application.id)).first()
        staff_id = session.scalars(sa.select(StaffUser.id).where(StaffUser.username == username)).one()
    assert case is not None
    asked = Determination(
        outcome=DecisionOutcome.COUNTER_OFFER,
        limit=Money.kronor(150_000),
        fee_rate=Decimal("0.0275"),
        reason_code=ReasonCode.DOCUMENTS_SEEN,
    )
    caller = Caller(actor=f"staff:{staff_id}", role=Role.UNDERWRITER, staff_id=staff_id, username=username)
    live.house.decisions.determine(case, asked, "Orderboken visar mer än kassaflödet.", caller)


def stops(page: Page) -> list[str]:
    """Where Tab stops on the page, one after the other; each is seen to be in focus."""
    found: list[str] = []
    while len(found) < MOST_STOPS:
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None:
            return found
        name, outlined = stop
        assert outlined, name
        found.append(name)
    raise AssertionError("Tab does not leave the page")


def test_the_queue_by_keyboard_alone(live: Live, page: Page, newcomer: Newcomer) -> None:
    """D8: everything is reached by Tab with its focus seen; keys walk, open, take the next, search, and are put off."""
    references = referred(live, page, 4)
    live.staff("ulla", Role.UNDERWRITER)
    desk = newcomer()
    log_in_staff(live, desk, "ulla", "/console/applications")
    expect(desk.locator("tbody tr")).to_have_count(4)
    look_at(desk)
    visit(desk, f"{live.url}/console/applications?form=AB")  # a further filter: they are open
    reached = stops(desk)
    assert reached[0] == "Hoppa till innehållet"
    fields = ["take-next", "q", "assigned", "order", "kind", "form", "least", "most", "older"]
    assert [stop for stop in reached if stop in {*fields, *references}] == [*fields, *references]
    assert "Tangentbord" in reached

    desk.keyboard.press("j")
    desk.keyboard.press("j")
    expect(desk.get_by_role("link", name=references[1])).to_be_focused()
    desk.keyboard.press("k")
    desk.keyboard.press("Enter")
    expect(desk).to_have_title(re.compile(references[0]))
    desk.go_back()
    desk.keyboard.press("/")
    expect(desk.locator("#q")).to_be_focused()
    desk.keyboard.type(references[2])
    desk.keyboard.press("Enter")
    expect(desk.locator("tbody tr")).to_have_count(1)
    desk.go_back()
    desk.keyboard.press("n")
    expect(desk.locator("#take-next")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk).to_have_title(re.compile(references[0]))

    visit(desk, f"{live.url}/console/applications?assigned=mine")
    expect(desk.locator("tbody tr")).to_have_count(1)
    desk.get_by_text("Tangentbord").click()
    look_at(desk)
    desk.get_by_role("button", name="Kortkommandon på").click()
    desk.reload()
    desk.keyboard.press("j")
    assert desk.evaluate(STOP) is None


def test_the_queue_without_scripts(live: Live, page: Page, newcomer: Newcomer) -> None:
    """Filters, tabs and the button are forms and links; keys that need a script are not promised."""
    references = referred(live, page, 2)
    live.staff("ulla", Role.UNDERWRITER)
    live.staff("sara", Role.SENIOR_UNDERWRITER)
    propose(live, "ulla")
    desk = newcomer(java_script_enabled=False)
    log_in_staff(live, desk, "sara", "/console/applications")
    desk.get_by_text("Fler filter").click()
    desk.fill("#least", "300 000")
    desk.get_by_role("button", name="Visa", exact=True).click()
    expect(desk.locator("tbody tr")).to_have_count(0)
    desk.get_by_role("link", name="Rensa filter").click()
    expect(desk.locator("tbody tr")).to_have_count(2)
    desk.get_by_text("Tangentbord").click()
    expect(desk.get_by_text("nästa / föregående ärende")).to_be_hidden()
    desk.get_by_role("button", name="Ta nästa ärende").click()
    expect(desk).to_have_title(re.compile(references[0]))

    seeing = newcomer()
    log_in_staff(live, seeing, "sara", "/console/approvals")
    expect(seeing.locator("article")).to_contain_text("Orderboken visar mer än kassaflödet.")
    look_at(seeing)
    seeing.get_by_text("Avslå förslaget").click()
    seeing.get_by_role("button", name="Spara avslaget").click()
    expect(seeing.locator("article textarea")).to_be_focused()
    look_at(seeing)
    desk.get_by_role("link", name="Att godkänna 1").click()
    desk.get_by_role("button", name="Godkänn förslaget").click()
    expect(desk.locator("main")).to_contain_text("Inget förslag väntar.")
