"""Whose exposure a decision reads is held until the decision is written: two at one moment see each other (D2, G6).

1. The application is locked.
2. All of its parties are held, at once and in the order of their names; any other application of one of them waits.
3. Only then is the clock read, and the books with it: what the one before has granted is in them.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from underwriting.applications.models import Application
from underwriting.applications.services.store_application import body_of
from underwriting.decisions.services.gather_case import parties_of
from underwriting.platform.database import lock_subjects
from underwriting.platform.runtime import Runtime


def hold_exposure(session: Session, runtime: Runtime, application: Application) -> datetime:
    """Hold the parties to the locked application to the end of the transaction; the instant to read the books at."""
    parties = parties_of(runtime, body_of(session, runtime.cipher, application))
    lock_subjects(session, [f"exposure:{index.hex()}" for index in sorted(parties)])
    return runtime.clock.now()
