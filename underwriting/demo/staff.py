"""The lender's staff in the sandbox."""

import sqlalchemy as sa

from underwriting.demo.cast import STAFF
from underwriting.platform.models import StaffUser
from underwriting.platform.runtime import Runtime
from underwriting.platform.staff_accounts import add_staff


def add_missing_staff(runtime: Runtime) -> None:
    """Add those of the sandbox's staff that are not there yet."""
    at = runtime.clock.now()
    with runtime.database.transaction() as session:
        there = set(session.scalars(sa.select(StaffUser.username)))
        for member in STAFF:
            if member.username not in there:
                add_staff(session, runtime, member.username, member.password, member.role, person=None, at=at)
