"""What `borgen up` puts into the sandbox, where no service answers: the log-ins are there all the same."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from bureau_clients.sandbox.numbers import magic_number
from underwriting import demo_data
from underwriting.kernel.identifiers import parse_personal_number
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.vocabulary import Role
from underwriting.platform.models import StaffUser
from underwriting.platform.runtime import Runtime
from underwriting.platform.staff_accounts import log_in_staff

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def alone(runtime: Runtime) -> Runtime:
    """A sandbox whose service does not answer."""
    return replace(runtime, settings=replace(runtime.settings, base_url=NOWHERE))


def test_known_passwords_are_for_the_sandbox_only(alone: Runtime) -> None:
    """X1: outside the sandbox nothing is added."""
    outside = replace(alone, settings=replace(alone.settings, sandbox=False))
    with pytest.raises(demo_data.DemoDataForbidden):
        demo_data.load(outside)
    with outside.database.transaction() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(StaffUser)) == 0


def test_everyone_who_is_named_can_log_in_and_a_second_start_adds_nobody(alone: Runtime) -> None:
    first = demo_data.load(alone)
    assert demo_data.load(alone) == first
    staff = [row for row in first if "password" in row]
    assert {row["who"] for row in staff} == set(Role)
    assert len(staff) == len(Role) + 1  # two underwriters, so that one can approve what the other did
    assert all(log_in_staff(alone, row["username"], row["password"]) for row in staff)


def test_the_numbers_to_try_are_ones_that_the_stand_ins_know(alone: Runtime) -> None:
    """X1: persons with a valid test identity, companies with a documented answer."""
    rows = demo_data.load(alone)
    today = stockholm_date(alone.clock.now())
    people = [row["number"] for row in rows if row["who"] == "BankID"]
    companies = [row["number"].replace("-", "") for row in rows if row["who"] == "company"]
    assert len({parse_personal_number(number, on=today) for number in people}) == len(people) >= 3
    assert all(magic_number(number) for number in companies)
    assert len(companies) == len(demo_data.TO_TRY)
