"""What a program can check of PDF/A-3a (ISO 19005-3, level A) in a file, by another library than those that made it.

The numbers are those of the standard's clauses. What it takes eyes to check, and what no document of ours can hold
(transparency, layers, optional content, sound), is not looked at.
"""

import io
import re
from collections.abc import Iterator
from typing import Any

from pikepdf import Array, Dictionary, Name, Object, Pdf, Stream

_HEADER = re.compile(rb"%PDF-1\.[0-7]\r?\n%[\x80-\xff]{4}")
_PRINT, _NEVER_SEEN = 0b100, 0b1_0010_0011  # invisible, hidden, no view, toggle no view
_PDFA, _DC, _XMP = "pdfaid", "dc", "xmp"


def faults_of(content: bytes) -> list[str]:
    """The conditions that the file breaks, each with its clause."""
    with Pdf.open(io.BytesIO(content)) as pdf:
        return [*_file(content, pdf), *_metadata(pdf), *_objects(pdf), *_structure(pdf), *_forms(pdf), *_files(pdf)]


def _file(content: bytes, pdf: Pdf) -> Iterator[str]:
    if not _HEADER.match(content):
        yield "6.1.2: no header with a comment of four bytes above 127"
    if not content.rstrip(b"\r\n").endswith(b"%%EOF"):
        yield "6.1.3: something follows the end of the file"
    if "/ID" not in pdf.trailer or pdf.is_encrypted:
        yield "6.1.3: no file identifier, or encrypted"
    for problem in pdf.check_pdf_syntax():
        yield f"6.1: {problem}"


def _metadata(pdf: Pdf) -> Iterator[str]:
    stream = pdf.Root.get("/Metadata")
    if stream is None or "/Filter" in stream:
        yield "6.6.2.1: no metadata that can be read without a filter"
        return
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as told:
        if (told.get(f"{_PDFA}:part"), told.get(f"{_PDFA}:conformance")) != ("3", "A"):
            yield "6.6.4: the metadata does not say PDF/A-3a"
        if told.get(f"{_DC}:title") != str(pdf.docinfo.get("/Title")):
            yield "6.6.3: two titles"
        dated = re.sub(r"\D", "", str(pdf.docinfo.get("/CreationDate")))[:14]
        if re.sub(r"\D", "", str(told.get(f"{_XMP}:CreateDate")))[:14] != dated:
            yield "6.6.3: two dates"


def _objects(pdf: Pdf) -> Iterator[str]:
    intents = [one for one in pdf.Root.get("/OutputIntents", Array()) if one.get("/S") == Name.GTS_PDFA1]
    if len(intents) != 1 or intents[0].get("/DestOutputProfile") is None:
        yield "6.2.3: not one output intent with its profile"
    for one in pdf.objects:
        if isinstance(one, Stream):
            filters = one.get("/Filter", Array())
            named = [filters] if isinstance(filters, Name) else list(filters)
            if Name.LZWDecode in named or Name.Crypt in named or "/F" in one:
                yield "6.1.7: a stream in LZW, encrypted, or in another file"
        if isinstance(one, Dictionary) and one.get("/Type") == Name.Font:
            yield from _font(one)
        if isinstance(one, Dictionary) and one.get("/S") in (Name.JavaScript, Name.Launch, Name.ImportData):
            yield "6.5.1: an action that an archive may not hold"


def _font(font: Any) -> Iterator[str]:
    name = font.get("/BaseFont")
    if font.get("/Subtype") == Name.Type0 and "/ToUnicode" not in font:
        yield f"6.2.11.7: the font {name} does not say its letters"
    if font.get("/Subtype") in (Name.CIDFontType0, Name.CIDFontType2, Name.TrueType, Name.Type1):
        described = font.get("/FontDescriptor", Dictionary())
        if not {"/FontFile", "/FontFile2", "/FontFile3"} & set(described.keys()):
            yield f"6.2.11.4: the font {name} is not in the file"
        if font.get("/Subtype") == Name.CIDFontType2 and "/CIDToGIDMap" not in font:
            yield f"6.2.11.3: the font {name} has no map"


def _structure(pdf: Pdf) -> Iterator[str]:
    root = pdf.Root
    if root.get("/MarkInfo", Dictionary()).get("/Marked") != True:  # noqa: E712 - an object of the library
        yield "6.7.2: not marked as tagged"
    if "/StructTreeRoot" not in root or "/K" not in root.StructTreeRoot or "/ParentTree" not in root.StructTreeRoot:
        yield "6.7.3: no structure"
    if not str(root.get("/Lang", "")):
        yield "6.7.4: no language"
    if {"/AA", "/OpenAction", "/OCProperties", "/Requirements", "/NeedsRendering"} & set(root.keys()):
        yield "6.1, 6.5.2: the catalogue holds what an archive may not"
    for page in pdf.pages:
        if "/StructParents" not in page.obj or "/AA" in page.obj:
            yield "6.7.3: a page outside the structure, or with actions"


def _forms(pdf: Pdf) -> Iterator[str]:
    form = pdf.Root.get("/AcroForm")
    if form is not None and (form.get("/NeedAppearances") == True or "/XFA" in form):  # noqa: E712 - as above
        yield "6.4.1: a form that is drawn anew when it is opened"
    if set(pdf.Root.get("/Perms", Dictionary()).keys()) - {"/DocMDP", "/UR3"}:
        yield "6.1.12: other permissions than a certification's"
    for one in pdf.objects:
        references = one.get("/Reference", Array()) if isinstance(one, Dictionary) else Array()
        if any(
            {"/DigestLocation", "/DigestMethod", "/DigestValue"} & set(reference.keys()) for reference in references
        ):
            yield "6.1.12: a certification that names a digest of the document"
    for note in (note for page in pdf.pages for note in page.obj.get("/Annots", Array())):
        yield from _annotation(note)


def _annotation(note: Any) -> Iterator[str]:
    flags = int(note.get("/F", 0))
    if not flags & _PRINT or flags & _NEVER_SEEN:
        yield "6.3.2: a note that is not printed, or hidden"
    left, low, right, high = (float(edge) for edge in note.Rect)
    if (right > left and high > low) and "/AP" not in note:
        yield "6.3.3: a note that nobody has drawn"
    if note.get("/Subtype") == Name.Widget and {"/A", "/AA"} & set(note.keys()):
        yield "6.4.1: a field with an action"


def _files(pdf: Pdf) -> Iterator[str]:
    associated = [one.objgen for one in pdf.Root.get("/AF", Array())]
    for one in pdf.objects:
        if not isinstance(one, Dictionary) or "/EF" not in one:
            continue
        if not {"/F", "/UF", "/AFRelationship"} <= set(one.keys()):
            yield "6.8: a file without a name or a relationship"
        if one.objgen not in associated:
            yield "6.8: a file that nothing is associated with"
        embedded: Object = one.EF.F
        if "/Subtype" not in embedded or "/ModDate" not in embedded.get("/Params", Dictionary()):
            yield "6.8: a file without its kind or its date"
