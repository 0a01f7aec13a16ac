"""The commands `borgen bureaus`, run as an operator runs them, on a database of the test's own."""

import json
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from bureau_clients import evidence
from bureau_clients.evidence import Kept
from bureau_clients.facts import Known, Unknown
from bureau_clients.questions import CopyNotice, Outcome, QuestionKind, Subject, SubjectRole
from bureau_clients.reports import CompanyReport, PersonReport, Received, Report, fact_types
from tests.support.environment import complete_environment
from underwriting.cli import main
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import CompanyForm, Role
from underwriting.platform import audit_log
from underwriting.platform.models import AuditEntry, LoginSession
from underwriting.platform.runtime import Runtime
from underwriting.platform.staff_accounts import ATTEMPTS_BEFORE_LOCK, add_staff

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AB, PERSON = OrganisationNumber("5599990008"), PersonalNumber("197701072394")
PASSWORD = "a long password"
Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(committed_runtime: Runtime, tmp_path: Path) -> Run:
    """Runs `borgen bureaus …` in the environment of the service: the exit code, and what stands on standard output.

    After an error it is what stands on both outputs.
    """
    environment = complete_environment(tmp_path, database_url=committed_runtime.settings.database_url.reveal())

    def command(*arguments: str, stdin: str = "", **more: str) -> tuple[int, str]:
        done = CliRunner().invoke(main, ("bureaus", *arguments), input=stdin, env={**environment, **more})
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.stdout if done.exit_code == 0 else done.output

    return command


@pytest.fixture
def staff(committed_runtime: Runtime) -> None:
    """One member of staff of each role, named by it."""
    with committed_runtime.database.transaction() as session:
        for role in Role:
            add_staff(session, committed_runtime, str(role), PASSWORD, role, person=None, at=AT)


def company(**facts: Any) -> CompanyReport:
    unknown = dict.fromkeys(fact_types(CompanyReport), Unknown("creditsafe", AT))
    return CompanyReport(**({"number": AB.digits, "owner": None} | unknown | facts))


def person(**facts: Any) -> PersonReport:
    unknown = dict.fromkeys(fact_types(PersonReport), Unknown("creditsafe", AT))
    return PersonReport(number=PERSON.digits, **(unknown | facts))


def keep(
    runtime: Runtime,
    report: Report | None,
    *,
    at: datetime = AT,
    application_id: uuid.UUID | None = None,
    outcome: Outcome = Outcome.REPORT,
) -> uuid.UUID:
    """Keep an answer about the company, or about the person where *report* is on one."""
    about_person = isinstance(report, PersonReport)
    subject = Subject(
        number=PERSON if about_person else AB,
        form=None if about_person else CompanyForm.AB,
        role=SubjectRole.GUARANTOR if about_person else SubjectRole.BORROWER,
        purpose="credit application",
        notice_version="1",
        confirmed_at=AT if about_person else None,
    )
    kept = Kept(
        application_id=application_id or uuid.uuid4(),
        subject=subject,
        question=QuestionKind.REPORT,
        bureau="creditsafe",
        is_fallback=False,
        reference="B123",
        asked_at=at,
        answered_at=at,
        outcome=outcome,
        failure_code=None if report else "read-timeout",
        copy_notice=CopyNotice.NONE,
        report=report,
        received=(Received("getdata", b"<answer/>"),) if report else (),
    )
    with runtime.database.transaction() as session:
        return evidence.keep(session, runtime.cipher, kept).report_id


def audited(runtime: Runtime, action: str) -> list[AuditEntry]:
    with runtime.database.transaction() as session:
        return list(session.scalars(sa.select(AuditEntry).where(AuditEntry.action == action)))


@pytest.mark.usefixtures("staff")
@pytest.mark.parametrize("number", ["5599990008", "559999-0008", "165599990008"])
def test_a_report_is_shown_to_an_underwriter(run: Run, committed_runtime: Runtime, number: str) -> None:
    keep(committed_runtime, company(f_tax=Known(True, "creditsafe", AT, "C_CREDIT")))
    code, text = run("report", number, "--username", "underwriter", "--language", "en", BORGEN_PASSWORD=PASSWORD)
    assert code == 0
    assert "creditsafe/C_CREDIT" in text
    assert "F-tax" in text


@pytest.mark.usefixtures("staff")
def test_the_number_may_come_on_standard_input(run: Run, committed_runtime: Runtime) -> None:
    keep(committed_runtime, person())
    code, text = run("report", "-", "--username", "administrator", stdin="19770107-2394\n", BORGEN_PASSWORD=PASSWORD)
    assert code == 0
    assert "person" in text


@pytest.mark.usefixtures("staff")
def test_name_and_password_are_asked_for_when_they_are_not_given(run: Run, committed_runtime: Runtime) -> None:
    keep(committed_runtime, company())
    code, text = run("report", AB.digits, "--json", stdin=f"underwriter\n{PASSWORD}\n")
    assert code == 0
    assert json.loads(text)["bureau"] == "creditsafe"  # what is asked stands on standard error


@pytest.mark.usefixtures("staff")
def test_a_report_is_printed_as_json_with_its_question(run: Run, committed_runtime: Runtime) -> None:
    report_id = keep(committed_runtime, company(credit_limit=Known(Money(5_000_000), "creditsafe", AT)))
    code, text = run("report", AB.digits, "--username", "underwriter", "--json", BORGEN_PASSWORD=PASSWORD)
    value = json.loads(text)
    assert code == 0
    assert (value["id"], value["outcome"], value["copy_notice"]) == (str(report_id), "report", "none")
    assert value["report"]["credit_limit"]["known"] == "50000.00"
    assert len(value["sha256s"]) == 1


@pytest.mark.usefixtures("staff")
def test_the_newest_report_is_shown_or_that_of_the_application_named(run: Run, committed_runtime: Runtime) -> None:
    application = uuid.uuid4()
    old = keep(committed_runtime, company(), at=AT, application_id=application)
    new = keep(committed_runtime, company(), at=AT + timedelta(days=1))
    keep(committed_runtime, None, at=AT + timedelta(days=2), outcome=Outcome.UNAVAILABLE)
    as_underwriter = ("--username", "underwriter", "--json")
    _, newest = run("report", AB.digits, *as_underwriter, BORGEN_PASSWORD=PASSWORD)
    _, named = run("report", AB.digits, "--application", str(application), *as_underwriter, BORGEN_PASSWORD=PASSWORD)
    assert json.loads(newest)["id"] == str(new)
    assert json.loads(named)["id"] == str(old)


@pytest.mark.usefixtures("staff")
def test_who_read_a_report_is_noted_by_its_id_and_never_by_the_number(run: Run, committed_runtime: Runtime) -> None:
    """S3: the audit log says who saw what, without personal data."""
    report_id = keep(committed_runtime, person())
    run("report", PERSON.digits, "--username", "underwriter", BORGEN_PASSWORD=PASSWORD)
    (entry,) = audited(committed_runtime, "read")
    assert entry.subject == f"credit_report:{report_id}"
    assert entry.actor.startswith("staff:")
    assert PERSON.digits[2:] not in f"{entry.subject} {entry.actor} {entry.data}"
    with committed_runtime.database.transaction() as session:
        assert audit_log.first_broken_link(session, entry.subject) is None


@pytest.mark.usefixtures("staff")
def test_the_log_in_ends_with_the_command(run: Run, committed_runtime: Runtime) -> None:
    keep(committed_runtime, company())
    run("report", AB.digits, "--username", "underwriter", BORGEN_PASSWORD=PASSWORD)
    with committed_runtime.database.transaction() as session:
        (login,) = session.scalars(sa.select(LoginSession))
        assert login.ended_at is not None


@pytest.mark.usefixtures("staff")
def test_other_roles_see_no_report(run: Run, committed_runtime: Runtime) -> None:
    keep(committed_runtime, company())
    code, text = run("report", AB.digits, "--username", "billing", BORGEN_PASSWORD=PASSWORD)
    assert (code, text) == (1, "Error: Your role does not permit this\n")
    assert audited(committed_runtime, "read") == []


@pytest.mark.usefixtures("staff")
def test_wrong_passwords_lock_the_account_here_as_everywhere(run: Run, committed_runtime: Runtime) -> None:
    keep(committed_runtime, company())
    for _ in range(ATTEMPTS_BEFORE_LOCK):
        code, text = run("report", AB.digits, "--username", "underwriter", BORGEN_PASSWORD="wrong")
        assert code == 1
        assert "Wrong username or password" in text
    code, _ = run("report", AB.digits, "--username", "underwriter", BORGEN_PASSWORD=PASSWORD)
    assert code == 1
    assert audited(committed_runtime, "read") == []


@pytest.mark.usefixtures("staff")
@pytest.mark.parametrize(
    ("number", "said"),
    [
        ("5599990024", "Nothing is kept about that number"),
        ("559999-0009", "check digit"),
        ("hej", "12 digits"),
    ],
)
def test_a_number_that_tells_nothing_is_said_without_being_repeated(run: Run, number: str, said: str) -> None:
    code, text = run("report", number, "--username", "underwriter", BORGEN_PASSWORD=PASSWORD)
    assert code == 1
    assert said in text
    assert number not in text


def test_reports_bought_are_noted_and_counted(run: Run, committed_runtime: Runtime) -> None:
    assert run("buy", "creditsafe", "500") == (0, "500 reports are left at creditsafe.\n")
    keep(committed_runtime, company(), at=committed_runtime.wall.now())
    code, text = run("buy", "creditsafe", "100", "--json")
    assert (code, json.loads(text)) == (0, {"bureau": "creditsafe", "bought": 100, "left": 599})
    noted = audited(committed_runtime, "bureau.bought")
    assert [(entry.subject, entry.actor) for entry in noted] == [("bureau:creditsafe", "operator")] * 2


@pytest.mark.parametrize("arguments", [("uc", "5"), ("creditsafe", "0"), ("creditsafe", "-1"), ("creditsafe", "many")])
def test_what_cannot_be_bought_is_refused(run: Run, arguments: tuple[str, str]) -> None:
    code, _ = run("buy", "--", *arguments)
    assert code == 2


def test_nothing_in_doubt_is_said_so(run: Run) -> None:
    assert run("doubts") == (0, "Nothing waits for a person.\n")
    assert run("doubts", "--json") == (0, '{"doubts": []}\n')


def test_nothing_kept_is_nothing_to_replay(run: Run) -> None:
    assert run("replay") == (0, "0 of 0 kept answers read differently today.\n")
    assert run("replay", "--since", "2026-03-01", "--json") == (0, '{"read": 0, "changed": []}\n')


def test_a_bureau_that_does_not_answer_is_told_with_exit_code_1(run: Run) -> None:
    code, text = run("check")
    assert code == 1
    assert text.startswith("creditsafe\n")
    assert "  NO  " in text
    code, as_json = run("check", "--json")
    value = json.loads(as_json)
    assert (code, value["holds"]) == (1, False)
    (bureau,) = value["bureaus"]
    assert (bureau["bureau"], bureau["breaker"]["state"], bureau["day_budget"]) == ("creditsafe", "closed", None)
