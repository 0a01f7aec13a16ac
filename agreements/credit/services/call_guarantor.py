"""A guarantor's letter with the way to the own guarantee: sent when it is granted, and again on request (G2)."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit import messages
from agreements.credit.models import Agreement
from agreements.credit.services.call_signatories import post_about
from agreements.credit.services.complete_signatures import require_invited, require_signable
from agreements.credit.services.keep_agreement import details_of, lock_agreement
from agreements.credit.services.open_invitation import link_of_guarantor
from agreements.guarantees import service as guarantees
from agreements.guarantees.models import Guarantee
from underwriting.kernel.errors import NotFound
from underwriting.kernel.money import Money
from underwriting.platform import audit_log
from underwriting.platform.runtime import Runtime


def call_guarantor(
    session: Session, runtime: Runtime, agreement: Agreement, guarantee: Guarantee, token: str, *, at: datetime
) -> None:
    """Write to the guarantor that the guarantee waits for the signature; each invitation once."""
    letter = messages.guarantee_to_be_signed(
        lender=runtime.settings.lender.name,
        borrower=details_of(runtime, agreement).name,
        cap=Money(guarantee.cap_ore),
        link=link_of_guarantor(runtime, guarantee.id, token),
        sign_by=agreement.sign_by,
    )
    again = "" if guarantee.invitations == 1 else f":{guarantee.invitations}"
    recipient, subject = guarantees.details_of(runtime, guarantee).email, f"guarantee:{guarantee.id}"
    post_about(
        session, runtime, agreement, "guarantee-to-sign", f"{guarantee.id}{again}", recipient, letter, at, subject
    )


def call_guarantor_again(
    session: Session,
    runtime: Runtime,
    application_id: uuid.UUID,
    *,
    person_index: bytes,
    email: str | None,
    actor: str,
    at: datetime,
) -> None:
    """Write once more, to another *email* where one is given; the link that was sent before leads nowhere then.

    Time is not given anew. NotFound without such a guarantor, NothingToSign once the guarantee is signed, declined or
    its time over, InvitedTooOften.
    """
    current = (Agreement.application_id == application_id) & Agreement.superseded_at.is_(None)
    agreement_id = session.scalar(sa.select(Agreement.id).where(current))
    if agreement_id is None:
        raise NotFound
    agreement = lock_agreement(session, agreement_id)
    given = guarantees.of_agreement(session, agreement.id)
    guarantee = next((one for one in given if one.person_index == person_index), None)
    if guarantee is None:
        raise NotFound
    require_signable(agreement, at=at)
    require_invited(guarantee)
    token = guarantees.invite_again(session, runtime, guarantee, email=email, at=at)
    call_guarantor(session, runtime, agreement, guarantee, token, at=at)
    data = {"guarantee": str(guarantee.id), "other_address": email is not None}
    audit_log.append(session, f"agreement:{agreement.id}", "guarantee.invited_again", actor=actor, at=at, data=data)
