"""The policy's versions (rule D11)."""

from datetime import datetime
from typing import Any

from schemas.answers import Answer
from schemas.fields import IdField, InstantField, ListField, ObjectField, TextField
from schemas.loading import Body

_LONGEST_DOCUMENT = 200_000
_HASH = {"description": "SHA-256 of the document as canonical JSON, in hexadecimal"}


class PublicationSchema(Answer):
    """One period in which a version is or was in force: until the next one begins."""

    in_force_from = InstantField()
    until = InstantField()
    published_by = TextField(longest=100)
    published_at = InstantField()


class PolicyVersionSchema(Answer):
    """A version with everything that has happened to it."""

    id = IdField()
    version = TextField(longest=1000)
    sha256 = TextField(longest=64, described=_HASH)
    drafted_by = TextField(longest=100)
    drafted_at = InstantField()
    approved_by = TextField(longest=100)
    approved_at = InstantField()
    publications = ListField(ObjectField(PublicationSchema), most=10_000)


class PolicySchema(PolicyVersionSchema):
    """A version with its document."""

    document = TextField(longest=_LONGEST_DOCUMENT, lines=True, described={"description": "JSON, as it was drafted"})


class PolicyDraftSchema(Body[tuple[str, str | None]]):
    """A document that is to be kept as a draft, and the hash that it must have where one is told."""

    document = TextField(
        longest=_LONGEST_DOCUMENT, lines=True, required=True, described={"description": "The policy as JSON text"}
    )

    sha256 = TextField(longest=64, load_default=None, described={"description": "The hash that the document must have"})

    def make(self, **members: Any) -> tuple[str, str | None]:
        """The document and its hash."""
        return members["document"], members["sha256"]


class PublicationRequestSchema(Body[datetime | None]):
    """From when a version is to be in force; from now where nothing is said."""

    in_force_from = InstantField(load_default=None)

    def make(self, **members: Any) -> datetime | None:
        """The instant, or None."""
        instant: datetime | None = members["in_force_from"]
        return instant
