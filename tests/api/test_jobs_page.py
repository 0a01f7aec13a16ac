"""The jobs' page, and what the rest of the console says of jobs that are late or failed."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from tests.support.house import Api, HouseWorld
from underwriting.jobs import jobs_of
from underwriting.kernel.vocabulary import Role
from underwriting.platform import job_leases
from underwriting.platform.authentication import SESSION_COOKIE
from underwriting.platform.job_models import JobRun


def page(reader: Api, path: str = "/console/jobs", language: str = "sv") -> TestResponse:
    client = reader.app.test_client()
    client.set_cookie(SESSION_COOKIE, reader.token or "")
    return client.get(path, headers={"Accept": "text/html", "Accept-Language": language})


@pytest.mark.parametrize("role", Role)
def test_administrators_and_auditors_read_it(world: HouseWorld, role: Role) -> None:
    allowed = role in (Role.ADMINISTRATOR, Role.AUDITOR)
    assert page(world.staff(role)).status_code == (200 if allowed else 403)


def test_a_run_is_shown_with_its_outcome_duration_and_what_is_next(world: HouseWorld) -> None:
    jobs_of(world.house).run_by_hand("forget-answers", None, now=world.clock.now())
    text = page(world.staff(Role.ADMINISTRATOR)).text
    assert "2026-03-02" in text
    assert "forgotten: 0" in text
    assert "klart" in text
    assert "2026-03-03\u00a003:00" in text  # the next night
    assert "2026-04-01\u00a003:00" in text  # of the monthly one


def test_a_run_under_way_is_shown_with_its_progress_and_the_page_looks_again(world: HouseWorld) -> None:
    assert job_leases.take(world.runtime, "settle_agreements", "2026-03-02") is not None
    with world.runtime.database.transaction() as session:
        session.execute(sa.update(JobRun).values(progress_done=300, progress_total=1200))
    text = page(world.staff(Role.AUDITOR), language="en").text
    assert "under way" in text
    assert "300 of 1200" in text
    assert '<meta http-equiv="refresh" content="5">' in text


def test_every_page_of_the_console_warns_until_the_job_is_done(world: HouseWorld) -> None:
    jobs = jobs_of(world.house)
    administrator = world.staff(Role.ADMINISTRATOR)
    assert jobs.watch(world.clock.now()) > 0  # nothing ran this morning
    warned = page(administrator, "/console/agreements").text
    assert "Jobbet settle_agreements för 2026-03-02 skulle ha varit klart." in warned
    assert "Visa jobben" in warned
    assert "settle_agreements" not in page(world.staff(Role.BILLING), "/console/agreements").text
    jobs.run_due(world.clock.now())
    assert "settle_agreements" not in page(administrator, "/console/agreements").text


def test_the_lenders_letter_says_which_job_and_where_to_look(world: HouseWorld) -> None:
    jobs_of(world.house).watch(world.clock.now() - timedelta(hours=4))  # 06:00: due until 05:00
    letter = next(letter for letter in world.letters() if "settle_agreements" in letter.subject)
    assert letter.recipient == world.runtime.settings.lender.email
    assert letter.subject == "Jobbet settle_agreements / The job settle_agreements"
    assert "/console/jobs" in letter.body
    assert "2026-03-02 should have been done" in letter.body
