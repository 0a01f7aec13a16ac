"""Which guarantors of an agreement have declined, as the company is told: who, by when another is named (rule G2)."""

import uuid
from dataclasses import dataclass, field
from datetime import datetime

from agreements.credit.services.keep_agreement import get_agreement
from agreements.guarantees import service as guarantees
from agreements.guarantees.models import Guarantee
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.vocabulary import AgreementState, GuaranteeState
from underwriting.platform.authentication import Caller
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class DeclinedGuarantor:
    """One who does not sign; *reason* only where the guarantor lets the company read it."""

    personal_number: PersonalNumber = field(repr=False)
    name: str = field(repr=False)
    reason: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Declined:
    """Who declined an agreement that waits for signatures; another is named before *name_by*, or it lapses.

    *may_name* says that the reader is the one who signed the application: naming another is up to that person.
    """

    guarantors: tuple[DeclinedGuarantor, ...]
    name_by: datetime
    may_name: bool


@dataclass(frozen=True)
class DeclinedGuarantors:
    """Tells the company; that the caller is of the company has been looked at before."""

    runtime: Runtime

    def of_agreement(self, agreement_id: uuid.UUID, caller: Caller) -> Declined | None:
        """Who declined, while another can be named; None where nobody did or it is too late."""
        with self.runtime.database.transaction() as session:
            agreement = get_agreement(session, agreement_id)
            waits = agreement.state == AgreementState.SIGNING and self.runtime.clock.now() < agreement.sign_by
            given = guarantees.of_agreement(session, agreement.id) if waits else ()
            refused = tuple(self._told(one) for one in given if one.state == GuaranteeState.REFUSED)
            if not refused:
                return None
            return Declined(refused, agreement.sign_by, may_name=caller.person_index == agreement.signatory_index)

    def _told(self, guarantee: Guarantee) -> DeclinedGuarantor:
        reason, tell = guarantees.refusal_of(self.runtime, guarantee) or ("", False)
        return DeclinedGuarantor(
            guarantees.person_of(self.runtime, guarantee),
            guarantees.details_of(self.runtime, guarantee).name,
            (reason or None) if tell else None,
        )
