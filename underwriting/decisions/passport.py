"""The decision passport (rule D15): what a decision rests on and came to, in one bundle, linked by hashes.

The bundle is canonical JSON. Each section has the SHA-256 of its name, its content and the hash of the one before it;
the last is the passport's hash, which the lender's seal key signs. `verify` does, in this order:

1. the file is canonical JSON of this format, to the byte: no blank, no other spelling, no second member of a name;
2. every section is there, in order, and its hash follows from what stands in it and before it;
3. the signature is over the last hash, by the key that the reader knows;
4. the facts and the policy have the hashes that the decision names;
5. the policy, applied to the facts, gives the trace again to the byte, and what it decided alone was recorded so.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from underwriting.decisions import formats
from underwriting.decisions.policies import load_policy
from underwriting.decisions.policy import PolicyInvalid
from underwriting.decisions.scoring import decide

FORMAT = 1
SECTIONS = ("decision", "inputs", "reports", "policy", "trace", "price", "offer", "overrides", "signatures")
_GENESIS = "0" * 64
_MEMBERS = {"format", "sections", "sha256", "signature"}
_SECTION_MEMBERS = {"name", "content", "previous", "sha256"}

Check = Callable[[bytes, bytes], bool]
"""Whether the second is the signature of the first."""


def bundle(contents: Mapping[str, Any], *, sign: Callable[[bytes], bytes]) -> bytes:
    """The passport of *contents*, one per name in SECTIONS; *sign* signs its hash."""
    sections, previous = [], _GENESIS
    for name in SECTIONS:
        digest = _link(previous, name, contents[name])
        sections.append({"name": name, "content": contents[name], "previous": previous, "sha256": digest})
        previous = digest
    signature = sign(bytes.fromhex(previous)).hex()
    return _canonical({"format": FORMAT, "sections": sections, "sha256": previous, "signature": signature})


def verify(passport: bytes, *, is_signed: Check) -> list[str]:
    """What is wrong with a passport, in words; nothing when it is whole. What cannot be read ends the list."""
    try:
        content = json.loads(passport)
        if _canonical(content) != passport:
            return ["the file is not written as a passport is"]
        if not isinstance(content, dict) or content.keys() != _MEMBERS or content["format"] != FORMAT:
            return ["this is no passport of format 1"]
        sections = content["sections"]
        found = list(_broken_links(sections))
        if sections[-1]["sha256"] != content["sha256"]:
            found.append("the passport's hash is not that of its last section")
        if not is_signed(bytes.fromhex(content["sha256"]), bytes.fromhex(content["signature"])):
            found.append("the signature is not the lender's")
        return found or list(_disagreements({one["name"]: one["content"] for one in sections}))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return ["the file cannot be read as a passport"]


def _broken_links(sections: list[Any]) -> Iterator[str]:
    if [one["name"] for one in sections] != list(SECTIONS):
        yield "a section is missing, or stands in another place"
    previous = _GENESIS
    for one in sections:
        follows = one.keys() == _SECTION_MEMBERS and one["previous"] == previous
        if not follows or one["sha256"] != _link(previous, one["name"], one["content"]):
            yield f"the section {one['name']} is not what was written"
        previous = one["sha256"]


def _disagreements(contents: Mapping[str, Any]) -> Iterator[str]:
    decision, inputs, trace = contents["decision"], contents["inputs"], contents["trace"]
    if formats.sha256_of(inputs) != decision["facts_sha256"]:
        yield "the inputs are not those that the decision names"
    try:
        policy = load_policy(contents["policy"]["document"], sha256=decision["policy_sha256"])
    except PolicyInvalid:
        yield "the policy is not the one that the decision names"
        return
    again = decide(formats.facts_from_json(inputs), policy)
    if formats.decision_to_json(again) != trace:
        yield "the policy gives another decision on the inputs"
    recorded = (decision["outcome"], decision["limit"], decision["grade"])
    limit = None if again.limit is None else str(again.limit)
    if decision["automatic"] and recorded != (str(again.outcome), limit, again.grade):
        yield "another decision was recorded than the policy gives"


def _link(previous: str, name: str, content: Any) -> str:
    return hashlib.sha256(_canonical([previous, name, content])).hexdigest()


def _canonical(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
