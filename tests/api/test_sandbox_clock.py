"""`PUT /v1/sandbox/clock`: who may move test time, where to, and what is done on the way."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.support.house import HouseWorld
from underwriting.app import create_app
from underwriting.kernel.vocabulary import Role
from underwriting.platform.job_models import JobRun

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CLOCK = "/v1/sandbox/clock"


def body(at: datetime) -> dict[str, str]:
    return {"at": at.isoformat().replace("+00:00", "Z")}


def test_moving_it_runs_every_daily_job_of_every_day_on_the_way(world: HouseWorld) -> None:
    """X1: jobs that fall due between the two instants are run, day by day."""
    administrator = world.staff(Role.ADMINISTRATOR)
    answer = administrator.call("PUT", CLOCK, body(NOW + timedelta(days=3)))
    assert (answer.status_code, answer.get_json()) == (200, {"at": "2026-03-05T09:00:00Z"})
    with world.runtime.database.transaction() as session:
        sealed = session.scalars(sa.select(JobRun.period).where(JobRun.job == "seal-audit").order_by(JobRun.period))
        assert list(sealed) == ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"]


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_only_an_administrator_moves_it(world: HouseWorld, role: Role) -> None:
    """X1: an administrator's call."""
    assert world.staff(role).call("PUT", CLOCK, body(NOW)).status_code == 403
    assert world.anyone().call("PUT", CLOCK, body(NOW)).status_code == 401


def test_it_moves_forward_only_and_within_reach(world: HouseWorld) -> None:
    """X1: what has been done stays done."""
    administrator = world.staff(Role.ADMINISTRATOR)
    assert administrator.call("PUT", CLOCK, body(NOW + timedelta(hours=1))).status_code == 200
    back = administrator.call("PUT", CLOCK, body(NOW))
    assert (back.status_code, back.get_json()["rule"]) == (409, "X1")
    far = administrator.call("PUT", CLOCK, body(NOW + timedelta(days=6 * 366)))
    assert (far.status_code, far.get_json()["rule"]) == (422, "X1")


def test_outside_the_sandbox_there_is_no_such_thing(world: HouseWorld) -> None:
    """X1: the settings allow a sandbox only where every outside party is a stand-in on loopback."""
    live = replace(world.runtime, settings=replace(world.runtime.settings, sandbox=False))
    house = replace(world.house, runtime=live)
    administrator = replace(world.staff(Role.ADMINISTRATOR), app=create_app(house))
    assert administrator.call("PUT", CLOCK, body(NOW + timedelta(days=1))).status_code == 404
    assert administrator.call("GET", "/sandbox").status_code == 404
