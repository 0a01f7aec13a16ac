"""The operations of know-your-customer: sanctions lists, and the matches that staff settle."""

from schemas.due_diligence import LoadedListSchema, MatchNoteSchema, SanctionsListSchema, SanctionsMatchSchema
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

_MATCH_PATH = "/v1/due-diligence/sanctions-matches/{match_id}"
_MATCH = Answer(text=Text("Träffen", "The match"), schemas=(SanctionsMatchSchema,))
_WHICH = Parameter(
    name="state",
    place="query",
    text=Text(
        "De som väntar på en människa, eller de som senast avgjordes",
        "Those that wait for a person, or those that were settled last",
    ),
    schema={"type": "string", "enum": ["waiting", "settled"], "default": "waiting"},
)

DUE_DILIGENCE = (
    Operation(
        area=Area.DUE_DILIGENCE,
        method="GET",
        path="/v1/due-diligence/sanctions-lists",
        summary=Text("Lista inlästa sanktionslistor", "List the sanctions lists that were loaded"),
        who=CASE_READERS,
        answers={
            200: Answer(text=Text("Nyast först", "The newest first"), schemas=(SanctionsListSchema,), listed=True),
        },
    ),
    Operation(
        area=Area.DUE_DILIGENCE,
        method="POST",
        path="/v1/due-diligence/sanctions-lists",
        summary=Text("Läs in en sanktionslista (EU, XML)", "Load a sanctions list (European Union, XML)"),
        who=(Audience.ADMINISTRATOR,),
        body_media_type="application/octet-stream",
        answers={201: Answer(text=Text("Listan", "The list"), schemas=(LoadedListSchema,))},
        rules=("A7", "K1"),
        takes_key=True,
    ),
    Operation(
        area=Area.DUE_DILIGENCE,
        method="GET",
        path="/v1/due-diligence/sanctions-matches",
        summary=Text("Lista träffar mot sanktionslistan", "List matches with the sanctions list"),
        who=CASE_READERS,
        parameters=(_WHICH,),
        answers={
            200: Answer(text=Text("Träffarna", "The matches"), schemas=(SanctionsMatchSchema,), listed=True),
        },
    ),
    Operation(
        area=Area.DUE_DILIGENCE,
        method="GET",
        path=_MATCH_PATH,
        summary=Text("Läs en träff", "Read a match"),
        who=CASE_READERS,
        answers={200: _MATCH},
        is_tagged=True,
    ),
    Operation(
        area=Area.DUE_DILIGENCE,
        method="POST",
        path=f"{_MATCH_PATH}/clearance",
        summary=Text(
            "Avfärda en träff; en stark kräver en andra person", "Clear a match; a strong one takes a second person"
        ),
        who=UNDERWRITERS,
        body=MatchNoteSchema,
        answers={201: _MATCH},
        rules=("A7", "D16"),
        takes_key=True,
        takes_tag_of=_MATCH_PATH,
    ),
    Operation(
        area=Area.DUE_DILIGENCE,
        method="POST",
        path=f"{_MATCH_PATH}/confirmation",
        summary=Text("Bekräfta en träff", "Confirm a match"),
        who=UNDERWRITERS,
        body=MatchNoteSchema,
        answers={201: _MATCH},
        rules=("A7", "D16"),
        takes_key=True,
        takes_tag_of=_MATCH_PATH,
    ),
)
"""Every operation on them."""
