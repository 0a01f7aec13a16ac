"""After the whole road every encrypted value opens by the table of encrypted columns, under its subject's key."""

import pytest
import sqlalchemy as sa

from tests.support.beginnings import running
from tests.support.house import HouseWorld
from tests.support.stored_values import FIRST_KEY, opened, put_in_first_form, stored_values
from underwriting.kernel.vocabulary import CompanyForm
from underwriting.personal_data import key_state
from underwriting.personal_data.columns import encrypted_tables
from underwriting.personal_data.rotation import Rotation
from underwriting.platform.data_keys import StoredDataKeys
from underwriting.platform.encryption import HOUSE, Cipher
from underwriting.platform.key_settings import KeyVersionNeeded
from underwriting.platform.key_store import GivenKeys

SECOND_KEY = b"2" * 32
OWN_NAME = {"login_session"}  # a session's key has a name of its own
NOT_ON_THE_ROAD = {
    *("application_supplement", "staff_user", "webhook_endpoint", "idempotency_key", "payment_file"),
    *("incoming_payment", "refund"),
    *("account_check", "bank_report"),
    *("override_proposal", "human_review", "fact_dispute", "sanctions_match"),
    *("due_diligence_item", "due_diligence_evidence"),
    *("guarantee_release", "liable_partner", "signing_rule_change", "cancellation", "annulment"),
}


def test_every_value_opens_and_is_under_the_key_of_the_matter_that_it_belongs_to(world: HouseWorld) -> None:
    """K2: erasure destroys keys, so each value has to be under its subject's."""
    loan = running(world, CompanyForm.HB)
    cipher = world.house.runtime.cipher
    seen = set()
    with world.house.runtime.database.transaction() as session:
        for value in stored_values(session):
            cipher.decrypt(value.stored, context=value.context)
            subject = cipher.subject_of(value.stored)
            if value.table.name in OWN_NAME:
                assert subject.startswith(f"{value.table.name}:")
            elif value.table.name == "outbox_message":
                assert subject == f"application:{loan.application_id}"
            else:
                assert subject == value.subject
            seen.add(value.table.name)
    assert seen >= {table.name for table in encrypted_tables()} - NOT_ON_THE_ROAD


def test_what_the_first_version_stored_comes_under_data_keys_and_says_the_same(world: HouseWorld) -> None:
    loan = running(world, CompanyForm.HB)
    database, cipher = world.house.runtime.database, world.house.runtime.cipher
    with database.transaction() as session:
        session.execute(sa.text("SET LOCAL ROLE NONE"))
        before = opened(session, cipher)
        count = put_in_first_form(session, cipher)
        keys = StoredDataKeys(database, GivenKeys({2: SECOND_KEY, 1: FIRST_KEY}))
        anew = Cipher(keys, index_key=b"i" * 32, first_key=FIRST_KEY)
        assert opened(session, anew) == before

        rotation = Rotation(database, anew, keys)
        done = rotation.run(at=world.house.runtime.clock.now())
        assert (done.is_whole, rotation.work_left()) == (True, 0)
        without_first = Cipher(keys, index_key=b"i" * 32)
        assert opened(session, without_first) == before
        assert len(before) == count
        under = {value.table.name: without_first.subject_of(value.stored) for value in stored_values(session)}
        own = f"application:{loan.application_id}"
        for name in ("application", "application_guarantor", "decision", "agreement", "guarantee", "payout"):
            assert under[name] == own
        for value in stored_values(session):
            if value.table.name in ("document", "signing"):
                assert without_first.subject_of(value.stored) in (own, value.subject)
                assert without_first.subject_of(value.stored) != HOUSE
        assert key_state.state(session, keys.store).needed == {2}
        key_state.require_versions(session, GivenKeys({2: SECOND_KEY}), at=world.house.runtime.clock.now())
        with pytest.raises(KeyVersionNeeded, match="Version 2"):
            key_state.require_versions(session, GivenKeys({1: FIRST_KEY}), at=world.house.runtime.clock.now())
