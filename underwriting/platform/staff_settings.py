"""The settings of how staff log in."""

from dataclasses import dataclass
from datetime import timedelta

from underwriting.platform.environment import EnvironmentReader

_LONGEST_IDLE_MINUTES = 480


@dataclass(frozen=True, slots=True)
class StaffSettings:
    """Whether everyone who logs in by password needs a second factor, and after how long a rest a session ends."""

    second_factor_required: bool
    idle: timedelta


def read_staff(reader: EnvironmentReader) -> StaffSettings:
    """STAFF_SECOND_FACTOR (required unless it says optional) and STAFF_IDLE_MINUTES (30)."""
    second_factor = reader.word("STAFF_SECOND_FACTOR", among=("required", "optional"), default="required")
    minutes = reader.whole("STAFF_IDLE_MINUTES", least=1, most=_LONGEST_IDLE_MINUTES, default=30)
    return StaffSettings(second_factor_required=second_factor == "required", idle=timedelta(minutes=minutes))
