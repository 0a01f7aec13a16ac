"""What BankID hands over with a complete order: checked, kept as evidence, acted on, in one transaction (rule S1)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from agreements.documents import service as documents
from agreements.signing import evidence
from agreements.signing.certificate_path import Roots
from agreements.signing.evidence import Asked, EvidenceFault, SignatureNotAccepted
from agreements.signing.kept_evidence import fingerprint, fingerprint_of_all, kept_form
from agreements.signing.models import Signing
from agreements.signing.rules import Completion
from agreements.signing.services.keep_order import PERSON, VISIBLE_TEXT, opened
from underwriting.kernel.errors import Refusal
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.vocabulary import SigningPurpose, SigningState
from underwriting.platform import audit_log
from underwriting.platform.runtime import Runtime

NOT_ACCEPTED = "not_accepted"
"""A hint code of ours: BankID was content, the check or what the signature was to cause was not."""
EVIDENCE = "signing.evidence"
"""What the evidence of a signature is encrypted under: its table and column."""

_log = structlog.get_logger(__name__)

Handler = Callable[[Session, Signing, datetime], None]
"""What a completed order causes, in the completion's transaction; a Refusal undoes the completion."""


@dataclass(frozen=True, slots=True)
class Received:
    """A completion, the roots that may vouch for its signer, and what is to come of it where it is accepted."""

    completion: Completion
    roots: Roots
    handler: Handler | None


def take(
    session: Session,
    runtime: Runtime,
    signing: Signing,
    received: Received,
    *,
    at: datetime,
) -> None:
    """Make the locked, pending *signing* complete, or failed when what was received is not accepted."""
    completion, collected_at = received.completion, runtime.wall.now()
    try:
        with session.begin_nested():
            _check(session, runtime, signing, received, collected_at)
            _keep(session, runtime, signing, completion, at, collected_at)
            if received.handler is not None:
                received.handler(session, signing, at)
    except Refusal as refusal:
        session.refresh(signing)
        _fail(session, signing, completion, refusal, at)


def signers_of(session: Session, purpose: SigningPurpose, subject_id: object) -> frozenset[bytes]:
    """The blind indexes of everyone who has signed the thing."""
    return frozenset(signed_when(session, purpose, subject_id))


def signed_when(session: Session, purpose: SigningPurpose, subject_id: object) -> Mapping[bytes, datetime | None]:
    """When everyone who has signed the thing did so, by their blind indexes."""
    query = sa.select(Signing.person_index, Signing.completed_at).where(
        Signing.purpose == str(purpose),
        Signing.subject_id == subject_id,
        Signing.state == str(SigningState.COMPLETE),
        Signing.person_index.is_not(None),
    )
    return {index: at for index, at in session.execute(query) if index is not None}


def _check(session: Session, runtime: Runtime, signing: Signing, received: Received, collected_at: datetime) -> None:
    """An identification shows who somebody is; a signature has to be the one that was asked for."""
    if signing.purpose == SigningPurpose.IDENTIFY:
        return
    visible_text = opened(runtime, signing.visible_text_encrypted, VISIBLE_TEXT)
    asked = Asked(
        signatory=_expected(runtime, signing),
        visible_text=visible_text,
        document=_signed_bytes(session, runtime, signing, visible_text),
        started_at=signing.started_at,
        collected_at=collected_at,
    )
    evidence.check_completion(received.completion, asked, roots=received.roots)


def _expected(runtime: Runtime, signing: Signing) -> PersonalNumber:
    if signing.person_encrypted is None:
        raise SignatureNotAccepted((EvidenceFault.OTHER_PERSON,))
    return PersonalNumber(opened(runtime, signing.person_encrypted, PERSON))


def _signed_bytes(session: Session, runtime: Runtime, signing: Signing, visible_text: str) -> bytes:
    if signing.document_id is None:
        return visible_text.encode()
    return documents.read(runtime, documents.get(session, signing.document_id))


def _keep(
    session: Session,
    runtime: Runtime,
    signing: Signing,
    completion: Completion,
    at: datetime,
    collected_at: datetime,
) -> None:
    person, subject = completion.personal_number, runtime.cipher.subject_of(signing.visible_text_encrypted)
    # Encrypted before the row is touched: to read the subject's key writes what has changed, and a row is complete only
    # together with its evidence.
    sealed = runtime.cipher.encrypt(person.digits.encode(), context=PERSON, subject=subject)
    kept = kept_form(completion, collected_at=collected_at)
    proof = runtime.cipher.encrypt_json(kept, context=EVIDENCE, subject=subject)
    signing.state = str(SigningState.COMPLETE)
    signing.hint_code = None
    signing.completed_at = at
    signing.person_index = runtime.cipher.blind_index(person.digits)
    signing.person_encrypted = sealed
    signing.evidence_encrypted = proof
    session.flush()
    data = {"evidence": fingerprint(completion), "kept": fingerprint_of_all(completion, collected_at=collected_at)}
    _note(session, signing, "signing.complete", at, data)


def _fail(session: Session, signing: Signing, completion: Completion, refusal: Refusal, at: datetime) -> None:
    signing.state = str(SigningState.FAILED)
    signing.hint_code = NOT_ACCEPTED
    session.flush()
    data: dict[str, Any] = {"reason": refusal.slug, "evidence": fingerprint(completion)}
    if isinstance(refusal, SignatureNotAccepted):
        data["faults"] = [str(fault) for fault in refusal.faults]
        _log.warning("signature_not_accepted", signing=signing.id, purpose=signing.purpose, faults=data["faults"])
    _note(session, signing, "signing.not_accepted", at, data)


def _note(session: Session, signing: Signing, action: str, at: datetime, data: dict[str, Any]) -> None:
    content = {"purpose": signing.purpose, "subject": str(signing.subject_id)} | data
    audit_log.append(session, f"signing:{signing.id}", action, actor="bankid", at=at, data=content)
