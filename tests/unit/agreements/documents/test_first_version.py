"""Documents of the first version stay what they were: the words of an old agreement are shown as they were signed."""

import hashlib
from collections.abc import Mapping

import pytest

from agreements.documents import service as documents
from agreements.documents.models import Document
from agreements.documents.plain_text import render
from agreements.documents.rules import DocumentKind
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
