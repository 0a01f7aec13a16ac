"""The figures of the operator's dashboard, over rows that the services wrote."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import update

from tests.support.bureau import Exchangeable
from tests.support.lending import LendingWorld
from underwriting.applications.models import Application
from underwriting.business_metrics import figures_of
from underwriting.kernel.clock import FixedClock
from underwriting.kernel.vocabulary import ApplicationState
from underwriting.platform.heartbeats import Heartbeat
from underwriting.platform.job_models import JobRun
from underwriting.platform.message_models import Delivery, Event
from underwriting.platform.metrics import Figure
from underwriting.platform.runtime import Runtime


def figures(runtime: Runtime) -> dict[str, Figure]:
    with runtime.database.transaction() as session:
        return {figure.name: figure for figure in figures_of(runtime)(session)}


def test_an_empty_house_has_every_figure_and_nothing_in_it(runtime: Runtime) -> None:
    found = figures(runtime)
    assert {"borgen_applications", "borgen_decisions", "borgen_agreements", "borgen_bureau_questions"} <= set(found)
    assert set(found["borgen_application_oldest_seconds"].samples.values()) == {0}


def test_an_approved_application_is_counted_where_it_stands(world: LendingWorld, bureau: Exchangeable) -> None:
    world.submitted()
    assert world.decisions.assess_due() == 1
    found = figures(world.runtime)
    assert found["borgen_applications"].samples == {("approved",): 1}
    assert found["borgen_decisions"].samples == {("approved", "policy"): 1}
    assert found["borgen_agreements"].samples == {("signing",): 1}
    assert found["borgen_bureau_questions"].samples == {("creditsafe", "report", "report"): len(bureau.asked)}
    took = found["borgen_bureau_milliseconds"].samples
    assert 0 < took["creditsafe", "0.5"] <= took["creditsafe", "0.95"] <= took["creditsafe", "0.99"]


def test_the_queue_is_as_old_as_its_oldest_application(world: LendingWorld) -> None:
    application_id = world.submitted()
    with world.runtime.database.transaction() as session:
        since = world.runtime.clock.now() - timedelta(hours=3)
        held = update(Application).where(Application.id == application_id)
        session.execute(held.values(state=str(ApplicationState.REFERRED), submitted_at=since))
    ages = figures(world.runtime)["borgen_application_oldest_seconds"].samples
    assert ages == {("referred",): 3 * 3600, ("assessing",): 0, ("information_requested",): 0}


def test_workers_are_counted_by_their_signs_of_life(runtime: Runtime) -> None:
    assert figures(runtime)["borgen_workers"].samples == {(): 0}
    assert figures(runtime)["borgen_worker_age_seconds"].samples == {}
    wall = FixedClock(runtime.wall.now())
    runtime = replace(runtime, wall=wall)
    Heartbeat(runtime).beat()
    wall.move_to(wall.now() + timedelta(seconds=45))
    Heartbeat(runtime).beat()
    wall.move_to(wall.now() + timedelta(seconds=30))  # the first was seen 75 seconds ago
    found = figures(runtime)
    assert found["borgen_workers"].samples == {(): 1}
    assert found["borgen_worker_age_seconds"].samples == {(): 30}


def test_messages_are_counted_until_they_are_delivered(runtime: Runtime) -> None:
    now = runtime.wall.now()
    wall = FixedClock(now)
    with runtime.database.transaction() as session:
        for state, minutes in (("waiting", 5), ("waiting", 2), ("dead", 90), ("delivered", 60), ("dropped", 60)):
            at = now - timedelta(minutes=minutes)
            settled = None if state == "waiting" else now
            row = Delivery(message_id=uuid4(), lane="mail x", state=state, created_at=at, due_at=at, settled_at=settled)
            session.add(row)
        session.add(Event(kind="agreement.granted", subject="agreement:1", occurred_at=now, data={}))
    found = figures(replace(runtime, wall=wall))
    assert found["borgen_deliveries"].samples == {
        ("mail", "waiting"): 2,
        ("mail", "dead"): 1,
        ("webhook", "waiting"): 0,
        ("webhook", "dead"): 0,
    }
    assert found["borgen_delivery_oldest_seconds"].samples == {("mail",): 300, ("webhook",): 0}
    assert found["borgen_events_unpublished"].samples == {(): 1}


def test_a_job_is_as_old_as_its_last_success(runtime: Runtime) -> None:
    now = runtime.wall.now()
    with runtime.database.transaction() as session:
        for period, at in (("2026-03-01", now - timedelta(days=1)), ("2026-03-02", now - timedelta(minutes=5))):
            session.add(JobRun(job="seal-audit", period=period, started_at=at, finished_at=at))
        session.add(JobRun(job="seal-audit", period="2026-03-03", started_at=now, leased_until=now))
    found = figures(runtime)
    assert 300 <= found["borgen_job_age_seconds"].samples["seal-audit",] < 330
    assert found["borgen_job_day"].samples == {("seal-audit",): 20514}  # 2026-03-02, counted from 1970-01-01
