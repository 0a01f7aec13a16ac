"""What `check` finds of the agreement without asking about anybody."""

from collections.abc import Collection, Mapping
from typing import Any

from bureau_clients.bisnode.token import Grant
from bureau_clients.bureau import Check
from underwriting.kernel.text import Text

_SCOPES = Text("Bisnode: tjänster i avtalet (scope)", "Bisnode: services of the agreement (scope)")
_PATHS = Text("Bisnode: personsvarets fält", "Bisnode: fields of the person answer")


def scopes_check(asked: Collection[str], grant: Grant) -> Check:
    """Whether the token is good for all that is asked; where it does not tell, the first question will."""
    if grant.scopes is None:
        detail = Text("Byrån uppger dem inte i sitt svar", "The bureau does not tell them in its answer")
        return Check(_SCOPES, True, None, detail)
    missing = ", ".join(sorted(set(asked) - grant.scopes))
    lacks = Text("Saknas: {missing}", "Missing: {missing}").filled(missing=missing) if missing else None
    return Check(_SCOPES, not missing, None, lacks)


def paths_check(configured: Mapping[str, Any]) -> Check:
    """Whether anybody has said where the facts of a person stand: the shipped paths are not Bisnode's."""
    detail = Text(
        "Medföljande fält används; kontrollera dem mot Bisnodes beskrivning och ange BISNODE_PERSON_MAPPING",
        "The shipped fields are used; compare them with Bisnode's description and set BISNODE_PERSON_MAPPING",
    )
    return Check(_PATHS, True, None, None if configured else detail)
