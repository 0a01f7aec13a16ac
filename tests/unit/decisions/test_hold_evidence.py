"""What bureaus answered is erased when nothing holds on to it (rule K2): applications and agreements that do."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from agreements.credit.models import Agreement
from bureau_clients.retention import Erased
from tests.support.lending import LendingWorld
from underwriting.applications.models import Application
from underwriting.decisions.jobs import daily_jobs
from underwriting.decisions.services import list_doubts
from underwriting.kernel.periods import stockholm_instant
from underwriting.kernel.vocabulary import AgreementState, ApplicationState
from underwriting.platform.progress import unheard

DUE = date(2028, 3, 2)  # both reports were received on 2 March 2026: Anna's is due after one year, the AB's after two
ENDED_ON = date(2028, 1, 10)


@pytest.fixture
def assessed(world: LendingWorld) -> LendingWorld:
    """A world with one approved application, whose agreement waits for its signatures."""
    world.submitted()
    assert world.decisions.assess_due() == 1
    return world


def change(world: LendingWorld, row: type[Any], **values: Any) -> None:
    with world.runtime.database.transaction() as session:
        session.execute(sa.update(row).values(**values))


def erased(world: LendingWorld, on: date = DUE) -> int:
    return world.decisions.erase_reports(on).erased


def end(world: LendingWorld, state: AgreementState, ended_at: datetime | None) -> None:
    change(world, Agreement, state=str(state), ended_at=ended_at)


@pytest.mark.parametrize("state", [AgreementState.SIGNING, AgreementState.RUNNING])
def test_an_agreement_that_lives_holds_on_to_its_reports(assessed: LendingWorld, state: AgreementState) -> None:
    """K2: those on the company and on the guarantor."""
    end(assessed, state, None)
    assert assessed.decisions.erase_reports(DUE) == Erased(erased=0, held=2)


@pytest.mark.parametrize(("on", "count"), [(date(2033, 1, 10), 0), (date(2033, 1, 11), 2)])
def test_an_agreement_that_has_ended_holds_on_for_five_years(assessed: LendingWorld, on: date, count: int) -> None:
    """K2, law 2017:630 5:3: ended in the night of 10 January 2028 in Stockholm, which is the 9th in UTC."""
    end(assessed, AgreementState.SETTLED, stockholm_instant(ENDED_ON) + timedelta(minutes=30))
    assert erased(assessed, on) == count


@pytest.mark.parametrize("state", [AgreementState.LAPSED, AgreementState.ANNULLED])
def test_an_agreement_that_came_to_nothing_holds_nothing(assessed: LendingWorld, state: AgreementState) -> None:
    """K2: no relation began."""
    end(assessed, state, stockholm_instant(ENDED_ON))
    assert erased(assessed) == 2


@pytest.mark.parametrize(
    ("state", "count"),
    [
        (ApplicationState.ASSESSING, 0),
        (ApplicationState.REFERRED, 0),
        (ApplicationState.INFORMATION_REQUESTED, 0),
        (ApplicationState.COUNTER_OFFER, 0),
        (ApplicationState.DECLINED, 2),
        (ApplicationState.LAPSED, 2),
    ],
)
def test_an_application_holds_on_until_it_is_settled(
    assessed: LendingWorld, state: ApplicationState, count: int
) -> None:
    """K2: one that led to nothing lets go."""
    with assessed.runtime.database.transaction() as session:
        session.execute(sa.text("DELETE FROM guarantee"))
        session.execute(sa.delete(Agreement))
    change(assessed, Application, state=str(state))
    assert erased(assessed) == count


def test_the_nights_job_says_how_much_it_erased(assessed: LendingWorld) -> None:
    """K2: the person's report alone is due after a year."""
    end(assessed, AgreementState.LAPSED, stockholm_instant(ENDED_ON))
    (job,) = (job for job in daily_jobs(assessed.decisions) if job.name == "erase-reports")
    assert job.run(date(2027, 3, 1), unheard) == {"erased": 0, "held": 0}
    assert job.run(date(2027, 3, 2), unheard) == {"erased": 1, "held": 0}
    assert job.run(DUE, unheard) == {"erased": 1, "held": 0}


@pytest.mark.parametrize(
    ("state", "waits"),
    [(ApplicationState.ASSESSING, True), (ApplicationState.REFERRED, True), (ApplicationState.LAPSED, False)],
)
def test_a_question_waits_for_a_person_as_long_as_its_application_is_not_settled(
    world: LendingWorld, state: ApplicationState, waits: bool
) -> None:
    """B4: the bureau keeps silent about the guarantor; once the application has lapsed there is nothing to decide."""
    silent = {"personal_number": "197707052382", "name": "Namn", "email": "n@example.se", "phone": "+46701234567"}
    body = world.body(signatory_personal_number=silent["personal_number"], guarantors=[silent])
    application_id = world.submitted(body)
    world.decisions.assess_due()
    change(world, Application, state=str(state))
    with world.runtime.database.transaction() as session:
        doubts = list_doubts.waiting(session, at=world.wall.now())
    assert [doubt.application_id for doubt in doubts] == ([application_id] if waits else [])
