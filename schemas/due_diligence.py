"""Know the customer: sanctions lists, and the matches that staff settle (rules K1, D10, D16). For staff alone."""

from typing import Any

from schemas.answers import Answer
from schemas.fields import (
    BooleanField,
    IdField,
    InstantField,
    ListField,
    ObjectField,
    TextField,
    WholeNumberField,
)
from schemas.loading import Body

LARGEST_LIST_BYTES = 64 * 1024 * 1024
"""Bytes of a sanctions list; the Union's takes a third of it."""
_LONGEST_NOTE = 4000
_MOST_NAMES = 1000
_MOST_WORDS = 200
_HASH = {"description": "SHA-256 of the file, in hexadecimal"}


class SanctionsListSchema(Answer):
    """A list as it was loaded, and what it changed. The one that is in force was loaded last."""

    id = IdField()
    version = TextField(longest=200)
    sha256 = TextField(longest=64, described=_HASH)
    generated_at = InstantField()
    loaded_at = InstantField()
    loaded_by = TextField(longest=100)
    entries = WholeNumberField()
    added = WholeNumberField()
    changed = WholeNumberField()
    removed = WholeNumberField()
    in_force = BooleanField()


class LoadedListSchema(Answer):
    """The list that was handed in; *is_new* is false where the same file had been loaded before."""

    id = IdField()
    version = TextField(longest=200)
    sha256 = TextField(longest=64, described=_HASH)
    generated_at = InstantField()
    loaded_at = InstantField()
    entries = WholeNumberField()
    added = WholeNumberField()
    changed = WholeNumberField()
    removed = WholeNumberField()
    is_new = BooleanField()


class PairedWordsSchema(Answer):
    """A word of the party's name beside the one of the entry's that it is likest; one that stands alone has none."""

    own = TextField(longest=1000)
    listed = TextField(longest=1000)
    percent = WholeNumberField()


class SanctionsEntrySchema(Answer):
    """An entry of a list; *name* is the one of its *names* that the party's is likest."""

    reference = TextField(longest=100)
    kind = TextField(longest=20)
    name = TextField(longest=1000)
    names = ListField(TextField(longest=1000), most=_MOST_NAMES)
    born = ListField(TextField(longest=10), most=_MOST_NAMES)
    citizenships = ListField(TextField(longest=200), most=_MOST_NAMES)
    remark = TextField(longest=4000, lines=True)


class SanctionsMatchSchema(Answer):
    """A party of an application that is like an entry: open, clearing (waits for a second person), cleared, confirmed.

    A *strong* one takes two persons to clear. Of a person's number the date of birth alone is told.
    """

    id = IdField()
    application_id = IdField()
    state = TextField(longest=20)
    role = TextField(longest=20)
    name = TextField(longest=1000)
    number = TextField(longest=20)
    born = TextField(longest=10)
    listed = ObjectField(SanctionsEntrySchema)
    score = WholeNumberField()
    strong = BooleanField()
    words = ListField(ObjectField(PairedWordsSchema), most=_MOST_WORDS)
    list_version = TextField(longest=200)
    list_sha256 = TextField(longest=64, described=_HASH)
    found_at = InstantField()
    note = TextField(longest=2 * _LONGEST_NOTE + 2, lines=True)
    settled_by = TextField(longest=100)
    settled_at = InstantField()
    approved_by = TextField(longest=100)
    approved_at = InstantField()


class MatchNoteSchema(Body[str]):
    """What somebody who settles a match has looked at, and why; loads as the note."""

    note = TextField(longest=_LONGEST_NOTE, lines=True, required=True)

    def make(self, **members: Any) -> str:
        """The note."""
        note: str = members["note"]
        return note
