"""Marked identities go through every call, good and bad, and no output that others read holds a trace of them."""

import contextlib
import json
import logging
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from werkzeug.exceptions import NotFound
from werkzeug.test import Client, TestResponse

from tests.conftest import LONG
from tests.support.house import Api, HouseWorld
from tests.support.journey import Loan, apply, decide, sign_all
from tests.support.lending import ANNA, BERTIL, CECILIA, application_json
from tests.support.log_lines import log_lines
from tests.support.stored_values import stored_values
from underwriting.app import create_app
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.vocabulary import Role
from underwriting.personal_data import erasure, person
from underwriting.platform import permissions, tracing
from underwriting.platform.authentication import Caller
from underwriting.platform.environment import Secret
from underwriting.platform.staff_settings import SignOnSettings

MARK = re.compile("qvistmark|yxmark|zebramark", re.IGNORECASE)
APPLICANT, GUARANTOR = "Zebulon Qvistmark", "Xanthippa Yxmark"
FREE_TEXT = "zebramark: hans syster Xanthippa Yxmark betalar, ring 070-987 65 43"
PHONES = ("+46709876543", "070-987 65 43", "0709876543")
EVERY_ROW = (
    "SELECT subject, action, actor, data::text FROM audit_entry",
    "SELECT kind, subject, data::text FROM event",
    "SELECT job, period, outcome::text, last_error FROM job_run",
    "SELECT outcome, status::text, fault FROM delivery_attempt",
    "SELECT subject, destroyed_because FROM data_key",
    "SELECT business_key, kind FROM outbox_message",
    "SELECT caller, key FROM idempotency_key",
)


def spellings(number: PersonalNumber) -> Iterator[str]:
    """A personal number in every way that it is written."""
    digits = number.digits
    yield from (
        digits,
        digits[2:],
        f"{digits[:8]}-{digits[8:]}",
        f"{digits[2:8]}-{digits[8:]}",
        f"{digits[2:8]} {digits[8:]}",
    )


ASKED = "198507099805"  # stands in a query alone: who asks reads it again in the page's own links
NUMBERS = tuple(text for number in (ANNA, BERTIL, CECILIA) for text in spellings(number))


@dataclass
class Search:
    """Looks for marks in what is told, and remembers where it found any."""

    also: tuple[str, ...] = ()  # what bureaus said of those people
    found: list[str] = field(default_factory=list)

    def look(self, where: str, text: str, *, asked: bool = True) -> None:
        marks = [
            mark for mark in (*NUMBERS, *PHONES, *self.also, *((ASKED,) if asked else ())) if mark in text
        ] + MARK.findall(text)
        if marks:
            self.found.append(f"{where}: {sorted(set(marks))}")


def marked(name: str) -> dict[str, str]:
    first, last = name.split()
    return {"name": name, "email": f"{first}.{last}@example.se".lower(), "phone": PHONES[0]}


BODY = application_json(
    company_form="HB",
    organisation_number="969999-0009",
    contact=marked(APPLICANT),
    guarantors=[
        {"personal_number": ANNA.digits, **marked(APPLICANT)},
        {"personal_number": BERTIL.digits, **marked(GUARANTOR)},
    ],
    due_diligence={**application_json()["due_diligence"], "purpose_of_credit": FREE_TEXT},
)
SENT = (
    BODY,
    {**BODY, "requested_amount": f"{APPLICANT} {ANNA.digits}", "company_form": FREE_TEXT},
    {"personal_number": CECILIA.digits, **marked(GUARANTOR)},
    {"outcome": "declined", "reason_code": "other", "reason": FREE_TEXT},
    {"question": FREE_TEXT, "information": FREE_TEXT, "amount": ANNA.formatted, "on": ANNA.formatted},
    [ANNA.digits, FREE_TEXT],
    {ANNA.digits: FREE_TEXT, "email": marked(APPLICANT)["email"]},
)


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.send_to(SimpleSpanProcessor(exporter), process="test")
    yield exporter
    tracing.send_to(None)


def bureaus_said(world: HouseWorld) -> tuple[str, ...]:
    """The names that bureaus told of people."""
    cipher, said = world.runtime.cipher, set[str]()
    with world.runtime.database.transaction() as session:
        for value in stored_values(session):
            if value.context == "credit_report.parsed":
                report = json.loads(cipher.decrypt(value.stored, context=value.context))
                if report["kind"] == "person":
                    said.add(report["name"]["known"])
    return tuple(sorted(said))


def addresses_of(world: HouseWorld, loan: Loan) -> list[tuple[str, str]]:
    """Every route with every method, at the loan's own things and at marked ones."""
    known = {
        "application_id": loan.application_id,
        "agreement_id": loan.agreement_id,
        "ordinal": 1,
        "month": "2026-03",
    }
    found = set()
    for rule in world.app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        known |= {"verdict": choice[1]} if (choice := re.search(r"<any\((\w+)", rule.rule)) else {}
        for marks in ({}, dict.fromkeys(rule.arguments, ANNA.formatted)):
            values = {name: known.get(name, str(uuid.uuid4())) for name in rule.arguments} | marks
            path = re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", rule.rule).format(**values)
            found |= {(method, path) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    return sorted(found)


def look_at(search: Search, where: str, answer: TestResponse, *, stranger: bool) -> None:
    """What an answer tells: its headers to proxies and logs, its problems and, to a stranger, all of it."""
    own = f"{ANNA.formatted}" in where
    location = answer.headers.get("Location", "")
    if not own:  # who puts a number into an address reads it there
        search.look(f"{where} Location", location, asked=False)
        if stranger or "problem" in (answer.mimetype or ""):
            search.look(f"{where} {answer.status_code}", answer.get_data(as_text=True), asked=False)


def some_of(bodies: Sequence[dict[str, Any]], turn: int) -> list[dict[str, Any]]:
    """Two of *bodies*, others each turn, so that every call gets some and all of them come up; all in the long run."""
    if LONG:
        return list(bodies)
    return [bodies[(2 * turn + step) % len(bodies)] for step in range(min(2, len(bodies)))]


def call_everything(world: HouseWorld, loan: Loan, search: Search) -> int:
    """Every address, by everybody, without and with bodies of all kinds; how many calls."""
    callers: dict[str, tuple[Client, dict[str, str]]] = {"nobody": (world.app.test_client(), {})}
    logged_in = {"stranger": world.log_in(CECILIA), "borrower": loan.borrower}
    roles = Role if LONG else (Role.ADMINISTRATOR, Role.AUDITOR)  # the first may what any of the others may
    logged_in |= {str(role): world.staff(role) for role in roles}
    for name, api in logged_in.items():
        callers[name] = (world.app.test_client(use_cookies=False), {"Authorization": f"Bearer {api.token}"})
    calls = 0
    for turn, (method, path) in enumerate(addresses_of(world, loan)):
        if "/sandbox" in path:
            continue  # moves the time of all the rest; shows invented people and the mailbox, on loopback alone
        for name, (client, headers) in callers.items():
            stranger = name in ("nobody", "stranger")
            bodies: tuple[dict[str, Any], ...] = ({},)
            if method != "GET":
                form = {"personal_number": ANNA.formatted, **marked(APPLICANT)}
                garbled = {"data": f"{ANNA.digits} {FREE_TEXT}".encode(), "content_type": "application/json"}
                bodies = (*({"json": sent} for sent in SENT), {"data": form}, garbled)
            for sent in some_of(bodies, turn) if stranger or name == "borrower" else bodies[:1]:
                if method == "DELETE" and name == "borrower":
                    continue
                answer = client.open(path, method=method, headers=headers, query_string={"q": ASKED}, **sent)
                down = path.startswith("/console/sign-on") and answer.status_code == 503
                assert answer.status_code < 500 or down, (method, path, name, answer.get_data(as_text=True)[:500])
                if answer.status_code != 201:  # the draft of whoever sent it
                    look_at(search, f"{name} {method} {path}", answer, stranger=stranger)
                calls += 1
    return calls


def test_no_output_holds_a_trace_of_anybody(
    world: HouseWorld, spans: InMemorySpanExporter, monkeypatch: pytest.MonkeyPatch
) -> None:
    """K2: logs, problems, traces, metrics, addresses, the audit log, jobs, events and commands are read by others."""
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # the stand-ins' own
    search = Search()
    settings = world.house.runtime.settings
    provider = SignOnSettings(
        "https://127.0.0.1:9", "borgen", Secret("s"), None, "preferred_username", "roles", {}, True
    )
    told = replace(
        settings, metrics_token=Secret("metrics"), staff=replace(settings.staff, sign_on=provider)
    )  # a provider that is down
    world.app = create_app(replace(world.house, runtime=replace(world.house.runtime, settings=told)))
    with log_lines("DEBUG") as lines:
        loan = apply(world, BODY)
        assert decide(world, loan)["outcome"] == "approved"
        sign_all(world, loan)
        world.work()
        search.also = bureaus_said(world)
        assert search.also
        calls = call_everything(world, loan, search)
        world.work()
        for ask in (person.export, person.erase):
            ask(world.runtime, BERTIL, Caller("staff:1", role=Role.ADMINISTRATOR))
        erasure.erase_due(world.runtime, on=world.runtime.clock.now().date(), at=world.runtime.clock.now())
        logging.getLogger("any.library").error("not valid: %s %s", ANNA.formatted, marked(APPLICANT)["email"])
    assert calls > 700
    for line in lines.getvalue().splitlines():
        search.look("log", line)
    for span in spans.get_finished_spans():
        search.look(f"span {span.name}", span.to_json())
    assert spans.get_finished_spans()
    metrics = Api(world.app, "metrics").send("GET", "/metrics", {}).get_data(as_text=True)
    assert "borgen_" in metrics
    search.look("metrics", metrics)
    with world.runtime.database.transaction() as session:
        for query in EVERY_ROW:
            for row in session.execute(sa.text(query)):
                search.look(query.rpartition(" ")[2], " ".join(str(each) for each in row))
    assert search.found == [], "\n".join(search.found)


def test_no_call_of_the_service_is_forgotten(world: HouseWorld) -> None:
    """Whatever is added to the table of who may do what is walked through by the test above."""
    loan = Loan({}, str(uuid.uuid4()), world.anyone(), agreement_id=str(uuid.uuid4()))
    walked = set()
    adapter = world.app.url_map.bind("localhost")
    for method, path in addresses_of(world, loan):
        with contextlib.suppress(NotFound):
            walked.add(adapter.match(path, method=method)[0])
    assert set(permissions.TABLE) - {"static"} == walked


def test_commands_that_fail_repeat_nothing_that_they_were_given(monkeypatch: pytest.MonkeyPatch) -> None:
    from underwriting.cli import main

    search, runner = Search(), CliRunner()
    for command in (
        ["person", "export", "--personal-number", ANNA.formatted],
        ["person", "erase", "--yes", "--personal-number", ANNA.formatted],
        [
            "user",
            "add",
            "anna",
            "--role",
            "underwriter",
            "--personal-number",
            ANNA.formatted,
            "--password",
            "zebramark",
        ],
    ):
        monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@127.0.0.1:1/nothing")
        done = runner.invoke(main, command)
        assert done.exit_code != 0
        search.look(" ".join(command[:2]), done.output)
    assert search.found == []


def test_the_search_finds_what_it_is_to_find() -> None:
    search = Search(also=("Storgatan 1",))
    for text in (ANNA.digits[2:], ANNA.formatted, "ring 070-987 65 43", "YXMARK", "Storgatan 1", "zebulon.qvistmark@x"):
        search.look("here", text)
    assert len(search.found) == 6
