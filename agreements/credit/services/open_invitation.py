"""The personal link in a letter to somebody who is to sign: what it tells before BankID, and to whom it belongs (G2).

1. A guarantor's token is random, and a hash of it is kept; a signatory's is computed from agreement and person with the
   house's key, so that nothing has to be kept.
2. A token belongs to one thing: with the address of another it leads nowhere, as one that nobody was sent does.
3. Before BankID the link tells who asks, for which company and what is to be signed; no sum, no number, and not who is
   asked.
4. It opens nothing: the thing's own page does, to the person whose number the invitation was made for.
"""

import base64
import hmac
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from agreements.credit.models import Agreement
from agreements.credit.services.keep_agreement import details_of, get_agreement
from agreements.guarantees import service as guarantees
from agreements.guarantees.models import Guarantee
from agreements.signing.service import signers_of
from underwriting.kernel.errors import NotFound
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.signing_rule import Signatory
from underwriting.kernel.vocabulary import AgreementState, GuaranteeState, SigningPurpose
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime


class InvitationState(StrEnum):
    """What can still come of an invitation."""

    OPEN = "open"
    ANSWERED = "answered"  # signed or declined
    OVER = "over"  # the time for signatures is over, or they are not needed any more


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedInvitation:
    """What a personal link tells whoever holds it, and whose it is."""

    state: InvitationState
    borrower_name: str = field(repr=False)
    asked_by: str = field(repr=False)
    sign_by: datetime
    person_indexes: frozenset[bytes] = field(repr=False)

    def is_for(self, caller: Caller) -> bool:
        """Whether *caller*, identified by BankID, is who was invited."""
        return caller.person_index in self.person_indexes


@dataclass(frozen=True)
class SigningInvitations:
    """Opens the links in letters to guarantors and signatories."""

    runtime: Runtime

    def of_guarantor(self, guarantee_id: uuid.UUID, token: str) -> OpenedInvitation:
        """What the guarantor's link tells; NotFound for a token of nothing or of another guarantee."""
        with self.runtime.database.transaction() as session:
            guarantee = guarantees.by_token(session, token)
            if guarantee.id != guarantee_id:
                raise NotFound
            agreement = _readable(session, guarantee.agreement_id)
            state = _state_of(agreement, answered=_is_answered(guarantee), at=self.runtime.clock.now())
            return self._opened(agreement, state, guarantees.person_of(self.runtime, guarantee))

    def of_signatory(self, agreement_id: uuid.UUID, token: str) -> OpenedInvitation:
        """What the signatory's link tells; NotFound for a token of nobody who may sign this agreement."""
        with self.runtime.database.transaction() as session:
            agreement = _readable(session, agreement_id)
            person = self._signatory_with(agreement, token)
            signed = signers_of(session, SigningPurpose.AGREEMENT, agreement.id)
            answered = not signed.isdisjoint(self.runtime.cipher.blind_indexes(person.digits))
            state = _state_of(agreement, answered=answered, at=self.runtime.clock.now())
            return self._opened(agreement, state, person)

    def has_signed(self, agreement_id: uuid.UUID, caller: Caller) -> bool:
        """Whether the caller has signed the agreement for the company."""
        with self.runtime.database.transaction() as session:
            return caller.person_index in signers_of(session, SigningPurpose.AGREEMENT, agreement_id)

    def _signatory_with(self, agreement: Agreement, token: str) -> PersonalNumber:
        for one in details_of(self.runtime, agreement).signing_rule.signatories:
            for own in _tokens_of(self.runtime, agreement.id, one.person):
                if hmac.compare_digest(own.encode(), token.encode()):
                    return one.person
        raise NotFound

    def _opened(self, agreement: Agreement, state: InvitationState, person: PersonalNumber) -> OpenedInvitation:
        details = details_of(self.runtime, agreement)
        return OpenedInvitation(
            state=state,
            borrower_name=details.name,
            asked_by=details.contact.name,
            sign_by=agreement.sign_by,
            person_indexes=self.runtime.cipher.blind_indexes(person.digits),
        )


def link_of_guarantor(runtime: Runtime, guarantee_id: uuid.UUID, token: str) -> str:
    """The guarantor's own link."""
    return f"{runtime.settings.base_url}/guarantees/{guarantee_id}/invitation/{token}"


def link_of_signatory(runtime: Runtime, agreement_id: uuid.UUID, signatory: Signatory) -> str:
    """The signatory's own link."""
    token = _token(runtime.cipher.blind_index(_named(agreement_id, signatory.person)))
    return f"{runtime.settings.base_url}/agreements/{agreement_id}/invitation/{token}"


def _readable(session: Session, agreement_id: uuid.UUID) -> Agreement:
    agreement = get_agreement(session, agreement_id)
    if agreement.erased_at is not None:
        raise NotFound
    return agreement


def _tokens_of(runtime: Runtime, agreement_id: uuid.UUID, person: PersonalNumber) -> Iterator[str]:
    """While the index key is changed, the one by the key before is good too."""
    return map(_token, runtime.cipher.blind_indexes(_named(agreement_id, person)))


def _named(agreement_id: uuid.UUID, person: PersonalNumber) -> str:
    return f"signatory-invitation:{agreement_id}:{person.digits}"


def _token(secret: bytes) -> str:
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")


def _is_answered(guarantee: Guarantee) -> bool:
    return guarantee.signed_at is not None or guarantee.state == GuaranteeState.REFUSED


def _state_of(agreement: Agreement, *, answered: bool, at: datetime) -> InvitationState:
    if answered:
        return InvitationState.ANSWERED
    waits = agreement.state == AgreementState.SIGNING and at < agreement.sign_by
    return InvitationState.OPEN if waits else InvitationState.OVER
