"""Whether an exported file is what was exported, and what was exported what was written: by the public key alone."""

import hashlib
from collections.abc import Iterator

from underwriting.audit.bundle import Bundle, ExportedEntry, ExportedHead
from underwriting.audit.export import signed_content
from underwriting.platform import merkle
from underwriting.platform.audit_chain import Damage, Finding, damage_to, holds, link_of
from underwriting.platform.audit_seal import head_line
from underwriting.platform.seal_key import is_signed

FILE = "file"
"""The subject of a finding about the file as a whole, which has no number."""


def check(bundle: Bundle, *, public_key: bytes) -> list[Finding]:
    """Everything that is wrong, each thing once; nothing where the file and what it holds are whole."""
    broken = set(_broken_seals(bundle, public_key))
    proven = [head for head in _heads(bundle) if head.seal not in broken]
    found = dict.fromkeys(_chains(bundle, proven))
    found |= dict.fromkeys(Finding("seal", number, Damage.SEAL_BROKEN) for number in sorted(broken))
    missing = sorted(set(bundle.named_seals) - bundle.seals.keys())
    found |= dict.fromkeys(Finding("seal", number, Damage.SEAL_MISSING) for number in missing)
    signed = bundle.signature is not None and is_signed(
        signed_content(bundle.lines, bundle.digest), bundle.signature, public=public_key
    )
    if not (bundle.is_whole and signed):
        found[Finding(FILE, 0, Damage.CHANGED)] = None
    return list(found)


def _chains(bundle: Bundle, proven: list[ExportedHead]) -> Iterator[Finding]:
    """Every chain by itself, against the seals, and against what the first line says that it ends with."""
    for subject in sorted({*bundle.ends, *bundle.entries, *(head.subject for head in proven)}):
        entries, doubles = _in_order(bundle.entries.get(subject, []))
        strange = entries if subject not in bundle.ends else []
        yield from (Finding(subject, one.sequence, Damage.INSERTED) for one in (*doubles, *strange))
        sealed = {head.sequence: head.hash for head in proven if head.subject == subject}
        here = {entry.sequence: entry.hash for entry in entries}
        told = dict([bundle.ends[subject]]) if subject in bundle.ends else {}
        for heads in (sealed, told):
            if not holds(entries) or any(here.get(sequence) != end for sequence, end in heads.items()):
                yield from damage_to(subject, entries, heads)


def _in_order(entries: list[ExportedEntry]) -> tuple[list[ExportedEntry], list[ExportedEntry]]:
    """One entry for each number, and those that stand beside it: which is which the hashes tell."""
    kept: dict[int, ExportedEntry] = {}
    doubles = []
    named = {entry.previous_hash for entry in entries}
    for entry in sorted(entries, key=lambda one: (one.sequence, one.hash not in named, link_of(one) != one.hash)):
        if entry.sequence in kept:
            doubles.append(entry)
        kept.setdefault(entry.sequence, entry)
    return list(kept.values()), doubles


def _heads(bundle: Bundle) -> Iterator[ExportedHead]:
    """What seals name of the chains of the file."""
    yield from bundle.heads
    for number, listed in bundle.lists.items():
        for subject, sequence, sealed in listed:
            if subject in bundle.ends:
                yield ExportedHead(number, subject, sequence, sealed, 0, ())


def _broken_seals(bundle: Bundle, public_key: bytes) -> Iterator[int]:
    """The seals that were not signed so, stand under another's number, or do not name what they are said to."""
    for number, kept in bundle.seals.items():
        signed = is_signed(kept.document, kept.signature, public=public_key)
        listed = bundle.lists.get(number)
        if kept.seal.number != number or not signed or (listed is not None and _root(listed) != kept.seal.root):
            yield number
    for head in bundle.heads:
        if head.seal not in bundle.seals or not _is_named(head, bundle):
            yield head.seal


def _is_named(head: ExportedHead, bundle: Bundle) -> bool:
    seal = bundle.seals[head.seal].seal
    leaf = merkle.leaf(head_line(head.subject, head.sequence, head.hash))
    return merkle.proves(head.path, leaf_hash=leaf, index=head.place, count=seal.chains, expected=seal.root)


def _root(listed: list[tuple[str, int, bytes]]) -> bytes:
    """The hash of a seal of the first form."""
    return hashlib.sha256(b"".join(head_line(*one) + b"\n" for one in listed)).digest()
