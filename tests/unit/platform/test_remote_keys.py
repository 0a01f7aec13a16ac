"""Keys in a service that never hands them out, put in by a setting: what a store of one's own has to do."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support.environment import complete_environment
from tests.support.remote_keys import TOKEN, HttpKeyStore, KeyService, key_service
from underwriting.kernel.clock import SystemClock
from underwriting.personal_data import key_state
from underwriting.personal_data.rotation import Rotated, Rotation
from underwriting.platform.data_keys import StoredDataKeys, cipher_of
from underwriting.platform.database import Database
from underwriting.platform.encryption import Cipher, CiphertextInvalid
from underwriting.platform.key_store import KeyStoreUnavailable, KeyVersionMissing, Wrapped, key_store_of
from underwriting.platform.settings import Settings, SettingsRefused

STORE = "tests.support.remote_keys:from_environment"
CONTEXT, SUBJECT = "application.company", "application:1"


@pytest.fixture
def service() -> Iterator[KeyService]:
    with key_service() as running:
        yield running


def settings_with(service: KeyService, folder: Path, *, given: bool = False, store: str = STORE) -> Settings:
    """Settings that name the store; with *given* the encryption key stays beside it."""
    environment = complete_environment(folder) | {"BORGEN_KEY_STORE": store}
    environment |= {"KEY_SERVICE_URL": service.url, "KEY_SERVICE_TOKEN": TOKEN}
    if not given:
        del environment["BORGEN_ENCRYPTION_KEY"]
    return Settings.from_environment(environment)


def rotate(database: Database, cipher: Cipher, data_keys: StoredDataKeys) -> Rotated:
    """A rotation as the tables' owner."""
    with database.transaction() as session:
        session.execute(sa.text("SET LOCAL ROLE NONE"))
        return Rotation(database, cipher, data_keys).run(at=SystemClock().now())


def test_what_one_process_encrypts_another_reads_and_the_service_shows_no_key(
    service: KeyService, database: Database, tmp_path: Path
) -> None:
    settings = settings_with(service, tmp_path)
    stored = cipher_of(settings, database).encrypt(b"198001019870", context=CONTEXT, subject=SUBJECT)
    assert cipher_of(settings, database).decrypt(stored, context=CONTEXT) == b"198001019870"
    assert service.asked.count("/wrap") == 1
    own = service.keys[7]
    assert all(own not in said and base64.b64encode(own) not in said for said in service.answered)


def test_a_service_that_is_down_is_told_apart_from_what_it_refuses(service: KeyService) -> None:
    store = HttpKeyStore(service.url, TOKEN)
    wrapped = store.wrap(b"d" * 32, context="a")
    assert store.unwrap(wrapped, context="a") == b"d" * 32
    with pytest.raises(CiphertextInvalid):
        store.unwrap(wrapped, context="b")
    with pytest.raises(KeyVersionMissing):
        store.unwrap(Wrapped(8, wrapped.content), context="a")
    with pytest.raises(KeyStoreUnavailable):
        HttpKeyStore(service.url, "another token").unwrap(wrapped, context="a")
    service.down = True
    with pytest.raises(KeyStoreUnavailable):
        store.unwrap(wrapped, context="a")
    with pytest.raises(KeyStoreUnavailable):
        HttpKeyStore("http://127.0.0.1:9", TOKEN).current()


def test_given_keys_are_left_for_the_service_by_a_rotation(
    service: KeyService, database: Database, tmp_path: Path
) -> None:
    before = cipher_of(Settings.from_environment(complete_environment(tmp_path)), database)
    stored = before.encrypt(b"198001019870", context=CONTEXT, subject=SUBJECT)
    settings = settings_with(service, tmp_path, given=True)
    data_keys = StoredDataKeys(database, key_store_of(settings.encryption))
    cipher = cipher_of(settings, database, data_keys)
    assert cipher.decrypt(stored, context=CONTEXT) == b"198001019870"
    done = rotate(database, cipher, data_keys)
    assert (done.wrapped, done.is_whole) == (1, True)
    with database.transaction() as session:
        found = key_state.state(session, data_keys.store)
    assert (found.current, sorted(found.needed), sorted(found.may_go)) == (7, [7], [1])
    after: Cipher = cipher_of(settings_with(service, tmp_path), database)
    assert after.decrypt(stored, context=CONTEXT) == b"198001019870"


def test_a_newer_version_of_the_service_is_rotated_to(service: KeyService, database: Database, tmp_path: Path) -> None:
    settings = settings_with(service, tmp_path)
    stored = cipher_of(settings, database).encrypt(b"x", context=CONTEXT, subject=SUBJECT)
    service.keys[8] = b"8" * 32
    data_keys = StoredDataKeys(database, key_store_of(settings.encryption))
    assert rotate(database, cipher_of(settings, database, data_keys), data_keys).wrapped == 1
    del service.keys[7]
    assert cipher_of(settings, database).decrypt(stored, context=CONTEXT) == b"x"


@pytest.mark.parametrize("named", ["nothing", "no.such.module:make", "tests.support.remote_keys:nobody", ":", "os"])
def test_a_store_that_cannot_be_imported_is_refused_at_the_start(
    service: KeyService, tmp_path: Path, named: str
) -> None:
    with pytest.raises(SettingsRefused, match="BORGEN_KEY_STORE"):
        settings_with(service, tmp_path, store=named)
