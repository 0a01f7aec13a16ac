"""What each guarantor of an agreement has at risk, here and everywhere, and how they would share a debt (G5, G6)."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field

from agreements.credit.services.keep_agreement import get_agreement
from agreements.guarantees import service as guarantees
from agreements.guarantees.rules import Division
from agreements.guarantees.service import Exposure
from underwriting.kernel.identifiers import PersonalNumber
from underwriting.kernel.money import Money
from underwriting.kernel.vocabulary import GuaranteeState
from underwriting.platform.runtime import Runtime


@dataclass(frozen=True, slots=True)
class GuarantorAtRisk:
    """One guarantor: *at_risk* is for this agreement, *everywhere* all that the register knows of the person."""

    guarantee_id: uuid.UUID
    name: str = field(repr=False)
    personal_number: PersonalNumber
    state: GuaranteeState
    cap: Money
    at_risk: Money
    everywhere: Exposure


@dataclass(frozen=True)
class Liability:
    """For staff."""

    runtime: Runtime

    def guarantors(self, agreement_id: uuid.UUID) -> tuple[GuarantorAtRisk, ...]:
        """Everybody who guarantees, or was asked to, in the order in which they were named."""
        with self.runtime.database.transaction() as session:
            found = []
            for row in guarantees.of_agreement(session, agreement_id):
                everywhere = guarantees.of_person(session, row.person_index)
                here = next(one for one in everywhere.guarantees if one.guarantee_id == row.id)
                name, person = guarantees.details_of(self.runtime, row).name, guarantees.person_of(self.runtime, row)
                found.append(GuarantorAtRisk(row.id, name, person, here.state, here.cap, here.at_risk, everywhere))
            return tuple(found)

    def division(
        self,
        agreement_id: uuid.UUID,
        debt: Money,
        *,
        insolvent: Collection[uuid.UUID] = (),
        barred: Collection[uuid.UUID] = (),
    ) -> Division:
        """How those who are bound share *debt*, by their guarantees' ids. NotFound."""
        with self.runtime.database.transaction() as session:
            get_agreement(session, agreement_id)
            return guarantees.divided(session, agreement_id, debt, insolvent=insolvent, barred=barred)
