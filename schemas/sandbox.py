"""Test time over HTTP (rule X1)."""

from typing import Any

from schemas.fields import InstantField
from schemas.loading import Body
from schemas.values import ClockBody


class ClockSchema(Body[ClockBody]):
    """The instant at which test time is to stand."""

    at = InstantField(required=True)

    def make(self, **members: Any) -> ClockBody:
        """The instant."""
        return ClockBody(**members)
