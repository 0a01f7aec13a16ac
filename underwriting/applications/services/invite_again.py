"""A guarantor's letter did not arrive, or went to a wrong address: it is sent again, with a new link (A3, A6, G2)."""

from datetime import datetime

from sqlalchemy.orm import Session

from agreements.credit.services.call_guarantor import call_guarantor_again
from agreements.guarantees.rules import check_invited_again
from schemas.values import SupplementBody
from underwriting.applications.models import Application, ApplicationGuarantor, ApplicationSupplement
from underwriting.applications.services.confirm_guarantor import InvitationClosed
from underwriting.applications.services.find_application import subject_of
from underwriting.applications.services.invite_guarantor import GUARANTOR_SUPPLEMENT, send_invitation
from underwriting.applications.services.store_application import (
    guarantors_of,
    keep_guarantor_email,
    supplement_to_bytes,
)
from underwriting.kernel.errors import NotFound
from underwriting.kernel.vocabulary import ApplicationState, GuarantorState
from underwriting.platform import audit_log
from underwriting.platform.runtime import Runtime


def invite_again(
    session: Session,
    runtime: Runtime,
    application: Application,
    ordinal: int,
    *,
    email: str | None,
    actor: str,
    at: datetime,
) -> None:
    """Write once more to guarantor *ordinal* of the locked application, at *email* from now on where it is given.

    Before the decision that is the question to confirm, after it the guarantee to sign. No time is given anew. Raises
    NotFound, InvitationClosed, NothingToSign, InvitedTooOften.
    """
    row = next((one for one in guarantors_of(session, application) if one.ordinal == ordinal), None)
    if row is None:
        raise NotFound
    if email is not None:
        _change_address(session, runtime, application, row, email, actor=actor, at=at)
    data = {"guarantor": ordinal, "other_address": email is not None}
    subject = subject_of(application.id)
    audit_log.append(session, subject, "application.guarantor_invited_again", actor=actor, at=at, data=data)
    if application.state == ApplicationState.APPROVED:
        call_guarantor_again(
            session, runtime, application.id, person_index=row.person_index, email=email, actor=actor, at=at
        )
    else:
        _ask_again(session, runtime, application, row, at)


def _ask_again(
    session: Session, runtime: Runtime, application: Application, row: ApplicationGuarantor, at: datetime
) -> None:
    waits = application.state == ApplicationState.SUBMITTED and row.state == GuarantorState.INVITED
    if not waits or application.confirm_by is None or at >= application.confirm_by:
        raise InvitationClosed
    check_invited_again(sent=row.invitations, last_at=row.invited_at, at=at)
    row.invitations += 1
    row.invited_at = at
    send_invitation(session, runtime, application, row, confirm_by=application.confirm_by, at=at)


def _change_address(
    session: Session,
    runtime: Runtime,
    application: Application,
    row: ApplicationGuarantor,
    email: str,
    *,
    actor: str,
    at: datetime,
) -> None:
    """A dated supplement (rule A3); what was signed names the person, who stays the same."""
    keep_guarantor_email(runtime.cipher, application, row, email)
    application.version += 1
    content = supplement_to_bytes(runtime.cipher, application, SupplementBody())
    session.add(
        ApplicationSupplement(
            application_id=application.id,
            kind=GUARANTOR_SUPPLEMENT,
            content_encrypted=content,
            added_by=actor,
            added_at=at,
        )
    )
    session.flush()
