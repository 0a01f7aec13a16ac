"""Human review on pages: a person asks and is answered in the portal, staff answer and record on the console."""

import re
from dataclasses import dataclass, field
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.support.beginnings import apply, assessed
from tests.support.house import Api, HouseWorld
from tests.support.journey import BODIES, Loan
from tests.support.lending import ANNA, BERTIL, CECILIA, OWNER, application_json, guarantor_json, sole_trader_json
from underwriting.applications.models import Application
from underwriting.decisions.desk_models import HumanReview
from underwriting.decisions.reviews import answer_by
from underwriting.kernel.vocabulary import CompanyForm, Role
from underwriting.platform import audit_log
from underwriting.platform.authentication import SESSION_COOKIE
from underwriting.platform.models import AuditEntry

VIEW = "Kostnaderna var för högt räknade."
ANSWER = {
    "outcome": "upheld",
    "answer": "Beslutet står fast.",
    "answer_english": "The decision stands.",
    "grounds": "Överskottet räcker inte.",
}


@dataclass
class Reader:
    """Somebody in front of the pages."""

    api: Api
    language: str = "sv"
    client: FlaskClient = field(init=False)

    def __post_init__(self) -> None:
        self.client = self.api.app.test_client()
        self.client.set_cookie(SESSION_COOKIE, self.api.token or "")

    @property
    def headers(self) -> dict[str, str]:
        return {"Accept": "text/html", "Accept-Language": self.language}

    def get(self, path: str, status: int = 200) -> str:
        answer = self.client.get(path, headers=self.headers)
        assert answer.status_code == status, answer.text
        return unescape(answer.text)

    def send(self, path: str, page: str, status: int, **fields: str) -> TestResponse:
        """Send the form of *page* to *path*."""
        token = self.get(page).split('name="csrf_token" value="')[1].split('"')[0]
        answer = self.client.post(path, data={"csrf_token": token} | fields, headers=self.headers)
        assert answer.status_code == status, answer.text
        return answer


def declined(world: HouseWorld, **changes: Any) -> Loan:
    """A sole trader's application that the policy has declined."""
    return assessed(world, sole_trader_json(expected_monthly_costs="390000.00", **changes))


def path_of(loan: Loan) -> str:
    return f"/applications/{loan.application_id}/review-request"


def reviews(world: HouseWorld) -> list[HumanReview]:
    with world.runtime.database.transaction() as session:
        return list(session.scalars(sa.select(HumanReview).order_by(HumanReview.id)))


def reference(world: HouseWorld, loan: Loan) -> str:
    with world.runtime.database.transaction() as session:
        found = session.scalar(sa.select(Application.reference).where(Application.id == loan.application_id))
    assert found is not None
    return found


def ask(loan: Loan, view: str = VIEW) -> None:
    Reader(loan.borrower).send(path_of(loan), path_of(loan), 303, view=view)


def test_a_sole_trader_asks_sees_the_deadline_and_reads_the_answer(world: HouseWorld) -> None:
    """D9, D7: received, answered by when, answered in both languages; the grounds for staff are never shown."""
    loan = declined(world)
    person = Reader(loan.borrower)
    assert path_of(loan) in person.get(f"/applications/{loan.application_id}")
    ask(loan)
    page = person.get(path_of(loan))
    assert "Vi har tagit emot din begäran" in page
    assert VIEW in page
    assert "2 april 2026" in page  # asked for on 2 March
    assert 'name="view"' not in page

    ulla = Reader(world.staff(Role.UNDERWRITER, username="ulla"))
    (row,) = reviews(world)
    assert row.answer_by == answer_by(world.clock.now())
    here = f"/console/reviews/{row.id}"
    ulla.send(f"{here}/answer", here, 303, **ANSWER)
    assert "Överskottet räcker inte." in ulla.get(here)
    page = person.get(path_of(loan))
    assert "Beslutet står fast." in page
    person.language = "en"
    page += person.get(path_of(loan))
    assert "The decision stands." in page
    assert "Överskottet" not in page


def test_asking_twice_is_asking_once(world: HouseWorld) -> None:
    """D9: pressed again, the page shows the request that is under way."""
    loan = declined(world)
    person = Reader(loan.borrower)
    token = person.get(path_of(loan)).split('name="csrf_token" value="')[1].split('"')[0]
    for view in (VIEW, "En gång till."):
        sent = {"csrf_token": token, "view": view}
        answer = person.client.post(path_of(loan), data=sent, headers=person.headers)
        assert (answer.status_code, answer.location) == (303, path_of(loan))
    assert len(reviews(world)) == 1
    assert VIEW in person.get(path_of(loan))


@pytest.mark.parametrize("view", ["", "   ", "x" * 4001, "a\x00b"])
def test_what_is_said_is_a_text_of_bounded_length(world: HouseWorld, view: str) -> None:
    """D9: what is wrong stands beside the field, and nothing is kept."""
    loan = declined(world)
    answer = Reader(loan.borrower).send(path_of(loan), path_of(loan), 422, view=view)
    assert 'id="view-error"' in answer.text
    assert reviews(world) == []


def test_a_guarantor_finds_the_decision_and_reads_only_their_own_part(world: HouseWorld) -> None:
    """D9, D7: from one's own pages; neither the other guarantor nor the applicant reads the request."""
    guarantors = [guarantor_json(ANNA, "Anna Andersson"), guarantor_json(BERTIL, "Bertil Berg")]
    body = BODIES[CompanyForm.HB] | {"guarantors": guarantors, "expected_monthly_costs": "350000.00"}
    loan = assessed(world, body)
    bertil = Reader(loan.people["bertil@example.se"])
    assert path_of(loan) in bertil.get("/my")
    page = bertil.get(path_of(loan))
    assert "där du går i borgen" in page
    bertil.send(path_of(loan), path_of(loan), 303, view=VIEW)
    assert "Vi har tagit emot din begäran" in bertil.get("/my")
    assert VIEW not in Reader(loan.borrower).get(path_of(loan))
    assert reviews(world)[0].guarantor_id is not None
    (letter,) = [one for one in world.letters() if path_of(loan) in one.body]
    assert letter.recipient == "bertil@example.se"


def test_who_has_no_right_is_told_so(world: HouseWorld) -> None:
    """D9: a company's signatory is told why; a stranger finds nothing; who is nobody yet is asked to log in."""
    named = [guarantor_json(CECILIA, "Cecilia Ceder")]
    loan = assessed(world, application_json(guarantors=named, expected_monthly_costs="350000.00"))
    signatory, path = Reader(loan.borrower), path_of(loan)
    assert path not in signatory.get(f"/applications/{loan.application_id}")
    assert "ett bolag rör ingen person" in signatory.get(path, 403)
    signatory.send(path, "/my", 403, view=VIEW)
    stranger = Reader(world.log_in(OWNER))
    stranger.get(path, 404)
    stranger.send(path, "/my", 404, view=VIEW)
    assert "BankID" in Reader(world.anyone()).get(path, 401)
    assert reviews(world) == []


def test_before_a_decision_there_is_nothing_to_review(world: HouseWorld) -> None:
    """D9: the page says so, and the server refuses."""
    loan = apply(world, sole_trader_json())
    person = Reader(loan.borrower)
    assert "inget beslut att ompröva" in person.get(path_of(loan))
    person.send(path_of(loan), path_of(loan), 409, view=VIEW)
    assert reviews(world) == []


def test_the_queue_says_who_asked_and_how_long_is_left(world: HouseWorld) -> None:
    """D9: the nearest deadline first; overdue is marked; every page of the console counts what waits."""
    loan = declined(world)
    ask(loan)
    deadline = reviews(world)[0].answer_by
    staff = world.staff(Role.UNDERWRITER, username="ulla")
    ulla = Reader(staff)
    page = ulla.get("/console/reviews")
    for word in (reference(world, loan), loan.body["contact"]["name"], "Dagar kvar: 31", "Portalen"):
        assert word in page, word
    assert re.search(r'/console/reviews"[^<]*>Omprövningar <span class="count">1<', ulla.get("/console/agreements"))
    world.clock.move_to(deadline - timedelta(seconds=1))
    assert "Sista dagen" in ulla.get("/console/reviews")
    world.clock.move_to(deadline)
    assert "Försenad" in ulla.get("/console/reviews")
    auditor = Reader(world.staff(Role.AUDITOR))
    assert "<textarea" not in auditor.get(f"/console/reviews/{reviews(world)[0].id}")
    Reader(world.staff(Role.BILLING)).get("/console/reviews", 403)


def test_an_answer_lacks_nothing(world: HouseWorld) -> None:
    """D9: outcome, answer in both languages and grounds; a change is made before it is told; nothing is written."""
    loan = declined(world)
    ask(loan)
    ulla, here = Reader(world.staff(Role.UNDERWRITER)), f"/console/reviews/{reviews(world)[0].id}"
    for name in ANSWER:
        answer = ulla.send(f"{here}/answer", here, 422, **ANSWER | {name: " "})
        assert f'id="{name}-error"' in answer.text, name
        assert name == "answer" or ANSWER["answer"] in unescape(answer.text)
    answer = ulla.send(f"{here}/answer", here, 409, **ANSWER | {"outcome": "changed"})
    assert "Avgör ärendet på nytt först" in unescape(answer.text)
    assert reviews(world)[0].answered_at is None


def test_whoever_decided_does_not_answer(world: HouseWorld) -> None:
    """D8, D9: the page says so and has no form, and the server refuses; somebody else answers."""
    loan = declined(world)
    ulla = world.staff(Role.SENIOR_UNDERWRITER, username="ulla")
    anew = {"outcome": "counter_offer", "limit": "20000.00", "fee_rate": "0.0275", "reason_code": "documents_seen"}
    ulla.post(f"{loan.application}/overrides", anew | {"reason": "Avtal har visats."})
    ask(loan)
    desk, here = Reader(ulla), f"/console/reviews/{reviews(world)[0].id}"
    page = desk.get(here)
    assert "någon annan besvarar" in page
    assert "<textarea" not in page
    desk.send(f"{here}/answer", here, 403, **ANSWER)
    Reader(world.staff(Role.UNDERWRITER, username="uno")).send(f"{here}/answer", here, 303, **ANSWER)


def test_staff_record_a_request_that_came_by_phone(world: HouseWorld) -> None:
    """D9: by reference, for a person in the case, with when it came; recorded twice it is kept once."""
    loan = declined(world)
    world.clock.move_to(world.clock.now() + timedelta(days=3))
    ulla = Reader(world.staff(Role.UNDERWRITER))
    came = (world.clock.now() - timedelta(days=1)).astimezone().strftime("%Y-%m-%dT%H:%M:%S")
    page = f"/console/reviews/record?reference={reference(world, loan)}"
    sent = {"reference": reference(world, loan), "person": "owner", "channel": "phone", "received_at": came}
    for name, wrong in (("person", "x"), ("channel", "portal"), ("received_at", "i går"), ("view", "")):
        answer = ulla.send("/console/reviews/record", page, 422, **sent | {"view": VIEW} | {name: wrong})
        assert f'id="{name}-error"' in answer.text, name
    future = ulla.send(
        "/console/reviews/record", page, 422, **sent | {"view": VIEW, "received_at": "2099-01-01T10:00:00"}
    )
    assert 'id="received_at-error"' in future.text
    done = ulla.send("/console/reviews/record", page, 303, **sent, view=VIEW)
    (row,) = reviews(world)
    assert done.location == f"/console/reviews/{row.id}"
    assert row.channel == "phone"
    ulla.send("/console/reviews/record", page, 409, **sent, view=VIEW)
    assert "Det finns inget ärende" in ulla.get("/console/reviews/record?reference=ZZZZ-ZZZZ", 422)
    assert VIEW in Reader(loan.borrower).get(path_of(loan))


def test_a_company_without_a_person_has_nobody_to_record_for(world: HouseWorld) -> None:
    """D9: everybody in the case who may ask is offered, and nobody else."""
    loan = assessed(world, application_json(expected_monthly_costs="350000.00"))
    ulla = Reader(world.staff(Role.UNDERWRITER))
    page = ulla.get(f"/console/reviews/record?reference={reference(world, loan)}")
    assert "Anna Andersson (borgensman)" in page
    assert 'value="owner"' not in page


def test_that_staff_read_a_review_is_noted(world: HouseWorld) -> None:
    """S3: the queue and the page, on the case's own chain."""
    loan = declined(world)
    ask(loan)
    ulla = Reader(world.staff(Role.UNDERWRITER))
    for path in ("/console/reviews", f"/console/reviews/{reviews(world)[0].id}"):
        ulla.get(path)
    with world.runtime.database.transaction() as session:
        read = sa.select(AuditEntry).where(AuditEntry.action == audit_log.READ)
        found = {(entry.data["call"], entry.subject) for entry in session.scalars(read)}
    subject = f"application:{loan.application_id}"
    assert {("console.reviews.show_all", subject), ("console.reviews.show", subject)} <= found


def test_the_applicant_reads_the_three_strongest_reasons_and_what_would_have_been_enough(world: HouseWorld) -> None:
    """D7, D14: without anything of the guarantors, above all not what one would have to earn."""
    loan = assessed(world, BODIES[CompanyForm.HB] | {"requested_amount": "250000.00"})
    told = loan.borrower.get(f"{loan.application}/decision")
    page = Reader(loan.borrower).get(f"/applications/{loan.application_id}")
    strongest = re.search(r'id="reasons">.*?<ol>(.*?)</ol>', page, re.DOTALL)
    assert strongest is not None
    listed = re.findall(r"<li>(.*?)</li>", strongest[1])
    assert listed == [reason["text"]["sv"] for reason in told["reasons"][:3]]
    assert "Högst 218\u00a0000\u00a0kr på samma tid" in page
    assert "Hela beloppet på 15 månader" in page
    assert "om året" not in page
