"""One fault of a policy document: where it stands, what is wrong, and the rule that it breaks."""

from collections.abc import Iterator
from typing import TypeAlias

from underwriting.kernel.errors import FieldError
from underwriting.kernel.text import Text

Findings: TypeAlias = Iterator[FieldError]
"""The faults that a proof finds, in the order of the document."""


def finding(pointer: str, sv: str, en: str, *, rule: str | None = None) -> FieldError:
    """A fault at a JSON pointer, told in both languages."""
    return FieldError(pointer, Text(sv, en), rule)
