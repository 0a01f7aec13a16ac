"""Documents of the first version stay what they were: the words of an old agreement are shown as they were signed."""

import hashlib
from collections.abc import Mapping

import pytest

from agreements.documents import service as documents
from agreements.documents.models import Document
from agreements.documents.plain_text import render
from agreements.documents.rules import DocumentKind, words
from tests.support.documents import GRANTED_AT, VALUES
from underwriting.kernel.text import Language
from underwriting.platform.runtime import Runtime
from underwriting.web.documents import set_document

# Taken when the version was in use; its templates and how they are laid out are never edited.
SIGNED_AS = [
    (DocumentKind.APPLICATION, "sv", "8cea8a0824896127dc858c0b39d9ef54"),
    (DocumentKind.APPLICATION, "en", "1e25a5b6dd128f9e1f4497711edd50c1"),
    (DocumentKind.CONFIRMATION, "sv", "e573ba0bab81abff22106dbdd6d53b03"),
    (DocumentKind.CONFIRMATION, "en", "44929df28ef06531eecaaaa4fe2db5ac"),
    (DocumentKind.COUNTER_OFFER, "sv", "add0809ab7d7118d8f50d24595fc19b1"),
    (DocumentKind.COUNTER_OFFER, "en", "6275c24a3828049266f38dfcf9d836e7"),
    (DocumentKind.AGREEMENT, "sv", "6ecd620d1de235699b1dc0b7856e57eb"),
    (DocumentKind.AGREEMENT, "en", "0c72e4e4627e1dac49b6de971256fe4c"),
    (DocumentKind.GUARANTEE, "sv", "3fee12e6a801319186b81b8c1cb444e4"),
    (DocumentKind.GUARANTEE, "en", "9d6c6916d357d3ec64499234ced7ee6b"),
]

# The words of the second version, of the kinds that the third one changed.
SECOND_AS = [
    (DocumentKind.APPLICATION, "sv", "eb3cc64635c08656c323a43dc46fb3f5"),
    (DocumentKind.APPLICATION, "en", "4bed89efa6f60e76b4a4cc604db1cf68"),
    (DocumentKind.CONFIRMATION, "sv", "81777c9d403e16de2c7b18cb09c46c41"),
    (DocumentKind.CONFIRMATION, "en", "1a3f2184f11cbaa63c1a46f7c5a0c47e"),
    (DocumentKind.COUNTER_OFFER, "sv", "08e83d8b31b6fe73ab67164b9bf99474"),
    (DocumentKind.COUNTER_OFFER, "en", "3c43cc6007d67a56d72c9098bd8cd4ce"),
    (DocumentKind.OFFER, "sv", "e548dc79f89e21435939c0688e84319f"),
    (DocumentKind.OFFER, "en", "1bdfe7b9903d1ae3dd27ceef2b874d9f"),
    (DocumentKind.AGREEMENT, "sv", "bc550e003057f44659ea276241839101"),
    (DocumentKind.AGREEMENT, "en", "bf1ec39ff47ebafa251901df6b264d1e"),
    (DocumentKind.GUARANTEE, "sv", "b2a1180d3d0ae7cfb0eedf001529f26d"),
    (DocumentKind.GUARANTEE, "en", "b3bbbf6d89773c8fba44766ed4e14fef"),
    (DocumentKind.GUARANTEE_INFORMATION, "sv", "84c7d2a3167f860c1e06307b95983e9f"),
    (DocumentKind.GUARANTEE_INFORMATION, "en", "85ae4e4967d8b1ce219a032809bdf22b"),
]


@pytest.mark.parametrize(("kind", "language", "begins"), SECOND_AS)
def test_the_second_versions_words_never_change(kind: DocumentKind, language: Language, begins: str) -> None:
    """S1: what is left to sign of it is shown as it was when it was made."""
    found = words(kind, language, "v2", **VALUES[kind])
    assert hashlib.sha256(found.encoded()).hexdigest().startswith(begins)


@pytest.mark.parametrize(("kind", "language", "begins"), SIGNED_AS)
def test_the_first_versions_bytes_never_change(kind: DocumentKind, language: Language, begins: str) -> None:
    """S1: a signature is on the exact bytes, and old drafts are compared with what was signed."""
    assert hashlib.sha256(render(kind, language, **VALUES[kind])).hexdigest().startswith(begins)


def kept_text(runtime: Runtime, values: Mapping[str, object]) -> Document:
    """An agreement as the first version kept it."""
    sv, en = (render(DocumentKind.AGREEMENT, language, **values) for language in ("sv", "en"))
    return Document(
        kind="agreement",
        template_version="v1",
        media_type="text/plain",
        content_encrypted=runtime.cipher.encrypt(sv, context="document.content", subject="application:1"),
        reading_aid_encrypted=runtime.cipher.encrypt(en, context="document.reading_aid", subject="application:1"),
        words_encrypted=None,
        sealed_encrypted=None,
        sha256=hashlib.sha256(sv).digest(),
        created_at=GRANTED_AT,
    )


def test_an_old_agreement_is_shown_and_fetched_as_it_was_signed(runtime: Runtime) -> None:
    """S1: as text, to the byte; nothing new is typeset of it."""
    values = VALUES[DocumentKind.AGREEMENT]
    old = kept_text(runtime, values)
    file = documents.file_of(runtime, old)
    assert (file.media_type, file.suffix) == ("text/plain; charset=utf-8", "txt")
    assert hashlib.sha256(file.content).digest() == old.sha256
    assert documents.shown(runtime, old) == file.content.decode()
    assert "<h2>KREDITAVTAL <small>Nr 100001</small></h2>" in set_document(documents.shown(runtime, old))
    assert b"Reading aid" in documents.file_of(runtime, old, "en").content
    assert documents.says(runtime, old, values)
    assert not documents.says(runtime, old, dict(values) | {"ocr": "10000116"})
    assert documents.visible_text(old, values).endswith(old.sha256.hex())
