"""The frame of the pages: where links may lead, how instants are written, whose pages are whose."""

import re
import uuid
from datetime import date, datetime, time
from pathlib import Path

import pytest
from flask import Flask, render_template_string
from flask.testing import FlaskClient

from underwriting.house import House
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.periods import stockholm_instant
from underwriting.kernel.vocabulary import Role
from underwriting.platform.authentication import SESSION_COOKIE
from underwriting.platform.models import AuditEntry
from underwriting.platform.sessions import open_for_person
from underwriting.platform.staff_accounts import add_staff, log_in_staff
from underwriting.web.history import Happening, history_of
from underwriting.web.layout import own_path

TEMPLATES = Path(__file__).resolve().parents[3] / "underwriting" / "web" / "templates"
PASSWORD = "Sommar-i-Visby-1999"
ANNA = PersonalNumber("197701072394")
SOMEBODYS = uuid.UUID(int=7)
AT = stockholm_instant(date(2026, 3, 2), time(10))

CASE_READERS = {Role.UNDERWRITER, Role.SENIOR_UNDERWRITER, Role.AUDITOR, Role.ADMINISTRATOR}
STAFF_PAGES = {
    "/console/applications": CASE_READERS,
    f"/console/applications/{SOMEBODYS}": CASE_READERS,
    "/console/agreements": set(Role),
    f"/console/agreements/{SOMEBODYS}": set(Role),
    "/console/billing": {Role.BILLING, Role.AUDITOR, Role.ADMINISTRATOR},
}
OWN_PAGES = ("/my", f"/applications/{SOMEBODYS}", f"/agreements/{SOMEBODYS}", f"/guarantees/{SOMEBODYS}")


def staff(house: House, client: FlaskClient, role: Role) -> FlaskClient:
    runtime = house.runtime
    with runtime.database.transaction() as session:
        add_staff(session, runtime, role, PASSWORD, role, person=None, at=runtime.clock.now())
    client.set_cookie(SESSION_COOKIE, log_in_staff(runtime, role, PASSWORD))
    return client


def person(house: House, client: FlaskClient) -> FlaskClient:
    with house.runtime.database.transaction() as session:
        client.set_cookie(SESSION_COOKIE, open_for_person(session, house.runtime, ANNA))
    return client


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/my", "/my"),
        ("/apply?form=AB", "/apply?form=AB"),
        ("", "/"),
        ("my", "/"),
        ("https://example.com/", "/"),
        ("//example.com", "/"),
        ("/\\example.com", "/"),
        ("/my\r\nSet-Cookie: a=b", "/"),
        ("javascript:alert(1)", "/"),
        ("http://[", "/"),
    ],
)
def test_a_link_never_leads_away_from_the_service(target: str, path: str) -> None:
    assert own_path(target) == path


@pytest.mark.parametrize(
    ("before", "text"),
    [
        (stockholm_instant(date(2026, 3, 17), time(0)), "måndagen den 16 mars 2026"),
        (stockholm_instant(date(2026, 3, 30), time(0)), "söndagen den 29 mars 2026"),  # summer time has begun
        (stockholm_instant(date(2026, 3, 2), time(15, 59, 59)), "måndagen den 2 mars 2026 kl.\u00a015.59.59"),
    ],
)
@pytest.mark.usefixtures("swedish")
def test_a_deadline_is_told_by_the_last_day_that_is_in_time(before: datetime, text: str) -> None:
    assert f">{text}</time>" in render_template_string("{{ before | deadline }}", before=before)


@pytest.mark.usefixtures("swedish")
def test_history_is_told_in_words_newest_first_and_by_whom() -> None:
    entries = [
        AuditEntry(action="application.signed", actor="person:1", at=AT),
        AuditEntry(action="application.referred", actor="system", at=AT),
        AuditEntry(action="application.declined", actor="staff:2", at=AT),
        AuditEntry(action="thing.unheard_of", actor="staff:1", at=AT),
    ]
    assert history_of(entries, reader="staff:1") == [
        Happening("thing.unheard_of", "du", AT),
        Happening("Avslagen", "handläggare", AT),
        Happening("Till handläggare", "systemet", AT),
        Happening("Ansökan undertecknad", "person med BankID", AT),
    ]


@pytest.mark.parametrize("page", [*STAFF_PAGES, "/console/", *OWN_PAGES])
def test_whoever_is_nobody_yet_can_log_in_right_there(app: Flask, page: str) -> None:
    answer = app.test_client().get(page, headers={"Accept": "text/html"})
    assert answer.status_code == 401
    assert f'<input type="hidden" name="next" value="{page}">' in answer.text


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("page", STAFF_PAGES)
def test_each_role_sees_its_own_pages_and_no_other(house: House, app: Flask, page: str, role: Role) -> None:
    answer = staff(house, app.test_client(), role).get(page)
    exists = str(SOMEBODYS) not in page
    assert answer.status_code == ((200 if exists else 404) if role in STAFF_PAGES[page] else 403)


@pytest.mark.parametrize("page", STAFF_PAGES)
def test_a_person_is_no_staff(house: House, app: Flask, page: str) -> None:
    assert person(house, app.test_client()).get(page).status_code == 401


@pytest.mark.parametrize("page", OWN_PAGES[1:])
def test_what_is_not_ones_own_is_not_there(house: House, app: Flask, page: str) -> None:
    assert person(house, app.test_client()).get(page).status_code == 404


@pytest.mark.parametrize("invitation", ["x", "a" * 300, "%00"])
def test_an_invitation_that_nobody_was_sent_is_not_there(app: Flask, invitation: str) -> None:
    assert app.test_client().get(f"/invitations/{invitation}").status_code == 404


@pytest.mark.parametrize("role", Role)
def test_staff_come_first_to_what_is_theirs(house: House, app: Flask, role: Role) -> None:
    elsewhere = {Role.BILLING: "/console/billing", Role.RECOVERY: "/console/agreements"}
    first = elsewhere.get(role, "/console/applications")
    assert staff(house, app.test_client(), role).get("/console/").location == first


@pytest.mark.parametrize(
    ("role", "path"),
    [
        (Role.BILLING, f"/console/applications/{SOMEBODYS}/determine"),
        (Role.BILLING, f"/console/applications/{SOMEBODYS}/ask-again"),
        (Role.UNDERWRITER, "/console/billing/run"),
        (Role.UNDERWRITER, "/sandbox/clock"),
    ],
)
def test_a_write_asks_for_the_role_on_the_server(house: House, app: Flask, role: Role, path: str) -> None:
    client = staff(house, app.test_client(), role)
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/console/agreements").text)
    assert token is not None
    assert client.post(path, data={"csrf_token": token[1]}).status_code == 403


def test_a_form_without_its_token_is_refused(house: House, app: Flask) -> None:
    client = staff(house, app.test_client(), Role.UNDERWRITER)
    assert client.post(f"/console/applications/{SOMEBODYS}/determine").status_code == 400


@pytest.mark.parametrize("page", ["/", "/apply?form=AB", "/apply?form=EF", "/login", "/console/login", "/sandbox"])
@pytest.mark.parametrize(("language", "told"), [("sv", 'lang="sv"'), ("en", 'lang="en"')])
def test_every_open_page_is_shown_in_both_languages(app: Flask, page: str, language: str, told: str) -> None:
    answer = app.test_client().get(page, headers={"Accept-Language": language})
    assert answer.status_code == 200
    assert f"<html {told}" in answer.text
    assert answer.headers["Content-Language"] == language


@pytest.mark.parametrize("template", sorted(TEMPLATES.rglob("*.html")), ids=lambda path: path.name)
def test_no_page_has_styles_or_scripts_inside(template: Path) -> None:
    inside = re.compile(r"""\sstyle=|<style|<script(?! src=)|\son[a-z]+=["']""", re.IGNORECASE)
    assert inside.findall(template.read_text("utf-8")) == []


def test_what_is_shown_may_come_from_the_service_alone(app: Flask) -> None:
    policy = app.test_client().get("/").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
