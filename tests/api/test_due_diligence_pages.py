"""Know-your-customer in the console: what waits, a match beside its entry, the lists, and whose eyes they are for."""

import io
import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.api.test_account import send
from tests.support.beginnings import assessed, listed
from tests.support.house import HouseWorld
from tests.support.journey import BODIES, Loan
from tests.support.lending import ANNA, application_json
from tests.support.sanctions import NEWER, NOTE, SAMPLE, STRONG, like_an_entry, loaded
from underwriting.kernel.vocabulary import CompanyForm, Role
from underwriting.platform import audit_log
from underwriting.platform.authentication import SESSION_COOKIE

INBOX = "/console/due-diligence"
LISTS = f"{INBOX}/lists"
WITH_MORE = SAMPLE.replace(
    b"</sanctionEntity>", b'<citizenship countryDescription="NOWHERE"/><remark>Said to trade.</remark></sanctionEntity>'
)


def desk(world: HouseWorld, role: Role = Role.UNDERWRITER) -> FlaskClient:
    client = world.app.test_client()
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    token = world.staff(role).token
    assert token is not None
    client.set_cookie(SESSION_COOKIE, token)
    return client


def matched(world: HouseWorld, content: bytes = SAMPLE) -> Loan:
    """An application whose guarantor is like an entry."""
    listed(world, content)
    return assessed(world, like_an_entry())


def match_of(client: FlaskClient) -> str:
    """The page of the first thing that waits."""
    found = re.search(rf"{INBOX}/matches/[0-9a-f-]{{36}}", client.get(INBOX).text)
    assert found is not None
    return found[0]


def hand_in(client: FlaskClient, content: bytes) -> TestResponse:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(LISTS).text)
    assert token is not None
    return client.post(LISTS, data={"csrf_token": token[1], "file": (io.BytesIO(content), "list.xml")})


def settle(client: FlaskClient, page: str, how: str, note: str = NOTE, version: str = "1") -> tuple[int, str]:
    answer = send(client, f"{page}/{how}", {"note": note, "version": version}, page=page)
    return answer.status_code, answer.text


def test_the_inbox_tells_what_waits_in_which_case_and_for_how_long(world: HouseWorld) -> None:
    """D16: with a filter by kind, in which the settled ones are found again."""
    loan = matched(world)
    client = desk(world)
    text = client.get(INBOX).text
    assert "Anton Påhittad" in text
    assert f"/console/applications/{loan.application_id}" in text
    assert "möjlig" in text
    assert "i dag" in text.lower()
    assert client.get(f"{INBOX}?kind=match").text.count("/matches/") == 1
    assert "/matches/" not in client.get(f"{INBOX}?kind=other").text
    assert "/matches/" not in client.get(f"{INBOX}?kind=settled").text
    settle(client, match_of(client), "clear")
    assert "/matches/" not in client.get(INBOX).text
    assert "avfärdad" in client.get(f"{INBOX}?kind=settled").text


def test_a_match_is_shown_beside_everything_that_the_list_tells(world: HouseWorld) -> None:
    """D16: names, aliases, dates of birth, citizenship, remark, score and why; of the number no more than the birth."""
    loan = matched(world, WITH_MORE)
    text = desk(world).get(match_of(desk(world, Role.AUDITOR))).text
    told = ("Anton Påhittad", "Антон Похиттад", "1970-05-04", "1977-01-25", "NOWHERE", "Said to trade.", "post 1001")
    for each in (*told, "Likhet 88 av 100", "sänkt med 12", "19770125-****"):
        assert each in text, each
    assert loan.body["guarantors"][0]["personal_number"][-4:] not in text


def test_one_clears_a_possible_match_and_its_note_stays(world: HouseWorld) -> None:
    """D16: a note that is too short is told, and nothing typed is lost."""
    matched(world)
    client = desk(world)
    page = match_of(client)
    status, text = settle(client, page, "clear", "kort")
    assert (status, "10 till 4000 tecken" in text, ">kort</textarea>" in text) == (422, True, True)
    assert settle(client, page, "clear")[0] == 303
    text = client.get(page).text
    assert NOTE in text
    assert "avfärdad" in text
    assert f'formaction="{page}/confirm"' not in text


def test_two_clear_a_strong_match_and_nobody_is_the_second_person_unawares(world: HouseWorld) -> None:
    """D16: the form says which state of the match it was filled in for."""
    matched(world, STRONG)
    first, second = desk(world), desk(world, Role.SENIOR_UNDERWRITER)
    page = match_of(first)
    assert settle(first, page, "clear")[0] == 303
    assert "Du har föreslagit" in first.get(page).text
    assert settle(first, page, "clear", version="2")[0] == 403
    assert settle(second, page, "clear")[0] == 409
    assert "Avfärda som andra person" in second.get(page).text
    assert settle(second, page, "clear", version="2")[0] == 303
    assert "underwriter-1" in second.get(page).text


def test_an_administrator_loads_a_list_on_the_page(world: HouseWorld) -> None:
    """K1: which is in force, its hash, date, counts; what is refused is told."""
    client = desk(world, Role.ADMINISTRATOR)
    assert "Ingen lista är inläst" in client.get(LISTS).text
    first = loaded(world.runtime)
    assert hand_in(client, NEWER).status_code == 303
    text = client.get(LISTS).text
    assert first.sha256[:12] in text
    assert "3 poster: 0 nya, 0 ändrade, 0 borttagna" in text
    for content, status in ((NEWER[:-40], 422), (SAMPLE.replace(b"2026-02-20T12", b"2026-02-19T12"), 409)):
        refused = hand_in(client, content)
        assert (refused.status_code, 'role="alert"' in refused.text) == (status, True)
    assert send(client, LISTS, {}, page=LISTS).status_code == 422


def test_auditors_read_and_are_offered_nothing_else(world: HouseWorld) -> None:
    matched(world)
    client = desk(world, Role.AUDITOR)
    for page in (INBOX, match_of(client), LISTS):
        shown = client.get(page)
        assert (shown.status_code, f'action="{INBOX}' in shown.text) == (200, False)


@pytest.mark.parametrize("role", [Role.BILLING, Role.RECOVERY])
def test_who_does_not_read_cases_does_not_see_that_there_is_such_a_thing(world: HouseWorld, role: Role) -> None:
    """D7: neither the pages nor a way to them."""
    matched(world)
    page = match_of(desk(world))
    client = desk(world, role)
    assert {client.get(each).status_code for each in (INBOX, page, LISTS)} == {403}
    assert INBOX not in client.get("/console/agreements").text


def test_whose_data_the_page_shows_is_noted(world: HouseWorld) -> None:
    """S3: on the case's chain, as what due diligence found."""
    loan = matched(world)
    client = desk(world)
    page = match_of(client)
    client.get(page)
    with world.runtime.database.transaction() as session:
        entries = audit_log.entries_of(session, f"application:{loan.application_id}")
        calls = {one.data["call"]: one.data["kinds"] for one in entries if one.action == audit_log.READ}
    assert "due_diligence" in calls["console.due_diligence.show_match"]
    assert "due_diligence" in calls["console.due_diligence.inbox"]


@pytest.mark.parametrize(("language", "told"), [("sv", "Kundkännedom"), ("en", "Know your customer")])
def test_the_pages_speak_both_languages(world: HouseWorld, language: str, told: str) -> None:
    matched(world)
    client = desk(world)
    for page in (INBOX, match_of(client), LISTS):
        assert told in client.get(page, headers={"Accept-Language": language}).text


def exposed(world: HouseWorld) -> Loan:
    """An application of somebody politically exposed."""
    answers = BODIES[CompanyForm.AB]["due_diligence"] | {"politically_exposed": True}
    return assessed(world, application_json(due_diligence=answers))


def item_of(client: FlaskClient, kind: str) -> str:
    """The page of the first item of *kind* that waits."""
    found = re.search(
        rf"{INBOX}/applications/[0-9a-f-]{{36}}/items/[0-9a-f-]{{36}}", client.get(f"{INBOX}?kind={kind}").text
    )
    assert found is not None
    return found[0]


def test_an_item_is_worked_on_from_the_case_to_its_end(world: HouseWorld) -> None:
    """K1: taken, a file added, settled with an answer; what lacks is told and nothing typed is lost."""
    loan = exposed(world)
    client = desk(world)
    case = client.get(f"/console/applications/{loan.application_id}").text
    page = item_of(client, "origin_of_funds")
    assert page in case
    assert "hög risk" in case
    assert "Utred varifrån pengarna kommer" in client.get(page).text
    assert send(client, f"{page}/take", {}, page=page).status_code == 303
    assert "hos dig" in client.get(page).text
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(page).text)
    assert token is not None
    for name, content, status in (("a.pdf", b"%PDF-1.7 invented", 303), ("b.pdf", b"no PDF", 422)):
        sent = {"csrf_token": token[1], "file": (io.BytesIO(content), name)}
        assert client.post(f"{page}/evidence", data=sent).status_code == status
    file = re.search(rf"{page}/evidence/[0-9a-f-]{{36}}", client.get(page).text)
    assert file is not None
    assert client.get(file[0]).data == b"%PDF-1.7 invented"
    form = {"result": "satisfied", "note": NOTE}
    refused = send(client, f"{page}/settle", form, page=page)
    assert (refused.status_code, NOTE in refused.text, 'href="#origin_of_funds"' in refused.text) == (422, True, True)
    done = send(client, f"{page}/settle", form | {"origin_of_funds": "Lön från tjänsten."}, page=page)
    assert done.status_code == 303
    assert "avgjord" in client.get(page).text


def test_a_senior_approves_or_sends_back_what_was_proposed(world: HouseWorld) -> None:
    """K1: the one who proposed is not offered to approve."""
    exposed(world)
    first, second = desk(world), desk(world, Role.SENIOR_UNDERWRITER)
    page = item_of(first, "exposure_approval")
    form = {"result": "satisfied", "note": NOTE}
    assert send(first, f"{page}/settle", form, page=page).status_code == 303
    assert "väntar på godkännande" in first.get(page).text
    assert "Godkänn förslaget" not in first.get(page).text
    assert send(second, f"{page}/send-back", {"note": "Beskriv funktionen först."}, page=page).status_code == 303
    send(first, f"{page}/give-back", {}, page=page)
    send(first, f"{page}/settle", form, page=page)
    assert send(second, f"{page}/approve", {"note": "Jag ser samma sak."}, page=page).status_code == 303
    assert "underwriter-1" in second.get(page).text


def test_somebody_found_to_be_exposed_is_noted_person_by_person(world: HouseWorld) -> None:
    """D16: begun on the case page, and the class is high at once."""
    loan = assessed(world, application_json())
    client = desk(world)
    case = f"/console/applications/{loan.application_id}"
    begun = {"kind": "politically_exposed", "note": NOTE}
    page = send(client, f"{INBOX}/applications/{loan.application_id}/items", begun, page=case).headers["Location"]
    rows = {"exposed-0-number": ANNA.formatted, "exposed-0-exposed": "yes", "exposed-0-function": "Riksdagsledamot"}
    done = send(client, f"{page}/settle", {"result": "corrected", "note": NOTE, **rows}, page=page)
    assert done.status_code == 303
    assert "hög risk" in client.get(case).text


def test_owners_are_filled_in_with_their_shares_in_percent(world: HouseWorld) -> None:
    """K1: what is missing is filled by staff; a share that is none is told at its field."""
    loan = assessed(world, application_json(beneficial_owners=[]))
    client = desk(world)
    page = item_of(client, "beneficial_owners")
    form = {"result": "corrected", "note": NOTE, "owners-0-number": ANNA.formatted, "owners-0-control": "votes"}
    refused = send(client, f"{page}/settle", form | {"owners-0-share": "en tredjedel"}, page=page)
    assert (refused.status_code, 'href="#owners-0-share"' in refused.text) == (422, True)
    assert send(client, f"{page}/settle", form | {"owners-0-share": "100"}, page=page).status_code == 303
    shown = client.get(f"/console/applications/{loan.application_id}").text
    assert ANNA.masked in shown
    assert "100" in shown
