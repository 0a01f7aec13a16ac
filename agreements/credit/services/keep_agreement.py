"""An agreement's row: found, locked, read, moved from state to state; and letters to its borrower."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from agreements.credit import rules
from agreements.credit.formats import signing_rule_from_json, signing_rule_to_json
from agreements.credit.messages import Letter
from agreements.credit.models import Agreement
from agreements.credit.rules import AgreementEvent, AgreementFacts
from underwriting.kernel.errors import NotFound
from underwriting.kernel.event_catalogue import (
    AGREEMENT_ANNULLED,
    AGREEMENT_CANCELLED,
    AGREEMENT_LAPSED,
    AGREEMENT_REDEEMED,
    AGREEMENT_RUNNING,
    AGREEMENT_SETTLED,
    AGREEMENT_SIGNED,
)
from underwriting.kernel.event_forms import EventKind
from underwriting.kernel.identifiers import Bankgiro, OrganisationNumber, PersonalNumber
from underwriting.kernel.signing_rule import SigningRule
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import AgreementState, CompanyForm, InvoiceDelivery
from underwriting.platform import audit_log, events, outbox, preconditions
from underwriting.platform.encryption import of_application
from underwriting.platform.outbox import Attachment
from underwriting.platform.runtime import Runtime

COMPANY = "agreement.company"
DETAILS = "agreement.details"
_OVER = frozenset(
    {
        AgreementState.CANCELLED,
        AgreementState.REDEEMED,
        AgreementState.SETTLED,
        AgreementState.LAPSED,
        AgreementState.ANNULLED,
    }
)

_PARTNER_LEFT = Text("En bolagsmans utträde är registrerat.", "The exit of a partner is registered.")
_TOLD: Mapping[AgreementState, EventKind] = {
    AgreementState.SIGNED: AGREEMENT_SIGNED,
    AgreementState.RUNNING: AGREEMENT_RUNNING,
    AgreementState.CANCELLED: AGREEMENT_CANCELLED,
    AgreementState.REDEEMED: AGREEMENT_REDEEMED,
    AgreementState.SETTLED: AGREEMENT_SETTLED,
    AgreementState.LAPSED: AGREEMENT_LAPSED,
    AgreementState.ANNULLED: AGREEMENT_ANNULLED,
}
"""What integrators are told when an agreement comes into a state."""


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom the lender writes to and calls in a matter of the agreement."""

    name: str = field(repr=False)
    email: str = field(repr=False)
    phone: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AgreementDetails:
    """What an agreement knows of its borrower; personal data. *invoice_address* is there where paper was asked for."""

    name: str = field(repr=False)
    contact: Contact
    signing_rule: SigningRule = field(repr=False)
    payout_account: Bankgiro = field(repr=False)
    invoice_address: str | None = field(repr=False, default=None)


def lock_agreement(session: Session, agreement_id: uuid.UUID) -> Agreement:
    """The agreement as it stands now, held to the end of the transaction; NotFound when there is none."""
    agreement = _found(session.get(Agreement, agreement_id, with_for_update=True, populate_existing=True))
    preconditions.check(agreement_id, version=agreement.version)
    return agreement


def get_agreement(session: Session, agreement_id: uuid.UUID) -> Agreement:
    """The agreement, for reading; NotFound when there is none."""
    return _found(session.get(Agreement, agreement_id))


def move(
    session: Session,
    agreement: Agreement,
    event: AgreementEvent,
    *,
    at: datetime,
    actor: str,
    facts: AgreementFacts | None = None,
) -> AgreementState:
    """Put the locked *agreement* where *event* leads; AgreementStateRefuses when that does not exist (`rules`)."""
    before = AgreementState(agreement.state)
    if event is AgreementEvent.DRAWDOWN_ASKED and agreement.drawdowns_stopped_at is not None:
        raise rules.AgreementStateRefuses(before, event, rule="G5", reason=_PARTNER_LEFT)
    after = rules.advance(before, event, facts or AgreementFacts())
    if after is before:
        return after
    agreement.state = str(after)
    agreement.version += 1
    if after in _OVER:
        agreement.ended_at = at
    data = {"event": str(event), "from": str(before)}
    audit_log.append(session, f"agreement:{agreement.id}", f"agreement.{after}", actor=actor, at=at, data=data)
    if kind := _TOLD.get(after):
        ids = {"agreement_id": agreement.id, "application_id": agreement.application_id}
        events.record(session, kind, at=at, **ids, state=after)
    return after


def details_of(runtime: Runtime, agreement: Agreement) -> AgreementDetails:
    """The borrower's name, contact, signatories and account."""
    content: Mapping[str, Any] = runtime.cipher.decrypt_json(agreement.details_encrypted, context=DETAILS)
    return AgreementDetails(
        name=content["name"],
        contact=Contact(**content["contact"]),
        signing_rule=signing_rule_from_json(content),
        payout_account=Bankgiro(content["payout_account"]),
        invoice_address=content.get("invoice_address"),
    )


def keep_signing_rule(runtime: Runtime, agreement: Agreement, rule: SigningRule) -> None:
    """Put *rule* in the place of the one that the locked *agreement* has been under."""
    content = runtime.cipher.decrypt_json(agreement.details_encrypted, context=DETAILS)
    subject = of_application(agreement.application_id)
    agreement.details_encrypted = runtime.cipher.encrypt_json(
        content | signing_rule_to_json(rule), context=DETAILS, subject=subject
    )
    agreement.version += 1


def choose_invoice_delivery(
    runtime: Runtime, agreement: Agreement, delivery: InvoiceDelivery, *, address: str | None
) -> None:
    """Send the locked *agreement*'s invoices as *delivery* says from now on (rule F4); paper goes to *address*."""
    content = runtime.cipher.decrypt_json(agreement.details_encrypted, context=DETAILS)
    subject = of_application(agreement.application_id)
    agreement.details_encrypted = runtime.cipher.encrypt_json(
        content | {"invoice_address": address}, context=DETAILS, subject=subject
    )
    agreement.invoice_delivery = str(delivery)
    agreement.version += 1


def replace_account(runtime: Runtime, agreement: Agreement, account: Bankgiro) -> None:
    """Put *account* in the place of the one that the locked *agreement* was paid to (rule P1)."""
    content = runtime.cipher.decrypt_json(agreement.details_encrypted, context=DETAILS)
    subject = of_application(agreement.application_id)
    changed = content | {"payout_account": account.digits}
    agreement.details_encrypted = runtime.cipher.encrypt_json(changed, context=DETAILS, subject=subject)
    agreement.version += 1


def company_of(runtime: Runtime, agreement: Agreement) -> OrganisationNumber | PersonalNumber:
    """The borrower's number; a sole trader's is the owner's."""
    digits = runtime.cipher.decrypt(agreement.company_encrypted, context=COMPANY).decode()
    return PersonalNumber(digits) if agreement.company_form == CompanyForm.EF else OrganisationNumber(digits)


def tell_borrower(
    session: Session,
    runtime: Runtime,
    agreement: Agreement,
    letter: Letter,
    *,
    kind: str,
    occasion: str,
    at: datetime,
    attachments: Iterable[Attachment] = (),
) -> None:
    """Write to the borrower's contact; *occasion* tells the occasions of one *kind* apart, each is written once."""
    outbox.post(
        session,
        runtime,
        kind=kind,
        business_key=f"{kind}:{agreement.id}:{occasion}",
        recipient=details_of(runtime, agreement).contact.email,
        content=letter.content,
        at=at,
        subject=f"agreement:{agreement.id}",
        data_subject=of_application(agreement.application_id),
        attachments=attachments,
    )


def link_to(runtime: Runtime, agreement: Agreement) -> str:
    """The address of the agreement's page."""
    return f"{runtime.settings.base_url}/agreements/{agreement.id}"


def link_to_guarantee(runtime: Runtime, guarantee_id: uuid.UUID) -> str:
    """The address of a guarantee's page."""
    return f"{runtime.settings.base_url}/guarantees/{guarantee_id}"


def _found(agreement: Agreement | None) -> Agreement:
    if agreement is None:
        raise NotFound
    return agreement
