"""Words set as PDF/A-3a: tagged, with language and title for screen readers, the same bytes from the same words.

The compiler is kept: fonts and layout are read once per process. Fonts come from this package and nowhere else, and the
only date in a file is the document's own instant, so that every machine with the pinned packages makes the same bytes.
"""

import json
import re
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import typst

from agreements.documents.rules import Words
from underwriting.kernel.periods import stockholm_date
from underwriting.kernel.text import Language, Text

MEDIA_TYPE = "application/pdf"
"""What the bytes are."""
STANDARD: Final = "a-3a"
"""PDF/A-3 (ISO 19005-3), level A: it may hold other files, which the evidence of signatures is."""
_LAYOUT = Path(__file__).parent / "layout"
_FONTS = Path(__file__).parent / "fonts"
_PAGE, _OF, _TEMPLATE = Text("Sida", "Page"), Text("av", "of"), Text("mall", "template")
_READING_AID = Text("", "reading aid")
_TOGETHER = re.compile(
    r"(?<=\d) (?=(?:§|kap\.|januari|februari|mars|april|maj|juni|juli|augusti|september|oktober|november|december"
    r"|January|February|March|April|May|June|July|August|September|October|November|December)(?!\w))|(?<=\bkl\.) (?=\d)"
)
_LONG_WORD = re.compile(r"\S{31,}")
_BREAKABLE_EVERY = re.compile(r"(.{12})")
_ZERO_WIDTH_SPACE, _NO_BREAK_SPACE = "\u200b", "\u00a0"
_one_at_a_time = threading.Lock()


def typeset(document: Words, *, at: datetime) -> bytes:
    """The PDF of *document*, which was made at the instant *at*."""
    made_at = at.astimezone(UTC).replace(microsecond=0)
    data = json.dumps(_data(document, made_at), ensure_ascii=False)
    with _one_at_a_time:
        made: Any = _compiler().compile(
            sys_inputs={"document": data}, format="pdf", timestamp=made_at, pdf_standards=[STANDARD]
        )
    return bytes(made)


@cache
def _compiler() -> typst.Compiler:
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[_FONTS])
    return typst.Compiler(_LAYOUT / "document.typ", root=_LAYOUT, font_paths=fonts, ignore_system_fonts=True)


def _data(document: Words, made_at: datetime) -> Mapping[str, Any]:
    language: Language = document.language
    name = document.name
    aid = _READING_AID.in_language(language)
    footer = (name, stockholm_date(made_at).isoformat(), f"{_TEMPLATE.in_language(language)} {document.version}", aid)
    return {
        "language": language,
        "title": name,
        "name": _breakable(name),
        "author": next((block.parts[0] for block in document.blocks if block.marker == "^"), ""),
        "page": _PAGE.in_language(language),
        "of": _OF.in_language(language),
        "footer": _breakable("  ·  ".join(part for part in footer if part)),
        "groups": [
            {
                "kind": group.kind,
                "blocks": [
                    {"marker": block.marker, "parts": [_breakable(part) for part in block.parts]}
                    for block in group.blocks
                ],
            }
            for group in document.groups
        ],
    }


def _breakable(text: str) -> str:
    """A word that no line has room for may be broken anywhere: a name of any length stays on its page.

    The number of a day or a section stands with what it is the number of.
    """
    text = _TOGETHER.sub(_NO_BREAK_SPACE, text)
    return _LONG_WORD.sub(lambda word: _BREAKABLE_EVERY.sub(rf"\1{_ZERO_WIDTH_SPACE}", word[0]), text)
