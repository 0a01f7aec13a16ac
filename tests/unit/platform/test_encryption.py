"""Personal data at rest: what is stored tells nothing, opens in its own column only, and is found by a blind index."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from underwriting.platform.encryption import Cipher, CiphertextInvalid, canonical_json

KEY, INDEX_KEY = b"e" * 32, b"i" * 32
CONTEXT = "guarantee.person"
NUMBER = "197902092381"  # Skatteverket's test number, never issued to anyone

CIPHER = Cipher(encryption_key=KEY, index_key=INDEX_KEY)


def test_what_is_stored_is_version_nonce_and_gcm_over_both() -> None:
    stored = CIPHER.encrypt(NUMBER.encode(), context=CONTEXT)
    version, nonce, sealed = stored[:1], stored[1:13], stored[13:]
    assert version == b"\x01"
    assert len(sealed) == len(NUMBER) + 16  # the tag
    assert AESGCM(KEY).decrypt(nonce, sealed, b"\x01guarantee.person") == NUMBER.encode()


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


def test_another_key_does_not_open_it() -> None:
    stored = CIPHER.encrypt(NUMBER.encode(), context=CONTEXT)
    with pytest.raises(CiphertextInvalid):
        Cipher(encryption_key=b"f" * 32, index_key=INDEX_KEY).decrypt(stored, context=CONTEXT)


def test_no_byte_can_be_changed() -> None:
    stored = CIPHER.encrypt(NUMBER.encode(), context=CONTEXT)
    for place in range(len(stored)):
        changed = stored[:place] + bytes([stored[place] ^ 1]) + stored[place + 1 :]
        with pytest.raises(CiphertextInvalid):
            CIPHER.decrypt(changed, context=CONTEXT)


def test_no_byte_can_be_cut_off_or_added() -> None:
    stored = CIPHER.encrypt(NUMBER.encode(), context=CONTEXT)
    for other in [stored[:length] for length in range(len(stored))] + [stored + b"\x00"]:
        with pytest.raises(CiphertextInvalid):
            CIPHER.decrypt(other, context=CONTEXT)


@pytest.mark.parametrize(("key", "index_key"), [(b"e" * 31, INDEX_KEY), (KEY, b""), (b"e" * 33, INDEX_KEY)])
def test_a_key_of_another_length_is_refused(key: bytes, index_key: bytes) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Cipher(encryption_key=key, index_key=index_key)


def test_a_blind_index_is_hmac_sha256_under_its_own_key() -> None:
    # printf 197902092381 | openssl dgst -sha256 -mac HMAC -macopt hexkey:6969…69
    expected = "8df88283febd60d6e30c9e21f6bc72a940370d0ebdce26654961dfc92be42366"
    assert CIPHER.blind_index(NUMBER).hex() == expected
    assert Cipher(encryption_key=KEY, index_key=KEY).blind_index(NUMBER).hex() != expected


def test_the_same_value_is_always_the_same_json() -> None:
    assert canonical_json({"b": [1, "å"], "a": None}) == '{"a":null,"b":[1,"å"]}'.encode()
    assert canonical_json({"a": None, "b": [1, "å"]}) == canonical_json({"b": [1, "å"], "a": None})


def test_a_json_value_comes_back_as_it_was() -> None:
    value = {"name": "Åsa", "shares": ["0.60", None], "of_age": True}
    assert CIPHER.decrypt_json(CIPHER.encrypt_json(value, context=CONTEXT), context=CONTEXT) == value
