"""What `borgen up` puts into the sandbox, where no service answers: the log-ins are there all the same."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from agreements.signing.sandbox.people import DEMO_PEOPLE, Person
from bureau_clients.sandbox.numbers import magic_number
from tests.support.sanctions import SAMPLE, loaded
from underwriting import demo_data
from underwriting.due_diligence.models import SanctionsList
from underwriting.due_diligence.rules import STRONG_FROM, EntryKind, Party
from underwriting.due_diligence.services.hold_index import index_of
from underwriting.due_diligence.services.load_list import list_in_force
from underwriting.kernel.identifiers import PersonalNumber, parse_personal_number
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


def test_the_sandbox_gets_a_list_that_names_one_of_its_people_and_keeps_one_that_is_there(alone: Runtime) -> None:
    """X1, D16: so that there is a match to work on; whoever has loaded a list of their own keeps it."""
    demo_data.load(alone)
    demo_data.load(alone)
    with alone.database.transaction() as session:
        (current,) = session.scalars(sa.select(SanctionsList)).all()
        index = index_of(session, current.id)
    found = {person.name: index.find(party_of(person)) for person in DEMO_PEOPLE}
    assert {name: [hit.score >= STRONG_FROM for hit in hits] for name, hits in found.items() if hits} == {
        "Sara Wallin": [True]
    }


def test_a_list_of_the_users_own_stays_in_force(alone: Runtime) -> None:
    """K1: even where it is older than the one that is shipped."""
    own = loaded(alone, SAMPLE.replace(b"2026-02-20T12", b"2001-02-20T12"))
    demo_data.load(alone)
    with alone.database.transaction() as session:
        current = list_in_force(session)
        assert current is not None
        assert current.id == own.id


def party_of(person: Person) -> Party:
    number = PersonalNumber(person.personal_number)
    return Party(kind=EntryKind.PERSON, role="guarantor", number=number.digits, name=person.name, born=number.born_on)
