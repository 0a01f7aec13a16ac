"""Those who are to sign are called: each gets a letter of their own with the way to what they sign (rules G2, S2)."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from agreements.credit import messages
from agreements.credit.messages import Letter
from agreements.credit.models import Agreement
from agreements.credit.services.keep_agreement import details_of
from agreements.credit.services.open_invitation import link_of_signatory
from underwriting.kernel.signing_rule import Signatory
from underwriting.platform import outbox
from underwriting.platform.encryption import of_application
from underwriting.platform.runtime import Runtime


def call_signatories(
    session: Session,
    runtime: Runtime,
    agreement: Agreement,
    called: Iterable[Signatory],
    *,
    round_of: str = "",
    at: datetime,
) -> None:
    """Write to each of *called* that the agreement waits for them; *round_of* tells later rounds from the first."""
    contact = details_of(runtime, agreement).contact
    for ordinal, signatory in enumerate(called, start=1):
        subject = f"agreement:{agreement.id}:signatory:{round_of}{ordinal}"
        occasion = f"{agreement.id}:{round_of}{ordinal}"
        recipient = signatory.email or contact.email
        letter = messages.to_be_signed(
            lender=runtime.settings.lender.name,
            number=agreement.number,
            link=link_of_signatory(runtime, agreement.id, signatory),
            sign_by=agreement.sign_by,
        )
        post_about(session, runtime, agreement, "agreement-to-sign", occasion, recipient, letter, at, subject)


def tell_signatories(
    session: Session, runtime: Runtime, agreement: Agreement, letter: Letter, *, kind: str, at: datetime
) -> None:
    """Write to those who sign at an address of their own, once of each *kind*; the others read the contact's letter."""
    details = details_of(runtime, agreement)
    addresses = {one.email for one in details.signing_rule.callable_signatories if one.email}
    for ordinal, recipient in enumerate(sorted(addresses - {details.contact.email}), start=1):
        subject = f"agreement:{agreement.id}:signatory:{ordinal}"
        post_about(session, runtime, agreement, kind, f"{agreement.id}:{ordinal}", recipient, letter, at, subject)


def post_about(
    session: Session,
    runtime: Runtime,
    agreement: Agreement,
    kind: str,
    occasion: str,
    recipient: str,
    letter: Letter,
    at: datetime,
    subject: str,
) -> None:
    """Write to *recipient* once of each *kind* and *occasion*; erased with the application."""
    outbox.post(
        session,
        runtime,
        kind=kind,
        business_key=f"{kind}:{occasion}",
        recipient=recipient,
        content=letter.content,
        at=at,
        subject=subject,
        data_subject=of_application(agreement.application_id),
    )
