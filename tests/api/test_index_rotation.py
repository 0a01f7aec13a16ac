"""The index key is rotated: everybody is found as before, nobody twice, and the erased by nobody."""

import base64
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from tests.support.beginnings import apply, decide, running
from tests.support.environment import complete_environment
from tests.support.house import HouseWorld
from tests.support.journey import BODIES
from tests.support.lending import ANNA as ANNA_NUMBER
from tests.support.lending import BERTIL as BERTIL_NUMBER
from tests.support.lending import CECILIA as CECILIA_NUMBER
from tests.support.lending import application_json
from underwriting.kernel.vocabulary import CompanyForm, Role
from underwriting.personal_data import erasure, index_rotation, index_state, person
from underwriting.personal_data.index_columns import indexed_tables
from underwriting.personal_data.index_rotation import IndexRotation, Reindexed, VersionNotNewer
from underwriting.platform.authentication import Caller
from underwriting.platform.blind_index import StoredIndexes, index_under, require_index_version
from underwriting.platform.key_settings import KeyVersionNeeded
from underwriting.platform.settings import Settings

FIRST, SECOND = b"i" * 32, b"j" * 32
ANNA, BERTIL, CECILIA = (one.digits for one in (ANNA_NUMBER, BERTIL_NUMBER, CECILIA_NUMBER))
KEYS = {1: FIRST, 2: SECOND}
ADMINISTRATOR = Caller("staff:1", role=Role.ADMINISTRATOR)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """As before a rotation: the version to come is given beside the one that counts."""
    listed = ",".join(f"{version}:{base64.b64encode(key).decode()}" for version, key in KEYS.items())
    return Settings.from_environment({**complete_environment(tmp_path), "BORGEN_INDEX_KEYS": listed})


def rotate(world: HouseWorld, session: Session) -> Reindexed:
    """A whole rotation, as the tables' owner."""
    session.execute(sa.text("SET LOCAL ROLE NONE"))
    runtime = world.runtime
    return IndexRotation(runtime.database, runtime.cipher, KEYS).run(at=runtime.clock.now())


def columns(session: Session) -> dict[str, set[int]]:
    """The versions of the indexes in every column that holds one."""
    return {name: set(by) for name, by in index_state.state(session, frozenset(KEYS)).columns.items()}


def test_everybody_is_found_by_the_new_index_and_sees_what_they_saw(world: HouseWorld) -> None:
    """K2: an HB whose two partners guarantee, paid out: every kind of row that names a person."""
    loan = running(world, CompanyForm.HB)
    seen = {email: api.get(loan.agreement) for email, api in loan.people.items()}
    agreement = loan.borrower.get(loan.agreement)
    before = person.export(world.runtime, ANNA_NUMBER, ADMINISTRATOR)
    with world.runtime.database.transaction() as session:
        assert set().union(*columns(session).values()) == {1}
        expected = set(columns(session))
        done = rotate(world, session)
        assert (done.is_whole, done.left, done.overwritten) == (True, {}, 0)
        assert columns(session) == {name: {2} for name in expected}
        assert session.execute(sa.text("SELECT count(*) FROM index_alias")).scalar_one() == 0
        signatory = session.execute(sa.text("SELECT signatory_index FROM agreement")).scalar_one()
        assert signatory == index_under(SECOND, 2, ANNA)
    assert {email: api.get(loan.agreement) for email, api in loan.people.items()} == seen
    assert loan.borrower.get(loan.agreement) == agreement
    after = person.export(world.runtime, ANNA_NUMBER, ADMINISTRATOR)
    assert after == before
    assert world.runtime.cipher.blind_index(ANNA) == index_under(SECOND, 2, ANNA)


def test_half_way_nobody_is_missed_and_nobody_gets_in_twice(world: HouseWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """A4, A8: who is changed over is found by the older index, and stands in its way."""
    apply(world, BODIES[CompanyForm.AB])
    monkeypatch.setattr(index_rotation, "_MOST_ROUNDS", 1)
    monkeypatch.setattr(index_rotation, "_ROUND_PAUSE_SECONDS", 0.0)
    with world.runtime.database.transaction() as session:
        with monkeypatch.context() as unfinished:
            unfinished.setattr(IndexRotation, "_finish", lambda _self, _at: False)
            assert not rotate(world, session).is_whole
        assert columns(session)["application.company_index"] == {2}
        assert world.runtime.cipher.blind_index(ANNA) == index_under(SECOND, 2, ANNA)
        assert world.runtime.cipher.blind_index(CECILIA) == index_under(FIRST, 1, CECILIA)  # unknown so far
        session.execute(sa.text("SET LOCAL ROLE borgen_service"))
    assert world.anyone().call("POST", "/v1/applications", BODIES[CompanyForm.AB]).status_code == 201
    running(world, CompanyForm.KB)
    with world.runtime.database.transaction() as session:
        companies = sa.text("SELECT count(*) FROM application GROUP BY company_index ORDER BY 1")
        assert session.execute(companies).scalars().all() == [1, 2]  # one index in both of the first company's
        assert 1 in columns(session)["application_guarantor.person_index"]
        assert rotate(world, session).is_whole
        assert set().union(*columns(session).values()) == {2}


def test_what_was_erased_is_of_nobody_and_what_was_left_of_it_is_overwritten(world: HouseWorld) -> None:
    """K2: documents keep the index of whom they were made for until the key is rotated."""
    loan = apply(world, application_json(expected_monthly_revenue="20000.00", expected_monthly_costs="19000.00"))
    decide(world, loan)
    at = world.runtime.clock.now()
    erasure.erase_due(world.runtime, on=at.date().replace(year=at.year + 2), at=at)
    index = index_under(FIRST, 1, ANNA)
    world.runtime.cipher.data_keys.forget()  # type: ignore[attr-defined]  # as another process
    with world.runtime.database.transaction() as session:
        made_for = sa.text("SELECT count(*) FROM document WHERE recipient_index = :index")
        assert session.execute(made_for, {"index": index}).scalar_one() > 0
        # as it was overwritten before indexes had versions
        session.execute(sa.text("UPDATE application SET company_index = sha256('anything')"))
        session.execute(sa.text("DELETE FROM login_session"))
        session.execute(sa.text("UPDATE signing SET person_index = NULL"))
        done = rotate(world, session)
        assert (done.is_whole, done.persons) == (True, 0)
        assert done.overwritten >= 2
        assert session.execute(made_for, {"index": index}).scalar_one() == 0
        assert set().union(*columns(session).values()) == {0}


def test_an_index_of_the_version_before_is_refused_as_what_may_be_tried_again(
    world: HouseWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever made it before the last step and stores it after."""
    apply(world, BODIES[CompanyForm.AB])
    monkeypatch.setattr(IndexRotation, "_clear", lambda _self: None)
    with world.runtime.database.transaction() as session:
        assert rotate(world, session).is_whole
        stale = index_under(FIRST, 1, BERTIL)
        with pytest.raises(OperationalError, match="version of the index key has changed"), session.begin_nested():
            session.execute(sa.text("UPDATE application_guarantor SET person_index = :index"), {"index": stale})


def test_a_rotation_to_what_counts_already_is_refused(world: HouseWorld) -> None:
    with world.runtime.database.transaction() as session:
        assert rotate(world, session).is_whole
        with pytest.raises(VersionNotNewer):
            rotate(world, session)


def test_nothing_starts_without_the_version_that_counts_or_is_to_come(world: HouseWorld) -> None:
    with world.runtime.database.transaction() as session:
        require_index_version(session, frozenset({1}))
        with pytest.raises(KeyVersionNeeded, match="Version 1 of the index key"):
            require_index_version(session, frozenset({2}))
        session.execute(sa.text("SET LOCAL ROLE NONE"))
        session.execute(sa.text("INSERT INTO index_rotation (version, begun_at) VALUES (2, '2026-03-02 09:00Z')"))
        with pytest.raises(KeyVersionNeeded, match="Version 2 of the index key"):
            require_index_version(session, frozenset({1}))
        session.execute(sa.text("UPDATE index_rotation SET finished_at = begun_at"))
        require_index_version(session, frozenset({2}))
        with pytest.raises(KeyVersionNeeded, match="Version 2"):
            StoredIndexes(world.runtime.database, {1: FIRST, 3: b"k" * 32}).of(ANNA)


def test_nobody_decides_on_themselves_while_the_key_is_rotated(world: HouseWorld) -> None:
    """D8: a party is compared under every version that is given."""
    assert world.runtime.cipher.blind_indexes(ANNA) == {index_under(FIRST, 1, ANNA), index_under(SECOND, 2, ANNA)}


def test_every_table_with_an_index_is_known() -> None:
    assert {table.name for table in indexed_tables()} == {
        "agreement",
        "application",
        "application_guarantor",
        "bureau_question",
        "cancellation",
        "credit_report",
        "document",
        "enquiry_ground",
        "guarantee",
        "human_review",
        "incoming_payment",
        "login_session",
        "override_proposal",
        "payout",
        "refund",
        "sanctions_match",
        "signing",
        "staff_user",
    }
