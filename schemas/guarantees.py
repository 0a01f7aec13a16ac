"""The register of guarantees, as it answers per person (rule G6)."""

from schemas.answers import Answer
from schemas.fields import ChoiceField, IdField, ListField, ObjectField
from schemas.kernel_fields import MoneyField
from underwriting.kernel.vocabulary import GuaranteeState

_MOST_GUARANTEES = 10_000


class GuaranteeAtRiskSchema(Answer):
    """One guarantee of the person: what is owed today, at most the cap."""

    guarantee_id = IdField()
    agreement_id = IdField()
    state = ChoiceField(GuaranteeState)
    cap = MoneyField()
    at_risk = MoneyField(zero=True)


class ExposureSchema(Answer):
    """All guarantees of one person; the sums are of those that bind."""

    guarantees = ListField(ObjectField(GuaranteeAtRiskSchema), most=_MOST_GUARANTEES)
    caps = MoneyField(zero=True)
    at_risk = MoneyField(zero=True)
