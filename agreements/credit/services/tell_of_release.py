"""Who is written to about a guarantor's release: those whose consent is asked, and at the end everybody (rule G4)."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from agreements.credit import messages
from agreements.credit.messages import Letter
from agreements.credit.models import Agreement
from agreements.credit.services.call_signatories import post_about
from agreements.credit.services.complete_signatures import tell_guarantor
from agreements.credit.services.keep_agreement import details_of, link_to_guarantee
from agreements.guarantees import service as guarantees
from agreements.guarantees.models import Guarantee, GuaranteeRelease
from underwriting.platform.runtime import Runtime


def ask_consents(
    session: Session,
    runtime: Runtime,
    agreement: Agreement,
    release: GuaranteeRelease,
    others: Iterable[Guarantee],
    *,
    at: datetime,
) -> None:
    """Ask each of the *others* whether they allow it; who it is about is told, for nobody can judge it otherwise."""
    leaving = guarantees.details_of(runtime, guarantees.get(session, release.guarantee_id)).name
    borrower = details_of(runtime, agreement).name
    for one in others:
        letter = messages.consent_asked(borrower=borrower, name=leaving, link=link_to_guarantee(runtime, one.id))
        _post(session, runtime, agreement, "release-consent-asked", f"{release.id}:{one.id}", one, letter, at)


def tell_of_release(
    session: Session,
    runtime: Runtime,
    agreement: Agreement,
    released: Guarantee,
    others: Iterable[Guarantee],
    *,
    at: datetime,
) -> None:
    """Tell the guarantor who is *released*, and the *others*, who go on."""
    borrower, lender = details_of(runtime, agreement).name, runtime.settings.lender.name
    letter = messages.released(borrower=borrower, lender=lender)
    tell_guarantor(session, runtime, released, letter, kind="guarantee-released", at=at)
    to_others = messages.co_guarantor_released(borrower=borrower, name=guarantees.details_of(runtime, released).name)
    for one in others:
        _post(session, runtime, agreement, "co-guarantor-released", f"{released.id}:{one.id}", one, to_others, at)


def _post(
    session: Session,
    runtime: Runtime,
    agreement: Agreement,
    kind: str,
    occasion: str,
    recipient: Guarantee,
    letter: Letter,
    at: datetime,
) -> None:
    email, subject = guarantees.details_of(runtime, recipient).email, f"guarantee:{recipient.id}"
    post_about(session, runtime, agreement, kind, occasion, email, letter, at, subject)
