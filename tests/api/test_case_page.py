"""The page of a case: what an underwriter does there, and what is refused there with nothing written."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from urllib3.filepost import encode_multipart_formdata
from werkzeug.test import TestResponse

from agreements.credit.models import Agreement
from tests.support.beginnings import assessed, granted
from tests.support.house import Api, HouseWorld
from tests.support.journey import Loan
from tests.support.lending import ANNA, application_json
from underwriting.decisions.desk_models import CaseAssignment, FactDispute, HumanReview, OverrideProposal
from underwriting.decisions.models import DecisionRow
from underwriting.kernel.vocabulary import CompanyForm, Role
from underwriting.platform.authentication import SESSION_COOKIE
from underwriting.platform.models import AuditEntry

FOUR_REMARKS = "559999-1014"
BANKRUPT = "559999-1105"
RECONSTRUCTION = "559999-1121"
PDF = b"%PDF-1.7 a certificate"
GREAT = {
    "organisation_number": RECONSTRUCTION,
    "requested_amount": "600000.00",
    "expected_monthly_revenue": "2000000.00",
    "expected_monthly_costs": "1500000.00",
}
APPROVE = {
    "outcome": "approved",
    "limit": "200 000 kr",
    "fee_rate": "0.0275",
    "reason_code": "documents_seen",
    "reason": "Avtal har visats.",
}
WRONG = {"fact": "company:remarks", "treatment": "corrected", "value": "0", "note": "Registret är rättat."}


def told(answer: TestResponse) -> list[str]:
    """What the page says is wrong."""
    return re.findall(r'class="(?:summary|error)".*?</(?:div|p)>', unescape(answer.text), re.DOTALL)


@dataclass
class Desk:
    """One member of staff in front of the page of one case; *shown* is what stands there."""

    world: HouseWorld
    api: Api
    application_id: str
    language: str = "sv"
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.api.app.test_client()
        self.client.set_cookie(SESSION_COOKIE, self.api.token or "")

    @property
    def path(self) -> str:
        return f"/console/applications/{self.application_id}"

    @property
    def shown(self) -> str:
        answer = self.client.get(self.path, headers=self.headers)
        assert answer.status_code == 200, told(answer)
        return unescape(answer.text)

    @property
    def headers(self) -> dict[str, str]:
        return {"Accept": "text/html", "Accept-Language": self.language}

    def send(self, action: str, *, version: str | None = None, **fields: Any) -> TestResponse:
        """Send the form at *action* as the page shows it, at the version that is shown unless another is said."""
        page = self.shown
        told = re.search(r'name="version" value="(\d+)"', page)
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        own = {"csrf_token": token, "version": version or (told[1] if told else "")}
        content, kind = encode_multipart_formdata(own | fields)
        sent = {"Content-Type": kind, **self.headers}
        return self.client.post(f"{self.path}/{action}", data=content, headers=sent)

    def done(self, action: str, **fields: Any) -> str:
        """The page after what was sent has been done."""
        answer = self.send(action, **fields)
        assert answer.status_code == 303, told(answer)
        assert answer.location == self.path
        return self.shown

    def refused(self, action: str, status: int, **fields: Any) -> str:
        """The page that says why; nothing is written."""
        before = written(self.world)
        answer = self.send(action, **fields)
        assert answer.status_code == status, told(answer)
        assert written(self.world) == before
        return unescape(answer.text)


def written(world: HouseWorld) -> list[int]:
    """How much stands in everything that the page may change; that pages were read is noted elsewhere."""
    tables = (DecisionRow, OverrideProposal, FactDispute, CaseAssignment, HumanReview, Agreement)
    with world.runtime.database.transaction() as session:
        counts = [session.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables]
        noted = sa.select(sa.func.count()).select_from(AuditEntry).where(AuditEntry.action != "read")
        return [*counts, session.scalar(noted) or 0]


def case_of(world: HouseWorld, **changes: Any) -> Loan:
    """A case that the worker has assessed; without changes referred for its remarks."""
    return assessed(world, application_json(**({"organisation_number": FOUR_REMARKS} | changes)))


@pytest.fixture
def desk(world: HouseWorld) -> Desk:
    """An underwriter in front of a referred case."""
    loan = case_of(world)
    return Desk(world, world.staff(Role.UNDERWRITER, username="ulla"), loan.application_id)


def offered(page: str) -> set[str]:
    """The acts on the case that the page has forms for."""
    return set(
        re.findall(r'action="/console/applications/[0-9a-f-]+/(determine|question|dispute|assign|give-back)"', page)
    )


def state(page: str) -> str:
    found = re.search(r'class="page-head tight">.*?class="state [^"]*">([^<]+)<', page, re.DOTALL)
    assert found is not None
    return found[1]


def test_everything_needed_to_decide_stands_on_one_page(desk: Desk) -> None:
    """D7, D14: why, points, price, limits, what would have been enough, authority; every rule with its id."""
    for language, words in (
        ("sv", ("Varför", "Summa", "Väntad förlust per månad", "Vad som håller gränsen nere", "Din beslutsrätt")),
        ("en", ("Why", "Total", "Expected loss per month", "What holds the limit down", "Your authority")),
    ):
        desk.language = language
        page = desk.shown
        for word in words:
            assert word in page, (language, word)
    assert page.count('class="strongest"') == 1
    assert re.search(r'<svg class="waterfall"[^>]*role="img"', page)
    assert '<td class="id">D2</td>' in page


def test_an_underwriter_approves(desk: Desk) -> None:
    """D8: within the terms that were asked for."""
    page = desk.done("determine", **APPROVE)
    assert state(page) == "Beviljad"
    assert "Avtal har visats." in page
    assert "ulla" in page


def test_an_underwriter_declines_and_what_stands_in_the_fields_of_the_terms_is_left(desk: Desk) -> None:
    """D8"""
    page = desk.done("determine", **APPROVE | {"outcome": "declined", "reason_code": "ability_to_pay"})
    assert state(page) == "Avslag"


def test_conditions_make_it_an_offer(desk: Desk) -> None:
    """D8: the automatic decision stays beside it."""
    page = desk.done("determine", **APPROVE | {"conditions": "Hyresavtalet visas före utbetalning."})
    assert state(page) == "Motbud"
    assert "Hyresavtalet visas före utbetalning." in page
    assert "Tidigare beslut (1)" in page


def test_a_decided_case_is_overridden(world: HouseWorld) -> None:
    """D8: after a decline an offer can be made; the decline stays beside it."""
    declined = case_of(world, expected_monthly_costs="380000.00", organisation_number="559999-0008")
    desk = Desk(world, world.staff(Role.UNDERWRITER), declined.application_id)
    assert state(desk.shown) == "Avslag"
    page = desk.done("determine", **APPROVE | {"limit": "100000"})
    assert state(page) == "Motbud"
    assert "Tidigare beslut (1)" in page


FAULTS = (
    ({"outcome": ""}, "outcome"),
    ({"reason": ""}, "reason"),
    ({"reason_code": ""}, "reason_code"),
    ({"reason_code": "because"}, "reason_code"),
    ({"outcome": "declined", "reason_code": "rating"}, "reason_code"),
    ({"limit": ""}, "limit"),
    ({"limit": "mycket"}, "limit"),
    ({"limit": "200 001"}, "limit"),
    ({"limit": "19 999"}, "limit"),
    ({"fee_rate": "0.01"}, "fee_rate"),
    ({"fee_rate": "NaN"}, "fee_rate"),
    ({"outcome": "referred"}, "outcome"),
    ({"reason": "x" * 4001}, "reason"),
    ({"conditions": "x" * 1001}, "conditions"),
)


def test_what_is_wrong_is_told_beside_its_field_and_nothing_typed_is_lost(desk: Desk) -> None:
    """D2, D8: without a reason, outside the price table, beyond what was asked for."""
    for changes, name in FAULTS:
        sent = APPROVE | changes
        page = desk.refused("determine", 422, **sent)
        assert f'id="{name}-error"' in page, changes
        assert f'href="#{name}"' in page, changes
        assert f'value="{sent["limit"]}"' in page or name == "limit", changes
        assert sent["reason"] in page


def test_a_hard_stop_is_not_overridden(world: HouseWorld) -> None:
    """D8, D10: the company is bankrupt."""
    stopped = case_of(world, organisation_number=BANKRUPT)
    desk = Desk(world, world.staff(Role.SENIOR_UNDERWRITER), stopped.application_id)
    assert "Ett absolut hinder är känt" in desk.shown
    page = desk.refused("determine", 409, **APPROVE)
    assert "Ärendet har ett absolut hinder och kan bara avslås" in page
    assert "Avtal har visats." in page


def test_beyond_authority_nothing_is_written_unless_it_is_proposed_and_a_second_person_settles_it(
    world: HouseWorld,
) -> None:
    """D8, G1: told before; proposed by one, approved by another; nobody approves their own."""
    loan = case_of(world, **GREAT)
    first = Desk(world, world.staff(Role.UNDERWRITER, username="ulla"), loan.application_id)
    wanted = APPROVE | {"limit": "600000"}
    assert "Du avgör ensam upp till 500\u00a0000\u00a0kr" in first.shown
    page = first.refused("determine", 403, **wanted)
    assert "Beslutet ligger över din beslutsrätt" in page
    assert 'value="600000"' in page

    page = first.done("determine", **wanted | {"propose": "yes"})
    assert "Förslag som väntar på en andra person" in page
    assert state(page) == "Hos en handläggare"
    proposal = re.search(r"/proposals/([0-9a-f-]+)/approve", page)
    assert proposal is None
    assert "Ett förslag i ärendet väntar redan" in first.refused("determine", 409, **wanted | {"propose": "yes"})

    second = Desk(world, world.staff(Role.SENIOR_UNDERWRITER, username="sara"), loan.application_id)
    found = re.search(r"(proposals/[0-9a-f-]+)/approve", second.shown)
    assert found is not None
    assert "Nobody approves" in Desk(world, first.api, loan.application_id, "en").refused(f"{found[1]}/approve", 403)
    colleague = Desk(world, world.staff(Role.UNDERWRITER, username="urban"), loan.application_id)
    assert "Beslutet ligger över din beslutsrätt" in colleague.refused(f"{found[1]}/approve", 403)
    assert 'id="rejection-error"' in second.refused(f"{found[1]}/reject", 422)
    page = second.done(f"{found[1]}/approve")
    assert state(page) == "Beviljad"
    assert "ulla + sara" in page


def test_a_proposal_is_rejected_with_a_reason(world: HouseWorld) -> None:
    """D8: the case stays where it is."""
    loan = case_of(world, **GREAT)
    first = Desk(world, world.staff(Role.UNDERWRITER), loan.application_id)
    first.done("determine", **APPROVE | {"limit": "600000", "propose": "yes"})
    second = Desk(world, world.staff(Role.SENIOR_UNDERWRITER), loan.application_id)
    found = re.search(r"(proposals/[0-9a-f-]+)/reject", second.shown)
    assert found is not None
    page = second.done(f"{found[1]}/reject", rejection="För mycket.")
    assert state(page) == "Hos en handläggare"
    assert "Förslag som väntar på en andra person" not in page


def test_nobody_does_anything_with_a_case_of_their_own(world: HouseWorld) -> None:
    """D8: the page offers nothing, and the server refuses what is sent anyway."""
    loan = case_of(world)
    desk = Desk(world, world.staff(Role.SENIOR_UNDERWRITER, person=ANNA), loan.application_id)
    page = desk.shown
    assert "Du är part i ärendet" in page
    assert offered(page) == set()
    for action, fields in (
        ("determine", APPROVE),
        ("question", {"question": "Vad säljs?"}),
        ("dispute", WRONG),
        ("assign", {}),
    ):
        page = desk.refused(action, 409, version=version(desk), **fields)
        assert "Ingen avgör ett ärende som rör en själv" in page, action


def test_what_changed_meanwhile_is_told_and_nothing_is_written(desk: Desk) -> None:
    """D8: whatever is done on a page that is no longer so."""
    for action, version, fields in (
        ("determine", "1", APPROVE),
        ("determine", "x", APPROVE),
        ("question", "1", {"question": "Vad säljs?"}),
        ("dispute", "1", WRONG),
        ("assign", "1", {"username": "ulla"}),
        ("give-back", "1", {}),
        ("ask-again", "1", {}),
    ):
        page = desk.refused(action, 409, version=version, **fields)
        assert "Uppgifterna har ändrats sedan du hämtade dem" in page, (action, version)
    assert state(desk.done("determine", **APPROVE)) == "Beviljad"


def test_the_applicant_is_asked_and_answers_in_the_portal(world: HouseWorld, desk: Desk) -> None:
    """A3: the answer stands on the page, and the case is open again."""
    assert 'id="question-error"' in desk.refused("question", 422, question=" ")
    page = desk.done("question", question="Skicka orderboken.")
    assert state(page) == "Uppgifter begärda"
    with world.runtime.database.transaction() as session:
        application_id = session.scalar(sa.text("SELECT id FROM application"))
    borrower = world.log_in(ANNA)
    borrower.post(f"/v1/applications/{application_id}/supplements", {"information": "Order för 900 000 kr."})
    page = desk.shown
    assert state(page) == "Hos en handläggare"
    assert "Order för 900 000 kr." in page
    assert "Sökanden har svarat" in page


def test_a_wrong_fact_is_marked_with_evidence_and_the_case_assessed_anew(desk: Desk) -> None:
    """D13: the earlier decision stays, the document is kept, and nothing of the file's name is believed."""
    page = desk.done("dispute", **WRONG | {"document": ("bevis.exe", PDF)})
    assert "Markerat som felaktigt: betalningsanmärkningar" in page
    assert "<s>4</s> → <strong>0</strong>" in page
    assert "Tidigare beslut (1)" in page
    found = re.search(r'href="([^"]+/document)"', page)
    assert found is not None
    document = desk.client.get(found[1])
    assert (document.data, document.mimetype) == (PDF, "application/pdf")
    assert document.headers["Content-Disposition"] == "attachment"


DISPUTES = (
    ({"fact": ""}, "fact"),
    ({"fact": "company:name"}, "fact"),
    ({"fact": "nobody:remarks"}, "fact"),
    ({"fact": "company"}, "fact"),
    ({"treatment": ""}, "treatment"),
    ({"treatment": "guess"}, "treatment"),
    ({"value": ""}, "value"),
    ({"value": "inga"}, "value"),
    ({"value": "4"}, "value"),  # what was told
    ({"note": ""}, "note"),
    ({"document": ("bevis.pdf", b"MZ\x90\x00")}, "document"),
    ({"document": ("bevis.png", b"<html>")}, "document"),
    ({"document": ("bevis.pdf", PDF + b"x" * 1_000_000)}, "document"),
)


def test_a_mark_that_cannot_be_is_told_beside_its_field(desk: Desk) -> None:
    """D13"""
    for changes, name in DISPUTES:
        page = desk.refused("dispute", 422, **WRONG | changes)
        assert f'id="{name}-error"' in page, changes
        assert "Registret är rättat." in page or name == "note"


VALUES = (
    ("company:kronofogden_debt", "1 500 kr", "1500.00"),
    ("company:bankruptcy", "Ja", "true"),
    ("company:status", "I konkurs", "bankrupt"),
    ("company:rating", "a", "A"),
    ("company:years_registered", "3", "3"),
    ("company:accounts_closed_on", "2024-12-31", "2024-12-31"),
)


def test_a_value_is_written_as_people_write_it(desk: Desk) -> None:
    """D13"""
    for fact, typed, read in VALUES:
        page = desk.done("dispute", **WRONG | {"fact": fact, "value": typed})
        assert f"<strong>{read}</strong>" in page, fact


def test_a_fact_is_read_as_absent_or_as_unknown(desk: Desk) -> None:
    """D13: unknown never helps."""
    assert "→ <strong>absent</strong>" in desk.done("dispute", **WRONG | {"treatment": "absent"})
    page = desk.done("dispute", **WRONG | {"treatment": "unknown", "fact": "company:status"})
    assert "→ <strong>unknown</strong>" in page
    assert "kredit kräver två personer" in page


def test_a_case_is_taken_given_on_and_given_back(world: HouseWorld, desk: Desk) -> None:
    """D8: by whoever has it, or a senior underwriter."""
    other = Desk(world, world.staff(Role.UNDERWRITER, username="urban"), desk.application_id)
    world.staff(Role.BILLING, username="bodil")
    assert "Lämna tillbaka" in desk.done("assign")
    assert "Ta ärendet" not in other.shown
    assert "En annan handläggare har ärendet" in other.refused("assign", 409, username="urban", version=version(other))
    assert "En annan handläggare har ärendet" in other.refused("give-back", 409, version=version(other))
    for nobody in ("bodil", "nobody", "x\x00"):
        page = desk.refused("assign", 422, username=nobody)
        assert 'id="username-error"' in page, nobody
    assert "<dd>urban</dd>" in desk.done("assign", username="urban")
    assert "<dd>ingen</dd>" in other.done("give-back")


def version(desk: Desk) -> str:
    with desk.world.runtime.database.transaction() as session:
        return str(session.scalar(sa.text("SELECT version FROM application")))


def test_a_review_that_waits_stands_at_the_head_with_what_the_person_says(world: HouseWorld) -> None:
    """D9: it is answered on its own page."""
    loan = case_of(world, expected_monthly_costs="380000.00", organisation_number="559999-0008")
    world.log_in(ANNA).post(f"{loan.application}/review-request", {"view": "Jag ser fram emot bättre tider."})
    page = Desk(world, world.staff(Role.UNDERWRITER), loan.application_id).shown
    assert "Begäran om mänsklig omprövning: 31 dagar kvar att svara" in page
    assert "Jag ser fram emot bättre tider." in page
    assert re.search(r'href="/console/reviews/[0-9a-f-]{36}"', page)


def test_an_auditor_reads_everything_and_does_nothing(world: HouseWorld, desk: Desk) -> None:
    """D8: the page offers nothing, and the server refuses."""
    auditor = Desk(world, world.staff(Role.AUDITOR), desk.application_id)
    page = auditor.shown
    assert "Summa" in page
    assert offered(page) == set()
    before = written(world)
    for action in ("determine", "question", "ask-again", "assign", "give-back", "dispute"):
        assert auditor.send(action, **APPROVE).status_code == 403, action
    assert written(world) == before


def test_a_granted_case_shows_its_agreement_and_lets_nothing_be_determined(world: HouseWorld) -> None:
    """G1"""
    loan = granted(world, CompanyForm.EF)
    desk = Desk(world, world.staff(Role.UNDERWRITER), loan.application_id)
    page = desk.shown
    assert f"/console/agreements/{loan.agreement_id}" in page
    assert 'name="outcome"' not in page
    assert desk.send("determine", version=version(desk), **APPROVE).status_code == 409


def test_a_case_that_is_not_there_is_not_found(world: HouseWorld, desk: Desk) -> None:
    other = Desk(world, desk.api, "00000000-0000-7000-8000-000000000000")
    assert other.client.get(other.path, headers=other.headers).status_code == 404
    token = desk.shown.split('name="csrf_token" value="')[1].split('"')[0]
    sent = desk.client.post(f"{other.path}/determine", data={"csrf_token": token} | APPROVE, headers=desk.headers)
    assert sent.status_code == 404
