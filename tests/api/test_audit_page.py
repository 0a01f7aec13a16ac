"""The auditor's pages: what was done and who was shown what, by matter, by whom and by day; chains; exports."""

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests.support.beginnings import granted
from tests.support.house import Api, HouseWorld
from tests.support.journey import Loan
from underwriting import audit_cli
from underwriting.audit.search import Asked, search
from underwriting.cli import main
from underwriting.kernel.vocabulary import CompanyForm, Role
from underwriting.platform import audit_log, audit_seal
from underwriting.platform.authentication import SESSION_COOKIE
from underwriting.platform.models import AuditEntry
from underwriting.platform.seal_key import SealKey


@pytest.fixture
def loan(world: HouseWorld) -> Loan:
    return granted(world, CompanyForm.EF)


def page(reader: Api, path: str = "/console/audit", language: str = "en", **asked: str) -> TestResponse:
    client = reader.app.test_client()
    client.set_cookie(SESSION_COOKIE, reader.token or "")
    return client.get(path, query_string=asked or None, headers={"Accept": "text/html", "Accept-Language": language})


def chains_in(text: str) -> set[str]:
    return set(re.findall(r'<a class="nowrap" href="[^"]+" title="([^"]+)">', text))


def test_auditors_and_administrators_read_it(world: HouseWorld) -> None:
    for role in Role:
        allowed = role in (Role.AUDITOR, Role.ADMINISTRATOR)
        assert page(world.staff(role)).status_code == (200 if allowed else 403), role


def test_a_matter_is_found_by_each_of_its_names_with_all_its_chains(world: HouseWorld, loan: Loan) -> None:
    """S3: the application, its agreement, what was signed and the reports."""
    auditor = world.staff(Role.AUDITOR)
    with world.runtime.database.transaction() as session:
        reference = session.scalar(sa.text("SELECT reference FROM application"))
        number = session.scalar(sa.text("SELECT number FROM agreement"))
    page(auditor, f"/console/applications/{loan.application_id}")  # leaves entries on the reports' chains
    for name in (loan.application_id, loan.agreement_id, str(reference), str(reference).lower(), str(number)):
        found = chains_in(page(auditor, about=name).text)
        assert {f"application:{loan.application_id}", f"agreement:{loan.agreement_id}"} < found
        assert {chain.partition(":")[0] for chain in found} == {"application", "agreement", "signing", "credit_report"}
    assert chains_in(page(auditor, about=f"agreement:{loan.agreement_id}").text) == {f"agreement:{loan.agreement_id}"}


def test_who_was_shown_what_is_found_by_username_and_by_day(world: HouseWorld, loan: Loan) -> None:
    """S3: with the kinds of data in words."""
    underwriter = world.staff(Role.UNDERWRITER, username="ulla")
    page(underwriter, f"/console/applications/{loan.application_id}")
    auditor = world.staff(Role.AUDITOR)
    told = page(auditor, who="ulla", about=loan.application_id, on="2026-03-02")
    assert "Personal data shown" in told.text
    assert "names and addresses" in told.text
    assert "console.cases.case" in told.text
    assert loan.application_id in told.text
    assert "Personuppgifter visade" in page(auditor, language="sv", who="ulla").text
    assert chains_in(page(auditor, who="ulla", on="2026-03-01").text) == set()
    assert "Agreement made" in page(auditor, who="system").text


UNKNOWN = (
    ({"about": "B7K2-NONE"}, "No application, agreement or chain has that name"),
    ({"about": "9" * 30}, "No application, agreement or chain has that name"),
    ({"about": "a\x00b"}, "No application, agreement or chain has that name"),
    ({"who": "nobody"}, "No member of staff and no client has that name"),
    ({"who": "staff:1"}, "No member of staff and no client has that name"),
    ({"on": "2 March"}, "Write the day as 2026-03-02"),
    ({"on": "9999-12-31"}, "Write the day as 2026-03-02"),
)
CURSORS = ("x", "1.2", "99999999999999999.1.a", "1.999999999999999999.a", "-1.1.a")


def test_what_is_not_there_is_said_beside_its_field_and_a_wrong_cursor_harms_nothing(world: HouseWorld) -> None:
    auditor = world.staff(Role.AUDITOR)
    for asked, told in UNKNOWN:
        answer = page(auditor, **asked)
        assert (answer.status_code, told in answer.text) == (422, True), asked
    for cursor in CURSORS:
        assert page(auditor, cursor=cursor).status_code == 200, cursor


def test_pages_follow_one_another_without_gap_or_repetition(world: HouseWorld) -> None:
    auditor = world.staff(Role.AUDITOR)
    with world.runtime.database.transaction() as session:
        for place in range(120):
            at = world.clock.now() + timedelta(microseconds=place // 40)  # many at the same instant
            audit_log.append(session, f"thing:{place % 7}", f"thing.{place}", actor="tester", at=at)
    seen: list[str] = []
    path = "/console/audit?who=tester"
    while path:
        text = page(auditor, path).text
        seen += re.findall(r"<td>(thing\.\d+)</td>", text)
        more = re.search(r'<a href="(\?[^"]+)">Show more</a>', text)
        path = "/console/audit" + more[1].replace("&amp;", "&") if more else ""
    assert sorted(seen) == sorted(f"thing.{place}" for place in range(120))


def test_a_chain_is_shown_with_its_links_and_the_seals_that_cover_it(world: HouseWorld, loan: Loan) -> None:
    """S3: a link that does not hold is said."""
    auditor, chain = world.staff(Role.AUDITOR), f"agreement:{loan.agreement_id}"
    audit_seal.seal(world.runtime, date(2026, 3, 9))
    with world.runtime.database.transaction() as session:
        audit_log.append(session, chain, "agreement.signed", actor="system", at=world.clock.now())
    text = page(auditor, "/console/audit/chain", of=chain).text
    assert f'href="/console/agreements/{loan.agreement_id}"' in text
    assert "not sealed yet" in text
    assert re.search(r"seal \d", text)
    assert "does not hold" not in text
    with world.runtime.database.transaction() as session:
        session.execute(sa.text("SET LOCAL ROLE NONE"))
        session.execute(
            sa.update(AuditEntry).where(AuditEntry.subject == chain, AuditEntry.sequence == 1).values(actor="x")
        )
    assert "A link of the chain does not hold" in page(auditor, "/console/audit/chain", of=chain).text
    assert page(auditor, "/console/audit/chain", of="agreement:none").status_code == 404
    assert page(auditor, "/console/audit/chain", of=chain, after="9" * 40).status_code == 200


def test_a_matter_is_exported_and_checked_and_the_page_tells_the_last_verification(
    world: HouseWorld, loan: Loan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3: by the commands, with nothing of anybody's data in the file."""
    auditor, file = world.staff(Role.AUDITOR), tmp_path / "export.jsonl"
    page(auditor, f"/console/applications/{loan.application_id}")
    assert "Never" in page(auditor).text
    audit_seal.seal(world.runtime, date(2026, 3, 9))
    monkeypatch.setattr(audit_cli, "runtime_here", lambda: world.runtime)
    for name in (loan.application_id, loan.agreement_id):
        done = CliRunner().invoke(main, ["audit", "export", name, "--output", str(file)])
        assert done.exit_code == 0, done.output
        assert f"agreement:{loan.agreement_id}" in file.read_text()
        assert f'"application:{loan.application_id}"' in file.read_text()
    public = SealKey(world.runtime.settings.seal_key.reveal()).public.hex()
    checked = CliRunner().invoke(main, ["verify", "export", str(file), "--public-key", public])
    assert (checked.exit_code, "nothing was changed" in checked.output) == (0, True), checked.output
    nothing = CliRunner().invoke(main, ["audit", "export", "B7K2-NONE"])
    assert nothing.exit_code == 1
    assert "No application, agreement or chain has that name" in nothing.output
    verified = CliRunner().invoke(main, ["verify", "audit"])
    assert verified.exit_code == 0, verified.output
    text = page(auditor).text
    assert "no faults" in text
    assert public in text


def test_every_search_goes_by_an_index(world: HouseWorld) -> None:
    """A page of a log of millions is as fast as one of a few: no search reads the whole table."""
    with world.runtime.database.transaction() as session:
        for way in ("seqscan", "bitmapscan"):  # good ways to read the few rows that are here
            session.execute(sa.text(f"SET LOCAL enable_{way} = off"))
        day = date(2026, 3, 2)
        for asked in (Asked(), Asked(on=day), Asked(actors=["system"]), Asked(actors=["system"], on=day)):
            plan = plan_of(session, asked)
            assert "Index Scan Backward using ix_audit_entry_" in plan, plan
            assert "Sort" not in plan, plan


def plan_of(session: Session, asked: Asked) -> str:
    """How the server finds a page that is not the first."""
    sent: list[tuple[str, Any]] = []

    def watch(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        sent.append((statement, parameters))

    sa.event.listen(session.connection(), "before_cursor_execute", watch)
    search(session, asked, cursor="1772442000000000.1.a", count=50)
    sa.event.remove(session.connection(), "before_cursor_execute", watch)
    ((statement, parameters),) = sent
    rows = session.connection().exec_driver_sql(f"EXPLAIN {statement}", parameters)
    return "\n".join(str(row[0]) for row in rows)
