"""BankID orders: what a person asks to sign, and how the order stands."""

from collections.abc import Mapping
from typing import Any

from marshmallow import validates_schema

from schemas.agreement_values import SigningBody
from schemas.answers import Answer
from schemas.fields import BilingualField, ChoiceField, IdField, TextField
from schemas.loading import Body
from schemas.problems import fault, refusal_of
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import SigningPurpose, SigningState

_STARTED_WITH_THEIR_SUBJECT = (SigningPurpose.APPLICATION, SigningPurpose.CONFIRMATION, SigningPurpose.COUNTER_OFFER)

_SUBJECT_NEEDED = Text("Ange vad som ska undertecknas", "State what is to be signed")
_NO_SUBJECT = Text("En legitimering gäller ingen handling", "An identification has no subject")
_STARTED_ELSEWHERE = Text(
    "Den här underskriften börjar från ansökan eller inbjudan",
    "This signature is started from the application or the invitation",
)


class SigningRequestSchema(Body[SigningBody]):
    """What a person wants to sign with BankID; `identify` logs in."""

    purpose = ChoiceField(
        SigningPurpose,
        refused=dict.fromkeys(_STARTED_WITH_THEIR_SUBJECT, (_STARTED_ELSEWHERE, None)),
        required=True,
    )
    subject_id = IdField(load_default=None)

    def make(self, **members: Any) -> SigningBody:
        """The request."""
        return SigningBody(**members)

    @validates_schema
    def check(self, data: Mapping[str, Any], **_: Any) -> None:
        """A signature has a subject, an identification none."""
        identifies = data["purpose"] is SigningPurpose.IDENTIFY
        if identifies is not (data["subject_id"] is None):
            raise refusal_of((fault("/subject_id", _NO_SUBJECT if identifies else _SUBJECT_NEEDED),))


class StartedSigningSchema(Answer):
    """A started BankID order. Who holds the secret may watch it. `qr_content` is the code of its first second."""

    signing_id = IdField()
    secret = TextField(longest=100)
    qr_content = TextField(longest=400)


class SigningSchema(Answer):
    """How a BankID order stands. `qr_content` is new each second while it is pending.

    `auto_start_token` is there in its place once the order is to be opened on the same device.
    """

    signing_id = IdField()
    purpose = ChoiceField(SigningPurpose)
    subject_id = IdField()
    state = ChoiceField(SigningState)
    message = BilingualField()
    qr_content = TextField(longest=400)
    auto_start_token = TextField(longest=100)
    session_token = TextField(longest=200)
