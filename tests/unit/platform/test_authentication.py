"""Who is asking: sessions by header and cookie, roles, locks, and the token that forms need."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask, Response, jsonify
from flask.testing import FlaskClient
from flask_wtf.csrf import generate_csrf

from underwriting.kernel.clock import FixedClock
from underwriting.kernel.errors import LoginRequired, NotPermitted
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.vocabulary import Role
from underwriting.platform import audit_log, authentication, problems
from underwriting.platform.authentication import (
    ANONYMOUS,
    DRAFT_COOKIE,
    SESSION_COOKIE,
    Caller,
    RoleMissing,
    current_caller,
    new_draft_secret,
)
from underwriting.platform.models import LoginSession, StaffUser
from underwriting.platform.problems import answer
from underwriting.platform.runtime import Runtime
from underwriting.platform.sessions import end, open_for_person
from underwriting.platform.staff_accounts import LoginRefused, add_staff, log_in_staff

PASSWORD = "korrekt häst batteri häftklammer"
ANNA = PersonalNumber("197902092381")  # Skatteverket's test numbers, never issued to anyone
ERIK = PersonalNumber("198106032397")
SECOND = timedelta(seconds=1)


@pytest.fixture
def wall(clock: FixedClock) -> FixedClock:
    """The machine's clock, which stands still too."""
    return FixedClock(clock.now())


@pytest.fixture
def runtime(runtime: Runtime, wall: FixedClock) -> Runtime:
    return replace(runtime, wall=wall)


@pytest.fixture
def client(runtime: Runtime) -> FlaskClient:
    app = Flask(__name__)
    app.config.update(SECRET_KEY="s", SESSION_COOKIE_SECURE=False, WTF_CSRF_CHECK_DEFAULT=False)

    @app.route("/v1/me", methods=["GET", "POST", "DELETE"])
    @app.route("/me", methods=["GET", "POST"])
    def tell() -> Response:
        caller = current_caller()
        drafts = caller.draft_secret_hash is not None
        return jsonify(actor=caller.actor, role=caller.role, username=caller.username, draft=drafts)

    @app.get("/form")
    def form() -> Response:
        return Response(generate_csrf())

    @app.get("/cookie")
    def cookie() -> Response:
        response = Response()
        authentication.set_cookie(response, SESSION_COOKIE, "bs_token")
        return response

    authentication.register(app, runtime)
    problems.register(app, page=answer)
    return app.test_client()


@pytest.fixture
def add(runtime: Runtime) -> Callable[..., str]:
    """Adds a member of staff of a role and logs them in; the session's token."""

    def add(role: Role = Role.UNDERWRITER, *, username: str = "uma", person: PersonalNumber | None = None) -> str:
        with runtime.database.transaction() as session:
            add_staff(session, runtime, username, PASSWORD, role, person=person, at=runtime.clock.now())
        return log_in_staff(runtime, username, PASSWORD)

    return add


def identified(runtime: Runtime, person: PersonalNumber = ANNA) -> str:
    with runtime.database.transaction() as session:
        return open_for_person(session, runtime, person)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def actor(client: FlaskClient, token: str) -> str:
    told: str = client.get("/v1/me", headers=bearer(token)).get_json()["actor"]
    return told


# Log-in of staff


def test_staff_log_in_with_username_and_password(client: FlaskClient, add: Callable[..., str]) -> None:
    told = client.get("/v1/me", headers=bearer(add(Role.BILLING))).get_json()
    assert (told["role"], told["username"], told["actor"][:6]) == ("billing", "uma", "staff:")


def test_the_password_is_kept_as_argon2id_and_the_token_as_its_hash(runtime: Runtime, add: Callable[..., str]) -> None:
    token = add()
    with runtime.database.transaction() as session:
        user = session.scalars(sa.select(StaffUser)).one()
        kept = session.scalars(sa.select(LoginSession)).one()
    assert (user.password_hash or "").startswith("$argon2id$")
    assert kept.token_hash != token.encode()
    assert len(kept.token_hash) == 32
    assert len(token) >= 46  # bs_ and 256 bits in base 64


@pytest.mark.parametrize(
    ("username", "password"),
    [("uma", "fel"), ("uma", ""), ("Uma", PASSWORD), ("nobody", PASSWORD), ("", ""), ("uma\x00", PASSWORD)],
)
def test_anything_else_is_refused_in_the_same_words(
    runtime: Runtime, add: Callable[..., str], username: str, password: str
) -> None:
    add()
    with pytest.raises(LoginRefused) as refused:
        log_in_staff(runtime, username, password)
    assert refused.value.detail == LoginRefused.title


def test_a_closed_account_is_refused_and_its_sessions_end(
    client: FlaskClient, runtime: Runtime, add: Callable[..., str]
) -> None:
    token = add()
    with runtime.database.transaction() as session:
        session.execute(sa.update(StaffUser).values(disabled_at=runtime.clock.now()))
    assert actor(client, token) == "anonymous"
    with pytest.raises(LoginRefused):
        log_in_staff(runtime, "uma", PASSWORD)


def fail(runtime: Runtime, times: int) -> None:
    for _ in range(times):
        with pytest.raises(LoginRefused):
            log_in_staff(runtime, "uma", "fel")


def test_four_failures_lock_nothing(runtime: Runtime, add: Callable[..., str]) -> None:
    add()
    fail(runtime, 4)
    assert log_in_staff(runtime, "uma", PASSWORD)
    fail(runtime, 4)  # the right password has begun a new count
    assert log_in_staff(runtime, "uma", PASSWORD)


def test_five_failures_lock_the_account_for_fifteen_minutes(
    runtime: Runtime, wall: FixedClock, add: Callable[..., str]
) -> None:
    add()
    start = wall.now()
    fail(runtime, 5)
    for moment in (start, start + timedelta(minutes=15) - SECOND):
        wall.move_to(moment)
        with pytest.raises(LoginRefused):
            log_in_staff(runtime, "uma", PASSWORD)
    wall.move_to(start + timedelta(minutes=15))
    assert log_in_staff(runtime, "uma", PASSWORD)


def test_a_locked_account_opens_in_time_whoever_goes_on_trying(
    runtime: Runtime, wall: FixedClock, add: Callable[..., str]
) -> None:
    add()
    fail(runtime, 5)
    wall.move_to(wall.now() + timedelta(minutes=14))
    fail(runtime, 20)
    wall.move_to(wall.now() + timedelta(minutes=1))
    assert log_in_staff(runtime, "uma", PASSWORD)


def test_log_ins_and_failures_stand_in_the_audit_log_without_the_name(
    runtime: Runtime, add: Callable[..., str]
) -> None:
    add(person=ANNA)
    fail(runtime, 1)
    with runtime.database.transaction() as session:
        user = session.scalars(sa.select(StaffUser)).one()
        entries = audit_log.entries_of(session, f"staff:{user.id}")
    assert [entry.action for entry in entries] == ["staff.added", "staff.logged_in", "staff.login_failed"]
    assert "uma" not in str([(entry.subject, entry.actor, entry.data) for entry in entries])


# Persons and drafts


def test_a_person_is_known_by_blind_index_only(client: FlaskClient, runtime: Runtime) -> None:
    token = identified(runtime)
    index = runtime.cipher.blind_index(ANNA.digits)
    assert actor(client, token) == f"person:{index.hex()[:16]}"
    assert actor(client, identified(runtime, ERIK)) != actor(client, token)
    with runtime.database.transaction() as session:
        rows = session.execute(sa.select(LoginSession.person_encrypted, LoginSession.person_index)).all()
    assert not any(ANNA.digits.encode() in bytes(value) for row in rows for value in row)


def test_the_holder_of_a_drafts_secret_is_told_by_its_hash(client: FlaskClient) -> None:
    token, kept = new_draft_secret()
    told = client.get("/v1/me", headers=bearer(token)).get_json()
    assert told == {"actor": f"draft:{kept.hex()[:16]}", "role": None, "username": None, "draft": True}


def test_one_may_hold_a_draft_and_be_logged_in(client: FlaskClient, runtime: Runtime) -> None:
    client.set_cookie(SESSION_COOKIE, identified(runtime))
    client.set_cookie(DRAFT_COOKIE, new_draft_secret()[0])
    told = client.get("/v1/me").get_json()
    assert (told["actor"][:7], told["draft"]) == ("person:", True)


# Sessions


@pytest.mark.parametrize("token", ["", "bs_", "bs_wrong", "nonsense", "bs_" + "x" * 5000, "bs_å"])
def test_a_token_that_is_none_makes_nobody_of_the_caller(client: FlaskClient, token: str) -> None:
    assert actor(client, token) == "anonymous"


def test_a_header_counts_before_a_cookie(client: FlaskClient, runtime: Runtime, add: Callable[..., str]) -> None:
    client.set_cookie(SESSION_COOKIE, add())
    assert actor(client, identified(runtime))[:7] == "person:"
    assert actor(client, "bs_wrong") == "anonymous"


def test_the_scheme_may_be_written_in_small_letters(client: FlaskClient, add: Callable[..., str]) -> None:
    told = client.get("/v1/me", headers={"Authorization": f"bearer  {add()}"}).get_json()
    assert told["role"] == "underwriter"


def test_a_session_lasts_eight_hours_by_the_machines_clock(
    client: FlaskClient, runtime: Runtime, clock: FixedClock, wall: FixedClock
) -> None:
    token, start = identified(runtime), wall.now()
    clock.move_to(clock.now() + timedelta(days=60))  # test time ends no log-in
    wall.move_to(start + timedelta(hours=8) - SECOND)
    assert actor(client, token)[:7] == "person:"
    wall.move_to(start + timedelta(hours=8))
    assert actor(client, token) == "anonymous"


def test_a_session_that_was_logged_out_is_over_and_no_other(client: FlaskClient, runtime: Runtime) -> None:
    one, other = identified(runtime), identified(runtime)
    end(runtime, one)
    end(runtime, "bs_nobodys")
    assert actor(client, one) == "anonymous"
    assert actor(client, other)[:7] == "person:"


def test_a_cookie_is_not_for_scripts_nor_for_other_sites(client: FlaskClient) -> None:
    client.get("/cookie")
    cookie = client.get_cookie(SESSION_COOKIE)
    assert cookie is not None
    assert (cookie.http_only, cookie.same_site, cookie.secure) == (True, "Lax", False)
    client.application.config["SESSION_COOKIE_SECURE"] = True
    client.get("/cookie", base_url="https://localhost")
    cookie = client.get_cookie(f"__Host-{SESSION_COOKIE}")
    assert cookie is not None
    assert cookie.secure


# CSRF


def test_a_write_by_cookie_needs_the_forms_token(client: FlaskClient, runtime: Runtime) -> None:
    client.set_cookie(SESSION_COOKIE, identified(runtime))
    for method in ("POST", "DELETE"):
        refused = client.open("/v1/me", method=method)
        assert (refused.status_code, refused.get_json()["type"]) == (400, "/problems/form-expired")
    token = client.get("/form").text
    assert client.post("/v1/me", headers={"X-CSRFToken": token}).status_code == 200
    assert client.post("/v1/me", headers={"X-CSRFToken": token[:-1]}).status_code == 400


def test_so_does_a_write_by_the_drafts_cookie(client: FlaskClient) -> None:
    client.set_cookie(DRAFT_COOKIE, new_draft_secret()[0])
    assert client.post("/v1/me").status_code == 400


def test_a_write_by_header_needs_none_even_beside_a_cookie(client: FlaskClient, runtime: Runtime) -> None:
    client.set_cookie(SESSION_COOKIE, identified(runtime, ERIK))
    assert client.post("/v1/me", headers=bearer(identified(runtime))).status_code == 200


def test_a_read_needs_none(client: FlaskClient, runtime: Runtime) -> None:
    client.set_cookie(SESSION_COOKIE, identified(runtime))
    assert client.get("/v1/me").status_code == 200


def test_an_integrator_without_log_in_needs_none(client: FlaskClient) -> None:
    assert client.post("/v1/me").status_code == 200


def test_every_form_of_a_page_needs_it(client: FlaskClient) -> None:
    assert client.post("/me").status_code == 400
    assert client.post("/me", data={"csrf_token": client.get("/form").text}).status_code == 200


# Roles


def test_a_caller_without_role_is_asked_to_log_in() -> None:
    for caller in (ANONYMOUS, Caller("person:1", person_index=b"1"), Caller("draft:1", draft_secret_hash=b"1")):
        assert not caller.is_staff
        with pytest.raises(LoginRequired):
            caller.require(Role.BILLING)


def test_a_role_permits_what_it_permits_and_an_administrator_everything() -> None:
    Caller("staff:1", Role.BILLING).require(Role.UNDERWRITER, Role.BILLING)
    Caller("staff:1", Role.ADMINISTRATOR).require(Role.BILLING)
    Caller("staff:1", Role.ADMINISTRATOR).require()
    for role in (Role.UNDERWRITER, Role.BILLING):
        with pytest.raises(RoleMissing):
            Caller("staff:1", role).require(Role.ADMINISTRATOR)
    assert issubclass(RoleMissing, NotPermitted)


def test_what_is_a_persons_needs_bankid_staff_or_not() -> None:
    assert Caller("person:1", person_index=b"1").require_person() == b"1"
    for caller in (ANONYMOUS, Caller("staff:1", Role.ADMINISTRATOR)):
        with pytest.raises(LoginRequired):
            caller.require_person()
