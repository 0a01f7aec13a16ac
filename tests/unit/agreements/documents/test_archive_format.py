"""PDF/A-3a as far as a program can tell, before the seal and after it; and that each condition is really looked at."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any, get_args

import pytest
from pikepdf import Array, Dictionary, Encryption, Name, Pdf, String

from agreements.documents.rules import DocumentKind, words
from agreements.documents.sandbox import seal_key
from agreements.documents.sealing import Attachment, load_key, seal
from agreements.documents.typesetting import typeset
from tests.support.archive_format import faults_of
from tests.support.documents import GRANTED_AT, VALUES
from underwriting.kernel.text import Language

KINDS = list(DocumentKind)
LANGUAGES: tuple[Language, ...] = get_args(Language)
EVIDENCE = tuple(
    Attachment(f"underskrift-{number}.xml", "application/xml", "Underskrift", GRANTED_AT, b"<Signature/>" * 400)
    for number in range(1, 12)
)


def made(kind: DocumentKind, language: Language = "sv") -> bytes:
    return typeset(words(kind, language, **VALUES[kind]), at=GRANTED_AT)


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> dict[int, bytes]:
    """A guarantee with the lender's seal, by how many files of evidence it holds."""
    files = seal_key.make(tmp_path_factory.mktemp("seal"), lender="Exempelkredit AB")
    key, content = load_key(files.key, files.certificate), made(DocumentKind.GUARANTEE)
    return {count: seal(content, EVIDENCE[:count], key=key) for count in (0, 2, 11)}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_document_keeps_the_conditions_of_the_archive_format(kind: DocumentKind, language: Language) -> None:
    """S1: PDF/A-3a, so that it can be read in ten years."""
    assert faults_of(made(kind, language)) == []


@pytest.mark.parametrize("count", [0, 2, 11])
def test_the_seal_and_the_evidence_keep_them_too(sealed: dict[int, bytes], count: int) -> None:
    """S1, S3: what is added after the signed bytes is an update of the same format."""
    assert faults_of(sealed[count]) == []


def _forget(*path: str) -> Callable[[Pdf], None]:
    def change(pdf: Pdf) -> None:
        place: Any = pdf.Root
        for name in path[:-1]:
            place = place[name]
        del place[path[-1]]

    return change


def _unembed(pdf: Pdf) -> None:
    for one in pdf.objects:
        if isinstance(one, Dictionary) and "/FontFile2" in one:
            del one["/FontFile2"]
        if isinstance(one, Dictionary) and "/FontFile3" in one:
            del one["/FontFile3"]


def _script(pdf: Pdf) -> None:
    pdf.Root.OpenAction = Dictionary(S=Name.JavaScript, JS=String("1"))


def _hide_a_note(pdf: Pdf) -> None:
    pdf.pages[0].obj.Annots = Array([Dictionary(Type=Name.Annot, Subtype=Name.Text, Rect=[0, 0, 9, 9], F=2)])


def _attach(pdf: Pdf) -> None:
    pdf.Root.Loose = pdf.make_indirect(Dictionary(EF=Dictionary(F=pdf.make_stream(b"x"))))


def _retitle(pdf: Pdf) -> None:
    pdf.docinfo.Title = String("Något annat")


@pytest.mark.parametrize(
    ("change", "clause"),
    [
        (_forget("/OutputIntents"), "6.2.3"),
        (_forget("/MarkInfo"), "6.7.2"),
        (_forget("/StructTreeRoot"), "6.7.3"),
        (_forget("/Lang"), "6.7.4"),
        (_forget("/Metadata"), "6.6.2.1"),
        (_unembed, "6.2.11.4"),
        (_script, "6.5.2"),
        (_hide_a_note, "6.3.2"),
        (_attach, "6.8"),
        (_retitle, "6.6.3"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_breaks_a_condition_is_told_so(change: Callable[[Pdf], None], clause: str) -> None:
    """S1: a check that never fails checks nothing."""
    out = io.BytesIO()
    with Pdf.open(io.BytesIO(made(DocumentKind.CONFIRMATION))) as pdf:
        change(pdf)
        pdf.save(out)
    assert [fault for fault in faults_of(out.getvalue()) if clause in fault]


def test_an_encrypted_file_is_no_archive() -> None:
    """S1: nobody has the password in ten years."""
    out = io.BytesIO()
    with Pdf.open(io.BytesIO(made(DocumentKind.CONFIRMATION))) as pdf:
        pdf.save(out, encryption=Encryption(owner="x", user=""))
    assert [fault for fault in faults_of(out.getvalue()) if fault.startswith("6.1.3")]


def test_the_date_of_the_file_is_the_documents_own() -> None:
    """S1: the metadata and the catalogue say the same instant."""
    later = typeset(words(DocumentKind.OFFER, "sv", **VALUES[DocumentKind.OFFER]), at=GRANTED_AT + timedelta(days=400))
    assert faults_of(later) == []
