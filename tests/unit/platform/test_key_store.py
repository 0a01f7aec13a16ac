"""Where the keys are that wrap data keys: given, in a file, or in a service that never hands them out."""

import base64
import os
from pathlib import Path

import pytest

from tests.support.environment import complete_environment
from underwriting.platform.data_keys import StoredDataKeys
from underwriting.platform.database import Database
from underwriting.platform.encryption import CiphertextInvalid, seal, unseal
from underwriting.platform.environment import Secret
from underwriting.platform.key_settings import KeysMalformed, read_keys
from underwriting.platform.key_store import (
    GivenKeys,
    KeysInFile,
    KeyStore,
    KeyStoreUnavailable,
    KeyVersionMissing,
    Wrapped,
    key_store_of,
)
from underwriting.platform.settings import Settings, SettingsRefused

ONE, TWO = b"1" * 32, b"2" * 32
ONE_TEXT, TWO_TEXT = (base64.b64encode(key).decode() for key in (ONE, TWO))
DATA_KEY = b"d" * 32


class RemoteKeys:
    """A service that wraps and unwraps and shows no key: what the Protocol asks of one suffices."""

    def __init__(self) -> None:
        self._keys = {"arn:7": os.urandom(32)}
        self.calls: list[str] = []
        self.answers = True

    def current(self) -> int:
        return 7

    def versions(self) -> frozenset[int]:
        return frozenset({7})

    def wrap(self, key: bytes, *, context: str) -> Wrapped:
        self._called("wrap")
        return Wrapped(7, seal(self._keys["arn:7"], key, bound_to=context.encode()))

    def unwrap(self, wrapped: Wrapped, *, context: str) -> bytes:
        self._called("unwrap")
        if wrapped.version != 7:
            raise KeyVersionMissing
        return unseal(self._keys["arn:7"], wrapped.content, bound_to=context.encode())

    def _called(self, what: str) -> None:
        if not self.answers:
            raise KeyStoreUnavailable
        self.calls.append(what)


def test_the_newest_key_wraps_and_all_open() -> None:
    old, both, new = GivenKeys({1: ONE}), GivenKeys({2: TWO, 1: ONE}), GivenKeys({2: TWO})
    assert both.unwrap(old.wrap(DATA_KEY, context="a:1"), context="a:1") == DATA_KEY
    wrapped = both.wrap(DATA_KEY, context="a:1")
    assert wrapped.version == 2
    assert new.unwrap(wrapped, context="a:1") == DATA_KEY
    with pytest.raises(KeyVersionMissing):
        old.unwrap(wrapped, context="a:1")


def test_a_wrapped_key_opens_for_its_subject_and_version_alone() -> None:
    keys = GivenKeys({1: ONE})
    wrapped = keys.wrap(DATA_KEY, context="a:1")
    with pytest.raises(CiphertextInvalid):
        keys.unwrap(wrapped, context="a:2")
    with pytest.raises(CiphertextInvalid):
        GivenKeys({2: ONE}).unwrap(Wrapped(2, wrapped.content), context="a:1")


def test_a_changed_file_counts_at_once(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"1:{ONE_TEXT}\n")
    store = KeysInFile(file)
    old = store.wrap(DATA_KEY, context="a:1")
    file.write_text(f"# newest first\n2:{TWO_TEXT}\n1:{ONE_TEXT}\n")
    assert (store.current(), sorted(store.versions())) == (2, [1, 2])
    assert store.unwrap(old, context="a:1") == DATA_KEY
    file.write_text("nothing that could be read")
    with pytest.raises(KeyStoreUnavailable):
        store.wrap(DATA_KEY, context="a:1")


def test_a_remote_store_is_asked_once_for_each_key_and_not_for_each_value(committed_database: Database) -> None:
    remote = RemoteKeys()
    store: KeyStore = remote
    keys = StoredDataKeys(committed_database, store)
    key = keys.current("a:1")
    assert [keys.find(key.id) for _ in range(10)] == [key] * 10
    assert remote.calls == ["wrap"]
    other = StoredDataKeys(committed_database, store)
    assert other.current("a:1") == key
    assert remote.calls == ["wrap", "unwrap"]
    remote.answers = False
    with pytest.raises(KeyStoreUnavailable):
        StoredDataKeys(committed_database, store).find(key.id)


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("", "holds no key"),
        (ONE_TEXT, "is not a list of versions and keys"),
        (f"0:{ONE_TEXT}", "is not a list of versions and keys"),
        (f"-1:{ONE_TEXT}", "is not a list of versions and keys"),
        (f"1:{ONE_TEXT},1:{TWO_TEXT}", "names version 1 twice"),
        (f"2:{ONE_TEXT},1:{ONE_TEXT}", "holds the same key twice"),
        ("1:a2V5", "holds a key that is not 32 bytes"),
        ("1:åäö", "holds a key that is not 32 bytes"),
    ],
)
def test_a_list_of_keys_that_cannot_be_read_is_refused_and_not_shown(text: str, detail: str) -> None:
    with pytest.raises(KeysMalformed, match=detail) as refused:
        read_keys(text)
    assert ONE_TEXT not in str(refused.value)


def test_the_one_key_is_version_1(tmp_path: Path) -> None:
    settings = Settings.from_environment(complete_environment(tmp_path))
    assert settings.encryption.keys == {1: Secret(b"e" * 32)}
    assert settings.encryption.first == b"e" * 32


def test_a_list_is_newest_first_and_the_one_key_beside_it_is_version_1(tmp_path: Path) -> None:
    environment = complete_environment(tmp_path)
    settings = Settings.from_environment({**environment, "BORGEN_ENCRYPTION_KEYS": f"2:{TWO_TEXT}"})
    assert list(settings.encryption.keys) == [2, 1]
    assert key_store_of(settings.encryption).current() == 2
    del environment["BORGEN_ENCRYPTION_KEY"]
    alone = Settings.from_environment({**environment, "BORGEN_ENCRYPTION_KEYS": f"2:{TWO_TEXT}"})
    assert (list(alone.encryption.keys), alone.encryption.first) == ([2], None)


def test_two_keys_that_both_claim_to_be_version_1_are_refused(tmp_path: Path) -> None:
    environment = complete_environment(tmp_path) | {"BORGEN_ENCRYPTION_KEYS": f"1:{ONE_TEXT}"}
    with pytest.raises(SettingsRefused, match="is another key than version 1"):
        Settings.from_environment(environment)


def test_keys_in_a_file_take_the_place_of_those_in_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(f"2:{TWO_TEXT}\n1:{ONE_TEXT}\n")
    environment = complete_environment(tmp_path) | {"BORGEN_ENCRYPTION_KEYS_FILE": str(file)}
    del environment["BORGEN_ENCRYPTION_KEY"]
    settings = Settings.from_environment(environment)
    assert settings.encryption.first == ONE
    assert key_store_of(settings.encryption).current() == 2


def test_an_index_key_that_is_one_of_the_encryption_keys_is_refused(tmp_path: Path) -> None:
    environment = complete_environment(tmp_path) | {"BORGEN_ENCRYPTION_KEYS": f"2:{TWO_TEXT}"}
    environment["BORGEN_INDEX_KEY"] = TWO_TEXT
    with pytest.raises(SettingsRefused, match="is the same as another key"):
        Settings.from_environment(environment)
