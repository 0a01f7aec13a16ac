"""An agreement is over: its guarantees end, and each guarantor is told (rules C6, F3)."""

from datetime import datetime

from sqlalchemy.orm import Session

from agreements.credit import messages
from agreements.credit.models import Agreement
from agreements.credit.services.complete_signatures import tell_guarantor
from agreements.credit.services.keep_agreement import details_of
from agreements.guarantees import service as guarantees
from underwriting.kernel.vocabulary import GuaranteeState
from underwriting.platform.runtime import Runtime

_BOUND = (GuaranteeState.INVITED, GuaranteeState.SIGNED, GuaranteeState.IN_FORCE)


def end_guarantees(session: Session, runtime: Runtime, agreement: Agreement, *, at: datetime) -> None:
    """End the guarantees of the locked *agreement* and write to everybody who was bound, or asked to be."""
    told = [one for one in guarantees.of_agreement(session, agreement.id) if one.state in _BOUND]
    guarantees.end(session, agreement.id, at=at)
    letter = messages.guarantee_ended(borrower=details_of(runtime, agreement).name, lender=runtime.settings.lender.name)
    for guarantee in told:
        tell_guarantor(session, runtime, guarantee, letter, kind="guarantee-ended", at=at)
