"""Documents as text: what version 1 had signed, what BankID's app shows, and words where no page is wanted."""

from collections.abc import Iterable, Iterator
from textwrap import wrap

from agreements.documents.rules import TEXT_VERSION, VERSION, Block, DocumentKind, Words, visible_blocks, words
from underwriting.kernel.text import Language

VISIBLE_LIMIT = 1_500
"""A visible text is shorter than this many characters."""
_WIDTH = 76
_LABEL_WIDTH = 26
_CLAUSE_INDENT = 6
_KEPT_ON_ONE_LINE = ("såsom för egen skuld",)  # the law's words are searched for as they are written
_NO_BREAK = "\ue000"  # private use: no value can hold it
_TOGETHER = (":", ":!", "-")


def text_of(document: Words) -> str:
    """The words laid out in lines of at most 76 characters where no single word is longer."""
    lines: list[str] = []
    previous = ""
    for block in document.blocks:
        if lines and not (block.marker == previous and previous in _TOGETHER):
            lines.append("")
        lines += _lines_of(block)
        previous = block.marker
    return "\n".join(lines) + "\n"


def render(kind: DocumentKind, language: Language, /, **values: object) -> bytes:
    """The bytes of a document of version 1, in UTF-8; see `rules.words` for values and errors."""
    return text_of(words(kind, language, TEXT_VERSION, **values)).encode()


def visible_text(
    kind: DocumentKind, language: Language, version: str = VERSION, /, *, sha256: str, **values: object
) -> str:
    """What the signature application shows: the gist of the document, with its name and *sha256*; not wrapped.

    Raises ValueError when it is not shorter than VISIBLE_LIMIT.
    """
    text = "\n".join(_flowing(visible_blocks(kind, language, version, values | {"sha256": sha256})))
    if len(text) >= VISIBLE_LIMIT:
        raise ValueError(f"a visible text is shorter than {VISIBLE_LIMIT} characters")
    return text


def _lines_of(block: Block) -> list[str]:
    match block.marker:
        case "=":
            left, right = _two(block)
            return [f"{left} {right:>{max(_WIDTH - len(left) - 1, 0)}}".rstrip(), "=" * _WIDTH]
        case "==":
            return ["", block.text, "-" * _WIDTH]
        case ":" | ":!":
            label, value = _two(block)
            return _wrapped(value, first=f"  {label:<{_LABEL_WIDTH}}", rest=" " * (_LABEL_WIDTH + 2))
        case "-":
            indent = " " * _CLAUSE_INDENT
            return _wrapped(block.text, first=f"{indent}- ", rest=f"{indent}  ")
        case "^":
            return _wrapped(", ".join(block.parts), first="", rest="")
        case "" | "!" | "~":
            return _wrapped(block.text, first="", rest="")
        case number:
            return _wrapped(block.text, first=f"{number:<{_CLAUSE_INDENT}}", rest=" " * _CLAUSE_INDENT)


def _two(block: Block) -> tuple[str, str]:
    """The two parts of a row or a title; the first version keeps them in one."""
    if len(block.parts) > 1:
        return block.parts[0], block.parts[1]
    left, _, right = (part.strip() for part in block.parts[0].partition("|"))
    return left, right


def _wrapped(text: str, *, first: str, rest: str) -> list[str]:
    for kept in _KEPT_ON_ONE_LINE:
        text = text.replace(kept, kept.replace(" ", _NO_BREAK))
    lines = wrap(
        text,
        _WIDTH,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_NO_BREAK, " ") for line in lines]


def _flowing(blocks: Iterable[Block]) -> Iterator[str]:
    previous = ""
    for position, block in enumerate(blocks):
        if position and not (block.marker == previous and previous in _TOGETHER):
            yield ""
        match block.marker:
            case ":" | ":!":
                yield ": ".join(_two(block))
            case "-":
                yield f"- {block.text}"
            case _:
                yield block.text
        previous = block.marker
