"""The operations from the first draft to the decision, and BankID's orders."""

from schemas.application_answers import (
    ApplicationAnswerSchema,
    ApplicationPageSchema,
    CreatedApplicationSchema,
    SupplementAnswerSchema,
)
from schemas.applications import (
    ApplicationPatchSchema,
    ApplicationSchema,
    GuarantorSchema,
    InvitationRequestSchema,
    SupplementSchema,
)
from schemas.decisions import (
    DecisionPendingSchema,
    DecisionSchema,
    GuarantorDecisionSchema,
    InformationRequestSchema,
    OverrideSchema,
    StaffDecisionSchema,
)
from schemas.desk import ProposalSchema
from schemas.signings import SigningRequestSchema, SigningSchema, StartedSigningSchema
from underwriting.api_description.operation import (
    CASE_READERS,
    UNDERWRITERS,
    Answer,
    Area,
    Audience,
    Operation,
    Parameter,
)
from underwriting.kernel.text import Text
from underwriting.kernel.vocabulary import ApplicationState, Scope

CURSOR = Parameter(name="cursor", place="query", text=Text("Var listan fortsätter", "Where the list goes on"))
LIMIT = Parameter(
    name="limit",
    place="query",
    text=Text("Högst så många", "So many at most"),
    schema={"type": "integer", "minimum": 1},
)
DONE = Answer(text=Text("Utfört; inget svar i kroppen", "Done; the answer has no body"))

_STATE = Parameter(
    name="state",
    place="query",
    text=Text("Bara ansökningar i detta läge", "Only applications in this state"),
    schema={"type": "string", "enum": [str(state) for state in ApplicationState]},
)
_SECRET = Parameter(
    name="Signing-Secret",
    place="header",
    text=Text(
        "Underskriftens hemlighet; utan den räknas kakan borgen_signing",
        "The signing's secret; without it the cookie borgen_signing counts",
    ),
)
_APPLICATION_PATH = "/v1/applications/{application_id}"
_APPLICATION = Answer(text=Text("Ansökan", "The application"), schemas=(ApplicationAnswerSchema,))
_STARTED = Answer(
    text=Text("En påbörjad underskrift hos BankID", "A BankID order that was started"), schemas=(StartedSigningSchema,)
)

INTAKE = (
    Operation(
        area=Area.APPLICATIONS,
        method="POST",
        path="/v1/applications",
        summary=Text("Skapa ett utkast till en ansökan", "Create a draft of an application"),
        who=(Audience.ANYONE,),
        scope=Scope.APPLICATIONS_CREATE,
        body=ApplicationSchema,
        answers={
            201: Answer(
                text=Text(
                    "Utkastet, med hemligheten som ensam öppnar det tills någon har undertecknat",
                    "The draft, with the secret that alone opens it until a person has signed",
                ),
                schemas=(CreatedApplicationSchema,),
            )
        },
        rules=("A1", "A4", "A5", "A7", "A9", "A11"),
        takes_key=True,
    ),
    Operation(
        area=Area.APPLICATIONS,
        method="GET",
        path="/v1/applications",
        summary=Text("Lista ansökningar", "List applications"),
        who=(Audience.APPLICANT, *CASE_READERS),
        scope=Scope.APPLICATIONS_READ,
        parameters=(_STATE, CURSOR, LIMIT),
        answers={200: Answer(text=Text("En sida av listan", "A page of the list"), schemas=(ApplicationPageSchema,))},
    ),
    Operation(
        area=Area.APPLICATIONS,
        method="GET",
        path="/v1/applications/{application_id}",
        summary=Text("Läs en ansökan", "Read an application"),
        who=(Audience.APPLICANT, *CASE_READERS),
        scope=Scope.APPLICATIONS_READ,
        answers={200: _APPLICATION},
        is_tagged=True,
    ),
    Operation(
        area=Area.APPLICATIONS,
        method="PATCH",
        path="/v1/applications/{application_id}",
        summary=Text("Ändra ett utkast; varje del ersätts hel", "Change a draft; each member is replaced whole"),
        who=(Audience.APPLICANT,),
        body=ApplicationPatchSchema,
        answers={200: _APPLICATION},
        rules=("A1", "A3", "A4", "A5", "A7", "A9", "A11"),
        takes_key=True,
        is_tagged=True,
        takes_tag_of=_APPLICATION_PATH,
    ),
    Operation(
        area=Area.APPLICATIONS,
        method="DELETE",
        path="/v1/applications/{application_id}",
        summary=Text("Kasta ett utkast", "Drop a draft"),
        who=(Audience.APPLICANT,),
        answers={204: DONE},
        rules=("A3", "A7"),
        takes_key=True,
        takes_tag_of=_APPLICATION_PATH,
    ),
    Operation(
        area=Area.APPLICATIONS,
        method="POST",
        path="/v1/applications/{application_id}/submit",
        summary=Text("Börja underteckna och lämna in ansökan", "Start to sign and submit the application"),
        who=(Audience.APPLICANT,),
        answers={201: _STARTED},
        rules=("A3", "A7", "A8", "A11", "S1"),
        takes_key=True,
        asks_outside_party=True,
        takes_tag_of=_APPLICATION_PATH,
    ),
    Operation(
        area=Area.APPLICATIONS,
        method="POST",
        path="/v1/applications/{application_id}/supplements",
        summary=Text("Komplettera en inlämnad ansökan", "Add to a submitted application"),
        who=(Audience.APPLICANT,),
        body=SupplementSchema,
        answers={201: Answer(text=Text("Kompletteringen", "The supplement"), schemas=(SupplementAnswerSchema,))},
        rules=("A3", "A7"),
        takes_key=True,
        takes_tag_of=_APPLICATION_PATH,
    ),
    Operation(
        area=Area.APPLICATIONS,
        method="PUT",
        path="/v1/applications/{application_id}/guarantors/{ordinal}",
        summary=Text("Ersätt en borgensman", "Replace a guarantor"),
        who=(Audience.APPLICANT,),
        body=GuarantorSchema,
        answers={200: _APPLICATION},
        rules=("A3", "A4", "A7"),
        takes_key=True,
        is_tagged=True,
        takes_tag_of=_APPLICATION_PATH,
    ),
    Operation(
        area=Area.APPLICATIONS,
        method="POST",
        path="/v1/applications/{application_id}/guarantors/{ordinal}/invitation",
        summary=Text("Skriv till en borgensman en gång till", "Write to a guarantor once more"),
        who=(Audience.APPLICANT, *UNDERWRITERS),
        body=InvitationRequestSchema,
        answers={200: _APPLICATION},
        rules=("A6", "A7", "G2"),
        takes_key=True,
        is_tagged=True,
        takes_tag_of=_APPLICATION_PATH,
    ),
    Operation(
        area=Area.APPLICATIONS,
        method="POST",
        path="/v1/invitations/{token}/confirmation",
        summary=Text("Börja bekräfta borgensåtagandet med BankID", "Start to confirm with BankID as guarantor"),
        who=(Audience.INVITED,),
        answers={201: _STARTED},
        rules=("A6", "A7", "S1"),
        takes_key=True,
        asks_outside_party=True,
    ),
    Operation(
        area=Area.APPLICATIONS,
        method="POST",
        path="/v1/invitations/{token}/refusal",
        summary=Text("Avböj att bli borgensman", "Decline to become guarantor"),
        who=(Audience.INVITED,),
        answers={204: DONE},
        rules=("A6", "A7"),
        takes_key=True,
    ),
    Operation(
        area=Area.DECISIONS,
        method="GET",
        path="/v1/applications/{application_id}/decision",
        summary=Text("Läs beslutet, var och en sin del", "Read the decision, each reader their own part"),
        who=(Audience.APPLICANT, Audience.GUARANTOR, *CASE_READERS),
        answers={
            200: Answer(
                text=Text("Beslutet", "The decision"),
                schemas=(StaffDecisionSchema, DecisionSchema, GuarantorDecisionSchema),
            ),
            202: Answer(text=Text("Ansökan prövas", "Under assessment"), schemas=(DecisionPendingSchema,)),
        },
    ),
    Operation(
        area=Area.DECISIONS,
        method="POST",
        path="/v1/applications/{application_id}/overrides",
        summary=Text("Avgör ett ärende med ett skäl", "Determine a case with a reason"),
        who=UNDERWRITERS,
        body=OverrideSchema,
        answers={
            201: Answer(text=Text("Beslutet", "The decision"), schemas=(StaffDecisionSchema,)),
            202: Answer(
                text=Text("Ett förslag som väntar på en andra person", "A proposal that waits for a second person"),
                schemas=(ProposalSchema,),
            ),
        },
        rules=("A3", "A7", "D2", "D3", "D8", "D9", "D10", "K1"),
        takes_key=True,
        asks_outside_party=True,
        takes_tag_of=_APPLICATION_PATH,
    ),
    Operation(
        area=Area.DECISIONS,
        method="POST",
        path="/v1/applications/{application_id}/information-requests",
        summary=Text("Be den sökande om uppgifter", "Ask the applicant for information"),
        who=UNDERWRITERS,
        body=InformationRequestSchema,
        answers={204: DONE},
        rules=("A7", "D8"),
        takes_key=True,
        takes_tag_of=_APPLICATION_PATH,
    ),
    Operation(
        area=Area.DECISIONS,
        method="POST",
        path="/v1/applications/{application_id}/bureau-questions",
        summary=Text(
            "Låt fråga upplysningsföretaget igen, där svaret är ovisst eller frågan avböjdes",
            "Have the bureau asked again, where the outcome is unknown or the question was refused",
        ),
        who=UNDERWRITERS,
        answers={204: DONE},
        rules=("A7", "B4"),
        takes_key=True,
        takes_tag_of=_APPLICATION_PATH,
    ),
    Operation(
        area=Area.DECISIONS,
        method="POST",
        path="/v1/applications/{application_id}/counter-offer/acceptance",
        summary=Text("Börja anta motbudet med BankID", "Start to accept the counter-offer with BankID"),
        who=(Audience.APPLICANT,),
        answers={201: _STARTED},
        rules=("A7", "D1", "S1"),
        takes_key=True,
        asks_outside_party=True,
        takes_tag_of=_APPLICATION_PATH,
    ),
    Operation(
        area=Area.SIGNING,
        method="POST",
        path="/v1/signings",
        summary=Text("Logga in eller börja underteckna med BankID", "Log in, or start to sign, with BankID"),
        who=(Audience.ANYONE,),
        body=SigningRequestSchema,
        body_names_a_thing=True,
        answers={201: _STARTED},
        rules=("A7", "G2", "S1", "S2"),
        logs_in=True,
        takes_key=True,
        asks_outside_party=True,
    ),
    Operation(
        area=Area.SIGNING,
        method="GET",
        path="/v1/signings/{signing_id}",
        summary=Text("Se hur underskriften går", "See how the signing stands"),
        who=(Audience.SIGNER,),
        parameters=(_SECRET,),
        answers={200: Answer(text=Text("Underskriften", "The signing"), schemas=(SigningSchema,))},
    ),
    Operation(
        area=Area.SIGNING,
        method="POST",
        path="/v1/signings/{signing_id}/same-device",
        summary=Text(
            "Öppna BankID på samma enhet i stället för med QR-kod. Inloggning ges bara den webbläsare som började "
            "(kakan borgen_signing) och som BankID-appen leder tillbaka till",
            "Open BankID on the same device instead of by QR code. Only the browser that began (the cookie "
            "borgen_signing), and that the BankID app leads back to, is logged in",
        ),
        who=(Audience.SIGNER,),
        parameters=(_SECRET,),
        answers={200: Answer(text=Text("Underskriften", "The signing"), schemas=(SigningSchema,))},
        rules=("A7", "S1"),
        takes_key=True,
        asks_outside_party=True,
    ),
    Operation(
        area=Area.SIGNING,
        method="DELETE",
        path="/v1/signings/{signing_id}",
        summary=Text("Avbryt en pågående underskrift", "End a signing that is under way"),
        who=(Audience.SIGNER,),
        parameters=(_SECRET,),
        answers={204: DONE},
    ),
)
