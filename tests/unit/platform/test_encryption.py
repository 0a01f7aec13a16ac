"""Personal data at rest: what is stored tells nothing, opens in its own column only, and is found by a blind index."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from tests.support.memory_keys import MemoryKeys
from underwriting.platform.encryption import (
    HOUSE,
    Cipher,
    CiphertextInvalid,
    DataErased,
    canonical_json,
    key_id_of,
)

FIRST_KEY, INDEX_KEY = b"e" * 32, b"i" * 32
CONTEXT = "guarantee.person"
NUMBER = "197902092381"  # Skatteverket's test number, never issued to anyone

KEYS = MemoryKeys()
CIPHER = Cipher(KEYS, index_key=INDEX_KEY, first_key=FIRST_KEY)


def first_form(plain: bytes) -> bytes:
    """A value as the first version of the product stored it: under the key of the environment itself."""
    return b"\x01" + b"n" * 12 + AESGCM(FIRST_KEY).encrypt(b"n" * 12, plain, b"\x01" + CONTEXT.encode())


def test_what_is_stored_is_version_key_nonce_and_gcm_over_all_three() -> None:
    stored = CIPHER.encrypt(NUMBER.encode(), context=CONTEXT, subject="application:1")
    key = KEYS.by_subject["application:1"]
    header, nonce, sealed = stored[:17], stored[17:29], stored[29:]
    assert header == b"\x02" + key.id.bytes
    assert len(sealed) == len(NUMBER) + 16  # the tag
    assert AESGCM(key.key).decrypt(nonce, sealed, header + b"guarantee.person") == NUMBER.encode()


def test_a_value_of_the_first_form_is_read_and_no_longer_written() -> None:
    assert CIPHER.decrypt(first_form(NUMBER.encode()), context=CONTEXT) == NUMBER.encode()
    assert CIPHER.encrypt(NUMBER.encode(), context=CONTEXT)[:1] == b"\x02"
    with pytest.raises(CiphertextInvalid):
        CIPHER.decrypt(first_form(NUMBER.encode()), context="guarantee.details")


def test_a_value_of_the_first_form_cannot_be_read_once_its_key_is_given_no_more() -> None:
    with pytest.raises(CiphertextInvalid):
        Cipher(KEYS, index_key=INDEX_KEY).decrypt(first_form(b"x"), context=CONTEXT)


def test_each_subject_has_a_key_of_its_own_and_what_has_none_is_the_houses() -> None:
    values = [CIPHER.encrypt(b"x", context=CONTEXT, subject=name) for name in ("a:1", "a:2", "a:1")]
    ids = [key_id_of(value) for value in (*values, CIPHER.encrypt(b"x", context=CONTEXT))]
    assert ids[0] == ids[2]
    assert len(set(ids)) == 3
    assert [CIPHER.subject_of(value) for value in values] == ["a:1", "a:2", "a:1"]
    assert CIPHER.subject_of(CIPHER.encrypt(b"x", context=CONTEXT)) == HOUSE
    assert CIPHER.subject_of(first_form(b"x")) == HOUSE


def test_who_destroys_a_subjects_key_erases_what_is_under_it_and_nothing_else() -> None:
    """K2: erasure destroys keys."""
    keys = MemoryKeys()
    cipher = Cipher(keys, index_key=INDEX_KEY)
    gone, stays = (cipher.encrypt(b"x", context=CONTEXT, subject=name) for name in ("a:1", "a:2"))
    keys.destroyed.add("a:1")
    with pytest.raises(DataErased):
        cipher.decrypt(gone, context=CONTEXT)
    with pytest.raises(DataErased):
        cipher.encrypt(b"x", context=CONTEXT, subject="a:1")
    assert cipher.decrypt(stays, context=CONTEXT) == b"x"


def test_a_value_that_names_another_subjects_key_does_not_open() -> None:
    one, other = (CIPHER.encrypt(b"x", context=CONTEXT, subject=name) for name in ("a:1", "a:2"))
    with pytest.raises(CiphertextInvalid):
        CIPHER.decrypt(other[:17] + one[17:], context=CONTEXT)


def test_the_same_value_is_never_stored_the_same_way_twice() -> None:
    stored = {CIPHER.encrypt(NUMBER.encode(), context=CONTEXT) for _ in range(100)}
    assert len(stored) == 100
    assert not any(NUMBER.encode() in each for each in stored)


def test_it_opens_again_empty_or_not() -> None:
    for plain in (b"", b"\x00", NUMBER.encode()):
        assert CIPHER.decrypt(CIPHER.encrypt(plain, context=CONTEXT), context=CONTEXT) == plain


def test_a_value_cannot_be_moved_to_another_column() -> None:
    stored = CIPHER.encrypt(NUMBER.encode(), context=CONTEXT)
    with pytest.raises(CiphertextInvalid):
        CIPHER.decrypt(stored, context="guarantee.details")


@pytest.mark.parametrize(
    "stored",
    [CIPHER.encrypt(NUMBER.encode(), context=CONTEXT), first_form(NUMBER.encode())],
    ids=["second form", "first form"],
)
def test_no_byte_can_be_changed(stored: bytes) -> None:
    for place in range(len(stored)):
        changed = stored[:place] + bytes([stored[place] ^ 1]) + stored[place + 1 :]
        with pytest.raises(CiphertextInvalid):
            CIPHER.decrypt(changed, context=CONTEXT)


@pytest.mark.parametrize(
    "stored",
    [CIPHER.encrypt(NUMBER.encode(), context=CONTEXT), first_form(NUMBER.encode())],
    ids=["second form", "first form"],
)
def test_no_byte_can_be_cut_off_or_added(stored: bytes) -> None:
    for other in [stored[:length] for length in range(len(stored))] + [stored + b"\x00"]:
        with pytest.raises(CiphertextInvalid):
            CIPHER.decrypt(other, context=CONTEXT)


@pytest.mark.parametrize(("first_key", "index_key"), [(b"e" * 31, INDEX_KEY), (None, b""), (b"e" * 33, INDEX_KEY)])
def test_a_key_of_another_length_is_refused(first_key: bytes | None, index_key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Cipher(KEYS, index_key=index_key, first_key=first_key)


def test_a_blind_index_is_hmac_sha256_under_its_own_key() -> None:
    # printf 197902092381 | openssl dgst -sha256 -mac HMAC -macopt hexkey:6969…69
    expected = "8df88283febd60d6e30c9e21f6bc72a940370d0ebdce26654961dfc92be42366"
    assert CIPHER.blind_index(NUMBER).hex() == expected
    assert Cipher(KEYS, index_key=FIRST_KEY).blind_index(NUMBER).hex() != expected


def test_the_same_value_is_always_the_same_json() -> None:
    assert canonical_json({"b": [1, "å"], "a": None}) == '{"a":null,"b":[1,"å"]}'.encode()
    assert canonical_json({"a": None, "b": [1, "å"]}) == canonical_json({"b": [1, "å"], "a": None})


def test_a_json_value_comes_back_as_it_was() -> None:
    value = {"name": "Åsa", "shares": ["0.60", None], "of_age": True}
    assert CIPHER.decrypt_json(CIPHER.encrypt_json(value, context=CONTEXT), context=CONTEXT) == value
