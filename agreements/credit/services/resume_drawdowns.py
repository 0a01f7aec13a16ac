"""A partner's exit stopped drawdowns; the lender looks at who is left and lets them go on (rule G5).

1. From the moment at which an exit is recorded nothing more is drawn, and nothing that is ordered leaves for the bank.
2. Whoever recorded an exit does not resume: another one of staff judges, with a reason, what the remaining partners and
   the guarantors are good for.
3. What was ordered goes to the bank then by itself. A later exit stops anew.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from agreements.credit import messages
from agreements.credit.models import Agreement
from agreements.credit.services.keep_agreement import link_to, lock_agreement, tell_borrower
from agreements.credit.services.keep_partners import note_resumption, rows_of
from underwriting.kernel.errors import Conflict, NotPermitted
from underwriting.kernel.text import Text
from underwriting.platform import audit_log
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime
from underwriting.platform.staff_accounts import is_same_person


class DrawdownsNotStopped(Conflict):
    """No partner's exit stops this agreement's drawdowns. Rule G5."""

    slug = "drawdowns-not-stopped"
    title = Text("Uttagen är inte stoppade", "Drawdowns are not stopped")
    rule = "G5"


@dataclass(frozen=True)
class Resumptions:
    """What staff do about drawdowns that a partner's exit has stopped."""

    runtime: Runtime

    def resume(self, agreement_id: uuid.UUID, *, reason: str, caller: Caller) -> None:
        """Let drawdowns go on. DrawdownsNotStopped; NotPermitted for whoever recorded an exit of the agreement's."""
        at = self.runtime.clock.now()
        with self.runtime.database.transaction() as session:
            agreement = lock_agreement(session, agreement_id)
            if agreement.drawdowns_stopped_at is None:
                raise DrawdownsNotStopped
            left = [one for one in rows_of(session, agreement_id) if one.exited_on is not None]
            if is_same_person(session, caller, *(one.exit_recorded_by for one in left if one.exit_recorded_by)):
                raise NotPermitted
            agreement.drawdowns_stopped_at = None
            agreement.version += 1
            note_resumption(self.runtime, agreement, left, reason=reason, actor=caller.actor, at=at)
            session.flush()
            subject = f"agreement:{agreement.id}"
            audit_log.append(session, subject, "agreement.drawdowns_resumed", actor=caller.actor, at=at, data={})
            self._tell(session, agreement, at)

    def _tell(self, session: Session, agreement: Agreement, at: datetime) -> None:
        letter = messages.drawdowns_resumed(number=agreement.number, link=link_to(self.runtime, agreement))
        tell_borrower(
            session, self.runtime, agreement, letter, kind="drawdowns-resumed", occasion=at.isoformat(), at=at
        )
