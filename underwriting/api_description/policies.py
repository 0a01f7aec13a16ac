"""The operations on the policy's versions."""

from schemas.policies import PolicyDraftSchema, PolicySchema, PolicyVersionSchema, PublicationRequestSchema
from underwriting.api_description.operation import CASE_READERS, Answer, Area, Audience, Operation
from underwriting.kernel.text import Text

_WRITERS = (Audience.SENIOR_UNDERWRITER, Audience.ADMINISTRATOR)
_VERSION = Answer(text=Text("Versionen", "The version"), schemas=(PolicyVersionSchema,))

POLICIES = (
    Operation(
        area=Area.DECISIONS,
        method="GET",
        path="/v1/policies",
        summary=Text("Lista policyns versioner", "List the versions of the policy"),
        who=CASE_READERS,
        answers={200: Answer(text=Text("Versionerna", "The versions"), schemas=(PolicyVersionSchema,), listed=True)},
    ),
    Operation(
        area=Area.DECISIONS,
        method="POST",
        path="/v1/policies",
        summary=Text("Spara ett utkast till policy", "Keep a draft of a policy"),
        who=_WRITERS,
        body=PolicyDraftSchema,
        answers={201: _VERSION},
        rules=("A7", "D2", "D3", "D4", "D5", "D11", "D12", "D13", "D17"),
        takes_key=True,
    ),
    Operation(
        area=Area.DECISIONS,
        method="GET",
        path="/v1/policies/{policy_id}",
        summary=Text("Läs en version av policyn", "Read a version of the policy"),
        who=CASE_READERS,
        answers={
            200: Answer(text=Text("Versionen med dokumentet", "The version with its document"), schemas=(PolicySchema,))
        },
    ),
    Operation(
        area=Area.DECISIONS,
        method="POST",
        path="/v1/policies/{policy_id}/approval",
        summary=Text("Godkänn ett utkast som andra person", "Approve a draft as its second person"),
        who=_WRITERS,
        answers={201: _VERSION},
        rules=("A7", "D11"),
        takes_key=True,
    ),
    Operation(
        area=Area.DECISIONS,
        method="POST",
        path="/v1/policies/{policy_id}/publications",
        summary=Text("Sätt en godkänd version i kraft", "Put an approved version in force"),
        who=_WRITERS,
        body=PublicationRequestSchema,
        answers={201: _VERSION},
        rules=("A7", "D11"),
        takes_key=True,
    ),
)
"""Every operation on them."""
