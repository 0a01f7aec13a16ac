"""The operations about who signs for a company, who guarantees and who is partner."""

from marshmallow import Schema

from schemas.agreements import GuaranteeSchema
from schemas.parties import (
    BrokenLimitationRequestSchema,
    DivisionSchema,
    GuaranteeInvitationSchema,
    PartnerExitRequestSchema,
    PartnerRequestSchema,
    PartnerSchema,
    ReasonRequestSchema,
    RefusalRequestSchema,
    ReleaseSchema,
    SigningRuleRequestSchema,
    SigningRuleSchema,
)
from underwriting.api_description.intake import DONE
from underwriting.api_description.operation import STAFF, UNDERWRITERS, Answer, Area, Audience, Operation, Parameter
from underwriting.kernel.text import Text

_GUARANTEE = Answer(text=Text("Borgensåtagandet", "The guarantee"), schemas=(GuaranteeSchema,))
_RULE = Answer(text=Text("Firmateckningen", "The signing rule"), schemas=(SigningRuleSchema,))
_PARTNER = Answer(text=Text("Bolagsmannen", "The partner"), schemas=(PartnerSchema,))
_RELEASE = Answer(text=Text("Frisläppandet", "The release"), schemas=(ReleaseSchema,))
_IDS = {"type": "array", "items": {"type": "string", "format": "uuid"}}
_AMOUNT = Parameter(
    name="amount",
    place="query",
    text=Text("Skulden som ska fördelas", "The debt to divide"),
    required=True,
    schema={"type": "string"},
)
_INSOLVENT = Parameter(
    name="insolvent",
    place="query",
    text=Text("Åtaganden av dem som inte kan betala", "Guarantees of those who cannot pay"),
    schema=_IDS,
)
_BARRED = Parameter(
    name="barred",
    place="query",
    text=Text("Åtaganden där fordran är preskriberad", "Guarantees for which the claim is barred by limitation"),
    schema=_IDS,
)


def _write(
    path: str,
    summary: Text,
    answer: Answer,
    *rules: str,
    who: tuple[Audience, ...] = UNDERWRITERS,
    body: type[Schema] | None = None,
    creates: bool = False,
    is_silent: bool = False,
) -> Operation:
    return Operation(
        area=Area.AGREEMENTS,
        method="POST",
        path=path,
        summary=summary,
        who=who,
        body=body,
        answers={204 if is_silent else 201 if creates else 200: answer},
        rules=tuple(sorted(("A7", *rules))),
        takes_key=True,
    )


PARTIES = (
    Operation(
        area=Area.AGREEMENTS,
        method="GET",
        path="/v1/guarantee-invitations/{token}",
        summary=Text("Läs vad en borgensman ombeds underteckna", "Read what a guarantor is asked to sign"),
        who=(Audience.GUARANTOR,),
        answers={
            200: Answer(text=Text("Inbjudan", "The invitation"), schemas=(GuaranteeInvitationSchema,)),
        },
        rules=("G2",),
    ),
    _write(
        "/v1/guarantees/{guarantee_id}/refusal",
        Text("Avböj att gå i borgen", "Decline to guarantee"),
        _GUARANTEE,
        "G2",
        who=(Audience.GUARANTOR,),
        body=RefusalRequestSchema,
    ),
    _write(
        "/v1/guarantees/{guarantee_id}/stop",
        Text("Stoppa en borgensman som måste bytas", "Stop a guarantor who has to be replaced"),
        _GUARANTEE,
        "G2",
        body=ReasonRequestSchema,
    ),
    Operation(
        area=Area.AGREEMENTS,
        method="GET",
        path="/v1/agreements/{agreement_id}/division",
        summary=Text("Fördela en skuld mellan borgensmännen", "Divide a debt between the guarantors"),
        who=STAFF,
        parameters=(_AMOUNT, _INSOLVENT, _BARRED),
        answers={200: Answer(text=Text("Andelarna", "The shares"), schemas=(DivisionSchema,))},
    ),
    Operation(
        area=Area.AGREEMENTS,
        method="GET",
        path="/v1/agreements/{agreement_id}/signing-rule",
        summary=Text("Läs vem som tecknar firman", "Read who may sign for the company"),
        who=STAFF,
        answers={200: _RULE},
    ),
    _write(
        "/v1/agreements/{agreement_id}/signing-rule",
        Text("Anteckna registrerad firmateckning", "Enter the registered signing rule"),
        _RULE,
        "A9",
        "G2",
        "S2",
        body=SigningRuleRequestSchema,
        creates=True,
    ),
    _write(
        "/v1/signing-rules/{change_id}/approval",
        Text("Godkänn firmateckning som andra person", "Approve a signing rule as second person"),
        _RULE,
        "G2",
        "S2",
    ),
    _write(
        "/v1/signing-rules/{change_id}/rejection",
        Text("Underkänn antecknad firmateckning", "Reject an entered signing rule"),
        _RULE,
    ),
    _write(
        "/v1/agreements/{agreement_id}/partners",
        Text("Anteckna en registrerad bolagsman", "Record a registered partner"),
        _PARTNER,
        "G5",
        body=PartnerRequestSchema,
        creates=True,
    ),
    _write(
        "/v1/partners/{partner_id}/exit",
        Text("Anteckna ett registrerat utträde", "Record a registered exit"),
        _PARTNER,
        "G5",
        body=PartnerExitRequestSchema,
    ),
    Operation(
        area=Area.AGREEMENTS,
        method="PUT",
        path="/v1/partners/{partner_id}/exit",
        summary=Text("Rätta dagen för ett registrerat utträde", "Correct the day of a registered exit"),
        who=UNDERWRITERS,
        body=PartnerExitRequestSchema,
        answers={200: _PARTNER},
        rules=("A7", "G5"),
        takes_key=True,
    ),
    _write(
        "/v1/partners/{partner_id}/broken-limitation",
        Text("Anteckna ett preskriptionsavbrott", "Record that the limitation was broken"),
        _PARTNER,
        "G5",
        body=BrokenLimitationRequestSchema,
    ),
    _write(
        "/v1/agreements/{agreement_id}/drawdowns/resumption",
        Text("Låt uttag fortsätta efter ett utträde", "Let drawdowns go on after an exit"),
        DONE,
        "G5",
        body=ReasonRequestSchema,
        is_silent=True,
    ),
    _write(
        "/v1/guarantees/{guarantee_id}/release",
        Text("Begär att en borgensman släpps", "Ask for a guarantor's release"),
        _RELEASE,
        "G4",
        body=ReasonRequestSchema,
        creates=True,
    ),
    _write(
        "/v1/guarantee-releases/{release_id}/approval",
        Text("Godkänn som andra person att en borgensman släpps", "Approve a release as second person"),
        _RELEASE,
        "G4",
    ),
    _write(
        "/v1/guarantee-releases/{release_id}/consent",
        Text("Samtyck som medborgensman", "Consent as co-guarantor"),
        _RELEASE,
        "G4",
        who=(Audience.GUARANTOR,),
    ),
    _write(
        "/v1/guarantee-releases/{release_id}/withdrawal",
        Text("Dra tillbaka ett frisläppande", "Withdraw a release"),
        _RELEASE,
    ),
)
"""They stand between the agreement and its payout."""
