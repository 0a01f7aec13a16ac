"""Who of staff, machine clients or commands is shown personal data is noted in the audit log, on every route."""

import json
import logging
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from werkzeug.test import TestResponse

from tests.api.test_nothing_personal_told import BODY, Search, spellings
from tests.support.beginnings import apply, decide, granted
from tests.support.house import Api, HouseWorld
from tests.support.journey import BODIES, Loan, sign_all
from tests.support.lending import BERTIL, OWNER
from tests.support.stored_values import stored_values
from underwriting import person_cli
from underwriting.kernel.vocabulary import CompanyForm, Role, Scope
from underwriting.personal_data.columns import encrypted_tables
from underwriting.platform import audit_log, machine_clients, read_log
from underwriting.platform.models import AuditEntry

SHOWN_BY_SENDING = {"POST /v1/applications"}
"""What is answered is what the caller has just sent: nothing that was kept is opened."""
SHOW_SURELY = {
    "GET /agreements/<uuid:agreement_id>/documents/<uuid:document_id>",
    "GET /console/agreements",
    "GET /console/agreements/<uuid:agreement_id>",
    "GET /console/applications",
    "GET /console/applications/<uuid:application_id>",
    "GET /v1/agreements/<uuid:agreement_id>/documents/<uuid:document_id>",
    "GET /v1/agreements/<uuid:agreement_id>/guarantees",
    "GET /v1/agreements/<uuid:agreement_id>/liable-parties",
    "GET /v1/applications/<uuid:application_id>",
}
"""Without these the walk has missed something."""
NO_DIGITS = str.maketrans("0123456789", "ghijklmnop")


@dataclass(frozen=True)
class Shown:
    """An answer with somebody's data in it."""

    call: str
    caller: str
    request_id: str


@pytest.fixture
def loan(world: HouseWorld) -> Loan:
    """A loan of marked people that runs; a sole trader, whose company is a person, has one that is approved."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # the stand-ins' own
    assert decide(world, apply(world, BODIES[CompanyForm.EF]))["outcome"] == "approved"
    loan = apply(world, BODY)
    assert decide(world, loan)["outcome"] == "approved"
    sign_all(world, loan)
    world.work()
    return loan


@pytest.fixture
def case(world: HouseWorld) -> Loan:
    """A sole trader's application that is approved."""
    return granted(world, CompanyForm.EF)


def names_told(world: HouseWorld) -> set[str]:
    """What bureaus call the people and the companies: a sole trader's is the person's."""
    cipher = world.runtime.cipher
    with world.runtime.database.transaction() as session:
        kept = [value for value in stored_values(session) if value.context == "credit_report.parsed"]
        return {json.loads(cipher.decrypt(one.stored, context=one.context))["name"]["known"] for one in kept}


def callers(world: HouseWorld) -> dict[str, Api]:
    """One of each role, and a machine client that may do everything clients may."""
    every = {str(role): world.staff(role) for role in Role}
    _, key = machine_clients.add_client(world.runtime, "Integration", list(Scope), days=30, actor="operator")
    return every | {"client": Api(world.app, key)}


def addresses(world: HouseWorld, loan: Loan) -> list[tuple[str, str, str]]:
    """The method, the address at the loan's own things, and the rule of every route but test time; reading first, since
    the rest logs out and ends sessions too."""
    return sorted(every_address(world, loan), key=lambda address: (address[0] != "GET", address[1].endswith("log-out")))


def every_address(world: HouseWorld, loan: Loan) -> Iterator[tuple[str, str, str]]:
    with world.runtime.database.transaction() as session:
        of_loan = {"id": loan.agreement_id}
        document = sa.text("SELECT id FROM document WHERE kind = 'agreement' AND subject_id = :id LIMIT 1")
        guarantee = sa.text("SELECT id FROM guarantee WHERE agreement_id = :id LIMIT 1")
        ids = {
            "document_id": session.scalar(document, of_loan),
            "guarantee_id": session.scalar(guarantee, of_loan),
        }
    known = {"application_id": loan.application_id, "agreement_id": loan.agreement_id, "ordinal": 1, "month": "2026-03"}
    for rule in world.app.url_map.iter_rules():
        if rule.endpoint == "static" or "/sandbox" in rule.rule:
            continue
        values = {name: (known | ids).get(name) or uuid.uuid4() for name in rule.arguments}
        path = re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", rule.rule).format(**values)
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS", "DELETE"}):
            yield method, path, rule.rule


def ask(world: HouseWorld, caller: Api, method: str, path: str, request_id: str) -> TestResponse:
    headers = {"Authorization": f"Bearer {caller.token}", "Request-Id": request_id}
    client = world.app.test_client(use_cookies=False)
    if method == "GET":
        return client.get(path, headers=headers, query_string={"state": "all"})
    return client.open(path, method=method, headers=headers, json={})


def noted(world: HouseWorld) -> list[AuditEntry]:
    with world.runtime.database.transaction() as session:
        return list(session.scalars(sa.select(AuditEntry).where(AuditEntry.action == audit_log.READ)))


def shown_silently(
    world: HouseWorld, loan: Loan, asking: Mapping[str, Api], *, only: str = ""
) -> tuple[set[str], set[str]]:
    """Every route that shows somebody's data to somebody, and those of them that leave no entry of that request."""
    marks, shown = (*names_told(world), *spellings(OWNER)), []
    for name, caller in asking.items():
        for method, path, rule in addresses(world, loan):
            if only not in rule:
                continue
            request_id = uuid.uuid4().hex.translate(NO_DIGITS)
            answer = ask(world, caller, method, path, request_id)
            assert answer.status_code < 500, (name, method, path)
            search = Search(also=marks)
            # A PDF's words are compressed, and there is none that does not say whom it is for.
            told = " ".join(marks) if answer.mimetype == "application/pdf" else answer.get_data(as_text=True)
            search.look(path, told, asked=False)
            if search.found and f"{method} {rule}" not in SHOWN_BY_SENDING:
                shown.append(Shown(f"{method} {rule}", name, request_id))
    known = {entry.data.get("request_id") for entry in noted(world)}
    silent = {f"{one.call} to {one.caller}" for one in shown if one.request_id not in known}
    return {one.call for one in shown}, silent


def test_every_route_that_shows_personal_data_to_staff_or_clients_leaves_an_entry(
    world: HouseWorld, loan: Loan
) -> None:
    """S3: found by what the answers hold, so that a new route cannot be forgotten."""
    shown, silent = shown_silently(world, loan, callers(world))
    assert silent == set()
    assert shown >= SHOW_SURELY
    search = Search(also=(*names_told(world), *spellings(OWNER)))
    for entry in noted(world):
        assert entry.actor.startswith(("staff:", "client:"))
        assert entry.data["kinds"]
        search.look("audit log", json.dumps(entry.data) + entry.subject + entry.actor)
    assert search.found == []
    with world.runtime.database.transaction() as session:
        for subject in {entry.subject for entry in noted(world)}:
            assert audit_log.first_broken_link(session, subject) is None


def test_the_walk_finds_a_route_that_tells_nobody(
    world: HouseWorld, loan: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The watch itself."""
    monkeypatch.setattr(read_log, "note", lambda *_: None)
    asking = {"auditor": world.staff(Role.AUDITOR)}
    _, silent = shown_silently(world, loan, asking, only="/console/applications")
    assert silent == {
        "GET /console/applications to auditor",
        "GET /console/applications/<uuid:application_id> to auditor",
    }


def test_an_entry_says_who_what_and_under_which_request(world: HouseWorld, case: Loan) -> None:
    """S3: on the chain of the application, and on those of the reports that the page shows."""
    reader = world.staff(Role.UNDERWRITER)
    ask(world, reader, "GET", f"/console/applications/{case.application_id}", "abcdefghijklmnop")
    entries = {entry.subject: entry for entry in noted(world)}
    told = entries[f"application:{case.application_id}"]
    assert told.actor == f"staff:{uuid.UUID(told.actor.removeprefix('staff:'))}"
    assert told.at == world.clock.now()
    assert told.data == {
        "call": "console.cases.case",
        "of": {"application_id": case.application_id},
        "kinds": ["application", "contact", "decision", "document", "due_diligence", "identity"],
        "request_id": "abcdefghijklmnop",
    }
    reports = [entry for subject, entry in entries.items() if subject.startswith("credit_report:")]
    assert reports
    assert all(entry.data["kinds"] == ["credit_report"] for entry in reports)


def test_what_is_shown_again_within_minutes_is_one_entry_per_reader(world: HouseWorld, case: Loan) -> None:
    """S3: a page that is loaded again is the same reading; another reader, call or thing is another."""
    first, second = world.staff(Role.UNDERWRITER), world.staff(Role.AUDITOR)
    for reader in (first, first, second, first):
        reader.get(case.application)
    assert len(noted(world)) == 2
    ask(world, first, "GET", f"/console/applications/{case.application_id}", "abcdefghijklmnop")
    assert len([entry for entry in noted(world) if entry.subject == f"application:{case.application_id}"]) == 3


def test_nothing_is_shown_that_could_not_be_noted(
    world: HouseWorld, case: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3: the answer waits for its entry."""

    def away(*_: object, **__: object) -> None:
        raise sa.exc.OperationalError("", {}, Exception())

    reader = world.staff(Role.UNDERWRITER)
    monkeypatch.setattr(audit_log, "append_to_each", away)
    answer = ask(world, reader, "GET", f"/console/applications/{case.application_id}", "abcdefghijklmnop")
    assert answer.status_code == 503
    search = Search(also=tuple(names_told(world)))
    search.look("answer", answer.text, asked=False)
    assert search.found == []
    monkeypatch.undo()
    reader.get(case.application)
    assert len(noted(world)) == 1


def test_who_reads_their_own_matter_is_not_noted(world: HouseWorld, case: Loan) -> None:
    case.borrower.get(case.application)
    case.borrower.get(case.agreement)
    assert noted(world) == []


def test_the_history_of_a_case_does_not_repeat_who_read_it(world: HouseWorld, case: Loan) -> None:
    reader = world.staff(Role.UNDERWRITER)
    path = f"/console/applications/{case.application_id}"
    before = ask(world, reader, "GET", path, "abcdefghijklmnop").text
    after = ask(world, reader, "GET", path, "abcdefghijklmnop").text
    assert before.count("<time") == after.count("<time")
    assert "history.read" not in after


def test_a_person_exported_by_command_is_noted_in_every_matter(
    world: HouseWorld, loan: Loan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3: the command line is a reader too."""
    monkeypatch.setattr(person_cli, "runtime_here", lambda: world.runtime)
    done = CliRunner().invoke(person_cli.person, ["export"], input=f"{BERTIL.formatted}\n")
    assert done.exit_code == 0, done.output
    assert "Yxmark" in done.output
    entries = {entry.subject: entry for entry in noted(world)}
    told = entries[f"application:{loan.application_id}"]
    assert (told.actor, told.data["call"]) == ("operator", "borgen person export")
    assert any(subject.startswith("credit_report:") for subject in entries)


def test_every_encrypted_column_is_of_a_kind_or_holds_nothing_of_anybody() -> None:
    """S3: a new column has to say what showing it means."""
    contexts = {
        named for table in encrypted_tables() for text in table.contexts for named in re.findall(r"'(\w+\.\w+)'", text)
    }
    assert contexts == set(read_log.KINDS) | read_log.NOT_PERSONAL
    assert not set(read_log.KINDS) & read_log.NOT_PERSONAL
