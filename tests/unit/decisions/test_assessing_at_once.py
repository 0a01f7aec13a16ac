"""The worker's assessment with several threads: a bureau that is silent about one holds no other (rules B2, B8)."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from bureau_clients.reports import Answer
from tests.support.bureau import Exchangeable
from tests.support.lending import LendingWorld
from tests.support.processes import wait_until
from underwriting.applications.models import Application
from underwriting.decisions.jobs import continuous_jobs
from underwriting.kernel.identifiers import OrganisationNumber, PersonalNumber
from underwriting.kernel.vocabulary import ApplicationState, CompanyForm
from underwriting.platform import scheduler
from underwriting.platform.scheduler import Jobs

SILENT = "5599990016"


@dataclass
class SilentAboutOne(Exchangeable):
    """A bureau that answers about one company only when it is let."""

    asked_about_it: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def company(
        self, number: OrganisationNumber | PersonalNumber, *, form: CompanyForm, reference: str, at: datetime
    ) -> Answer:
        if number.digits == SILENT:
            self.asked_about_it.set()
            self.go_on.wait(30)
        return super().company(number, form=form, reference=reference, at=at)


@contextmanager
def worker(world: LendingWorld) -> Iterator[None]:
    """A worker's assessment, ticking fast."""
    (assess,) = (job for job in continuous_jobs(world.decisions) if job.name == "assess-applications")
    ticking = scheduler.start(Jobs(world.runtime, continuous=(replace(assess, every_seconds=0.05),), periodic=()))
    try:
        yield
    finally:
        ticking.shutdown(wait=True)


def test_the_next_application_is_decided_while_a_bureau_is_silent_about_the_one_before(
    committed_world: LendingWorld, bureau: Exchangeable
) -> None:
    """B8: both are decided in the end, each once."""
    world, silent = committed_world, SilentAboutOne(bureau.behind)
    bureau.behind = silent

    def is_approved(application_id: object) -> bool:
        with world.runtime.database.transaction() as session:
            row = session.get_one(Application, application_id, populate_existing=True)
            return row.state == ApplicationState.APPROVED

    first = world.submitted(world.body(organisation_number=f"{SILENT[:6]}-{SILENT[6:]}"))
    second = world.submitted()
    with worker(world):
        try:
            assert silent.asked_about_it.wait(20)
            assert wait_until(lambda: is_approved(second))
            assert not is_approved(first)
        finally:
            silent.go_on.set()
        assert wait_until(lambda: is_approved(first))
    assert silent.asked.count(SILENT) == 1
