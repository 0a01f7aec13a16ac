"""A document as a page shows it: the words of what is signed, set for a screen of any width.

A PDF comes with its words, and they are set as what they are. The first documents are texts, laid out in lines of a
fixed width: a title and headings underlined, facts in two columns, lists, numbered clauses and paragraphs, with an
empty line between them; they are set from the text alone. Nothing but line breaks and rules is left out.
"""

import re
from collections.abc import Iterator, Sequence

from markupsafe import Markup

from agreements.documents.rules import Block, Group, Words

_RULE = re.compile(r"(=+|-+)")
_FACT = re.compile(r"  (\S.*?)\s{2,}(\S.*)")
_CLAUSE = re.compile(r"(\d+(?:\.\d+)+)\s+(\S.*)")
_ITEM = "- "


def set_document(document: Words | str) -> Markup:
    """*document* as HTML: the title is a heading of the second level, chapters are of the third."""
    if isinstance(document, Words):
        return Markup("\n").join(_group(group) for group in document.groups)
    return _set_text(document)


def _group(group: Group) -> Markup:
    first, texts = group.blocks[0], [block.text for block in group.blocks]
    match group.kind:
        case "letterhead":
            inner = Markup("<strong>{}</strong> <span>{}</span>").format(first.parts[0], " · ".join(first.parts[1:]))
            return Markup('<p class="letterhead">{}</p>').format(inner)
        case "title":
            return Markup("<h2>{} <small>{}</small></h2>").format(first.parts[0], " ".join(first.parts[1:]))
        case "chapter":
            return Markup("<h3>{}</h3>").format(" ".join(first.text.split()))
        case "facts":
            rows = Markup().join(_row(block) for block in group.blocks)
            return Markup('<dl class="facts">{}</dl>').format(rows)
        case "items":
            return Markup("<ul>{}</ul>").format(Markup().join(Markup("<li>{}</li>").format(one) for one in texts))
        case "clause":
            return Markup('<p class="clause"><b>{}</b> <span>{}</span></p>').format(first.marker, first.text)
        case "notice" | "signature":
            paragraphs = Markup().join(Markup("<p>{}</p>").format(one) for one in texts)
            return Markup('<div class="{}">{}</div>').format(group.kind, paragraphs)
        case _:
            return Markup("<p>{}</p>").format(first.text)


def _row(block: Block) -> Markup:
    value = " ".join(block.parts[1:])
    if block.marker == ":!":
        return Markup('<div class="weighty"><dt>{}</dt><dd>{}</dd></div>').format(block.parts[0], value)
    return Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(block.parts[0], value)


def _set_text(text: str) -> Markup:
    blocks = (block.split("\n") for block in re.split(r"\n\s*\n", text) if block.strip())
    return Markup("\n").join(_block([line for line in lines if line.strip()]) for lines in blocks)


def _block(lines: Sequence[str]) -> Markup:
    first = lines[0]
    if len(lines) == 2 and _RULE.fullmatch(lines[1]):
        return _heading(first, is_title=lines[1].startswith("="))
    if _FACT.fullmatch(first):
        rows = Markup().join(Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(*row) for row in _facts(lines))
        return Markup('<dl class="facts">{}</dl>').format(rows)
    if first.strip().startswith(_ITEM):
        return Markup("<ul>{}</ul>").format(Markup().join(Markup("<li>{}</li>").format(one) for one in _items(lines)))
    words = " ".join(line.strip() for line in lines)
    clause = _CLAUSE.fullmatch(words)
    if clause:
        return Markup('<p class="clause"><b>{}</b> <span>{}</span></p>').format(clause[1], clause[2])
    return Markup("<p>{}</p>").format(words)


def _heading(line: str, *, is_title: bool) -> Markup:
    if not is_title:
        return Markup("<h3>{}</h3>").format(re.sub(r"\s{2,}", " ", line.strip()))
    left, _, right = line.strip().partition("  ")
    return Markup("<h2>{} <small>{}</small></h2>").format(left, right.strip())


def _facts(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    label, value = "", ""
    for line in lines:
        fact = _FACT.fullmatch(line)
        if fact is None:
            value = f"{value} {line.strip()}"
            continue
        if label:
            yield label, value
        label, value = fact[1], fact[2]
    yield label, value


def _items(lines: Sequence[str]) -> Iterator[str]:
    item = ""
    for line in (line.strip() for line in lines):
        if line.startswith(_ITEM) and item:
            yield item
            item = ""
        item = f"{item} {line}" if item else line.removeprefix(_ITEM)
    yield item
