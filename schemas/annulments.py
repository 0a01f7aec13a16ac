"""Annulments: what staff send and read."""

from typing import Any

from schemas.agreement_values import AnnulmentBody
from schemas.answers import Answer
from schemas.fields import ChoiceField, IdField, InstantField, TextField
from schemas.loading import Body
from underwriting.kernel.vocabulary import AnnulmentGround, ProposalState

_LONGEST_TEXT = 2_000


class AnnulmentRequestSchema(Body[AnnulmentBody]):
    """Why an agreement is to be annulled before payout; the reason is for the lender alone."""

    ground = ChoiceField(AnnulmentGround, required=True)
    reason = TextField(longest=_LONGEST_TEXT, lines=True, required=True)

    def make(self, **members: Any) -> AnnulmentBody:
        """The request."""
        return AnnulmentBody(**members)


class AnnulmentSchema(Answer):
    """An annulment and what has become of it."""

    id = IdField()
    agreement_id = IdField()
    state = ChoiceField(ProposalState)
    ground = ChoiceField(AnnulmentGround)
    reason = TextField(longest=_LONGEST_TEXT)
    asked_at = InstantField()
    settled_at = InstantField()
