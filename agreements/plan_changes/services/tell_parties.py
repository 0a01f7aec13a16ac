"""Letters about a change to those who sign for the company and to the guarantors: each once of a kind (rule G7)."""

from datetime import datetime

from sqlalchemy.orm import Session

from agreements.credit.messages import Letter
from agreements.credit.models import Agreement
from agreements.credit.service import details_of
from agreements.credit.services.call_signatories import post_about
from agreements.guarantees import service as guarantees
from agreements.plan_changes import messages
from agreements.plan_changes.models import PlanChange
from agreements.plan_changes.services.write_documents import binding_guarantees
from underwriting.kernel.vocabulary import PlanChangeState
from underwriting.platform.runtime import Runtime


def call_everybody(
    session: Session, runtime: Runtime, agreement: Agreement, change: PlanChange, *, at: datetime
) -> None:
    """Ask each for the signature."""
    lender = runtime.settings.lender.name
    link = _link_to(runtime, change)
    letter = messages.to_be_signed(lender=lender, number=agreement.number, link=link, sign_by=change.sign_by)
    _to_company(session, runtime, agreement, change, letter, kind="plan-change-to-sign", at=at)
    borrower = details_of(runtime, agreement).name
    for guarantee in binding_guarantees(session, agreement):
        letter = messages.consent_to_be_signed(lender=lender, borrower=borrower, link=link, sign_by=change.sign_by)
        subject, email = f"guarantee:{guarantee.id}", guarantees.details_of(runtime, guarantee).email
        kind, occasion = "plan-change-consent-to-sign", f"{change.id}:{guarantee.id}"
        post_about(session, runtime, agreement, kind, occasion, email, letter, at, subject)


def tell_everybody(
    session: Session, runtime: Runtime, agreement: Agreement, change: PlanChange, *, at: datetime
) -> None:
    """Tell each what came of it."""
    kind, borrower = f"plan-change-{change.state.replace('_', '-')}", details_of(runtime, agreement).name
    if change.state == PlanChangeState.IN_EFFECT:
        letter = messages.in_effect(borrower=borrower, number=agreement.number, link=_link_to(runtime, change))
    else:
        is_withdrawn = change.state == PlanChangeState.WITHDRAWN
        letter = messages.ended(borrower=borrower, number=agreement.number, withdrawn=is_withdrawn)
    _to_company(session, runtime, agreement, change, letter, kind=kind, at=at)
    for guarantee in binding_guarantees(session, agreement):
        subject, email = f"guarantee:{guarantee.id}", guarantees.details_of(runtime, guarantee).email
        post_about(session, runtime, agreement, kind, f"{change.id}:{guarantee.id}", email, letter, at, subject)


def _link_to(runtime: Runtime, change: PlanChange) -> str:
    """The address of the change's page, for whoever has something to sign on it."""
    return f"{runtime.settings.base_url}/plan-changes/{change.id}"


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
