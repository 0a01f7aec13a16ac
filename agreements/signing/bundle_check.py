"""Whether a bundle is what was written, and whether its signatures hold: needs the file, a public key and the roots."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agreements.signing import evidence
from agreements.signing.bundle import MANIFEST, MANIFEST_SIGNATURE, Signature, read, signature_of, zipped
from agreements.signing.evidence import Roots
from underwriting.kernel.text import Text
from underwriting.platform.audit_chain import GENESIS, link

COMPLETE = "signing.complete"
"""The action of the entry in an order's chain that names its evidence."""

Check = Callable[[bytes, bytes], bool]
"""Whether the second is the lender's signature over the first."""

_MANIFEST = Text("Förteckningen är långivarens", "The manifest is the lender's")
_FILE = Text("Filen är den som förteckningen nämner", "The file is the one that the manifest names")
_WHOLE = Text("Inget har lagts till, tagits bort eller flyttats", "Nothing was added, removed or moved")
_READ = Text("Underskriftens filer kan läsas", "The signature's files can be read")
_LOG = Text("Granskningsloggen hänger ihop och nämner beviset", "The audit log holds, and names this evidence")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: *place* is a file or folder of the bundle, *holds* whether it is as written."""

    place: str
    step: Text
    holds: bool


def verify(bundle: bytes, *, is_signed: Check, roots: Roots) -> list[Finding]:
    """All that was looked at, in order: the manifest, each file, the whole, and each signature's numbered steps.

    Raises BundleUnreadable. A manifest that is not the lender's ends the list: nothing after it could be believed.
    """
    files = read(bundle)
    signed = is_signed(files.get(MANIFEST, b""), files.get(MANIFEST_SIGNATURE, b""))
    found = [Finding(MANIFEST, _MANIFEST, signed)]
    if not signed:
        return found
    manifest = json.loads(files[MANIFEST])
    found += _named_files(manifest["files"], files)
    found.append(Finding("bundle", _WHOLE, zipped(files) == bundle))
    for described in manifest["signatures"]:
        found += _signature(manifest, described, files, roots)
    return found


def log_holds(signature: Signature) -> bool:
    """Whether the order's chain of the audit log holds, and its completion names this very evidence."""
    previous, subject = GENESIS, f"signing:{signature.signing_id}"
    for number, entry in enumerate(signature.log, start=1):
        follows = link(previous, subject, number, entry.action, entry.actor, entry.at, entry.data)
        if (entry.subject, entry.sequence, entry.previous_hash, entry.hash) != (subject, number, previous, follows):
            return False
        previous = entry.hash
    named = hashlib.sha256(signature.completion.signature.encode()).hexdigest()
    return [one.data.get("evidence") for one in signature.log if one.action == COMPLETE] == [named]


def _named_files(named: Mapping[str, str], files: Mapping[str, bytes]) -> Iterator[Finding]:
    for name in sorted(named.keys() | files.keys() - {MANIFEST, MANIFEST_SIGNATURE}):
        content = files.get(name)
        yield Finding(name, _FILE, content is not None and hashlib.sha256(content).hexdigest() == named.get(name))


def _signature(
    manifest: Mapping[str, Any], described: Mapping[str, Any], files: Mapping[str, bytes], roots: Roots
) -> Iterator[Finding]:
    folder = described["folder"]
    try:
        signature = signature_of(manifest, described, files)
    except (ValueError, KeyError, TypeError, AttributeError):
        yield Finding(folder, _READ, holds=False)
        return
    yield Finding(folder, _READ, holds=True)
    for one in evidence.verify(signature.completion, signature.asked, roots=roots):
        step = Text(f"{one.number}. {one.step.sv}", f"{one.number}. {one.step.en}")
        yield Finding(folder, step, one.fault is None)
    yield Finding(f"{folder}/log.jsonl", _LOG, log_holds(signature))
