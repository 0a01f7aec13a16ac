"""Letters about a change to those who sign for the company and to the guarantors: each once of a kind (rule G7)."""

from datetime import datetime

from sqlalchemy.orm import Session

from agreements.credit.messages import Letter
from agreements.credit.models import Agreement
from agreements.credit.service import details_of, link_to, link_to_guarantee
from agreements.credit.services.call_signatories import post_about
from agreements.guarantees import service as guarantees
from agreements.plan_changes import messages
from agreements.plan_changes.models import PlanChange
from agreements.plan_changes.services.write_documents import binding_guarantees
from underwriting.kernel.vocabulary import PlanChangeState
from underwriting.platform.runtime import Runtime

_PLACE = "#plan-change"


def call_everybody(
    session: Session, runtime: Runtime, agreement: Agreement, change: PlanChange, *, at: datetime
) -> None:
    """Ask each for the signature."""
    lender = runtime.settings.lender.name
    link = link_to(runtime, agreement) + _PLACE
    letter = messages.to_be_signed(lender=lender, number=agreement.number, link=link, sign_by=change.sign_by)
    _to_company(session, runtime, agreement, change, letter, kind="plan-change-to-sign", at=at)
    borrower = details_of(runtime, agreement).name
    for guarantee in binding_guarantees(session, agreement):
        own = link_to_guarantee(runtime, guarantee.id) + _PLACE
        letter = messages.consent_to_be_signed(lender=lender, borrower=borrower, link=own, sign_by=change.sign_by)
        subject, email = f"guarantee:{guarantee.id}", guarantees.details_of(runtime, guarantee).email
        kind, occasion = "plan-change-consent-to-sign", f"{change.id}:{guarantee.id}"
        post_about(session, runtime, agreement, kind, occasion, email, letter, at, subject)


def tell_everybody(
    session: Session, runtime: Runtime, agreement: Agreement, change: PlanChange, *, at: datetime
) -> None:
    """Tell each what came of it."""
    kind, borrower = f"plan-change-{change.state.replace('_', '-')}", details_of(runtime, agreement).name
    takes_effect = change.state == PlanChangeState.IN_EFFECT
    over = messages.ended(
        borrower=borrower, number=agreement.number, withdrawn=change.state == PlanChangeState.WITHDRAWN
    )

    def letter(link: str) -> Letter:
        if not takes_effect:
            return over
        return messages.in_effect(borrower=borrower, number=agreement.number, link=link)

    _to_company(session, runtime, agreement, change, letter(link_to(runtime, agreement)), kind=kind, at=at)
    for guarantee in binding_guarantees(session, agreement):
        own = letter(link_to_guarantee(runtime, guarantee.id))
        subject, email = f"guarantee:{guarantee.id}", guarantees.details_of(runtime, guarantee).email
        post_about(session, runtime, agreement, kind, f"{change.id}:{guarantee.id}", email, own, at, subject)


def _to_company(
    session: Session,
    runtime: Runtime,
    agreement: Agreement,
    change: PlanChange,
    letter: Letter,
    *,
    kind: str,
    at: datetime,
) -> None:
    """To each address of those who sign once; without an own one the contact's is used."""
    details = details_of(runtime, agreement)
    addresses = {one.email or details.contact.email for one in details.signing_rule.callable_signatories}
    for ordinal, recipient in enumerate(sorted({*addresses, details.contact.email}), start=1):
        subject, occasion = f"agreement:{agreement.id}", f"{change.id}:company:{ordinal}"
        post_about(session, runtime, agreement, kind, occasion, recipient, letter, at, subject)
