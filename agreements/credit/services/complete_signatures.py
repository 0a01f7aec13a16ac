"""The way from granted to signed, or to lapsed: who has signed, who is missing, when time is over (rules G2, S2)."""

import uuid
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from agreements.credit import messages
from agreements.credit.messages import Letter
from agreements.credit.models import Agreement
from agreements.credit.rules import AgreementEvent, AgreementFacts
from agreements.credit.services.call_signatories import tell_signatories
from agreements.credit.services.keep_agreement import (
    details_of,
    link_to,
    link_to_guarantee,
    lock_agreement,
    move,
    tell_borrower,
)
from agreements.guarantees import service as guarantees
from agreements.guarantees.models import Guarantee
from agreements.signing.models import Signing
from agreements.signing.service import signers_of
from underwriting.kernel.errors import Conflict
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.signing_rule import SigningRule
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import AgreementState, GuaranteeState, SigningPurpose
from underwriting.platform import audit_log, outbox
from underwriting.platform.batches import each_alone
from underwriting.platform.runtime import Runtime

MOST_PER_TICK = 100


class NothingToSign(Conflict):
    """The agreement does not wait for signatures: they are all there, or the time for them is over. Rule G2."""

    slug = "nothing-to-sign"
    title = Text("Avtalet väntar inte på underskrifter", "The agreement does not wait for signatures")
    rule = "G2"


class SignatureNotNeeded(Conflict):
    """Those who have signed are enough for the company: one alternative of its signing rule is complete. Rule S2."""

    slug = "signature-not-needed"
    title = Text(
        "Företagets underskrifter är redan fullständiga; fler behövs inte",
        "The company's signatures are complete; no more are needed",
    )
    rule = "S2"


def require_signable(agreement: Agreement, *, at: datetime) -> None:
    """Raise NothingToSign unless a signature on the agreement or one of its guarantees counts at *at* (rule G2)."""
    if agreement.state != AgreementState.SIGNING or at >= agreement.sign_by:
        raise NothingToSign


def require_needed(session: Session, runtime: Runtime, agreement: Agreement, *, besides: bytes | None = None) -> None:
    """Raise SignatureNotNeeded where others than *besides* have completed the company's side (rule S2)."""
    rule = details_of(runtime, agreement).signing_rule
    if rule.is_complete(_signed_for_company(session, runtime, agreement, rule, besides=besides)):
        raise SignatureNotNeeded


def require_invited(guarantee: Guarantee) -> None:
    """Raise NothingToSign unless the guarantee waits for its guarantor: one declined or replaced never does again."""
    if guarantee.state != GuaranteeState.INVITED:
        raise NothingToSign


def record_signature(session: Session, runtime: Runtime, signing: Signing, at: datetime) -> Agreement | None:
    """Take note of a complete *signing* of an agreement or a guarantee; the agreement, if that was the last signature.

    Raises NothingToSign when the agreement no longer waits for it.
    """
    guarantee = _guarantee_of(session, signing)
    agreement = lock_agreement(session, guarantee.agreement_id if guarantee else signing.subject_id)
    require_signable(agreement, at=at)
    actor = f"signing:{signing.id}"
    if guarantee is not None:
        guarantee = guarantees.get(session, guarantee.id)  # as it stands under the agreement's lock
        require_invited(guarantee)
        guarantees.record_signature(session, guarantee, actor=actor, at=at)
    else:
        require_needed(session, runtime, agreement, besides=signing.person_index)
        data = {"signing": str(signing.id)}
        subject = f"agreement:{agreement.id}"
        audit_log.append(session, subject, "agreement.signature_received", actor=actor, at=at, data=data)
    return agreement if complete_if_signed(session, runtime, agreement, actor=actor, at=at) else None


def complete_if_signed(session: Session, runtime: Runtime, agreement: Agreement, *, actor: str, at: datetime) -> bool:
    """Make the locked agreement signed and tell everybody, where no signature is missing (rules G2, S2)."""
    rule = details_of(runtime, agreement).signing_rule
    facts = AgreementFacts(
        company_signed=rule.checked and rule.is_complete(_signed_for_company(session, runtime, agreement, rule)),
        guarantees_signed=_guarantees_are_signed(session, agreement),
    )
    if not (facts.company_signed and facts.guarantees_signed):
        return False
    agreement.signed_at = at
    move(session, agreement, AgreementEvent.SIGNATURES_COMPLETE, at=at, actor=actor, facts=facts)
    letter = messages.signed(number=agreement.number, link=link_to(runtime, agreement))
    tell_borrower(session, runtime, agreement, letter, kind="agreement-signed", occasion="once", at=at)
    for guarantee in guarantees.of_agreement(session, agreement.id):
        copy = messages.guarantee_signed(
            borrower=details_of(runtime, agreement).name, link=link_to_guarantee(runtime, guarantee.id)
        )
        tell_guarantor(session, runtime, guarantee, copy, kind="guarantee-signed", at=at)
    return True


def lapse_unsigned(runtime: Runtime) -> int:
    """Let agreements lapse whose time for signatures is over (rule G2); how many. For the scheduler."""
    at = runtime.clock.now()
    overdue = (
        sa.select(Agreement.id)
        .where(Agreement.state == str(AgreementState.SIGNING), Agreement.sign_by <= at)
        .order_by(Agreement.sign_by)
        .limit(MOST_PER_TICK)
    )
    with runtime.database.transaction() as session:
        agreement_ids = session.scalars(overdue).all()
    return each_alone(agreement_ids, lambda agreement_id: _lapse(runtime, agreement_id, at), named=str)


def _guarantee_of(session: Session, signing: Signing) -> Guarantee | None:
    return guarantees.get(session, signing.subject_id) if signing.purpose == SigningPurpose.GUARANTEE else None


def _signed_for_company(
    session: Session, runtime: Runtime, agreement: Agreement, rule: SigningRule, *, besides: bytes | None = None
) -> frozenset[PersonalNumber]:
    """Who of those in *rule* has signed the agreement, but for the person with the index *besides*."""
    signed = signers_of(session, SigningPurpose.AGREEMENT, agreement.id) - {besides}
    return frozenset(one.person for one in rule.signatories if runtime.cipher.blind_index(one.person.digits) in signed)


def _guarantees_are_signed(session: Session, agreement: Agreement) -> bool:
    return all(guarantee.state == GuaranteeState.SIGNED for guarantee in guarantees.of_agreement(session, agreement.id))


def _lapse(runtime: Runtime, agreement_id: uuid.UUID, at: datetime) -> bool:
    with runtime.database.transaction() as session:
        agreement = lock_agreement(session, agreement_id)
        if agreement.state != AgreementState.SIGNING:
            return False
        facts = AgreementFacts(past_signing_deadline=at >= agreement.sign_by)
        move(session, agreement, AgreementEvent.SIGNING_TIME_OVER, at=at, actor="system", facts=facts)
        guarantees.end(session, agreement_id, at=at)
        letter = messages.lapsed(number=agreement.number)
        tell_borrower(session, runtime, agreement, letter, kind="agreement-lapsed", occasion="once", at=at)
        tell_signatories(session, runtime, agreement, letter, kind="agreement-lapsed-signatory", at=at)
        notice = messages.guarantee_lapsed(borrower=details_of(runtime, agreement).name)
        for guarantee in guarantees.of_agreement(session, agreement_id):
            if guarantee.state == GuaranteeState.LAPSED:  # who declined was never bound and awaits nothing
                tell_guarantor(session, runtime, guarantee, notice, kind="guarantee-lapsed", at=at)
    return True


def tell_guarantor(
    session: Session, runtime: Runtime, guarantee: Guarantee, letter: Letter, *, kind: str, at: datetime
) -> None:
    """Write to the guarantor, once of each *kind*."""
    outbox.post(
        session,
        runtime,
        kind=kind,
        business_key=f"{kind}:{guarantee.id}",
        recipient=guarantees.details_of(runtime, guarantee).email,
        content=letter.content,
        at=at,
        subject=f"guarantee:{guarantee.id}",
        data_subject=guarantees.data_subject_of(runtime, guarantee),
    )
