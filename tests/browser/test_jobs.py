"""The jobs' page in a browser: read on a phone, without JavaScript, in both languages."""

from datetime import date, time

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from tests.browser.conftest import Newcomer
from tests.browser.live import Live
from tests.browser.people import log_in_staff, look_at
from underwriting.kernel.vocabulary import Role
from underwriting.platform import job_leases
from underwriting.platform.job_models import JobRun


@pytest.fixture
def a_week_of_jobs(live: Live) -> Live:
    """Five evenings have passed; one job has failed, and one is under way."""
    live.move_to(date(2026, 3, 6), time(21))
    failing = job_leases.take(live.runtime, "seal-audit", "2026-03-07")
    assert failing is not None
    failing.fail(RuntimeError())
    assert job_leases.take(live.runtime, "settle_agreements", "2026-03-07") is not None
    with live.runtime.database.transaction() as session:
        under_way = (JobRun.job == "settle_agreements", JobRun.period == "2026-03-07")
        session.execute(sa.update(JobRun).where(*under_way).values(progress_done=300, progress_total=1200))
    return live


def test_the_page_says_how_every_job_stands(a_week_of_jobs: Live, page: Page) -> None:
    a_week_of_jobs.staff("adam", Role.ADMINISTRATOR)
    log_in_staff(a_week_of_jobs, page, "adam", "/console/jobs")
    expect(page.get_by_role("row", name="charge_fees").first).to_contain_text("count: 0")
    expect(page.get_by_role("row", name="seal-audit").first).to_contain_text("misslyckat")
    expect(page.get_by_role("row", name="settle_agreements").first).to_contain_text("300 av 1200")
    expect(page.get_by_role("img", name="Hur lång tid charge_fees tog")).to_be_visible()
    look_at(page)
    page.get_by_role("link", name="In English").click()
    expect(page.get_by_role("row", name="settle_agreements").first).to_contain_text("300 of 1200")


def test_an_auditor_sees_it_without_javascript(a_week_of_jobs: Live, newcomer: Newcomer) -> None:
    page = newcomer(java_script_enabled=False)
    a_week_of_jobs.staff("ada", Role.AUDITOR)
    log_in_staff(a_week_of_jobs, page, "ada", "/console/jobs")
    expect(page.get_by_role("row", name="forget-runs").first).to_contain_text("varje månad")
