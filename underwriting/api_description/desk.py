"""The operations of the underwriter's desk: second approvals, reviews, assignments, facts that a bureau has wrong."""

from schemas.decisions import StaffDecisionSchema
from schemas.desk import (
    AssignmentListSchema,
    AssignmentRequestSchema,
    AssignmentSchema,
    DecidedAnewSchema,
    FactDisputeListSchema,
    FactDisputeSchema,
    OwnReviewSchema,
    ProposalListSchema,
    ProposalSchema,
    RejectionSchema,
    ReviewAnswerSchema,
    ReviewListSchema,
    ReviewRequestSchema,
    StaffReviewSchema,
)
from underwriting.api_description.intake import DONE
from underwriting.api_description.operation import (
    CASE_READERS,
    UNDERWRITERS,
    Answer,
    Area,
    Audience,
    Operation,
)
from underwriting.kernel.text import Text

_APPLICATION_PATH = "/v1/applications/{application_id}"
_PERSONS = (Audience.APPLICANT, Audience.GUARANTOR)

DESK = (
    Operation(
        area=Area.DECISIONS,
        method="GET",
        path="/v1/overrides",
        summary=Text("Förslag som väntar på en andra person", "Proposals that wait for a second person"),
        who=CASE_READERS,
        answers={200: Answer(text=Text("Förslagen, äldst först", "The oldest first"), schemas=(ProposalListSchema,))},
    ),
    Operation(
        area=Area.DECISIONS,
        method="POST",
        path="/v1/overrides/{proposal_id}/approval",
        summary=Text("Godkänn ett förslag som andra person", "Approve a proposal as the second person"),
        who=UNDERWRITERS,
        answers={201: Answer(text=Text("Beslutet", "The decision"), schemas=(StaffDecisionSchema,))},
        rules=("A7", "D8", "D10", "K1"),
        takes_key=True,
        asks_outside_party=True,
    ),
    Operation(
        area=Area.DECISIONS,
        method="POST",
        path="/v1/overrides/{proposal_id}/rejection",
        summary=Text("Avslå ett förslag som andra person", "Reject a proposal as the second person"),
        who=UNDERWRITERS,
        body=RejectionSchema,
        answers={200: Answer(text=Text("Förslaget", "The proposal"), schemas=(ProposalSchema,))},
        rules=("A7", "D8"),
        takes_key=True,
    ),
    Operation(
        area=Area.DECISIONS,
        method="POST",
        path="/v1/applications/{application_id}/review-request",
        summary=Text("Begär att en människa prövar beslutet på nytt", "Ask that a person looks at the decision again"),
        who=(*_PERSONS, *UNDERWRITERS),
        body=ReviewRequestSchema,
        answers={
            201: Answer(text=Text("Begäran", "The request"), schemas=(OwnReviewSchema, StaffReviewSchema)),
        },
        rules=("A7", "D9"),
        takes_key=True,
        takes_tag_of=_APPLICATION_PATH,
    ),
    Operation(
        area=Area.DECISIONS,
        method="GET",
        path="/v1/applications/{application_id}/review-request",
        summary=Text("Läs begäran om omprövning, med svaret", "Read the request for review, with its answer"),
        who=(*_PERSONS, *CASE_READERS),
        answers={
            200: Answer(
                text=Text("Den egna begäran; för handläggare alla", "One's own; for underwriters all of them"),
                schemas=(OwnReviewSchema, ReviewListSchema),
            )
        },
    ),
    Operation(
        area=Area.DECISIONS,
        method="GET",
        path="/v1/review-requests",
        summary=Text("Omprövningar som väntar på svar", "Reviews that wait for an answer"),
        who=CASE_READERS,
        answers={
            200: Answer(text=Text("Närmast sista dag först", "The nearest deadline first"), schemas=(ReviewListSchema,))
        },
    ),
    Operation(
        area=Area.DECISIONS,
        method="POST",
        path="/v1/review-requests/{review_id}/answer",
        summary=Text("Besvara en begäran om omprövning", "Answer a request for review"),
        who=UNDERWRITERS,
        body=ReviewAnswerSchema,
        answers={201: Answer(text=Text("Omprövningen", "The review"), schemas=(StaffReviewSchema,))},
        rules=("A7", "D8", "D9"),
        takes_key=True,
    ),
    Operation(
        area=Area.DECISIONS,
        method="PUT",
        path="/v1/applications/{application_id}/assignment",
        summary=Text("Ta ett ärende eller ge det till en annan", "Take a case, or give it to another"),
        who=UNDERWRITERS,
        body=AssignmentRequestSchema,
        answers={200: Answer(text=Text("Vem som har ärendet", "Who has the case"), schemas=(AssignmentSchema,))},
        rules=("A7", "D8"),
        takes_key=True,
        takes_tag_of=_APPLICATION_PATH,
    ),
    Operation(
        area=Area.DECISIONS,
        method="DELETE",
        path="/v1/applications/{application_id}/assignment",
        summary=Text("Lämna tillbaka ett ärende", "Give a case back"),
        who=UNDERWRITERS,
        answers={204: DONE},
        rules=("A7", "D8"),
        takes_key=True,
        takes_tag_of=_APPLICATION_PATH,
    ),
    Operation(
        area=Area.DECISIONS,
        method="GET",
        path="/v1/assignments",
        summary=Text("De ärenden som man själv har", "The cases that one has"),
        who=CASE_READERS,
        answers={200: Answer(text=Text("Äldst först", "The oldest first"), schemas=(AssignmentListSchema,))},
    ),
    Operation(
        area=Area.DECISIONS,
        method="POST",
        path="/v1/applications/{application_id}/fact-disputes",
        summary=Text(
            "Markera en uppgift från ett upplysningsföretag som felaktig, med underlag",
            "Mark a bureau's fact as wrong, with evidence",
        ),
        who=UNDERWRITERS,
        body=FactDisputeSchema,
        answers={
            201: Answer(
                text=Text("Beslutet på den rättade uppgiften", "The decision on the corrected fact"),
                schemas=(DecidedAnewSchema,),
            )
        },
        rules=("A7", "D8", "D13"),
        takes_key=True,
        takes_tag_of=_APPLICATION_PATH,
    ),
    Operation(
        area=Area.DECISIONS,
        method="GET",
        path="/v1/applications/{application_id}/fact-disputes",
        summary=Text("Uppgifter som markerats som felaktiga", "Facts that were marked as wrong"),
        who=CASE_READERS,
        answers={200: Answer(text=Text("Nyast först", "The newest first"), schemas=(FactDisputeListSchema,))},
    ),
    Operation(
        area=Area.DECISIONS,
        method="GET",
        path="/v1/applications/{application_id}/fact-disputes/{dispute_id}/document",
        summary=Text("Hämta underlaget", "Fetch the evidence"),
        who=CASE_READERS,
        answers={200: Answer(text=Text("Dokumentet", "The document"), media_type="application/octet-stream")},
    ),
)
