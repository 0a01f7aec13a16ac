"""The commands `borgen bureaus` against Creditsafe's stand-in: checks that hold, replays that differ, doubts."""

import json
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from werkzeug.serving import make_server

from bureau_clients.models import ReceivedAnswer
from bureau_clients.questions import Subject, SubjectRole
from bureau_clients.sandbox.creditsafe import CAS_PATH, PATH, StandIn, create_app
from bureau_clients.sandbox.creditsafe_cas import COMPANY_TEMPLATE
from tests.support.environment import complete_environment
from tests.support.serving import serving
from underwriting.cli import main
from underwriting.house import bureaus_of, gateway_of, runtime_of
from underwriting.kernel.identifiers import OrganisationNumber
from underwriting.kernel.vocabulary import CompanyForm, Role
from underwriting.platform.database import Database
from underwriting.platform.models import AuditEntry
from underwriting.platform.runtime import Runtime
from underwriting.platform.settings import Settings
from underwriting.platform.staff_accounts import add_staff

PASSWORD = "a long password"
CLEAN_AB, DIFFERENT_AB, SILENT_HB = "5599990008", "5599990016", "9699999018"
NO_F_TAX_COLUMN = {"CREDITSAFE_MAPPING": '{"company": {"f_tax": "FSKATT"}}'}
Run = Callable[..., tuple[int, str]]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """Creditsafe's stand-in, which is silent for longer than is waited."""
    stand_in = StandIn(username="borgen", password="creditsafe-password", silent_seconds=2.0)
    server = make_server("127.0.0.1", 0, create_app(stand_in), threaded=True)
    with serving(server):
        yield f"http://127.0.0.1:{server.server_port}"
    server.server_close()


@pytest.fixture
def environment(address: str, committed_database: Database, tmp_path: Path) -> Mapping[str, str]:
    """The service's environment, with Creditsafe at its stand-in."""
    agreed = {
        "CREDITSAFE_URL": address + PATH,
        "CREDITSAFE_CAS_URL": address + CAS_PATH,
        "CREDITSAFE_COMPANY_TEMPLATE": COMPANY_TEMPLATE,
        "CREDITSAFE_COMPANY_BLOCK": "BORGEN_C_CREDIT",
        "CREDITSAFE_PERSON_BLOCK": "BORGEN_P_CREDIT",
        "CREDITSAFE_PRICE_COMPANY": "39.50",
        "CREDITSAFE_DAY_BUDGET": "100",
    }
    return {**complete_environment(tmp_path, database_url=committed_database.url), **agreed}


@pytest.fixture
def runtime(environment: Mapping[str, str]) -> Iterator[Runtime]:
    """What the service itself would run on, with one underwriter."""
    made = runtime_of(Settings.from_environment(environment))
    with made.database.transaction() as session:
        add_staff(session, made, "underwriter", PASSWORD, Role.UNDERWRITER, person=None, at=made.clock.now())
    yield made
    made.database.dispose()


@pytest.fixture
def run(environment: Mapping[str, str]) -> Run:
    """Runs `borgen bureaus …`: the exit code, and what stands on standard output; after an error, on both outputs."""

    def command(*arguments: str, **more: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ("bureaus", *arguments), env={**environment, **more})
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout if done.exit_code == 0 else done.output

    return command


def ask(runtime: Runtime, digits: str) -> uuid.UUID:
    """Ask the stand-in about a company as the service does; the application that it was for."""
    application_id = uuid.uuid4()
    subject = Subject(
        number=OrganisationNumber(digits),
        form=CompanyForm.HB if digits.startswith("9") else CompanyForm.AB,
        role=SubjectRole.BORROWER,
        purpose="credit application",
        notice_version="1",
    )
    gateway_of(runtime, bureaus_of(runtime.settings)).retrieve(application_id, [subject])
    return application_id


def ask_in_vain(runtime: Runtime) -> uuid.UUID:
    """Ask about somebody who gets a copy, and wait half a second for an answer that does not come."""
    creditsafe = runtime.settings.creditsafe
    assert creditsafe is not None
    hasty = replace(runtime.settings, creditsafe=replace(creditsafe, read_timeout_seconds=0.5))
    return ask(replace(runtime, settings=hasty), SILENT_HB)


def checks_of(text: str) -> dict[str, bool]:
    (bureau,) = json.loads(text)["bureaus"]
    return {check["what"]: check["holds"] for check in bureau["checks"]}


@pytest.mark.usefixtures("runtime")
def test_a_bureau_with_the_right_account_and_template_holds(run: Run) -> None:
    code, text = run("check", "--json")
    value = json.loads(text)
    assert (code, value["holds"]) == (0, True)
    (bureau,) = value["bureaus"]
    assert all(check["holds"] for check in bureau["checks"])
    assert f"Template {COMPANY_TEMPLATE}" in checks_of(text)
    assert (bureau["breaker"]["state"], bureau["spent_today"], bureau["day_budget"]) == ("closed", "0.00", "100.00")
    code, text = run("check")
    assert code == 0
    assert "  NO  " not in text


@pytest.mark.usefixtures("runtime")
def test_a_wrong_password_and_a_strange_template_do_not_hold(run: Run) -> None:
    code, text = run("check", "--json", CREDITSAFE_PASSWORD="wrong-and-secret")
    assert code == 1
    assert checks_of(text)["CAS: user name and password"] is False
    assert "wrong-and-secret" not in text
    code, text = run("check", "--json", CREDITSAFE_COMPANY_TEMPLATE="STRANGE_C1")
    assert code == 1
    assert checks_of(text) == {**checks_of(text), "Template STRANGE_C1": False, "CAS: user name and password": True}


def test_a_bureau_that_is_left_alone_does_not_hold_although_its_checks_do(run: Run, runtime: Runtime) -> None:
    """B1: after an answer that did not come in time nobody waits for that bureau for a while."""
    ask_in_vain(runtime)
    code, text = run("check", "--json")
    (bureau,) = json.loads(text)["bureaus"]
    assert all(checks_of(text).values())
    assert (code, bureau["holds"], bureau["breaker"]["state"]) == (1, False, "open")
    assert bureau["spent_today"] == "39.50"  # in doubt, and so reserved


def test_what_was_spent_counts_against_the_day(run: Run, runtime: Runtime) -> None:
    ask(runtime, CLEAN_AB)
    _, text = run("check", CREDITSAFE_DAY_BUDGET="39.50")
    (line,) = [line for line in text.splitlines() if "Spent today" in line]
    assert " ".join(line.replace("\u00a0", "_").split()) == "NO Spent today 39,50_kr of 39,50_kr"


def test_a_doubt_is_listed_with_what_its_code_means(run: Run, runtime: Runtime) -> None:
    """B4: a question whose outcome is unknown waits for a person."""
    application_id = ask_in_vain(runtime)
    code, text = run("doubts", "--json")
    (doubt,) = json.loads(text)["doubts"]
    assert code == 0
    assert doubt["application_id"] == str(application_id)
    assert (doubt["outcome"], doubt["code"], doubt["copy_notice"]) == ("unknown", "read-timeout", "possible")
    code, text = run("doubts", "--language", "en")
    assert code == 0
    assert str(application_id) in text
    assert "read-timeout: The answer did not come in time" in text
    assert SILENT_HB not in text


def test_the_same_mapping_reads_the_same(run: Run, runtime: Runtime) -> None:
    """B6: what is kept is what was received."""
    ask(runtime, CLEAN_AB)
    assert run("replay") == (0, "0 of 1 kept answers read differently today.\n")


def test_another_mapping_is_told_by_the_names_of_facts_alone(run: Run, runtime: Runtime) -> None:
    """D7: what was decided on can be read again, and nobody is asked."""
    ask(runtime, CLEAN_AB)
    code, text = run("replay", **NO_F_TAX_COLUMN)
    lines = text.splitlines()
    assert code == 0
    assert lines[-1] == "1 of 1 kept answers read differently today."
    assert lines[1:-1] == ["  f_tax: known → unknown"]
    code, text = run("replay", "--json", **NO_F_TAX_COLUMN)
    (changed,) = json.loads(text)["changed"]
    assert (code, changed["facts"]) == (0, [{"fact": "f_tax", "before": "known", "after": "unknown"}])
    assert audited(runtime) == []


def test_values_are_shown_to_an_underwriter_and_that_is_noted(run: Run, runtime: Runtime) -> None:
    """S3: who saw what."""
    ask(runtime, CLEAN_AB)
    more = {**NO_F_TAX_COLUMN, "BORGEN_PASSWORD": PASSWORD}
    code, text = run("replay", "--values", "--username", "underwriter", "--language", "en", **more)
    assert code == 0
    assert "  f_tax: Yes → unknown" in text
    (entry,) = audited(runtime)
    assert entry.subject == f"credit_report:{text.split()[0]}"
    code, text = run("replay", "--values", "--username", "underwriter", BORGEN_PASSWORD="wrong")
    assert (code, "f_tax" in text, "Wrong username or password" in text) == (1, False, True)


def test_only_answers_since_a_day_are_read_again(run: Run, runtime: Runtime) -> None:
    ask(runtime, CLEAN_AB)
    ask(runtime, DIFFERENT_AB)
    later = (runtime.clock.now() + timedelta(days=2)).date().isoformat()
    assert json.loads(run("replay", "--since", "2026-01-01", "--json")[1])["read"] == 2
    assert json.loads(run("replay", "--since", later, "--json")[1])["read"] == 0
    assert CliRunner().invoke(main, ("bureaus", "replay", "--since", "igår")).exit_code == 2


def test_evidence_that_somebody_with_all_rights_has_changed_is_told_in_a_sentence(run: Run, runtime: Runtime) -> None:
    """B6: the hash is that of what was received."""
    ask(runtime, CLEAN_AB)
    owner = Database(runtime.settings.database_url.reveal(), as_service=False)
    with owner.transaction() as session:
        session.execute(sa.text("ALTER TABLE received_answer DISABLE TRIGGER USER"))
        session.execute(sa.update(ReceivedAnswer).values(sha256=bytes(32)))
    owner.dispose()
    code, text = run("replay")
    assert code == 1
    assert "What is kept is not what was received" in text


def audited(runtime: Runtime) -> list[Any]:
    """Who was noted to have read a report."""
    with runtime.database.transaction() as session:
        return list(session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "read")))
