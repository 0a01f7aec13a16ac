"""The queue: what is listed and found, page by page; the next case; what proposals wait for a second person."""

import re
import uuid
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support import beginnings, referred_cases
from tests.support.beginnings import employed
from tests.support.house import Api, HouseWorld
from tests.support.journey import Loan
from tests.support.lending import ANNA, OWNER, application_json, sole_trader_json
from underwriting.applications.models import Application
from underwriting.decisions import desk_queue
from underwriting.decisions.desk_models import CaseAssignment, OverrideProposal
from underwriting.decisions.services import list_approvals, list_queue
from underwriting.kernel.vocabulary import CASE_READERS, UNDERWRITERS, Role
from underwriting.platform.authentication import SESSION_COOKIE

FOUR_REMARKS = "559999-1014"
RECONSTRUCTION = "559999-1121"
GREAT = {
    "organisation_number": RECONSTRUCTION,
    "requested_amount": "600000.00",
    "expected_monthly_revenue": "2000000.00",
    "expected_monthly_costs": "1500000.00",
}
APPROVE = {
    "outcome": "approved",
    "limit": "600000.00",
    "fee_rate": "0.0275",
    "reason_code": "documents_seen",
    "reason": "Avtal har visats.",
}
QUEUE, APPROVALS = "/console/applications", "/console/approvals"


@dataclass
class Reader:
    """One member of staff in front of the queue."""

    api: Api
    language: str = "sv"
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.api.app.test_client()
        self.client.set_cookie(SESSION_COOKIE, self.api.token or "")

    @property
    def headers(self) -> dict[str, str]:
        return {"Accept": "text/html", "Accept-Language": self.language}

    def get(self, path: str = QUEUE, status: int = 200, **query: Any) -> str:
        answer = self.client.get(path, query_string=query or None, headers=self.headers)
        assert answer.status_code == status, answer.text
        return unescape(answer.text)

    def listed(self, **query: Any) -> list[str]:
        """The references on the page, in order."""
        return re.findall(r'<td><a href="/console/applications/[^"]+">([^<]+)<', self.get(**query))

    def send(self, path: str, page: str = QUEUE, **fields: str) -> TestResponse:
        token = self.get(page).split('name="csrf_token" value="')[1].split('"')[0]
        return self.client.post(path, data={"csrf_token": token} | fields, headers=self.headers)


def assessed(world: HouseWorld, **changes: Any) -> Loan:
    body = sole_trader_json(**changes) if changes.get("company_form") == "EF" else application_json(**changes)
    return beginnings.assessed(world, body)


def reference(world: HouseWorld, loan: Loan) -> str:
    with world.runtime.database.transaction() as session:
        found = session.scalar(sa.select(Application.reference).where(Application.id == uuid.UUID(loan.application_id)))
    assert found is not None
    return found


@pytest.fixture
def ulla(world: HouseWorld) -> Reader:
    return Reader(employed(world, Role.UNDERWRITER, "ulla"))


def test_a_row_says_why_the_case_waits_and_who_has_it(world: HouseWorld, ulla: Reader) -> None:
    """D2: the policy's own words of the ground, in both languages; the count, amount, term, age and who has it."""
    loan = assessed(world, organisation_number=FOUR_REMARKS)
    page = ulla.get()
    assert 'Hos en handläggare <span class="count">1</span>' in page
    for word in (reference(world, loan), "200\u00a0000\u00a0kr", "12", "i dag", "betalningsanmärkningar", "ingen"):
        assert word in page, word
    ulla.language = "en"
    assert "payment remarks" in ulla.get()
    taken = ulla.send(f"{QUEUE}/next", ticket=str(uuid.uuid4()))
    assert taken.location == f"{QUEUE}/{loan.application_id}"
    assert ">you<" in re.sub(r"\s", "", ulla.get())
    assert "ulla" in Reader(world.staff(Role.SENIOR_UNDERWRITER)).get()


def test_every_filter_keeps_what_it_names(world: HouseWorld, ulla: Reader) -> None:
    """One company whose remarks refer it, one that the register does not know, both referred the same day."""
    first = reference(world, assessed(world, organisation_number=FOUR_REMARKS))
    other = reference(world, assessed(world, **GREAT))
    for query, found in (
        ({}, [first, other]),
        ({"order": "newest"}, [other, first]),
        ({"order": "largest"}, [other, first]),
        ({"order": "smallest"}, [first, other]),
        ({"kind": "company"}, [first, other]),
        ({"kind": "grade"}, []),
        ({"form": "AB"}, [first, other]),
        ({"form": "EF"}, []),
        ({"least": "200 001"}, [other]),
        ({"most": "200 000"}, [first]),
        ({"least": "1", "most": "1 000 000", "form": "AB", "kind": "company"}, [first, other]),
        ({"assigned": "nobody"}, [first, other]),
        ({"assigned": "mine"}, []),
        ({"older": "0"}, []),
        ({"state": "all"}, [first, other]),
        ({"state": "declined"}, []),
    ):
        assert ulla.listed(**query) == found, query
    ulla.send(f"{QUEUE}/next", ticket=str(uuid.uuid4()))
    assert ulla.listed(assigned="mine") == [first]
    assert ulla.listed(assigned="mine", state="all", form="AB", order="largest") == [first]
    assert ulla.listed(assigned="mine", state="all", form="EF") == []
    assert ulla.listed(assigned="nobody", state="all") == [other]
    assert ulla.listed(assigned="nobody") == [other]


def test_a_search_finds_a_reference_or_a_number_in_every_state(world: HouseWorld, ulla: Reader) -> None:
    """A1: a sole trader by the owner's personal number, which stands nowhere in the open."""
    referred = reference(world, assessed(world, organisation_number=FOUR_REMARKS))
    approved = reference(world, assessed(world, company_form="EF"))
    assert ulla.listed(q=referred[:4].lower()) == [referred]
    assert ulla.listed(q=approved.replace("-", " ")) == [approved]
    assert ulla.listed(q=FOUR_REMARKS) == [referred]
    assert ulla.listed(q=OWNER.digits) == ulla.listed(q=OWNER.digits[2:]) == [approved]
    assert ulla.listed(q=ANNA.digits) == []
    assert "Inget ärende stämmer" in ulla.get(q="2222-2222")


def test_what_cannot_be_read_is_told_beside_its_field(ulla: Reader) -> None:
    page = ulla.get(q="'; --", least="mycket", older="-1", status=422)
    for name in ("q", "least", "older"):
        assert f'id="{name}-error"' in page
    assert "Skriv minst fyra tecken" in page
    ulla.get(after="1.2", status=422)


def test_pages_follow_each_other_whatever_is_decided_in_between(
    world: HouseWorld, ulla: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By key: nothing is shown twice or passed over, in either direction, among equal amounts and instants too."""
    monkeypatch.setattr(desk_queue, "ON_A_PAGE", 2)
    loan = assessed(world, organisation_number=FOUR_REMARKS)
    referred_cases.copy(world.runtime.database, loan.application_id, 6)
    for order in ("oldest", "newest", "largest", "smallest"):
        seen: list[str] = []
        query = f"?order={order}&state=referred"
        while query:
            page = ulla.get(QUEUE + query)
            seen += re.findall(r'<td><a href="/console/applications/[^"]+">([^<]+)<', page)
            found = re.search(r'<a href="(\?[^"]+)" rel="next"', page)
            query = found[1] if found else ""
        assert len(seen) == len(set(seen)) == 7, order
        assert seen == sorted_by(world, order)


def test_counts_stop_at_a_limit(world: HouseWorld, ulla: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_queue, "MOST_COUNTED", 3)
    monkeypatch.setattr("underwriting.web.views.console_queue.MOST_COUNTED", 3)
    loan = assessed(world, organisation_number=FOUR_REMARKS)
    referred_cases.copy(world.runtime.database, loan.application_id, 2)
    assert '<span class="count">3</span>' in ulla.get()
    referred_cases.copy(world.runtime.database, loan.application_id, 1)
    assert '<span class="count">över 3</span>' in ulla.get()


def test_the_button_gives_the_oldest_free_case_once_per_press(world: HouseWorld, ulla: Reader) -> None:
    """D8, A7: sent twice it is the same case; a new page's button gives the next; when all are taken it says so."""
    loans = [assessed(world, organisation_number=FOUR_REMARKS), assessed(world, **GREAT)]
    first, second = str(uuid.uuid4()), str(uuid.uuid4())
    for ticket, loan in ((first, loans[0]), (first, loans[0]), (second, loans[1]), (first, loans[0])):
        answer = ulla.send(f"{QUEUE}/next", ticket=ticket)
        assert (answer.status_code, answer.location) == (303, f"{QUEUE}/{loan.application_id}")
    answer = ulla.send(f"{QUEUE}/next", ticket=str(uuid.uuid4()))
    assert answer.status_code == 409
    assert "Inget ärende är ledigt" in answer.text
    assert ulla.send(f"{QUEUE}/next", ticket="7").status_code == 422
    with world.runtime.database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(CaseAssignment)) == 2


def test_a_party_is_given_the_next_case_that_is_not_theirs(world: HouseWorld) -> None:
    """D8: Anna guarantees for all of the first ones."""
    assessed(world, organisation_number=FOUR_REMARKS)
    anna = Reader(world.staff(Role.UNDERWRITER, person=ANNA))
    assert anna.send(f"{QUEUE}/next", ticket=str(uuid.uuid4())).status_code == 409


@pytest.mark.parametrize("role", Role)
def test_who_sees_the_queue_and_who_takes_from_it(world: HouseWorld, role: Role) -> None:
    """D8: a reader has no button, nor is one answered."""
    reader = Reader(world.staff(role))
    for path in (QUEUE, APPROVALS):
        answer = reader.client.get(path, headers=reader.headers)
        assert answer.status_code == (200 if role in (*CASE_READERS, Role.ADMINISTRATOR) else 403)
    if role in CASE_READERS and role not in UNDERWRITERS:
        assert "take-next" not in reader.get()


def proposed(world: HouseWorld, by: Reader) -> Loan:
    loan = assessed(world, **GREAT)
    by.api.post(f"{loan.application}/overrides", APPROVE, 202)
    return loan


def proposal_of(world: HouseWorld) -> OverrideProposal:
    with world.runtime.database.transaction() as session:
        return session.scalars(sa.select(OverrideProposal)).one()


def test_a_proposal_waits_in_the_inbox_and_is_marked_in_the_queue(world: HouseWorld, ulla: Reader) -> None:
    """D8: what the policy said beside what is proposed; one's own is shown without a button; the menu counts it."""
    loan = proposed(world, ulla)
    assert "Förslag väntar på en andra person" in ulla.get()
    own = ulla.get(APPROVALS)
    assert 'Att godkänna <span class="count">1</span>' in own
    for words in (
        reference(world, loan),
        "ulla",
        "Till handläggare",
        "600\u00a0000\u00a0kr",
        "2,75",
        "Avtal har visats.",
    ):
        assert words in own, words
    assert "Du har lämnat förslaget" in own
    assert f"{APPROVALS}/{proposal_of(world).id}" not in own


def test_a_senior_approves_in_the_inbox(world: HouseWorld, ulla: Reader) -> None:
    """D8, G1: from then on it is granted, and out of the inbox; pressed twice it says so."""
    loan = proposed(world, ulla)
    sara, act = (
        Reader(world.staff(Role.SENIOR_UNDERWRITER, username="sara")),
        f"{APPROVALS}/{proposal_of(world).id}/approve",
    )
    assert f'action="{act}"' in sara.get(APPROVALS)
    assert sara.send(act, APPROVALS).status_code == 303
    assert sara.api.get(loan.application)["state"] == "approved"
    assert "Inget förslag väntar." in sara.get(APPROVALS)
    again = sara.client.post(act, data={"csrf_token": csrf(sara)}, headers=sara.headers)
    assert again.status_code == 409
    assert "redan avgjort" in again.text


def test_beyond_ones_authority_one_can_only_reject_and_says_why(world: HouseWorld, ulla: Reader) -> None:
    """D8: the reason is asked for, and what was typed stays."""
    proposed(world, ulla)
    urban, proposal = Reader(world.staff(Role.UNDERWRITER, username="urban")), proposal_of(world)
    page = urban.get(APPROVALS)
    assert "över din beslutsrätt" in page
    assert f"{APPROVALS}/{proposal.id}/approve" not in page
    forced = urban.send(f"{APPROVALS}/{proposal.id}/approve", APPROVALS)
    assert forced.status_code == 403
    assert "över din beslutsrätt" in forced.text
    empty = urban.send(f"{APPROVALS}/{proposal.id}/reject", APPROVALS, reason="  ")
    assert empty.status_code == 422
    assert f'id="reason-{proposal.id}-error"' in empty.text
    assert urban.send(f"{APPROVALS}/{proposal.id}/reject", APPROVALS, reason="För mycket.").status_code == 303
    assert proposal_of(world).state == "rejected"
    assert "Inget förslag väntar." in urban.get(APPROVALS)


def test_a_party_is_told_so_and_settles_nothing(world: HouseWorld, ulla: Reader) -> None:
    """D8: whoever guarantees for the company."""
    proposed(world, ulla)
    anna, proposal = Reader(world.staff(Role.SENIOR_UNDERWRITER, person=ANNA)), proposal_of(world)
    assert "Du är part i ärendet" in anna.get(APPROVALS)
    assert anna.send(f"{APPROVALS}/{proposal.id}/reject", QUEUE, reason="Nej.").status_code == 409
    assert proposal_of(world).state == "pending"


def test_a_proposal_of_a_case_that_has_changed_waits_no_more(world: HouseWorld, ulla: Reader) -> None:
    """D8: neither in the inbox nor in the count nor marked in the queue."""
    loan = proposed(world, ulla)
    loan.borrower.post(f"{loan.application}/supplements", {"information": "Mer"})
    assert "Inget förslag väntar." in ulla.get(APPROVALS)
    assert 'Att godkänna <span class="count">' not in ulla.get()
    assert "Förslag väntar på en andra person" not in ulla.get()


def test_the_inbox_goes_on_where_a_page_ends(world: HouseWorld, ulla: Reader, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(list_approvals, "ON_A_PAGE", 1)
    proposed(world, ulla)
    second = assessed(world, **GREAT | {"organisation_number": FOUR_REMARKS})
    ulla.api.post(f"{second.application}/overrides", APPROVE, 202)
    page = ulla.get(APPROVALS)
    assert page.count("<article") == 1
    found = re.search(r'<a href="(\?after=[^"]+)" rel="next"', page)
    assert found is not None
    last = ulla.get(APPROVALS + found[1])
    assert reference(world, second) in last
    assert 'rel="next"' not in last


def csrf(reader: Reader) -> str:
    return reader.get(QUEUE).split('name="csrf_token" value="')[1].split('"')[0]


def sorted_by(world: HouseWorld, order: str) -> list[str]:
    """What the page should list, by a sort of everything."""
    amount = order in ("largest", "smallest")
    with world.runtime.database.transaction() as session:
        rows = session.scalars(sa.select(Application).where(Application.state == "referred")).all()

    def key(row: Application) -> tuple[Any, uuid.UUID]:
        return (row.requested_amount_ore if amount else row.submitted_at, row.id)

    return [row.reference for row in sorted(rows, key=key, reverse=order in ("newest", "largest"))]
